//! The time of a call, for the bench and for its component alike.

use rolecall_shared::rules::poaching::judge;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The shortest time of a call: whatever else runs on the machine only adds to it.
pub fn least(text: &str) -> Duration {
    const BUDGET: Duration = Duration::from_millis(25);
    const FEWEST: usize = 4;
    let (began, mut best, mut calls) = (Instant::now(), Duration::MAX, 0);
    while calls < FEWEST || began.elapsed() < BUDGET {
        let call = Instant::now();
        black_box(judge(black_box(text)));
        best = best.min(call.elapsed());
        calls += 1;
    }
    best
}
