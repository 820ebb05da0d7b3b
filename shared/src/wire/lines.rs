//! An answer of many lines (newline-delimited JSON), sent page by page as the database gives them.
//!
//! The last line says how it ended: `{"type": "end", "lines": n}`, or `{"type": "error", ...}` when a page could not be
//! read. Without either, the answer was cut off.

use crate::wire::{envelope::Done, fields::Fields, input::Input, refusal::Refusal};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

/// The media type of the answer.
pub const NDJSON: &str = "application/x-ndjson";

/// Which page the entry point is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Where the page before it ended, as the database wrote it; nothing for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl Input for Page {
    /// A client asks for the first page; the others are asked for on its behalf.
    fn decode(_: &mut Fields) -> Option<Page> {
        Some(Page::default())
    }
}

/// The lines of one page.
#[derive(Debug, PartialEq, Eq)]
pub struct Lines {
    /// The lines, each ended by a line feed.
    pub text: Bytes,
    /// How many there are.
    pub count: u64,
    /// The page after it, if there is one.
    pub next: Option<Page>,
}

impl Lines {
    /// Reads a page of the form `{lines: [objects], next_cursor: text or null}`; `None` if it does not parse.
    pub fn of(done: &Done) -> Option<Lines> {
        let lines = done.data.get("lines")?.as_array()?;
        let next = match done.data.get("next_cursor")? {
            Value::Null => None,
            Value::String(cursor) => Some(Page { cursor: Some(cursor.clone()) }),
            _ => return None,
        };
        let mut text = Vec::new();
        for line in lines {
            if !line.is_object() {
                return None;
            }
            write(&mut text, line);
        }
        Some(Lines { text: text.into(), count: lines.len() as u64, next })
    }
}

/// The last line of a complete answer.
pub fn end(lines: u64) -> Bytes {
    let mut text = Vec::new();
    write(&mut text, &json!({"type": "end", "lines": lines}));
    text.into()
}

/// The last line of an answer that cannot be completed.
pub fn failure(refusal: &Refusal, lines: u64) -> Bytes {
    let mut text = Vec::new();
    write(
        &mut text,
        &json!({"type": "error", "code": refusal.code.as_str(), "detail": refusal.detail, "lines": lines}),
    );
    text.into()
}

fn write(text: &mut Vec<u8>, line: &Value) {
    // Writing JSON into memory does not fail, and JSON has no line feed outside its strings, where it is escaped.
    let _ = serde_json::to_writer(&mut *text, line);
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::code::Code;

    fn page(data: Value) -> Option<Lines> {
        let data = data.as_object().unwrap().clone();
        Lines::of(&Done { data, limits: Vec::new(), replayed: false })
    }

    #[test]
    fn a_page_becomes_lines() {
        let lines =
            page(json!({"lines": [{"type": "profile"}, {"text": "a\nb\u{2028}"}], "next_cursor": "1.x"})).unwrap();
        assert_eq!(lines.text, "{\"type\":\"profile\"}\n{\"text\":\"a\\nb\u{2028}\"}\n");
        assert_eq!((lines.count, lines.next), (2, Some(Page { cursor: Some("1.x".into()) })));
        let last = page(json!({"lines": [], "next_cursor": null})).unwrap();
        assert_eq!(last, Lines { text: Bytes::new(), count: 0, next: None });
    }

    #[test]
    fn a_page_of_another_form_is_none() {
        for data in [
            json!({}),
            json!({"lines": []}),
            json!({"lines": {}, "next_cursor": null}),
            json!({"lines": [1], "next_cursor": null}),
            json!({"lines": [], "next_cursor": 1}),
        ] {
            assert_eq!(page(data.clone()), None, "{data}");
        }
    }

    #[test]
    fn the_last_line_says_how_it_ended() {
        assert_eq!(end(3), "{\"lines\":3,\"type\":\"end\"}\n");
        let refusal = Refusal::new(Code::DatabaseUnavailable, "The database does not respond.");
        let line: Value = serde_json::from_slice(&failure(&refusal, 7)).unwrap();
        assert_eq!(
            line,
            json!({"type": "error", "code": "database_unavailable", "detail": "The database does not respond.", "lines": 7})
        );
    }

    #[test]
    fn the_first_page_has_no_cursor() {
        assert_eq!(serde_json::to_value(Page::default()).unwrap(), json!({}));
    }
}
