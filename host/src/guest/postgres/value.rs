//! Values of the database, as a guest receives them: the same kinds as on Spin, no fewer and no more.

use super::error::conversion_failed;
use crate::guest::bindings::spin::postgres::postgres::{self as wit, DbDataType, DbValue, RangeBoundKind};
use bytes::{BufMut, BytesMut};
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use postgres_protocol::types::{Range, RangeBound, range_from_sql};
use rust_decimal::Decimal;
use std::error::Error;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

type Failure = Box<dyn Error + Sync + Send>;

/// The version in front of the binary form of `jsonb`.
const JSONB_VERSION: u8 = 1;

/// `jsonb` as its text, which is neither parsed nor copied more often than the wire demands.
#[derive(Debug)]
pub struct Jsonb<'a>(pub &'a [u8]);

impl ToSql for Jsonb<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.put_u8(JSONB_VERSION);
        out.put_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Jsonb<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        match raw.split_first() {
            Some((&JSONB_VERSION, text)) => Ok(Jsonb(text)),
            _ => Err("unknown version of the binary form of jsonb".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }
}

/// An `interval`.
#[derive(Debug)]
pub struct Interval(pub wit::Interval);

impl ToSql for Interval {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.put_i64(self.0.micros);
        out.put_i32(self.0.days);
        out.put_i32(self.0.months);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Interval {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        let parts = raw.split_first_chunk::<8>().and_then(|(micros, rest)| {
            let (days, rest) = rest.split_first_chunk::<4>()?;
            let (months, rest) = rest.split_first_chunk::<4>()?;
            rest.is_empty().then_some((micros, days, months))
        });
        let (micros, days, months) = parts.ok_or("an interval has 16 bytes")?;
        Ok(Interval(wit::Interval {
            micros: i64::from_be_bytes(*micros),
            days: i32::from_be_bytes(*days),
            months: i32::from_be_bytes(*months),
        }))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INTERVAL
    }
}

/// A value of a type that the interface does not know, as it stands on the wire.
struct Raw<'a>(&'a [u8]);

impl<'a> FromSql<'a> for Raw<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Raw(raw))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The ends of a range.
type Bounds<T> = (Option<(T, RangeBoundKind)>, Option<(T, RangeBoundKind)>);

/// How the interface calls a type.
pub fn data_type(ty: &Type) -> DbDataType {
    match *ty {
        Type::BOOL => DbDataType::Boolean,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
        Type::BYTEA => DbDataType::Binary,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
        Type::UUID => DbDataType::Uuid,
        Type::JSONB => DbDataType::Jsonb,
        Type::NUMERIC => DbDataType::Decimal,
        Type::INT4_RANGE => DbDataType::RangeInt32,
        Type::INT8_RANGE => DbDataType::RangeInt64,
        Type::NUM_RANGE => DbDataType::RangeDecimal,
        Type::INT4_ARRAY => DbDataType::ArrayInt32,
        Type::INT8_ARRAY => DbDataType::ArrayInt64,
        Type::NUMERIC_ARRAY => DbDataType::ArrayDecimal,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
        Type::INTERVAL => DbDataType::Interval,
        _ => DbDataType::Other(ty.name().to_owned()),
    }
}

/// The values of a row.
///
/// # Errors
/// `value-conversion-failed` for a value that the interface has no room for, `timestamptz` among them as on Spin.
pub fn row(row: &Row) -> Result<wit::Row, wit::Error> {
    (0..row.len()).map(|index| value(row, index)).collect::<Result<_, _>>().map_err(|error| conversion_failed(&error))
}

