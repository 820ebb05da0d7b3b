//! One JSON object a line (`docs/contract.md` section 6). Nothing in it can hold a message, a token or a phone number.

use crate::{
    rules::{code::Code, id::UserId},
    wire::{
        phone::redact,
        request_id::{RequestId, TraceParent},
    },
};
use serde::{Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// How much attention a line wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Done.
    Info,
    /// Refused, or tried again.
    Warn,
    /// Broken.
    Error,
}

impl Level {
    /// The level of a request's line. A refusal is a warning; only a server error is an error.
    pub fn of(outcome: Option<Code>) -> Level {
        match outcome {
            None => Level::Info,
            Some(code) if code.status().is_server_error() => Level::Error,
            Some(_) => Level::Warn,
        }
    }
}

/// One line of the log.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// When the line was written.
    #[serde(serialize_with = "rfc3339")]
    pub timestamp: OffsetDateTime,
    /// How much attention it wants.
    pub level: Level,
    /// The component, or `host`.
    pub service: &'a str,
    /// The operation that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<&'a str>,
    /// The HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'a str>,
    /// What happened.
    pub event: &'a str,
    /// The request's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a RequestId>,
    /// The trace that the request belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<&'a TraceParent>,
    /// The caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The conversation it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<&'a str>,
    /// The caller's organisation, or that of a number which a client texted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<&'a str>,
    /// The thread of a client's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<&'a str>,
    /// The webhook it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_id: Option<&'a str>,
    /// The class of the number that the client texted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_class: Option<&'a str>,
    /// What was decided about a client's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<&'a str>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<f64>,
    /// The code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "code")]
    pub code: Option<Code>,
    /// What broke, for operators. Whatever may be a phone number is redacted.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "redacted")]
    pub cause: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// A line about `event`, as of now.
    pub fn new(level: Level, service: &'a str, event: &'a str) -> Line<'a> {
        Line {
            timestamp: OffsetDateTime::now_utc(),
            level,
            service,
            operation: None,
            method: None,
            event,
            request_id: None,
            traceparent: None,
            user_id: None,
            conversation_id: None,
            org_id: None,
            thread_id: None,
            webhook_id: None,
            number_class: None,
            decision: None,
            duration_ms: None,
            code: None,
            cause: None,
        }
    }

    /// Writes the line to standard output, in one call.
    pub fn print(&self) {
        use std::io::Write;
        if let Ok(mut line) = serde_json::to_vec(self) {
            line.push(b'\n');
            // A log that cannot be written must not fail the request it is about.
            let _ = std::io::stdout().lock().write_all(&line);
        }
    }
}

fn rfc3339<S: Serializer>(timestamp: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&timestamp.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
}

fn code<S: Serializer>(code: &Option<Code>, serializer: S) -> Result<S::Ok, S::Error> {
    code.map(Code::as_str).serialize(serializer)
}

fn redacted<S: Serializer>(cause: &Option<&str>, serializer: S) -> Result<S::Ok, S::Error> {
    cause.map(redact).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_line_is_one_json_object_without_empty_members() {
        let id = RequestId::parse("r-1").unwrap();
        let line = Line {
            timestamp: OffsetDateTime::UNIX_EPOCH,
            request_id: Some(&id),
            code: Some(Code::NotFound),
            cause: Some("no route to +1 555 123 4567"),
            ..Line::new(Level::Warn, "send-dm", "request")
        };
        assert_eq!(
            serde_json::to_value(&line).unwrap(),
            json!({
                "timestamp": "1970-01-01T00:00:00Z", "level": "warn", "service": "send-dm", "event": "request",
                "request_id": "r-1", "code": "not_found", "cause": "no route to +[phone …4567]",
            })
        );
        assert_eq!(serde_json::to_value(Level::of(None)).unwrap(), Value::from("info"));
        assert_eq!(Level::of(Some(Code::QuotaExceeded)), Level::Warn);
        assert_eq!(Level::of(Some(Code::DatabaseUnavailable)), Level::Error);
    }
}
