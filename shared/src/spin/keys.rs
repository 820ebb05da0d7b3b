//! The key set at an address: one fetch for all who wait, old keys meanwhile, and the database hands the keys from one
//! instance to the next.
//!
//! A fetch is a task of its own, so that the end of the request that caused it is not the end of the fetch. Requests whose
//! token needs no key of the set never wait for it.

use super::{database, instance};
use crate::{
    auth::{
        keys::KeySet,
        schedule::{Condition, Schedule, USABLE},
    },
    spin::settings::Settings,
    wire::{
        envelope::Answer,
        log::{Level, Line},
        statement::Statement,
    },
};
use futures_util::future::{Either, select};
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use spin_sdk::{
    wasip3::{clocks::monotonic_clock::wait_for, spawn, wit_stream},
    wit_bindgen::StreamWriter,
};
use std::{
    cell::RefCell,
    pin::pin,
    time::{Duration, Instant},
};

/// Largest JWK set that is read, in bytes.
const MAX_KEY_SET_BYTES: usize = 256 * 1024;
/// How long a fetch may take.
const FETCH_TIME: Duration = Duration::from_secs(2);
/// How long it may take to ask the database for the keys of another instance.
const LOOK_UP_TIME: Duration = Duration::from_secs(1);
/// How long a health report waits for the first keys: the probes of Kubernetes give up after a second.
const HEALTH_TIME: Duration = Duration::from_millis(500);

const KEY_SET: &Statement = &Statement::of("key_set");

/// A waiting request is woken by its stream's end, as in `grouped`.
type Wake = StreamWriter<u8>;

#[derive(Default)]
struct Keys {
    schedule: Schedule,
    waiting: Vec<Wake>,
    /// The set in use, as text.
    text: String,
    /// Why the last fetch failed, for the log.
    cause: Option<String>,
}

thread_local! {
    // Public keys, and the requests that wait for them.
    static KEYS: RefCell<Keys> = RefCell::default();
    static BEGINNING: Instant = Instant::now();
}

fn since_beginning(at: Instant) -> Duration {
    BEGINNING.with(|beginning| at.saturating_duration_since(*beginning))
}

fn now() -> Duration {
    since_beginning(Instant::now())
}

/// Fetches the key set in the background if that is due at this moment. Never waits.
pub fn keep_fresh(settings: &Settings, at: Instant) {
    if settings.jwks_url.is_none() {
        return;
    }
    let now = since_beginning(at);
    let is_due = KEYS.with_borrow_mut(|keys| {
        if keys.schedule.expire(now) {
            keys.text.clear();
            settings.verifier.replace_keys(KeySet::default());
        }
        keys.schedule.is_due(now)
    });
    if is_due {
        start();
    }
}

/// Waits until the keys may be others than now; false if they cannot be.
pub async fn newer(settings: &Settings) -> bool {
    if settings.jwks_url.is_none() {
        return false;
    }
    let now = now();
    let schedule = KEYS.with_borrow(|keys| keys.schedule);
    if schedule.may_fetch(now) {
        start();
    } else if !schedule.is_running() {
        return false;
    }
    changed().await;
    true
}

/// Why it cannot be known whether a key exists, if it cannot.
pub fn trouble(settings: &Settings) -> Option<String> {
    settings.jwks_url.as_ref()?;
    KEYS.with_borrow(|keys| {
        let cause = || keys.cause.clone().unwrap_or_else(|| "the fetch has ended early".to_owned());
        (!keys.schedule.is_settled()).then(|| format!("jwt_jwks_url: {}", cause()))
    })
}

/// How good the keys are; `None` without an address. A new instance first tries to have some.
pub async fn condition(settings: &Settings, at: Instant) -> Option<Condition> {
    settings.jwks_url.as_ref()?;
    keep_fresh(settings, at);
    let condition = || KEYS.with_borrow(|keys| (keys.schedule.condition(now()), keys.schedule.is_running()));
    if let (Condition::Unavailable, true) = condition() {
        let change = async {
            changed().await;
            Ok(())
        };
        // What is known after the wait is the answer, whether the fetch has ended or not.
        let _ = within(HEALTH_TIME, change).await;
    }
    Some(condition().0)
}

/// Waits for the fetch that is running, or for the keys that it finds on its way.
async fn changed() {
    let (wake, mut woken) = wit_stream::new();
    KEYS.with_borrow_mut(|keys| keys.waiting.push(wake));
    woken.next().await;
}

/// A fetch that is running. Dropping it ends it and wakes who waits.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        KEYS.with_borrow_mut(|keys| {
            if keys.schedule.is_running() {
                keys.schedule.fail(now());
            }
        });
        wake();
    }
}

