//! What the outbox costs a sender: the same load with it and without, in turn, on the same database and runner.
//!
//! No relay runs, which would take processor time of its own from the machine that all of it shares; it is that time which
//! `make bench-realtime` includes.

use super::{Clients, Database, Figures, Requests, address, start_runner, texting::median};
use anyhow::Result;
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

/// What is measured, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct OutboxLoad {
    /// How often each is measured, in turn with the other.
    pub rounds: u64,
    /// Seconds that each measurement takes.
    pub seconds: u64,
    /// Seconds of the same load before it.
    pub warm_up: u64,
    /// Connections.
    pub connections: u64,
}

/// The measurements that were made one right after the other.
#[derive(Clone, Copy, Debug)]
struct Round {
    without: Figures,
    with: Figures,
}

/// The figures of the outbox.
pub struct OutboxFigures(Vec<Round>);

impl OutboxFigures {
    /// Measures direct messages while no relay is wanted, and while one is.
    ///
    /// # Errors
    /// When the runner does not start or stops answering.
    pub async fn measure(database: &Database, load: OutboxLoad, flags: &[String]) -> Result<OutboxFigures> {
        let runner = start_runner(&database.edge_url, &[], flags)?;
        let requests = Rc::new(Requests::new(address(&runner), database.users()));
        let mut clients = Clients::open(address(&runner), &requests, load.connections).await?;
        let mut run = async |is_wanted: bool| {
            want_relay(database, is_wanted).await;
            if load.warm_up > 0 {
                clients.run(Duration::from_secs(load.warm_up)).await?;
            }
            clients.run(Duration::from_secs(load.seconds)).await
        };
        let mut rounds = Vec::new();
        for number in 0..load.rounds {
            // What comes second has the larger database.
            let first = run(number % 2 == 1).await?;
            let second = run(number % 2 == 0).await?;
            let (without, with) = if number % 2 == 0 { (first, second) } else { (second, first) };
            rounds.push(Round { without, with });
        }
        want_relay(database, false).await;
        runner.terminate();
        runner.wait();
        Ok(OutboxFigures(rounds))
    }

    /// Direct messages a second with the outbox to those without, in the median of the rounds.
    pub fn ratio(&self) -> f64 {
        median(self.0.iter().map(|round| round.with.per_second / round.without.per_second))
    }

    /// For people.
    pub fn text(&self) -> String {
        let rounds = self.0.iter().map(|Round { without, with }| format!("\nwithout  {without}\nwith     {with}"));
        format!(
            "\ndirect messages with the outbox and without{}\nratio in the median  {:.2}",
            rounds.collect::<String>(),
            self.ratio()
        )
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        let round = |Round { without, with }: &Round| json!({"without": without.to_json(), "with": with.to_json()});
        json!({
            "rounds": self.0.iter().map(round).collect::<Vec<_>>(),
            "ratio": (self.ratio() * 1000.0).round() / 1000.0,
        })
    }
}

/// As when a relay leads, and as when there has been none for an hour.
async fn want_relay(database: &Database, is_wanted: bool) {
    let sql = format!(
        "truncate rolecall.outbox;
         delete from rolecall.relays;
         insert into rolecall.relays (relay) select gen_random_uuid() where {is_wanted};
         update rolecall.relay set is_wanted = {is_wanted}"
    );
    database.db.script(&sql).await;
}
