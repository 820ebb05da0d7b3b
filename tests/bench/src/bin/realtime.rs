//! `make bench-realtime`: from a request over HTTP to the sockets of those who are to see it, and what sockets cost.
//!
//! Everything is on this machine: load generator, sockets, functions, relay, NATS and PostgreSQL. Direct messages come by
//! the clock, whatever became of the last one; meanwhile broadcasts go to an audience that is online.

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rolecall_bench::{
    Connection, Database, Random, Surroundings, address,
    database::{FIRST_RECIPIENT, FIRST_SENDER},
    realtime::{Heard, Holders, Kind, Ledger, open_sockets},
    requests::{post, token, user_id},
    system::{CpuShare, allow_connections, child_of, memory_mib, percent},
};
use rolecall_kit::{Runner, relay::Relay, runner::Start, token::SECRET};
use rolecall_nats::Nats;
use serde_json::{Value, json};
use std::{
    process::ExitCode,
    rc::Rc,
    time::{Duration, Instant},
};
use tokio::{task::LocalSet, time::sleep};

/// What has to hold: of a direct message 95 of 100, of a broadcast to 500 99 of 100.
const MOST_DIRECT_P95_MS: f64 = 50.0;
const MOST_BROADCAST_P99_MS: f64 = 100.0;

/// How long after the last message sockets are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the database may take to know who is online.
const KNOWN: Duration = Duration::from_secs(120);

/// Connections that the direct messages come by.
const CONNECTIONS: usize = 64;

/// Who broadcasts.
const ADMIN: u64 = 300_000_000_000;

/// The show whose audience is online.
const SHOW: &str = "00000000-0000-4000-8000-400000000000";

/// Measures what is pushed.
#[derive(Debug, Parser)]
#[command(name = "rolecall-bench-realtime")]
struct Options {
    /// Sockets, each of another user; a process may often open no more than 20,000 files, so many more take several nodes
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    sockets: u64,

    /// Servers of NATS: 1 is the runner's own; of more, a cluster, each has its share of the sockets, which another process
    /// holds, and the relay is a process of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=4))]
    nodes: u64,

    /// Direct messages a second
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    rate: u64,

    /// Seconds that it takes
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,

    /// Seconds beforehand that count for nothing, with two broadcasts: the plans of a new database are those of empty tables
    /// until it is analyzed, and the first of a kind in a session are made for it
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,

    /// How many of the sockets are the audience of the broadcasts
    #[arg(long, default_value_t = 500)]
    audience: u64,

    /// Broadcasts in this time
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=1000))]
    broadcasts: u64,

    /// Print the figures as one JSON object on standard output, and the text on standard error
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode> {
    let options = Options::parse();
    ensure!(options.audience <= options.sockets, "the audience has sockets: --audience is at most --sockets");
    allow_connections(options.sockets / options.nodes + CONNECTIONS as u64)?;
    LocalSet::new().run_until(measure(options)).await
}