fn start() {
    KEYS.with_borrow_mut(|keys| keys.schedule.begin());
    spawn(refresh(Running));
}

fn wake() {
    // Dropped outside of the borrow.
    drop(KEYS.with_borrow_mut(|keys| std::mem::take(&mut keys.waiting)));
}

async fn refresh(running: Running) {
    // Whoever started this has read them.
    let Ok(settings) = instance::settings().await else { return };
    let Some(url) = &settings.jwks_url else { return };
    if KEYS.with_borrow(|keys| keys.schedule.age(now()).is_none()) {
        adopt(&settings, url).await;
        let is_done = KEYS.with_borrow_mut(|keys| {
            let is_fresh = keys.schedule.is_fresh(now());
            if is_fresh {
                keys.schedule.end();
            }
            is_fresh
        });
        if is_done {
            return;
        }
        wake();
    }
    match within(FETCH_TIME, fetch(url)).await {
        Ok((text, set)) => {
            replace(&settings, &text, set);
            KEYS.with_borrow_mut(|keys| (keys.cause = None, keys.schedule.succeed(now())));
            drop(running);
            share(&settings, url, &text).await;
        }
        Err(cause) => {
            report(&cause);
            // Another instance may have had more luck.
            adopt(&settings, url).await;
            KEYS.with_borrow_mut(|keys| (keys.cause = Some(cause), keys.schedule.fail(now())));
        }
    }
}

fn report(cause: &str) {
    Line { cause: Some(cause), ..Line::new(Level::Warn, "keys", "not_fetched") }.print();
}

fn replace(settings: &Settings, text: &str, set: KeySet) {
    let is_new = KEYS.with_borrow_mut(|keys| {
        let is_new = keys.text != text;
        if is_new {
            text.clone_into(&mut keys.text);
        }
        is_new
    });
    // The same keys have verified the tokens that are remembered.
    if is_new {
        settings.verifier.replace_keys(set);
    }
}

/// Takes over the keys that another instance has left in the database, if they are newer.
async fn adopt(settings: &Settings, url: &str) {
    let kept = match within(LOOK_UP_TIME, ask(settings, json!({ "url": url }))).await {
        Ok(kept) => kept,
        Err(cause) => return report(&cause),
    };
    let text = kept.get("keys").and_then(Value::as_str);
    let age = kept.get("age_seconds").and_then(Value::as_u64).map(Duration::from_secs);
    let (Some(text), Some(age)) = (text, age) else { return };
    let Ok(set) = KeySet::parse(text) else { return };
    let is_newer = KEYS.with_borrow(|keys| keys.schedule.age(now()).is_none_or(|own| age < own));
    if age < USABLE && is_newer {
        replace(settings, text, set);
        KEYS.with_borrow_mut(|keys| keys.schedule.adopt(now(), age));
    }
}

/// Leaves the keys in the database, for other instances.
async fn share(settings: &Settings, url: &str, text: &str) {
    if let Err(cause) = within(LOOK_UP_TIME, ask(settings, json!({ "url": url, "keys": text }))).await {
        Line { cause: Some(&cause), ..Line::new(Level::Warn, "keys", "not_shared") }.print();
    }
}

async fn ask(settings: &Settings, input: Value) -> Result<serde_json::Map<String, Value>, String> {
    let envelope = json!({ "claims": { "role": "anon" }, "input": input }).to_string().into_bytes();
    let statement = const { KEY_SET.as_str() };
    let answer = database::select(&mut None, settings, statement, envelope).await;
    let answer = Answer::parse(&answer.map_err(|error| format!("{statement}: {error}"))?);
    let done = answer.and_then(|answer| answer.outcome.ok());
    done.map(|done| done.data).ok_or_else(|| format!("{statement}: the answer has an unexpected form"))
}

async fn fetch(url: &str) -> Result<(String, KeySet), String> {
    let response = spin_sdk::http::get(url).await.map_err(|error| error.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(format!("status {}", response.status()));
    }
    let mut body = response.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| error.to_string())?.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > MAX_KEY_SET_BYTES {
            return Err("the key set is too large".to_owned());
        }
    }
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    let set = KeySet::parse(&text).map_err(|error| error.to_string())?;
    Ok((text, set))
}

/// Does something within a time. What is not done by then is given up.
pub async fn within<T>(time: Duration, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let over = wait_for(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    match select(pin!(work), pin!(over)).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right(_) => Err(format!("no answer within {} ms", time.as_millis())),
    }
}
