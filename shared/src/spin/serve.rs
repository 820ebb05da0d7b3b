//! How a request passes through a function: method, body, token, input, rollout, statement, answer.

use crate::{
    auth::{
        caller::{Caller, Proof, wrong_signature},
        identity::Identity,
        signature::{SIGNATURE_HEADER, Signed, SignedBody},
        verifier::{TokenError, bearer},
    },
    function::{
        AnswerForm, AtHand, Function, Intent, PathParameters, Verb, component_of, is_form, is_json, is_unencoded,
    },
    rules::{
        code::Code,
        id::UserId,
        limits::REPEAT_SECONDS,
        rollout::{Inclusion, Rollout, Rollouts, is_flag_or_none},
    },
    settings::InvalidSetting,
    spin::{Pages, database::query, exchange::Exchange, grouped, health::health, items, keys, settings::Settings},
    wire::{
        answer,
        author::Impersonation,
        cors::Cors,
        envelope::{Call, Claims, Done, IdempotencyKey},
        fields::Fields,
        json,
        refusal::{Reason, Refusal},
        request_id::RequestId,
        statement::Statement,
        twiml,
    },
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts};
use http_body_util::{BodyExt, Either, StreamBody};
use serde_json::{Value, json};
use spin_sdk::http::{FullBody, Request};
use std::{
    rc::Rc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How much is read of a body that is too large.
const MAX_DISCARDED_BYTES: usize = 1 << 20;

/// The operation that tells how a component and its database are.
const HEALTH: &str = "health";
const RECORD_REFUSAL: &Statement = &Statement::of("record_refusal");

/// The body of an answer: whole, or sent page by page.
pub type Body = Either<FullBody<Bytes>, StreamBody<Pages>>;

/// The outcome of checks before the statement.
pub(super) enum Received<T> {
    /// The request does not call the function; this is the answer to what it asks for instead.
    Answered(Response<Bytes>),
    /// The request passes the checks.
    Admitted(T),
}

/// A request from somebody who may call the function; its input is not read yet.
pub(super) struct Opened<C> {
    pub caller: C,
    pub body: Bytes,
    form: Option<Vec<(String, String)>>,
}

/// A request that passes every check that can be made without the database.
pub(super) struct Admitted<I> {
    pub claims: Claims,
    pub idempotency_key: Option<IdempotencyKey>,
    pub input: I,
}

/// Answers a request. It never fails: every fault becomes an answer in the form of `docs/contract.md`, section 3.
pub async fn serve<F: Function>(request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    call::<F>(&parts, PathParameters::of(&parts.headers), body).await
}

/// Answers a request whose path has an id that is not a parameter of the route.
pub async fn serve_at<F: Function>(request: Request, id: &str) -> Response<Body> {
    let (parts, body) = request.into_parts();
    call::<F>(&parts, PathParameters { id: Some(id) }, body).await
}

/// Answers a request for the health of `service`, on a path that does nothing else and takes no token.
pub async fn serve_health(service: &'static str, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let asks_health = matches!(Verb::Get.intent(&parts.method), Intent::Call | Intent::Health);
    respond(service, Some(HEALTH), &parts, asks_health, async |exchange, settings| {
        match Verb::Get.intent(&parts.method) {
            Intent::Call | Intent::Health => Ok(health(exchange, settings).await),
            Intent::Options => Ok(options(Verb::Get, settings, &parts, &exchange.request_id)),
            Intent::NotAllowed => Err(method_not_allowed(Verb::Get)),
        }
    })
    .await
}

/// Answers a request for an unknown path below that of `service`.
pub async fn serve_nothing(service: &'static str, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    let nothing =
        async |_: &mut Exchange, _: &Rc<Settings>| Err(Refusal::new(Code::NotFound, "There is nothing at this path."));
    respond(service, None, &parts, false, nothing).await
}

async fn call<F: Function>(
    parts: &Parts,
    path: PathParameters<'_>,
    body: impl http_body::Body<Data = Bytes> + Unpin,
) -> Response<Body> {
    let asks_health = matches!(F::VERB.intent(&parts.method), Intent::Health);
    respond(component_of(F::NAME), Some(F::NAME), parts, asks_health, async |exchange, settings| {
        let opened = match open::<F>(exchange, settings, parts, path, body).await? {
            Received::Admitted(opened) => opened,
            Received::Answered(response) => return Ok(response),
        };
        if F::MAX_ITEMS > 1 && json::is_array(&opened.body) {
            return items::answer::<F>(exchange, settings, &parts.headers, &opened).await;
        }
        let Admitted { claims, idempotency_key, input } = read::<F>(exchange, settings, parts, path, opened).await?;
        let request_id = exchange.request_id.clone();
        let call = Call {
            claims,
            request_id: &request_id,
            idempotency_key,
            rollouts: &settings.rollouts,
            reads: F::READS,
            input,
        };
        let begun = Instant::now();
        let mut done = if F::SHARES_STATEMENTS && settings.group_commit > 1 {
            grouped::query(exchange, settings, const { F::STATEMENT.as_str() }, &call).await?
        } else {
            query(exchange, settings, const { F::STATEMENT.as_str() }, &call).await?
        };
        // Each statement commits what it did, whatever becomes of the next.
        while F::REPEATS && leaves_more(&done) && begun.elapsed() < Duration::from_secs(REPEAT_SECONDS) {
            done = query(exchange, settings, const { F::STATEMENT.as_str() }, &call).await?;
        }
        let at_hand = AtHand {
            user: exchange.user_id,
            token_ends: exchange.token_ends,
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            token_signer: settings.token_signer.as_ref().filter(|_| F::NEEDS_REALTIME),
        };
        F::finish(&mut done.data, &at_hand)?;
        exchange.is_routine = F::is_routine(&done.data);
        Ok(match F::ANSWER {
            AnswerForm::Json => {
                answer::success(F::status(&done.data), &done.data, &done.limits, done.replayed, &request_id)
            }
            AnswerForm::Twiml => answer::text(twiml::CONTENT_TYPE, &request_id, twiml::answer(&done.data)),
        })
    })
    .await
}

/// Whether an answer says that there is more to do.
fn leaves_more(done: &Done) -> bool {
    done.data.get("more").and_then(Value::as_bool) == Some(true)
}

/// Does `work` with the instance's settings, writes the log line and makes the outcome an answer.
pub(super) async fn respond(
    service: &'static str,
    operation: Option<&'static str>,
    parts: &Parts,
    asks_health: bool,
    work: impl AsyncFnOnce(&mut Exchange, &Rc<Settings>) -> Result<Response<Bytes>, Refusal>,
) -> Response<Body> {
    let mut exchange = Exchange::begin(service, operation, parts);
    let (cors, outcome) = match exchange.settings().await {
        Ok(settings) => (settings.cors.clone(), work(&mut exchange, &settings).await),
        Err(_) if asks_health => (Cors::any(), Ok(misconfigured(&exchange.request_id))),
        Err(refusal) => (Cors::any(), Err(refusal)),
    };
    exchange.conclude(&cors, parts, outcome)
}

/// Checks a request before its statement.
pub(super) async fn receive<F: Function>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    parts: &Parts,
    path: PathParameters<'_>,
    body: impl http_body::Body<Data = Bytes> + Unpin,
) -> Result<Received<Admitted<F::Input>>, Refusal> {
    Ok(match open::<F>(exchange, settings, parts, path, body).await? {
        Received::Admitted(opened) => Received::Admitted(read::<F>(exchange, settings, parts, path, opened).await?),
        Received::Answered(response) => Received::Answered(response),
    })
}

