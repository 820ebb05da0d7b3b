//! NATS beside the runner, looked after: a server that ends is started again for as long as the runner serves. Without one
//! the runner serves as well, and clients call sync.
//!
//! Who gives account and key of a NATS brings it along, and whoever sets `realtime_url` to nothing wants none; otherwise the
//! runner starts one in the state directory. An address alone is what clients are told: that of a proxy in front.

use crate::cli::Up;
use crate::configuration::{REALTIME_ACCOUNT, REALTIME_SIGNING_KEY, REALTIME_URL};
use crate::log::Log;
use crate::manifest::variables::{Sources, VariableDeclaration};
use crate::state_dir::StateDir;
use anyhow::{Context, bail};
use rolecall_nats::{Nats, Options};
use rolecall_shared::wire::log::{Level, Line};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

/// How often the server is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The pause before a server is started again, which doubles while that fails, and its bound.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The runner's own NATS.
pub struct Realtime {
    nats: Arc<Mutex<Nats>>,
    is_wanted: Arc<AtomicBool>,
    task: JoinHandle<()>,
    /// What the relay needs.
    pub access: Access,
}

/// How the relay reaches NATS.
#[derive(Clone, Debug)]
pub struct Access {
    /// The server.
    pub url: String,
    /// The file with which it publishes.
    pub credentials: PathBuf,
    /// The file with which it hears who is connected.
    pub system_credentials: PathBuf,
}

/// Whether the runner is to start a NATS of its own: account and key are given by nobody, and nobody wants none.
pub fn is_wanted(up: &Up, declared: &BTreeMap<String, VariableDeclaration>, sources: &Sources) -> bool {
    let is_given = |name| sources.get(name).is_some_and(|value| !value.trim().is_empty());
    declared.contains_key(REALTIME_URL)
        && !up.no_realtime
        && sources.get(REALTIME_URL).is_none_or(|url| !url.trim().is_empty())
        && !is_given(REALTIME_ACCOUNT)
        && !is_given(REALTIME_SIGNING_KEY)
}

impl Realtime {
    /// Starts NATS and gives the functions what they need of it; none where it cannot be started, which is no reason not to
    /// serve.
    ///
    /// # Errors
    /// Clients are to be told an address, and there is nothing behind it.
    pub async fn start(
        up: &Up,
        state: &StateDir,
        sources: &mut Sources,
        log: &Log,
    ) -> anyhow::Result<Option<Realtime>> {
        let options = Options {
            home: Some(state.nats()),
            program: up.nats_server.clone(),
            port: up.nats_port,
            websocket_port: up.realtime_port,
        };
        let nats = match spawn_blocking(|| Nats::new(options)).await? {
            Ok(nats) => nats,
            Err(error) if sources.get(REALTIME_URL).is_some() => {
                return Err(error.context("realtime_url is given without a key, and NATS cannot be started"));
            }
            Err(error) => {
                let cause = format!("{error:#}; realtime is off, and clients call sync");
                log.print(&Line { cause: Some(&cause), ..Line::new(Level::Warn, "host", "no_realtime") }, &());
                return Ok(None);
            }
        };
        let (started, nats) = spawn_blocking(|| start(nats)).await?;
        let provided = &mut sources.provided;
        provided.insert(REALTIME_URL.to_owned(), nats.websocket_url());
        // Empty ones, which may be given, are none.
        sources.replaced.insert(REALTIME_ACCOUNT.to_owned(), nats.account());
        sources.replaced.insert(REALTIME_SIGNING_KEY.to_owned(), nats.signing_key().to_owned());
        let access = Access {
            url: nats.url(),
            credentials: nats.relay_credentials(),
            system_credentials: nats.system_credentials(),
        };
        let nats = Arc::new(Mutex::new(nats));
        let is_wanted = Arc::new(AtomicBool::new(true));
        let carer = Carer { nats: nats.clone(), is_wanted: is_wanted.clone(), log: log.clone() };
        let task = tokio::spawn(carer.run(started.err()));
        Ok(Some(Realtime { nats, is_wanted, task, access }))
    }

    /// Stops the server.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.is_wanted.store(false, Ordering::Relaxed);
        self.task.abort();
        // A start that has begun goes on; then it is waited for, and stopped.
        let mut nats = self.nats.lock_owned().await;
        spawn_blocking(move || nats.stop()).await?.context("stopping NATS")
    }
}

/// Refuses an address for which nobody has a key.
///
/// # Errors
/// `realtime_url` is given, and neither account nor key.
pub fn refuse_address_without_key(sources: &Sources) -> anyhow::Result<()> {
    let is_given = |name| sources.get(name).is_some_and(|value| !value.trim().is_empty());
    if is_given(REALTIME_URL) && !is_given(REALTIME_SIGNING_KEY) {
        bail!("realtime_url is given without realtime_account and realtime_signing_key");
    }
    Ok(())
}

fn start(mut nats: Nats) -> (anyhow::Result<()>, Nats) {
    let started = nats.start();
    (started, nats)
}

/// Looks after a server until it is not wanted any more.
struct Carer {
    nats: Arc<Mutex<Nats>>,
    is_wanted: Arc<AtomicBool>,
    log: Log,
}

impl Carer {
    /// `failure`: why the first start failed, if it did.
    async fn run(self, failure: Option<anyhow::Error>) {
        if let Some(error) = failure {
            self.say(Level::Error, "realtime_not_started", &format!("{error:#}"));
            self.start_again().await;
        }
        loop {
            sleep(LOOK).await;
            let Some(cause) = self.nats.lock().await.ended() else { continue };
            if !self.is_wanted.load(Ordering::Relaxed) {
                return;
            }
            self.say(Level::Error, "realtime_ended", &format!("NATS {cause}"));
            self.start_again().await;
        }
    }

    /// Starts the server until it runs: messages wait for nobody, so there is no last attempt.
    async fn start_again(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            sleep(pause).await;
            if !self.is_wanted.load(Ordering::Relaxed) {
                return;
            }
            let mut nats = self.nats.clone().lock_owned().await;
            let started = spawn_blocking(move || nats.start()).await;
            match started.map_err(anyhow::Error::from).and_then(|started| started) {
                Ok(()) => {
                    self.log.print(&Line::new(Level::Warn, "host", "realtime_restarted"), &());
                    return;
                }
                // The server of a runner that this one replaces holds the ports until it ends.
                Err(error) if pause < LONGEST_PAUSE => {
                    self.say(Level::Warn, "realtime_restart_failed", &format!("{error:#}"));
                }
                Err(error) => self.say(Level::Error, "realtime_restart_failed", &format!("{error:#}")),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn say(&self, level: Level, event: &'static str, cause: &str) {
        self.log.print(&Line { cause: Some(cause), ..Line::new(level, "host", event) }, &());
    }
}
