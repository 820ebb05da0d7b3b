//! Clients that send their next request when they have the answer to the last.

use super::{
    connection::{Connection, open_many},
    figures::{Figures, Tally},
    requests::{Random, Requests},
};
use anyhow::{Result, ensure};
use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::task::LocalSet;

/// How long after the end of a measurement its last answers may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections to one server, which are kept from one measurement to the next.
#[derive(Debug)]
pub struct Clients {
    address: Rc<str>,
    requests: Rc<Requests>,
    connections: Vec<Connection>,
    answered: u64,
}

impl Clients {
    /// Opens so many connections to `host:port`, a few at a time; each counts as open when its first request was
    /// answered, whatever the answer.
    ///
    /// # Errors
    /// When a connection cannot be opened, or its request is not answered.
    pub async fn open(address: &str, requests: &Rc<Requests>, number: u64) -> Result<Clients> {
        let first = |turn: usize| requests.next(&mut Random(turn as u64));
        let (connections, answered) = open_many(address, number as usize, first).await?;
        Ok(Clients { address: address.into(), requests: Rc::clone(requests), connections, answered })
    }

    /// How many requests were done (200 or 201) so far, on opening and in every measurement.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Every connection sends one request after the other for so long. A client that is told when to come back waits
    /// until then.
    ///
    /// # Errors
    /// When the server does not take connections any more, or leaves requests without an answer.
    pub async fn run(&mut self, length: Duration) -> Result<Figures> {
        let begun = Instant::now();
        let end = begun + length;
        let tally = Rc::new(RefCell::new(Tally::default()));
        let local = LocalSet::new();
        let tasks: Vec<_> = std::mem::take(&mut self.connections)
            .into_iter()
            .zip(self.answered..)
            .map(|(connection, seed)| {
                let (address, requests) = (Rc::clone(&self.address), Rc::clone(&self.requests));
                local.spawn_local(one_client(connection, address, requests, Random(seed), end, Rc::clone(&tally)))
            })
            .collect();
        let finished = tokio::time::timeout(length + PATIENCE, local).await.is_ok();
        ensure!(finished, "requests are still without an answer after {} s more", PATIENCE.as_secs());
        let elapsed = begun.elapsed();
        for task in tasks {
            self.connections.push(task.await??);
        }
        let tally = tally.take();
        if let Some(error) = &tally.first_error {
            eprintln!("{} errors; the first: {error}", tally.errors);
        }
        self.answered += tally.latencies.len() as u64;
        Ok(Figures::of(tally.latencies, tally.errors, elapsed))
    }
}

async fn one_client(
    mut connection: Connection,
    address: Rc<str>,
    requests: Rc<Requests>,
    mut random: Random,
    end: Instant,
    tally: Rc<RefCell<Tally>>,
) -> Result<Connection> {
    loop {
        let sent = Instant::now();
        if sent >= end {
            return Ok(connection);
        }
        match connection.exchange(requests.next(&mut random)).await {
            Ok(answer) if answer.is_success() => tally.borrow_mut().success(sent.elapsed()),
            Ok(answer) => {
                tally.borrow_mut().failure(|| String::from_utf8_lossy(connection.last_answer()).into_owned());
                if let Some(seconds) = answer.retry_after {
                    let wanted = Instant::now() + Duration::from_secs(seconds);
                    tokio::time::sleep_until(wanted.min(end).into()).await;
                }
            }
            Err(error) => {
                tally.borrow_mut().failure(|| error.to_string());
                connection = Connection::open(&address).await?;
            }
        }
    }
}
