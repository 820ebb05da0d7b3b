//! Adoption: the app's own tables and Rolecall's are kept in step, and the app's conversations (V1) can be read.
//!
//! Everything that it makes lies in the schema `rolecall_adopted`, but for the triggers on the app's tables, which are
//! named `rolecall_...` and call functions of that schema. So [`unadopt`] finds it all, with or without Rolecall.

mod generate;
mod inspect;
mod mapping;

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

pub use mapping::Mapping;

use self::inspect::{Tables, inspect};
use crate::apply::{applied_versions, explained_briefly};
use crate::connection::connect;
use crate::files::MIGRATIONS;

/// How often the tables of the app are tried to be locked. Each attempt waits for half a second at most, so that nobody
/// who writes to them waits longer because of us.
const ATTEMPTS: u32 = 60;

/// Rows of one step of a backfill.
const STEP_ROWS: i32 = 1000;

/// How often a step of a backfill is tried that somebody was in the way of.
const STEP_ATTEMPTS: u32 = 10;

/// What an adoption has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adoption {
    /// The rows of the app's table that were gone through; `None` where it is not mapped.
    pub profiles: Option<u64>,
    /// The same of the requests for help.
    pub help_requests: Option<u64>,
    /// The conversations (V1) that can be read; `None` where they are not mapped.
    pub conversations: Option<i64>,
    /// Rows that could not be taken over.
    pub missed: i64,
    /// What the adopter should know: indexes that are missing, words that are not translated.
    pub hints: Vec<String>,
}

/// Keeps Rolecall's tables in step with the app's, as the text of a mapping file says, and takes over the rows that exist.
/// An earlier adoption is replaced. Any number of callers may do so at the same time, and the app may write meanwhile.
///
/// # Errors
/// When the mapping does not fit the database, in sentences that name each mistake and before the first change; when the
/// database cannot be reached or refuses a statement.
pub async fn adopt(url: &str, mapping: &str) -> Result<Adoption> {
    let mapping = Mapping::parse(mapping)?;
    let mut client = connect(url).await?;
    let applied = applied_versions(&client).await?;
    ensure!(
        applied.len() == MIGRATIONS.len(),
        "this database does not have all of Rolecall's migrations: run `rolecall-migrate up` first"
    );
    let owned: bool = client
        .query_one("select pg_has_role((select nspowner from pg_namespace where nspname = 'rolecall'), 'usage')", &[])
        .await?
        .get(0);
    ensure!(owned, "use the login that applied Rolecall's migrations: this one may not write Rolecall's tables");
    let (tables, faults) = inspect(&client, &mapping).await?;
    ensure!(
        faults.is_empty(),
        "the mapping does not fit this database; nothing was changed:\n  {}",
        faults.join("\n  ")
    );
    let statements = generate::statements(&mapping, &tables);
    replace(&mut client, &mapping, &tables, &statements).await?;

    let mut adoption = Adoption::default();
    if mapping.profiles.is_some() {
        adoption.profiles = Some(backfill(&client, "profiles").await?);
    }
    if mapping.help_requests.is_some() {
        adoption.help_requests = Some(backfill(&client, "help_requests").await?);
    }
    adoption.missed = catch_up(&client).await?;
    if mapping.messages.is_some() {
        let count = "select count(*) from rolecall_adopted.conversations";
        adoption.conversations = Some(client.query_one(count, &[]).await?.get(0));
    }
    adoption.hints = hints(&client, &mapping, &tables).await?;
    Ok(adoption)
}

