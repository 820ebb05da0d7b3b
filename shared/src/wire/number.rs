//! Integers.

use crate::{
    rules::{form::Fault, limits::DEFAULT_PAGE},
    wire::input::{Field, Reader, Source},
};
use serde::Serialize;
use serde_json::{Number, Value};

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
            Value::Number(number) => whole(&number),
            Value::String(text) if reader.source == Source::Query => whole_of_text(&text),
            _ => None,
        };
        match number {
            None => reader.refuse(Fault::new("wrong_type", "Expected an integer.")),
            Some(Some(number)) if (MIN..=MAX).contains(&number) => Some(Integer(number)),
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

/// The integer that a JSON number is: `1`, and `1.0` and `1e0` too, as languages write it that know one kind of number.
/// `None` if it has a fraction, `Some(None)` if it is an integer beyond all of ours.
fn whole(number: &Number) -> Option<Option<i64>> {
    if number.is_i64() || number.is_u64() {
        return Some(number.as_i64());
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0)?;
    // serde_json reads a number with a point exactly if all its digits together fit into a float.
    const EXACT: f64 = 1e14;
    Some((float.abs() < EXACT).then_some(float as i64))
}

/// The same of a parameter's text, which may have zeros before it.
fn whole_of_text(text: &str) -> Option<Option<i64>> {
    if is_integer(text) {
        return Some(text.parse().ok());
    }
    let is_number = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
    serde_json::from_str(text).ok().filter(|_| is_number).and_then(|number| whole(&number))
}

/// Whether the text is digits, possibly with a minus before them.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rules::limits::MAX_SEQ,
        wire::{fields::Fields, testing::fields},
    };
    use serde_json::json;

    fn read(fields: Fields) -> Result<i64, String> {
        let mut fields = fields;
        let number = fields.get::<Integer<0, MAX_SEQ>>("up_to_seq");
        fields.finish(number.map(|Integer(number)| number)).map_err(|refusal| refusal.reasons[0].code.to_string())
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        for (text, number) in [
            ("1", 1),
            ("1.0", 1),
            ("1.000", 1),
            ("1e0", 1),
            ("1E+0", 1),
            ("10e-1", 1),
            ("0.0", 0),
            ("-0.0", 0),
            ("1.5e1", 15),
            ("9007199254740991", MAX_SEQ),
            ("99999999999999.0", 99_999_999_999_999),
        ] {
            let body = format!(r#"{{"up_to_seq": {text}}}"#);
            assert_eq!(read(Fields::parse(body.as_bytes()).unwrap()), Ok(number), "{text}");
            let query = format!("up_to_seq={}", text.replace('+', "%2B"));
            assert_eq!(read(Fields::of_query(Some(&query))), Ok(number), "{text}");
        }
        for (text, code) in [
            ("1.5", "wrong_type"),
            ("1e-1", "wrong_type"),
            ("-1.0", "out_of_range"),
            ("9007199254740993.0", "out_of_range"),
            ("1e400", "wrong_type"),
            ("+1", "wrong_type"),
            (" 1.0", "wrong_type"),
            ("1.", "wrong_type"),
            (".5", "wrong_type"),
            ("e", "wrong_type"),
            ("NaN", "wrong_type"),
            ("Infinity", "wrong_type"),
        ] {
            let query = format!("up_to_seq={}", text.replace('+', "%2B"));
            assert_eq!(read(Fields::of_query(Some(&query))), Err(code.to_owned()), "{text}");
        }
    }

    #[test]
    fn integers_have_a_range() {
        let read = |value: Value| read(fields(json!({ "up_to_seq": value })));
        assert_eq!(read(json!(0)), Ok(0));
        assert_eq!(read(json!(MAX_SEQ)), Ok(MAX_SEQ));
        assert_eq!(read(json!(1.0)), Ok(1));
        for (value, code) in [
            (json!(-1), "out_of_range"),
            (json!(MAX_SEQ + 1), "out_of_range"),
            (json!(u64::MAX), "out_of_range"),
            (json!(-1.0), "out_of_range"),
            (json!(MAX_SEQ as f64 + 1.0), "out_of_range"),
            (json!(1e300), "out_of_range"),
            (json!(1.5), "wrong_type"),
            (json!(1e-300), "wrong_type"),
            (json!("1.0"), "wrong_type"),
            (json!("1"), "wrong_type"),
            (json!(true), "wrong_type"),
            (json!(null), "required"),
        ] {
            assert_eq!(read(value.clone()), Err(code.to_owned()), "{value}");
        }
    }
}
