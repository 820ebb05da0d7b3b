//! Values a guest gives to a statement, in the wire's binary form.

use super::error::BadParameter;
use super::value::{Interval, Jsonb};
use crate::guest::bindings::spin::postgres::postgres::{ParameterValue, RangeBoundKind};
use bytes::BytesMut;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use postgres_protocol::types::{RangeBound, range_to_sql};
use rust_decimal::Decimal;
use std::error::Error;
use tokio_postgres::types::{IsNull, ToSql, Type};
use uuid::Uuid;

type Written = Result<IsNull, Box<dyn Error + Sync + Send>>;

/// One end of a range.
type Bound<T> = Option<(T, RangeBoundKind)>;

/// A parameter of a statement.
#[derive(Debug)]
pub struct Parameter<'a>(pub &'a ParameterValue);

impl ToSql for Parameter<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Written {
        self.to_sql_checked(ty, out)
    }

    fn accepts(_: &Type) -> bool {
        // What a value fits is known by the value, in `to_sql_checked`.
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Written {
        match self.0 {
            ParameterValue::Boolean(v) => v.to_sql_checked(ty, out),
            ParameterValue::Int8(v) => v.to_sql_checked(ty, out),
            ParameterValue::Int16(v) => v.to_sql_checked(ty, out),
            ParameterValue::Int32(v) => v.to_sql_checked(ty, out),
            ParameterValue::Int64(v) => v.to_sql_checked(ty, out),
            ParameterValue::Floating32(v) => v.to_sql_checked(ty, out),
            ParameterValue::Floating64(v) => v.to_sql_checked(ty, out),
            ParameterValue::Str(v) => v.to_sql_checked(ty, out),
            ParameterValue::Binary(v) => v.to_sql_checked(ty, out),
            ParameterValue::Date(v) => date(*v)?.to_sql_checked(ty, out),
            ParameterValue::Time(v) => time(*v)?.to_sql_checked(ty, out),
            ParameterValue::Datetime((year, month, day, hour, minute, second, nanosecond)) => {
                let (date, time) = (date((*year, *month, *day))?, time((*hour, *minute, *second, *nanosecond))?);
                NaiveDateTime::new(date, time).to_sql_checked(ty, out)
            }
            ParameterValue::Timestamp(v) => timestamp(*v)?.to_sql_checked(ty, out),
            ParameterValue::Uuid(v) => uuid(v)?.to_sql_checked(ty, out),
            ParameterValue::Jsonb(v) => Jsonb(v).to_sql_checked(ty, out),
            ParameterValue::Decimal(v) => decimal(v)?.to_sql_checked(ty, out),
            ParameterValue::RangeInt32(v) => range(v, ty, &Type::INT4_RANGE, &Type::INT4, out, |v| Ok(*v)),
            ParameterValue::RangeInt64(v) => range(v, ty, &Type::INT8_RANGE, &Type::INT8, out, |v| Ok(*v)),
            ParameterValue::RangeDecimal(v) => range(v, ty, &Type::NUM_RANGE, &Type::NUMERIC, out, |v| decimal(v)),
            ParameterValue::ArrayInt32(v) => v.to_sql_checked(ty, out),
            ParameterValue::ArrayInt64(v) => v.to_sql_checked(ty, out),
            ParameterValue::ArrayStr(v) => v.to_sql_checked(ty, out),
            ParameterValue::ArrayDecimal(v) => {
                let decimals = v.iter().map(|v| v.as_deref().map(decimal).transpose());
                decimals.collect::<Result<Vec<_>, _>>()?.to_sql_checked(ty, out)
            }
            ParameterValue::Interval(v) => Interval(*v).to_sql_checked(ty, out),
            ParameterValue::DbNull => Ok(IsNull::Yes),
        }
    }
}

fn date((year, month, day): (i32, u8, u8)) -> Result<NaiveDate, BadParameter> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into())
        .ok_or_else(|| BadParameter::DateTime(format!("{year}-{month}-{day}")))
}

fn time((hour, minute, second, nanosecond): (u8, u8, u8, u32)) -> Result<NaiveTime, BadParameter> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nanosecond)
        .ok_or_else(|| BadParameter::DateTime(format!("{hour}:{minute}:{second} and {nanosecond} ns")))
}

