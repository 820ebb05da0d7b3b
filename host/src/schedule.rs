//! Requests the runner makes at given times: the `schedule` of the manifest's `tool` table.

use crate::log::Log;
use crate::manifest::ScheduleEntry;
use crate::manifest::variables::Variables;
use crate::server::Server;
use crate::token;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use croner::Cron;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use rolecall_shared::wire::log::{Level, Line};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// How long the token of a scheduled request is good for.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60);

/// Pauses before a scheduled request is tried again that the server could not answer. A pause that would outlast the time
/// to the next occurrence is not made.
const RETRY_PAUSES: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// The pause before a request whose answer asked for the next one: other work on the database comes first.
const NEXT_STEP_PAUSE: Duration = Duration::from_millis(100);

/// How long one occurrence may go on asking for the next step.
const STEPS_TIME: Duration = Duration::from_secs(3600);

/// The longest answer that is searched for `more`, in bytes.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// The occurrences of an entry less than this apart do not wait for each other, and are not logged one by one.
const FREQUENT: Duration = Duration::from_secs(60);

/// Requests of a frequent entry that may be unanswered at the same time; beyond, an occurrence is left out.
const MAX_UNANSWERED: usize = 8;

/// How long a frequent entry's answers are not logged while their status stays the same: successes, and failures.
const QUIET_AFTER_SUCCESS: Duration = Duration::from_secs(3600);
const QUIET_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// The clock is looked at this often while waiting, because it may be set and the machine may sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Why an entry cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The time is not a cron expression.
    #[error("schedule for {path}: {cron:?} is not a cron expression: {reason}")]
    Cron {
        /// The entry's path.
        path: String,
        /// What stands there.
        cron: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The time never comes.
    #[error("schedule for {path}: {cron:?} never comes")]
    Never {
        /// The entry's path.
        path: String,
        /// What stands there.
        cron: String,
    },
    /// Method or path cannot stand in a request.
    #[error("schedule: {method} {path} cannot be requested")]
    Request {
        /// The entry's method.
        method: String,
        /// The entry's path.
        path: String,
    },
    /// There is nothing to sign a token with.
    #[error("schedule for {path}: role {role} needs the variable jwt_secret or operator_token")]
    NoToken {
        /// The entry's path.
        path: String,
        /// The entry's role.
        role: String,
    },
}

/// A request and its times, ready to be made.
pub struct Scheduled {
    entry: ScheduleEntry,
    cron: Cron,
    method: Method,
    uri: Uri,
    /// What was logged last, where the entry is frequent.
    logged: Option<Mutex<Logged>>,
}

impl Scheduled {
    /// Checks an entry.
    ///
    /// # Errors
    /// What keeps it from being followed, said at the start and not at two in the morning.
    pub fn new(entry: ScheduleEntry, variables: &Variables) -> Result<Scheduled, ScheduleError> {
        let cron = parse_cron(&entry)?;
        let request = || ScheduleError::Request { method: entry.method.clone(), path: entry.path.clone() };
        let method = Method::from_str(&entry.method).map_err(|_| request())?;
        let uri: Uri = entry.path.parse().map_err(|_| request())?;
        if !entry.path.starts_with('/') {
            return Err(request());
        }
        if let Some(role) = &entry.role
            && token_for(role, variables).is_none()
        {
            return Err(ScheduleError::NoToken { path: entry.path.clone(), role: role.clone() });
        }
        let logged = is_frequent(&cron, Utc::now()).then(Mutex::default);
        Ok(Scheduled { entry, cron, method, uri, logged })
    }

    /// Makes the request whenever its time comes, for ever. One that has become slow, or is tried again, holds up no
    /// later one where the entry is frequent.
    pub async fn follow(self, server: Arc<Server>, variables: Arc<Variables>, log: Log) {
        let this = Arc::new(self);
        let mut unanswered = JoinSet::new();
        // Only a time that never comes has no next one, and `new` refuses those.
        while let Some(next) = next_time(&this.cron, Utc::now()) {
            while let Ok(left) = (next - Utc::now()).to_std() {
                sleep(left.min(LONGEST_SLEEP)).await;
            }
            while unanswered.try_join_next().is_some() {}
            let occurrence = this.clone().occur(server.clone(), variables.clone(), log.clone());
            if this.logged.is_none() {
                occurrence.await;
            } else if unanswered.len() < MAX_UNANSWERED {
                unanswered.spawn(occurrence);
            } else {
                // What keeps them from being answered says the rest.
                this.report(StatusCode::SERVICE_UNAVAILABLE, Work::Done, &log);
            }
        }
    }

