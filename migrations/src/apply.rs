//! Applying the migrations and taking them back.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::connection::connect;
use crate::files::{DEMO, DEMO_CONVERSATION, MIGRATIONS, Migration};

/// How often a step is tried that lost against another database of the same server (see [`lost_a_race`]).
pub(crate) const ATTEMPTS: u32 = 50;

/// A migration and whether the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The migration's number.
    pub version: i32,
    /// The migration's name.
    pub name: String,
    /// When it was applied, as PostgreSQL prints it in UTC; `None` when it is not.
    pub applied_at: Option<String>,
}

/// Applies every migration that the database at `url` (an administrator's login) does not have yet, each in one
/// transaction, and returns the versions that this call applied. Any number of callers may do so at the same time.
///
/// # Errors
/// When the database cannot be reached or refuses a statement; the migrations before that one stay applied.
pub async fn apply(url: &str) -> Result<Vec<i32>> {
    migrate(&mut connect(url).await?).await
}

/// [`apply`] on a connection that is already open and in no transaction.
///
/// # Errors
/// As [`apply`].
pub async fn migrate(client: &mut Client) -> Result<Vec<i32>> {
    refuse_unknown(client).await?;
    steps(client, &MIGRATIONS.iter().collect::<Vec<_>>(), Direction::Up).await
}

/// Takes back every applied migration newer than `to` (0 takes back all), newest first, each in one transaction, and
/// returns the versions taken back. Their data goes with them.
///
/// # Errors
/// When the database cannot be reached or refuses a statement, for example because objects that are not Rolecall's
/// depend on what would be dropped.
pub async fn rollback(url: &str, to: i32) -> Result<Vec<i32>> {
    let mut client = connect(url).await?;
    take_back(&mut client, to).await
}

/// Takes back the newest applied migration alone and returns its version, `None` when there is none.
///
/// # Errors
/// As [`rollback`].
pub async fn rollback_last(url: &str) -> Result<Option<i32>> {
    let mut client = connect(url).await?;
    let newest = status_of(&client).await?.into_iter().rfind(|step| step.applied_at.is_some());
    match newest {
        Some(step) => Ok(take_back(&mut client, step.version - 1).await?.into_iter().next()),
        None => Ok(None),
    }
}

async fn take_back(client: &mut Client, to: i32) -> Result<Vec<i32>> {
    refuse_unknown(client).await?;
    let newer: Vec<_> = MIGRATIONS.iter().rev().filter(|each| each.version > to).collect();
    steps(client, &newer, Direction::Down).await
}

/// Runs the steps of migrations in this order and returns the versions of those that ran. It begins anew where somebody
/// who goes the other way has meanwhile taken away what a step follows.
async fn steps(client: &mut Client, migrations: &[&Migration], direction: Direction) -> Result<Vec<i32>> {
    let mut ran = Vec::new();
    let mut attempt = 1;
    let mut next = 0;
    while let Some(migration) = migrations.get(next) {
        match step(client, migration, direction).await? {
            Stepped::Ran => {
                ran.push(migration.version);
                next += 1;
            }
            Stepped::Present => next += 1,
            Stepped::Overtaken => {
                ensure!(attempt < ATTEMPTS, "others install and take back Rolecall in this database all the time");
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
                next = 0;
            }
        }
    }
    Ok(ran)
}

/// Whether a step does not follow the state of the database any more: the migration before it is gone, or, on the way
/// back, one behind it is there again.
async fn is_overtaken(client: &Client, version: i32, direction: Direction) -> Result<bool, tokio_postgres::Error> {
    let steps = status_of(client).await?;
    let is_applied = |step: &&Step| step.applied_at.is_some();
    Ok(match direction {
        Direction::Up => version > 1 && !steps.iter().filter(is_applied).any(|step| step.version == version - 1),
        Direction::Down => steps.iter().filter(is_applied).any(|step| step.version > version),
    })
}

