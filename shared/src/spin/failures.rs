//! Failures that the database does not know of: counted in the instance until they can be handed in.
//!
//! A statement that timed out, raised or found no connection leaves nothing in the database, so the function counts it
//! here, by the minute, and `flush` hands the counts in with a statement of their own. Nothing of a request is kept but its
//! operation, its code and how long it took. What a batch holds does not change once it has a number, and the database
//! counts a number once: so a batch whose statement had no answer is sent again without harm.

use crate::rules::{code::Code, limits::MAX_FAILURE_COUNTS};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use uuid::Uuid;

/// The last bucket of a duration; it ends at 105 s.
const LAST_BUCKET: u8 = 40;
const MINUTE: u64 = 60;

/// The failures of an instance that are still to be handed in.
#[derive(Debug, Default)]
pub struct Failures {
    counts: BTreeMap<Key, u64>,
    batch: Option<Batch>,
    is_handing_in: bool,
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Since the epoch.
    minute: u64,
    operation: &'static str,
    code: &'static str,
    bucket: u8,
}

/// Counts that are handed in together, under a number of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    id: Uuid,
    counts: BTreeMap<Key, u64>,
}

/// A batch as the entry point `record_failures` takes it.
#[derive(Debug, Serialize)]
pub struct Report {
    batch: Uuid,
    failures: Vec<Count>,
}

/// So many failures of a kind.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Count {
    operation: &'static str,
    code: &'static str,
    /// From the beginning of their minute until now: so the clock of the instance need not be the database's.
    age_seconds: u64,
    bucket: u8,
    requests: u64,
}

impl Failures {
    /// Counts a failure at `now`, a time since the epoch. True if nobody hands in what is counted: the caller then has to.
    #[must_use]
    pub fn count(&mut self, operation: &'static str, code: Code, took: Duration, now: Duration) -> bool {
        let minute = now.as_secs() / MINUTE;
        let mut key = Key { minute, operation, code: code.as_str(), bucket: bucket(took) };
        if self.counts.len() >= MAX_FAILURE_COUNTS && !self.counts.contains_key(&key) {
            // The number stays right; its minute and its duration are those of another.
            let alike = |other: &&Key| (other.operation, other.code) == (key.operation, key.code);
            match self.counts.keys().rev().find(alike) {
                Some(other) => key = *other,
                None => return false,
            }
        }
        *self.counts.entry(key).or_default() += 1;
        !std::mem::replace(&mut self.is_handing_in, true)
    }

    /// What is to be handed in next; the same batch again until it is settled. Without any the handing in has ended.
    pub fn next(&mut self, now: Duration) -> Option<Report> {
        if self.batch.is_none() && !self.counts.is_empty() {
            self.batch = Some(Batch { id: Uuid::new_v4(), counts: std::mem::take(&mut self.counts) });
        }
        let Some(batch) = &self.batch else {
            self.is_handing_in = false;
            return None;
        };
        let failures = batch
            .counts
            .iter()
            .map(|(key, &requests)| Count {
                operation: key.operation,
                code: key.code,
                age_seconds: now.as_secs().saturating_sub(key.minute * MINUTE),
                bucket: key.bucket,
                requests,
            })
            .collect();
        Some(Report { batch: batch.id, failures })
    }

    /// The database has answered for the batch.
    pub fn settle(&mut self) {
        self.batch = None;
    }

    /// The handing in has ended early; the next failure begins it anew.
    pub fn interrupt(&mut self) {
        self.is_handing_in = false;
    }
}

/// The bucket of `request_metrics` that a duration falls into: two for each doubling above 0.1 ms.
fn bucket(took: Duration) -> u8 {
    let tenths = (took.as_secs_f64() * 10_000.0).max(1.0);
    let bucket = (2.0 * tenths.log2()).ceil();
    if bucket >= f64::from(LAST_BUCKET) { LAST_BUCKET } else { bucket as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const NOON: Duration = Duration::from_secs(1_800_000_000);

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn reported(failures: &mut Failures, now: Duration) -> Value {
        serde_json::to_value(failures.next(now).unwrap()).unwrap()
    }

    #[test]
    fn failures_of_a_minute_are_one_count_and_the_first_begins_the_handing_in() {
        let mut failures = Failures::default();
        assert!(failures.count("send-dm", Code::Timeout, seconds(5), NOON));
        assert!(!failures.count("send-dm", Code::Timeout, seconds(5), NOON + seconds(59)));
        assert!(!failures.count("send-dm", Code::Internal, seconds(0), NOON + seconds(60)));
        let report = reported(&mut failures, NOON + seconds(90));
        assert_eq!(
            report["failures"],
            json!([
                {"operation": "send-dm", "code": "timeout", "age_seconds": 90, "bucket": 32, "requests": 2},
                {"operation": "send-dm", "code": "internal", "age_seconds": 30, "bucket": 0, "requests": 1},
            ])
        );
    }

    #[test]
    fn a_batch_is_the_same_until_it_is_settled_and_later_failures_make_another() {
        let mut failures = Failures::default();
        assert!(failures.count("send-dm", Code::Timeout, seconds(5), NOON));
        let first = reported(&mut failures, NOON);
        assert!(!failures.count("send-dm", Code::Timeout, seconds(5), NOON));
        let again = reported(&mut failures, NOON + seconds(7));
        assert_eq!(again["batch"], first["batch"]);
        assert_eq!(again["failures"][0]["requests"], 1);
        assert_eq!(again["failures"][0]["age_seconds"], 7);
        failures.settle();
        let second = reported(&mut failures, NOON);
        assert_ne!(second["batch"], first["batch"]);
        assert_eq!(second["failures"][0]["requests"], 1);
        failures.settle();
        assert!(failures.next(NOON).is_none());
        assert!(failures.count("send-dm", Code::Timeout, seconds(5), NOON), "the handing in begins anew");
        failures.interrupt();
        assert!(failures.count("send-dm", Code::Timeout, seconds(5), NOON));
        assert_eq!(reported(&mut failures, NOON)["failures"][0]["requests"], 2);
    }

    #[test]
    fn memory_is_bounded_and_no_number_is_lost() {
        let mut failures = Failures::default();
        let many = MAX_FAILURE_COUNTS as u64 + 1000;
        for minute in 0..many {
            let _ = failures.count("send-dm", Code::DatabaseUnavailable, seconds(1), NOON + seconds(60 * minute));
        }
        assert_eq!(failures.counts.len(), MAX_FAILURE_COUNTS);
        assert_eq!(failures.counts.values().sum::<u64>(), many);
    }

    #[test]
    fn a_duration_has_the_bucket_that_the_database_gives_it() {
        let buckets = [0, 100, 101, 141, 142, 200, 1_000, 5_000_000, 104_857_600, u64::MAX / 1_000_000]
            .map(|micros| bucket(Duration::from_micros(micros)));
        assert_eq!(buckets, [0, 0, 1, 1, 2, 2, 7, 32, 40, 40]);
    }
}
