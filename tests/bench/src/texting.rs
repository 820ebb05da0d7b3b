//! Texting beside direct messages: what sitters write to clients, what clients text, and the webhook by the clock.

use super::{
    Clients, Database, Figures, GROUP_COMMIT, Random, Requests, address,
    open_loop::{Due, Lane, Lanes, moments},
    requests::texts,
    start_runner,
};
use anyhow::{Result, ensure};
use rolecall_kit::{Runner, carrier};
use serde_json::{Value, json};
use std::{fmt::Write as _, rc::Rc, time::Duration};

/// Texts that are made for each second of a measurement: more than any machine of this size takes.
const TEXTS_A_SECOND: u64 = 6_000;

/// The carrier's rate, in texts a second, at which the webhook is measured by the clock.
const RATE: u64 = 200;

/// Over how many connections the carrier sends them.
const CARRIERS: usize = 64;

/// What is measured, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct TextingLoad {
    /// How often each is measured, in turn with the others.
    pub rounds: u64,
    /// Seconds that each measurement takes.
    pub seconds: u64,
    /// Seconds of the same load before it.
    pub warm_up: u64,
    /// Connections, but for the webhook by the clock.
    pub connections: u64,
}

/// The measurements that were made one right after the other.
#[derive(Clone, Copy, Debug)]
struct Round {
    before: Figures,
    thread_message: Figures,
    text: Figures,
    after: Figures,
}

impl Round {
    /// Direct messages a second, in the mean before and after the others.
    fn send_dm(&self) -> f64 {
        (self.before.per_second + self.after.per_second) / 2.0
    }
}

/// The figures of texting.
pub struct TextingFigures {
    rounds: Vec<Round>,
    /// The webhook at [`RATE`] texts a second, counted from the moment at which each was due.
    webhook: Figures,
}

impl TextingFigures {
    /// Measures direct messages, thread messages, texts, and direct messages again, in each round; without group commit,
    /// which only direct messages have. Then the webhook by the clock.
    ///
    /// # Errors
    /// When the runner does not start or stops answering, or a message was taken and is not stored.
    pub async fn measure(database: &Database, load: TextingLoad, flags: &[String]) -> Result<TextingFigures> {
        let clients = database.make_texting_clients().await;
        let variables =
            [(GROUP_COMMIT, "1"), ("twilio_webhook_url", carrier::WEBHOOK), ("twilio_auth_token", carrier::TOKEN)];
        let runner = start_runner(&database.edge_url, &variables, flags)?;
        let host = address(&runner).to_owned();
        let direct = Rc::new(Requests::new(&host, database.users()));
        let outbound = Rc::new(Requests::thread_messages(&host, &clients));
        let mut rounds: Vec<Round> = Vec::new();
        let (mut sent, mut received) = (0, 0);
        for _ in 0..load.rounds {
            let before = match rounds.last() {
                Some(round) => round.after,
                None => run(&host, &direct, load).await?.0,
            };
            let (thread_message, answered) = run(&host, &outbound, load).await?;
            sent += answered;
            let all = (TEXTS_A_SECOND * (load.warm_up + load.seconds)) as usize;
            let inbound = Rc::new(Requests::texts(&host, &clients, all));
            let (text, answered) = run(&host, &inbound, load).await?;
            ensure!(answered < all as u64, "{answered} texts are more than were made, so that some came twice");
            received += answered;
            let (after, _) = run(&host, &direct, load).await?;
            rounds.push(Round { before, thread_message, text, after });
        }

        let requests = texts(&host, &clients, 3 * CARRIERS + (RATE * load.seconds) as usize);
        let webhook = by_the_clock(&runner, requests, Duration::from_secs(load.seconds)).await?;
        received += webhook.requests;
        runner.terminate();
        runner.wait();
        for (direction, answered) in [("outbound", sent), ("inbound", received)] {
            let stored = database.count_thread_messages(direction).await;
            ensure!(stored >= answered as i64, "{answered} messages were taken, but {stored} {direction} are stored");
        }
        Ok(TextingFigures { rounds, webhook })
    }

    /// Thread messages to direct messages, in the median of the rounds.
    pub fn thread_message_ratio(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.thread_message.per_second / round.send_dm()))
    }

    /// Texts to direct messages, in the median of the rounds.
    pub fn text_ratio(&self) -> f64 {
        median(self.rounds.iter().map(|round| round.text.per_second / round.send_dm()))
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::from("\ntexting beside direct messages, group_commit=1");
        // Writing to a string does not fail.
        if let Some(round) = self.rounds.first() {
            let _ = write!(text, "\nsend-dm              {}", round.before);
        }
        for round in &self.rounds {
            let _ = write!(
                text,
                "\nsend-thread-message  {}\nreceive-sms          {}\nsend-dm              {}",
                round.thread_message, round.text, round.after
            );
        }
        let _ = write!(
            text,
            "\nratio of thread messages to direct messages, median  {:.2}\n\
             ratio of texts to direct messages, median            {:.2}\n\
             receive-sms, {RATE}/s   {}",
            self.thread_message_ratio(),
            self.text_ratio(),
            self.webhook
        );
        text
    }

    /// As an object.
    pub fn to_json(&self) -> Value {
        let round = |round: &Round| {
            json!({
                "send_dm_before": round.before.to_json(),
                "send_thread_message": round.thread_message.to_json(),
                "receive_sms": round.text.to_json(),
                "send_dm_after": round.after.to_json(),
            })
        };
        json!({
            "rounds": self.rounds.iter().map(round).collect::<Vec<_>>(),
            "thread_message_ratio": (self.thread_message_ratio() * 1000.0).round() / 1000.0,
            "text_ratio": (self.text_ratio() * 1000.0).round() / 1000.0,
            "webhook_at_rate": self.webhook.to_json(),
            "webhook_rate": RATE,
        })
    }
}

/// The value in the middle; of an even number the higher of the two, and 0 of none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// One measurement, and how many requests were done in all, on opening and in the warm-up, too.
async fn run(host: &str, requests: &Rc<Requests>, load: TextingLoad) -> Result<(Figures, u64)> {
    let mut clients = Clients::open(host, requests, load.connections).await?;
    if load.warm_up > 0 {
        clients.run(Duration::from_secs(load.warm_up)).await?;
    }
    let figures = clients.run(Duration::from_secs(load.seconds)).await?;
    Ok((figures, clients.answered()))
}

/// The webhook at [`RATE`]: the first requests open the connections.
async fn by_the_clock(runner: &Runner, requests: Vec<Vec<u8>>, length: Duration) -> Result<Figures> {
    let mut random = Random(RATE);
    let mut request = CARRIERS as u32;
    let interval = Duration::from_secs_f64(CARRIERS as f64 / RATE as f64);
    let most = requests.len() as u32;
    let mut lane = || {
        let mut due: Vec<_> = moments(interval, length, &mut random).iter().map(|&at| Due { at, request: 0 }).collect();
        for due in &mut due {
            due.request = request.min(most - 1);
            request += 1;
        }
        Lane { due, group: 0 }
    };
    let lanes: Vec<_> = (0..CARRIERS).map(|_| lane()).collect();
    let mut carriers = Lanes::new(address(runner), requests);
    carriers.open(CARRIERS, |connection| connection).await?;
    Ok(carriers.run(lanes, length, runner.id()).await?.all)
}
