//! What a database holds of ours, by kind and name.

use std::collections::BTreeSet;

use anyhow::Result;
use tokio_postgres::Client;

/// The query that lists a database's schemas, relations, types and functions with their comments.
pub(crate) const QUERY: &str = include_str!("inventory.sql");

/// An object's kind and name: `function rolecall_edge.send_dm(jsonb)`.
pub type Object = String;

/// The objects of an installation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory(pub BTreeSet<Object>);

impl Inventory {
    /// Everything that came into a database since `before`, but for indexes, which go with their tables. Views in
    /// `public` are made only where their names are free; the migration treats them apart.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn of(client: &Client, before: &Inventory) -> Result<Inventory> {
        client.batch_execute("set search_path = pg_catalog, pg_temp").await?;
        let rows = client
            .query(
                &format!(
                    "select identity from ({QUERY}) as object
                     where kind <> 'index'
                       and identity !~ '^(schema|table|view|sequence|type|function) (pg_|information_schema|auth)'"
                ),
                &[],
            )
            .await?;
        client.batch_execute("reset search_path").await?;
        let all = rows.iter().map(|row| row.get::<_, String>(0));
        Ok(Inventory(all.filter(|object| !before.0.contains(object)).collect()))
    }

    /// The objects that `other` does not have.
    #[must_use]
    pub fn without(&self, other: &Inventory) -> Inventory {
        Inventory(self.0.difference(&other.0).cloned().collect())
    }
}
