//! `make load`: the marketplace on a busy day, and how much more of it this machine could take.
//!
//! Half of the clients are attendees and half MVP dealers, who write to each other at the shows where they meet, each
//! every few seconds by the clock; some of the dealers broadcast to a show meanwhile. A request's time counts from the
//! moment at which it was due, so that no stall hides behind the requests that it held up.

use anyhow::{Result, ensure};
use clap::Parser;
use rolecall_bench::{
    Database, Random, Surroundings, address,
    database::{FIRST_RECIPIENT, FIRST_SENDER, ID_PREFIX},
    open_loop::{Due, Lane, Lanes, Outcome, Search, moments, quarters},
    peak_memory_mib,
    requests::{RECIPIENTS_OF_A_SENDER, post, send_dm, token},
    start_runner,
    system::{CpuShare, allow_connections, percent},
};
use serde_json::{Value, json};
use std::{ops::Range, time::Duration};

/// What has to hold: of the slowest of 100 requests, of the errors, and of the memory.
const MOST_P99_MS: f64 = 200.0;
const MOST_ERRORS: f64 = 0.005;
/// Memory that grows by less than a tenth or by less than this many MiB is flat.
const FLAT_MIB: f64 = 8.0;

/// People of each role who meet at a show.
const AT_A_SHOW: u64 = 50;

/// Connections of their own that the broadcasts take.
const BROADCASTING: u64 = 8;

/// Broadcasts that an MVP dealer has for a show and day before it begins.
const QUOTA: u64 = 2;

/// Groups of lanes.
const MESSAGES: usize = 0;
const BROADCASTS: usize = 1;

/// Measures the marketplace with many connected clients.
#[derive(Debug, Parser)]
#[command(name = "rolecall-load")]
struct Options {
    /// Connected clients
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u64).range(16..=25_000))]
    clients: u64,

    /// Seconds from one message of a client to its next, in the mean
    #[arg(long, default_value_t = 4.0, value_parser = positive)]
    interval: f64,

    /// Seconds that it takes
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u64).range(4..=3600))]
    seconds: u64,

    /// Broadcasts in this time [default: one for ten clients]
    #[arg(long)]
    broadcasts: Option<u64>,

    /// How many rates are tried afterwards in search of the highest that holds; 0 for no search
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=30))]
    search_steps: u32,

    /// Seconds that each of them is tried for
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(4..=300))]
    step_seconds: u64,

    /// Print the figures as one JSON object on standard output, and the text on standard error
    #[arg(long)]
    json: bool,

    /// Flags for the runner, such as `-- --instances 2`
    #[arg(last = true)]
    runner_flags: Vec<String>,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number.is_finite() && (0.01..=600.0).contains(&number) {
        Ok(number)
    } else {
        Err("not in 0.01..=600".to_owned())
    }
}

impl Options {
    fn broadcasts(&self) -> u64 {
        self.broadcasts.unwrap_or(self.clients / 10)
    }

    /// As many of a shorter run.
    fn broadcasts_of_a_step(&self) -> u64 {
        (self.broadcasts() * self.step_seconds).div_ceil(self.seconds)
    }

    /// Attendees, and as many dealers.
    fn pairs(&self) -> u64 {
        self.clients / 2
    }
}

/// Where the requests of the clients and of the broadcasts are among all, and which broadcast comes next.
#[derive(Debug)]
struct Plan {
    clients: u64,
    dealers: u64,
    next_broadcast: u64,
    random: Random,
}

impl Plan {
    /// The requests of one client: to each of those whom it writes to.
    fn of_client(client: u64) -> Range<u64> {
        client * RECIPIENTS_OF_A_SENDER..(client + 1) * RECIPIENTS_OF_A_SENDER
    }

    fn lanes(&self) -> u64 {
        self.clients + BROADCASTING
    }

    /// What a lane says on opening: a client one of its messages, a broadcaster that of some client.
    fn first(&self, lane: usize) -> usize {
        (Plan::of_client(lane as u64 % self.clients).start) as usize
    }

