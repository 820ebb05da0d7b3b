//! Lead; take; publish; confirm; settle.

use crate::backoff::{Backoff, jittered};
use crate::broker::{Broker, Published};
use crate::presence;
use crate::report::Troubles;
use crate::session::{Entry, Session};
use crate::settings::Settings;
use anyhow::{Result, ensure};
use bytes::Bytes;
use rolecall_shared::wire::log::Level;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the leader says that it is alive.
const LEAD: Duration = Duration::from_secs(5);

/// How often one that waits asks whether it leads now.
const ASK: Duration = Duration::from_secs(1);

/// The pause between two looks at the outbox: while there is something in it and shortly after, and otherwise.
const BUSY: Duration = Duration::from_millis(5);
const IDLE: Duration = Duration::from_millis(25);

/// How long after an event another one is likely.
const WARM: Duration = Duration::from_secs(1);

/// How many rows at most are published before they are confirmed and settled.
const BATCH: usize = 500;

/// How old the oldest row may be before there is no pause between batches.
const BEHIND_MS: u64 = 50;

/// How long a leader may be without NATS before it lets another relay try, which may reach it.
const FORLORN: Duration = Duration::from_secs(15);

/// How the work of a session has ended.
pub(crate) enum Ended {
    /// It was asked to stop, and everything confirmed is settled.
    Stopped,
    /// Another relay may lead, and reach what this one has not.
    GivenUp,
}

/// What went wrong.
enum Fault {
    Database(anyhow::Error),
    Nats(anyhow::Error),
}

#[derive(Deserialize)]
struct Lead {
    leads: bool,
}

#[derive(Deserialize)]
struct Batch {
    leads: bool,
    rows: Vec<Row>,
    /// How old the oldest row is.
    lag_ms: u64,
}

/// What a look at the outbox has come to.
enum Look {
    Nothing,
    Delivered,
    /// There is more than one batch takes.
    Behind,
    /// Another session leads.
    NotLeading,
}

/// A row of the outbox: what one statement has changed.
#[derive(Deserialize)]
struct Row {
    id: String,
    events: Vec<Addressed>,
}

#[derive(Deserialize)]
struct Addressed {
    to: Vec<Uuid>,
    event: Value,
}

/// The outbox as this session sees it.
struct Outbox {
    session: Session,
    lead: Entry,
    take: Entry,
    settle: Entry,
    /// The operator's, of which the database does not know.
    rollouts: Value,
}

/// Works with one session of the database, for as long as that lasts: waits for the lead, then delivers.
pub(crate) async fn serve(
    settings: &Arc<Settings>,
    troubles: &Arc<Troubles>,
    stop: &CancellationToken,
    backoff: &mut Backoff,
) -> Result<Ended> {
    let Some(opened) = stop.run_until_cancelled(Outbox::open(settings)).await else { return Ok(Ended::Stopped) };
    let outbox = opened?;
    let Some(leads) = stop.run_until_cancelled(outbox.wait_for_lead(settings, troubles, backoff)).await else {
        return Ok(Ended::Stopped);
    };
    leads?;
    // Ends with this function, however that ends.
    let mut beside = JoinSet::new();
    if settings.system_credentials.is_some() {
        beside.spawn(presence::follow(settings.clone(), troubles.clone()));
    }
    outbox.deliver(settings, troubles, stop).await
}

impl Outbox {
    async fn open(settings: &Settings) -> Result<Outbox> {
        let session = Session::open(&settings.database).await?;
        let (lead, take) = (session.entry("lead").await?, session.entry("take").await?);
        let settle = session.entry("settle").await?;
        let rollouts = serde_json::to_value(&settings.rollouts)?;
        Ok(Outbox { session, lead, take, settle, rollouts })
    }

    /// Whether this session leads; also tells the database that a relay is there.
    async fn leads(&self, settings: &Settings) -> Result<bool> {
        let request = json!({"relay": settings.id, "version": env!("CARGO_PKG_VERSION")});
        Ok(self.session.call::<Lead>(&self.lead, &request).await?.leads)
    }

    async fn wait_for_lead(&self, settings: &Settings, troubles: &Troubles, backoff: &mut Backoff) -> Result<()> {
        let mut has_waited = false;
        while !self.leads(settings).await? {
            troubles.over("database");
            backoff.reset();
            if !has_waited {
                troubles.say(Level::Info, "waiting", Some("another relay leads"));
                has_waited = true;
            }
            sleep(jittered(ASK)).await;
        }
        troubles.over("database");
        backoff.reset();
        Ok(())
    }

