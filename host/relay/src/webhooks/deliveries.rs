//! Fork; take; post; settle.

use crate::backoff::Backoff;
use crate::report::Troubles;
use crate::session::{Entry, Session};
use crate::settings::Settings;
use crate::webhooks::client::Client;
use crate::webhooks::delivery::{Attempted, Delivery, End};
use anyhow::Result;
use rolecall_shared::wire::log::Level;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a relay without NATS says that it is alive.
const LEAD: Duration = Duration::from_secs(5);

/// How often rows are looked for that wait for NATS: what NATS has had was copied when it was settled.
const WAITING: Duration = Duration::from_secs(1);

/// The pause between two looks: while there is something to deliver and shortly after, and otherwise.
const BUSY: Duration = Duration::from_millis(20);
const IDLE: Duration = Duration::from_millis(200);

/// How long is waited behind an answer for others, which are settled with it.
const GATHERING: Duration = Duration::from_millis(3);

/// How long after a delivery another one is likely.
const WARM: Duration = Duration::from_secs(1);

/// How many rows of the outbox are copied at once.
const ROWS: usize = 500;

/// How many deliveries are claimed at once, and how many may be on the way: more than the database lets all webhooks
/// together have, so that a slow one never takes the place of another.
const BATCH: usize = 50;
const MOST: usize = 400;

/// How long receivers are waited for that have a request when the relay is to stop.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Forked {
    /// There may be further rows.
    more: bool,
}

#[derive(Deserialize)]
struct Taken {
    deliveries: Vec<Delivery>,
    /// When the next one is due.
    next_due_ms: Option<u64>,
}

/// The deliveries on the way, and what became of others that the database has not been told yet. They outlast a session.
pub(crate) struct Deliveries {
    client: Arc<Client>,
    on_the_way: JoinSet<Attempted>,
    attempted: Vec<Attempted>,
    failing: HashSet<Uuid>,
}

/// The entry points, as a session has prepared them.
struct Webhooks {
    session: Session,
    lead: Entry,
    fork: Entry,
    take: Entry,
    settle: Entry,
}

impl Webhooks {
    async fn open(settings: &Settings) -> Result<Webhooks> {
        let session = Session::open(&settings.database).await?;
        let (lead, fork) = (session.entry("lead").await?, session.entry("fork").await?);
        let (take, settle) = (session.entry("webhooks_take").await?, session.entry("webhooks_settle").await?);
        Ok(Webhooks { session, lead, fork, take, settle })
    }

    /// Says that a relay is there that publishes nothing.
    async fn say_alive(&self, settings: &Settings) -> Result<()> {
        let request = json!({"relay": settings.id, "version": env!("CARGO_PKG_VERSION"), "pushes": false});
        let _: Value = self.session.call(&self.lead, &request).await?;
        Ok(())
    }

    /// Copies rows of the outbox; whether there may be more. Without NATS nobody else wants them.
    async fn copy_waiting(&self, settings: &Settings) -> Result<bool> {
        let request = json!({"limit": ROWS, "settle": !settings.has_nats()});
        let Forked { more } = self.session.call(&self.fork, &request).await?;
        Ok(more)
    }

    async fn take(&self, settings: &Settings, most: usize) -> Result<Taken> {
        let request = json!({"limit": most, "relay": settings.id, "rollouts": settings.rollouts});
        self.session.call(&self.take, &request).await
    }
}

impl Deliveries {
    pub(crate) fn new(client: Client) -> Deliveries {
        let client = Arc::new(client);
        Deliveries { client, on_the_way: JoinSet::new(), attempted: Vec::new(), failing: HashSet::new() }
    }

    /// Whether receivers have a request that nobody waits for any more.
    pub(crate) fn are_left(&self) -> bool {
        !self.on_the_way.is_empty() || !self.attempted.is_empty()
    }