    /// What is due: messages of every client in this interval, and so many broadcasts.
    fn due(&mut self, interval: Duration, length: Duration, broadcasts: u64) -> Vec<Lane> {
        let mut lanes: Vec<_> = (0..self.clients)
            .map(|client| {
                let requests = Plan::of_client(client);
                let due = moments(interval, length, &mut self.random).into_iter().map(|at| {
                    let one = requests.start + self.random.below(RECIPIENTS_OF_A_SENDER as usize) as u64;
                    Due { at, request: one as u32 }
                });
                Lane { due: due.collect(), group: MESSAGES }
            })
            .collect();
        let mut broadcasting: Vec<_> = (0..BROADCASTING).map(|_| Lane { due: Vec::new(), group: BROADCASTS }).collect();
        if broadcasts > 0 {
            let apart = length / broadcasts as u32;
            let first_request = Plan::of_client(self.clients).start;
            for (turn, at) in moments(apart, length, &mut self.random).into_iter().take(broadcasts as usize).enumerate()
            {
                let request = (first_request + self.next_broadcast % self.dealers) as u32;
                broadcasting[turn % BROADCASTING as usize].due.push(Due { at, request });
                self.next_broadcast += 1;
            }
        }
        lanes.extend(broadcasting);
        lanes
    }
}

/// Every client's messages, and then a broadcast of every dealer. The first half of the clients are the attendees.
fn requests(host: &str, pairs: u64, shows: &[String]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let attendees = (0..pairs).map(|n| (FIRST_SENDER + n, n, FIRST_RECIPIENT));
    // A dealer answers the attendees who write to it.
    let dealers = (0..pairs).map(|n| (FIRST_RECIPIENT + n, n + pairs - (RECIPIENTS_OF_A_SENDER - 1), FIRST_SENDER));
    let mut broadcasts = Vec::new();
    for (person, first, others) in attendees.chain(dealers) {
        let token = token(person);
        for turn in 0..RECIPIENTS_OF_A_SENDER {
            all.push(send_dm(host, &token, others + (first + turn) % pairs));
        }
        if person >= FIRST_RECIPIENT {
            let show = &shows[((person - FIRST_RECIPIENT) / AT_A_SHOW) as usize];
            let body = json!({
                "show_id": show,
                "recipient_roles": ["attendee"],
                "message": "The signing begins in a quarter of an hour, at booth 12.",
            });
            broadcasts.push(post(host, "send-broadcast", &token, &body.to_string()));
        }
    }
    all.extend(broadcasts);
    all
}

/// Shows of the next week. Attendees go to one; dealers to the same, and to the one before it, because the attendees of
/// that one write to some of them.
async fn make_shows(database: &Database) -> Vec<String> {
    let sql = "with organizer as (
          insert into rolecall.profiles (id, display_name, role)
          values (gen_random_uuid(), 'Organizer', 'show_organizer')
          returning id
        ), numbered as (
          select gen_random_uuid() as id, n from generate_series(0, ($3::int8 - 1) / $5::int8) as n
        ), made as (
          insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
          select numbered.id, organizer.id, 'Show ' || n, now() + interval '7 days', now() + interval '9 days'
          from numbered, organizer
          returning id
        ), people as (
          select ($1::text || ($2::int8 + n))::uuid as user_id, n / $5::int8 as show from generate_series(0, $3::int8 - 1) as n
          union all
          select ($1::text || ($4::int8 + n))::uuid, n / $5::int8 from generate_series(0, $3::int8 - 1) as n
          union all
          select
            ($1::text || ($4::int8 + n))::uuid,
            (n / $5::int8 + (select count(*) from numbered) - 1) % (select count(*) from numbered)
          from generate_series(0, $3::int8 - 1) as n
        ), joined as (
          insert into rolecall.show_participants (show_id, user_id)
          select distinct numbered.id, people.user_id from people join numbered on numbered.n = people.show
        )
        select numbered.id::text from numbered join made using (id) order by n";
    let (users, apart) = (database.users() as i64, AT_A_SHOW as i64);
    let rows = database
        .db
        .query(sql, &[&ID_PREFIX, &(FIRST_SENDER as i64), &users, &(FIRST_RECIPIENT as i64), &apart])
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    database.db.script("vacuum analyze").await;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Whether a run was good enough, in each respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Verdict {
    quick: bool,
    without_errors: bool,
    /// Nothing is said of a run that is too short.
    flat: Option<bool>,
}

