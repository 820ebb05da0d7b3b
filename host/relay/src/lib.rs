//! The relay: takes what the outbox of a database holds, publishes it to NATS, and settles it once NATS has it.
//!
//! * At least once: a row is settled after the server has answered behind everything that was published of it, on the same
//!   connection. A relay, a server or a database that dies in between makes repeats, which clients drop by `seq` and
//!   `revision`.
//! * In order per conversation: the rows of a conversation are committed in the order of their ids, each batch is published
//!   in that order on one connection, and what follows a failure is a batch that begins with the oldest row left.
//! * One relay at a time works, by an advisory lock of its session; others wait.
//!
//! Beside it the relay tells the database who is online, as far as it may listen to NATS's system account, and delivers
//! webhooks. Without NATS it does that alone.

mod backoff;
mod broker;
mod credentials;
mod delivery;
mod presence;
mod report;
mod session;
mod settings;
mod webhooks;

pub use report::Report;
pub use settings::Settings;
pub use tokio_util::sync::CancellationToken;
pub use webhooks::{AllowedHosts, InvalidHost};

use crate::backoff::{Backoff, jittered};
use crate::delivery::Ended;
use crate::report::Troubles;
use rolecall_shared::wire::log::Level;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// The relay's name in the log.
const SERVICE: &str = "relay";

/// How long a relay that gave the lead up leaves it to others.
const TURN: Duration = Duration::from_secs(5);

/// Relays until `stop` is cancelled: what has reached NATS by then is settled first. Whatever fails is tried again, and said
/// once when it begins and once when it is over.
pub async fn run(settings: Settings, report: Report, stop: CancellationToken) {
    let settings = Arc::new(settings);
    let troubles = Arc::new(Troubles::new(report));
    let webhooks = webhooks::run(settings.clone(), troubles.clone(), stop.clone());
    if settings.has_nats() {
        tokio::join!(publish(&settings, &troubles, &stop), webhooks);
    } else {
        webhooks.await;
    }
    troubles.say(Level::Info, "stopped", None);
}

/// Publishes until `stop` is cancelled.
async fn publish(settings: &Arc<Settings>, troubles: &Arc<Troubles>, stop: &CancellationToken) {
    let mut backoff = Backoff::new();
    while !stop.is_cancelled() {
        match delivery::serve(settings, troubles, stop, &mut backoff).await {
            Ok(Ended::Stopped) => break,
            Ok(Ended::GivenUp) => {
                stop.run_until_cancelled(sleep(jittered(TURN))).await;
            }
            Err(error) => {
                troubles.began("database", &format!("{error:#}"));
                stop.run_until_cancelled(backoff.pause()).await;
            }
        }
    }
}
