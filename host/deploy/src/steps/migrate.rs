//! The pending migrations, each in one transaction.

use crate::database::live;
use crate::flags;
use crate::plan::{Said, Step, Work};
use crate::record::Brought;
use anyhow::{Context, Result};
use rolecall_database::{connect_to, rollback_loss, set_edge_password};
use tokio_postgres::Client;

/// The largest table of which a digest is made: what a migration brings is small.
const DIGEST_ROWS: i64 = 100_000;

/// The step.
pub struct Migrate;

impl Step for Migrate {
    const NAME: &'static str = "migrate";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let waiting = rolecall_database::MIGRATIONS.iter().filter(|each| each.version > work.record.migration_before);
        let waiting: Vec<String> = waiting.map(|each| format!("{:04}_{}", each.version, each.name)).collect();
        Ok(vec![if waiting.is_empty() {
            "nothing to apply".to_owned()
        } else {
            format!("to apply: {}", waiting.join(", "))
        }])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let applied = rolecall_database::apply(&work.settings.admin.to_url()).await;
        // What was applied before a failure stays.
        work.record.migrations = applied_since(work).await?;
        work.schema_changed = !work.record.migrations.is_empty();
        if let Err(error) = applied {
            // A migration that fails leaves nothing; those before it are whole.
            work.schema_changed = false;
            return Err(error);
        }
        let mut said = vec![format!("{} applied", work.record.migrations.len())];
        if work.record.migration_before == 0 {
            said.extend(give_login(work).await?);
        }
        Ok(said)
    }

    fn way_back(&self, work: &Work) -> Said {
        let before = work.record.migration_before;
        let mut said = vec!["the migration that failed has changed nothing, and the server before goes on".to_owned()];
        if !work.record.migrations.is_empty() {
            said.push(format!("those before it stay applied; to take them back: make rollback TO={before}"));
        }
        said
    }
}

async fn applied_since(work: &Work) -> Result<Vec<i32>> {
    let steps = rolecall_database::status(&work.settings.admin.to_url()).await?;
    let applied = steps.iter().filter(|step| step.applied_at.is_some()).map(|step| step.version);
    Ok(applied.filter(|version| *version > work.record.migration_before).collect())
}

/// Gives the functions' login the password that they will use. Only a first installation does: a password that is in use
/// is nobody's to change here. The runner gives it one of its own making where none is named.
async fn give_login(work: &Work) -> Result<Option<String>> {
    let Some(edge) = &work.settings.edge else { return Ok(None) };
    if connect_to(edge).await.is_ok() || !edge.is_edge_login() {
        return Ok(None);
    }
    let config: tokio_postgres::Config =
        edge.driver_url().parse().context("SPIN_VARIABLE_DATABASE_URL cannot be used")?;
    let Some(password) = config.get_password() else { return Ok(None) };
    set_edge_password(&work.settings.admin.to_url(), &String::from_utf8_lossy(password)).await?;
    Ok(Some("rolecall_edge has the password of SPIN_VARIABLE_DATABASE_URL".to_owned()))
}

/// Notes what the new migrations hold, so that an undeploy can tell whether something was written since.
///
/// # Errors
/// The database refuses.
pub async fn note_brought(work: &mut Work) -> Result<()> {
    // A first installation is never taken back: it would take everything with it.
    if work.record.migration_before > 0 && !work.record.migrations.is_empty() {
        work.record.brought = brought(&live(&work.settings).await?, work).await?;
    }
    Ok(())
}

/// Places that triggers keep in step with the flags, which are not lost with them.
const KEPT_BY_TRIGGERS: [&str; 4] = [
    "rolecall.feature_flag_revision",
    "rolecall.feature_flags.is_open",
    "rolecall.rollout_baselines",
    "rolecall.rollout_states",
];

/// The history of flags, in which this program's own switching of maintenance is nothing that somebody wrote.
const FLAG_CHANGES: &str = "rolecall.feature_flag_changes";

/// What a rollback to where the deploy began would delete now.
///
/// # Errors
/// The database refuses.
pub async fn brought(client: &Client, work: &Work) -> Result<Vec<Brought>> {
    let loss = rollback_loss(&work.settings.admin.to_url(), Some(work.record.migration_before)).await?;
    let mut brought = Vec::new();
    for (place, _) in loss.rows.into_iter().filter(|(place, _)| !KEPT_BY_TRIGGERS.contains(&&**place)) {
        let parts: Vec<&str> = place.split('.').collect();
        let (table, value, condition) = match parts[..] {
            [schema, table, column] => {
                (format!("{schema}.{table}"), format!("t.{column}"), format!("t.{column} is not null"))
            }
            _ if place == FLAG_CHANGES => (place.clone(), "t".to_owned(), format!("t.by <> '{}'", flags::ACTOR)),
            _ => (place.clone(), "t".to_owned(), "true".to_owned()),
        };
        let count = format!("select count(*) from {table} as t where {condition}");
        let rows: i64 = client.query_one(&count, &[]).await?.get(0);
        let digest = if rows > DIGEST_ROWS {
            "large".to_owned()
        } else {
            let query = format!(
                "select coalesce(md5(string_agg(md5({value}::text), '' order by md5({value}::text))), '')
                 from {table} as t where {condition}"
            );
            client.query_one(&query, &[]).await?.get(0)
        };
        brought.push(Brought { place, rows, digest });
    }
    Ok(brought)
}
