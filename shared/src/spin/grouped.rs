//! The statement of a function whose requests share one when they meet (`coalesce`).

use super::{
    database::{self, Fault},
    exchange::Exchange,
};
use crate::{
    rules::{
        code::Code,
        limits::{GROUP_PATIENCE_MS, MAX_GROUP_BYTES, MAX_GROUP_SOLO, MAX_GROUP_WAITING},
    },
    spin::{
        coalesce::{self, Batch, Bounds, Entrance, Item, Turn},
        settings::Settings,
    },
    wire::{
        envelope::{self, Answer, Call, Done, Part},
        refusal::Refusal,
    },
};
use futures_util::future::join;
use serde::Serialize;
use spin_sdk::{
    pg::PgError,
    wasip3::{clocks::monotonic_clock::wait_for, spawn, wit_stream},
    wit_bindgen::StreamWriter,
};
use std::{cell::RefCell, rc::Rc};

/// The outcome of a shared statement for one of its requests.
type Outcome = Result<Answer, Rc<Fault>>;
/// A request is woken by its stream's end: a plain waker does not reach from one task of the component to another.
type Wake = StreamWriter<u8>;
type Coalescer = coalesce::Coalescer<Outcome, Wake>;
type Leader = coalesce::Leader<Outcome, Wake>;
type Watch = coalesce::Watch<Outcome, Wake>;

thread_local! {
    // Requests that wait, each with its turn, which only its own task receives.
    static COALESCERS: RefCell<Vec<(&'static str, Coalescer)>> = const { RefCell::new(Vec::new()) };
}

/// The requests of this instance that send the same statement.
fn coalescer(statement: &'static str, settings: &Settings) -> Coalescer {
    COALESCERS.with_borrow_mut(|coalescers| {
        if let Some((_, coalescer)) = coalescers.iter().find(|(of, _)| *of == statement) {
            return coalescer.clone();
        }
        let coalescer = Coalescer::new(Bounds {
            items: settings.group_commit,
            bytes: MAX_GROUP_BYTES,
            waiting: MAX_GROUP_WAITING,
            solo: MAX_GROUP_SOLO,
        });
        coalescers.push((statement, coalescer.clone()));
        coalescer
    })
}

/// Sends the request's one statement: at once if none is in flight, and otherwise with the next.
pub async fn query<I: Serialize>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    statement: &'static str,
    call: &Call<'_, I>,
) -> Result<Done, Refusal> {
    let sender = call.claims.sub;
    let coalescer = coalescer(statement, settings);
    let turn = match coalescer.enter(sender) {
        Entrance::Lead(lead) => Some(Turn::Lead(lead)),
        Entrance::Full => {
            let detail = "Too many requests are waiting for the database; nothing was done.";
            return Err(Refusal::new(Code::Overloaded, detail));
        }
        Entrance::Wait => {
            let envelope = database::envelope(call).map_err(|error| exchange.database_failure(&error))?;
            let (wake, mut woken) = wit_stream::new();
            let ticket = coalescer.wait(sender, envelope, wake);
            if let Some(watch) = coalescer.watch() {
                spawn(keep_watch(watch, Rc::clone(settings), statement));
            }
            woken.next().await;
            ticket.turn()
        }
    };
    match turn {
        Some(Turn::Decided(Ok(answer))) => exchange.decided(answer),
        Some(Turn::Decided(Err(fault))) => Err(exchange.failure(&fault, statement)),
        Some(Turn::Solo(_sender_waits)) => database::query(exchange, settings, statement, call).await,
        Some(Turn::Lead(lead)) => {
            lead.goes_solo(sender);
            let done = database::query(exchange, settings, statement, call).await;
            if lead.is_awaited() {
                spawn(send_the_others(lead, Rc::clone(settings), statement));
            }
            done
        }
        None => Err(exchange.outcome_unknown("the request that sent the statement has ended")),
    }
}

/// Lets the others overtake a request that is sent by itself and held up.
async fn keep_watch(mut watch: Watch, settings: Rc<Settings>, statement: &'static str) {
    loop {
        wait_for(GROUP_PATIENCE_MS * 1_000_000).await;
        if let Some(lead) = watch.overtake() {
            spawn(send_the_others(lead, Rc::clone(&settings), statement));
        }
        if !watch.go_on() {
            break;
        }
    }
}

/// Sends statement after statement, for as long as requests wait.
async fn send_the_others(lead: Leader, settings: Rc<Settings>, statement: &'static str) {
    let mut connection = None;
    let mut decided = Vec::new();
    while let Some(batch) = lead.next() {
        let answer = database::select(&mut connection, &settings, statement, batch.text());
        // A statement is on its way before the requests of the one before it are answered: the database and the instance
        // work at the same time.
        let (answer, ()) = join(answer, async { tell(&mut decided) }).await;
        decided = settle(&lead, batch, statement, answer);
    }
    tell(&mut decided);
}

/// Wakes requests with the outcome of their statement.
fn tell(decided: &mut Vec<(Item<Outcome, Wake>, Outcome)>) {
    for (item, outcome) in decided.drain(..) {
        item.decide(outcome);
    }
}

/// Gives the items of an answered statement their outcomes; those that are not decided are queued again.
fn settle(
    lead: &Leader,
    batch: Batch<Outcome, Wake>,
    statement: &str,
    answer: Result<Vec<u8>, PgError>,
) -> Vec<(Item<Outcome, Wake>, Outcome)> {
    let count = batch.len();
    let fault = match answer {
        Ok(json) => match Part::parse(&json, count) {
            Some(parts) => return sort(lead, batch, parts),
            None => Fault::Unparsable,
        },
        Err(error) => match database::undone(&error) {
            Some(code) if count > 1 || envelope::is_transient(code) => {
                database::log_taken_apart(statement, code, count);
                lead.resend_singly(batch);
                return Vec::new();
            }
            _ => Fault::Database(error),
        },
    };
    let fault = Rc::new(fault);
    batch.into_items().into_iter().map(|item| (item, Err(Rc::clone(&fault)))).collect()
}

/// Gives each item its answer. Deferred items go into the next statement, in their order.
fn sort(lead: &Leader, batch: Batch<Outcome, Wake>, parts: Vec<Part>) -> Vec<(Item<Outcome, Wake>, Outcome)> {
    let mut decided = Vec::with_capacity(parts.len());
    let mut deferred = Vec::new();
    for (item, part) in batch.into_items().into_iter().zip(parts) {
        match part {
            Part::Answer(answer) => decided.push((item, Ok(answer))),
            Part::Deferred => deferred.push(item),
        }
    }
    lead.requeue(deferred);
    decided
}
