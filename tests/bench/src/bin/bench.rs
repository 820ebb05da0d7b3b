//! `make bench`: send-dm over HTTP against pgbench calling the same SQL on the same database in the same run.
//!
//! The figure that counts is the ratio of the two: it says what the way through the runner and the component costs,
//! whatever the machine. pgbench runs before and after, so that a database that grows slower meanwhile shows. Then comes
//! a table of few and many connections, with group commit and without; then what the outbox costs, and help conversations
//! and texting beside direct messages.

use anyhow::{Result, ensure};
use clap::Parser;
use rolecall_bench::{
    Clients, Database, Figures, FilterFigures, GROUP_COMMIT, OutboxFigures, OutboxLoad, Requests, Stored, Surroundings,
    TextingFigures, TextingLoad, address, peak_memory_mib, start_runner,
    system::{CpuShare, allow_connections, percent},
};
use rolecall_kit::Runner;
use serde_json::{Value, json};
use std::{rc::Rc, time::Duration};

/// Compares send-dm over HTTP with pgbench on the same SQL.
#[derive(Debug, Parser)]
#[command(name = "rolecall-bench")]
struct Options {
    /// Seconds that each of the three measurements takes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    seconds: u64,

    /// Seconds of the same load before each measurement
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,

    /// Connections, of pgbench and over HTTP alike
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,

    /// Senders (attendees), and as many recipients (MVP dealers)
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(8..=100_000))]
    users: u64,

    /// Numbers of connections that the table compares, with group commit and without
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64, 512, 5000],
          value_parser = clap::value_parser!(u64).range(1..=20_000))]
    table: Vec<u64>,

    /// Seconds that each measurement of the table takes; 0 for no table
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=300))]
    table_seconds: u64,

    /// Seconds that each measurement of help conversations takes; 0 for none
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=60))]
    help_seconds: u64,

    /// Seconds that each measurement of texting takes; 0 for none
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=60))]
    texting_seconds: u64,

    /// How often texting is measured in turn with direct messages; the ratios are the medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=20))]
    texting_rounds: u64,

    /// Seconds that each measurement with the outbox and without takes; 0 for none
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(0..=60))]
    outbox_seconds: u64,

    /// How often they are measured in turn; the ratio is the median
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=20))]
    outbox_rounds: u64,

    /// Measure the outbox alone
    #[arg(long)]
    outbox_only: bool,

    /// Measure texting alone, beside direct messages
    #[arg(long)]
    texting_only: bool,

    /// Measure the anti-poaching filter alone
    #[arg(long)]
    filter_only: bool,

    /// Print the figures as one JSON object on standard output, and the text on standard error
    #[arg(long)]
    json: bool,

    /// Flags for the runner, such as `-- --postgres-connections 64`
    #[arg(last = true)]
    runner_flags: Vec<String>,
}

impl Options {
    fn outbox(&self) -> OutboxLoad {
        OutboxLoad {
            rounds: self.outbox_rounds,
            seconds: self.outbox_seconds,
            warm_up: self.warm_up.min(1),
            connections: self.connections,
        }
    }

    fn texting(&self) -> TextingLoad {
        TextingLoad {
            rounds: self.texting_rounds,
            seconds: self.texting_seconds,
            warm_up: self.warm_up.min(1),
            connections: self.connections,
        }
    }
}

/// What was measured over so many connections.
#[derive(Clone, Copy, Debug)]
struct Row {
    connections: u64,
    figures: Figures,
    stored: Stored,
    /// Shares of one core, where they are known.
    runner_cpu: Option<f64>,
    own_cpu: Option<f64>,
}

impl Row {
    fn to_json(self) -> Value {
        let mut row = self.figures.to_json();
        row["connections"] = json!(self.connections);
        row["requests_per_commit"] = json!(self.stored.per_commit());
        row["runner_cores"] = json!(self.runner_cpu);
        row["load_generator_cores"] = json!(self.own_cpu);
        row
    }

    fn text(self, group_commit: &str) -> String {
        let figures = self.figures;
        format!(
            "{:>11} {group_commit:>12} {:>12.0} {:>10.2} {:>10.2} {:>15} {:>8} {:>8} {:>10}",
            self.connections,
            figures.per_second,
            figures.p50_ms,
            figures.p99_ms,
            per_commit(self.stored),
            figures.errors,
            percent(self.runner_cpu),
            percent(self.own_cpu)
        )
    }
}

/// A runner under load, and what it did so far.
struct Session<'a> {
    database: &'a Database,
    runner: Runner,
    requests: Rc<Requests>,
    rows: Vec<Row>,
    answered: u64,
}

