//! How an instance is doing: the CPU time it takes without yielding, and why it ended.
//!
//! The engine's epoch advances every [`TICK`]. A guest that is running then calls back; if the same task has run for longer
//! than the limit since the instance last came to rest, it is stopped, and with it its instance. Until then it steps aside
//! at every tick, so that a busy instance does not hold up the rest of the process.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::component::GuestTaskId;

/// How often the epoch advances.
pub const TICK: Duration = Duration::from_millis(10);

/// Why an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest trapped or panicked.
    Trap,
    /// The guest asked for more memory than it may have, and trapped on it.
    Memory,
    /// A request took more CPU time without yielding than it may.
    Cpu,
}

/// The vital signs of one instance, seen from inside and outside its store.
#[derive(Debug, Default)]
pub struct Vitals {
    end: AtomicU8,
    /// Answers whose body is still leaving.
    streams: AtomicUsize,
    meter: Mutex<Meter>,
}

/// Held for as long as the body of an answer is leaving.
pub struct Streaming {
    vitals: Arc<Vitals>,
}

impl Streaming {
    /// Counts one more answer that leaves piece by piece.
    pub fn of(vitals: &Arc<Vitals>) -> Streaming {
        vitals.streams.fetch_add(1, Ordering::Relaxed);
        Streaming { vitals: vitals.clone() }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.vitals.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, Default)]
struct Meter {
    /// When the instance's turn on the thread began; `None` while it is at rest.
    running_since: Option<Instant>,
    /// CPU time since the instance last came to rest, without the current turn.
    carried: Duration,
    /// Whether the turn ends because of a tick and not because everything waits.
    stepped_aside: bool,
    /// The task that was running at the last tick, and what the instance had run when it was first seen.
    task: Option<(Option<GuestTaskId>, Duration)>,
}

impl Vitals {
    /// Records the likely cause of death, for the case that the instance ends now.
    pub fn record_cause(&self, end: End) {
        let value = match end {
            End::Trap => 0,
            End::Memory => 1,
            End::Cpu => 2,
        };
        self.end.store(value, Ordering::Relaxed);
    }

    /// Why the instance ended, if it has.
    pub fn end(&self) -> End {
        match self.end.load(Ordering::Relaxed) {
            1 => End::Memory,
            2 => End::Cpu,
            _ => End::Trap,
        }
    }

    /// Whether the body of an answer is still leaving.
    pub fn is_streaming(&self) -> bool {
        self.streams.load(Ordering::Relaxed) > 0
    }

    /// The instance is given the thread.
    pub fn turn_begins(&self) {
        let mut meter = self.meter();
        if !std::mem::take(&mut meter.stepped_aside) {
            meter.carried = Duration::ZERO;
            meter.task = None;
        }
        meter.running_since = Some(Instant::now());
    }

    /// The instance gives the thread back.
    pub fn turn_ends(&self) {
        let mut meter = self.meter();
        if let Some(since) = meter.running_since.take()
            && meter.stepped_aside
        {
            meter.carried += since.elapsed();
        }
    }

    /// The epoch advanced while `task` was running: whether it may go on.
    pub fn tick(&self, task: Option<GuestTaskId>, limit: Duration) -> Tick {
        let mut meter = self.meter();
        let this_turn = meter.running_since.map_or(Duration::ZERO, |since| since.elapsed());
        let total = meter.carried + this_turn;
        let begun = match meter.task {
            Some((seen, begun)) if seen == task => begun,
            _ => {
                meter.task = Some((task, total));
                total
            }
        };
        if total - begun >= limit {
            return Tick::Stop;
        }
        if this_turn < TICK / 2 {
            return Tick::GoOn;
        }
        meter.stepped_aside = true;
        Tick::StepAside
    }

    fn meter(&self) -> MutexGuard<'_, Meter> {
        // Nothing panics while it holds the lock.
        self.meter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a running guest does at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// The guest has only just been given the thread.
    GoOn,
    /// The guest gives the thread back and goes on at its next turn.
    StepAside,
    /// The guest has used up its time and ends.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(60);

    #[test]
    fn a_busy_task_is_stopped_at_the_limit_although_it_steps_aside() {
        let vitals = Vitals::default();
        let begun = Instant::now();
        loop {
            vitals.turn_begins();
            std::thread::sleep(TICK);
            let tick = vitals.tick(None, LIMIT);
            vitals.turn_ends();
            match tick {
                Tick::StepAside => assert!(begun.elapsed() < LIMIT * 10, "never stopped"),
                Tick::Stop => break,
                Tick::GoOn => panic!("a whole tick is more than half of one"),
            }
        }
        assert!(begun.elapsed() >= LIMIT);
    }

    #[test]
    fn coming_to_rest_starts_anew() {
        let vitals = Vitals::default();
        for _ in 0..10 {
            vitals.turn_begins();
            std::thread::sleep(TICK);
            assert_ne!(vitals.tick(None, LIMIT), Tick::Stop);
            // The rest of the turn ends in waiting, not in stepping aside.
            vitals.meter().stepped_aside = false;
            vitals.turn_ends();
        }
    }

    #[test]
    fn the_first_moment_of_a_turn_is_left_alone() {
        let vitals = Vitals::default();
        vitals.turn_begins();
        assert_eq!(vitals.tick(None, LIMIT), Tick::GoOn);
    }

    #[test]
    fn answers_that_are_leaving_are_counted() {
        let vitals = Arc::new(Vitals::default());
        let (one, other) = (Streaming::of(&vitals), Streaming::of(&vitals));
        drop(one);
        assert!(vitals.is_streaming());
        drop(other);
        assert!(!vitals.is_streaming());
    }

    #[test]
    fn the_end_is_remembered() {
        let vitals = Vitals::default();
        assert_eq!(vitals.end(), End::Trap);
        vitals.record_cause(End::Memory);
        assert_eq!(vitals.end(), End::Memory);
        vitals.record_cause(End::Cpu);
        assert_eq!(vitals.end(), End::Cpu);
    }
}