/// Takes an adoption back: its triggers, functions and views. The app's rows and those of Rolecall stay as they are.
/// Returns whether there was one.
///
/// # Errors
/// When the database cannot be reached, or something of somebody else's depends on the views.
pub async fn unadopt(url: &str) -> Result<bool> {
    let mut client = connect(url).await?;
    if !is_adopted(&client).await? {
        return Ok(false);
    }
    patiently(&mut client, async |transaction| {
        if is_adopted(transaction.client()).await? {
            drop_triggers(transaction, "true").await?;
            drop_views(transaction).await?;
            transaction
                .batch_execute(
                    "do $$
                     declare
                       v_function record;
                     begin
                       for v_function in
                         select oid::regprocedure::text as name from pg_proc
                         where pronamespace = 'rolecall_adopted'::regnamespace
                           and obj_description(oid, 'pg_proc') ~ '^Rolecall(:|$)'
                       loop
                         execute format('drop function %s', v_function.name);
                       end loop;
                     end
                     $$;
                     drop table if exists rolecall_adopted.missed;
                     drop schema rolecall_adopted;",
                )
                .await?;
        }
        Ok(())
    })
    .await?;
    Ok(true)
}

/// Whether an adoption is in force, with or without Rolecall.
///
/// # Errors
/// When the database does not answer, or the schema is somebody else's.
pub async fn is_adopted(client: &Client) -> Result<bool> {
    let row = client
        .query_opt(
            "select coalesce(obj_description(oid, 'pg_namespace') ~ '^Rolecall(:|$)', false)
             from pg_catalog.pg_namespace where nspname = 'rolecall_adopted'",
            &[],
        )
        .await?;
    match row.map(|row| row.get(0)) {
        None => Ok(false),
        Some(true) => Ok(true),
        Some(false) => bail!("the schema rolecall_adopted is not Rolecall's; nothing was changed"),
    }
}

/// Makes what the mapping says in place of what an earlier one said, in one transaction.
async fn replace(client: &mut Client, mapping: &Mapping, tables: &Tables, statements: &[String]) -> Result<()> {
    patiently(client, async |transaction| {
        // Their writers are waited for before anything is made that these use. Users before their requests, as an app
        // writes them.
        for table in [&tables.profiles, &tables.help_requests].into_iter().flatten() {
            lock(transaction, &table.sql()).await?;
        }
        if !is_adopted(transaction.client()).await? {
            transaction
                .batch_execute(
                    "do $$
                     begin
                       execute format(
                         'create schema rolecall_adopted authorization %I',
                         pg_get_userbyid((select nspowner from pg_namespace where nspname = 'rolecall'))
                       );
                     end
                     $$;
                     comment on schema rolecall_adopted is
                       'Rolecall: what keeps the app''s tables and Rolecall''s in step; made by adopt, dropped by unadopt.'",
                )
                .await?;
        }
        for (what, about, table) in
            [("profile", "profiles", &tables.profiles), ("help_request", "help_requests", &tables.help_requests)]
        {
            let kept = table.as_ref().map_or("null::regclass".to_owned(), |table| {
                format!("{}::regclass", inspect::literal(&table.sql()))
            });
            let elsewhere = format!(
                "proc.proname = 'follow_{what}' and trigger.tgrelid is distinct from {kept}"
            );
            // What was missed in another table says nothing about this one.
            if drop_triggers(transaction, &elsewhere).await? {
                transaction
                    .batch_execute(&format!("delete from rolecall_adopted.missed where about = '{about}'"))
                    .await?;
            }
        }
        if mapping.messages.is_none() {
            drop_views(transaction).await?;
        }
        for statement in statements {
            transaction.batch_execute(statement).await?;
        }
        Ok(())
    })
    .await
}

/// Keeps everybody from writing to a table of the app, where this login may. Making a trigger does the same a moment later.
async fn lock(transaction: &Transaction<'_>, table: &str) -> Result<(), tokio_postgres::Error> {
    let may = "select has_table_privilege($1::text::regclass, 'update, delete, truncate')";
    if transaction.query_one(may, &[&table]).await?.get(0) {
        transaction.batch_execute(&format!("lock table {table} in share row exclusive mode")).await?;
    }
    Ok(())
}