    /// Makes the request, and those that its answers ask for.
    async fn occur(self: Arc<Scheduled>, server: Arc<Server>, variables: Arc<Variables>, log: Log) {
        let now = Instant::now();
        let left = next_time(&self.cron, Utc::now()).and_then(|next| (next - Utc::now()).to_std().ok());
        let next = left.and_then(|left| now.checked_add(left)).unwrap_or(now);
        while self.make(&server, &variables, &log, next).await == Work::Left
            && Instant::now() < next.min(now + STEPS_TIME)
        {
            sleep(NEXT_STEP_PAUSE).await;
        }
    }

    /// Makes the request, again after a failure if there is time before the next occurrence.
    async fn make(&self, server: &Arc<Server>, variables: &Variables, log: &Log, next: Instant) -> Work {
        for pause in RETRY_PAUSES.into_iter().map(Some).chain([None]) {
            let (status, work) = self.request_once(server, variables).await;
            self.report(status, work, log);
            match pause {
                Some(pause) if status.is_server_error() && Instant::now() + pause < next => sleep(pause).await,
                _ => return work,
            }
        }
        Work::Done
    }

    async fn request_once(&self, server: &Arc<Server>, variables: &Variables) -> (StatusCode, Work) {
        let mut request = Request::new(Bytes::from_static(b"{}"));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let token = self.entry.role.as_deref().and_then(|role| token_for(role, variables));
        if let Some(Ok(value)) = token.map(|token| HeaderValue::from_str(&format!("Bearer {token}"))) {
            headers.insert(AUTHORIZATION, value);
        }
        let (head, body) = server.call(request).await.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
        let work = match body {
            Ok(body) if head.status.is_success() => Work::said_by(&body.to_bytes()),
            _ => Work::Done,
        };
        (head.status, work)
    }

    fn report(&self, status: StatusCode, work: Work, log: &Log) {
        #[derive(Serialize)]
        struct Details<'a> {
            path: &'a str,
            status: u16,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            more: bool,
            /// Answers of the same status since the last line.
            #[serde(skip_serializing_if = "Option::is_none")]
            not_logged: Option<u32>,
        }
        let not_logged = match &self.logged {
            None => None,
            Some(logged) => {
                let mut logged = logged.lock().unwrap_or_else(PoisonError::into_inner);
                match logged.note(status, Instant::now()) {
                    None => return,
                    some => some.filter(|&answers| answers > 0),
                }
            }
        };
        let level = if status.is_success() { Level::Info } else { Level::Error };
        let line = Line { method: Some(self.method.as_str()), ..Line::new(level, "host", "scheduled_request") };
        let more = work == Work::Left;
        log.print(&line, &Details { path: &self.entry.path, status: status.as_u16(), more, not_logged });
    }
}

/// What the log was told of a frequent entry: each change of the status of its answers, and now and then that it stays.
#[derive(Debug, Default)]
struct Logged {
    last: Option<(StatusCode, Instant)>,
    not_logged: u32,
}

impl Logged {
    /// Notes an answer. How many before it were not logged, if it is to be logged itself.
    fn note(&mut self, status: StatusCode, now: Instant) -> Option<u32> {
        let quiet = if status.is_success() { QUIET_AFTER_SUCCESS } else { QUIET_AFTER_FAILURE };
        if self.last.is_some_and(|(last, at)| last == status && now.duration_since(at) < quiet) {
            self.not_logged = self.not_logged.saturating_add(1);
            return None;
        }
        self.last = Some((status, now));
        Some(std::mem::take(&mut self.not_logged))
    }
}

/// What an answer says of the work that its request began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// There is no more, or the answer does not say.
    Done,
    /// The answer has `"more": true`: it did one step, and the next request does the next.
    Left,
}

impl Work {
    fn said_by(answer: &[u8]) -> Work {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            more: bool,
        }
        match serde_json::from_slice(answer) {
            Ok(Answer { more: true }) => Work::Left,
            _ => Work::Done,
        }
    }
}

fn token_for(role: &str, variables: &Variables) -> Option<String> {
    let given = || variables.get("operator_token").filter(|token| !token.is_empty()).map(str::to_owned);
    token::sign(variables, role, None, TOKEN_LIFETIME).or_else(given)
}

fn parse_cron(entry: &ScheduleEntry) -> Result<Cron, ScheduleError> {
    let cron = Cron::from_str(&entry.cron).map_err(|error| ScheduleError::Cron {
        path: entry.path.clone(),
        cron: entry.cron.clone(),
        reason: error.to_string(),
    })?;
    match next_time(&cron, Utc::now()) {
        Some(_) => Ok(cron),
        None => Err(ScheduleError::Never { path: entry.path.clone(), cron: entry.cron.clone() }),
    }
}

/// Whether the occurrences of an entry are closer than [`FREQUENT`].
fn is_frequent(cron: &Cron, now: DateTime<Utc>) -> bool {
    let first = next_time(cron, now);
    let second = first.and_then(|first| next_time(cron, first));
    first.zip(second).and_then(|(first, second)| (second - first).to_std().ok()).is_some_and(|gap| gap < FREQUENT)
}