/// The first checks: method, body, token.
async fn open<F: Function>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    parts: &Parts,
    path: PathParameters<'_>,
    body: impl http_body::Body<Data = Bytes> + Unpin,
) -> Result<Received<Opened<F::Caller>>, Refusal> {
    const { assert!(is_flag_or_none(F::FLAG), "the flag is not one of rollout::FLAGS") };
    const { assert!(F::MAX_ITEMS == 1 || F::SHARES_STATEMENTS, "the entry point takes no array") };
    let answered = |response| Ok(Received::Answered(response));
    match F::VERB.intent(&parts.method) {
        Intent::Call => {}
        Intent::Options => return answered(options(F::VERB, settings, parts, &exchange.request_id)),
        Intent::Health => return answered(health(exchange, settings).await),
        Intent::NotAllowed => return Err(method_not_allowed(F::VERB)),
    }
    let body = read_body(&parts.headers, body, F::MAX_BODY, F::TAKES_FORM).await?;
    let form = is_form(&parts.headers).then(|| form_urlencoded::parse(&body).into_owned().collect::<Vec<_>>());

    let identity = match F::Caller::PROOF {
        Proof::CarrierSignature => {
            let body = form.as_deref().map_or(SignedBody::Bytes(&body), SignedBody::Form);
            let path = F::webhook_path(path);
            check_signature(
                exchange,
                settings,
                &parts.headers,
                &Signed { path: &path, query: parts.uri.query(), body },
            )?
        }
        Proof::Token if F::TAKES_METRICS_TOKEN && has_metrics_token(settings, &parts.headers) => {
            Identity::Service(None)
        }
        Proof::Token => authenticate(exchange, settings, &parts.headers).await?,
    };
    let caller = F::Caller::admit(identity)?;
    exchange.user_id = caller.user_id();
    if F::NEEDS_REALTIME {
        exchange.token_ends =
            bearer(parts.headers.get(header::AUTHORIZATION)).ok().and_then(|token| settings.verifier.end_of(token));
    }
    Ok(Received::Admitted(Opened { caller, body, form }))
}

