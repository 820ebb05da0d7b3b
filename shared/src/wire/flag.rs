//! Yes or no.

use crate::{
    rules::form::Fault,
    wire::input::{Field, Reader, Source},
};
use serde::Serialize;
use serde_json::Value;

/// A boolean is false when it is left out.
impl Field for bool {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<bool> {
        match value {
            Value::Bool(value) => Some(value),
            // A query has text alone.
            Value::String(text) if reader.source == Source::Query && text == "true" => Some(true),
            Value::String(text) if reader.source == Source::Query && text == "false" => Some(false),
            _ => reader.refuse(Fault::new("wrong_type", "Expected true or false.")),
        }
    }

    fn absent(_: &mut Reader<'_>) -> Option<bool> {
        Some(false)
    }
}

/// A boolean that must be there and be true: the caller means it. The entry point is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Confirmed;

impl Field for Confirmed {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Confirmed> {
        match value {
            Value::Bool(true) => Some(Confirmed),
            Value::Bool(false) => reader.refuse(Fault::new("not_confirmed", "Expected true.")),
            _ => reader.refuse(Fault::new("wrong_type", "Expected true.")),
        }
    }

    fn is_withheld(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::testing::{faults, fields, one};
    use serde_json::json;

    #[test]
    fn a_confirmation_is_true_or_none() {
        let read = |body: Value| {
            let mut fields = fields(body);
            let confirmed = fields.get::<Confirmed>("confirm");
            faults(fields, confirmed)
        };
        assert_eq!(read(json!({"confirm": true})), []);
        assert_eq!(read(json!({"confirm": false})), one("confirm", "not_confirmed"));
        assert_eq!(read(json!({"confirm": "true"})), one("confirm", "wrong_type"));
        assert_eq!(read(json!({})), one("confirm", "required"));
    }
}