async fn drop_views(transaction: &Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    transaction
        .batch_execute(
            "drop view if exists rolecall_adopted.messages, rolecall_adopted.conversation_participants,
               rolecall_adopted.conversations",
        )
        .await
}

/// Drops the triggers of an adoption for which a condition holds; says whether there were any.
async fn drop_triggers(transaction: &Transaction<'_>, condition: &str) -> Result<bool, tokio_postgres::Error> {
    let rows = transaction
        .query(
            &format!(
                "select format('%I.%I', namespace.nspname, class.relname), trigger.tgname::text,
                   pg_has_role(class.relowner, 'usage'), proc.oid::regprocedure::text
                 from pg_catalog.pg_trigger as trigger
                 join pg_catalog.pg_proc as proc on proc.oid = trigger.tgfoid
                 join pg_catalog.pg_class as class on class.oid = trigger.tgrelid
                 join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
                 where proc.pronamespace = to_regnamespace('rolecall_adopted')
                   and trigger.tgparentid = 0
                   and {condition}
                 -- Users before their requests, as an app writes them, so that nobody waits for each other.
                 order by proc.proname desc, 1, 2"
            ),
            &[],
        )
        .await?;
    for row in &rows {
        let (table, trigger, owned, function): (String, String, bool, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        // A trigger is dropped by the table's owner; another login drops its function, and the trigger with it.
        let statement = if owned {
            format!("drop trigger {} on {table}", postgres_protocol::escape::escape_identifier(&trigger))
        } else {
            format!("drop function if exists {function} cascade")
        };
        transaction.batch_execute(&statement).await?;
    }
    Ok(!rows.is_empty())
}

/// Runs `work` in one transaction, alone among installers and adopters. It waits for the locks of the app's tables in short
/// attempts: while it waits for one, everybody who comes later waits behind it.
async fn patiently(
    client: &mut Client,
    work: impl AsyncFn(&Transaction<'_>) -> Result<(), anyhow::Error>,
) -> Result<()> {
    let mut attempt = 1;
    loop {
        let transaction = client.transaction().await?;
        let done = async {
            transaction
                .batch_execute(
                    "set local lock_timeout = '500ms';
                     set local search_path = pg_catalog, pg_temp;
                     set local client_min_messages = 'warning';
                     set local check_function_bodies = off",
                )
                .await?;
            // Whoever installs holds this table. Where Rolecall is gone, two who take back at once meet at the schema.
            let installed: bool = transaction
                .query_one("select to_regclass('rolecall.schema_migrations') is not null", &[])
                .await?
                .get(0);
            if installed {
                transaction.batch_execute("lock table rolecall.schema_migrations in share row exclusive mode").await?;
            }
            work(&transaction).await
        }
        .await;
        let error = match done {
            Ok(()) => return transaction.commit().await.context("the adoption cannot be committed"),
            Err(error) => error,
        };
        transaction.rollback().await?;
        let Some(database) = error.downcast_ref::<tokio_postgres::Error>() else {
            return Err(error);
        };
        if !is_in_the_way(database) {
            return Err(explained_briefly(database));
        }
        ensure!(
            attempt < ATTEMPTS,
            "a transaction holds a lock on the app's tables, or an installation is at work; nothing was changed: try again ({})",
            explained_briefly(database)
        );
        tokio::time::sleep(Duration::from_millis(u64::from(attempt.min(10)) * 20)).await;
        attempt += 1;
    }
}

/// Whether somebody else's transaction made a statement fail, so that it can be tried again.
fn is_in_the_way(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            // Two who make or drop the schema at once.
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_SCHEMA,
            SqlState::INVALID_SCHEMA_NAME,
            SqlState::INTERNAL_ERROR,
        ]
        .contains(code)
    })
}

