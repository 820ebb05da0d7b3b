//! One delivery to one receiver, and what becomes of it.

use crate::webhooks::client::{Answer, Client};
use crate::webhooks::failure::Failure;
use crate::webhooks::signature::{Secret, signatures};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::SystemTime;
use uuid::Uuid;

/// The longest pause that a receiver may ask for; the database bounds it further.
const LONGEST_PAUSE: u64 = 24 * 60 * 60;

/// What is to be posted, and where.
#[derive(Deserialize)]
pub(crate) struct Delivery {
    id: String,
    attempt: u32,
    pub(crate) webhook: Uuid,
    url: String,
    secrets: Vec<String>,
    message_id: String,
    payload: Box<RawValue>,
}

/// What became of an attempt, as the database is told.
#[derive(Debug, Serialize)]
pub(crate) struct Attempted {
    id: String,
    attempt: u32,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
    #[serde(skip)]
    pub(crate) webhook: Uuid,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    #[serde(rename = "outcome")]
    pub(crate) end: End,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) retry_after_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// The receiver has it.
    Delivered,
    /// It is tried again.
    Failed,
    /// The receiver wants nothing any more.
    Gone,
}

impl Delivery {
    /// Posts it once.
    pub(crate) async fn attempt(self, client: &Client) -> Attempted {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let body = Bytes::from(String::from(Box::<str>::from(self.payload)));
        let answered = match headers(&self.secrets, &self.message_id, now, &body) {
            Ok(headers) => client.post(&self.url, headers, body).await,
            Err(failure) => Err(failure),
        };
        Attempted { id: self.id, attempt: self.attempt, webhook: self.webhook, outcome: Outcome::of(answered) }
    }
}

/// The three headers of Standard Webhooks.
fn headers(secrets: &[String], id: &str, timestamp: u64, body: &[u8]) -> Result<HeaderMap, Failure> {
    let secrets: Vec<Secret> = secrets.iter().filter_map(|secret| Secret::parse(secret)).collect();
    if secrets.is_empty() {
        return Err(Failure::NoSecret);
    }
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| Failure::NoSecret);
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", value(id)?);
    headers.insert("webhook-timestamp", HeaderValue::from(timestamp));
    headers.insert("webhook-signature", value(&signatures(&secrets, id, timestamp, body))?);
    Ok(headers)
}

impl Outcome {
    fn of(answered: Result<Answer, Failure>) -> Outcome {
        let (end, status, error, retry_after) = match answered {
            Ok(Answer { status, .. }) if (200..300).contains(&status) => (End::Delivered, Some(status), None, None),
            Ok(Answer { status: 410, .. }) => (End::Gone, Some(410), None, None),
            Ok(Answer { status, .. }) if (300..400).contains(&status) => {
                (End::Failed, Some(status), Some(Failure::Redirect), None)
            }
            Ok(Answer { status, retry_after }) => (End::Failed, Some(status), None, retry_after),
            Err(failure) => (End::Failed, None, Some(failure), None),
        };
        let retry_after_s = retry_after.map(|seconds| seconds.min(LONGEST_PAUSE));
        Outcome { end, status, error: error.map(|failure| failure.to_string()), retry_after_s }
    }

    /// Why it has failed, in a few words.
    pub(crate) fn cause(&self) -> String {
        match (self.status, &self.error) {
            (Some(status), Some(error)) => format!("{status}: {error}"),
            (Some(status), None) => format!("it answers {status}"),
            (None, error) => error.clone().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<u64>) -> Outcome {
        Outcome::of(Ok(Answer { status, retry_after }))
    }

    #[test]
    fn two_hundreds_are_delivered_410_is_gone_and_the_rest_has_failed() {
        for status in [200, 201, 204, 299] {
            assert_eq!(answer(status, None).end, End::Delivered, "{status}");
        }
        assert_eq!(answer(410, Some(7)).end, End::Gone);
        for status in [199, 300, 302, 304, 399, 400, 404, 408, 409, 411, 429, 500, 503, 599] {
            assert_eq!(answer(status, None).end, End::Failed, "{status}");
        }
        assert_eq!(answer(302, None).cause(), "302: redirects are not followed");
        assert_eq!(answer(503, None).cause(), "it answers 503");
    }

    #[test]
    fn a_pause_that_a_receiver_asks_for_is_bounded() {
        assert_eq!(answer(503, Some(120)).retry_after_s, Some(120));
        assert_eq!(answer(429, Some(u64::MAX)).retry_after_s, Some(86_400));
        assert_eq!(answer(200, Some(120)).retry_after_s, None);
    }

    #[test]
    fn the_database_is_told_in_its_words() {
        let webhook = Uuid::new_v4();
        let attempted = |outcome| Attempted { id: "7".into(), attempt: 2, webhook, outcome };
        let told = serde_json::to_value(attempted(Outcome::of(Err(Failure::Timeout)))).unwrap();
        let expected = serde_json::json!({
            "id": "7", "attempt": 2, "outcome": "failed", "status": null, "error": "timeout", "retry_after_s": null
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn what_cannot_be_signed_is_not_posted() {
        assert_eq!(headers(&[], "msg_1", 1, b"{}"), Err(Failure::NoSecret));
        assert_eq!(headers(&["nothing".into()], "msg_1", 1, b"{}"), Err(Failure::NoSecret));
        assert_eq!(headers(&["whsec_bmV3".into()], "msg_1\r\nx: y", 1, b"{}"), Err(Failure::NoSecret));
        let signed = headers(&["whsec_bmV3".into(), "whsec_b2xk".into()], "msg_1", 1, b"{}").unwrap();
        assert_eq!(signed["webhook-id"], "msg_1");
        assert_eq!(signed["webhook-timestamp"], "1");
        let signature = signed["webhook-signature"].to_str().unwrap();
        assert_eq!(signature.split(' ').filter(|one| one.starts_with("v1,")).count(), 2, "{signature}");
    }
}