/// The checks of what is asked for: input, rollout.
async fn read<F: Function>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    parts: &Parts,
    path: PathParameters<'_>,
    Opened { caller, body, form }: Opened<F::Caller>,
) -> Result<Admitted<F::Input>, Refusal> {
    let idempotency_key = IdempotencyKey::of(&parts.headers)?;
    let fields = match F::VERB {
        // The body of a GET has no meaning (RFC 9110 section 9.3.1), and a query has no author.
        Verb::Get => Fields::of_query(parts.uri.query()),
        Verb::Post if F::Caller::PROOF == Proof::CarrierSignature => match form {
            Some(parameters) => Fields::of_form(parameters),
            None => Fields::parse(&body)?,
        },
        Verb::Post => {
            let mut fields = Fields::parse(&body)?;
            if let Some(attempt) = fields.impersonation(caller.user_id()) {
                return Err(impersonation::<F>(exchange, settings, &caller, attempt).await);
            }
            fields
        }
    };
    let input = fields.with_path_id(path.id).read()?;
    if let Some(flag) = F::FLAG {
        admit_rollout(flag, settings.rollouts.of(flag), caller.user_id())?;
    }
    if F::NEEDS_REALTIME {
        require_realtime(exchange, settings)?;
    }

    let claims = Claims { sub: caller.user_id(), role: caller.role() };
    Ok(Admitted { claims, idempotency_key, input })
}

/// The answer to OPTIONS, which most often is a CORS preflight.
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
    Refusal::new(Code::MethodNotAllowed, format!("This path accepts {}.", verb.allow()))
        .with_header(header::ALLOW, verb.allow())
}

/// Reads the rest of a body that is too large, up to a bound: a client that is still sending when Spin closes the
/// connection may see a reset instead of the answer.
async fn discard(mut body: impl http_body::Body<Data = Bytes> + Unpin) {
    let mut read = 0;
    while read < MAX_DISCARDED_BYTES
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// The health of a function whose variables are not valid; its log line says what is wrong with them.
fn misconfigured(request_id: &RequestId) -> Response<Bytes> {
    let body = json!({"status": "misconfigured", "database": "unknown", "version": env!("CARGO_PKG_VERSION")});
    let content_type = HeaderValue::from_static("application/json");
    let mut response = answer::json(StatusCode::SERVICE_UNAVAILABLE, content_type, request_id, &body);
    // Until somebody mends them.
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
}

/// Reads a body of JSON, or of a form where the function takes one, of at most `limit` bytes.
async fn read_body(
    headers: &HeaderMap,
    mut body: impl http_body::Body<Data = Bytes> + Unpin,
    limit: usize,
    takes_form: bool,
) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::new(Code::PayloadTooLarge, format!("The body may have at most {limit} bytes."));
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if declared.is_some_and(|length: u64| length > limit as u64) {
        discard(body).await;
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(declared.unwrap_or(0) as usize);
    // Reading on at the end of a complete body would cost a turn of the host.
    while declared != Some(bytes.len() as u64)
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|_| Refusal::new(Code::ValidationError, "The body ended before it was complete."))?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            discard(body).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    if bytes.is_empty() {
        Ok(Bytes::new())
    } else if !is_unencoded(headers) {
        let detail = "Send the body without a content coding, such as gzip.";
        Err(Refusal::new(Code::UnsupportedMediaType, detail).with_header(header::ACCEPT_ENCODING, "identity"))
    } else if takes_form && !is_json(headers) && !is_form(headers) {
        let detail = "Send `content-type: application/x-www-form-urlencoded` or `application/json`, in UTF-8.";
        Err(Refusal::new(Code::UnsupportedMediaType, detail))
    } else if !takes_form && !is_json(headers) {
        Err(Refusal::new(Code::UnsupportedMediaType, "Send `content-type: application/json`, in UTF-8."))
    } else {
        Ok(Bytes::from(bytes))
    }
}

