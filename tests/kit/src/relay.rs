//! The relay of a stand: `rolecall relay` as a child process.

use crate::{
    process::{Process, temporary_directory},
    runtime::Runtime,
    stand::Stand,
};
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// A running relay. Dropping it kills it.
#[derive(Debug)]
pub struct Relay(Process);

impl Relay {
    /// Starts a relay between a database and a NATS, which may post webhooks to this machine.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn start(database: &str, nats: &str, credentials: &Path, system_credentials: &Path) -> Result<Relay> {
        let mut command = Command::new(Runtime::Runner.program());
        command
            .arg("relay")
            .env("RELAY_DATABASE_URL", database)
            .env("NATS_URL", nats)
            .env("NATS_CREDS", credentials)
            .env("NATS_SYSTEM_CREDS", system_credentials)
            .env("WEBHOOK_ALLOW_HOSTS", "127.0.0.1")
            .stdout(Stdio::null());
        Ok(Relay(Process::start(command, &temporary_directory()?).context(Runtime::Runner.advice())?))
    }

    /// Ends it without asking.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn kill(mut self) -> Result<()> {
        self.0.kill()
    }
}

impl Stand {
    /// Ends the stand's NATS without asking, as a crash does, and starts it again on its ports.
    ///
    /// # Panics
    /// When it does not start, or the stand has none.
    pub async fn crash_nats(&self) {
        let mut nats = self.nats().clone().lock_owned().await;
        let crashed = move || -> Result<()> {
            let pid = nats.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("NATS does not run")?;
            kill_process(pid, Signal::KILL)?;
            while nats.ended().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            nats.start()
        };
        let crashed = tokio::task::spawn_blocking(crashed).await.map_err(anyhow::Error::from).flatten();
        crashed.unwrap_or_else(|error| panic!("NATS: {error:#}"));
    }

    /// Starts a relay between the stand's database and its NATS.
    ///
    /// # Panics
    /// When it cannot be started, or the stand has no NATS.
    pub async fn relay(&self) -> Relay {
        let nats = self.nats().lock().await;
        let relay = Relay::start(self.relay_url(), &nats.url(), &nats.relay_credentials(), &nats.system_credentials());
        relay.unwrap_or_else(|error| panic!("no relay: {error:#}"))
    }
}