    /// Works with one session of the database, for as long as that lasts or until the stop.
    pub(crate) async fn serve(
        &mut self,
        settings: &Settings,
        troubles: &Troubles,
        stop: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<()> {
        let Some(opened) = stop.run_until_cancelled(Webhooks::open(settings)).await else { return Ok(()) };
        let webhooks = opened?;
        let now = Instant::now();
        let (mut alive_at, mut copy_at, mut busy_until) = (now, now, now);
        while !stop.is_cancelled() {
            let has_settled = self.settle(&webhooks, troubles).await?;
            if !settings.has_nats() && alive_at <= Instant::now() {
                webhooks.say_alive(settings).await?;
                alive_at = Instant::now() + LEAD;
            }
            if copy_at <= Instant::now() {
                let has_more = webhooks.copy_waiting(settings).await?;
                let pause = if has_more || !settings.has_nats() { Duration::ZERO } else { WAITING };
                copy_at = Instant::now() + pause;
            }
            let most = BATCH.min(MOST.saturating_sub(self.on_the_way.len()));
            let Taken { deliveries, next_due_ms } = webhooks.take(settings, most).await?;
            troubles.over("webhooks");
            backoff.reset();
            let now = Instant::now();
            if has_settled || !deliveries.is_empty() {
                busy_until = now + WARM;
            }
            let is_full = deliveries.len() == BATCH;
            for delivery in deliveries {
                let client = self.client.clone();
                self.on_the_way.spawn(async move { delivery.attempt(&client).await });
            }
            self.client.close_unused();
            if !is_full {
                let pause = if now < busy_until { BUSY } else { IDLE };
                let due = next_due_ms.map_or(pause, Duration::from_millis).clamp(BUSY, IDLE);
                stop.run_until_cancelled(self.pause(pause.min(due))).await;
            }
        }
        self.finish(&webhooks, troubles).await
    }

    /// Pauses for this long, or until a receiver has answered: then there is room for another delivery.
    async fn pause(&mut self, pause: Duration) {
        let ended = tokio::select! {
            () = sleep(pause) => return,
            Some(ended) = self.on_the_way.join_next() => ended,
        };
        self.attempted.extend(ended.ok());
        sleep(GATHERING).await;
    }

    /// Tells the database what became of those that have ended; whether any had.
    async fn settle(&mut self, webhooks: &Webhooks, troubles: &Troubles) -> Result<bool> {
        while let Some(ended) = self.on_the_way.try_join_next() {
            // One that panicked is claimed again when its time is over.
            self.attempted.extend(ended.ok());
        }
        if self.attempted.is_empty() {
            return Ok(false);
        }
        let attempted = std::mem::take(&mut self.attempted);
        for attempted in &attempted {
            self.note(attempted, troubles);
        }
        let settled = webhooks.session.call::<Value>(&webhooks.settle, &json!({"results": attempted})).await;
        if settled.is_err() && webhooks.session.has_ended() {
            // Another session tells. What the database refuses to hear is claimed again instead, and holds up nothing.
            self.attempted = attempted;
        }
        settled.map(|_| true)
    }

    /// Says when a webhook begins to fail, and when it works again: its id, nothing of its URL.
    fn note(&mut self, &Attempted { webhook, ref outcome, .. }: &Attempted, troubles: &Troubles) {
        if outcome.end == End::Delivered {
            if self.failing.remove(&webhook) {
                troubles.say_of(webhook, Level::Info, "webhook_delivers", None);
            }
        } else if self.failing.insert(webhook) {
            troubles.say_of(webhook, Level::Warn, "webhook_fails", Some(&outcome.cause()));
        }
    }

    /// Waits a little for those on the way, and settles what has come of them.
    async fn finish(&mut self, webhooks: &Webhooks, troubles: &Troubles) -> Result<()> {
        let all = async {
            while let Some(ended) = self.on_the_way.join_next().await {
                self.attempted.extend(ended.ok());
            }
        };
        // Those that take longer are claimed again when their time is over.
        let _ = timeout(GRACE, all).await;
        self.settle(webhooks, troubles).await.map(drop)
    }
}
