//! send-dm with axum and sqlx: one statement and one commit for each request.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
    serve::ListenerExt,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{env, error::Error, sync::Arc};
use tokio::net::TcpListener;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

struct App {
    pool: PgPool,
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    role: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    show_id: Option<Uuid>,
    content: String,
}

/// What the database takes.
#[derive(Serialize)]
struct Envelope<'a> {
    claims: Caller,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    rollouts: Map<String, Value>,
    input: Message,
}

#[derive(Serialize)]
struct Caller {
    sub: Uuid,
    role: &'static str,
}

/// What the database answers.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    data: Map<String, Value>,
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    reasons: Vec<Value>,
}

#[derive(Serialize)]
struct Sent<'a> {
    success: bool,
    #[serde(flatten)]
    data: Map<String, Value>,
    request_id: &'a str,
}

/// A refusal (RFC 9457).
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    reasons: &'a [Value],
    error: Summary<'a>,
    #[serde(flatten)]
    data: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Summary<'a> {
    code: &'a str,
    message: &'a str,
}

struct Refusal {
    code: String,
    detail: String,
    reasons: Vec<Value>,
    data: Map<String, Value>,
}

impl Refusal {
    fn new(code: &str, detail: impl Into<String>) -> Refusal {
        Refusal { code: code.to_owned(), detail: detail.into(), reasons: Vec::new(), data: Map::new() }
    }

    /// Status and title of its code (docs/errors.md).
    fn meaning(&self) -> (StatusCode, &'static str) {
        match self.code.as_str() {
            "unauthenticated" => (StatusCode::UNAUTHORIZED, "Authentication required"),
            "permission_denied" => (StatusCode::FORBIDDEN, "Permission denied"),
            "validation_error" => (StatusCode::BAD_REQUEST, "The request is not valid"),
            "invalid_input" => (StatusCode::BAD_REQUEST, "Invalid input"),
            "not_found" => (StatusCode::NOT_FOUND, "Not found"),
            "feature_disabled" => (StatusCode::NOT_FOUND, "Feature disabled"),
            "conversation_read_only" => (StatusCode::CONFLICT, "Conversation is read-only"),
            "idempotency_conflict" => (StatusCode::UNPROCESSABLE_ENTITY, "Idempotency key reused"),
            "rate_limited" => (StatusCode::TOO_MANY_REQUESTS, "Rate limited"),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
        }
    }
}

async fn send_dm(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    message: Result<Json<Message>, JsonRejection>,
) -> Response {
    let request_id = text(&headers, REQUEST_ID).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let mut response = match answer(&app, &headers, message, &request_id).await {
        Ok(data) => (StatusCode::CREATED, Json(Sent { success: true, data, request_id: &request_id })).into_response(),
        Err(refusal) => problem(&refusal, &request_id),
    };
    if let Ok(value) = request_id.try_into() {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

async fn answer(
    app: &App,
    headers: &HeaderMap,
    message: Result<Json<Message>, JsonRejection>,
    request_id: &str,
) -> Result<Map<String, Value>, Refusal> {
    let sub =
        caller(app, headers).ok_or_else(|| Refusal::new("unauthenticated", "A valid bearer token is required."))?;
    let Json(message) = message.map_err(|rejection| Refusal::new("validation_error", rejection.body_text()))?;
    let envelope = Envelope {
        claims: Caller { sub, role: "authenticated" },
        request_id,
        idempotency_key: text(headers, HeaderName::from_static("idempotency-key")),
        rollouts: Map::new(),
        input: check(message)?,
    };
    let sqlx::types::Json(answer): sqlx::types::Json<Answer> = sqlx::query_scalar("select rolecall_edge.send_dm($1)")
        .bind(sqlx::types::Json(envelope))
        .fetch_one(&app.pool)
        .await
        .map_err(|error| {
            eprintln!("{error}");
            Refusal::new("internal", "Something broke.")
        })?;
    let Answer { ok, data, code, detail, reasons } = answer;
    if ok { Ok(data) } else { Err(Refusal { code, detail, reasons, data }) }
}

/// The user whose valid token the request carries.
fn caller(app: &App, headers: &HeaderMap) -> Option<Uuid> {
    let (scheme, token) = text(headers, header::AUTHORIZATION)?.split_once(' ')?;
    let claims = jsonwebtoken::decode::<Claims>(token, &app.key, &app.validation).ok()?.claims;
    (scheme.eq_ignore_ascii_case("bearer") && claims.role == "authenticated").then_some(claims.sub)
}

fn check(mut message: Message) -> Result<Message, Refusal> {
    let invalid = |detail: &str| Err(Refusal::new("validation_error", detail));
    if message.recipient_id.is_some() == message.conversation_id.is_some() {
        return invalid("Give either recipient_id or conversation_id.");
    }
    if message.content.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return invalid("content: Expected text without control characters.");
    }
    message.content = message.content.trim().to_owned();
    if !(1..=2000).contains(&message.content.chars().count()) {
        return invalid("content: Expected 1 to 2000 characters.");
    }
    Ok(message)
}

fn problem(refusal: &Refusal, request_id: &str) -> Response {
    let (status, title) = refusal.meaning();
    let Refusal { code, detail, reasons, data } = refusal;
    let document = Problem {
        r#type: format!("urn:rolecall:problem:{code}"),
        title,
        status: status.as_u16(),
        detail,
        code,
        request_id,
        reasons,
        error: Summary { code, message: detail },
        data,
    };
    let mut response = (status, Json(document)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = data.get("retry_after_seconds").and_then(Value::as_u64) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "sub"]);
    validation.leeway = 60;
    validation.validate_aud = false;
    let connections = env::var("POSTGRES_CONNECTIONS")?.parse()?;
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections)
        // By default sqlx asks a connection whether it lives before each statement: a round trip more.
        .test_before_acquire(false)
        .connect(&env::var("DATABASE_URL")?)
        .await?;
    let app = App { pool, key: DecodingKey::from_secret(env::var("JWT_SECRET")?.as_bytes()), validation };
    let router = Router::new()
        .route("/functions/v1/send-dm", post(send_dm))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(Arc::new(app));
    let listener = TcpListener::bind(("127.0.0.1", env::var("PORT")?.parse()?)).await?;
    println!("listening on {}", listener.local_addr()?.port());
    let listener = listener.tap_io(|stream| {
        // Without it an answer might wait for more; a socket that refuses still works.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
