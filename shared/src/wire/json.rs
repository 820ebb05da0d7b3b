//! The JSON of a request: one object, in which no key stands twice, or an array of such objects.

use crate::{
    rules::{code::Code, limits::MAX_SHOWN_FIELD_CHARS},
    wire::{
        phone::redact,
        refusal::{Reason, Reasons, Refusal},
    },
};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, value::RawValue};
use std::fmt::{self, Write};

const NO_OBJECT: &str = "The body is not a JSON object.";

/// Where a value stands in a body. It is written out for faults only.
#[derive(Clone, Copy)]
pub enum Location<'a> {
    /// As written: nothing for the body itself.
    Written(&'a str),
    /// The value of this key of an object.
    Member(&'a Location<'a>, &'a str),
    /// An entry of a list.
    Entry(&'a Location<'a>, usize),
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Written(text) => f.write_str(text),
            Location::Member(Location::Written(""), key) => f.write_str(&printable(key)),
            Location::Member(parent, key) => write!(f, "{parent}.{}", printable(key)),
            Location::Entry(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl Location<'_> {
    /// The place in a form that can be shown: a name or a path that is too long is cut, which an ellipsis says, and a key,
    /// which may be any text, shows no phone number.
    pub fn shown(&self) -> String {
        let mut text = Cut { text: String::new(), left: 2 * MAX_SHOWN_FIELD_CHARS };
        // It fails where it is cut.
        let _ = write!(text, "{self}");
        redact(&text.text)
    }
}

/// Text of a limited length.
struct Cut {
    text: String,
    /// Characters that still fit.
    left: usize,
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.left == 0 {
                self.text.pop();
                self.text.push('…');
                return Err(fmt::Error);
            }
            self.left -= 1;
            self.text.push(c);
        }
        Ok(())
    }
}

/// A field's name in a form that can be shown: without control characters, and not longer than makes sense.
fn printable(field: &str) -> String {
    let mut characters = field.chars().filter(|c| !c.is_control());
    let mut shown: String = characters.by_ref().take(MAX_SHOWN_FIELD_CHARS).collect();
    if characters.next().is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

/// Reads an object, and as reasons the places of the keys that stand twice. An empty text is an empty object.
pub fn parse_object(text: &[u8]) -> Result<(Map<String, Value>, Reasons), Refusal> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok((Map::new(), Reasons::default()));
    }
    let mut duplicates = Reasons::default();
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let root = Node { location: Location::Written(""), duplicates: &mut duplicates };
    let read = root.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    match read {
        Ok(Value::Object(values)) => Ok((values, duplicates)),
        Ok(_) => Err(malformed(NO_OBJECT, "Expected a JSON object; the body is another value.".to_owned())),
        Err(error) => {
            let place = format!("the error is at line {}, column {}", error.line(), error.column());
            Err(malformed(NO_OBJECT, format!("Expected a JSON object; {place}.")))
        }
    }
}

/// Whether a text is an array, if it is JSON.
pub fn is_array(text: &[u8]) -> bool {
    text.trim_ascii_start().first() == Some(&b'[')
}

/// Reads an array of 1 to `max` values, each left as it is written.
pub fn parse_array(text: &[u8], max: usize) -> Result<Vec<&RawValue>, Refusal> {
    let items: Vec<&RawValue> = serde_json::from_slice(text).map_err(|error| {
        let place = format!("the error is at line {}, column {}", error.line(), error.column());
        malformed("The body is not a JSON array.", format!("Expected a JSON array; {place}."))
    })?;
    let (code, message) = match items.len() {
        0 => ("empty", "At least one item is required.".to_owned()),
        n if n > max => ("too_many", format!("At most {max} items are allowed; there are {n}.")),
        _ => return Ok(items),
    };
    Err(Refusal::new(Code::ValidationError, message.clone()).because(vec![Reason {
        code: code.into(),
        message: message.into(),
        ..Reason::default()
    }]))
}

fn malformed(detail: &'static str, message: String) -> Refusal {
    Refusal::new(Code::ValidationError, detail).because(vec![Reason {
        code: "malformed_json".into(),
        message: message.into(),
        field: None,
        allowed_if: None,
        ..Reason::default()
    }])
}

/// Reads a JSON value and notes the keys that stand twice in an object, each with the place it stands at.
struct Node<'a> {
    location: Location<'a>,
    duplicates: &'a mut Reasons,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let node =
                Node { location: Location::Entry(&self.location, values.len()), duplicates: &mut *self.duplicates };
            match sequence.next_element_seed(node)? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            // PostgreSQL's jsonb has no NUL; as a key it would fail there instead of here.
            if key.contains('\0') {
                return Err(A::Error::custom("NUL in a key"));
            }
            let location = Location::Member(&self.location, &key);
            let value = map.next_value_seed(Node { location, duplicates: &mut *self.duplicates })?;
            if values.contains_key(&key) {
                self.duplicates.add(|| Reason {
                    code: "duplicate".into(),
                    message: "This field appears twice in the body.".into(),
                    field: Some(location.shown().into()),
                    allowed_if: None,
                    ..Reason::default()
                });
            }
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_taken_apart_and_its_items_are_left_as_they_are() {
        let items = |text: &'static str| {
            parse_array(text.as_bytes(), 3).map(|items| items.into_iter().map(RawValue::get).collect::<Vec<_>>())
        };
        assert_eq!(items(" [ {\"a\": 1, \"a\": 2} ,null,[]]\n").unwrap(), ["{\"a\": 1, \"a\": 2}", "null", "[]"]);
        let code = |text| items(text).unwrap_err().reasons[0].code.clone();
        assert_eq!(code("[]"), "empty");
        assert_eq!(code("[1,2,3,4]"), "too_many");
        for text in ["[", "[1,]", "[1] 2", "[{\"a\":}]", "{}", "[\u{1}]"] {
            assert_eq!(code(text), "malformed_json", "{text}");
        }
        assert!(parse_array(b"[\"\xff\"]", 3).is_err());
    }

    #[test]
    fn an_array_begins_with_a_bracket() {
        assert!(is_array(b"[") && is_array(b" \n\t\r[]"));
        for text in [&b""[..], b" ", b"{}", b"{\"a\": []}", b"\"[\""] {
            assert!(!is_array(text));
        }
    }
}
