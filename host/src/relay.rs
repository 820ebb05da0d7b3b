//! The relay: as a process of its own (`rolecall relay`), and within the runner.

use crate::cli;
use crate::database::Database;
use crate::log::Log;
use crate::realtime::Access;
use crate::state_dir::StateDir;
use crate::up::stop_signal;
use anyhow::{Context, anyhow, bail};
use rolecall_database::{connect_to, set_relay_password};
use rolecall_relay::{CancellationToken, Report, Settings, run};
use rolecall_shared::postgres::{Address, EDGE_LOGIN, RELAY_LOGIN};
use rolecall_shared::rules::rollout::Rollouts;
use rolecall_shared::wire::log::{Level, Line};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::runtime::Builder;

/// The relay's login, in the environment or in `.env`.
pub const RELAY_URL: &str = "RELAY_DATABASE_URL";

/// What the command line says of webhooks, in the environment or in `.env`.
pub const ALLOWED_HOSTS: &str = "WEBHOOK_ALLOW_HOSTS";
/// Likewise.
pub const WEBHOOK_CA: &str = "WEBHOOK_CA";

/// Relays until a signal comes.
///
/// # Errors
/// The settings cannot be read. What fails later is tried again, and is no error.
// Not `pub`, as `up` is not.
pub(crate) async fn relay(settings: cli::Relay, log: &Log) -> anyhow::Result<()> {
    let mut signal = stop_signal()?;
    let cli::Relay { database, nats, nats_creds, nats_system_creds, nats_ca, webhooks, rollouts } = settings;
    let mut settings = match nats.filter(|nats| !nats.trim().is_empty()) {
        Some(nats) => Settings::new(&database, &nats)?,
        None => Settings::webhooks_alone(&database)?,
    };
    settings = with_webhooks(settings.rollouts(rollouts), webhooks)?;
    if let Some(file) = nats_creds {
        settings = settings.credentials(file)?;
    }
    if let Some(file) = nats_system_creds {
        settings = settings.system_credentials(file)?;
    }
    if let Some(file) = nats_ca {
        settings = settings.ca(file);
    }
    let stop = CancellationToken::new();
    let stopping = async {
        signal.wait().await;
        stop.cancel();
    };
    tokio::join!(run(settings, report(log), stop.clone()), stopping);
    Ok(())
}

/// What webhooks may do: as the command line and the environment say, or else the file of settings.
///
/// # Errors
/// The file says something that cannot be read.
pub fn webhooks(given: &cli::Webhooks, file: &HashMap<String, String>) -> anyhow::Result<cli::Webhooks> {
    let in_file = |name| file.get(name).filter(|value| !value.is_empty());
    let mut webhooks = given.clone();
    if let (None, Some(hosts)) = (&webhooks.allow_hosts, in_file(ALLOWED_HOSTS)) {
        webhooks.allow_hosts = Some(hosts.parse().context(ALLOWED_HOSTS)?);
    }
    if let (None, Some(ca)) = (&webhooks.ca, in_file(WEBHOOK_CA)) {
        webhooks.ca = Some(PathBuf::from(ca));
    }
    Ok(webhooks)
}

fn with_webhooks(settings: Settings, webhooks: cli::Webhooks) -> anyhow::Result<Settings> {
    let settings = settings.allowed_hosts(webhooks.allow_hosts.unwrap_or_default());
    match webhooks.ca {
        Some(file) => settings.webhook_ca(file),
        None => Ok(settings),
    }
}

/// The relay within the runner, on a thread of its own: the one that serves requests has them to do.
pub struct Relaying {
    stop: CancellationToken,
    thread: JoinHandle<()>,
}

/// What the runner's relay works with.
pub struct RelaySetup<'a> {
    /// The runner's database.
    pub database: &'a Database,
    /// The address of [`RELAY_URL`], if it is given.
    pub url: Option<&'a str>,
    /// The runner's state directory.
    pub state: &'a StateDir,
    /// The runner's NATS; without one, there are webhooks alone.
    pub access: Option<&'a Access>,
    /// What webhooks may do.
    pub webhooks: cli::Webhooks,
    /// The application's variable `rollouts`.
    pub rollouts: Rollouts,
}

impl Relaying {
    /// Starts the relay; none where the database gives it no login, which is no reason not to serve: clients call sync.
    pub async fn start(setup: RelaySetup<'_>, log: &Log) -> Option<Relaying> {
        let access = setup.access;
        match Relaying::try_start(setup, log).await {
            Ok(relaying) => Some(relaying),
            Err(error) => {
                let (level, without) = match access {
                    Some(_) => (Level::Warn, "nothing is pushed, clients call sync, and no webhook is delivered"),
                    None => (Level::Info, "no webhook is delivered"),
                };
                let cause = format!("{error:#}; {without}");
                log.print(&Line { cause: Some(&cause), ..Line::new(level, "host", "no_relay") }, &());
                None
            }
        }
    }

    async fn try_start(setup: RelaySetup<'_>, log: &Log) -> anyhow::Result<Relaying> {
        let address = match setup.url {
            Some(given) => given.to_owned(),
            None => own_login(setup.database, setup.state).await?.to_url(),
        };
        let settings = match setup.access {
            Some(access) => Settings::new(&address, &access.url)?
                .credentials(access.credentials.clone())?
                .system_credentials(access.system_credentials.clone())?,
            None => Settings::webhooks_alone(&address)?,
        };
        let settings = with_webhooks(settings.rollouts(setup.rollouts), setup.webhooks)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, report) = (CancellationToken::new(), report(log));
        let stopped = stop.clone();
        let relaying = move || runtime.block_on(run(settings, report, stopped));
        let thread = std::thread::Builder::new().name("relay".to_owned()).spawn(relaying)?;
        Ok(Relaying { stop, thread })
    }

    /// Stops it once NATS has had, and the outbox has lost, what is on the way.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic of the relay has already been reported by the panic itself.
        let _ = tokio::task::spawn_blocking(|| self.thread.join()).await;
    }
}

/// Gives the relay's login a password of the runner's making, as the functions' login has one.
async fn own_login(database: &Database, state: &StateDir) -> anyhow::Result<Address> {
    let Some(admin) = &database.admin else {
        bail!("the relay has no login: set {RELAY_URL} to that of {RELAY_LOGIN}");
    };
    let password = state.secret("relay_password")?;
    let set = set_relay_password(&admin.to_url(), &password).await;
    set.with_context(|| format!("giving {RELAY_LOGIN} a password (set {RELAY_URL} to do it yourself)"))?;
    // What a pooler wants behind the name of a login, it wants behind each.
    let suffix = database.edge.user.strip_prefix(EDGE_LOGIN).filter(|suffix| suffix.starts_with('.')).unwrap_or("");
    let address = admin.with_login(&format!("{RELAY_LOGIN}{suffix}"), &password);
    connect_to(&address).await.map_err(|error| anyhow!("the relay's login: {error:#}"))?;
    Ok(address)
}

/// The relay's lines go where the runner's go.
fn report(log: &Log) -> Report {
    let log = log.clone();
    Arc::new(move |line| log.print(line, &()))
}
