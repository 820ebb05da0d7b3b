//! The JSON of a request: one object, in which no key stands twice.

use crate::{
    rules::{code::Code, limits::MAX_SHOWN_FIELD_CHARS},
    wire::{
        phone::redact,
        refusal::{Reason, Reasons, Refusal},
    },
};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt::{self, Write};

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
        Ok(_) => Err(malformed("Expected a JSON object; the body is another value.".to_owned())),
        Err(error) => Err(malformed(format!(
            "Expected a JSON object; the error is at line {}, column {}.",
            error.line(),
            error.column()
        ))),
    }
}

fn malformed(message: String) -> Refusal {
    Refusal::new(Code::ValidationError, "The body is not a JSON object.").because(vec![Reason {
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
