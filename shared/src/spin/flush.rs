//! Hands the failures of the instance in, in a task that no request waits for, until the database has them.

use super::{database, failures::Failures, keys::within};
use crate::{
    rules::code::Code,
    spin::settings::Settings,
    wire::{
        envelope::Answer,
        log::{Level, Line},
        statement::Statement,
    },
};
use serde_json::json;
use spin_sdk::wasip3::{clocks::monotonic_clock::wait_for, spawn};
use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const RECORD_FAILURES: &Statement = &Statement::of("record_failures");

/// How long failures gather before they are handed in together.
const GATHERING: Duration = Duration::from_millis(250);
/// How long a batch may take; the pool may have no connection for it.
const BATCH_TIME: Duration = Duration::from_secs(4);
/// The longest pause between two tries: together with a try it is less than the ten seconds that are promised.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

thread_local! {
    // Counts by operation and code; nothing of a request.
    static FAILURES: RefCell<Failures> = RefCell::default();
}

/// Counts a failed request of which the database knows nothing.
pub fn count(settings: &Rc<Settings>, operation: &'static str, code: Code, took: Duration) {
    if FAILURES.with_borrow_mut(|failures| failures.count(operation, code, took, now())) {
        spawn(hand_in(Rc::clone(settings), HandingIn));
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The task that hands in. Dropping it lets the next failure begin another.
struct HandingIn;

impl Drop for HandingIn {
    fn drop(&mut self) {
        FAILURES.with_borrow_mut(Failures::interrupt);
    }
}

async fn hand_in(settings: Rc<Settings>, _task: HandingIn) {
    let mut pause = GATHERING;
    loop {
        pause_for(pause).await;
        let Some(report) = FAILURES.with_borrow_mut(|failures| failures.next(now())) else { return };
        let envelope = json!({ "claims": { "role": "anon" }, "input": report }).to_string().into_bytes();
        match within(BATCH_TIME, send(&settings, envelope)).await {
            Ok(()) => {
                FAILURES.with_borrow_mut(Failures::settle);
                pause = GATHERING;
            }
            Err(cause) => {
                Line { cause: Some(&cause), ..Line::new(Level::Warn, "failures", "not_recorded") }.print();
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn send(settings: &Settings, envelope: Vec<u8>) -> Result<(), String> {
    let statement = const { RECORD_FAILURES.as_str() };
    // Failures come when the requests' connections are all stuck.
    let mut connection = Some(database::open_apart(settings).await.map_err(|error| format!("{statement}: {error}"))?);
    let answer = database::select(&mut connection, settings, statement, envelope).await;
    let answer = Answer::parse(&answer.map_err(|error| format!("{statement}: {error}"))?);
    answer.and_then(|answer| answer.outcome.ok()).map(|_| ()).ok_or_else(|| format!("{statement}: it was refused"))
}

async fn pause_for(time: Duration) {
    wait_for(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)).await;
}
