//! The embedded PostgreSQL, looked after: a server that ends is started again, and if it does not stay up the runner ends
//! with an error, so that whoever started it can act.

use crate::log::Log;
use anyhow::Context;
use rolecall_postgres::{Cluster, Mode};
use rolecall_shared::rules::code::Code;
use rolecall_shared::wire::log::{Level, Line};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

/// How often the server is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How often it is started again before it has stayed up for [`STEADY`], whether that succeeds or not. The count is not
/// one of a stretch of time: on a slow machine an attempt may take longer than any.
const ATTEMPTS: usize = 8;
const STEADY: Duration = Duration::from_secs(60);

/// The pause before the first attempt, which doubles with each, and its bound. Processes of a killed
/// server may take some seconds to notice, and until then no other is let at their data.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A running server and the task that looks after it.
pub struct Embedded {
    cluster: Arc<Mutex<Cluster>>,
    is_wanted: Arc<AtomicBool>,
    given_up: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

impl Embedded {
    /// Looks after a server from now on.
    pub fn look_after(cluster: Cluster, log: &Log) -> Embedded {
        let cluster = Arc::new(Mutex::new(cluster));
        let is_wanted = Arc::new(AtomicBool::new(true));
        let (give_up, given_up) = watch::channel(false);
        let carer = Carer {
            cluster: cluster.clone(),
            is_wanted: is_wanted.clone(),
            log: log.clone(),
            attempts: Attempts::default(),
        };
        let task = tokio::spawn(async move {
            carer.run().await;
            // Nobody listens once the runner stops.
            let _ = give_up.send(true);
        });
        Embedded { cluster, is_wanted, given_up, task }
    }

    /// From now on a server that ends stays so: the runner is stopping.
    pub fn leave_alone(&self) {
        self.is_wanted.store(false, Ordering::Relaxed);
    }

    /// Returns when the server has ended and does not come back.
    pub fn gone(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut given_up = self.given_up.clone();
        async move {
            if given_up.wait_for(|given_up| *given_up).await.is_err() {
                // The task has ended otherwise, which only a stop makes it do.
                std::future::pending().await
            }
        }
    }

    /// Stops the server.
    ///
    /// # Errors
    /// It does not stop.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.leave_alone();
        self.task.abort();
        // A start that has begun goes on; then it is waited for, and stopped.
        let mut cluster = self.cluster.lock_owned().await;
        spawn_blocking(move || cluster.stop(Mode::Fast)).await?.context("stopping PostgreSQL")
    }
}

/// Looks after a server until it is not wanted any more, or cannot be kept up.
struct Carer {
    cluster: Arc<Mutex<Cluster>>,
    is_wanted: Arc<AtomicBool>,
    log: Log,
    attempts: Attempts,
}

/// How often the server was started again since it last stayed up.
#[derive(Debug, Default)]
struct Attempts {
    number: usize,
    /// Since when it is up again; the first start counts for nothing.
    up_since: Option<Instant>,
}

impl Attempts {
    /// The server has ended at `now`.
    fn ended(&mut self, now: Instant) {
        if self.up_since.take().is_some_and(|since| now.duration_since(since) >= STEADY) {
            self.number = 0;
        }
    }
}

impl Carer {
    async fn run(mut self) {
        loop {
            sleep(LOOK).await;
            let ended = self.cluster.lock().await.ended();
            let Some(cause) = ended else { continue };
            if !self.is_wanted() {
                return std::future::pending().await;
            }
            self.attempts.ended(Instant::now());
            self.say(Level::Error, "database_ended", &format!("PostgreSQL {cause}"));
            if !self.start_again().await {
                return;
            }
        }
    }

    /// Starts the server until it runs; false if there were too many attempts.
    async fn start_again(&mut self) -> bool {
        loop {
            if self.attempts.number >= ATTEMPTS {
                let cause =
                    format!("PostgreSQL was started again {ATTEMPTS} times and never stayed up; the runner ends");
                self.say(Level::Error, "database_given_up", &cause);
                return false;
            }
            sleep(pause(self.attempts.number)).await;
            if !self.is_wanted() {
                return std::future::pending().await;
            }
            let begun = Instant::now();
            self.attempts.number += 1;
            let mut cluster = self.cluster.clone().lock_owned().await;
            let started = spawn_blocking(move || cluster.start_again()).await;
            match started.map_err(anyhow::Error::from).and_then(|started| started) {
                Ok(()) => {
                    self.attempts.up_since = Some(Instant::now());
                    let duration_ms = Some(begun.elapsed().as_secs_f64() * 1000.0);
                    let line = Line { duration_ms, ..Line::new(Level::Warn, "host", "database_restarted") };
                    self.log.print(&line, &());
                    return true;
                }
                Err(error) => self.say(Level::Error, "database_restart_failed", &format!("{error:#}")),
            }
        }
    }

    fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    fn say(&self, level: Level, event: &'static str, cause: &str) {
        let code = Some(Code::DatabaseUnavailable);
        self.log.print(&Line { code, cause: Some(cause), ..Line::new(level, "host", event) }, &());
    }
}

/// The pause before the next attempt, after so many.
fn pause(attempts: usize) -> Duration {
    let doubled = u32::try_from(attempts).ok().and_then(|attempts| 2_u32.checked_pow(attempts));
    doubled.and_then(|doubled| FIRST_PAUSE.checked_mul(doubled)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_to_their_bound() {
        let pauses: Vec<u128> = (0..ATTEMPTS).map(|attempts| pause(attempts).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(pause(usize::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn attempts_are_forgotten_when_the_server_has_stayed_up_and_not_before() {
        let up = Instant::now();
        let attempts = |since, now| {
            let mut attempts = Attempts { number: 3, up_since: since };
            attempts.ended(now);
            (attempts.number, attempts.up_since)
        };
        assert_eq!(attempts(Some(up), up + STEADY), (0, None));
        assert_eq!(attempts(Some(up), up + STEADY - Duration::from_nanos(1)), (3, None));
        // Attempts that fail, however slow they are.
        assert_eq!(attempts(None, up + 10 * STEADY), (3, None));
    }
}
