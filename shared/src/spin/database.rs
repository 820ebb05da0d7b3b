//! A request's one statement.

use super::exchange::Exchange;
use crate::{
    spin::settings::Settings,
    wire::{
        envelope::{self, Answer, Call, Done},
        log::{Level, Line},
        phone::revealed,
        refusal::Refusal,
    },
};
use serde::Serialize;
use spin_sdk::pg::{Certificate, Connection, DbValue, Error, OpenOptions, ParameterValue, PgError, QueryError};

/// Why a statement that several requests share failed.
pub enum Fault {
    /// It was not answered, or by an error.
    Database(PgError),
    /// Its answer does not parse.
    Unparsable,
    /// It was not sent: there was no time left.
    OutOfTime,
}

/// Sends the request's one statement. Where a passing reason has undone it, it is sent once more.
pub async fn query<I: Serialize>(
    exchange: &mut Exchange,
    settings: &Settings,
    statement: &str,
    call: &Call<'_, I>,
) -> Result<Done, Refusal> {
    let send = async || select(&mut None, settings, statement, envelope(call)?).await;
    let answer = match send().await {
        Err(PgError::QueryFailed(QueryError::DbError(error))) if envelope::is_transient(&error.code) => {
            Line {
                request_id: Some(call.request_id),
                cause: Some(&error.code),
                ..Line::new(Level::Warn, "database", "retried")
            }
            .print();
            send().await
        }
        answer => answer,
    };
    let answer = answer.map_err(|error| exchange.database_failure(&error))?;
    let answer = Answer::parse(&answer).ok_or_else(|| exchange.unparsable(statement))?;
    exchange.decided(answer)
}

/// The SQLSTATE of an error that proves that its statement was rolled back.
pub fn undone(error: &PgError) -> Option<&str> {
    match error {
        PgError::QueryFailed(QueryError::DbError(error)) if envelope::is_undone(&error.severity, &error.code) => {
            Some(&error.code)
        }
        _ => None,
    }
}

/// Writes the log line of a statement of several items that was rolled back.
pub fn log_taken_apart(statement: &str, sqlstate: &str, count: usize) {
    let cause = format!("{statement}: {sqlstate} for {count} items, which are sent one by one");
    Line { cause: Some(&cause), ..Line::new(Level::Warn, "database", "retried") }.print();
}

/// The statement's parameter, as JSON text, in which phone numbers are not masked.
pub fn envelope<I: Serialize>(call: &Call<'_, I>) -> Result<Vec<u8>, PgError> {
    revealed(|| serde_json::to_vec(call)).map_err(|error| PgError::BadParameter(error.to_string()))
}

/// The one value of a statement's one row. The connection is opened if there is none, and not kept after an error.
pub async fn select(
    connection: &mut Option<Connection>,
    settings: &Settings,
    statement: &str,
    parameter: Vec<u8>,
) -> Result<Vec<u8>, PgError> {
    let opened = match connection.take() {
        Some(opened) => opened,
        None => open(settings).await.map_err(pg_error)?,
    };
    let mut result = opened.query(statement, [ParameterValue::Jsonb(parameter)]).await.map_err(pg_error)?;
    let first = result.rows().next().await;
    // A stream that has ended, as it does at once after an error, must not be read again: Spin ends the instance for that.
    let second = if first.is_some() { result.rows().next().await } else { None };
    result.result().await.map_err(pg_error)?;
    *connection = Some(opened);
    match (first.and_then(|mut row| row.pop()), second) {
        (Some(DbValue::Jsonb(json)), None) => Ok(json),
        _ => Err(PgError::Other("the statement did not answer one jsonb".to_owned())),
    }
}

async fn open(settings: &Settings) -> Result<Connection, Error> {
    open_at(settings, &settings.database_url).await
}

/// A connection that waits for none of the requests': hosts pool connections by address, and this one has a name of its own.
pub async fn open_apart(settings: &Settings) -> Result<Connection, PgError> {
    // The address always has a parameter, and of two names the last one counts.
    let url = format!("{}&application_name=rolecall-failures", settings.database_url);
    open_at(settings, &url).await.map_err(pg_error)
}

async fn open_at(settings: &Settings, url: &str) -> Result<Connection, Error> {
    match &settings.database_ca {
        None => Connection::open(url).await,
        Some(certificate) => {
            let ca_root = Some(Certificate::Text(certificate.clone()));
            Connection::open_with_options(url, OpenOptions { ca_root }).await
        }
    }
}

fn pg_error(error: Error) -> PgError {
    match error {
        Error::PgError(error) => error,
        Error::Decode(error) => PgError::ValueConversionFailed(error),
    }
}
