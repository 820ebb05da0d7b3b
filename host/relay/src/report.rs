//! What the relay says: one line when something changes, not one each time it is noticed.

use crate::SERVICE;
use rolecall_shared::wire::log::{Level, Line};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Takes the relay's lines.
pub type Report = Arc<dyn Fn(&Line<'_>) + Send + Sync>;

/// What does not work at the moment.
pub(crate) struct Troubles {
    report: Report,
    known: Mutex<HashSet<&'static str>>,
}

impl Troubles {
    pub(crate) fn new(report: Report) -> Troubles {
        Troubles { report, known: Mutex::default() }
    }

    /// `what` does not work: said once, until it is [over](Troubles::over).
    pub(crate) fn began(&self, what: &'static str, cause: &str) {
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(what) {
            self.say(Level::Warn, &format!("{what}_unavailable"), Some(cause));
        }
    }

    /// `what` works: said once, where it did not before.
    pub(crate) fn over(&self, what: &'static str) {
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(what) {
            self.say(Level::Info, &format!("{what}_available"), None);
        }
    }

    pub(crate) fn say(&self, level: Level, event: &str, cause: Option<&str>) {
        (self.report)(&Line { cause, ..Line::new(level, SERVICE, event) });
    }

    /// Says something about one webhook.
    pub(crate) fn say_of(&self, webhook: Uuid, level: Level, event: &str, cause: Option<&str>) {
        let webhook = webhook.to_string();
        (self.report)(&Line { webhook_id: Some(&webhook), cause, ..Line::new(level, SERVICE, event) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_said_when_it_begins_and_when_it_is_over() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = said.clone();
        let troubles =
            Troubles::new(Arc::new(move |line: &Line<'_>| lines.lock().unwrap().push(line.event.to_owned())));
        troubles.over("nats");
        for _ in 0..3 {
            troubles.began("nats", "nobody listens there");
        }
        troubles.began("database", "nobody listens there");
        troubles.over("nats");
        troubles.over("nats");
        troubles.began("nats", "nobody listens there");
        let expected = ["nats_unavailable", "database_unavailable", "nats_available", "nats_unavailable"];
        assert_eq!(*said.lock().unwrap(), expected);
    }
}
