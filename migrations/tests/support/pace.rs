//! How long a call takes at best, on a machine that may be slow.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

/// How often each is called on one connection: PostgreSQL goes over to plans for any parameters after five.
pub const CALLS: usize = 12;

/// How often each is called at most until one call is quick enough.
const MOST_CALLS: usize = 200;

/// A piece of work for a processor, and what it takes at best on the machine for which limits are set.
const WORK: &str = "select sum(hashtextextended(n::text, 0) % 7) from generate_series(1, 20000) as n";
const WORK_TAKES: Duration = Duration::from_millis(3);

/// What calls have taken.
pub struct Pace {
    /// The best of them: what it costs, not what else this machine does meanwhile.
    best: Duration,
    /// What it may take here: longer than the limit by as much as the machine is slower.
    limit: Duration,
}

impl Pace {
    /// Calls until it is done within `limit`, or for as often as one can expect.
    pub async fn of(yardstick: &Client, limit: Duration, mut call: impl AsyncFnMut()) -> Pace {
        let (mut best, mut work) = (Duration::MAX, Duration::MAX);
        for number in 0..MOST_CALLS {
            if number >= CALLS {
                if best < limit {
                    return Pace { best, limit };
                }
                let begun = Instant::now();
                yardstick.query_one(WORK, &[]).await.expect("it counts");
                work = work.min(begun.elapsed());
            }
            let begun = Instant::now();
            call().await;
            best = best.min(begun.elapsed());
        }
        Pace { best, limit: limit.mul_f64((work.as_secs_f64() / WORK_TAKES.as_secs_f64()).max(1.0)) }
    }

    /// The best call, in milliseconds.
    pub fn millis(&self) -> f64 {
        self.best.as_secs_f64() * 1e3
    }

    /// What is wrong with it, if it takes too long.
    pub fn fault(&self, name: &str) -> Option<String> {
        (self.best >= self.limit).then(|| format!("{name} takes {:?}, and may take {:?}", self.best, self.limit))
    }
}
