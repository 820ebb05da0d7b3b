//! What a text's outcome is, by what is known of its request.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only the component sends; tests read"))]

use rolecall_shared::{spin::post::Posted, wire::sid::MessageSid};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, PrimitiveDateTime, format_description};

/// The longest wait that is told to the database, in seconds; a text is given up after an hour.
const MAX_RETRY_AFTER: u64 = 86_400;

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The carrier has it.
    Sent,
    /// The carrier has not taken it, and may later.
    Retry,
    /// The carrier does not take it.
    Dead,
    /// The carrier may have it.
    Uncertain,
    /// It was not tried.
    Released,
}

/// The outcome of a text, as the settlement takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The text's id in the outbox.
    pub id: String,
    /// What became of it.
    #[serde(rename = "outcome")]
    pub kind: Kind,
    /// The carrier's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier_sid: Option<MessageSid>,
    /// The carrier's code, or the status of an answer without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<u32>,
    /// How long the carrier wants to be left alone, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
}

/// What the carrier's answer says, of a success and of an error.
#[derive(Default, Deserialize)]
struct Said {
    #[serde(default)]
    sid: Option<serde_json::Value>,
    #[serde(default)]
    code: Option<serde_json::Value>,
}

impl Outcome {
    /// The outcome of a text that was not tried.
    pub fn released(id: String, retry_after_seconds: Option<u64>) -> Outcome {
        Outcome { id, kind: Kind::Released, carrier_sid: None, error_code: None, retry_after_seconds }
    }

    /// The outcome of a text that was posted.
    pub fn of(id: String, posted: &Posted, now: OffsetDateTime) -> Outcome {
        let none = Outcome::released(id, None);
        match posted {
            Posted::NotSent(_) => Outcome { kind: Kind::Retry, ..none },
            Posted::Unknown(_) => Outcome { kind: Kind::Uncertain, ..none },
            Posted::Answered { status, retry_after, body } => {
                let said: Said = serde_json::from_slice(body).unwrap_or_default();
                let kind = match status {
                    200..=299 => Kind::Sent,
                    400..=499 if *status != 429 => Kind::Dead,
                    // An address that has moved has taken nothing, and neither has a server that is at a loss.
                    _ => Kind::Retry,
                };
                let code = said.code.as_ref().and_then(serde_json::Value::as_u64);
                let code = code.and_then(|code| u32::try_from(code).ok()).filter(|code| (1..=999_999).contains(code));
                let sid = said.sid.as_ref().and_then(serde_json::Value::as_str).and_then(MessageSid::of);
                Outcome {
                    kind,
                    carrier_sid: sid.filter(|_| kind == Kind::Sent),
                    error_code: (kind != Kind::Sent).then(|| code.unwrap_or(u32::from(*status))),
                    retry_after_seconds: retry_after
                        .as_deref()
                        .filter(|_| kind == Kind::Retry)
                        .and_then(|text| seconds(text, now)),
                    ..none
                }
            }
        }
    }

    /// Whether the carrier asks for a pause.
    pub fn asks_for_pause(&self) -> bool {
        self.kind == Kind::Retry && (self.error_code == Some(429) || self.retry_after_seconds.is_some())
    }
}

/// The seconds that `Retry-After` asks for: a number or a date (RFC 9110 section 10.2.3).
fn seconds(text: &str, now: OffsetDateTime) -> Option<u64> {
    let text = text.trim();
    let seconds = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let form = "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT";
            let form = format_description::parse_borrowed::<2>(form).ok()?;
            let until = PrimitiveDateTime::parse(text, &form).ok()?.assume_utc();
            u64::try_from((until - now).whole_seconds().max(0)).ok()?
        }
    };
    Some(seconds.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn answered(status: u16, retry_after: Option<&str>, body: &str) -> Value {
        let retry_after = retry_after.map(str::to_owned);
        let posted = Posted::Answered { status, retry_after, body: body.as_bytes().to_vec() };
        let now = OffsetDateTime::from_unix_timestamp(1_445_412_480).unwrap();
        serde_json::to_value(Outcome::of("7".into(), &posted, now)).unwrap()
    }

    #[test]
    fn an_answer_says_what_became_of_a_text() {
        let sent = json!({"id": "7", "outcome": "sent", "carrier_sid": "SM1"});
        assert_eq!(answered(201, None, r#"{"sid": "SM1", "status": "queued", "code": null}"#), sent);
        for body in ["", r#"{"sid": "SM"#, r#"{"sid": 7}"#, r#"{"sid": "a b"}"#, "[]", "null"] {
            assert_eq!(answered(201, None, body), json!({"id": "7", "outcome": "sent"}), "{body}");
        }
        let dead = |code| json!({"id": "7", "outcome": "dead", "error_code": code});
        assert_eq!(answered(400, None, r#"{"code": 21610, "message": "m", "status": 400}"#), dead(21610));
        assert_eq!(answered(400, Some("9"), ""), dead(400));
        assert_eq!(answered(401, None, r#"{"code": -1}"#), dead(401));
        let retry = |code| json!({"id": "7", "outcome": "retry", "error_code": code});
        for status in [500, 502, 503, 301, 304] {
            assert_eq!(answered(status, None, ""), retry(u32::from(status)));
        }
        assert_eq!(answered(429, None, r#"{"code": 20429}"#), retry(20429));
        let mut later = retry(429);
        later["retry_after_seconds"] = json!(60);
        for text in ["60", " 60 ", "Wed, 21 Oct 2015 07:29:00 GMT"] {
            assert_eq!(answered(429, Some(text), ""), later, "{text}");
        }
        later["retry_after_seconds"] = json!(0);
        assert_eq!(answered(429, Some("Wed, 21 Oct 2015 07:20:00 GMT"), ""), later);
        later["retry_after_seconds"] = json!(MAX_RETRY_AFTER);
        assert_eq!(answered(429, Some("99999999999"), ""), later);
        for text in ["soon", "-1", "Wed, 21 Oct 2015", ""] {
            assert_eq!(answered(429, Some(text), ""), retry(429), "{text}");
        }
    }

    #[test]
    fn only_what_surely_was_not_sent_is_sent_again() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let kind = |posted| Outcome::of("7".into(), &posted, now).kind;
        assert_eq!(kind(Posted::NotSent("refused".into())), Kind::Retry);
        assert_eq!(kind(Posted::Unknown("closed".into())), Kind::Uncertain);
    }

    #[test]
    fn a_pause_is_asked_for_by_429_or_its_header() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let asks = |status, retry_after: Option<&str>| {
            let posted = Posted::Answered { status, retry_after: retry_after.map(str::to_owned), body: Vec::new() };
            Outcome::of("7".into(), &posted, now).asks_for_pause()
        };
        assert!(asks(429, None) && asks(503, Some("5")));
        assert!(!asks(503, None) && !asks(400, Some("5")) && !asks(200, Some("5")));
    }
}
