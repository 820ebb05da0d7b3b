//! What a rollback would lose, found out before it is done.

use anyhow::Result;
use tokio_postgres::Transaction;

use crate::apply::{applied_versions, explained};
use crate::connection::connect;
use crate::files::MIGRATIONS;

/// What a rollback would take back, and what would be lost with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// The migrations, newest first, as `0001_name`.
    pub migrations: Vec<String>,
    /// The tables, and the columns of tables that stay, that hold data, each with its number of rows.
    pub rows: Vec<(String, i64)>,
}

/// Finds out what taking back every migration newer than `to` would lose; `None`: the newest alone. The migrations are
/// taken back in a transaction that is not committed, so that the database itself says what would be gone.
///
/// # Errors
/// When the database cannot be reached or refuses a rollback.
pub async fn rollback_loss(url: &str, to: Option<i32>) -> Result<Loss> {
    let mut client = connect(url).await?;
    let applied = applied_versions(&client).await?;
    let Some(newest) = applied.last().copied() else {
        return Ok(Loss::default());
    };
    let to = to.unwrap_or(newest - 1);
    let migrations = MIGRATIONS.iter().rev().filter(|each| each.version > to && applied.contains(&each.version));
    let mut loss = Loss::default();
    let transaction = client.transaction().await?;
    let before = places(&transaction).await?;
    transaction.batch_execute("savepoint before_the_rollback").await?;
    for migration in migrations {
        let undone = transaction.batch_execute(migration.down).await;
        undone.map_err(|error| explained(&error, migration.down, &format!("rollback/{}", migration.file)))?;
        loss.migrations.push(format!("{:04}_{}", migration.version, migration.name));
    }
    let after = places(&transaction).await?;
    transaction.batch_execute("rollback to savepoint before_the_rollback").await?;
    let is_gone = |place: &&Place| !after.contains(place);
    let gone_tables: Vec<&str> =
        before.iter().filter(|place| place.column.is_none()).filter(is_gone).map(|place| &*place.table).collect();
    for place in before.iter().filter(is_gone) {
        let (name, condition) = match &place.column {
            None => (place.table.clone(), String::new()),
            Some(_) if gone_tables.contains(&&*place.table) => continue,
            Some(column) => (format!("{}.{column}", place.table), format!(" where {column} is not null")),
        };
        let count = format!("select count(*) from {}{condition}", place.table);
        let count: i64 = transaction.query_one(&count, &[]).await?.get(0);
        if count > 0 {
            loss.rows.push((name, count));
        }
    }
    transaction.rollback().await?;
    Ok(loss)
}

/// A table, or a column of one, with their names as SQL writes them.
#[derive(PartialEq, Eq)]
struct Place {
    table: String,
    column: Option<String>,
}

/// Every table that holds rows by itself, and its columns. Partitions count with their table.
async fn places(transaction: &Transaction<'_>) -> Result<Vec<Place>> {
    let rows = transaction
        .query(
            "select pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(a.attname)
             from pg_catalog.pg_class as c
             join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
             left join lateral (
               select null::name as attname
               union all
               select attname from pg_catalog.pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
             ) as a on true
             where c.relkind in ('r', 'p')
               and not c.relispartition
               and c.relpersistence <> 't'
               and n.nspname not in ('pg_catalog', 'information_schema')
             order by 1, 2 nulls first",
            &[],
        )
        .await?;
    Ok(rows.into_iter().map(|row| Place { table: row.get(0), column: row.get(1) }).collect())
}
