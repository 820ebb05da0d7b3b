//! Gives memory back to the system after a flood.
//!
//! The allocator keeps what was freed between two pieces that are still in use, which after thousands of connections is
//! most of what they took. It gives it back when it is asked to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How often the high waters are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The most there has been of something since memory was last given back.
#[derive(Debug)]
pub struct HighWater {
    peak: AtomicUsize,
    /// What is not worth giving back.
    little: usize,
}

impl HighWater {
    /// Of something that takes much memory only above `little`.
    pub const fn new(little: usize) -> HighWater {
        HighWater { peak: AtomicUsize::new(0), little }
    }

    /// There is so much now.
    pub fn reaches(&self, level: usize) {
        self.peak.fetch_max(level, Ordering::Relaxed);
    }

    /// Whether it has fallen by half to `level`; then it is measured anew.
    pub fn has_fallen_to(&self, level: usize) -> bool {
        let peak = self.peak.load(Ordering::Relaxed);
        let has_fallen = peak > self.little && level <= peak / 2;
        if has_fallen {
            self.peak.store(level, Ordering::Relaxed);
        }
        has_fallen
    }
}

/// Gives back what the allocator keeps and nobody uses. It takes some milliseconds for a hundred megabytes.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "there is no safe way to ask glibc")]
    // SAFETY: glibc may be asked at any time, on any thread, and is passed no pointer.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_much_is_a_fall_and_little_is_none() {
        let water = HighWater::new(100);
        water.reaches(100);
        assert!(!water.has_fallen_to(0));
        water.reaches(1000);
        water.reaches(900);
        assert!(!water.has_fallen_to(501));
        assert!(water.has_fallen_to(500));
        assert!(!water.has_fallen_to(500) && !water.has_fallen_to(251));
        assert!(water.has_fallen_to(250) && water.has_fallen_to(0) && !water.has_fallen_to(0));
    }
}
