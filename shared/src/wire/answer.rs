//! Answers in the form of `docs/contract.md` section 3: the success object and the problem document (RFC 9457).
//!
//! The runner uses the same functions for the errors it answers itself.

use crate::wire::{
    cors::Cors,
    envelope::Done,
    lines::NDJSON,
    refusal::{Limit, Reason, Refusal},
    request_id::{REQUEST_ID_HEADER, RequestId},
};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{self, HeaderName},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The header that marks an answer as the repetition of an earlier one.
pub const REPLAYED_HEADER: HeaderName = HeaderName::from_static("idempotency-replayed");

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Serialize)]
struct Success<'a> {
    success: bool,
    #[serde(flatten)]
    data: &'a Map<String, Value>,
    request_id: &'a RequestId,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a RequestId,
    #[serde(skip_serializing_if = "<[Reason]>::is_empty")]
    reasons: &'a [Reason],
    /// How many there are, where they are not all listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons_total: Option<usize>,
    error: Summary<'a>,
    #[serde(flatten)]
    data: &'a Map<String, Value>,
}

impl<'a> Problem<'a> {
    fn of(refusal: &'a Refusal, request_id: &'a RequestId) -> Problem<'a> {
        let code = refusal.code;
        Problem {
            r#type: code.type_uri(),
            title: code.title(),
            status: code.status().as_u16(),
            detail: &refusal.detail,
            code: code.as_str(),
            request_id,
            reasons: &refusal.reasons,
            reasons_total: Some(refusal.reasons.total()).filter(|&total| total > refusal.reasons.len()),
            error: Summary { code: code.as_str(), message: &refusal.detail },
            data: &refusal.data,
        }
    }
}

#[derive(Serialize)]
struct Results<'a> {
    success: bool,
    results: Vec<ItemResult<'a>>,
    request_id: &'a RequestId,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ItemResult<'a> {
    Done(DoneItem<'a>),
    Refused(Problem<'a>),
}

#[derive(Serialize)]
struct DoneItem<'a> {
    status: u16,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    replayed: bool,
    #[serde(flatten)]
    success: Success<'a>,
}

/// The same error for clients written against `error: {code, message}`.
#[derive(Serialize)]
struct Summary<'a> {
    code: &'static str,
    message: &'a str,
}

/// The answer to a request that succeeded.
pub fn success(
    status: StatusCode,
    data: &Map<String, Value>,
    limits: &[Limit],
    replayed: bool,
    request_id: &RequestId,
) -> Response<Bytes> {
    let mut response = json(status, JSON, request_id, &Success { success: true, data, request_id });
    rate_limit_fields(response.headers_mut(), limits);
    if replayed {
        response.headers_mut().insert(REPLAYED_HEADER, HeaderValue::from_static("true"));
    }
    response
}

/// The answer to a request of several items: what each would have been answered alone, with its status.
pub fn results(results: &[Result<(StatusCode, Done), Refusal>], request_id: &RequestId) -> Response<Bytes> {
    let items = results.iter().map(|result| match result {
        Ok((status, done)) => ItemResult::Done(DoneItem {
            status: status.as_u16(),
            replayed: done.replayed,
            success: Success { success: true, data: &done.data, request_id },
        }),
        Err(refusal) => ItemResult::Refused(Problem::of(refusal, request_id)),
    });
    let body = Results { success: true, results: items.collect(), request_id };
    let mut response = json(StatusCode::OK, JSON, request_id, &body);
    let limits = results.iter().rev().map(|result| match result {
        Ok((_, done)) => &done.limits,
        Err(refusal) => &refusal.limits,
    });
    // As the last item left them.
    if let Some(limits) = limits.into_iter().find(|limits| !limits.is_empty()) {
        rate_limit_fields(response.headers_mut(), limits);
    }
    response
}

/// The answer to a request that was refused: `application/problem+json`.
pub fn problem(refusal: &Refusal, request_id: &RequestId) -> Response<Bytes> {
    let mut response = json(refusal.code.status(), PROBLEM_JSON, request_id, &Problem::of(refusal, request_id));
    let headers = response.headers_mut();
    rate_limit_fields(headers, &refusal.limits);
    if let Some(seconds) = refusal.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some((name, value)) = &refusal.header {
        headers.insert(name, value.clone());
    }
    response
}

/// An answer with any JSON body, such as a health report.
pub fn json(
    status: StatusCode,
    content_type: HeaderValue,
    request_id: &RequestId,
    body: &impl Serialize,
) -> Response<Bytes> {
    // Serialising fails only for maps with keys that are not strings, which no body here has; an empty object
    // is still a better answer than a trap, which would take the other requests of the instance with it.
    let body = serde_json::to_vec(body).unwrap_or_else(|_| b"{}".to_vec());
    let mut response = empty(status, request_id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *response.body_mut() = Bytes::from(body);
    response
}

/// An answer of text.
pub fn text(content_type: HeaderValue, request_id: &RequestId, text: String) -> Response<Bytes> {
    let mut response = empty(StatusCode::OK, request_id);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *response.body_mut() = Bytes::from(text);
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode, request_id: &RequestId) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        response.headers_mut().insert(HeaderName::from_static(REQUEST_ID_HEADER), value);
    }
    response
}

