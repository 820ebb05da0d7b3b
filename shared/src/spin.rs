//! The Spin edge: the way of a request through a function, and the few calls to Spin it needs.

use crate::{
    answer,
    code::Code,
    cors::Cors,
    decode::{Fields, Impersonation},
    envelope::{self, Answer, Call, Claims, Done, IdempotencyKey},
    function::{Ask, Function, Nothing, PathParameters, Verb, is_json},
    id::UserId,
    limits::MAX_BODY_BYTES,
    lines::{self, Lines, Page},
    log::{Level, Line},
    refusal::{Limit, Reason, Refusal},
    request_id::{RequestId, TraceParent},
    rollout::{Inclusion, Rollout, Rollouts},
    settings::{Settings, Variables},
    token::{Caller, Identity, KeySet, TokenError, bearer},
};
use bytes::Bytes;
use futures_util::{Stream, stream::unfold};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body::Frame;
use http_body_util::{BodyExt, Either, StreamBody};
use serde::Serialize;
use serde_json::{Value, json};
use spin_sdk::{
    http::{FullBody, Request},
    pg::{Connection, DbValue, Error as PgSdkError, ParameterValue, PgError, QueryError},
    variables,
};
use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    time::{Duration, Instant},
};

/// Largest JWK set that is read, in bytes.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// How long a fetched key set is used without asking again.
const KEY_SET_LIFETIME: Duration = Duration::from_secs(600);
/// How soon after a fetch a token with an unknown key may cause another: a forger must not be able to cause traffic.
const KEY_SET_COOLDOWN: Duration = Duration::from_secs(30);

/// The body of an answer: whole, or sent page by page.
pub type Body = Either<FullBody<Bytes>, StreamBody<Pages>>;

/// The pages of an answer that is too long for one piece.
pub type Pages = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>>>>;

/// Where a request is on its way, for the log line at its end.
struct Exchange {
    service: &'static str,
    method: Method,
    started: Instant,
    request_id: RequestId,
    traceparent: Option<TraceParent>,
    user_id: Option<UserId>,
    org_id: Option<String>,
    conversation_id: Option<String>,
    cause: Option<String>,
}

/// How far a request came before its statement.
enum Received<I> {
    /// It asked for something else, and this is the answer.
    Answered(Response<Bytes>),
    /// It may have what it asks for, as far as that can be told here.
    Admitted(Admitted<I>),
}

/// What the statement is told.
struct Admitted<I> {
    claims: Claims,
    idempotency_key: Option<IdempotencyKey>,
    input: I,
}

/// Answers a request. It never fails: whatever happens becomes an answer in the one form.
pub async fn serve<F: Function>(request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    call::<F>(&parts, PathParameters::of(&parts.headers), body).await
}

/// Answers a request whose path has an id that is no parameter of the route.
pub async fn serve_at<F: Function>(request: Request, id: &str) -> Response<Body> {
    let (parts, body) = request.into_parts();
    call::<F>(&parts, PathParameters { id: Some(id) }, body).await
}

/// Answers a request with lines, sent page by page: the statement is sent once for each page, and only when the page
/// before it is on its way, so that memory does not grow with the answer. A refusal of the first page is an answer like
/// any other; a fault after it is the last line.
pub async fn serve_lines<F: Function<Input = Page>>(request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut exchange = Exchange::begin(F::NAME, &parts);
    let settings = match exchange.settings().await {
        Ok(settings) => settings,
        Err(refusal) => return exchange.conclude(&Cors::any(), &parts, Err(refusal)),
    };
    let path = PathParameters::of(&parts.headers);
    let admitted = match receive::<F>(&mut exchange, &settings, &parts, path, body).await {
        Ok(Received::Admitted(admitted)) => admitted,
        Ok(Received::Answered(response)) => return exchange.conclude(&settings.cors, &parts, Ok(response)),
        Err(refusal) => return exchange.conclude(&settings.cors, &parts, Err(refusal)),
    };
    let (claims, statement) = (admitted.claims, F::STATEMENT);
    match page(&mut exchange, &settings, statement, claims, &admitted.input).await {
        Ok((first, limits)) => {
            let mut head = answer::lines(&limits, &exchange.request_id);
            settings.cors.apply(&parts.headers, head.headers_mut());
            let next = Next::Lines(first);
            let pages = PageByPage { exchange, settings, statement, claims, lines: 0, next, outcome: Err(None) };
            let stream = unfold(pages, async |mut pages| pages.next().await.map(|text| (Ok(Frame::data(text)), pages)));
            head.map(|()| Either::Right(StreamBody::new(Box::pin(stream) as Pages)))
        }
        Err(refusal) => exchange.conclude(&settings.cors, &parts, Err(refusal)),
    }
}

