//! Errors of the driver in the interface's form: SQLSTATE, detail and constraint for a function to decide by.

use crate::guest::bindings::spin::postgres::postgres as wit;
use std::error::Error;
use tokio_postgres::error::{DbError, ErrorPosition};

/// A value that its own kind forbids, such as a 31st of February.
#[derive(Debug, thiserror::Error)]
pub enum BadParameter {
    /// Not a date, a time, or both.
    #[error("there is no such date or time: {0}")]
    DateTime(String),
    /// Not a uuid.
    #[error("not a uuid: {0:?}")]
    Uuid(String),
    /// Not a decimal number, or one of more than 28 digits.
    #[error("not a decimal number of at most 28 digits: {0:?}")]
    Decimal(String),
}

/// A statement failed.
pub fn query_failed(error: tokio_postgres::Error) -> wit::Error {
    if let Some(source) = error.source().and_then(|source| source.downcast_ref::<BadParameter>()) {
        return wit::Error::BadParameter(source.to_string());
    }
    wit::Error::QueryFailed(match error.as_db_error() {
        None => wit::QueryError::Text(with_sources(&error)),
        Some(db) => wit::QueryError::DbError(wit::DbError {
            as_text: with_sources(&error),
            severity: db.severity().to_owned(),
            code: db.code().code().to_owned(),
            message: db.message().to_owned(),
            detail: db.detail().map(str::to_owned),
            extras: extras(db),
        }),
    })
}

/// A connection could not be opened.
pub fn connection_failed(error: &tokio_postgres::Error) -> wit::Error {
    wit::Error::ConnectionFailed(with_sources(error))
}

/// A value of the database cannot be given to the guest.
pub fn conversion_failed(error: &tokio_postgres::Error) -> wit::Error {
    wit::Error::ValueConversionFailed(with_sources(error))
}

/// An error with what caused it.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// What the interface has no field for, under the names Spin gives it.
fn extras(db: &DbError) -> Vec<(String, String)> {
    let position = db.position().map(|position| match position {
        ErrorPosition::Original(at) => at.to_string(),
        ErrorPosition::Internal { position, .. } => position.to_string(),
    });
    let fields = [
        ("column", db.column().map(str::to_owned)),
        ("constraint", db.constraint().map(str::to_owned)),
        ("routine", db.routine().map(str::to_owned)),
        ("hint", db.hint().map(str::to_owned)),
        ("table", db.table().map(str::to_owned)),
        ("datatype", db.datatype().map(str::to_owned)),
        ("schema", db.schema().map(str::to_owned)),
        ("file", db.file().map(str::to_owned)),
        ("line", db.line().map(|line| line.to_string())),
        ("where_", db.where_().map(str::to_owned)),
        ("position", position),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