impl Verdict {
    fn of(outcome: &Outcome) -> Verdict {
        Verdict {
            // A run in which nothing succeeded has no latency.
            quick: outcome.all.requests > 0 && outcome.all.p99_ms < MOST_P99_MS,
            without_errors: outcome.all.error_share() < MOST_ERRORS,
            flat: quarters(&outcome.memory).map(|(first, last)| last < first * 1.1 || last < first + FLAT_MIB),
        }
    }

    fn holds(self) -> bool {
        self.quick && self.without_errors && self.flat != Some(false)
    }
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let say = |text: String| if options.json { eprintln!("{text}") } else { println!("{text}") };
    let surroundings = Surroundings::now("rolecall-load");
    let pairs = options.pairs();
    let planned = options.broadcasts() + u64::from(options.search_steps) * options.broadcasts_of_a_step();
    ensure!(
        planned <= pairs * QUOTA,
        "{pairs} MVP dealers have {} broadcasts a day, and {planned} are asked for: give fewer --broadcasts",
        pairs * QUOTA
    );
    let mut plan = Plan { clients: pairs * 2, dealers: pairs, next_broadcast: 0, random: Random(1) };
    allow_connections(plan.lanes())?;

    let database = Database::start(pairs, 64).await?;
    let shows = make_shows(&database).await;
    let runner = start_runner(&database.edge_url, &[], &options.runner_flags)?;
    let mut lanes = Lanes::new(address(&runner), requests(address(&runner), pairs, &shows));
    let rate = plan.clients as f64 / options.interval;
    say(format!(
        "{} clients that write every {} s ({rate:.0} messages/s), and {} broadcasts, for {} s",
        plan.clients,
        options.interval,
        options.broadcasts(),
        options.seconds
    ));

    lanes.open(plan.lanes() as usize, |lane| plan.first(lane)).await?;
    let length = Duration::from_secs(options.seconds);
    let due = plan.due(Duration::from_secs_f64(options.interval), length, options.broadcasts());
    let since = database.clock().await;
    let (runner_cpu, own_cpu) = (CpuShare::of(runner.id()), CpuShare::of(std::process::id()));
    let outcome = lanes.run(due, length, runner.id()).await?;
    let (runner_cpu, own_cpu) = (runner_cpu.so_far(), own_cpu.so_far());
    let stored = database.stored(&since, &database.clock().await).await;
    let peak = peak_memory_mib(runner.id());
    let verdict = Verdict::of(&outcome);
    let memory = quarters(&outcome.memory);

    for (name, figures) in ["messages  ", "broadcasts"].iter().zip(&outcome.figures) {
        say(format!("{name} {figures}   max {:.1} ms   of {}", figures.max_ms, figures.requests + figures.errors));
    }
    if let Some(error) = &outcome.first_error {
        say(format!("the first error: {error}"));
    }
    say(format!("p99 of all           {:.1} ms, below {MOST_P99_MS} ms: {}", outcome.all.p99_ms, yes(verdict.quick)));
    say(format!(
        "errors               {:.3} %, below {} %: {}",
        outcome.all.error_share() * 100.0,
        MOST_ERRORS * 100.0,
        yes(verdict.without_errors)
    ));
    say(match (memory, peak) {
        (Some((first, last)), Some(peak)) => format!(
            "runner's memory      {first:.1} MiB in the first quarter, {last:.1} MiB in the last, peak {peak:.1} MiB, flat: {}",
            yes(verdict.flat != Some(false))
        ),
        _ => "runner's memory      unknown here".to_owned(),
    });
    say(format!("requests per commit  {:.2}", stored.per_commit().unwrap_or(0.0)));
    say(format!(
        "processor            runner {} of a core, load generator {} and 99 of 100 requests at most {:.1} ms late",
        percent(runner_cpu),
        percent(own_cpu),
        outcome.late_p99_ms
    ));
    say(format!("it holds: {}", yes(verdict.holds())));

