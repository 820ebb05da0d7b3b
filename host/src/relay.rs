//! `rolecall relay`: the relay as a process of its own.

use crate::cli;
use crate::log::Log;
use crate::up::stop_signal;
use rolecall_relay::{CancellationToken, Report, Settings, run};
use std::sync::Arc;

/// Relays until a signal comes.
///
/// # Errors
/// The settings cannot be read. What fails later is tried again, and is no error.
pub async fn relay(settings: cli::Relay, log: &Log) -> anyhow::Result<()> {
    let mut signal = stop_signal()?;
    let cli::Relay { database, nats, nats_creds, nats_system_creds, nats_ca } = settings;
    let mut settings = Settings::new(&database, &nats)?;
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

/// The relay's lines go where the runner's go.
fn report(log: &Log) -> Report {
    let log = log.clone();
    Arc::new(move |line| log.print(line, &()))
}
