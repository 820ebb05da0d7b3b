//! When the key set at an address is fetched, and how good the keys are. Nothing here knows a clock: each question brings
//! its moment, as the time since any beginning.

use std::time::Duration;

/// How old keys may be before they are fetched anew, in the background.
pub const FRESH: Duration = Duration::from_secs(600);
/// How old keys may be used while they cannot be fetched anew.
pub const USABLE: Duration = Duration::from_secs(12 * 3600);
/// The shortest time between two fetches that tokens of unknown keys cause: a forger must not be able to cause traffic.
pub const COOLDOWN: Duration = Duration::from_secs(5);
/// The same where there are no keys at all.
pub const COOLDOWN_WITHOUT_KEYS: Duration = Duration::from_secs(1);
/// How long after a failure old keys are fetched again without being asked for.
pub const PAUSE: Duration = Duration::from_secs(30);

/// How good the keys of an address are, as health tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Fetched within [`FRESH`], and the last fetch went well.
    Ok,
    /// Old keys are in use, because the last fetch failed or is due.
    Stale,
    /// There are no keys.
    Unavailable,
}

impl Condition {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Condition::Ok => "ok",
            Condition::Stale => "stale",
            Condition::Unavailable => "unavailable",
        }
    }
}

/// What is known of the key set at an address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Schedule {
    /// When the keys came and how old they were then.
    keys: Option<(Duration, Duration)>,
    /// When the last fetch ended, and whether it went well.
    fetched: Option<(Duration, bool)>,
    is_running: bool,
}