/// Takes over the rows that exist, in steps that are each kept; returns how many there were. The triggers are there by now,
/// so no row that is written meanwhile is missed.
async fn backfill(client: &Client, what: &str) -> Result<u64> {
    let statement = format!("select rolecall_adopted.backfill_{what}($1, {STEP_ROWS}, $2)");
    let mut after: Option<String> = None;
    let mut rows = 0;
    let mut attempt = 1;
    loop {
        let ids: Option<Vec<String>> = match client.query_one(&statement, &[&after, &(attempt == STEP_ATTEMPTS)]).await
        {
            Ok(row) => row.get(0),
            Err(error) if is_in_the_way(&error) && attempt < STEP_ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 50)).await;
                attempt += 1;
                continue;
            }
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_FUNCTION) => {
                bail!("the adoption was taken back meanwhile")
            }
            Err(error) => {
                return Err(explained_briefly(&error).context(format!(
                    "{rows} rows of {what} were taken over, and new ones are followed; run adopt again for the rest"
                )));
            }
        };
        attempt = 1;
        let Some(last) = ids.as_ref().and_then(|ids| ids.last()) else {
            return Ok(rows);
        };
        rows += ids.as_ref().map_or(0, |ids| ids.len() as u64);
        after = Some(last.clone());
    }
}

/// Tries again what was in somebody's way; returns the rows that are left.
async fn catch_up(client: &Client) -> Result<i64> {
    let mut attempt = 1;
    loop {
        let caught = async {
            client.batch_execute("update rolecall_adopted.missed set due = clock_timestamp()").await?;
            client.query_one("select rolecall_adopted.catch_up(1000000)", &[]).await
        }
        .await;
        match caught {
            Ok(row) if attempt == STEP_ATTEMPTS || row.get::<_, i64>(0) == 0 => return Ok(row.get(0)),
            Err(error) if attempt == STEP_ATTEMPTS || !is_in_the_way(&error) => {
                return Err(explained_briefly(&error).context("what was missed could not be tried again"));
            }
            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(u64::from(attempt) * 50)).await,
        }
        attempt += 1;
    }
}

/// Indexes without which a page of conversations reads a whole table, and words that nobody has translated.
async fn hints(client: &Client, mapping: &Mapping, tables: &Tables) -> Result<Vec<String>> {
    let mut hints = Vec::new();
    let participants = mapping.participants.as_ref().zip(tables.participants.as_ref());
    let mut wanted = Vec::new();
    if let Some((map, table)) = participants {
        wanted.extend([(table, &map.user), (table, &map.conversation)]);
    }
    if let (Some(map), Some(table)) = (&mapping.conversations, &tables.conversations) {
        wanted.push((table, &map.id));
        wanted.extend(map.requester.iter().chain(&map.helper).map(|column| (table, column)));
    }
    if let (Some(map), Some(table)) = (&mapping.messages, &tables.messages) {
        wanted.push((table, &map.conversation));
    }
    for (table, column) in wanted {
        if !table.is_indexed(column) {
            hints.push(format!(
                "no index begins with {}.{column}, so reading V1 conversations reads the whole table: create index \
                 concurrently on {} ({})",
                table.name,
                table.sql(),
                postgres_protocol::escape::escape_identifier(column)
            ));
        }
    }
    if let (Some(map), Some(table)) = (&mapping.help_requests, &tables.help_requests) {
        let mut known: Vec<&str> = mapping::HELP_STATUSES.to_vec();
        known.extend(map.statuses.keys().map(String::as_str));
        let column = table.column("own", &map.status);
        let rows = client
            .query(
                &format!(
                    "select coalesce({column}::text, 'null'), count(*) from {} as own
                     where ({column}::text = any ($1)) is not true group by 1 order by 2 desc limit 10",
                    table.sql()
                ),
                &[&known],
            )
            .await?;
        for row in rows {
            let (word, count): (String, i64) = (row.get(0), row.get(1));
            hints.push(format!(
                "{count} help requests have the status {word:?}, which is not translated: they are closed"
            ));
        }
    }
    Ok(hints)
}