/// Answers a request for the health of `service`, on a path that does nothing else and takes no token.
pub async fn serve_health(service: &'static str, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    respond(service, &parts, async |exchange, settings| match Verb::Get.ask(&parts.method) {
        Ask::Call | Ask::Health => Ok(health(exchange, settings).await),
        Ask::Options => Ok(options(Verb::Get, settings, &parts, &exchange.request_id)),
        Ask::NotAllowed => Err(method_not_allowed(Verb::Get)),
    })
    .await
}

/// Answers a request for a path below that of `service` at which there is nothing.
pub async fn serve_nothing(service: &'static str, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    respond(service, &parts, async |_, _| Err(Refusal::new(Code::NotFound, "There is nothing at this path."))).await
}

async fn call<F: Function>(
    parts: &Parts,
    path: PathParameters<'_>,
    body: impl http_body::Body<Data = Bytes> + Unpin,
) -> Response<Body> {
    respond(F::NAME, parts, async |exchange, settings| {
        let Admitted { claims, idempotency_key, input } =
            match receive::<F>(exchange, settings, parts, path, body).await? {
                Received::Admitted(admitted) => admitted,
                Received::Answered(response) => return Ok(response),
            };
        let request_id = exchange.request_id.clone();
        let call = Call {
            claims,
            request_id: &request_id,
            idempotency_key,
            rollout: settings.rollout,
            rollouts: &settings.rollouts,
            input,
        };
        let done = query(exchange, settings, F::STATEMENT, &call).await?;
        Ok(answer::success(F::status(&done.data), &done.data, &done.limits, done.replayed, &request_id))
    })
    .await
}

/// Does `work` with the instance's settings and gives its outcome the last form.
async fn respond(
    service: &'static str,
    parts: &Parts,
    work: impl AsyncFnOnce(&mut Exchange, &Settings) -> Result<Response<Bytes>, Refusal>,
) -> Response<Body> {
    let mut exchange = Exchange::begin(service, parts);
    let (cors, outcome) = match exchange.settings().await {
        Ok(settings) => (settings.cors.clone(), work(&mut exchange, &settings).await),
        Err(refusal) => (Cors::any(), Err(refusal)),
    };
    exchange.conclude(&cors, parts, outcome)
}

/// The way of a request up to its statement: method, body, who, what, rollout.
async fn receive<F: Function>(
    exchange: &mut Exchange,
    settings: &Settings,
    parts: &Parts,
    path: PathParameters<'_>,
    body: impl http_body::Body<Data = Bytes> + Unpin,
) -> Result<Received<F::Input>, Refusal> {
    let answered = |response| Ok(Received::Answered(response));
    match F::VERB.ask(&parts.method) {
        Ask::Call => {}
        Ask::Options => return answered(options(F::VERB, settings, parts, &exchange.request_id)),
        Ask::Health => return answered(health(exchange, settings).await),
        Ask::NotAllowed => return Err(method_not_allowed(F::VERB)),
    }
    let body = read_body(&parts.headers, body).await?;

    let identity = authenticate(exchange, settings, &parts.headers).await?;
    let caller = F::Caller::admit(identity)?;
    exchange.user_id = caller.user_id();

    let idempotency_key = IdempotencyKey::of(&parts.headers)?;
    let mut fields = match F::VERB {
        // A body has no meaning there (RFC 9110 section 9.3.1).
        Verb::Get => Fields::of_query(parts.uri.query()),
        Verb::Post => Fields::parse(&body)?,
    };
    if let Some(attempt) = fields.impersonation(caller.user_id()) {
        return Err(impersonation::<F>(exchange, settings, attempt).await);
    }
    let input = F::decode(&mut fields, path);
    let input = fields.finish(input)?;
    admit_rollout::<F>(settings.rollout, caller.user_id())?;

    let claims = Claims { sub: caller.user_id(), role: F::Caller::ROLE };
    Ok(Received::Admitted(Admitted { claims, idempotency_key, input }))
}

