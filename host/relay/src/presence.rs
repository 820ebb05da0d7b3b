//! Who is online, told to the database: at most one call a second, the whole list now and then.

mod monitor;
mod roster;

use crate::backoff::Backoff;
use crate::report::Troubles;
use crate::session::{Entry, Session};
use crate::settings::Settings;
use anyhow::Result;
use monitor::Monitor;
use roster::Roster;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use uuid::Uuid;

/// The shortest time between two calls.
const CALL: Duration = Duration::from_secs(1);

/// How often the servers are asked for the whole list; and how soon again, if one has not answered.
const WHOLE: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(5);

/// How long NATS may be unreachable before everybody counts as offline.
const LOST: Duration = Duration::from_secs(10);

/// Follows who is online, for ever. What fails is tried again.
pub(crate) async fn follow(settings: Arc<Settings>, troubles: Arc<Troubles>) {
    let mut presence = Presence { roster: Roster::default(), heard_at: Instant::now(), is_known: false };
    let mut backoff = Backoff::new();
    loop {
        let Err(error) = presence.follow(&settings, &troubles, &mut backoff).await;
        troubles.began("presence", &format!("{error:#}"));
        backoff.pause().await;
        if let Err(error) = presence.forget(&settings).await {
            troubles.began("presence", &format!("{error:#}"));
        }
    }
}

struct Presence {
    roster: Roster,
    /// When NATS was last heard.
    heard_at: Instant,
    /// Whether the database may say that somebody is online.
    is_known: bool,
}

impl Presence {
    /// Follows one connection of the system account, for as long as it and a session of the database last.
    async fn follow(&mut self, settings: &Settings, troubles: &Troubles, backoff: &mut Backoff) -> Result<Infallible> {
        let mut monitor = Monitor::connect(settings).await?;
        let told = Told::open(settings).await?;
        let mut list_at = Instant::now();
        let mut calls = interval(CALL);
        calls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_whole_due = false;
        loop {
            tokio::select! {
                change = monitor.next() => self.roster.apply(change?),
                () = sleep_until(list_at) => {
                    let all_answered = monitor.list(&mut self.roster).await?;
                    list_at = Instant::now() + if all_answered { WHOLE } else { SOON };
                    is_whole_due = true;
                }
                _ = calls.tick() => {
                    self.heard_at = Instant::now();
                    if std::mem::take(&mut is_whole_due) {
                        self.is_known = true;
                        told.whole(&self.roster.everybody()).await?;
                        troubles.over("presence");
                        backoff.reset();
                    } else {
                        let (online, offline) = self.roster.changes();
                        if !online.is_empty() || !offline.is_empty() {
                            told.changes(&online, &offline).await?;
                        }
                    }
                }
            }
        }
    }

    /// Tells the database that nobody is online, once NATS has been unreachable for long.
    async fn forget(&mut self, settings: &Settings) -> Result<()> {
        if self.is_known && self.heard_at.elapsed() >= LOST {
            self.roster.clear();
            Told::open(settings).await?.whole(&self.roster.everybody()).await?;
            self.is_known = false;
        }
        Ok(())
    }
}

/// A session of the database beside that of the outbox, which a long list would hold up.
struct Told {
    session: Session,
    presence: Entry,
}

impl Told {
    async fn open(settings: &Settings) -> Result<Told> {
        let session = Session::open(&settings.database).await?;
        let presence = session.entry("presence").await?;
        Ok(Told { session, presence })
    }

    async fn whole(&self, online: &[Uuid]) -> Result<()> {
        self.call(&json!({"online": online, "offline": [], "whole": true})).await
    }

    async fn changes(&self, online: &[Uuid], offline: &[Uuid]) -> Result<()> {
        self.call(&json!({"online": online, "offline": offline, "whole": false})).await
    }

    async fn call(&self, request: &Value) -> Result<()> {
        let _: Value = self.session.call(&self.presence, request).await?;
        Ok(())
    }
}
