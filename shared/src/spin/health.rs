//! How the function, its database and its keys are. All who ask share what the instance knows, none of which is of a request.

use super::{
    database::{self, Fault},
    exchange::Exchange,
    keys,
    recent::{Entrance, LookUp, Recent},
};
use crate::{
    auth::schedule::Condition,
    rules::{code::Code, limits::HEALTH_INTERVAL_MS},
    spin::settings::Settings,
    wire::{answer, envelope::Answer, statement::Statement},
};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use spin_sdk::{
    wasip3::{clocks::monotonic_clock::wait_for, spawn, wit_stream},
    wit_bindgen::StreamWriter,
};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

const STATEMENT: &Statement = &Statement::of("health");

/// A waiting request is woken by its stream's end, as in `grouped`.
type Wake = StreamWriter<u8>;
/// What the database says, if it answers.
type Reachable = Result<Known, Rc<Fault>>;

/// What the database knows of the application.
#[derive(Clone, Copy)]
struct Known {
    /// Whether a relay publishes what happens. A database from before there were relays does not say, and has none.
    is_relayed: bool,
}

thread_local! {
    // Nothing of a request: whoever asks first asks for all.
    static DATABASE: Recent<Reachable, Wake> = Recent::new(Duration::from_millis(HEALTH_INTERVAL_MS));
}

/// The answer that tells how the function, its database and its keys are. What makes it 503 goes to the log.
pub async fn health(exchange: &mut Exchange, settings: &Rc<Settings>) -> Response<Bytes> {
    let keys = keys::condition(settings, exchange.started).await;
    let database = database(settings).await;
    let word = match (&database, keys) {
        (Err(fault), _) => {
            let refusal = exchange.failure(fault, const { STATEMENT.as_str() });
            exchange.reported = Some(refusal.code);
            "unavailable"
        }
        // Nobody can be let in.
        (Ok(_), Some(Condition::Unavailable)) if !settings.verifier.has_keys() => {
            exchange.cause = keys::trouble(settings);
            exchange.reported = Some(Code::AuthenticationUnavailable);
            "unavailable"
        }
        (Ok(_), Some(Condition::Stale | Condition::Unavailable)) => "degraded",
        (Ok(_), Some(Condition::Ok) | None) => "ok",
    };
    let realtime = settings.has_realtime.map(|is_configured| match &database {
        _ if !is_configured => "off",
        Ok(Known { is_relayed: true }) => "on",
        Ok(Known { is_relayed: false }) | Err(_) => "degraded",
    });
    let database = if database.is_ok() { "ok" } else { "unreachable" };
    let mut body = json!({"status": word, "database": database, "version": env!("CARGO_PKG_VERSION")});
    if let Some(keys) = keys {
        body["keys"] = keys.as_str().into();
    }
    if let Some(realtime) = realtime {
        body["realtime"] = realtime.into();
    }
    let is_failing = exchange.reported.is_some();
    let status = if is_failing { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let json = HeaderValue::from_static("application/json");
    let mut response = answer::json(status, json, &exchange.request_id, &body);
    if is_failing {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Whether the database answers, as of less than a second ago.
async fn database(settings: &Rc<Settings>) -> Reachable {
    loop {
        let look_up = match DATABASE.with(|recent| recent.enter(Instant::now())) {
            Entrance::Known(condition) => return condition,
            Entrance::LookUp(look_up) => Some(look_up),
            Entrance::Wait => None,
            Entrance::Later(time) => {
                wait_for(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)).await;
                continue;
            }
        };
        let (wake, mut woken) = wit_stream::new();
        let ticket = DATABASE.with(|recent| recent.wait(wake));
        if let Some(look_up) = look_up {
            // A task of its own: the end of the request that asks first is not the end of the look-up.
            spawn(ask(look_up, Rc::clone(settings)));
        }
        woken.next().await;
        if let Some(condition) = ticket.answer() {
            return condition;
        }
    }
}

/// Asks the database.
async fn ask(look_up: LookUp<Reachable, Wake>, settings: Rc<Settings>) {
    let envelope = json!({ "claims": { "role": "anon" }, "input": {} }).to_string().into_bytes();
    let answer = database::select(&mut None, &settings, const { STATEMENT.as_str() }, envelope).await;
    let condition = match answer {
        Ok(json) => match Answer::parse(&json) {
            Some(Answer { outcome: Ok(done), .. }) => {
                Ok(Known { is_relayed: done.data.get("relayed").and_then(Value::as_bool).unwrap_or(false) })
            }
            _ => Err(Rc::new(Fault::Unparsable)),
        },
        Err(error) => Err(Rc::new(Fault::Database(error))),
    };
    look_up.end(condition);
}