/// The answer to OPTIONS, a CORS preflight above all.
fn options(verb: Verb, settings: &Settings, parts: &Parts, request_id: &RequestId) -> Response<Bytes> {
    let mut response = answer::empty(StatusCode::NO_CONTENT, request_id);
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(verb.allow()));
    if Cors::is_preflight(&parts.method, &parts.headers) {
        settings.cors.apply_preflight(verb.allow(), headers);
    }
    response
}

fn method_not_allowed(verb: Verb) -> Refusal {
    Refusal::new(Code::MethodNotAllowed, format!("This path takes {}.", verb.allow()))
        .with_header(header::ALLOW, verb.allow())
}

/// How the function and its database are.
async fn health(exchange: &mut Exchange, settings: &Settings) -> Response<Bytes> {
    let claims = Claims { sub: None, role: "anon" };
    let request_id = exchange.request_id.clone();
    let call = Call {
        claims,
        request_id: &request_id,
        idempotency_key: None,
        rollout: Rollout::Enabled,
        rollouts: &Rollouts::NONE,
        input: Nothing {},
    };
    let (status, word, database) = match query(exchange, settings, "select edge.health($1)", &call).await {
        Ok(_) => (StatusCode::OK, "ok", "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "unreachable"),
    };
    let body = json!({"status": word, "database": database, "version": env!("CARGO_PKG_VERSION")});
    let mut response = answer::json(status, HeaderValue::from_static("application/json"), &request_id, &body);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Reads a body of JSON within the limit.
async fn read_body(
    headers: &HeaderMap,
    mut body: impl http_body::Body<Data = Bytes> + Unpin,
) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::new(Code::PayloadTooLarge, format!("At most {MAX_BODY_BYTES} bytes."));
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if declared.is_some_and(|length: u64| length > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(declared.unwrap_or(0) as usize);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::new(Code::ValidationError, "The body ended early."))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    if bytes.is_empty() || is_json(headers) {
        Ok(Bytes::from(bytes))
    } else {
        Err(Refusal::new(Code::UnsupportedMediaType, "Send `content-type: application/json`, in UTF-8."))
    }
}

/// Checks the bearer token; a key set that may be out of date is fetched anew once.
async fn authenticate(exchange: &mut Exchange, settings: &Settings, headers: &HeaderMap) -> Result<Identity, Refusal> {
    let token = bearer(headers.get(header::AUTHORIZATION)).map_err(|error| error.refusal())?;
    refresh_keys(exchange, settings, KEY_SET_LIFETIME).await?;
    let identity = match settings.verifier.verify(token) {
        Err(TokenError::UnknownKey) => {
            refresh_keys(exchange, settings, KEY_SET_COOLDOWN).await?;
            settings.verifier.verify(token)
        }
        verified => verified,
    };
    identity.map_err(|error| error.refusal())
}

/// Refuses an attempt to act for somebody else, once the attempt is on record.
async fn impersonation<F: Function>(exchange: &mut Exchange, settings: &Settings, attempt: Impersonation) -> Refusal {
    let message = format!("`{}` names somebody else; the sender is always the owner of the token.", attempt.field);
    let request_id = exchange.request_id.clone();
    let input = json!({
        "function": F::NAME, "code": Code::PermissionDenied.as_str(), "event": "impersonation_attempt",
        "detail": message, "field": attempt.field,
    });
    let claims = Claims { sub: exchange.user_id, role: F::Caller::ROLE };
    let call = Call {
        claims,
        request_id: &request_id,
        idempotency_key: None,
        rollout: settings.rollout,
        rollouts: &Rollouts::NONE,
        input,
    };
    match query(exchange, settings, "select edge.record_refusal($1)", &call).await {
        Ok(_) => Refusal::new(Code::PermissionDenied, message.clone()).because(vec![Reason {
            code: "impersonation".into(),
            message: message.into(),
            field: Some(attempt.field.into()),
            allowed_if: Some("The field is left out, or is your own id.".into()),
        }]),
        Err(unrecorded) => unrecorded,
    }
}

/// Applies the operator's variable as far as it can be told here; the database applies the rest.
fn admit_rollout<F: Function>(rollout: Rollout, user: Option<UserId>) -> Result<(), Refusal> {
    let excluded = match user {
        Some(user) => rollout.includes(F::FLAG, user) == Inclusion::Excluded,
        None => rollout == Rollout::Disabled,
    };
    if excluded { Err(Refusal::new(Code::FeatureDisabled, format!("{} is switched off.", F::FLAG))) } else { Ok(()) }
}

/// Sends the request's one statement. A deadlock or a serialization failure has undone it, so it is sent once more.
async fn query<I: Serialize>(
    exchange: &mut Exchange,
    settings: &Settings,
    statement: &str,
    call: &Call<'_, I>,
) -> Result<Done, Refusal> {
    let answer = match select_json(&settings.database_url, statement, call).await {
        Err(PgError::QueryFailed(QueryError::DbError(error))) if envelope::is_transient(&error.code) => {
            Line {
                request_id: Some(call.request_id),
                cause: Some(&error.code),
                ..Line::new(Level::Warn, "database", "retried")
            }
            .print();
            select_json(&settings.database_url, statement, call).await
        }
        answer => answer,
    };
    let answer = answer.map_err(|error| exchange.database_failure(&error))?;
    let answer =
        Answer::parse(&answer).ok_or_else(|| exchange.broken(format!("{statement}: the answer has another form")))?;
    exchange.org_id = answer.org_id;
    let data = answer.outcome.as_ref().map_or_else(|refusal| &refusal.data, |done| &done.data);
    exchange.conversation_id = data.get("conversation_id").and_then(Value::as_str).map(str::to_owned);
    answer.outcome
}

/// The one value of a statement's one row.
async fn select_json<I: Serialize>(
    database_url: &str,
    statement: &str,
    call: &Call<'_, I>,
) -> Result<Vec<u8>, PgError> {
    let request = serde_json::to_vec(call).map_err(|error| PgError::BadParameter(error.to_string()))?;
    let rows = async {
        let connection = Connection::open(database_url).await?;
        connection.query(statement, [ParameterValue::Jsonb(request)]).await?.collect().await
    };
    let rows = rows.await.map_err(|error| match error {
        PgSdkError::PgError(error) => error,
        PgSdkError::Decode(error) => PgError::ValueConversionFailed(error),
    })?;
    match rows.first().map(|row| &row[0]) {
        Some(DbValue::Jsonb(json)) => Ok(json.clone()),
        _ => Err(PgError::Other("the statement did not answer one jsonb".to_owned())),
    }
}

/// An answer of many lines on its way.
struct PageByPage {
    exchange: Exchange,
    settings: Rc<Settings>,
    statement: &'static str,
    claims: Claims,
    /// Lines that have been sent.
    lines: u64,
    next: Next,
    /// For the log: whether the answer came to its end, or why not.
    outcome: Result<(), Option<Code>>,
}

/// What an answer of many lines goes on with.
enum Next {
    /// The first page, which was there before the answer began.
    Lines(Lines),
    /// A page that is still to be asked for.
    Page(Page),
    /// The last line.
    End,
    Nothing,
}

/// The lines of a page, and the limits to report with them.
async fn page(
    exchange: &mut Exchange,
    settings: &Settings,
    statement: &str,
    claims: Claims,
    input: &Page,
) -> Result<(Lines, Vec<Limit>), Refusal> {
    let request_id = exchange.request_id.clone();
    let call = Call {
        claims,
        request_id: &request_id,
        idempotency_key: None,
        rollout: settings.rollout,
        rollouts: &settings.rollouts,
        input,
    };
    let done = query(exchange, settings, statement, &call).await?;
    let lines = Lines::of(&done).ok_or_else(|| exchange.broken(format!("{statement}: the page has another form")))?;
    Ok((lines, done.limits))
}

impl PageByPage {
    async fn page(&mut self, input: &Page) -> Result<Lines, Refusal> {
        let PageByPage { exchange, settings, statement, claims, .. } = self;
        page(exchange, settings, statement, *claims, input).await.map(|(lines, _)| lines)
    }

    /// The next piece of the answer.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let lines = match std::mem::replace(&mut self.next, Next::Nothing) {
                Next::Lines(lines) => lines,
                Next::Page(input) => match self.page(&input).await {
                    Ok(lines) => lines,
                    Err(refusal) => {
                        self.outcome = Err(Some(refusal.code));
                        return Some(lines::failure(&refusal, self.lines));
                    }
                },
                Next::End => {
                    self.outcome = Ok(());
                    return Some(lines::end(self.lines));
                }
                Next::Nothing => return None,
            };
            self.lines += lines.count;
            self.next = lines.next.map_or(Next::End, Next::Page);
            if !lines.text.is_empty() {
                return Some(lines.text);
            }
        }
    }
}