    let mut search = Search::new(rate, options.search_steps);
    search.note(rate, verdict.holds());
    let mut tried: Vec<Value> = Vec::new();
    if options.search_steps > 0 {
        say(format!(
            "\nthe highest rate that holds, with {} s for each try; nobody uses up a rate limit from here on (capacity raised)",
            options.step_seconds
        ));
        database.lift_rate_limits().await;
    }
    while let Some(rate) = search.next_rate() {
        lanes.open(plan.lanes() as usize, |lane| plan.first(lane)).await?;
        let length = Duration::from_secs(options.step_seconds);
        let interval = Duration::from_secs_f64(plan.clients as f64 / rate);
        let due = plan.due(interval, length, options.broadcasts_of_a_step());
        let since = database.clock().await;
        let outcome = lanes.run(due, length, runner.id()).await?;
        let stored = database.stored(&since, &database.clock().await).await;
        // The memory of a few seconds says nothing.
        let holds = Verdict { flat: None, ..Verdict::of(&outcome) }.holds();
        search.note(rate, holds);
        say(format!(
            "{rate:>6.0}/s  {}   {:.1} requests/commit   holds: {}",
            outcome.all,
            stored.per_commit().unwrap_or(0.0),
            yes(holds)
        ));
        let mut one = outcome.all.to_json();
        one["rate"] = json!(rate.round());
        one["requests_per_commit"] = json!(stored.per_commit());
        one["holds"] = json!(holds);
        tried.push(one);
    }
    if options.search_steps > 0 {
        let highest = search.highest().map_or("none of these".to_owned(), |rate| format!("{rate:.0} messages/s"));
        say(format!("highest rate that holds: {highest}"));
    }
    let peak_of_all = peak_memory_mib(runner.id());
    runner.terminate();
    runner.wait();

    let (answered, found) = (lanes.answered(), database.count_messages().await);
    say(format!("\nanswered with 201 / stored   {answered} / {found}"));
    say(surroundings.text(&database.version));
    if options.json {
        let mut report = json!({
            "clients": plan.clients,
            "interval_seconds": options.interval,
            "seconds": options.seconds,
            "messages": outcome.figures[MESSAGES].to_json(),
            "broadcasts": outcome.figures[BROADCASTS].to_json(),
            "all": outcome.all.to_json(),
            "error_share": outcome.all.error_share(),
            "runner_memory_mib": outcome.memory.iter().map(|mib| mib.round()).collect::<Vec<_>>(),
            "runner_memory_first_quarter_mib": memory.map(|(first, _)| first),
            "runner_memory_last_quarter_mib": memory.map(|(_, last)| last),
            "runner_peak_memory_mib": peak,
            "runner_peak_memory_with_search_mib": peak_of_all,
            "requests_per_commit": stored.per_commit(),
            "runner_cores": runner_cpu,
            "load_generator_cores": own_cpu,
            "load_generator_late_p99_ms": outcome.late_p99_ms,
            "holds": verdict.holds(),
            "tried": tried,
            "highest_rate": search.highest().map(f64::round),
            "answered": answered,
            "stored": found,
        });
        surroundings.add_to(&mut report, &database.version);
        println!("{report}");
    }
    ensure!(found >= answered as i64, "{answered} requests were answered with 201, but {found} messages are stored");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_bench::{Figures, requests::user_id};
    use std::collections::HashMap;

