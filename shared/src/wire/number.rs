//! Integers.

use crate::{
    rules::{form::Fault, limits::DEFAULT_PAGE},
    wire::input::{Field, Reader, Source},
};
use serde::Serialize;
use serde_json::Value;

/// An integer from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Integer<const MIN: i64, const MAX: i64>(i64);

/// How many entries a page may have: 1 to `MAX`, the usual number where the request does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Limit<const MAX: i64>(Integer<1, MAX>);

impl<const MIN: i64, const MAX: i64> Field for Integer<MIN, MAX> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match value {
            Value::Number(number) if number.is_u64() || number.is_i64() => number.as_i64(),
            Value::String(digits) if reader.source == Source::Query && is_integer(&digits) => digits.parse().ok(),
            _ => return reader.refuse(Fault::new("wrong_type", "Expected an integer.")),
        };
        match number {
            Some(number) if (MIN..=MAX).contains(&number) => Some(Integer(number)),
            _ => reader.refuse(Fault::new("out_of_range", format!("Expected an integer from {MIN} to {MAX}."))),
        }
    }
}

impl<const MAX: i64> Field for Limit<MAX> {
    fn read(value: Value, reader: &mut Reader<'_>) -> Option<Self> {
        Integer::read(value, reader).map(Limit)
    }

    fn absent(_: &mut Reader<'_>) -> Option<Self> {
        Some(Limit(Integer(DEFAULT_PAGE)))
    }
}

/// Whether the text is digits, possibly with a minus before them.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rules::limits::MAX_SEQ, wire::testing::fields};
    use serde_json::json;

    #[test]
    fn integers_have_a_range() {
        let read = |value: Value| {
            let mut fields = fields(json!({ "up_to_seq": value }));
            let number = fields.get::<Integer<0, MAX_SEQ>>("up_to_seq");
            fields.finish(number.map(|Integer(number)| number)).map_err(|refusal| refusal.reasons[0].code.to_string())
        };
        assert_eq!(read(json!(0)), Ok(0));
        assert_eq!(read(json!(MAX_SEQ)), Ok(MAX_SEQ));
        for (value, code) in [
            (json!(-1), "out_of_range"),
            (json!(MAX_SEQ + 1), "out_of_range"),
            (json!(u64::MAX), "out_of_range"),
            (json!(1.0), "wrong_type"),
            (json!(1e300), "wrong_type"),
            (json!("1"), "wrong_type"),
            (json!(true), "wrong_type"),
            (json!(null), "required"),
        ] {
            assert_eq!(read(value.clone()), Err(code.to_owned()), "{value}");
        }
    }
}
