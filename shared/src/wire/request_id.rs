//! The ids of a request in answers and logs.

use crate::rules::limits::MAX_REQUEST_ID_CHARS;
use http::HeaderMap;
use serde::Serialize;
use std::fmt;
use uuid::Uuid;

/// The header that carries a request id, in both directions.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// A request id: 1 to 128 letters, digits and `-_.:`, safe to print in a header and in a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// The id the client sent, if it is well-formed, and a new one otherwise.
    pub fn of(headers: &HeaderMap) -> RequestId {
        headers
            .get(REQUEST_ID_HEADER)
            .and_then(|value| value.to_str().ok())
            .and_then(RequestId::parse)
            .unwrap_or_else(|| RequestId(Uuid::new_v4().to_string()))
    }

    /// `text` as a request id, if it is one.
    pub fn parse(text: &str) -> Option<RequestId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let well_formed = (1..=MAX_REQUEST_ID_CHARS).contains(&text.len()) && text.bytes().all(allowed);
        well_formed.then(|| RequestId(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A W3C trace context (<https://www.w3.org/TR/trace-context/#traceparent-header>), passed through to the logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TraceParent(String);

impl TraceParent {
    /// The `traceparent` of the request, if it is well-formed.
    pub fn of(headers: &HeaderMap) -> Option<TraceParent> {
        let text = headers.get("traceparent")?.to_str().ok()?;
        let parts: Vec<&str> = text.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let hexadecimal = |part: &&str| part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let well_formed = lengths == [2, 32, 16, 2]
            && parts.iter().all(hexadecimal)
            && parts[0] != "ff"
            && parts[1].bytes().any(|b| b != b'0')
            && parts[2].bytes().any(|b| b != b'0');
        well_formed.then(|| TraceParent(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn a_well_formed_id_is_kept() {
        assert_eq!(RequestId::of(&with(REQUEST_ID_HEADER, "Job-7:retry.2_x")).as_str(), "Job-7:retry.2_x");
        let longest = "a".repeat(MAX_REQUEST_ID_CHARS);
        assert_eq!(RequestId::of(&with(REQUEST_ID_HEADER, &longest)).as_str(), longest);
    }

    #[test]
    fn anything_else_is_replaced() {
        let too_long = "a".repeat(MAX_REQUEST_ID_CHARS + 1);
        for text in ["", "two words", "quote\"", "{json}", too_long.as_str()] {
            let id = RequestId::of(&with(REQUEST_ID_HEADER, text));
            assert!(Uuid::try_parse(id.as_str()).is_ok(), "{text:?} gave {id}");
        }
        assert_ne!(RequestId::of(&HeaderMap::new()), RequestId::of(&HeaderMap::new()));
    }

    #[test]
    fn only_a_valid_traceparent_is_passed_on() {
        let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(TraceParent::of(&with("traceparent", valid)), Some(TraceParent(valid.to_owned())));
        for text in [
            "",
            "00",
            "00-0-0-0",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::of(&with("traceparent", text)), None, "{text:?}");
        }
    }
}
