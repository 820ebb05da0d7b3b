//! A refusal: an error as a value, with a code of the catalogue, from which the problem document is made.

use crate::rules::code::Code;
use http::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One of several things to say about a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule, or the kind of fault.
    pub code: Cow<'static, str>,
    /// Why, for people.
    pub message: Cow<'static, str>,
    /// The field of the body that is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Cow<'static, str>>,
    /// What would make it allowed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_if: Option<Cow<'static, str>>,
}

/// A quota or rate limit as it stands, for the `RateLimit` fields.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Limit {
    /// The policy's name.
    pub policy: String,
    /// Requests allowed in a window.
    pub quota: u64,
    /// Requests left in this window.
    pub remaining: u64,
    /// The length of the window, in seconds.
    pub window_seconds: u64,
    /// Seconds until the window ends.
    pub reset_seconds: u64,
}

/// A refusal with everything its answer says.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The code; it determines the status.
    pub code: Code,
    /// The reason of this refusal, for people. Never the database's own text.
    pub detail: Cow<'static, str>,
    /// The single reasons, if there are several things to say.
    pub reasons: Vec<Reason>,
    /// Further members of the problem document, such as `conversation_id`.
    pub data: Map<String, Value>,
    /// Limits to report in headers.
    pub limits: Vec<Limit>,
    /// The header that belongs to the status: `Allow` with 405, `WWW-Authenticate` with 401.
    pub header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal with nothing but a detail.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { code, detail: detail.into(), reasons: Vec::new(), data: Map::new(), limits: Vec::new(), header: None }
    }

    /// The refusal with reasons.
    #[must_use]
    pub fn because(mut self, reasons: Vec<Reason>) -> Refusal {
        self.reasons = reasons;
        self
    }

    /// The refusal with the header that belongs to its status.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Refusal {
        self.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// The refusal for a bug of ours; a client learns nothing about it.
    pub fn internal() -> Refusal {
        Refusal::new(Code::Internal, "Something broke on our side; the request_id helps us to find it.")
    }

    /// Seconds after which trying again makes sense.
    pub fn retry_after(&self) -> Option<u64> {
        self.data.get("retry_after_seconds").and_then(Value::as_u64).or_else(|| self.code.default_retry_after())
    }
}