impl Schedule {
    /// How old the keys are, if there are any.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        self.keys.map(|(came, age)| now.saturating_sub(came).saturating_add(age))
    }

    /// Whether a fetch is running.
    pub fn is_running(&self) -> bool {
        self.is_running
    }

    /// Whether to fetch although nothing waits for it.
    pub fn is_due(&self, now: Duration) -> bool {
        match self.age(now) {
            None => self.may_fetch(now),
            Some(age) => age >= FRESH && self.may_fetch(now) && !self.failed_within(PAUSE, now),
        }
    }

    /// Whether a token of an unknown key may cause a fetch.
    pub fn may_fetch(&self, now: Duration) -> bool {
        let cooldown = if self.keys.is_some() { COOLDOWN } else { COOLDOWN_WITHOUT_KEYS };
        !self.is_running && self.fetched.is_none_or(|(at, _)| now.saturating_sub(at) >= cooldown)
    }

    /// Whether it is known that the address answers and does not have a key that the keys lack.
    pub fn is_settled(&self) -> bool {
        self.keys.is_some() && self.fetched.is_none_or(|(_, went_well)| went_well)
    }

    /// Whether the keys need not be fetched anew yet.
    pub fn is_fresh(&self, now: Duration) -> bool {
        self.age(now).is_some_and(|age| age < FRESH)
    }

    /// How good the keys are.
    pub fn condition(&self, now: Duration) -> Condition {
        match self.age(now) {
            None => Condition::Unavailable,
            Some(_) if self.is_fresh(now) && self.is_settled() => Condition::Ok,
            Some(_) => Condition::Stale,
        }
    }

    /// Notes that a fetch begins.
    pub fn begin(&mut self) {
        self.is_running = true;
    }

    /// Notes that keys of this age have come from another instance.
    pub fn adopt(&mut self, now: Duration, age: Duration) {
        self.keys = Some((now, age));
    }

    /// Notes that the fetch has ended without asking the address, as another instance had the keys.
    pub fn end(&mut self) {
        self.is_running = false;
    }

    /// Notes that the address has answered with keys.
    pub fn succeed(&mut self, now: Duration) {
        *self = Schedule { keys: Some((now, Duration::ZERO)), fetched: Some((now, true)), is_running: false };
    }

    /// Notes that the address has not answered, or with something else.
    pub fn fail(&mut self, now: Duration) {
        (self.fetched, self.is_running) = (Some((now, false)), false);
    }

    /// Forgets keys that are too old to be used; whether there were any.
    pub fn expire(&mut self, now: Duration) -> bool {
        let is_over = self.age(now).is_some_and(|age| age >= USABLE);
        if is_over {
            self.keys = None;
        }
        is_over
    }

    fn failed_within(&self, time: Duration, now: Duration) -> bool {
        self.fetched.is_some_and(|(at, went_well)| !went_well && now.saturating_sub(at) < time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);
    const SECOND: Duration = Duration::from_secs(1);

    fn fetched() -> Schedule {
        let mut schedule = Schedule::default();
        schedule.begin();
        schedule.succeed(START);
        schedule
    }

    #[test]
    fn the_first_request_fetches_and_the_others_wait_for_the_same_fetch() {
        let mut schedule = Schedule::default();
        assert!(schedule.is_due(START) && schedule.may_fetch(START));
        assert_eq!(schedule.condition(START), Condition::Unavailable);
        schedule.begin();
        assert!(schedule.is_running() && !schedule.is_due(START) && !schedule.may_fetch(START));
        schedule.succeed(START);
        assert_eq!(schedule.condition(START), Condition::Ok);
        assert!(!schedule.is_running());
    }

    #[test]
    fn without_keys_a_failed_fetch_is_tried_again_after_a_second() {
        let mut schedule = Schedule::default();
        schedule.begin();
        schedule.fail(START);
        let almost = START + COOLDOWN_WITHOUT_KEYS - Duration::from_millis(1);
        assert!(!schedule.may_fetch(almost) && !schedule.is_due(almost));
        assert!(schedule.may_fetch(START + COOLDOWN_WITHOUT_KEYS) && schedule.is_due(START + COOLDOWN_WITHOUT_KEYS));
        assert!(!schedule.is_settled());
    }

    #[test]
    fn forged_tokens_cause_one_fetch_in_each_cooldown() {
        let mut schedule = fetched();
        let mut fetches = 0;
        // A forged token every hundredth of a second, for a minute.
        for step in 1..=6000 {
            let now = START + Duration::from_millis(10) * step;
            if schedule.may_fetch(now) {
                schedule.begin();
                fetches += 1;
                schedule.succeed(now);
            }
        }
        assert_eq!(fetches, 12);
    }

    #[test]
    fn old_keys_are_fetched_anew_in_the_background() {
        let schedule = fetched();
        assert!(!schedule.is_due(START + FRESH - SECOND));
        assert!(schedule.is_due(START + FRESH));
        assert_eq!(schedule.condition(START + FRESH), Condition::Stale);
    }

    #[test]
    fn old_keys_are_used_for_hours_while_they_cannot_be_fetched() {
        let mut schedule = fetched();
        let mut now = START + FRESH;
        let mut fetches = 0;
        while now < START + USABLE {
            assert!(!schedule.expire(now));
            assert_ne!(schedule.condition(now), Condition::Unavailable);
            if schedule.is_due(now) {
                schedule.begin();
                schedule.fail(now);
                fetches += 1;
            }
            now += SECOND;
        }
        assert_eq!(fetches, (USABLE - FRESH).as_secs() / PAUSE.as_secs());
        assert!(schedule.expire(now));
        assert_eq!(schedule.condition(now), Condition::Unavailable);
        assert!(!schedule.expire(now));
    }

    #[test]
    fn a_failure_makes_keys_stale_until_a_fetch_goes_well() {
        let mut schedule = fetched();
        schedule.begin();
        schedule.fail(START + COOLDOWN);
        assert_eq!(schedule.condition(START + COOLDOWN), Condition::Stale);
        assert!(!schedule.may_fetch(START + COOLDOWN + SECOND));
        assert!(schedule.may_fetch(START + COOLDOWN * 2));
        schedule.begin();
        schedule.succeed(START + COOLDOWN * 2);
        assert_eq!(schedule.condition(START + COOLDOWN * 2), Condition::Ok);
    }

    #[test]
    fn keys_of_another_instance_keep_their_age() {
        let mut schedule = Schedule::default();
        schedule.begin();
        schedule.adopt(START, FRESH - SECOND);
        schedule.end();
        assert_eq!(schedule.condition(START), Condition::Ok);
        assert!(!schedule.is_due(START) && schedule.is_due(START + SECOND));
        // They are another's: a key that they lack may be there by now.
        assert!(schedule.may_fetch(START));
        assert!(schedule.expire(START + USABLE));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_does_no_harm() {
        let schedule = fetched();
        assert_eq!(schedule.condition(Duration::ZERO), Condition::Ok);
        assert!(!schedule.may_fetch(Duration::ZERO));
    }
}
