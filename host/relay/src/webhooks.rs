//! Webhooks: what happens is posted to operators' URLs, signed, and again until it has arrived.
//!
//! They have a session of the database and a thread of their own. Receivers are strangers: whatever one does, the sockets and
//! the other receivers do not notice.
//!
//! * At least once: a delivery is claimed for a minute, and settled when the receiver has answered. A relay that dies in
//!   between makes a repeat under the same id, by which receivers drop it.
//! * Of several relays each delivers some; none waits for another.
//! * Whom a delivery names, and what it says, is decided each time it is claimed.

mod address;
mod allowed;
mod client;
mod connection;
mod deliveries;
mod delivery;
mod failure;
mod signature;
mod target;

pub use allowed::{AllowedHosts, InvalidHost};
pub(crate) use client::trust;

use crate::backoff::Backoff;
use crate::report::Troubles;
use crate::settings::Settings;
use anyhow::{Context, Result};
use client::Client;
use deliveries::Deliveries;
use rolecall_shared::wire::log::Level;
use std::sync::Arc;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Delivers until `stop` is cancelled; waits for nothing that a receiver does for long.
pub(crate) async fn run(settings: Arc<Settings>, troubles: Arc<Troubles>, stop: CancellationToken) {
    // Whoever drops this future ends the thread, too.
    let stop = stop.child_token();
    let _ends = stop.clone().drop_guard();
    let (done, ended) = oneshot::channel::<()>();
    let work = {
        let (troubles, stop) = (troubles.clone(), stop.clone());
        move || {
            // Dropped at the end, however that comes.
            let _done = done;
            if let Err(error) = work(&settings, &troubles, &stop) {
                troubles.began("webhooks", &format!("{error:#}"));
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("webhooks".to_owned()).spawn(work) {
        troubles.began("webhooks", &format!("no thread for them: {error}"));
    }
    let _ = ended.await;
}

fn work(settings: &Settings, troubles: &Troubles, stop: &CancellationToken) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build().context("no runtime for them")?;
    runtime.block_on(deliver(Deliveries::new(Client::new(settings)), settings, troubles, stop));
    // A name that nobody answers for may still be asked for: a thread of the system's, which ends by itself.
    runtime.shutdown_background();
    Ok(())
}

async fn deliver(mut deliveries: Deliveries, settings: &Settings, troubles: &Troubles, stop: &CancellationToken) {
    let mut backoff = Backoff::new();
    while !stop.is_cancelled() {
        if let Err(error) = deliveries.serve(settings, troubles, stop, &mut backoff).await {
            troubles.began("webhooks", &format!("{error:#}"));
            stop.run_until_cancelled(backoff.pause()).await;
        }
    }
    if deliveries.are_left() {
        troubles.say(
            Level::Warn,
            "webhooks_left",
            Some("some receivers had not answered; they are asked again in a minute"),
        );
    }
}
