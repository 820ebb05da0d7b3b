//! Pauses between attempts: longer each time, and never the same for two relays.

use std::time::Duration;
use tokio::time::sleep;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// The pauses of one thing that is tried.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Backoff {
        Backoff { next: FIRST }
    }

    /// It has worked: the next pause is the first again.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&mut self) {
        sleep(jittered(self.advance())).await;
    }

    fn advance(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }
}

/// From half of the pause to the whole of it.
pub(crate) fn jittered(pause: Duration) -> Duration {
    // Without a random number the pause is whole: later, never busier.
    let random = getrandom::u32().unwrap_or(u32::MAX);
    pause / 2 + (pause / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_bound_and_begin_anew_after_success() {
        let mut backoff = Backoff::new();
        let pauses: Vec<u128> = (0..8).map(|_| backoff.advance().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.advance(), FIRST);
    }

    #[test]
    fn two_relays_do_not_pause_alike() {
        let pauses: Vec<Duration> = (0..100).map(|_| jittered(LONGEST)).collect();
        assert!(pauses.iter().all(|pause| (LONGEST / 2..=LONGEST).contains(pause)));
        assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