/// The first time after `now`, in UTC.
fn next_time(cron: &Cron, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    cron.find_next_occurrence(&now, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::variables::Sources;
    use std::collections::BTreeMap;

    fn next(cron: &str, now: &str) -> String {
        let cron = Cron::from_str(cron).unwrap();
        next_time(&cron, now.parse().unwrap()).unwrap().to_rfc3339()
    }

    #[test]
    fn the_next_time_is_in_utc_and_after_now() {
        assert_eq!(next("0 2 * * *", "2026-11-20T01:59:59Z"), "2026-11-20T02:00:00+00:00");
        assert_eq!(next("0 2 * * *", "2026-11-20T02:00:00Z"), "2026-11-21T02:00:00+00:00");
        assert_eq!(next("0 2 * * *", "2026-12-31T12:00:00Z"), "2027-01-01T02:00:00+00:00");
        assert_eq!(next("*/15 * * * *", "2026-11-20T10:07:31Z"), "2026-11-20T10:15:00+00:00");
        assert_eq!(next("0 0 29 2 *", "2026-11-20T00:00:00Z"), "2028-02-29T00:00:00+00:00");
        assert_eq!(next("30 4 * * 1", "2026-11-20T00:00:00Z"), "2026-11-23T04:30:00+00:00");
        // A sixth field, in front, is that of the seconds.
        assert_eq!(next("*/15 * * * * *", "2026-11-20T10:07:31Z"), "2026-11-20T10:07:45+00:00");
        assert_eq!(next("*/15 * * * * *", "2026-11-20T10:07:45Z"), "2026-11-20T10:08:00+00:00");
    }

    #[test]
    fn an_entry_is_frequent_below_a_minute() {
        let frequent =
            |cron: &str| is_frequent(&Cron::from_str(cron).unwrap(), "2026-11-20T10:07:31Z".parse().unwrap());
        for cron in ["* * * * * *", "*/15 * * * * *", "0,59 * * * * *"] {
            assert!(frequent(cron), "{cron}");
        }
        for cron in ["* * * * *", "30 * * * * *", "0 2 * * *"] {
            assert!(!frequent(cron), "{cron}");
        }
    }

    #[test]
    fn a_frequent_entry_is_logged_when_its_answers_change_and_now_and_then() {
        let mut logged = Logged::default();
        let begin = Instant::now();
        let mut at = |seconds, status| logged.note(status, begin + Duration::from_secs(seconds));
        assert_eq!(at(0, StatusCode::OK), Some(0));
        assert_eq!(at(15, StatusCode::OK), None);
        assert_eq!(at(30, StatusCode::OK), None);
        assert_eq!(at(45, StatusCode::SERVICE_UNAVAILABLE), Some(2), "a change is logged at once");
        assert_eq!(at(60, StatusCode::SERVICE_UNAVAILABLE), None);
        assert_eq!(at(105, StatusCode::SERVICE_UNAVAILABLE), Some(1), "a failure that stays, each minute");
        assert_eq!(at(120, StatusCode::OK), Some(0));
        assert_eq!(at(3705, StatusCode::OK), None);
        assert_eq!(at(3720, StatusCode::OK), Some(1), "a success that stays, each hour");
    }

    #[test]
    fn only_an_answer_that_says_more_asks_for_the_next_step() {
        assert_eq!(Work::said_by(br#"{"success": true, "more": true}"#), Work::Left);
        for answer in [r#"{"success": true, "more": false}"#, r#"{"success": true}"#, r#"{"more": 1}"#, "OK", ""] {
            assert_eq!(Work::said_by(answer.as_bytes()), Work::Done, "{answer}");
        }
    }

    #[test]
    fn wrong_entries_are_refused_at_the_start() {
        let variables = Sources::default().settle(&BTreeMap::new()).unwrap();
        let entry = |cron: &str, path: &str, role: Option<&str>| ScheduleEntry {
            cron: cron.into(),
            method: "POST".into(),
            path: path.into(),
            role: role.map(Into::into),
        };
        let refused = |entry| Scheduled::new(entry, &variables).err().unwrap().to_string();
        assert!(refused(entry("25 99 * * *", "/x", None)).contains("not a cron expression"));
        assert!(refused(entry("0 0 30 2 *", "/x", None)).contains("never comes"));
        assert!(refused(entry("0 2 * * *", "x", None)).contains("cannot be requested"));
        assert!(refused(entry("0 2 * * *", "/x", Some("service_role"))).contains("jwt_secret or operator_token"));
        assert!(Scheduled::new(entry("0 2 * * *", "/x", None), &variables).is_ok());
    }
}
