//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// How long a condition may take to come true before it counts as failed; generous, for a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// Asks `condition` until it has an answer, and returns that.
///
/// # Panics
/// When there is none within [`DEADLINE`]; the message names `what` was awaited.
pub async fn until<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {} seconds in vain until {what}", DEADLINE.as_secs());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