/// The head of an answer of many lines, whose length is not known when it begins.
pub fn lines(limits: &[Limit], request_id: &RequestId) -> Response<()> {
    let mut response = empty(StatusCode::OK, request_id).map(|_| ());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    rate_limit_fields(headers, limits);
    response
}

/// Adds what every answer carries, whatever it says: CORS headers and `content-length`, without which Spin sends
/// the body in a second packet and a keep-alive client waits for it.
pub fn finish(mut response: Response<Bytes>, cors: &Cors, request: &HeaderMap) -> Response<Bytes> {
    let length = response.body().len();
    let headers = response.headers_mut();
    cors.apply(request, headers);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers: structured-field lists of policies).
fn rate_limit_fields(headers: &mut HeaderMap, limits: &[Limit]) {
    let list = |item: fn(&Limit) -> String| limits.iter().map(item).collect::<Vec<_>>().join(", ");
    let policies = list(|l| format!("\"{}\";q={};w={}", l.policy, l.quota, l.window_seconds));
    let states = list(|l| format!("\"{}\";r={};t={}", l.policy, l.remaining, l.reset_seconds));
    for (name, value) in [("ratelimit-policy", policies), ("ratelimit", states)] {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(&value)) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::code::Code;
    use serde_json::json;

    fn id() -> RequestId {
        RequestId::parse("r-1").unwrap()
    }

    fn body(response: &Response<Bytes>) -> Value {
        serde_json::from_slice(response.body()).unwrap()
    }

    #[test]
    fn a_success_has_its_data_beside_the_request_id() {
        let data = json!({"seq": 3}).as_object().unwrap().clone();
        let response = success(StatusCode::CREATED, &data, &[], true, &id());
        assert_eq!(response.status(), 201);
        assert_eq!(body(&response), json!({"success": true, "seq": 3, "request_id": "r-1"}));
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["idempotency-replayed"], "true");
        assert_eq!(response.headers()["x-request-id"], "r-1");
    }

    #[test]
    fn each_of_several_items_is_answered_as_alone_and_the_limit_is_the_last_one() {
        let limit =
            |remaining| Limit { policy: "send_dm".into(), quota: 60, remaining, window_seconds: 60, reset_seconds: 1 };
        let done = |seq: i64, replayed, limits| {
            let data = json!({ "seq": seq }).as_object().unwrap().clone();
            Ok((StatusCode::CREATED, Done { data, limits, replayed }))
        };
        let refused = Err(Refusal::new(Code::NotFound, "There is none."));
        let response = results(&[done(1, false, vec![limit(9)]), refused, done(2, true, Vec::new())], &id());
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["ratelimit"], "\"send_dm\";r=9;t=1");
        assert!(!response.headers().contains_key("idempotency-replayed"));
        let refused = body(&problem(&Refusal::new(Code::NotFound, "There is none."), &id()));
        assert_eq!(
            body(&response),
            json!({
                "success": true,
                "results": [
                    {"status": 201, "success": true, "seq": 1, "request_id": "r-1"},
                    refused,
                    {"status": 201, "replayed": true, "success": true, "seq": 2, "request_id": "r-1"},
                ],
                "request_id": "r-1",
            })
        );
    }

    #[test]
    fn a_refusal_is_a_problem_document() {
        let mut refusal = Refusal::new(Code::QuotaExceeded, "Both are spent.");
        refusal.data.insert("retry_after_seconds".into(), json!(90));
        refusal.limits.push(Limit {
            policy: "pre_show".into(),
            quota: 2,
            remaining: 0,
            window_seconds: 86_400,
            reset_seconds: 90,
        });
        let response = problem(&refusal, &id());
        assert_eq!(response.status(), 429);
        assert_eq!(
            body(&response),
            json!({
                "type": "urn:rolecall:problem:quota_exceeded", "title": "Quota exceeded", "status": 429,
                "detail": "Both are spent.", "code": "quota_exceeded", "request_id": "r-1",
                "error": {"code": "quota_exceeded", "message": "Both are spent."}, "retry_after_seconds": 90,
            })
        );
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "90");
        assert_eq!(response.headers()["ratelimit-policy"], "\"pre_show\";q=2;w=86400");
        assert_eq!(response.headers()["ratelimit"], "\"pre_show\";r=0;t=90");
    }

    #[test]
    fn an_answer_of_lines_has_no_length() {
        let limit = Limit {
            policy: "export_own_data".into(),
            quota: 10,
            remaining: 9,
            window_seconds: 3600,
            reset_seconds: 360,
        };
        let head = lines(&[limit], &id());
        assert_eq!(head.headers()["content-type"], "application/x-ndjson");
        assert_eq!(head.headers()["ratelimit"], "\"export_own_data\";r=9;t=360");
        assert!(!head.headers().contains_key("content-length"));
    }

    #[test]
    fn every_answer_states_its_length() {
        let cors = Cors::any();
        for response in [empty(StatusCode::NO_CONTENT, &id()), problem(&Refusal::internal(), &id())] {
            let length = response.body().len();
            let finished = finish(response, &cors, &HeaderMap::new());
            assert_eq!(finished.headers()["content-length"], length.to_string());
            assert_eq!(finished.headers()["access-control-allow-origin"], "*");
        }
    }
}