fn timestamp(seconds: i64) -> Result<DateTime<Utc>, BadParameter> {
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| BadParameter::DateTime(format!("{seconds} s after 1970")))
}

fn uuid(text: &str) -> Result<Uuid, BadParameter> {
    Uuid::parse_str(text).map_err(|_| BadParameter::Uuid(text.to_owned()))
}

fn decimal(text: &str) -> Result<Decimal, BadParameter> {
    Decimal::from_str_exact(text).map_err(|_| BadParameter::Decimal(text.to_owned()))
}

fn range<W, T: ToSql>(
    (lower, upper): &(Bound<W>, Bound<W>),
    ty: &Type,
    expected: &Type,
    element: &Type,
    out: &mut BytesMut,
    convert: impl Fn(&W) -> Result<T, BadParameter>,
) -> Written {
    if ty != expected {
        return Err(format!("cannot convert a {expected} to the Postgres type `{ty}`").into());
    }
    let bound = |bound: &Bound<W>, out: &mut BytesMut| -> Result<_, Box<dyn Error + Sync + Send>> {
        let Some((value, kind)) = bound else {
            return Ok(RangeBound::Unbounded);
        };
        convert(value)?.to_sql(element, out)?;
        let null = postgres_protocol::IsNull::No;
        Ok(match kind {
            RangeBoundKind::Inclusive => RangeBound::Inclusive(null),
            RangeBoundKind::Exclusive => RangeBound::Exclusive(null),
        })
    };
    range_to_sql(|out| bound(lower, out), |out| bound(upper, out), out)?;
    Ok(IsNull::No)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: ParameterValue, ty: Type) -> Result<Vec<u8>, String> {
        let mut out = BytesMut::new();
        match Parameter(&value).to_sql_checked(&ty, &mut out) {
            Ok(IsNull::No) => Ok(out.to_vec()),
            Ok(IsNull::Yes) => Ok(b"null".to_vec()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn values_are_written_in_the_binary_form() {
        assert_eq!(written(ParameterValue::Int32(-2), Type::INT4).unwrap(), (-2_i32).to_be_bytes());
        assert_eq!(written(ParameterValue::Str("é".into()), Type::TEXT).unwrap(), "é".as_bytes());
        assert_eq!(written(ParameterValue::Jsonb(b"{\"a\": 1}".to_vec()), Type::JSONB).unwrap(), b"\x01{\"a\": 1}");
        assert_eq!(written(ParameterValue::DbNull, Type::UUID).unwrap(), b"null");
        assert_eq!(written(ParameterValue::Date((2000, 1, 2)), Type::DATE).unwrap(), 1_i32.to_be_bytes());
        let uuid = "00000000-0000-4000-8000-000000000001";
        assert_eq!(written(ParameterValue::Uuid(uuid.into()), Type::UUID).unwrap()[15], 1);
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        for (value, ty) in [
            (ParameterValue::Str("x".into()), Type::UUID),
            (ParameterValue::Int32(1), Type::INT8),
            (ParameterValue::Jsonb(b"{}".to_vec()), Type::TEXT),
            (ParameterValue::RangeInt32((None, None)), Type::INT8_RANGE),
            (
                ParameterValue::Interval(crate::guest::bindings::spin::postgres::postgres::Interval {
                    micros: 0,
                    days: 0,
                    months: 0,
                }),
                Type::INT8,
            ),
        ] {
            assert!(written(value, ty).unwrap_err().contains("cannot convert"));
        }
    }

    #[test]
    fn impossible_values_are_refused() {
        assert!(written(ParameterValue::Date((2026, 2, 31)), Type::DATE).unwrap_err().contains("2026-2-31"));
        assert!(written(ParameterValue::Time((24, 0, 0, 0)), Type::TIME).is_err());
        assert!(written(ParameterValue::Uuid("no".into()), Type::UUID).is_err());
        assert!(written(ParameterValue::Decimal("1,5".into()), Type::NUMERIC).is_err());
        assert!(written(ParameterValue::Timestamp(i64::MAX), Type::TIMESTAMPTZ).is_err());
    }
}
