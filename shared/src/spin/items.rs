//! A request whose body is an array: each item is answered as if it had come alone.
//!
//! Its items share a statement of their own, and not the one of the requests that meet in the instance (`grouped`): those
//! would wait behind up to a hundred of somebody else's. An item that the statement defers goes into the next one. If a
//! statement was rolled back, because somebody holds what one of its items needs, they are sent one by one.

use super::{
    database::{self, Fault},
    exchange::Exchange,
    serve::{Opened, admit_rollout, impersonation},
};
use crate::{
    auth::caller::Caller,
    function::Function,
    rules::limits::REPEAT_SECONDS,
    spin::settings::Settings,
    wire::{
        answer,
        envelope::{self, Answer, Call, Claims, IdempotencyKey, Part},
        fields::Fields,
        json,
        refusal::Refusal,
    },
};
use bytes::Bytes;
use http::{HeaderMap, Response};
use spin_sdk::pg::{Connection, PgError};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};

/// What becomes of an item that is sent.
type Outcome = Result<Answer, Rc<Fault>>;

/// Answers a request of several items. What it lacks as a whole refuses it as a whole: its form, its token, a function that
/// is switched off.
pub async fn answer<F: Function>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    headers: &HeaderMap,
    opened: &Opened<F::Caller>,
) -> Result<Response<Bytes>, Refusal> {
    IdempotencyKey::refuse(headers)?;
    let texts = json::parse_array(&opened.body, F::MAX_ITEMS)?;
    if let Some(flag) = F::FLAG {
        admit_rollout(flag, settings.rollouts.of(flag), opened.caller.user_id())?;
    }

    let statement = const { F::STATEMENT.as_str() };
    let mut envelopes = Vec::with_capacity(texts.len());
    let mut checked = Vec::with_capacity(texts.len());
    for text in texts {
        let read = read::<F>(exchange, settings, &opened.caller, text.get().as_bytes()).await;
        checked.push(read.map(|envelope| envelopes.push(envelope)));
    }
    let mut outcomes = send(settings, statement, &envelopes).await.into_iter();
    let mut results = Vec::with_capacity(checked.len());
    for item in checked {
        let done = match item {
            Ok(()) => match outcomes.next() {
                Some(outcome) => exchange.decided_item(outcome, statement),
                None => Err(exchange.unparsable(statement)),
            },
            Err(refusal) => Err(refusal),
        };
        results.push(done.map(|done| (F::status(&done.data), done)));
    }
    let codes = || results.iter().filter_map(|result| result.as_ref().err()).map(|refusal| refusal.code);
    exchange.reported = codes().find(|code| code.is_failure()).or_else(|| codes().next());
    Ok(answer::results(&results, &exchange.request_id))
}

/// Checks an item, and makes its envelope.
async fn read<F: Function>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    caller: &F::Caller,
    text: &[u8],
) -> Result<Vec<u8>, Refusal> {
    let mut fields = Fields::parse(text)?;
    if let Some(attempt) = fields.impersonation(caller.user_id()) {
        let refusal = impersonation::<F>(exchange, settings, caller, attempt).await;
        exchange.count_item(refusal.code);
        return Err(refusal);
    }
    let idempotency_key = fields.get::<Option<IdempotencyKey>>("idempotency_key").flatten();
    let input: F::Input = fields.read()?;
    let call = Call {
        claims: Claims { sub: caller.user_id(), role: caller.role() },
        request_id: &exchange.request_id,
        idempotency_key,
        rollouts: &settings.rollouts,
        reads: F::READS,
        input,
    };
    database::envelope(&call).map_err(|error| exchange.database_failure(&error))
}

/// Sends items in their order, and returns the outcome of each.
async fn send(settings: &Settings, statement: &str, envelopes: &[Vec<u8>]) -> Vec<Outcome> {
    let mut connection = None;
    let mut outcomes: Vec<Option<Outcome>> = envelopes.iter().map(|_| None).collect();
    loop {
        let mut waiting: Vec<_> = outcomes.iter_mut().zip(envelopes).filter(|(outcome, _)| outcome.is_none()).collect();
        let count = waiting.len();
        if count == 0 {
            break;
        }
        let parameter =
            envelope::parameter(&waiting.iter().map(|(_, envelope)| envelope.as_slice()).collect::<Vec<_>>());
        let fault = match database::select(&mut connection, settings, statement, parameter).await {
            Ok(json) => match Part::parse(&json, count) {
                Some(parts) => {
                    for ((outcome, _), part) in waiting.iter_mut().zip(parts) {
                        if let Part::Answer(answer) = part {
                            **outcome = Some(Ok(answer));
                        }
                    }
                    continue;
                }
                None => Fault::Unparsable,
            },
            Err(error) => match database::undone(&error) {
                Some(code) if count > 1 || envelope::is_transient(code) => {
                    database::log_taken_apart(statement, code, count);
                    send_singly(&mut connection, settings, statement, waiting).await;
                    break;
                }
                _ => Fault::Database(error),
            },
        };
        let fault = Rc::new(fault);
        waiting.into_iter().for_each(|(outcome, _)| *outcome = Some(Err(Rc::clone(&fault))));
    }
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(Rc::new(Fault::OutOfTime)))).collect()
}

/// Sends each item by itself, while there is time. Where it is unknown what became of one, the later ones are not sent:
/// they would come before it if it is sent again.
async fn send_singly(
    connection: &mut Option<Connection>,
    settings: &Settings,
    statement: &str,
    waiting: Vec<(&mut Option<Outcome>, &Vec<u8>)>,
) {
    let begun = Instant::now();
    let mut unknown = None;
    for (outcome, envelope) in waiting {
        if let Some(fault) = &unknown {
            *outcome = Some(Err(Rc::clone(fault)));
            continue;
        }
        if begun.elapsed() > Duration::from_secs(REPEAT_SECONDS) {
            // Neither is any other.
            break;
        }
        let mut answer = database::select(connection, settings, statement, envelope.clone()).await;
        if answer.as_ref().err().and_then(database::undone).is_some_and(envelope::is_transient) {
            answer = database::select(connection, settings, statement, envelope.clone()).await;
        }
        let decided = match answer {
            Ok(json) => Answer::parse(&json).ok_or_else(|| Rc::new(Fault::Unparsable)),
            Err(error) => Err(fault_of(error, &mut unknown)),
        };
        *outcome = Some(decided);
    }
}

/// The fault of an item by itself; noted in `unknown` where nobody knows whether its statement took effect.
fn fault_of(error: PgError, unknown: &mut Option<Rc<Fault>>) -> Rc<Fault> {
    let is_undone = database::undone(&error).is_some();
    let fault = Rc::new(Fault::Database(error));
    if !is_undone {
        *unknown = Some(Rc::clone(&fault));
    }
    fault
}