/// Every migration of this build and whether the database has it.
///
/// # Errors
/// When the database cannot be reached.
pub async fn status(url: &str) -> Result<Vec<Step>> {
    Ok(status_of(&connect(url).await?).await?)
}

/// The versions that the database has, the oldest first.
pub(crate) async fn applied_versions(client: &Client) -> Result<Vec<i32>> {
    refuse_unknown(client).await?;
    let steps = status_of(client).await?;
    Ok(steps.into_iter().filter(|step| step.applied_at.is_some()).map(|step| step.version).collect())
}

async fn status_of(client: &Client) -> Result<Vec<Step>, tokio_postgres::Error> {
    let mut steps: Vec<Step> = MIGRATIONS
        .iter()
        .map(|migration| Step { version: migration.version, name: migration.name.to_owned(), applied_at: None })
        .collect();
    if !is_installed(client).await? {
        return Ok(steps);
    }
    let rows = client
        .query(
            "select version, name, to_char(applied_at at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
             from rolecall.schema_migrations order by version",
            &[],
        )
        .await?;
    for row in rows {
        let (version, name, at): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
        match steps.iter_mut().find(|step| step.version == version) {
            Some(step) => step.applied_at = Some(at),
            None => steps.push(Step { version, name, applied_at: Some(at) }),
        }
    }
    Ok(steps)
}

/// Whether a migrated database serves any user: every function for users requires the flag `messaging_v2_enabled`.
///
/// # Errors
/// When the database cannot be reached or is not migrated.
pub async fn serves_users(url: &str) -> Result<bool> {
    let sql = "select exists (
           select from rolecall.feature_flags where name = 'messaging_v2_enabled' and rollout <> 'disabled'
         ) or exists (
           select from rolecall.feature_flag_overrides where name = 'messaging_v2_enabled' and rollout <> 'disabled'
         )";
    Ok(connect(url).await?.query_one(sql, &[]).await?.get(0))
}

/// Loads the demo users, shows and help requests. Loading them again moves the shows' dates and changes nothing else.
///
/// # Errors
/// When the database cannot be reached or is not migrated.
pub async fn load_demo(url: &str) -> Result<()> {
    let mut client = connect(url).await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(DEMO).await.map_err(|error| explained(&error, DEMO, "demo.sql"))?;
    transaction.commit().await?;
    Ok(())
}

/// Loads what the demo users have written: one conversation with a report. It stands apart from [`load_demo`], whose people
/// the tests begin with, and have their own conversations.
///
/// # Errors
/// When the database cannot be reached, or does not have the demo users.
pub async fn load_demo_conversation(url: &str) -> Result<()> {
    let mut client = connect(url).await?;
    let transaction = client.transaction().await?;
    let loaded = transaction.batch_execute(DEMO_CONVERSATION).await;
    loaded.map_err(|error| explained(&error, DEMO_CONVERSATION, "demo_conversation.sql"))?;
    transaction.commit().await?;
    Ok(())
}

/// Gives `rolecall_edge`, the login of the functions, a password. It may hold any character. The server is told its
/// SCRAM verifier alone, so that no log of statements ever shows it.
///
/// # Errors
/// When the database cannot be reached, is not migrated, or the login of `url` may not change roles.
pub async fn set_edge_password(url: &str, password: &str) -> Result<()> {
    set_password(url, "rolecall_edge", password).await
}

/// Gives `rolecall_relay`, the login of the relay, a password, as [`set_edge_password`] does.
///
/// # Errors
/// As [`set_edge_password`].
pub async fn set_relay_password(url: &str, password: &str) -> Result<()> {
    set_password(url, "rolecall_relay", password).await
}

