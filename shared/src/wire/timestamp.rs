//! Dates and times.

use crate::rules::form::{Fault, FromText};
use serde::{Serialize, Serializer};
use std::time::Duration;
use time::{Date, OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A moment, in UTC and to the microsecond, as PostgreSQL keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl FromText for Timestamp {
    const WRONG_TYPE: &'static str = "Expected a date and time in a string.";

    fn from_text(text: &str) -> Result<Timestamp, Fault> {
        let message = "Expected a date and time of RFC 3339 from 1970 to 9999, such as 2026-01-31T09:00:00Z.";
        Timestamp::parse(text).ok_or_else(|| Fault::new("malformed_timestamp", message))
    }
}

impl Timestamp {
    fn parse(text: &str) -> Option<Timestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
        let moment = moment.replace_microsecond(moment.microsecond()).ok()?;
        (moment.date() >= Date::from_ordinal_date(1970, 1).ok()?).then_some(Timestamp(moment))
    }
}

/// A moment, by the time since the beginning of 1970, in the form in which the database writes it; none after the year 9999.
pub fn iso(since_1970: Duration) -> Option<String> {
    let moment = OffsetDateTime::UNIX_EPOCH.checked_add(since_1970.try_into().ok()?)?;
    let (date, (hour, minute, second, micro)) = (moment.date(), moment.to_hms_micro());
    (date.year() <= 9999).then(|| format!("{date}T{hour:02}:{minute:02}:{second:02}.{micro:06}Z"))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_moment_is_read_in_any_offset_and_written_in_utc() {
        let read = |text: &str| Timestamp::parse(text).map(|moment| serde_json::to_value(moment).unwrap());
        for (text, normal) in [
            ("2030-01-31T09:00:00Z", "2030-01-31T09:00:00Z"),
            ("2030-01-31T09:00:00+02:00", "2030-01-31T07:00:00Z"),
            ("2030-01-31t09:00:00.123456789z", "2030-01-31T09:00:00.123456Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
            ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
        ] {
            assert_eq!(read(text), Some(json!(normal)), "{text}");
        }
        for text in [
            "",
            "tomorrow",
            "infinity",
            "2030-01-31",
            "2030-01-31T09:00:00",
            "2030-02-30T09:00:00Z",
            "2030-01-31T25:00:00Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-01:00",
            "12030-01-31T09:00:00Z",
            " 2030-01-31T09:00:00Z",
            "2030-01-31T09:00:00Z'",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_written_as_the_database_does() {
        assert_eq!(iso(Duration::ZERO).unwrap(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(iso(Duration::from_micros(1_795_701_933_000_042)).unwrap(), "2026-11-26T14:05:33.000042Z");
        assert_eq!(iso(Duration::from_secs(253_402_300_799)).unwrap(), "9999-12-31T23:59:59.000000Z");
        assert_eq!(iso(Duration::from_secs(253_402_300_800)), None);
        assert_eq!(iso(Duration::MAX), None);
    }

    proptest! {
        #[test]
        fn reading_a_moment_never_panics(text in "[-0-9TZ:.+]{0,40}") {
            let _ = Timestamp::parse(&text);
        }
    }
}
