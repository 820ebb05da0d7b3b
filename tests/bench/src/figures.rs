//! Latencies, and what is said about them.

use serde_json::{Value, json};
use std::{fmt, time::Duration};

/// What one measurement showed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Successful requests a second.
    pub per_second: f64,
    /// Half of the successful requests took at most this long.
    pub p50_ms: f64,
    /// 95 of 100 took at most this long.
    pub p95_ms: f64,
    /// 99 of 100 took at most this long.
    pub p99_ms: f64,
    /// The slowest one.
    pub max_ms: f64,
    /// How many succeeded.
    pub requests: u64,
    /// How many did not.
    pub errors: u64,
}

impl Figures {
    /// From the latencies of what succeeded, in microseconds.
    pub fn of(mut latencies: Vec<u32>, errors: u64, elapsed: Duration) -> Figures {
        latencies.sort_unstable();
        let requests = latencies.len() as u64;
        Figures {
            per_second: requests as f64 / elapsed.as_secs_f64(),
            p50_ms: percentile_ms(&latencies, 0.50),
            p95_ms: percentile_ms(&latencies, 0.95),
            p99_ms: percentile_ms(&latencies, 0.99),
            max_ms: percentile_ms(&latencies, 1.0),
            requests,
            errors,
        }
    }

    /// The share of requests that failed.
    pub fn error_share(self) -> f64 {
        let all = self.requests + self.errors;
        if all == 0 { 0.0 } else { self.errors as f64 / all as f64 }
    }

    /// As an object.
    pub fn to_json(self) -> Value {
        json!({
            "requests_per_second": self.per_second.round(),
            "p50_ms": self.p50_ms,
            "p95_ms": self.p95_ms,
            "p99_ms": self.p99_ms,
            "max_ms": self.max_ms,
            "requests": self.requests,
            "errors": self.errors,
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.0} requests/s   p50 {:>6.2} ms   p95 {:>6.2} ms   p99 {:>6.2} ms   {} errors",
            self.per_second, self.p50_ms, self.p95_ms, self.p99_ms, self.errors
        )
    }
}

/// The smallest of the sorted microseconds that this share of them does not exceed, in milliseconds; 0 of none.
pub fn percentile_ms(sorted: &[u32], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).map_or(0.0, |&us| f64::from(us) / 1000.0)
}

/// The figure in the middle by its requests per second, of an odd number of measurements; of none it is `None`.
pub fn median(figures: &[Figures]) -> Option<Figures> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    sorted.get(sorted.len() / 2).copied()
}

/// What a load has counted so far.
#[derive(Debug, Default)]
pub struct Tally {
    /// Microseconds of every request that was done.
    pub latencies: Vec<u32>,
    /// Requests that were answered otherwise, or not at all.
    pub errors: u64,
    /// The first other status or failure, to be shown.
    pub first_error: Option<String>,
}

impl Tally {
    /// One that was done.
    pub fn success(&mut self, took: Duration) {
        self.latencies.push(took.as_micros().try_into().unwrap_or(u32::MAX));
    }

    /// One that was not; `describe` says how, and is asked once.
    pub fn failure(&mut self, describe: impl FnOnce() -> String) {
        self.errors += 1;
        if self.first_error.is_none() {
            self.first_error = Some(describe());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<u32> = (1..=100).map(|n| n * 1000).collect();
        assert_eq!(percentile_ms(&hundred, 0.50), 50.0);
        assert_eq!(percentile_ms(&hundred, 0.99), 99.0);
        assert_eq!(percentile_ms(&hundred, 1.0), 100.0);
        assert_eq!(percentile_ms(&hundred, 0.0), 1.0);
        assert_eq!(percentile_ms(&[7500], 0.99), 7.5);
        assert_eq!(percentile_ms(&[1000, 9000], 0.50), 1.0);
        assert_eq!(percentile_ms(&[], 0.99), 0.0);
    }

    #[test]
    fn figures_count_only_what_succeeded() {
        let figures = Figures::of(vec![3000, 1000, 2000, 4000], 1, Duration::from_secs(2));
        let expected =
            Figures { per_second: 2.0, p50_ms: 2.0, p95_ms: 4.0, p99_ms: 4.0, max_ms: 4.0, requests: 4, errors: 1 };
        assert_eq!(figures, expected);
        assert_eq!(figures.error_share(), 0.2);
        let none = Figures::of(vec![], 0, Duration::from_secs(1));
        assert_eq!((none.per_second, none.p99_ms, none.error_share()), (0.0, 0.0, 0.0));
    }

    #[test]
    fn the_median_is_one_of_the_measurements() {
        let of = |per_second| Figures { per_second, ..Figures::of(vec![1000], 0, Duration::from_secs(1)) };
        assert_eq!(median(&[of(3.0), of(1.0), of(2.0)]), Some(of(2.0)));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_tally_keeps_the_first_failure() {
        let mut tally = Tally::default();
        tally.success(Duration::from_micros(1500));
        tally.failure(|| "503".to_owned());
        tally.failure(|| "500".to_owned());
        assert_eq!((tally.latencies, tally.errors, tally.first_error), (vec![1500], 2, Some("503".to_owned())));
    }
}
