//! The statement of a function whose requests share one when they meet (`coalesce`).

use super::{database, exchange::Exchange};
use crate::{
    rules::{
        code::Code,
        limits::{GROUP_PATIENCE_MS, MAX_GROUP_ALONE, MAX_GROUP_BYTES, MAX_GROUP_WAITING},
    },
    spin::{
        coalesce::{self, Batch, Bounds, Entrance, Item, Turn},
        settings::Settings,
    },
    wire::{
        envelope::{self, Answer, Call, Done, Part},
        log::{Level, Line},
        refusal::Refusal,
    },
};
use futures_util::future::join;
use serde::Serialize;
use spin_sdk::{
    pg::{PgError, QueryError},
    wasip3::{clocks::monotonic_clock::wait_for, spawn, wit_stream},
    wit_bindgen::StreamWriter,
};
use std::{cell::RefCell, rc::Rc};

/// What came of a shared statement for one of its requests.
type Outcome = Result<Answer, Rc<Fault>>;
/// A request is woken by its stream's end: a plain waker does not reach from one task of the component to another.
type Wake = StreamWriter<u8>;
type Group = coalesce::Group<Outcome, Wake>;
type Lead = coalesce::Lead<Outcome, Wake>;
type Watch = coalesce::Watch<Outcome, Wake>;

/// What is the matter with a shared statement.
enum Fault {
    Database(PgError),
    /// Its answer is none.
    AnotherForm,
}

thread_local! {
    // Requests that wait, each with what its own task alone receives: its turn.
    static GROUPS: RefCell<Vec<(&'static str, Group)>> = const { RefCell::new(Vec::new()) };
}

/// The requests of this instance that send the same statement.
fn group(statement: &'static str, settings: &Settings) -> Group {
    GROUPS.with_borrow_mut(|groups| {
        if let Some((_, group)) = groups.iter().find(|(of, _)| *of == statement) {
            return group.clone();
        }
        let group = Group::new(Bounds {
            items: settings.group_commit,
            bytes: MAX_GROUP_BYTES,
            waiting: MAX_GROUP_WAITING,
            alone: MAX_GROUP_ALONE,
        });
        groups.push((statement, group.clone()));
        group
    })
}

/// Sends the request's one statement: at once if no other is in flight, and otherwise with the next.
pub async fn query<I: Serialize>(
    exchange: &mut Exchange,
    settings: &Rc<Settings>,
    statement: &'static str,
    call: &Call<'_, I>,
) -> Result<Done, Refusal> {
    let lane = call.claims.sub;
    let group = group(statement, settings);
    let turn = match group.enter(lane) {
        Entrance::Lead(lead) => Some(Turn::Lead(lead)),
        Entrance::Full => {
            let detail = "Too many requests wait for the database; nothing was done.";
            return Err(Refusal::new(Code::Overloaded, detail));
        }
        Entrance::Wait => {
            let envelope = database::envelope(call).map_err(|error| exchange.database_failure(&error))?;
            let (wake, mut woken) = wit_stream::new();
            let ticket = group.wait(lane, envelope, wake);
            if let Some(watch) = group.watch() {
                spawn(keep_watch(watch, Rc::clone(settings), statement));
            }
            woken.next().await;
            ticket.turn()
        }
    };
    match turn {
        Some(Turn::Decided(Ok(answer))) => exchange.decided(answer),
        Some(Turn::Decided(Err(fault))) => Err(match &*fault {
            Fault::Database(error) => exchange.database_failure(error),
            Fault::AnotherForm => exchange.another_form(statement),
        }),
        Some(Turn::Alone(_lane_waits)) => database::query(exchange, settings, statement, call).await,
        Some(Turn::Lead(lead)) => {
            lead.goes_alone(lane);
            let done = database::query(exchange, settings, statement, call).await;
            if lead.is_awaited() {
                spawn(send_the_others(lead, Rc::clone(settings), statement));
            }
            done
        }
        None => Err(exchange.outcome_unknown("the request that sent the statement has ended")),
    }
}

/// Sees to it that nobody waits for long behind one request that is sent by itself and held up.
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
async fn send_the_others(lead: Lead, settings: Rc<Settings>, statement: &'static str) {
    let mut connection = None;
    let mut decided = Vec::new();
    while let Some(batch) = lead.next() {
        let answer = database::select(&mut connection, &settings.database_url, statement, batch.text());
        // A statement is on its way before the requests of the one before it are answered: the database and the instance
        // work at the same time.
        let (answer, ()) = join(answer, async { tell(&mut decided) }).await;
        decided = settle(&lead, batch, statement, answer);
    }
    tell(&mut decided);
}

/// Wakes requests with what came of their statement.
fn tell(decided: &mut Vec<(Item<Outcome, Wake>, Outcome)>) {
    for (item, outcome) in decided.drain(..) {
        item.decide(outcome);
    }
}

/// Says which of a statement's items are decided, and sees to the others.
fn settle(
    lead: &Lead,
    batch: Batch<Outcome, Wake>,
    statement: &str,
    answer: Result<Vec<u8>, PgError>,
) -> Vec<(Item<Outcome, Wake>, Outcome)> {
    let count = batch.len();
    let fault = match answer {
        Ok(json) => {
            let parts = match count {
                1 => Answer::parse(&json).map(|answer| vec![Part::Answer(answer)]),
                _ => Part::parse_all(&json, count),
            };
            match parts {
                Some(parts) => return sort(lead, batch, parts),
                None => Fault::AnotherForm,
            }
        }
        Err(PgError::QueryFailed(QueryError::DbError(error)))
            if envelope::is_undone(&error.severity, &error.code)
                && (count > 1 || envelope::is_transient(&error.code)) =>
        {
            let cause = format!("{statement}: {} for {count} items, which are sent one by one", error.code);
            Line { cause: Some(&cause), ..Line::new(Level::Warn, "database", "retried") }.print();
            lead.one_by_one(batch);
            return Vec::new();
        }
        Err(error) => Fault::Database(error),
    };
    let fault = Rc::new(fault);
    batch.into_items().into_iter().map(|item| (item, Err(Rc::clone(&fault)))).collect()
}

/// Gives each item its answer. Those that the statement put off go into the next, in their order.
fn sort(lead: &Lead, batch: Batch<Outcome, Wake>, parts: Vec<Part>) -> Vec<(Item<Outcome, Wake>, Outcome)> {
    let mut decided = Vec::with_capacity(parts.len());
    let mut put_off = Vec::new();
    for (item, part) in batch.into_items().into_iter().zip(parts) {
        match part {
            Part::Answer(answer) => decided.push((item, Ok(answer))),
            Part::Deferred => put_off.push(item),
        }
    }
    lead.put_off(put_off);
    decided
}
