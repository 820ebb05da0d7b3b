//! The steps that only `undeploy` takes.

use crate::cli::Target;
use crate::database::live;
use crate::flags::{self, MAINTENANCE, reach};
use crate::plan::{Said, Step, Work, newest};
use crate::server;
use crate::steps::migrate::brought;
use crate::steps::preflight::tools_of;
use crate::steps::publish::{local, spin, spinkube};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;

/// Whether the last deploy can be taken back.
pub struct Preflight;

impl Step for Preflight {
    const NAME: &'static str = "preflight";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let mut said = vec![format!("tools: {}", tools_of(&work.settings).await?)];
        let steps = rolecall_database::status(&work.settings.admin.to_url()).await?;
        work.version =
            steps.iter().filter(|step| step.applied_at.is_some()).map(|step| step.version).max().unwrap_or(0);
        ensure!(
            work.version <= newest(),
            "the database has migration {:04}, which this build does not know: use the build that applied it",
            work.version
        );
        let deployed = work.record.migrations.last().copied().unwrap_or(work.record.migration_before);
        ensure!(
            work.version <= deployed,
            "migration {:04} was applied after the deploy {}: take it back first (make rollback), or deploy its build",
            work.version,
            work.record.id
        );
        said.push(match &work.previous {
            Some(previous) => format!("back from {} to {} (version {})", work.record.id, previous.id, previous.version),
            None => format!("{} is the first deploy: its server is stopped, the database stays", work.record.id),
        });
        if let Some(previous) = &work.previous {
            work.expected_version = previous.version.clone();
            let is_there =
                previous.image.is_some() || previous.application.as_deref().is_some_and(|folder| folder.is_dir());
            ensure!(is_there, "the files of the deploy {} are gone; check out its commit and deploy it", previous.id);
        }
        Ok(said)
    }

    async fn act(&self, _: &mut Work) -> Result<Said> {
        Ok(Vec::new())
    }

    fn way_back(&self, _: &Work) -> Said {
        vec!["nothing was changed".to_owned()]
    }
}

/// The functions of the deploy before take the place of those of the last.
pub struct Publish;

impl Step for Publish {
    const NAME: &'static str = "publish";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        Ok(vec![match (&work.previous, work.settings.target) {
            (Some(previous), Target::Spin) => spin::start_line(work, previous),
            (Some(previous), _) => format!("serve what the deploy {} published", previous.id),
            (None, Target::Spinkube) => format!("{} delete spinapp rolecall", work.settings.kubectl),
            (None, _) => "stop the server".to_owned(),
        }])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let Some(previous) = work.previous.clone() else { return stop(work).await };
        let folder = previous.application.clone();
        match work.settings.target {
            Target::Local => {
                let folder = folder.context("the deploy before has no files")?;
                let program = folder.join(work.settings.runner.file_name().unwrap_or_default());
                local::serve(work, &program, &folder.join("spin.toml"), previous.connections).await
            }
            Target::Spin => {
                let source = spin::source(work, previous.image.as_deref(), folder);
                spin::serve(work, &source).await
            }
            Target::Spinkube => spinkube::apply(work, &folder.context("the deploy before has no manifests")?).await,
        }
    }

    fn way_back(&self, _: &Work) -> Said {
        vec!["the schema was not changed; once the cause is mended: make undeploy".to_owned()]
    }
}

async fn stop(work: &mut Work) -> Result<Said> {
    match work.settings.target {
        Target::Local => match server::running(&work.settings.state_dir) {
            Some(running) => {
                server::stop(running.pid).await?;
                Ok(vec![format!("process {} has answered its last request and ended", running.pid)])
            }
            None => Ok(vec!["no server runs".to_owned()]),
        },
        Target::Spin => match work.record.pid.filter(|pid| server::is_run_of(*pid, &work.settings.spin)) {
            Some(pid) => {
                server::stop(pid).await?;
                Ok(vec![format!("process {pid} has ended")])
            }
            None => Ok(vec!["no server runs".to_owned()]),
        },
        Target::Spinkube => {
            let mut command = std::process::Command::new(crate::tools::find(&work.settings.kubectl)?);
            command.args(["delete", "spinapp", "rolecall", "--ignore-not-found"]);
            Ok(crate::tools::run(command).await?.lines().map(str::to_owned).collect())
        }
    }
}

/// Flags that reach further than before the deploy go back to where they were; none is raised. A flag that the deploy
/// brought is switched off, unless one from before requires it: that would switch off what was on before.
pub struct Flags;

