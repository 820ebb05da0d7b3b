//! The live database, and scratch databases beside it.

use crate::settings::Settings;
use anyhow::{Context, Result};
use rolecall_database::connect_to;
use rolecall_shared::postgres::Address;
use tokio_postgres::Client;

/// The roots of all tables that hold rows of somebody's: partitions count with their table, tables of extensions are made
/// by those.
const TABLES: &str = "
  select pg_catalog.format('%I.%I', n.nspname, c.relname)
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p')
    and not c.relispartition
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
    and not exists (
      select from pg_catalog.pg_depend
      where classid = 'pg_catalog.pg_class'::pg_catalog.regclass and objid = c.oid and deptype = 'e'
    )
  order by 1";

/// A connection to the live database.
///
/// # Errors
/// There is none; the message says why.
pub async fn live(settings: &Settings) -> Result<Client> {
    connect_to(&settings.admin).await
}

/// The rows of every table.
///
/// # Errors
/// A table cannot be read whole.
pub async fn count(client: &Client) -> Result<Vec<(String, i64)>> {
    // Rows that a policy hides are an error, never a smaller number.
    client.batch_execute("set row_security = off").await?;
    let mut counts = Vec::new();
    for row in client.query(TABLES, &[]).await? {
        let table: String = row.get(0);
        let count = client.query_one(&format!("select count(*) from {table}"), &[]).await;
        let count = count.with_context(|| format!("counting {table}"))?;
        counts.push((table, count.get(0)));
    }
    Ok(counts)
}

/// A database that this program makes, and drops again.
pub struct Scratch {
    server: Address,
    /// Where it is.
    pub address: Address,
}

impl Scratch {
    /// Makes an empty one.
    ///
    /// # Errors
    /// The login may not make databases.
    pub async fn make(settings: &Settings, name: &str) -> Result<Scratch> {
        let server = settings.scratch.clone();
        let mut address = server.clone();
        address.database = format!("rolecall_scratch_{}_{name}", std::process::id());
        let scratch = Scratch { server, address };
        let client = connect_to(&scratch.server).await?;
        let statement = format!("create database \"{}\" template template0", scratch.address.database);
        client.batch_execute(&statement).await.with_context(|| {
            format!("{} may make no database; name a server in SCRATCH_DATABASE_URL where a login may", scratch.server)
        })?;
        Ok(scratch)
    }

    /// Drops it.
    ///
    /// # Errors
    /// The server is gone.
    pub async fn drop(self) -> Result<()> {
        let client = connect_to(&self.server).await?;
        let statement = format!("drop database if exists \"{}\" with (force)", self.address.database);
        client.batch_execute(&statement).await.with_context(|| format!("dropping {}", self.address.database))
    }
}
