//! A refusal: an error as a value, with a code of the catalogue, from which the problem document is made.

use crate::rules::{code::Code, limits::MAX_REASONS};
use http::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use std::{borrow::Cow, ops::Deref};

/// One of several things to say about a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What was measured, where the rule is a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Number>,
    /// The bound that it does not keep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Number>,
}

/// The reasons of a refusal: the first [`MAX_REASONS`], and the count of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Reason>")]
pub struct Reasons {
    listed: Vec<Reason>,
    total: usize,
}

impl Reasons {
    /// Adds a reason. It is only counted once there are enough of them, so that an answer does not grow with the faults of
    /// its request.
    pub fn add(&mut self, reason: impl FnOnce() -> Reason) {
        if self.listed.len() < MAX_REASONS {
            self.listed.push(reason());
        }
        self.total += 1;
    }

    /// Adds the reasons of a part.
    pub fn append(&mut self, part: Reasons) {
        let unlisted = part.total - part.listed.len();
        part.listed.into_iter().for_each(|reason| self.add(|| reason));
        self.total += unlisted;
    }

    /// How many reasons there are, those that are not listed included.
    pub fn total(&self) -> usize {
        self.total
    }
}

/// The listed reasons.
impl Deref for Reasons {
    type Target = [Reason];

    fn deref(&self) -> &[Reason] {
        &self.listed
    }
}

impl From<Vec<Reason>> for Reasons {
    fn from(reasons: Vec<Reason>) -> Reasons {
        let mut all = Reasons::default();
        reasons.into_iter().for_each(|reason| all.add(|| reason));
        all
    }
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
    pub reasons: Reasons,
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
        Refusal {
            code,
            detail: detail.into(),
            reasons: Reasons::default(),
            data: Map::new(),
            limits: Vec::new(),
            header: None,
        }
    }

    /// The refusal with reasons.
    #[must_use]
    pub fn because(mut self, reasons: impl Into<Reasons>) -> Refusal {
        self.reasons = reasons.into();
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
        Refusal::new(Code::Internal, "An unexpected error occurred. Quote the request_id when you report it.")
    }

    /// Seconds after which trying again makes sense.
    pub fn retry_after(&self) -> Option<u64> {
        self.data.get("retry_after_seconds").and_then(Value::as_u64).or_else(|| self.code.default_retry_after())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(numbers: std::ops::Range<usize>) -> Reasons {
        let reason = |number: usize| Reason {
            code: number.to_string().into(),
            message: "No.".into(),
            field: None,
            allowed_if: None,
            ..Reason::default()
        };
        numbers.map(reason).collect::<Vec<_>>().into()
    }

    #[test]
    fn so_many_reasons_are_listed_and_all_of_them_are_counted() {
        assert_eq!((reasons(0..MAX_REASONS).len(), reasons(0..MAX_REASONS).total()), (MAX_REASONS, MAX_REASONS));
        let more = reasons(0..MAX_REASONS + 1);
        assert_eq!((more.len(), more.total()), (MAX_REASONS, MAX_REASONS + 1));
        assert_eq!(more[MAX_REASONS - 1].code, (MAX_REASONS - 1).to_string());
    }

    #[test]
    fn the_reasons_of_parts_are_listed_in_their_order_and_counted_together() {
        let mut all = reasons(0..3);
        all.append(reasons(3..MAX_REASONS + 30));
        all.append(reasons(0..2));
        assert_eq!((all.len(), all.total()), (MAX_REASONS, MAX_REASONS + 32));
        assert_eq!(all, {
            let mut same = reasons(0..MAX_REASONS + 30);
            same.append(reasons(0..2));
            same
        });
    }
}
