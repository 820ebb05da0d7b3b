//! A session of the database as `rolecall_relay`: one jsonb in, one jsonb out, each call within a bound.

use anyhow::{Context, Result, bail};
use rolecall_database::connect_with_task;
use rolecall_shared::postgres::Address;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Statement};

/// How long a call may take. The login's `statement_timeout` is shorter: beyond this the server does not answer at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// A session. Dropping it closes the connection at once, and with it goes what the session leads.
pub(crate) struct Session {
    client: Client,
    connection: JoinHandle<()>,
}

/// An entry point of `rolecall_relay`, prepared.
pub(crate) struct Entry(&'static str, Statement);

#[derive(Deserialize)]
struct Answer<T> {
    ok: bool,
    data: Option<T>,
    code: Option<String>,
    detail: Option<String>,
}

impl Session {
    pub(crate) async fn open(address: &Address) -> Result<Session> {
        let connected = timeout(PATIENCE, connect_with_task(address)).await;
        let (client, connection) = connected.context("the database does not answer")??;
        Ok(Session { client, connection })
    }

    /// Prepares an entry point; this fails where the database is not migrated yet.
    pub(crate) async fn entry(&self, name: &'static str) -> Result<Entry> {
        let statement = format!("select rolecall_relay.{name}($1::text::jsonb)::text");
        let prepared = timeout(PATIENCE, self.client.prepare(&statement)).await;
        let prepared = prepared.context("the database does not answer")?;
        Ok(Entry(name, prepared.with_context(|| format!("rolecall_relay.{name}"))?))
    }

    pub(crate) async fn call<T: DeserializeOwned>(&self, Entry(name, statement): &Entry, request: &Value) -> Result<T> {
        let request = request.to_string();
        let asked = timeout(PATIENCE, self.client.query_one(statement, &[&request])).await;
        let row = asked
            .with_context(|| format!("rolecall_relay.{name} does not answer"))?
            .with_context(|| format!("rolecall_relay.{name}"))?;
        let text: &str = row.try_get(0)?;
        let answer: Answer<T> =
            serde_json::from_str(text).with_context(|| format!("the answer of rolecall_relay.{name}"))?;
        match answer {
            Answer { ok: true, data: Some(data), .. } => Ok(data),
            Answer { code, detail, .. } => {
                bail!("rolecall_relay.{name} refuses: {} {}", code.unwrap_or_default(), detail.unwrap_or_default())
            }
        }
    }

    /// Whether the connection has ended, as far as is known.
    pub(crate) fn has_ended(&self) -> bool {
        self.client.is_closed()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
