//! The carrier's id of a message.

use crate::rules::{
    form::{Fault, FromText},
    redact::redact,
};
use serde::Serialize;

/// The longest id that is taken, in bytes (Twilio's have 34).
const MAX_BYTES: usize = 64;

/// The carrier's id of a message (Twilio: `MessageSid`), by which a repeated text is known. It is kept as it is where it has
/// Twilio's form, two letters and 32 hexadecimal digits, and where it cannot be a phone number; any other is kept by its
/// digest, since whoever texts through another carrier must not leave a number behind in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct MessageSid(String);

impl MessageSid {
    /// The id; none where it is not up to 64 letters and digits.
    pub fn of(text: &str) -> Option<MessageSid> {
        if !(1..=MAX_BYTES).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let is_twilios = text.len() == 34
            && text.bytes().take(2).all(|byte| byte.is_ascii_alphabetic())
            && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit());
        if is_twilios || redact(text) == text {
            return Some(MessageSid(text.to_owned()));
        }
        let digest = hmac_sha256::Hash::hash(text.as_bytes());
        Some(MessageSid(digest.iter().take(16).fold("SM".to_owned(), |sid, byte| format!("{sid}{byte:02x}"))))
    }
}

impl From<MessageSid> for String {
    fn from(sid: MessageSid) -> String {
        sid.0
    }
}

impl FromText for MessageSid {
    const WRONG_TYPE: &'static str = "Expected the carrier's id of the message, in a string.";

    fn from_text(text: &str) -> Result<MessageSid, Fault> {
        MessageSid::of(text)
            .ok_or_else(|| Fault::new("malformed_sid", format!("Expected up to {MAX_BYTES} letters and digits.")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_kept_unless_it_may_be_a_phone_number() {
        for text in ["SM1", "MM123456", "SM00000000000000000000000000000001", "MM2025550123abcdef2025550123abcdef"] {
            assert_eq!(MessageSid::of(text), Some(MessageSid(text.to_owned())), "{text}");
        }
        let mut seen = Vec::new();
        for text in ["2025550123", "12025550123", "SM2025550123", "2x0x2x5x5x5x0x1x2x3", "AC12025550123456789"] {
            let sid = String::from(MessageSid::of(text).unwrap());
            assert!(sid.len() == 34 && sid.starts_with("SM"), "{text}: {sid}");
            assert_eq!(MessageSid::of(text).map(String::from), Some(sid.clone()), "it is known again");
            assert!(!seen.contains(&sid), "{text}");
            seen.push(sid);
        }
        for text in ["", "SM 1", "+12025550123", "ＳＭ１", &"a".repeat(65), &"1".repeat(1000)] {
            assert_eq!(MessageSid::of(text), None, "{text}");
        }
    }
}