impl Session<'_> {
    fn start<'a>(database: &'a Database, variables: &[(&str, &str)], flags: &[String]) -> Result<Session<'a>> {
        let runner = start_runner(&database.edge_url, variables, flags)?;
        let requests = Rc::new(Requests::new(address(&runner), database.users()));
        Ok(Session { database, runner, requests, rows: Vec::new(), answered: 0 })
    }

    /// Only the figures of other requests than direct messages, which are the rows'.
    async fn figures(&self, requests: Requests, connections: u64, warm_up: u64, seconds: u64) -> Result<Figures> {
        let mut clients = Clients::open(address(&self.runner), &Rc::new(requests), connections).await?;
        if warm_up > 0 {
            clients.run(Duration::from_secs(warm_up)).await?;
        }
        clients.run(Duration::from_secs(seconds)).await
    }

    async fn measure(&mut self, connections: u64, warm_up: u64, seconds: u64) -> Result<Row> {
        let mut clients = Clients::open(address(&self.runner), &self.requests, connections).await?;
        if warm_up > 0 {
            clients.run(Duration::from_secs(warm_up)).await?;
        }
        let since = self.database.clock().await;
        let (runner_cpu, own_cpu) = (CpuShare::of(self.runner.id()), CpuShare::of(std::process::id()));
        let figures = clients.run(Duration::from_secs(seconds)).await?;
        let (runner_cpu, own_cpu) = (runner_cpu.so_far(), own_cpu.so_far());
        let stored = self.database.stored(&since, &self.database.clock().await).await;
        let row = Row { connections, figures, stored, runner_cpu, own_cpu };
        self.rows.push(row);
        self.answered += clients.answered();
        Ok(row)
    }

    fn peak_memory_mib(&self) -> Option<f64> {
        peak_memory_mib(self.runner.id())
    }

    fn stop(&self) {
        self.runner.terminate();
        self.runner.wait();
    }
}

/// Help requests on which each sender offers help once: more pairs than a measurement comes to.
const OPEN_HELP_REQUESTS: u64 = 100;

/// Help conversations beside direct messages, each message in a commit of its own, over the same connections.
struct HelpFigures {
    send_dm: Figures,
    send: Figures,
    start: Figures,
}

impl HelpFigures {
    async fn measure(database: &Database, options: &Options) -> Result<HelpFigures> {
        let help = database.make_help(OPEN_HELP_REQUESTS).await;
        let session = Session::start(database, &[(GROUP_COMMIT, "1")], &options.runner_flags)?;
        let host = address(&session.runner).to_owned();
        let of = async |requests| {
            session.figures(requests, options.connections, options.warm_up.min(1), options.help_seconds).await
        };
        // Direct messages come before and after, so that a database that grows slower meanwhile shows.
        let before = of(Requests::new(&host, options.users)).await?;
        let send = of(Requests::help_messages(&host, &help)).await?;
        let after = of(Requests::new(&host, options.users)).await?;
        let start = of(Requests::offers(&host, options.users, &help)).await?;
        session.stop();
        let send_dm = Figures { per_second: (before.per_second + after.per_second) / 2.0, ..after };
        Ok(HelpFigures { send_dm, send, start })
    }

    fn ratio(&self) -> f64 {
        self.send.per_second / self.send_dm.per_second
    }

    fn text(&self) -> String {
        format!(
            "\nhelp conversations beside direct messages, group_commit=1\n\
             send-dm             {}\nhelp message        {}\nstart-conversation  {}\n\
             ratio of help messages to direct messages  {:.2}",
            self.send_dm,
            self.send,
            self.start,
            self.ratio()
        )
    }

    fn to_json(&self) -> Value {
        json!({
            "send_dm": self.send_dm.to_json(),
            "help_message": self.send.to_json(),
            "start_conversation": self.start.to_json(),
            "ratio": (self.ratio() * 1000.0).round() / 1000.0,
        })
    }
}

fn per_commit(stored: Stored) -> String {
    stored.per_commit().map_or("-".to_owned(), |number| format!("{number:.1}"))
}