    /// Delivers while this session leads.
    async fn deliver(&self, settings: &Settings, troubles: &Troubles, stop: &CancellationToken) -> Result<Ended> {
        let mut broker: Option<Broker> = None;
        let mut leads_in_earnest = false;
        let mut backoff = Backoff::new();
        let mut led_at = Instant::now();
        let mut connected_at = Instant::now();
        let mut busy_until = Instant::now();
        while !stop.is_cancelled() {
            if led_at.elapsed() >= LEAD {
                if !self.leads(settings).await? {
                    return Ok(Ended::GivenUp);
                }
                led_at = Instant::now();
            }
            let delivered = match &mut broker {
                Some(broker) => match broker.failure() {
                    Some(error) => Err(Fault::Nats(error)),
                    None => self.deliver_batch(broker, troubles).await,
                },
                None => match stop.run_until_cancelled(Broker::connect(settings)).await {
                    None => break,
                    Some(Ok(connected)) => {
                        broker = Some(connected);
                        troubles.over("nats");
                        if !leads_in_earnest {
                            troubles.say(Level::Info, "leading", None);
                            leads_in_earnest = true;
                        }
                        continue;
                    }
                    Some(Err(error)) => Err(Fault::Nats(error)),
                },
            };
            match delivered {
                Ok(Look::NotLeading) => return Ok(Ended::GivenUp),
                Ok(look) => {
                    backoff.reset();
                    let now = Instant::now();
                    connected_at = now;
                    if !matches!(look, Look::Nothing) {
                        busy_until = now + WARM;
                    }
                    if !matches!(look, Look::Behind) {
                        sleep(if now < busy_until { BUSY } else { IDLE }).await;
                    }
                }
                Err(Fault::Database(error)) => return Err(error),
                Err(Fault::Nats(error)) => {
                    broker = None;
                    troubles.began("nats", &format!("{error:#}"));
                    if connected_at.elapsed() >= FORLORN {
                        return Ok(Ended::GivenUp);
                    }
                    stop.run_until_cancelled(backoff.pause()).await;
                }
            }
        }
        Ok(Ended::Stopped)
    }

    /// Publishes the oldest rows, and settles them once NATS has had them all.
    ///
    /// Each batch begins with the oldest row there is, never behind the last one taken: a row with a lower id may have been
    /// committed since, and a later one of its conversation must not come before it.
    async fn deliver_batch(&self, broker: &mut Broker, troubles: &Troubles) -> Result<Look, Fault> {
        let request = json!({"limit": BATCH, "after": null, "rollouts": self.rollouts});
        let Batch { leads, rows, lag_ms } = self.session.call(&self.take, &request).await.map_err(Fault::Database)?;
        if !leads {
            return Ok(Look::NotLeading);
        }
        if rows.is_empty() {
            return Ok(Look::Nothing);
        }
        for addressed in rows.iter().flat_map(|row| &row.events) {
            self.still_lasts().map_err(Fault::Database)?;
            publish(broker, addressed, troubles).await.map_err(Fault::Nats)?;
        }
        broker.confirm().await.map_err(Fault::Nats)?;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let _: Value = self.session.call(&self.settle, &json!({"ids": ids})).await.map_err(Fault::Database)?;
        Ok(if lag_ms > BEHIND_MS { Look::Behind } else { Look::Delivered })
    }

    /// The lead is a lock of the session: where the session has ended, another relay publishes.
    fn still_lasts(&self) -> Result<()> {
        ensure!(!self.session.has_ended(), "the session has ended, and the lead with it");
        Ok(())
    }
}

async fn publish(broker: &Broker, Addressed { to, event }: &Addressed, troubles: &Troubles) -> Result<()> {
    let bytes = Bytes::from(event.to_string());
    for user in to {
        if broker.publish(user, bytes.clone()).await? == Published::TooLarge {
            // It would hold up everything behind it for ever. The client asks for what has changed instead.
            let cause = format!("an event of {} bytes ({}) is sent as resync", bytes.len(), event["type"]);
            troubles.say(Level::Warn, "event_too_large", Some(&cause));
            let resync = json!({"v": 1, "type": "resync", "id": event["id"], "at": event["at"]}).to_string();
            broker.publish(user, Bytes::from(resync)).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_a_uuid_or_the_batch_is_not_read() {
        let batch = |to: &str| json!({"leads": true, "rows": [{"id": "1", "events": [{"to": [to], "event": {}}]}], "lag_ms": 3});
        let read = |to: &str| serde_json::from_value::<Batch>(batch(to));
        assert!(read("6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b").is_ok());
        for widening in ["*", ">", "a.b", ""] {
            assert!(read(widening).is_err(), "{widening}");
        }
    }
}
