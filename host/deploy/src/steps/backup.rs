//! A dump of the database, and the proof that it can be restored: the same rows in every table, and the pending migrations
//! apply to the restored copy.

use crate::database::{Scratch, count, live};
use crate::plan::{Said, Step, Work, newest};
use crate::settings::environment;
use crate::tools;
use anyhow::{Context, Result, bail};
use rolecall_database::connect_to;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The step.
pub struct Backup;

impl Step for Backup {
    const NAME: &'static str = "backup";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let tables = count(&live(&work.settings).await?).await?;
        let rows: i64 = tables.iter().map(|(_, rows)| rows).sum();
        Ok(vec![format!("{} tables with {rows} rows", tables.len())])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let file = dump_file(work)?;
        let counts = dump(work, &file).await?;
        let mut said = vec![format!("dumped to {}", file.display())];
        let scratch = Scratch::make(&work.settings, "restored").await?;
        let proven = prove(work, &scratch, &file, &counts).await;
        scratch.drop().await?;
        said.extend(proven?);
        work.record.backup = Some(file);
        Ok(said)
    }

    fn way_back(&self, _: &Work) -> Said {
        vec!["nothing was changed; a scratch database that is left behind is named rolecall_scratch_…".to_owned()]
    }
}

/// An undeploy has a backup of its own beside that of the deploy.
fn dump_file(work: &Work) -> Result<PathBuf> {
    let folder = work.store.of(&work.record.id)?;
    let name = if work.record.backup.is_some() { "before_undeploy.dump" } else { "before.dump" };
    Ok(folder.join(name))
}

/// Dumps and counts what one moment's snapshot shows, while everybody goes on working.
async fn dump(work: &Work, file: &Path) -> Result<Vec<(String, i64)>> {
    let client = live(&work.settings).await?;
    client.batch_execute("begin isolation level repeatable read read only").await?;
    let snapshot: String = client.query_one("select pg_export_snapshot()", &[]).await?.get(0);
    let admin = &work.settings.admin;
    let mut command = Command::new(tools::of_postgres("pg_dump")?);
    command.envs(environment(admin, &admin.database)?);
    command.args(["--format=custom", &format!("--snapshot={snapshot}"), "--file"]).arg(file);
    tools::run(command).await?;
    let counts = count(&client).await?;
    client.batch_execute("commit").await?;
    Ok(counts)
}

async fn prove(work: &Work, scratch: &Scratch, file: &Path, counts: &[(String, i64)]) -> Result<Said> {
    let mut command = Command::new(tools::of_postgres("pg_restore")?);
    command.envs(environment(&scratch.address, &scratch.address.database)?);
    command.args(["--no-owner", "--exit-on-error"]);
    if !work.settings.is_scratch_beside() {
        // Another server need not have our roles.
        command.arg("--no-privileges");
    }
    command.arg("--dbname").arg(&scratch.address.database).arg(file);
    tools::run(command).await.context("the dump cannot be restored")?;
    let restored = count(&connect_to(&scratch.address).await?).await?;
    if restored != counts {
        bail!("the restored dump is not the database: {}", differences(counts, &restored).join(", "));
    }
    let mut said = vec![format!("restored: {} tables, the same rows in each", counts.len())];
    if work.version == newest() {
        let applied = rolecall_database::apply(&scratch.address.to_url()).await;
        let applied = applied.context("a migration does not apply to the restored copy")?;
        if !applied.is_empty() {
            said.push(format!("on the copy, the pending migrations apply: {}", applied.len()));
        }
    }
    Ok(said)
}

fn differences(counts: &[(String, i64)], restored: &[(String, i64)]) -> Vec<String> {
    let get =
        |all: &[(String, i64)], table: &str| all.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows);
    let mut tables: Vec<&String> = counts.iter().chain(restored).map(|(table, _)| table).collect();
    tables.sort();
    tables.dedup();
    tables
        .into_iter()
        .map(|table| (table, get(counts, table), get(restored, table)))
        .filter(|(_, live, copy)| live != copy)
        .map(|(table, live, copy)| format!("{table} has {live} rows and its copy {copy}"))
        .collect()
}
