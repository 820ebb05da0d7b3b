//! What a rollback would lose, found out before it is done.

use anyhow::Result;
use tokio_postgres::{Client, Transaction};

use crate::apply::{ATTEMPTS, applied_versions, explained, lost_a_race, pause};
use crate::connection::connect;
use crate::files::{MIGRATIONS, Migration};

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
    let migrations: Vec<&Migration> =
        MIGRATIONS.iter().rev().filter(|each| each.version > to && applied.contains(&each.version)).collect();
    let mut attempt = 1;
    loop {
        match try_rollback(&mut client, &migrations).await {
            // The database may be in use, and its requests hold what a rollback wants.
            Err((error, _)) if lost_a_race(&error) && attempt < ATTEMPTS => {
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
            }
            Err((error, Some(migration))) => {
                return Err(explained(&error, migration.down, &format!("rollback/{}", migration.file)));
            }
            result => return result.map_err(|(error, _)| error.into()),
        }
    }
}

/// Takes `migrations` back and does not keep it. An error comes with the migration whose rollback was refused, if it was one.
async fn try_rollback<'a>(
    client: &mut Client,
    migrations: &[&'a Migration],
) -> Result<Loss, (tokio_postgres::Error, Option<&'a Migration>)> {
    let elsewhere = |error| (error, None);
    let mut loss = Loss::default();
    let transaction = client.transaction().await.map_err(elsewhere)?;
    let before = places(&transaction).await.map_err(elsewhere)?;
    transaction.batch_execute("savepoint before_the_rollback").await.map_err(elsewhere)?;
    for &migration in migrations {
        transaction.batch_execute(migration.down).await.map_err(|error| (error, Some(migration)))?;
        loss.migrations.push(format!("{:04}_{}", migration.version, migration.name));
    }
    let after = places(&transaction).await.map_err(elsewhere)?;
    transaction.batch_execute("rollback to savepoint before_the_rollback").await.map_err(elsewhere)?;
    loss.rows = held(&transaction, &before, &after).await.map_err(elsewhere)?;
    transaction.rollback().await.map_err(elsewhere)?;
    Ok(loss)
}

/// Which places of `before` that are not among `after` hold something, with their numbers of rows.
async fn held(
    transaction: &Transaction<'_>,
    before: &[Place],
    after: &[Place],
) -> Result<Vec<(String, i64)>, tokio_postgres::Error> {
    let mut rows = Vec::new();
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
            rows.push((name, count));
        }
    }
    Ok(rows)
}

/// A table, or a column of one, with their names as SQL writes them.
#[derive(PartialEq, Eq)]
struct Place {
    table: String,
    column: Option<String>,
}

/// Every table that holds rows by itself, and its columns. Partitions count with their table.
async fn places(transaction: &Transaction<'_>) -> Result<Vec<Place>, tokio_postgres::Error> {
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
