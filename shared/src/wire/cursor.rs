//! Where a page of a list ended.

use crate::{
    rules::{
        form::{Fault, FromText},
        id::hyphenated_uuid,
        limits::MAX_SYNC_CURSOR_CHARS,
    },
    wire::{
        input::{Field, Reader},
        number::is_integer,
    },
};
use serde::Serialize;
use serde_json::Value;

/// Where a page of a list ended, as the database wrote it: microseconds since 1970 and a uuid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Field for Cursor {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Cursor> {
        match value {
            Value::String(text) if is_cursor(&text) => Some(Cursor(text)),
            _ => reader.refuse(Fault::new("malformed_cursor", "Expected the `next_cursor` of an earlier answer.")),
        }
    }
}

fn is_cursor(text: &str) -> bool {
    let Some((microseconds, uuid)) = text.split_once('.') else { return false };
    // 18 digits always fit into a bigint.
    let digits = microseconds.strip_prefix('-').unwrap_or(microseconds).len();
    is_integer(microseconds) && digits <= 18 && hyphenated_uuid(uuid).is_some()
}

/// Where a client stands that has synchronised, as the database wrote it: base64url (RFC 4648 section 5) without padding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SyncCursor(String);

impl FromText for SyncCursor {
    const WRONG_TYPE: &'static str = "Expected the `cursor` of an earlier answer.";

    fn from_text(text: &str) -> Result<SyncCursor, Fault> {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        // A single character more than whole bytes take is none.
        if (2..=MAX_SYNC_CURSOR_CHARS).contains(&text.len()) && text.len() % 4 != 1 && text.bytes().all(is_base64url) {
            Ok(SyncCursor(text.to_owned()))
        } else {
            Err(Fault::new("malformed_cursor", Self::WRONG_TYPE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::testing::ID;

    #[test]
    fn a_cursor_of_sync_is_base64url() {
        for text in ["AQ", "Ab_-", "abc", &"A".repeat(MAX_SYNC_CURSOR_CHARS)] {
            assert!(SyncCursor::from_text(text).is_ok(), "{text}");
        }
        for text in ["", "A", "AAAAA", "AA==", "A+", "A/", "AA ", "A\n", "äö", &"A".repeat(MAX_SYNC_CURSOR_CHARS + 1)]
        {
            assert!(SyncCursor::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_cursor_has_one_form() {
        for text in [format!("0.{ID}"), format!("-1.{ID}"), format!("999999999999999999.{}", ID.to_uppercase())] {
            assert!(is_cursor(&text), "{text}");
        }
        for text in [
            String::new(),
            ".".into(),
            "1".into(),
            ID.into(),
            format!(".{ID}"),
            format!("-.{ID}"),
            format!("--1.{ID}"),
            format!("+1.{ID}"),
            format!("1 .{ID}"),
            format!("1.{ID} "),
            format!("1.5.{ID}"),
            format!("1e3.{ID}"),
            format!("1000000000000000000.{ID}"),
            "1.00000000000040008000000000000011".into(),
            format!("1.{ID}' or true"),
        ] {
            assert!(!is_cursor(&text), "{text}");
        }
    }
}