impl Drop for PageByPage {
    fn drop(&mut self) {
        let code = match self.outcome {
            Ok(()) => None,
            Err(Some(code)) => Some(code),
            Err(None) => {
                self.exchange.cause = Some("the client went away before the end".to_owned());
                None
            }
        };
        self.exchange.log(code);
    }
}

impl Exchange {
    fn begin(service: &'static str, parts: &Parts) -> Exchange {
        let headers = &parts.headers;
        Exchange {
            service,
            method: parts.method.clone(),
            started: Instant::now(),
            request_id: RequestId::of(headers),
            traceparent: TraceParent::of(headers),
            user_id: None,
            org_id: None,
            conversation_id: None,
            cause: None,
        }
    }

    /// The instance's settings; a fault in them is nothing the client can mend.
    async fn settings(&mut self) -> Result<Rc<Settings>, Refusal> {
        settings().await.map_err(|cause| self.broken(cause))
    }

    /// Writes the request's one log line and gives the answer its last form.
    fn conclude(self, cors: &Cors, parts: &Parts, outcome: Result<Response<Bytes>, Refusal>) -> Response<Body> {
        self.log(outcome.as_ref().err().map(|refusal| refusal.code));
        let response = outcome.unwrap_or_else(|refusal| answer::problem(&refusal, &self.request_id));
        answer::finish(response, cors, &parts.headers).map(|body| Either::Left(FullBody::new(body)))
    }

