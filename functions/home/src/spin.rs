//! The edge to Spin: a request comes in, a log line and an answer go out.

use crate::{MAX_SIGN_IN, Settings, answer, finish};
use bytes::Bytes;
use http::{Method, Response};
use http_body_util::{BodyExt, Limited};
use rolecall_shared::{
    rules::code::Code,
    wire::{
        answer::problem,
        cors::{Cors, DEFAULT_ALLOWED_HEADERS},
        log::{Level, Line},
        refusal::Refusal,
        request_id::{RequestId, TraceParent},
    },
};
use spin_sdk::{
    http::{FullBody, IntoResponse, Request},
    variables,
};
use std::time::Instant;

#[spin_sdk::http_service]
async fn handle(request: Request) -> impl IntoResponse {
    let started = Instant::now();
    let (parts, body) = request.into_parts();
    let request_id = RequestId::of(&parts.headers);
    let mut cause = None;
    let settings = settings().await.unwrap_or_else(|fault| {
        cause = Some(fault);
        Settings::default()
    });
    let outcome = if cause.is_some() {
        Err(Refusal::internal())
    } else {
        // Nothing but a sign-in has a body.
        let body = if parts.method == Method::POST { read(body).await } else { Ok(Bytes::new()) };
        body.and_then(|body| answer(&settings, &parts, &body, &request_id))
    };
    let code = outcome.as_ref().err().map(|refusal| refusal.code);
    Line {
        method: Some(parts.method.as_str()),
        request_id: Some(&request_id),
        traceparent: TraceParent::of(&parts.headers).as_ref(),
        duration_ms: Some((started.elapsed().as_secs_f64() * 1e6).round() / 1e3),
        code,
        cause: cause.as_deref(),
        ..Line::new(Level::of(code), "home", "request")
    }
    .print();
    let response: Response<Bytes> = outcome.unwrap_or_else(|refusal| problem(&refusal, &request_id));
    finish(&settings, &parts, response).map(FullBody::new)
}

async fn settings() -> Result<Settings, String> {
    let read = async |name: &str| variables::get(name).await.map_err(|error| format!("variable {name}: {error}"));
    let origins = read("cors_allowed_origins").await?;
    Ok(Settings {
        runtime: read("runtime").await?,
        demo_users: read("demo_users").await?,
        // The answers of a preflight are not the page's.
        cors: Some(Cors::parse(&origins, DEFAULT_ALLOWED_HEADERS).map_err(|error| error.to_string())?),
    })
}

async fn read(
    body: impl http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
) -> Result<Bytes, Refusal> {
    let too_large = |_| Refusal::new(Code::PayloadTooLarge, format!("At most {MAX_SIGN_IN} bytes."));
    Limited::new(body, MAX_SIGN_IN).collect().await.map(|body| body.to_bytes()).map_err(too_large)
}
