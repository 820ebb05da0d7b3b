//! What would make a deploy fail, found before anything is changed.

use crate::cli::Target;
use crate::database::live;
use crate::flags::{self, MAINTENANCE, is_partial};
use crate::plan::{Said, Step, Work, newest};
use crate::record::Outcome;
use crate::server;
use crate::settings::Settings;
use crate::steps::application::Application;
use crate::tools;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use tokio_postgres::Client;

/// Connections that Spin keeps for a component.
const SPIN_CONNECTIONS: usize = 64;

/// Connections that the runner keeps for a component, unless it is told otherwise.
const RUNNER_CONNECTIONS: usize = 32;

/// Connections that this program and somebody with psql need.
const SPARE_CONNECTIONS: usize = 4;

/// The step.
pub struct Preflight;

impl Step for Preflight {
    const NAME: &'static str = "preflight";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let mut said = Vec::new();
        let mut faults = Vec::new();
        let mut check = |what: &str, found: Result<String>| match found {
            Ok(found) => said.push(format!("{what}: {found}")),
            Err(error) => faults.push(format!("{what}: {error:#}")),
        };
        check("tools", tools_of(&work.settings).await);
        let application = Application::read(&work.settings.manifest);
        match live(&work.settings).await {
            Err(error) => check("database", Err(error)),
            Ok(client) => {
                check("database", database(work, &client).await);
                check("migrations", pending(work, &client).await);
                check("flags", flags_allow(work, &client).await);
                match &application {
                    Ok(application) => check("connections", connections(work, &client, application).await),
                    Err(error) => check("components", Err(anyhow::anyhow!("{error:#}"))),
                }
            }
        }
        check("target", target(work));
        ensure!(faults.is_empty(), "{}", faults.join("\n"));
        Ok(said)
    }

    async fn act(&self, _: &mut Work) -> Result<Said> {
        Ok(Vec::new())
    }

    fn way_back(&self, _: &Work) -> Said {
        vec!["nothing was changed".to_owned()]
    }
}

/// The programs that the later steps run, with their versions.
///
/// # Errors
/// All that are missing.
pub async fn tools_of(settings: &Settings) -> Result<String> {
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut note = |program: Result<String>| match program {
        Ok(program) => found.push(program),
        Err(error) => missing.push(format!("{error:#}")),
    };
    for name in ["pg_dump", "pg_restore"] {
        note(match tools::of_postgres(name) {
            Ok(program) => tools::version(&program).await,
            Err(error) => Err(error),
        });
    }
    match settings.target {
        Target::Local => note(match tools::find(&settings.runner.to_string_lossy()) {
            Ok(program) => tools::version(&program).await,
            Err(error) => Err(error.context("the runner is not built: run make build")),
        }),
        Target::Spin | Target::Spinkube => note(spin(settings).await),
    }
    if settings.target == Target::Spinkube {
        note(tools::find(&settings.kubectl).map(|program| program.display().to_string()));
    }
    ensure!(missing.is_empty(), "{}", missing.join("\n"));
    Ok(found.join(", "))
}