async fn measure(options: Options) -> Result<ExitCode> {
    let say = |text: String| if options.json { eprintln!("{text}") } else { println!("{text}") };
    let surroundings = Surroundings::now("rolecall-bench-realtime");
    let database = Database::start(options.sockets, 64).await?;
    database.lift_rate_limits().await;
    make_audience(&database, options.audience).await;
    let mut cluster = Nats::cluster(if options.nodes > 1 { options.nodes as usize } else { 0 })?;
    cluster.iter_mut().try_for_each(Nats::start)?;
    let runner = start(&database, &cluster).await?;
    let host = address(&runner).to_owned();
    let _relay = start_relay(&database, &cluster).await?;

    let servers: Vec<u32> = match cluster.as_slice() {
        [] => vec![child_of(runner.id(), "nats-server").context("the runner has started no NATS")?],
        nodes => nodes.iter().filter_map(Nats::id).collect(),
    };
    let memory = || servers.iter().filter_map(|&pid| memory_mib(pid)).sum::<f64>();
    let before = memory();
    let ledger = Rc::new(Ledger::default());
    let begun = Instant::now();
    let _holders = open(&host, &cluster, options.sockets, &ledger).await?;
    let opened = begun.elapsed();
    await_presence(&database, options.sockets).await?;
    let kib_each = (memory() - before) * 1024.0 / options.sockets as f64;
    say(format!(
        "{} sockets open at {} after {:.1} s, each with a token of its own, and known to be online after {:.1} s; NATS holds \
         {:.0} MiB, {kib_each:.0} KiB for each",
        options.sockets,
        if cluster.is_empty() { "one server".to_owned() } else { format!("{} servers", cluster.len()) },
        opened.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        memory(),
    ));

    if options.warm_up > 0 {
        send(&host, &options, options.warm_up, options.broadcasts.min(2), &ledger).await?;
        await_all(&ledger).await;
        ledger.forget();
        database.db.script("analyze").await;
    }
    let own = std::process::id();
    let cpu: Vec<(&str, CpuShare)> = [("runner", runner.id()), ("this program", own)]
        .into_iter()
        .chain(servers.iter().map(|&pid| ("NATS", pid)))
        .map(|(name, pid)| (name, CpuShare::of(pid)))
        .collect();
    send(&host, &options, options.seconds, options.broadcasts, &ledger).await?;
    let shares: Vec<String> = cpu.iter().map(|(name, share)| format!("{name} {}", percent(share.so_far()))).collect();
    await_all(&ledger).await;
    runner.terminate();
    runner.wait();

    let (direct, wide) = (ledger.heard(Kind::Direct), ledger.heard(Kind::Broadcast));
    let is_whole = direct.heard == direct.expected && wide.heard == wide.expected;
    let all_accepted = direct.accepted == options.rate * options.seconds && wide.accepted == options.broadcasts;
    say(format!("direct messages  {}", line(&direct)));
    say(format!("broadcasts       {}", line(&wide)));
    say(format!("delivered = sent: {}", yes(is_whole && all_accepted)));
    say(format!("direct p95 below {MOST_DIRECT_P95_MS} ms: {}", yes(direct.p95_ms < MOST_DIRECT_P95_MS)));
    if options.broadcasts > 0 && options.audience <= 500 {
        say(format!("broadcast p99 below {MOST_BROADCAST_P99_MS} ms: {}", yes(wide.p99_ms < MOST_BROADCAST_P99_MS)));
    }
    say(format!("of a core: {}", shares.join(", ")));
    say(surroundings.text(&database.version));
    if options.json {
        let mut report = json!({
            "sockets": options.sockets,
            "kib_a_socket": kib_each.round(),
            "direct": report_of(&direct),
            "broadcasts": report_of(&wide),
        });
        surroundings.add_to(&mut report, &database.version);
        println!("{report}");
    }
    // Latency depends on the machine; that nothing is lost does not.
    Ok(if is_whole && all_accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(heard: &Heard) -> String {
    format!(
        "{} accepted (p50 {:.1} ms, p95 {:.1} ms), {} of {} heard, {} twice   p50 {:.1} ms   p95 {:.1} ms   p99 {:.1} ms   \
         max {:.1} ms",
        heard.accepted,
        heard.accepted_p50_ms,
        heard.accepted_p95_ms,
        heard.heard,
        heard.expected,
        heard.repeats,
        heard.p50_ms,
        heard.p95_ms,
        heard.p99_ms,
        heard.max_ms
    )
}

fn report_of(heard: &Heard) -> Value {
    json!({
        "accepted": heard.accepted,
        "expected": heard.expected,
        "heard": heard.heard,
        "repeats": heard.repeats,
        "p50_ms": heard.p50_ms,
        "p95_ms": heard.p95_ms,
        "p99_ms": heard.p99_ms,
        "max_ms": heard.max_ms,
        "accepted_p50_ms": heard.accepted_p50_ms,
        "accepted_p95_ms": heard.accepted_p95_ms,
    })
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}

/// A show in which the first of the recipients take part, and somebody who may broadcast there without a quota.
async fn make_audience(database: &Database, audience: u64) {
    let admin = user_id(ADMIN);
    let sql = format!(
        "insert into rolecall.profiles (id, display_name, role) values ('{admin}', 'Admin', 'admin');
         insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
         values ('{SHOW}', '{admin}', 'Show', now() + interval '7 days', now() + interval '9 days');
         insert into rolecall.show_participants (show_id, user_id)
         select '{SHOW}', id from rolecall.profiles where role = 'mvp_dealer' order by id limit {audience};"
    );
    database.db.script(&sql).await;
}

/// The runner: with a NATS and a relay of its own, or with those of a cluster.
async fn start(database: &Database, cluster: &[Nats]) -> Result<Runner> {
    let relay = database.cluster.relay_url("bench").await?;
    let start = || {
        let start = Start::new()
            .variable("database_url", &database.edge_url)
            .variable("jwt_secret", SECRET)
            .flag("--max-per-address", "1000000")
            .environment("RELAY_DATABASE_URL", &relay);
        let start = match cluster.first() {
            None => start,
            Some(node) => start
                .variable("realtime_url", &node.websocket_url())
                .variable("realtime_account", &node.account())
                .variable("realtime_signing_key", node.signing_key()),
        };
        start.runner()
    };
    // The first start after a build compiles.
    let first = start()?;
    first.terminate();
    first.wait();
    let runner = start()?;
    runner.forget_lines();
    Ok(runner)
}

async fn start_relay(database: &Database, cluster: &[Nats]) -> Result<Option<Relay>> {
    let Some(node) = cluster.first() else { return Ok(None) };
    let url = database.cluster.relay_url("bench").await?;
    let servers: Vec<String> = cluster.iter().map(Nats::url).collect();
    Relay::start(&url, &servers.join(","), &node.relay_credentials(), &node.system_credentials()).map(Some)
}

/// Opens the recipients' sockets: in this process, or in one for each server of a cluster.
async fn open(host: &str, cluster: &[Nats], sockets: u64, ledger: &Rc<Ledger>) -> Result<Option<Holders>> {
    if cluster.is_empty() {
        let ledger = Rc::clone(ledger);
        let hear = move |event: &[u8]| ledger.hear(event);
        open_sockets(host, None, FIRST_RECIPIENT..FIRST_RECIPIENT + sockets, hear).await?;
        return Ok(None);
    }
    Holders::open(host, cluster, FIRST_RECIPIENT, sockets, ledger).await.map(Some)
}

/// A broadcast goes to those who are known to be online.
async fn await_presence(database: &Database, sockets: u64) -> Result<()> {
    let end = Instant::now() + KNOWN;
    loop {
        let online: i64 = database.db.one("select count(*) from rolecall.presence", &[]).await;
        if online == sockets as i64 {
            return Ok(());
        }
        ensure!(Instant::now() < end, "of {sockets} users with a socket {online} are known to be online");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until everything has been heard, or for so long that the rest is lost.
async fn await_all(ledger: &Ledger) {
    let end = Instant::now() + PATIENCE;
    while !ledger.is_complete() && Instant::now() < end {
        sleep(Duration::from_millis(10)).await;
    }
}

/// Sends what is due in so many seconds, and returns when it is answered.
async fn send(host: &str, options: &Options, seconds: u64, broadcasts: u64, ledger: &Rc<Ledger>) -> Result<()> {
    let begun = Instant::now() + Duration::from_millis(100);
    let interval = Duration::from_secs(1) / options.rate as u32 * CONNECTIONS as u32;
    let mut senders = Vec::new();
    for lane in 0..CONNECTIONS {
        let sender =
            Sender { host: host.to_owned(), ledger: Rc::clone(ledger), connection: Connection::open(host).await? };
        let (first, sockets) = (begun + interval / CONNECTIONS as u32 * lane as u32, options.sockets);
        let total = options.rate * seconds;
        let own = total / CONNECTIONS as u64 + u64::from((lane as u64) < total % CONNECTIONS as u64);
        senders.push(tokio::task::spawn_local(sender.direct(first, interval, own, sockets, lane as u64)));
    }
    let sender = Sender { host: host.to_owned(), ledger: Rc::clone(ledger), connection: Connection::open(host).await? };
    let apart = Duration::from_secs(seconds) / (broadcasts.max(1) as u32);
    senders.push(tokio::task::spawn_local(sender.broadcasts(begun, apart, broadcasts, options.audience as u32)));
    for sender in senders {
        sender.await??;
    }
    Ok(())
}

/// One connection that sends by the clock.
struct Sender {
    host: String,
    ledger: Rc<Ledger>,
    connection: Connection,
}

impl Sender {
    async fn direct(mut self, first: Instant, interval: Duration, number: u64, sockets: u64, seed: u64) -> Result<()> {
        let mut random = Random(seed);
        for turn in 0..number {
            let due = first + interval * turn as u32;
            sleep(due.saturating_duration_since(Instant::now())).await;
            let sender = random.below(sockets as usize) as u64;
            let recipient = FIRST_RECIPIENT + (sender + random.below(8) as u64) % sockets;
            let (message, content) = self.ledger.enter(Kind::Direct, due, 1);
            let body = json!({"recipient_id": user_id(recipient), "content": content}).to_string();
            self.send("send-dm", FIRST_SENDER + sender, &body, message).await?;
        }
        Ok(())
    }

    async fn broadcasts(mut self, begun: Instant, apart: Duration, number: u64, audience: u32) -> Result<()> {
        for turn in 0..number {
            let due = begun + apart * turn as u32;
            sleep(due.saturating_duration_since(Instant::now())).await;
            let (message, content) = self.ledger.enter(Kind::Broadcast, due, audience);
            let body = json!({"show_id": SHOW, "recipient_roles": ["mvp_dealer"], "message": content}).to_string();
            self.send("send-broadcast", ADMIN, &body, message).await?;
        }
        Ok(())
    }

    async fn send(&mut self, function: &str, sender: u64, body: &str, message: usize) -> Result<()> {
        let answer = self.connection.exchange(&post(&self.host, function, &token(sender), body)).await?;
        if answer.is_success() {
            self.ledger.accepted(message);
        } else {
            eprintln!("{}", String::from_utf8_lossy(self.connection.last_answer()));
        }
        Ok(())
    }
}