fn value(row: &Row, index: usize) -> Result<DbValue, tokio_postgres::Error> {
    match *row.columns()[index].type_() {
        Type::BOOL => get(row, index, DbValue::Boolean),
        Type::INT2 => get(row, index, DbValue::Int16),
        Type::INT4 => get(row, index, DbValue::Int32),
        Type::INT8 => get(row, index, DbValue::Int64),
        Type::FLOAT4 => get(row, index, DbValue::Floating32),
        Type::FLOAT8 => get(row, index, DbValue::Floating64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => get(row, index, DbValue::Str),
        Type::BYTEA => get(row, index, DbValue::Binary),
        Type::DATE => get(row, index, |v: NaiveDate| DbValue::Date(date(v))),
        Type::TIME => get(row, index, |v: NaiveTime| DbValue::Time(time(v))),
        // The driver gives no `timestamptz` as a date and time without a zone; Spin's does not either.
        Type::TIMESTAMP | Type::TIMESTAMPTZ => get(row, index, |v: NaiveDateTime| {
            let ((year, month, day), (hour, minute, second, nanosecond)) = (date(v.date()), time(v.time()));
            DbValue::Datetime((year, month, day, hour, minute, second, nanosecond))
        }),
        Type::UUID => get(row, index, |v: Uuid| DbValue::Uuid(v.to_string())),
        Type::JSONB => get(row, index, |v: Jsonb| DbValue::Jsonb(v.0.to_vec())),
        Type::NUMERIC => get(row, index, |v: Decimal| DbValue::Decimal(v.to_string())),
        Type::INT4_RANGE => get(row, index, |v: Ends<i32>| DbValue::RangeInt32(v.0)),
        Type::INT8_RANGE => get(row, index, |v: Ends<i64>| DbValue::RangeInt64(v.0)),
        Type::NUM_RANGE => get(row, index, |v: Ends<Decimal>| {
            let (lower, upper) = v.0;
            let text = |bound: Option<(Decimal, RangeBoundKind)>| bound.map(|(v, kind)| (v.to_string(), kind));
            DbValue::RangeDecimal((text(lower), text(upper)))
        }),
        Type::INT4_ARRAY => get(row, index, DbValue::ArrayInt32),
        Type::INT8_ARRAY => get(row, index, DbValue::ArrayInt64),
        Type::NUMERIC_ARRAY => get(row, index, |v: Vec<Option<Decimal>>| {
            DbValue::ArrayDecimal(v.into_iter().map(|v| v.map(|v| v.to_string())).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => get(row, index, DbValue::ArrayStr),
        Type::INTERVAL => get(row, index, |v: Interval| DbValue::Interval(v.0)),
        _ => get(row, index, |v: Raw| DbValue::Unsupported(v.0.to_vec())),
    }
}

fn get<'a, T: FromSql<'a>>(
    row: &'a Row,
    index: usize,
    convert: impl FnOnce(T) -> DbValue,
) -> Result<DbValue, tokio_postgres::Error> {
    Ok(row.try_get::<_, Option<T>>(index)?.map_or(DbValue::DbNull, convert))
}

/// The parts of a date; its month and day are far below 256.
fn date(date: NaiveDate) -> (i32, u8, u8) {
    (date.year(), date.month() as u8, date.day() as u8)
}

/// The parts of a time; its hour, minute and second are far below 256.
fn time(time: NaiveTime) -> (u8, u8, u8, u32) {
    (time.hour() as u8, time.minute() as u8, time.second() as u8, time.nanosecond())
}

/// A range by its ends.
struct Ends<T>(Bounds<T>);

impl<'a, T: FromSql<'a>> FromSql<'a> for Ends<T> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        let element = match *ty {
            Type::INT4_RANGE => Type::INT4,
            Type::INT8_RANGE => Type::INT8,
            _ => Type::NUMERIC,
        };
        let bound = |bound: RangeBound<Option<&'a [u8]>>| -> Result<_, Failure> {
            let (value, kind) = match bound {
                RangeBound::Inclusive(value) => (value, RangeBoundKind::Inclusive),
                RangeBound::Exclusive(value) => (value, RangeBoundKind::Exclusive),
                RangeBound::Unbounded => return Ok(None),
            };
            let value = value.ok_or("a bound of a range is null")?;
            Ok(Some((T::from_sql(&element, value)?, kind)))
        };
        match range_from_sql(raw)? {
            Range::Nonempty(lower, upper) => Ok(Ends((bound(lower)?, bound(upper)?))),
            Range::Empty => Err("the interface has no empty range".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT4_RANGE | Type::INT8_RANGE | Type::NUM_RANGE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameter::Parameter;
    use super::*;

    /// Writes a parameter and reads it back as a value of its type.
    fn round_trip<T: for<'a> FromSql<'a>>(parameter: wit::ParameterValue, ty: &Type) -> T {
        let mut out = BytesMut::new();
        Parameter(&parameter).to_sql_checked(ty, &mut out).unwrap();
        T::from_sql(ty, &out).map_err(|error| error.to_string()).unwrap()
    }

    #[test]
    fn jsonb_is_passed_through() {
        let mut out = BytesMut::new();
        Jsonb(b"{\"a\":  1}").to_sql_checked(&Type::JSONB, &mut out).unwrap();
        assert_eq!(Jsonb::from_sql(&Type::JSONB, &out).unwrap().0, b"{\"a\":  1}");
        assert!(Jsonb::from_sql(&Type::JSONB, b"\x02{}").is_err());
        assert!(Jsonb::from_sql(&Type::JSONB, b"").is_err());
    }

    #[test]
    fn ranges_keep_their_ends() {
        let range = (Some((1, RangeBoundKind::Inclusive)), Some((5, RangeBoundKind::Exclusive)));
        let back: Ends<i32> = round_trip(wit::ParameterValue::RangeInt32(range), &Type::INT4_RANGE);
        assert!(matches!(back.0, (Some((1, RangeBoundKind::Inclusive)), Some((5, RangeBoundKind::Exclusive)))));
        let open = (None, Some(("1.5".to_owned(), RangeBoundKind::Inclusive)));
        let back: Ends<Decimal> = round_trip(wit::ParameterValue::RangeDecimal(open), &Type::NUM_RANGE);
        assert!(matches!(back.0, (None, Some((v, RangeBoundKind::Inclusive))) if v.to_string() == "1.5"));
        assert!(Ends::<i32>::from_sql(&Type::INT4_RANGE, &[1]).is_err());
    }

    #[test]
    fn intervals_and_arrays_come_back() {
        let interval = wit::Interval { micros: -1, days: 2, months: 3 };
        let back: Interval = round_trip(wit::ParameterValue::Interval(interval), &Type::INTERVAL);
        assert_eq!((back.0.micros, back.0.days, back.0.months), (-1, 2, 3));
        assert!(Interval::from_sql(&Type::INTERVAL, &[0; 15]).is_err());

        let texts = vec![Some("a".to_owned()), None];
        let back: Vec<Option<String>> = round_trip(wit::ParameterValue::ArrayStr(texts.clone()), &Type::TEXT_ARRAY);
        assert_eq!(back, texts);
        let decimals = wit::ParameterValue::ArrayDecimal(vec![Some("-0.10".into()), None]);
        let back: Vec<Option<Decimal>> = round_trip(decimals, &Type::NUMERIC_ARRAY);
        assert_eq!(back, [Some("-0.10".parse().unwrap()), None]);
    }

    #[test]
    fn dates_and_times_come_back() {
        let back: NaiveDateTime =
            round_trip(wit::ParameterValue::Datetime((1999, 12, 31, 23, 59, 58, 1_000)), &Type::TIMESTAMP);
        assert_eq!((date(back.date()), time(back.time())), ((1999, 12, 31), (23, 59, 58, 1_000)));
        let back: chrono::DateTime<chrono::Utc> =
            round_trip(wit::ParameterValue::Timestamp(86_400), &Type::TIMESTAMPTZ);
        assert_eq!(back.to_string(), "1970-01-02 00:00:00 UTC");
    }

    #[test]
    fn types_without_a_kind_are_named() {
        assert!(matches!(data_type(&Type::JSON), DbDataType::Other(name) if name == "json"));
        assert!(matches!(data_type(&Type::JSONB), DbDataType::Jsonb));
        assert!(!<NaiveDateTime as FromSql>::accepts(&Type::TIMESTAMPTZ));
    }
}