async fn set_password(url: &str, role: &str, password: &str) -> Result<()> {
    let client = connect(url).await?;
    let verifier = postgres_protocol::password::scram_sha_256(password.as_bytes());
    // A verifier has digits, letters and $:/+= alone; it needs no quoting.
    let statement = format!("alter role {role} password '{verifier}'");
    let mut attempt = 1;
    while let Err(error) = client.batch_execute(&statement).await {
        if !lost_a_race(&error) || attempt == ATTEMPTS {
            bail!("the password of {role} cannot be set: {}", code_of(&error));
        }
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Up,
    Down,
}

/// What became of a step.
enum Stepped {
    /// It ran.
    Ran,
    /// The database is already where it leads.
    Present,
    /// Somebody who goes the other way has taken away what it follows; nothing was done.
    Overtaken,
}

/// Runs one migration's step unless the database is already where it leads.
async fn step(client: &mut Client, migration: &Migration, direction: Direction) -> Result<Stepped> {
    let mut attempt = 1;
    loop {
        match try_step(client, migration, direction).await {
            Err(StepError::Database(error)) if lost_a_race(&error) && attempt < ATTEMPTS => {
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
            }
            Err(StepError::Database(error)) => {
                let (sql, folder) = match direction {
                    Direction::Up => (migration.up, ""),
                    Direction::Down => (migration.down, "rollback/"),
                };
                let file = format!("{folder}{}", migration.file);
                return Err(explained(&error, sql, &file));
            }
            Err(StepError::Other(error)) => return Err(error),
            Ok(stepped) => return Ok(stepped),
        }
    }
}

enum StepError {
    Database(tokio_postgres::Error),
    Other(anyhow::Error),
}

impl From<tokio_postgres::Error> for StepError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

async fn try_step(client: &mut Client, migration: &Migration, direction: Direction) -> Result<Stepped, StepError> {
    let transaction = client.transaction().await?;
    // Nobody else can lock this table, so one installer at a time works on a database. The first ones of all have no such
    // table yet; of them the second waits where it makes the schema, loses, and is tried again.
    if is_installed(transaction.client()).await? {
        transaction.batch_execute("lock table rolecall.schema_migrations in share row exclusive mode").await?;
    }
    let present = is_applied(transaction.client(), migration.version).await?;
    if !present && direction == Direction::Down {
        return Ok(Stepped::Present);
    }
    // Asked under the lock: after a failure the state might be another one again.
    if is_overtaken(transaction.client(), migration.version, direction).await? {
        return Ok(Stepped::Overtaken);
    }
    let sql = match direction {
        Direction::Up => migration.up,
        Direction::Down => migration.down,
    };
    // What is applied already does nothing, unless it was applied in another state: then it raises.
    transaction.batch_execute(sql).await?;
    if present && direction == Direction::Up {
        return Ok(Stepped::Present);
    }
    if is_applied(transaction.client(), migration.version).await? == present {
        return Err(StepError::Other(anyhow::anyhow!("{} does not keep rolecall.schema_migrations", migration.file)));
    }
    let ours = match direction {
        Direction::Up => is_own_row(transaction.client(), migration.version).await?,
        Direction::Down => true,
    };
    transaction.commit().await?;
    Ok(if ours { Stepped::Ran } else { Stepped::Present })
}

/// Whether this transaction applied a migration, and not another one a moment before.
async fn is_own_row(client: &Client, version: i32) -> Result<bool, tokio_postgres::Error> {
    let row = client
        .query_one(
            "select xmin::text = (pg_current_xact_id()::text::numeric % 4294967296)::text
             from rolecall.schema_migrations where version = $1",
            &[&version],
        )
        .await?;
    Ok(row.get(0))
}

/// A database that a newer build has migrated is not one this build knows how to change.
async fn refuse_unknown(client: &Client) -> Result<()> {
    let mut attempt = 1;
    let steps = loop {
        match status_of(client).await {
            // Somebody took the migrations back between the two looks.
            Err(error) if lost_a_race(&error) && attempt < ATTEMPTS => attempt += 1,
            result => break result?,
        }
    };
    let unknown: Vec<String> = steps
        .iter()
        .filter(|step| !MIGRATIONS.iter().any(|each| each.version == step.version))
        .map(|step| format!("{:04}_{}", step.version, step.name))
        .collect();
    ensure!(
        unknown.is_empty(),
        "the database has migrations that this build does not know ({}): use a newer build",
        unknown.join(", ")
    );
    Ok(())
}

async fn is_installed(client: &Client) -> Result<bool, tokio_postgres::Error> {
    // Asked of the catalogue itself: to_regclass() answers from a cache, which waiting for a lock does not bring up to
    // date. A table of this name without the mark is somebody else's; the migration refuses to go on beside it.
    let row = client
        .query_one(
            "select exists (
               select
               from pg_catalog.pg_class
               join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
               where nspname = 'rolecall' and relname = 'schema_migrations'
                 and pg_catalog.obj_description(pg_class.oid, 'pg_class') ~ '^Rolecall(:|$)'
             )",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

async fn is_applied(client: &Client, version: i32) -> Result<bool, tokio_postgres::Error> {
    if !is_installed(client).await? {
        return Ok(false);
    }
    let row = client
        .query_one("select exists (select from rolecall.schema_migrations where version = $1)", &[&version])
        .await?;
    Ok(row.get(0))
}

/// Roles belong to the whole server, so an installer in another database can be changing the same role, and no advisory
/// lock reaches that far: PostgreSQL answers "tuple concurrently updated" (an internal error), a duplicate, or a
/// deadlock. In one database a rollback takes away what an installer waits for, and what a served request holds may wait for
/// what a step holds. The transaction did nothing, so it is tried again.
pub(crate) fn lost_a_race(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::INTERNAL_ERROR,
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_OBJECT,
            SqlState::UNDEFINED_OBJECT,
            SqlState::UNDEFINED_TABLE,
            SqlState::INVALID_SCHEMA_NAME,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ]
        .contains(code)
    })
}