impl Step for Flags {
    const NAME: &'static str = "flags";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let changes = changes(work).await?;
        Ok(if changes.is_empty() {
            vec!["none reaches further than before".to_owned()]
        } else {
            changes.iter().map(|(name, from, to)| format!("{name}: {from} → {to}")).collect()
        })
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let changes = changes(work).await?;
        let mut client = live(&work.settings).await?;
        for (name, _, to) in &changes {
            flags::set(&mut client, name, to, &format!("undeploy of {}", work.record.id)).await?;
        }
        Ok(Vec::new())
    }

    fn way_back(&self, _: &Work) -> Said {
        vec!["the earlier functions serve already; once the cause is mended: make undeploy".to_owned()]
    }
}

async fn changes(work: &Work) -> Result<Vec<(String, String, String)>> {
    let client = live(&work.settings).await?;
    let now = flags::all(&client).await?;
    let before = &work.record.flags_before;
    if before.is_empty() {
        // A first installation: nothing was on before.
        return Ok(now
            .into_iter()
            .filter(|(name, rollout)| name != MAINTENANCE && rollout != "disabled")
            .map(|(name, rollout)| (name, rollout, "disabled".to_owned()))
            .collect());
    }
    let required = required(&client, before.keys().cloned().collect()).await?;
    let lowered = now.into_iter().filter(|(name, _)| name != MAINTENANCE).filter_map(|(name, rollout)| {
        let wanted = match before.get(&name) {
            Some(wanted) => wanted.clone(),
            None if required.contains(&name) => return None,
            None => "disabled".to_owned(),
        };
        (reach(&rollout) > reach(&wanted)).then_some((name, rollout, wanted))
    });
    Ok(lowered.collect())
}

/// The flags that flags of before require.
async fn required(client: &tokio_postgres::Client, before: BTreeSet<String>) -> Result<BTreeSet<String>> {
    let has_column = "select exists (
        select from pg_catalog.pg_attribute
        where attrelid = 'rolecall.feature_flags'::regclass and attname = 'requires' and not attisdropped
      )";
    if !client.query_one(has_column, &[]).await?.get::<_, bool>(0) {
        return Ok(BTreeSet::new());
    }
    let rows =
        client.query("select name, requires from rolecall.feature_flags where requires is not null", &[]).await?;
    let pairs = rows.iter().map(|row| (row.get::<_, String>(0), row.get::<_, String>(1)));
    Ok(pairs.filter(|(name, _)| before.contains(name)).map(|(_, required)| required).collect())
}

/// The deploy's migrations are taken back where that loses nothing: where the tables and columns that they brought hold
/// what they held when the deploy ended. Otherwise they stay, and the earlier functions work with the newer schema.
pub struct Migrations;

impl Step for Migrations {
    const NAME: &'static str = "migrations";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let (before, applied) = (work.record.migration_before, &work.record.migrations);
        Ok(vec![if applied.is_empty() {
            "the deploy applied none".to_owned()
        } else if before == 0 {
            "the deploy installed Rolecall: its tables and all that was written stay".to_owned()
        } else {
            format!("back to {before:04}, if nothing was written since that would be lost")
        }])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let before = work.record.migration_before;
        if before == 0 || work.record.migrations.is_empty() || work.version == before {
            return Ok(Vec::new());
        }
        let now = brought(&live(&work.settings).await?, work).await?;
        let written: Vec<String> = now
            .iter()
            .filter(|place| !work.record.brought.contains(place))
            .map(|place| format!("{} ({} rows)", place.place, place.rows))
            .collect();
        if !written.is_empty() {
            return Ok(vec![
                format!("they stay: what was written since would be lost in {}", written.join(", ")),
                "the earlier functions work with the newer schema, and the flags above are as before".to_owned(),
                format!("to take them back all the same, with these rows: make rollback TO={before}"),
            ]);
        }
        let back = rolecall_database::rollback(&work.settings.admin.to_url(), before).await?;
        work.version = before;
        work.schema_changed = true;
        Ok(vec![format!("{} taken back; nothing was written in them since the deploy", back.len())])
    }

    fn way_back(&self, work: &Work) -> Said {
        vec![
            "the earlier functions serve, with the schema as far as it was taken back".to_owned(),
            format!("once the cause is mended: make rollback TO={}", work.record.migration_before),
        ]
    }
}
