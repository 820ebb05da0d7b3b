//! `make bench-peers`: send-dm by Rolecall, and as one would write it for Bun, axum, Node and Deno, over the same SQL.
//!
//! All in one run on one database, in rounds of rotating order. pgbench calls the same SQL before and after each, so
//! that each is compared with what the machine and the database gave at that moment. Each passes a check of its duties
//! before it is measured. What comes out is written into `docs/performance.md` and `docs/performance.svg`.

mod chart;
mod contender;
mod contract;
mod report;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use contender::Contender;
use report::{Measured, Round, Setting, Summary, Versions};
use rolecall_bench::{
    Clients, Database, Figures, Requests,
    system::{allow_connections, cores, load_average},
};
use rolecall_kit::runner::workspace;
use std::{fs, rc::Rc, time::Duration};

/// What says whether a commit is safe when the power fails.
const DURABILITY: &str = "select string_agg(format('%s = %s', name, setting), ', ' order by name) from pg_settings
    where name in ('fsync', 'full_page_writes', 'synchronous_commit')";

/// Compares send-dm by Rolecall with the same endpoint on other platforms.
#[derive(Debug, Parser)]
#[command(name = "rolecall-bench-peers")]
struct Options {
    /// Rounds; each figure is the median of as many
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=15))]
    rounds: u64,

    /// Seconds that each measurement takes
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=300))]
    seconds: u64,

    /// Seconds of the same load before each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,

    /// Seconds of pgbench between two measurements
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(3..=300))]
    pgbench_seconds: u64,

    /// Connections, of pgbench and over HTTP alike
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,

    /// Connections to PostgreSQL that a peer may hold; as many as Rolecall may by default
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=256))]
    pool: u64,

    /// Senders (attendees), and as many recipients (MVP dealers)
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(8..=100_000))]
    users: u64,

    /// Measure these only, and write nothing
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Contender>,

    /// Print the figures, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Flags for Rolecall's runner, such as `-- --postgres-connections 64`
    #[arg(last = true)]
    runner_flags: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let load_before = load_average();
    let contenders = if options.only.is_empty() { Contender::ALL.to_vec() } else { options.only.clone() };
    // What is missing shows before anything is measured.
    let versions = Versions::find()?;
    allow_connections(options.connections)?;

    let database = Database::start(options.users, options.connections).await?;
    database.lift_rate_limits().await;
    println!("send-dm over {} connections, {} s each", options.connections, options.seconds);
    // The first load is that of an empty database and cold caches.
    pgbench(&database, &options)?;
    let mut before = pgbench(&database, &options)?;
    println!("{:<26} {before}", "pgbench");
    let mut rounds = Vec::new();
    for number in 0..options.rounds {
        for contender in order(&contenders, number, options.rounds) {
            let measured = measure(contender, &database, &options).await.with_context(|| contender.name())?;
            println!("{:<26} {}", contender.name(), measured.figures);
            let after = pgbench(&database, &options)?;
            println!("{:<26} {after}", "pgbench");
            rounds.push(Round { contender, measured, pgbench: [before, after] });
            before = after;
        }
    }

    let summaries: Vec<Summary> = contenders.iter().filter_map(|&contender| Summary::of(contender, &rounds)).collect();
    let setting = Setting {
        versions,
        postgresql: database.version.clone(),
        durability: database.db.one(DURABILITY, &[]).await,
        processor: report::processor(),
        cores: cores(),
        load_before,
        rounds: options.rounds,
        seconds: options.seconds,
        warm_up: options.warm_up,
        pgbench_seconds: options.pgbench_seconds,
        connections: options.connections,
        pool: options.pool,
        users: options.users,
        command: command(),
    };
    let generated = report::generated(&setting, &summaries, &rounds);
    if options.only.is_empty() && !options.dry_run {
        let docs = workspace().join("docs");
        let page = docs.join("performance.md");
        let text = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        fs::write(&page, report::replace(&text, &generated)?)?;
        fs::write(docs.join("performance.svg"), chart::svg(&report::chart(&setting, &summaries, &rounds)))?;
        println!("\ndocs/performance.md and docs/performance.svg are written.");
    }
    println!("\n{generated}");
    Ok(())
}

/// The order of a round: each begins a share of the way further on, so that nobody always comes first or last.
fn order(contenders: &[Contender], round: u64, rounds: u64) -> Vec<Contender> {
    let mut order = contenders.to_vec();
    let length = order.len();
    order.rotate_left((round as usize * length / rounds as usize) % length.max(1));
    order
}

/// The command that does the same again.
fn command() -> String {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        "make bench-peers".to_owned()
    } else {
        format!("make bench-peers ARGS='{}'", arguments.join(" "))
    }
}

fn pgbench(database: &Database, options: &Options) -> Result<Figures> {
    database.pgbench(options.connections, 0, options.pgbench_seconds)
}

/// One contender from its start to its end.
async fn measure(contender: Contender, database: &Database, options: &Options) -> Result<Measured> {
    let server = contender.start(&database.edge_url, options.pool, &options.runner_flags)?;
    contract::check(&server.address, database).await.context("the contract check")?;

    let requests = Rc::new(Requests::new(&server.address, database.users()));
    let stored_before = database.count_messages().await;
    let mut clients = Clients::open(&server.address, &requests, options.connections).await?;
    if options.warm_up > 0 {
        clients.run(Duration::from_secs(options.warm_up)).await?;
    }
    let (since, cpu_before) = (database.clock().await, server.cpu_seconds());
    let figures = clients.run(Duration::from_secs(options.seconds)).await?;
    let (until, cpu_after) = (database.clock().await, server.cpu_seconds());
    let memory_mib = server.peak_memory_mib();
    server.stop()?;

    let stored = database.count_messages().await - stored_before;
    ensure!(
        stored >= clients.answered() as i64,
        "{} requests were answered with 201, but {stored} messages are stored",
        clients.answered()
    );
    ensure!(figures.requests > 0, "no request was answered with 201");
    let cpu = cpu_before.zip(cpu_after).map(|(before, after)| after - before);
    Ok(Measured {
        figures,
        per_commit: database.stored(&since, &until).await.per_commit(),
        cpu_us: cpu.map(|seconds| seconds * 1e6 / figures.requests as f64),
        memory_mib,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_comes_early_and_late() {
        let orders: Vec<_> = (0..3).map(|round| order(&Contender::ALL, round, 3)).collect();
        for contender in Contender::ALL {
            let places: Vec<_> =
                orders.iter().map(|order| order.iter().position(|&its| its == contender).unwrap()).collect();
            assert!(places.iter().any(|&place| place < 2) && places.iter().any(|&place| place >= 4), "{places:?}");
        }
        assert_eq!(order(&[Contender::Bun], 2, 3), [Contender::Bun]);
        assert_eq!(order(&[], 0, 1), []);
    }
}
