//! Durations and sizes as people write them on the command line.

use std::time::Duration;

/// Why a text is not a duration or a size.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum UnitError {
    /// The text does not begin with a number.
    #[error("expected a number followed by {0}")]
    NotANumber(&'static str),
    /// The number is followed by something that is no unit.
    #[error("unknown unit {unit:?}; known are {known}")]
    UnknownUnit {
        /// What stands after the number.
        unit: String,
        /// The units there are.
        known: &'static str,
    },
    /// The value does not fit, or is zero.
    #[error("the value must be above zero and below what a 64-bit number can hold")]
    OutOfRange,
}

const DURATION_UNITS: &str = "ms, s, m or h";
const SIZE_UNITS: &str = "B, KiB, MiB or GiB (or nothing, for bytes)";

/// A duration such as `250ms`, `30s`, `5m` or `1h`, above zero.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let (number, unit) = split(text, DURATION_UNITS)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(unknown(unit, DURATION_UNITS)),
    };
    Ok(Duration::from_millis(scaled(number, milliseconds)?))
}

/// A size in bytes such as `1048576`, `64KiB`, `64MiB` or `1GiB`, above zero.
pub fn parse_size(text: &str) -> Result<usize, UnitError> {
    let (number, unit) = split(text, SIZE_UNITS)?;
    let bytes = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(unknown(unit, SIZE_UNITS)),
    };
    usize::try_from(scaled(number, bytes)?).map_err(|_| UnitError::OutOfRange)
}

fn split<'a>(text: &'a str, units: &'static str) -> Result<(u64, &'a str), UnitError> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(UnitError::NotANumber(units));
    }
    let number = number.parse().map_err(|_| UnitError::OutOfRange)?;
    Ok((number, unit.trim()))
}

fn scaled(number: u64, factor: u64) -> Result<u64, UnitError> {
    match number.checked_mul(factor) {
        Some(value) if value > 0 => Ok(value),
        _ => Err(UnitError::OutOfRange),
    }
}

fn unknown(unit: &str, known: &'static str) -> UnitError {
    UnitError::UnknownUnit { unit: unit.to_owned(), known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("5 m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h"), Ok(Duration::from_secs(3600)));
        assert!(matches!(parse_duration("30"), Err(UnitError::UnknownUnit { .. })));
        assert!(matches!(parse_duration("s"), Err(UnitError::NotANumber(_))));
        assert_eq!(parse_duration("0s"), Err(UnitError::OutOfRange));
        assert_eq!(parse_duration("99999999999999999999s"), Err(UnitError::OutOfRange));
    }

    #[test]
    fn sizes_are_bytes_or_binary_units() {
        assert_eq!(parse_size("1048576"), Ok(1 << 20));
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("2 GiB"), Ok(2 << 30));
        assert!(matches!(parse_size("64MB"), Err(UnitError::UnknownUnit { .. })));
        assert_eq!(parse_size("0"), Err(UnitError::OutOfRange));
        assert_eq!(parse_size("18446744073709551615KiB"), Err(UnitError::OutOfRange));
    }
}
