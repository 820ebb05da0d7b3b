//! An answer that many ask for and that is looked up at most once in an interval: those who ask meanwhile share it, and one
//! look-up is under way at a time.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

/// The shared answer. `W` wakes a waiting request when it is dropped.
pub struct Recent<T, W>(Rc<RefCell<State<T, W>>>);

struct State<T, W> {
    interval: Duration,
    /// When the last look-up began.
    begun: Option<Instant>,
    /// What it has found; nothing while it is under way, and if it was given up.
    found: Option<T>,
    /// The requests that wait for the look-up that is under way.
    waiting: Option<Vec<(W, Slot<T>)>>,
}

/// Where a waiting request finds the answer.
type Slot<T> = Rc<RefCell<Option<T>>>;

/// What a request does when it comes.
pub enum Entrance<T, W> {
    /// It takes the answer of less than an interval ago.
    Known(T),
    /// It starts a look-up, and waits for it.
    LookUp(LookUp<T, W>),
    /// It waits for the look-up that is under way.
    Wait,
    /// It comes again after this time: the last look-up was given up, and the interval is not over.
    Later(Duration),
}

/// A waiting request's claim to the answer.
pub struct Ticket<T>(Slot<T>);

/// A look-up that is under way. If it is dropped without an end, whoever waits for it starts another.
pub struct LookUp<T, W>(Rc<RefCell<State<T, W>>>);

impl<T: Clone, W> Recent<T, W> {
    /// An answer that is looked up at most once in `interval`.
    pub fn new(interval: Duration) -> Recent<T, W> {
        Recent(Rc::new(RefCell::new(State { interval, begun: None, found: None, waiting: None })))
    }

    /// What a request does that comes at `now`.
    pub fn enter(&self, now: Instant) -> Entrance<T, W> {
        let mut state = self.0.borrow_mut();
        if state.waiting.is_some() {
            return Entrance::Wait;
        }
        let age = state.begun.map(|begun| now.saturating_duration_since(begun));
        match age.and_then(|age| state.interval.checked_sub(age)).filter(|left| !left.is_zero()) {
            Some(left) => match &state.found {
                Some(found) => Entrance::Known(found.clone()),
                None => Entrance::Later(left),
            },
            None => {
                (state.begun, state.found, state.waiting) = (Some(now), None, Some(Vec::new()));
                Entrance::LookUp(LookUp(Rc::clone(&self.0)))
            }
        }
    }

    /// Waits for the look-up that is under way: `wake` is dropped when it has ended.
    pub fn wait(&self, wake: W) -> Ticket<T> {
        let slot = Slot::default();
        if let Some(waiting) = &mut self.0.borrow_mut().waiting {
            waiting.push((wake, Rc::clone(&slot)));
        }
        Ticket(slot)
    }
}

impl<T> Ticket<T> {
    /// The answer, once the request has been woken; `None` if the look-up was given up.
    pub fn answer(self) -> Option<T> {
        self.0.take()
    }
}

impl<T: Clone, W> LookUp<T, W> {
    /// Ends the look-up with its answer, which also goes to those who waited longer than an interval for it.
    pub fn end(self, answer: T) {
        let mut state = self.0.borrow_mut();
        for (_, slot) in state.waiting.iter().flatten() {
            *slot.borrow_mut() = Some(answer.clone());
        }
        state.found = Some(answer);
    }
}

impl<T, W> Drop for LookUp<T, W> {
    fn drop(&mut self) {
        let waiting = self.0.borrow_mut().waiting.take();
        // They may enter again at once.
        drop(waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const INTERVAL: Duration = Duration::from_secs(1);

    /// Counts the requests that were woken.
    struct Wake(Rc<Cell<usize>>);

    impl Drop for Wake {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    type Answers = Recent<&'static str, Wake>;

    fn look_up(answers: &Answers, now: Instant) -> LookUp<&'static str, Wake> {
        match answers.enter(now) {
            Entrance::LookUp(look_up) => look_up,
            Entrance::Known(answer) => panic!("known: {answer}"),
            Entrance::Wait => panic!("under way"),
            Entrance::Later(time) => panic!("in {time:?}"),
        }
    }

    fn known(answers: &Answers, now: Instant) -> Option<&'static str> {
        match answers.enter(now) {
            Entrance::Known(answer) => Some(answer),
            _ => None,
        }
    }

    #[test]
    fn an_answer_is_shared_for_an_interval_from_when_it_was_asked_for() {
        let (answers, begin) = (Answers::new(INTERVAL), Instant::now());
        look_up(&answers, begin).end("ok");
        assert_eq!(known(&answers, begin), Some("ok"));
        assert_eq!(known(&answers, begin + INTERVAL - Duration::from_nanos(1)), Some("ok"));
        // Good or bad, it is not hidden for longer.
        look_up(&answers, begin + INTERVAL).end("away");
        assert_eq!(known(&answers, begin + INTERVAL), Some("away"));
        look_up(&answers, begin + 2 * INTERVAL).end("ok");
    }

    #[test]
    fn who_comes_during_a_look_up_waits_for_it_however_long_it_takes() {
        let (answers, begin, woken) = (Answers::new(INTERVAL), Instant::now(), Rc::new(Cell::new(0)));
        let running = look_up(&answers, begin);
        let tickets: Vec<_> = (0..3)
            .map(|seconds| {
                assert!(matches!(answers.enter(begin + seconds * INTERVAL), Entrance::Wait));
                answers.wait(Wake(Rc::clone(&woken)))
            })
            .collect();
        assert_eq!(woken.get(), 0);
        running.end("late");
        assert_eq!(woken.get(), 3);
        assert!(tickets.into_iter().all(|ticket| ticket.answer() == Some("late")));
        // It is older than an interval to whoever comes now.
        look_up(&answers, begin + 3 * INTERVAL).end("ok");
    }

    #[test]
    fn a_look_up_that_is_given_up_strands_nobody_and_costs_its_interval() {
        let (answers, begin, woken) = (Answers::new(INTERVAL), Instant::now(), Rc::new(Cell::new(0)));
        let running = look_up(&answers, begin);
        assert!(matches!(answers.enter(begin), Entrance::Wait));
        let ticket = answers.wait(Wake(Rc::clone(&woken)));
        drop(running);
        assert_eq!(woken.get(), 1);
        assert_eq!(ticket.answer(), None);
        let Entrance::Later(time) = answers.enter(begin + INTERVAL / 4) else { panic!("it has sent its statement") };
        assert_eq!(time, INTERVAL * 3 / 4);
        let next = look_up(&answers, begin + INTERVAL);
        let ticket = answers.wait(Wake(Rc::clone(&woken)));
        next.end("ok");
        assert_eq!(ticket.answer(), Some("ok"));
    }

    #[test]
    fn who_is_woken_may_enter_again_at_once() {
        struct Enters(Rc<Recent<&'static str, Enters>>, Instant, Rc<Cell<bool>>);
        impl Drop for Enters {
            fn drop(&mut self) {
                self.2.set(matches!(self.0.enter(self.1), Entrance::Known("ok")));
            }
        }
        let (answers, begin, entered) = (Rc::new(Recent::new(INTERVAL)), Instant::now(), Rc::new(Cell::new(false)));
        let Entrance::LookUp(running) = answers.enter(begin) else { panic!("nothing is known yet") };
        answers.wait(Enters(Rc::clone(&answers), begin, Rc::clone(&entered)));
        running.end("ok");
        assert!(entered.get());
    }
}