    #[test]
    fn the_flags_have_defaults_that_fit() {
        let options = Options::parse_from(["rolecall-load"]);
        assert_eq!((options.pairs(), options.broadcasts(), options.broadcasts_of_a_step()), (2500, 500, 25));
        assert!(Options::try_parse_from(["rolecall-load", "--interval", "0"]).is_err());
        assert!(Options::try_parse_from(["rolecall-load", "--interval", "NaN"]).is_err());
    }

    #[test]
    fn attendees_and_dealers_write_to_each_other() {
        let shows = vec!["one".to_owned()];
        let all = requests("localhost:1", 10, &shows);
        assert_eq!(all.len(), 20 * 8 + 10);
        let recipient = |request: &[u8]| {
            let body = String::from_utf8_lossy(request).split("\r\n\r\n").nth(1).unwrap().to_owned();
            let body: Value = serde_json::from_str(&body).unwrap();
            body["recipient_id"].as_str().map(str::to_owned)
        };
        let mut pairs = HashMap::new();
        for client in 0..20_u64 {
            for request in Plan::of_client(client) {
                let other = recipient(&all[request as usize]).unwrap();
                let own = if client < 10 { FIRST_SENDER + client } else { FIRST_RECIPIENT + client - 10 };
                let mut pair = [user_id(own).to_string(), other];
                pair.sort();
                *pairs.entry(pair).or_insert(0) += 1;
            }
        }
        // 80 conversations, and both write in each.
        assert_eq!(pairs.len(), 80);
        assert!(pairs.values().all(|&times| times == 2), "{pairs:?}");
        assert!(all[160..].iter().all(|request| request.starts_with(b"POST /functions/v1/send-broadcast ")));
    }

    #[test]
    fn every_broadcast_is_another_dealers_and_due_once() {
        let mut plan = Plan { clients: 20, dealers: 10, next_broadcast: 0, random: Random(1) };
        let length = Duration::from_secs(10);
        let lanes = plan.due(Duration::from_secs(2), length, 7);
        assert_eq!(lanes.len() as u64, plan.lanes());
        let of = |group| lanes.iter().filter(move |lane| lane.group == group).flat_map(|lane| &lane.due);
        assert_eq!(of(MESSAGES).count(), 20 * 5);
        let mut broadcasts: Vec<_> = of(BROADCASTS).map(|due| due.request).collect();
        broadcasts.sort_unstable();
        assert_eq!(broadcasts, (160..167).collect::<Vec<_>>());
        assert!(lanes.iter().all(|lane| lane.due.is_sorted_by_key(|due| due.at)));
        // The next run goes on with those who have not broadcast yet, and then begins again.
        let again: Vec<_> = plan.due(Duration::from_secs(2), length, 4).into_iter().skip(20).collect();
        let mut again: Vec<_> = again.iter().flat_map(|lane| &lane.due).map(|due| due.request).collect();
        again.sort_unstable();
        assert_eq!(again, [160, 167, 168, 169]);
    }

    #[test]
    fn a_run_holds_in_every_respect_or_not() {
        let outcome = |p99_ms, errors, memory: &[f64]| {
            let all = Figures { p99_ms, ..sample(errors) };
            let memory = memory.to_vec();
            Verdict::of(&Outcome { figures: vec![], all, late_p99_ms: 0.0, memory, first_error: None })
        };
        let flat = [80.0, 81.0, 80.0, 82.0];
        assert!(outcome(199.0, 0, &flat).holds());
        assert!(!outcome(200.0, 0, &flat).quick);
        assert!(!outcome(10.0, 5, &flat).without_errors);
        assert!(outcome(10.0, 4, &flat).without_errors);
        assert_eq!(outcome(10.0, 0, &[80.0, 90.0, 100.0, 110.0]).flat, Some(false));
        assert!(outcome(10.0, 0, &[80.0]).holds());
    }

    fn sample(errors: u64) -> Figures {
        Figures::of(vec![1000; 1000 - errors as usize], errors, Duration::from_secs(1))
    }
}