/// Whether the bearer token is the variable `metrics_token`. Digests are compared: how long that takes says nothing.
fn has_metrics_token(settings: &Settings, headers: &HeaderMap) -> bool {
    let digest = |text: &str| hmac_sha256::Hash::hash(text.as_bytes());
    let given = bearer(headers.get(header::AUTHORIZATION)).ok();
    given.zip(settings.metrics_token.as_deref()).is_some_and(|(given, token)| digest(given) == digest(token))
}

/// Checks the bearer token. The key set at an address is asked for anew when it is old, which nobody waits for, and when
/// the token is signed with an unknown key.
async fn authenticate(exchange: &mut Exchange, settings: &Settings, headers: &HeaderMap) -> Result<Identity, Refusal> {
    let token = bearer(headers.get(header::AUTHORIZATION)).map_err(|error| error.refusal())?;
    keys::keep_fresh(settings, exchange.started);
    let mut identity = settings.verifier.verify(token);
    // The first keys may be those of another instance, and the next those of the address.
    for _ in 0..2 {
        if identity != Err(TokenError::UnknownKey) || !keys::newer(settings).await {
            break;
        }
        identity = settings.verifier.verify(token);
    }
    if identity == Err(TokenError::UnknownKey)
        && let Some(cause) = keys::trouble(settings)
    {
        exchange.cause = Some(cause);
        let detail = "The keys that verify tokens cannot be fetched.";
        return Err(Refusal::new(Code::AuthenticationUnavailable, detail));
    }
    identity.map_err(|error| error.refusal())
}

/// Checks the carrier's signature. Why it cannot be checked at all is for the log alone.
fn check_signature(
    exchange: &mut Exchange,
    settings: &Settings,
    headers: &HeaderMap,
    request: &Signed<'_>,
) -> Result<Identity, Refusal> {
    let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match &settings.carrier_keys {
        Ok(keys) if keys.signs(signature, request) => Ok(Identity::Carrier),
        Ok(_) => Err(wrong_signature()),
        Err(unconfigured) => {
            exchange.cause = Some(unconfigured.to_string());
            Err(wrong_signature())
        }
    }
}

/// Records an attempt to act for somebody else, and refuses it.
pub(super) async fn impersonation<F: Function>(
    exchange: &mut Exchange,
    settings: &Settings,
    caller: &F::Caller,
    attempt: Impersonation,
) -> Refusal {
    let message = format!("`{}` names somebody else; the sender is always the owner of the token.", attempt.field);
    let request_id = exchange.request_id.clone();
    let input = json!({
        "function": F::NAME, "code": Code::PermissionDenied.as_str(), "event": "impersonation_attempt",
        "detail": message, "field": attempt.field,
    });
    let claims = Claims { sub: caller.user_id(), role: caller.role() };
    let call =
        Call { claims, request_id: &request_id, idempotency_key: None, rollouts: &Rollouts::NONE, reads: false, input };
    match query(exchange, settings, const { RECORD_REFUSAL.as_str() }, &call).await {
        Ok(_) => Refusal::new(Code::PermissionDenied, message.clone()).because(vec![Reason {
            code: "impersonation".into(),
            message: message.into(),
            field: Some(attempt.field.into()),
            allowed_if: Some("The field is left out, or is your own id.".into()),
            ..Reason::default()
        }]),
        Err(unrecorded) => unrecorded,
    }
}

/// Refuses what is of no use without NATS where there is none. An address without a key is a fault of the configuration:
/// clients would be told that realtime is on.
fn require_realtime(exchange: &mut Exchange, settings: &Settings) -> Result<(), Refusal> {
    match (&settings.token_signer, settings.has_realtime) {
        (Some(_), _) => Ok(()),
        (None, Some(true)) => Err(exchange.broken(InvalidSetting::RealtimeIncomplete.to_string())),
        (None, _) => {
            let message = "Realtime is off here. What is new is told by POST /functions/v1/sync.";
            Err(Refusal::new(Code::FeatureDisabled, message).because(vec![Reason {
                code: "realtime_off".into(),
                message: message.into(),
                allowed_if: Some("The operator configures NATS.".into()),
                ..Reason::default()
            }]))
        }
    }
}

/// Applies the variable `rollouts` as far as that is possible without the user's profile; the database does the rest.
pub(super) fn admit_rollout(flag: &'static str, rollout: Rollout, user: Option<UserId>) -> Result<(), Refusal> {
    let excluded = match user {
        Some(user) => rollout.includes(flag, user) == Inclusion::Excluded,
        None => rollout == Rollout::Disabled,
    };
    if excluded { Err(Refusal::new(Code::FeatureDisabled, format!("{flag} is switched off."))) } else { Ok(()) }
}
