//! What was sent when, and how many sockets have heard of it.

use crate::figures::percentile_ms;
use std::{cell::RefCell, time::Instant};

/// What stands before a message's number in its content, and behind it.
const OPEN: &str = "[number ";
const CLOSE: char = ']';

/// Of which kind a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A direct message, for one socket.
    Direct,
    /// A broadcast, for many.
    Broadcast,
}

/// One message.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    due: Instant,
    expected: u32,
    heard: u32,
    accepted: bool,
}

/// All messages of a measurement, by their numbers.
#[derive(Debug, Default)]
pub struct Ledger {
    entries: RefCell<Vec<Entry>>,
    latencies: RefCell<[Vec<u32>; 2]>,
    answers: RefCell<[Vec<u32>; 2]>,
    strangers: RefCell<u64>,
}

/// What the sockets have heard of the messages of a kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heard {
    /// Messages that the server accepted.
    pub accepted: u64,
    /// How often they were to be heard.
    pub expected: u64,
    /// How often they were heard.
    pub heard: u64,
    /// How often the same was heard once more.
    pub repeats: u64,
    /// From the moment at which a message was due until a socket heard it: of half of all, of 95, of 99 of 100, of all.
    pub p50_ms: f64,
    /// The 95th percentile.
    pub p95_ms: f64,
    /// The 99th percentile.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// From the moment at which a message was due until the server had accepted it: of half of all, of 95 of 100.
    pub accepted_p50_ms: f64,
    /// The 95th percentile.
    pub accepted_p95_ms: f64,
}

impl Ledger {
    /// Notes a message that is due at `due` and for so many sockets; gives what it says.
    pub fn enter(&self, kind: Kind, due: Instant, expected: u32) -> (usize, String) {
        let mut entries = self.entries.borrow_mut();
        entries.push(Entry { kind, due, expected, heard: 0, accepted: false });
        let number = entries.len() - 1;
        (number, format!("Is the holographic Charizard still there? {OPEN}{number}{CLOSE}"))
    }

    /// Notes that the server has accepted a message.
    pub fn accepted(&self, number: usize) {
        if let Some(entry) = self.entries.borrow_mut().get_mut(number) {
            entry.accepted = true;
            self.answers.borrow_mut()[entry.kind as usize].push(micros_between(entry.due, Instant::now()));
        }
    }

    /// Notes an event at a socket.
    pub fn hear(&self, event: &[u8]) {
        match number_in(event) {
            Some(number) => self.hear_at(number, Instant::now()),
            None => *self.strangers.borrow_mut() += 1,
        }
    }

    /// Notes that a socket has heard a message at `moment`.
    pub fn hear_at(&self, number: usize, moment: Instant) {
        match self.entries.borrow_mut().get_mut(number) {
            Some(entry) => {
                entry.heard += 1;
                self.latencies.borrow_mut()[entry.kind as usize].push(micros_between(entry.due, moment));
            }
            None => *self.strangers.borrow_mut() += 1,
        }
    }

    /// Events that are about no message of this ledger.
    pub fn strangers(&self) -> u64 {
        *self.strangers.borrow()
    }

    /// Whether every message that was accepted has been heard by all who are to.
    pub fn is_complete(&self) -> bool {
        self.entries.borrow().iter().all(|entry| !entry.accepted || entry.heard >= entry.expected)
    }

    /// Begins anew, once everything has been heard.
    pub fn forget(&self) {
        self.entries.take();
        self.latencies.take();
        self.answers.take();
    }

    /// What was heard of a kind.
    pub fn heard(&self, kind: Kind) -> Heard {
        let entries = self.entries.borrow();
        let accepted = || entries.iter().filter(|entry| entry.kind == kind && entry.accepted);
        let mut latencies = self.latencies.borrow()[kind as usize].clone();
        latencies.sort_unstable();
        let mut answers = self.answers.borrow()[kind as usize].clone();
        answers.sort_unstable();
        Heard {
            accepted: accepted().count() as u64,
            expected: accepted().map(|entry| u64::from(entry.expected)).sum(),
            heard: accepted().map(|entry| u64::from(entry.heard.min(entry.expected))).sum(),
            repeats: accepted().map(|entry| u64::from(entry.heard.saturating_sub(entry.expected))).sum(),
            p50_ms: percentile_ms(&latencies, 0.5),
            p95_ms: percentile_ms(&latencies, 0.95),
            p99_ms: percentile_ms(&latencies, 0.99),
            max_ms: percentile_ms(&latencies, 1.0),
            accepted_p50_ms: percentile_ms(&answers, 0.5),
            accepted_p95_ms: percentile_ms(&answers, 0.95),
        }
    }
}

fn micros_between(due: Instant, moment: Instant) -> u32 {
    u32::try_from(moment.saturating_duration_since(due).as_micros()).unwrap_or(u32::MAX)
}

/// The number in the content of an event's message.
pub fn number_in(event: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(event).ok()?;
    let (_, rest) = text.split_once(OPEN)?;
    rest.split_once(CLOSE)?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_is_counted_by_its_number() {
        let ledger = Ledger::default();
        let (first, text) = ledger.enter(Kind::Direct, Instant::now(), 1);
        let (second, broadcast) = ledger.enter(Kind::Broadcast, Instant::now(), 3);
        ledger.accepted(first);
        ledger.accepted(second);
        assert!(!ledger.is_complete());
        ledger.hear(format!("{{\"content\":\"{text}\"}}").as_bytes());
        ledger.hear(format!("{{\"content\":\"{text}\"}}").as_bytes());
        for _ in 0..3 {
            ledger.hear(format!("{{\"content\":\"{broadcast}\"}}").as_bytes());
        }
        ledger.hear(b"{\"type\":\"presence\"}");
        assert!(ledger.is_complete());
        let (direct, wide) = (ledger.heard(Kind::Direct), ledger.heard(Kind::Broadcast));
        assert_eq!((direct.accepted, direct.expected, direct.heard, direct.repeats), (1, 1, 1, 1));
        assert_eq!((wide.accepted, wide.expected, wide.heard, wide.repeats), (1, 3, 3, 0));
        assert_eq!(ledger.strangers(), 1);
    }

    #[test]
    fn what_was_refused_is_not_waited_for() {
        let ledger = Ledger::default();
        ledger.enter(Kind::Direct, Instant::now(), 1);
        assert!(ledger.is_complete());
        assert_eq!(ledger.heard(Kind::Direct).expected, 0);
    }
}