    /// A fault of our own: the cause goes to the log, and nowhere else.
    fn broken(&mut self, cause: String) -> Refusal {
        self.cause = Some(cause);
        Refusal::internal()
    }

    /// A failed statement, judged by its SQLSTATE. PostgreSQL's DETAIL may quote rows and is not logged.
    fn database_failure(&mut self, error: &PgError) -> Refusal {
        let (code, cause) = match error {
            PgError::QueryFailed(QueryError::DbError(error)) => {
                (envelope::code_for_sqlstate(&error.code), format!("SQLSTATE {}: {}", error.code, error.message))
            }
            PgError::ConnectionFailed(text) => (Code::DatabaseUnavailable, format!("connection failed: {text}")),
            PgError::QueryFailed(QueryError::Text(text)) | PgError::Other(text) => {
                (Code::DatabaseUnavailable, format!("query failed: {text}"))
            }
            PgError::BadParameter(text) | PgError::ValueConversionFailed(text) => (Code::Internal, text.clone()),
        };
        self.cause = Some(cause);
        match code {
            Code::Timeout => Refusal::new(code, "The database took too long."),
            Code::DatabaseUnavailable => Refusal::new(code, "The database does not answer."),
            _ => Refusal::internal(),
        }
    }

    /// The request's one line.
    fn log(&self, code: Option<Code>) {
        Line {
            method: Some(self.method.as_str()),
            request_id: Some(&self.request_id),
            traceparent: self.traceparent.as_ref(),
            user_id: self.user_id,
            conversation_id: self.conversation_id.as_deref(),
            org_id: self.org_id.as_deref(),
            duration_ms: Some((self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3),
            code,
            cause: self.cause.as_deref(),
            ..Line::new(Level::of(code), self.service, "request")
        }
        .print();
    }
}

thread_local! {
    // Settings and keys only: an instance serves requests of different users at the same time.
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
    static KEYS_FETCHED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The instance's settings; read and checked by its first request.
async fn settings() -> Result<Rc<Settings>, String> {
    if let Some(settings) = SETTINGS.with_borrow(Clone::clone) {
        return Ok(settings);
    }
    let read = async |name: &str| variables::get(name).await.map_err(|error| format!("variable {name}: {error}"));
    let variables = Variables {
        database_url: read("database_url").await?,
        jwt_secret: read("jwt_secret").await?,
        jwt_jwks: read("jwt_jwks").await?,
        jwt_jwks_url: read("jwt_jwks_url").await?,
        jwt_issuer: read("jwt_issuer").await?,
        jwt_audience: read("jwt_audience").await?,
        cors_allowed_origins: read("cors_allowed_origins").await?,
        rollout: read("rollout").await?,
        // Only components that answer for other functions have it.
        rollouts: match variables::get("rollouts").await {
            Err(variables::Error::Undefined(_)) => String::new(),
            read => read.map_err(|error| format!("variable rollouts: {error}"))?,
        },
    };
    let settings = Rc::new(Settings::parse(&variables).map_err(|error| error.to_string())?);
    SETTINGS.set(Some(Rc::clone(&settings)));
    Ok(settings)
}

/// Fetches the key set if it is older than `lifetime`. Old keys are better than none when that fails.
async fn refresh_keys(exchange: &mut Exchange, settings: &Settings, lifetime: Duration) -> Result<(), Refusal> {
    let Some(url) = &settings.jwks_url else { return Ok(()) };
    let fetched = KEYS_FETCHED.get();
    if fetched.is_some_and(|at| at.elapsed() < lifetime) {
        return Ok(());
    }
    match fetch_keys(url).await {
        Ok(keys) => {
            settings.verifier.replace_keys(keys);
            KEYS_FETCHED.set(Some(Instant::now()));
            Ok(())
        }
        Err(cause) if fetched.is_some() => {
            Line {
                request_id: Some(&exchange.request_id),
                cause: Some(&cause),
                ..Line::new(Level::Warn, "jwks", "kept_old_keys")
            }
            .print();
            KEYS_FETCHED.set(Some(Instant::now()));
            Ok(())
        }
        Err(cause) => {
            exchange.cause = Some(format!("jwt_jwks_url: {cause}"));
            Err(Refusal::new(Code::AuthenticationUnavailable, "The keys that verify tokens cannot be fetched."))
        }
    }
}

async fn fetch_keys(url: &str) -> Result<KeySet, String> {
    let response = spin_sdk::http::get(url).await.map_err(|error| error.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(format!("status {}", response.status()));
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > MAX_KEY_SET_BYTES {
            return Err("the key set is too large".to_owned());
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
    KeySet::parse(text).map_err(|error| error.to_string())
}