/// Grows, and differs between processes that start together.
pub(crate) fn pause(attempt: u32) -> Duration {
    let spread = u64::from(uuid::Uuid::new_v4().as_bytes()[0]) % 20;
    Duration::from_millis(u64::from(attempt.min(20)) * 5 + spread)
}

fn code_of(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(database) => format!("{} (SQLSTATE {})", database.message(), database.code().code()),
        None => error.to_string(),
    }
}

/// What the server says about a statement that it refused.
pub(crate) fn explained_briefly(error: &tokio_postgres::Error) -> anyhow::Error {
    let hint = error
        .as_db_error()
        .and_then(|database| database.detail().or(database.hint()))
        .map(|text| format!(" ({text})"))
        .unwrap_or_default();
    anyhow::anyhow!("{}{hint}", code_of(error))
}

/// Names the file and line of a statement that the server refused. The statements of a migration stand in sections of
/// one statement: the server quotes the section back, or names the line that ran it.
pub(crate) fn explained(error: &tokio_postgres::Error, sql: &str, file: &str) -> anyhow::Error {
    use tokio_postgres::error::ErrorPosition;
    let line_of = |at: usize| sql.chars().take(at).filter(|&each| each == '\n').count() + 1;
    let database = error.as_db_error();
    let line = match database.and_then(|database| database.position()) {
        Some(ErrorPosition::Original(at)) => Some(line_of(*at as usize)),
        Some(ErrorPosition::Internal { position, query }) => {
            sql.find(query.as_str()).map(|begin| line_of(sql[..begin].chars().count() + *position as usize))
        }
        None => database.and_then(|database| database.where_()).and_then(|context| section_line(context, sql)),
    };
    let place = line.map_or_else(|| file.to_owned(), |line| format!("{file}, line {line}"));
    let hint = database
        .and_then(|database| database.detail().or(database.hint()))
        .map(|text| format!(" ({text})"))
        .unwrap_or_default();
    anyhow::anyhow!("{place}: {}{hint}", code_of(error))
}

/// The line of the section that PL/pgSQL was in, by the outermost line of an error's context.
fn section_line(context: &str, sql: &str) -> Option<usize> {
    let (_, rest) = context.rsplit_once("inline_code_block line ")?;
    let inside: usize = rest.split(' ').next()?.parse().ok()?;
    let before = sql.lines().position(|line| line.starts_with("do $"))?;
    Some(before + inside)
}