/// The functions need Spin 4.1 or newer.
async fn spin(settings: &Settings) -> Result<String> {
    let version = tools::version(&tools::find(&settings.spin)?).await?;
    let number = version.split(' ').nth(1).unwrap_or_default();
    let mut parts = number.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let is_new = (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (4, 1);
    ensure!(is_new, "Spin 4.1 or newer is needed; {} says {version:?}", settings.spin);
    Ok(version)
}

async fn database(work: &Work, client: &Client) -> Result<String> {
    let row =
        client.query_one("select current_setting('server_version_num')::int, current_database()::text", &[]).await?;
    let (number, name): (i32, String) = (row.get(0), row.get(1));
    let server = u32::try_from(number / 10_000).unwrap_or(0);
    ensure!(server >= 15, "PostgreSQL 15 or newer is needed; the server is {server}");
    if let Ok(program) = tools::of_postgres("pg_dump") {
        let client = tools::major(&tools::version(&program).await?).unwrap_or(0);
        ensure!(
            client >= server,
            "pg_dump {client} cannot dump a server {server}: install postgresql-client-{server}, or name its folder in \
             PG_BIN_DIR"
        );
    }
    Ok(format!("{name} at {}, PostgreSQL {server}", work.settings.admin))
}

async fn pending(work: &mut Work, client: &Client) -> Result<String> {
    let url = work.settings.admin.to_url();
    let steps = rolecall_database::status(&url).await?;
    let has_flags = !flags::all(client).await?.is_empty();
    let applied: Vec<i32> = steps.iter().filter(|step| step.applied_at.is_some()).map(|step| step.version).collect();
    if let Some(unknown) = applied.iter().find(|version| **version > newest()) {
        bail!("the database has migration {unknown:04}, which this build does not know: deploy a newer build");
    }
    work.record.migration_before = applied.iter().copied().max().unwrap_or(0);
    let waiting: Vec<String> = steps
        .iter()
        .filter(|step| step.applied_at.is_none())
        .map(|step| format!("{:04}_{}", step.version, step.name))
        .collect();
    Ok(match (applied.is_empty() && !has_flags, waiting.is_empty()) {
        (true, _) => format!("Rolecall is not installed yet; to apply: {}", waiting.join(", ")),
        (false, true) => format!("the database has all, up to {:04}", work.record.migration_before),
        (false, false) => format!("to apply: {}", waiting.join(", ")),
    })
}

/// No flag may stand between nobody and everybody: a stage of a rollout is measured, and a new build in the middle of it
/// would mix two builds' figures. Maintenance may be on only if it was the last deploy that left it on.
async fn flags_allow(work: &mut Work, client: &Client) -> Result<String> {
    let all = flags::all(client).await?;
    let deploys = work.store.all()?;
    let since_done = deploys.iter().rev().take_while(|deploy| deploy.outcome != Outcome::Done);
    let is_left = since_done.into_iter().any(|deploy| deploy.outcome.may_have_left_maintenance());
    if all.get(MAINTENANCE).is_some_and(|rollout| rollout != "disabled") && !is_left {
        bail!(
            "maintenance is on, and no deploy of this state directory has left it on. If nobody else is at work: {}",
            work.settings.psql(&flags::statement(false, "nobody is at work"))
        );
    }
    let partial: Vec<String> = all
        .iter()
        .filter(|(_, rollout)| is_partial(rollout))
        .map(|(name, rollout)| format!("{name} = {rollout}"))
        .collect();
    if !partial.is_empty() && !work.settings.during_rollout {
        bail!(
            "a rollout is under way ({}): its figures would be those of two builds. Finish it or set the flag to disabled \
             first, or say DURING_ROLLOUT=1",
            partial.join(", ")
        );
    }
    let on = all.values().filter(|rollout| *rollout == "enabled").count();
    work.record.flags_before = all;
    let count = work.record.flags_before.len();
    Ok(match (count, partial.is_empty()) {
        (0, _) => "none yet; a new installation begins with the functions off".to_owned(),
        (_, true) => format!("{count}, {on} of them on for everybody, none for some users only"),
        (_, false) => format!("{count}; under way, as agreed by DURING_ROLLOUT: {}", partial.join(", ")),
    })
}

/// Replicas × components × connections must fit, beside what others hold.
async fn connections(work: &mut Work, client: &Client, application: &Application) -> Result<String> {
    let row = client
        .query_one(
            "select
               current_setting('max_connections')::int,
               current_setting('superuser_reserved_connections')::int
                 + coalesce(current_setting('reserved_connections', true), '0')::int,
               (
                 select count(*)::int
                 from pg_catalog.pg_stat_activity
                 where backend_type = 'client backend'
                   and usename is distinct from 'rolecall_edge'
               )",
            &[],
        )
        .await?;
    let [most, reserved, others]: [usize; 3] = [0, 1, 2].map(|i| usize::try_from(row.get::<_, i32>(i)).unwrap_or(0));
    let free = most.saturating_sub(reserved + others + SPARE_CONNECTIONS);
    let components = application.with_database;
    let settings = &mut work.settings;
    let (replicas, each, why) = match settings.target {
        // The old and the new server serve side by side for a moment.
        Target::Local => {
            let fits = free / (components * 2).max(1);
            let each = settings.connections.unwrap_or(RUNNER_CONNECTIONS.min(fits.max(2)));
            settings.connections = Some(each);
            (2, each, "the old and the new server")
        }
        Target::Spin => (1, SPIN_CONNECTIONS, "one server"),
        Target::Spinkube => (replicas(&settings.manifests)?, SPIN_CONNECTIONS, "replicas"),
    };
    let wanted = replicas * components * each;
    let sum = format!("{replicas} ({why}) × {components} components × {each} = {wanted}, of {free} free of {most}");
    if wanted <= free {
        return Ok(sum);
    }
    if settings.pooler {
        return Ok(format!("{sum}; a pooler bounds them (POOLER=1)"));
    }
    let advice = match settings.target {
        Target::Local => format!("CONNECTIONS={}", (free / (components * 2).max(1)).max(1)),
        _ => "fewer replicas, or POOLER=1 if a pooler in session mode bounds them".to_owned(),
    };
    bail!("{sum}: raise max_connections to {} or more, or say {advice}", wanted + most - free)
}

/// The most replicas that the manifests allow, and one more while pods are replaced.
fn replicas(manifests: &Path) -> Result<usize> {
    let mut most = 1;
    for entry in std::fs::read_dir(manifests).with_context(|| format!("no manifests in {}", manifests.display()))? {
        let text = std::fs::read_to_string(entry?.path()).unwrap_or_default();
        for line in text.lines() {
            let number = line.trim().strip_prefix("replicas:").or_else(|| line.trim().strip_prefix("maxReplicas:"));
            most = number.and_then(|number| number.trim().parse().ok()).map_or(most, |number: usize| most.max(number));
        }
    }
    Ok(most + 1)
}

/// Whether the target is there to be deployed to.
fn target(work: &mut Work) -> Result<String> {
    let settings = &work.settings;
    match settings.target {
        Target::Local => match server::running(&settings.state_dir) {
            Some(running) if running.embedded => bail!(
                "process {} serves {} with an embedded PostgreSQL, which ends with it: stop it first",
                running.pid,
                running.address
            ),
            Some(running) if !server::offers_its_port(&settings.state_dir) => bail!(
                "process {} serves {} and does not hand its port over, as runners before --take-over: stop it first",
                running.pid,
                running.address
            ),
            Some(running) => Ok(format!("process {} serves {}; its port is taken over", running.pid, running.address)),
            None => Ok("no server runs; one is started".to_owned()),
        },
        Target::Spin => Ok("one server on this machine; it is stopped before the new one starts".to_owned()),
        Target::Spinkube => {
            ensure!(
                settings.manifests.join("spinapp.yaml").is_file(),
                "{} has no spinapp.yaml",
                settings.manifests.display()
            );
            Ok(format!("image {}", settings.image.as_deref().unwrap_or_default()))
        }
    }
}