fn mib(memory: Option<f64>) -> String {
    memory.map_or("unknown here".to_owned(), |mib| format!("{mib:.0} MiB"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let say = |text: String| if options.json { eprintln!("{text}") } else { println!("{text}") };
    let surroundings = Surroundings::now("rolecall-bench");
    let table = if options.table_seconds > 0 { options.table.as_slice() } else { &[] };
    allow_connections(table.iter().copied().max().unwrap_or(0).max(options.connections))?;

    if options.filter_only {
        let filter = FilterFigures::measure().await?;
        say(format!("{}\n\n{}", filter.text(), surroundings.text("not measured")));
        if options.json {
            println!("{}", filter.to_json());
        }
        return Ok(());
    }
    let database = Database::start(options.users, options.connections).await?;
    database.lift_rate_limits().await;
    if options.outbox_only {
        let outbox = OutboxFigures::measure(&database, options.outbox(), &options.runner_flags).await?;
        say(format!("{}\n\n{}", outbox.text(), surroundings.text(&database.version)));
        if options.json {
            println!("{}", outbox.to_json());
        }
        return Ok(());
    }
    if options.texting_only {
        let texting = TextingFigures::measure(&database, options.texting(), &options.runner_flags).await?;
        say(texting.text());
        if options.json {
            println!("{}", texting.to_json());
        }
        say(format!("\n{}", surroundings.text(&database.version)));
        return Ok(());
    }
    say(format!(
        "send-dm from {} senders to {} recipients over {} connections, {} s each\n",
        options.users, options.users, options.connections, options.seconds
    ));
    let before = database.pgbench(options.connections, options.warm_up, options.seconds)?;
    say(format!("pgbench before  {before}"));
    let stored_before = database.count_messages().await;
    let mut main = Session::start(&database, &[], &options.runner_flags)?;
    let over_http = main.measure(options.connections, options.warm_up, options.seconds).await?;
    let (answered, memory) = (main.answered, main.peak_memory_mib());
    let stored = database.count_messages().await - stored_before;
    main.stop();
    say(format!("over HTTP       {}", over_http.figures));
    let after = database.pgbench(options.connections, options.warm_up, options.seconds)?;
    say(format!("pgbench after   {after}"));

    let ratio = over_http.figures.per_second / ((before.per_second + after.per_second) / 2.0);
    say(format!("\nratio to the mean of both pgbench runs  {ratio:.2}"));
    say(format!("requests per commit                     {}", per_commit(over_http.stored)));
    say(format!("processor time of the runner            {} of a core", percent(over_http.runner_cpu)));
    say(format!("processor time of the load generator    {} of a core", percent(over_http.own_cpu)));
    say(format!("peak memory of the runner               {}", mib(memory)));
    say(format!("answered with 201 / stored              {answered} / {stored}"));

    // Both runners stand beside each other, so that what is compared is measured one right after the other.
    let mut sessions = Vec::new();
    let (mut answered_in_table, mut stored_in_table) = (0, 0);
    if !table.is_empty() {
        say(format!(
            "\nwith group commit and without (group_commit=1), {} s each\n\
             connections group commit   requests/s     p50 ms     p99 ms requests/commit   errors   runner  generator",
            options.table_seconds
        ));
        let stored_before = database.count_messages().await;
        sessions.push(("on", Session::start(&database, &[], &options.runner_flags)?));
        sessions.push(("off", Session::start(&database, &[(GROUP_COMMIT, "1")], &options.runner_flags)?));
        for &connections in table {
            for (name, session) in &mut sessions {
                let row = session.measure(connections, options.warm_up.min(1), options.table_seconds).await?;
                say(row.text(name));
            }
        }
        answered_in_table = sessions.iter().map(|(_, session)| session.answered).sum::<u64>();
        stored_in_table = database.count_messages().await - stored_before;
        let peaks = sessions.iter().map(|(name, session)| format!("{} ({name})", mib(session.peak_memory_mib())));
        say(format!("peak memory of the runners  {}", peaks.collect::<Vec<_>>().join(", ")));
        say(format!("answered with 201 / stored  {answered_in_table} / {stored_in_table}"));
    }

    let outbox = match options.outbox_seconds {
        0 => None,
        _ => Some(OutboxFigures::measure(&database, options.outbox(), &options.runner_flags).await?),
    };
    if let Some(outbox) = &outbox {
        say(outbox.text());
    }
    let help = if options.help_seconds > 0 { Some(HelpFigures::measure(&database, &options).await?) } else { None };
    if let Some(help) = &help {
        say(help.text());
    }
    let texting = match options.texting_seconds {
        0 => None,
        _ => Some(TextingFigures::measure(&database, options.texting(), &options.runner_flags).await?),
    };
    if let Some(texting) = &texting {
        say(texting.text());
    }
    let filter = FilterFigures::measure().await?;
    say(filter.text());

    say(format!("\n{}", surroundings.text(&database.version)));
    if options.json {
        let of = |session: Option<&(&str, Session<'_>)>| {
            let (_, session) = session?;
            Some(json!({
                "rows": session.rows.iter().copied().map(Row::to_json).collect::<Vec<_>>(),
                "runner_peak_memory_mib": session.peak_memory_mib().map(f64::round),
            }))
        };
        let mut report = json!({
            "pgbench_before": before.to_json(),
            "http": over_http.to_json(),
            "pgbench_after": after.to_json(),
            "ratio": (ratio * 1000.0).round() / 1000.0,
            "runner_peak_memory_mib": memory.map(f64::round),
            "answered": answered,
            "stored": stored,
            "with_group_commit": of(sessions.first()),
            "without_group_commit": of(sessions.get(1)),
            "outbox": outbox.as_ref().map(OutboxFigures::to_json),
            "help": help.as_ref().map(HelpFigures::to_json),
            "texting": texting.as_ref().map(TextingFigures::to_json),
            "filter": filter.to_json(),
            "answered_in_table": answered_in_table,
            "stored_in_table": stored_in_table,
            "connections": options.connections,
            "users": options.users,
            "seconds": options.seconds,
            "table_seconds": options.table_seconds,
        });
        surroundings.add_to(&mut report, &database.version);
        println!("{report}");
    }
    for (_, session) in &sessions {
        session.stop();
    }
    for (answered, stored) in [(answered, stored), (answered_in_table, stored_in_table)] {
        let lost = "requests were answered with 201, but";
        ensure!(stored >= answered as i64, "{answered} {lost} {stored} messages are stored");
    }
    Ok(())
}
