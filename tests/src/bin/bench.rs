//! `make bench`: send-dm over HTTP against pgbench calling the same SQL on the same database in the same run.
//!
//! The figure that counts is the ratio of the two: it says what the way through the runner and the component costs,
//! whatever the machine. pgbench runs before and after, so that a database that grows slower meanwhile shows.

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use rolecall_database::{Cluster, Options as ClusterOptions};
use rolecall_tests::{
    Runner,
    process::temporary_directory,
    runner,
    stand::Db,
    token::{self, SECRET},
};
use serde_json::{Value, json};
use std::{
    fmt,
    path::Path,
    process::Command,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};
use uuid::Uuid;

/// Different recipients that each sender writes to.
const RECIPIENTS_OF_A_SENDER: u64 = 8;

/// What every message says; 60 characters, as a chat message might have.
const CONTENT: &str = "Is the holographic Charizard still there? I am at booth 12.";

/// Last group of the first user's id; with 12 digits the numbers of pgbench's random() are the group itself.
const FIRST_SENDER: u64 = 100_000_000_000;
const FIRST_RECIPIENT: u64 = 200_000_000_000;
const ID_PREFIX: &str = "00000000-0000-4000-8000-";

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

    /// Print the figures as one JSON object on standard output, and the text on standard error
    #[arg(long)]
    json: bool,

    /// Flags for the runner, such as `-- --postgres-connections 64`
    #[arg(last = true)]
    runner_flags: Vec<String>,
}

/// What one measurement showed.
#[derive(Clone, Copy, Debug)]
struct Figures {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    requests: u64,
    errors: u64,
}

impl Figures {
    fn to_json(self) -> Value {
        json!({
            "requests_per_second": self.per_second.round(),
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "requests": self.requests,
            "errors": self.errors,
        })
    }

    /// From the latencies in microseconds.
    fn of(mut latencies: Vec<u32>, errors: u64, elapsed: Duration) -> Figures {
        latencies.sort_unstable();
        let at = |share: f64| {
            let place = (latencies.len() as f64 * share) as usize;
            latencies.get(place.min(latencies.len().saturating_sub(1))).map_or(0.0, |&us| f64::from(us) / 1000.0)
        };
        let requests = latencies.len() as u64;
        let per_second = requests as f64 / elapsed.as_secs_f64();
        Figures { per_second, p50_ms: at(0.50), p99_ms: at(0.99), requests, errors }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.0} requests/s   p50 {:>6.2} ms   p99 {:>6.2} ms   {} errors",
            self.per_second, self.p50_ms, self.p99_ms, self.errors
        )
    }
}

/// The database of the run: durable, with settings that a machine of this size would be given.
fn start_cluster(connections: u64) -> Result<Cluster> {
    // PostgreSQL's connections of pgbench, of every component of the runner, and a few of our own.
    let max_connections = (connections + 300).to_string();
    let settings = [
        ("max_connections", max_connections.as_str()),
        ("shared_buffers", "512MB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
        ("wal_compression", "on"),
        ("random_page_cost", "1.1"),
    ];
    let options =
        settings.iter().fold(ClusterOptions::default(), |options, (name, value)| options.setting(name, value));
    Cluster::start(options)
}

async fn make_users(db: &Db, users: u64) {
    let sql = "insert into public.profiles (id, display_name, role)
        select ($1::text || ($2::int8 + n))::uuid, 'User ' || n, $4::text::public.app_role
        from generate_series(0, $3::int8 - 1) as n";
    for (first, role) in [(FIRST_SENDER, "attendee"), (FIRST_RECIPIENT, "mvp_dealer")] {
        db.run(sql, &[&ID_PREFIX, &(first as i64), &(users as i64), &role]).await;
    }
    db.script("vacuum analyze").await;
}

/// pgbench's script: the envelope that the function sends, with a random sender and one of that sender's recipients.
fn pgbench_script(users: u64) -> String {
    format!(
        r#"\set n random(0, {last})
\set k random(0, {last_recipient})
\set sender {FIRST_SENDER} + :n
\set recipient {FIRST_RECIPIENT} + (:n + :k) % {users}
select edge.send_dm(('{{"claims":{{"sub":"{ID_PREFIX}' || :sender || '","role":"authenticated"}},"request_id":"{ID_PREFIX}' || :recipient || '","rollout":"enabled","input":{{"recipient_id":"{ID_PREFIX}' || :recipient || '","content":"{CONTENT}"}}}}')::jsonb);
"#,
        last = users - 1,
        last_recipient = RECIPIENTS_OF_A_SENDER - 1,
    )
}

/// Runs pgbench for so many seconds.
fn pgbench(program: &Path, url: &str, script: &Path, connections: u64, seconds: u64) -> Result<Figures> {
    let directory = temporary_directory()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(connections as usize);
    let output = Command::new(program)
        .current_dir(&directory)
        .args(["-n", "-M", "prepared", "-l", "-c", &connections.to_string(), "-j", &threads.to_string()])
        .args(["-T", &seconds.to_string(), "-f"])
        .arg(script)
        .arg(url)
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "pgbench: {}{text}", String::from_utf8_lossy(&output.stderr));
    let number = |line: &str| {
        let rest = text.lines().find_map(|text| text.strip_prefix(line))?;
        rest.trim().split([' ', '/']).next()?.parse::<f64>().ok()
    };
    let per_second = number("tps =").context("pgbench printed no tps")?;
    let errors = number("number of failed transactions:").unwrap_or(0.0) as u64;
    let mut latencies = Vec::new();
    for file in std::fs::read_dir(&directory)? {
        let log = std::fs::read_to_string(file?.path())?;
        // client, transaction, latency in microseconds, …
        latencies.extend(log.lines().filter_map(|line| line.split(' ').nth(2)?.parse::<u32>().ok()));
    }
    std::fs::remove_dir_all(&directory)?;
    let figures = Figures::of(latencies, errors, Duration::from_secs(seconds));
    Ok(Figures { per_second, ..figures })
}

/// The requests of every sender, ready to be written.
struct Requests {
    all: Vec<Vec<u8>>,
}

impl Requests {
    fn new(host: &str, users: u64) -> Requests {
        let id = |number: u64| format!("{ID_PREFIX}{number}");
        let mut all = Vec::with_capacity((users * RECIPIENTS_OF_A_SENDER) as usize);
        for sender in 0..users {
            // The ids are uuids by their form.
            let user = Uuid::parse_str(&id(FIRST_SENDER + sender)).unwrap_or_default();
            let token = token::user(user);
            for other in 0..RECIPIENTS_OF_A_SENDER {
                let recipient = id(FIRST_RECIPIENT + (sender + other) % users);
                let body = format!("{{\"recipient_id\":\"{recipient}\",\"content\":\"{CONTENT}\"}}");
                let length = body.len();
                all.push(
                    format!(
                        "POST /functions/v1/send-dm HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
                         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
                    )
                    .into_bytes(),
                );
            }
        }
        Requests { all }
    }
}

/// A small generator of random numbers (SplitMix64); it decides which request comes next, nothing more.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// A keep-alive connection that knows just enough HTTP/1.1 to send a request and read its answer.
struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request; the status of its answer.
    async fn exchange(&mut self, request: &[u8]) -> Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection was closed");
            }
            if let Some(status) = whole_answer(&self.buffer)? {
                return Ok(status);
            }
        }
    }
}

/// The status of the answer in `bytes`, once it is all there.
fn whole_answer(bytes: &[u8]) -> Result<Option<u16>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.context("an answer without content-length")?;
    if bytes.len() < end + 4 + length {
        return Ok(None);
    }
    Ok(Some(head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?))
}

/// Sends requests over so many connections for so long.
async fn load(address: &str, requests: &Arc<Requests>, connections: u64, seconds: u64) -> Result<Figures> {
    let begun = Instant::now();
    let end = begun + Duration::from_secs(seconds);
    let address: Rc<str> = address.into();
    let local = LocalSet::new();
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let (requests, address) = (Arc::clone(requests), Rc::clone(&address));
            local.spawn_local(async move {
                let mut connection = Connection::open(&address).await?;
                let mut random = Random(number);
                let (mut latencies, mut errors) = (Vec::new(), 0_u64);
                loop {
                    let sent = Instant::now();
                    if sent >= end {
                        return anyhow::Ok((latencies, errors));
                    }
                    let request = &requests.all[random.below(requests.all.len())];
                    match connection.exchange(request).await {
                        Ok(201) => latencies.push(sent.elapsed().as_micros() as u32),
                        Ok(_) => errors += 1,
                        Err(_) => {
                            errors += 1;
                            connection = Connection::open(&address).await?;
                        }
                    }
                }
            })
        })
        .collect();
    local.await;
    let (mut latencies, mut errors) = (Vec::new(), 0);
    for task in tasks {
        let (of_one, errors_of_one) = task.await??;
        latencies.extend(of_one);
        errors += errors_of_one;
    }
    Ok(Figures::of(latencies, errors, begun.elapsed()))
}

/// The most memory a process has had, in MiB (VmHWM), where /proc tells.
fn peak_memory_mib(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn load_average() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    Some(text.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

fn runner_version() -> Option<String> {
    let output = Command::new(runner::program()).arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let options = Options::parse();
    let say = |text: String| if options.json { eprintln!("{text}") } else { println!("{text}") };
    let load_before = load_average();

    let cluster = start_cluster(options.connections)?;
    cluster.create_database("bench", None).await?;
    let admin_url = cluster.admin_url("bench");
    rolecall_database::apply(&admin_url).await?;
    let db = Db::connect(&admin_url).await;
    make_users(&db, options.users).await;
    // A limit that nobody reaches: every message still takes its token, as in production.
    db.run("update public.rate_limits set capacity = 1000000000", &[]).await;
    let edge_url = cluster.edge_url("bench").await?;
    let version: String = db.one("select current_setting('server_version')", &[]).await;

    let directory = temporary_directory()?;
    let script = directory.join("send_dm.sql");
    std::fs::write(&script, pgbench_script(options.users))?;
    let program = cluster.program("pgbench");
    let run_pgbench = || {
        if options.warm_up > 0 {
            pgbench(&program, &edge_url, &script, options.connections, options.warm_up)?;
        }
        pgbench(&program, &edge_url, &script, options.connections, options.seconds)
    };

    say(format!(
        "send-dm from {} senders to {} recipients over {} connections, {} s each\n",
        options.users, options.users, options.connections, options.seconds
    ));
    let before = run_pgbench()?;
    say(format!("pgbench before  {before}"));

    let variables = [("database_url", edge_url.as_str()), ("jwt_secret", SECRET)];
    let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let runner = Runner::start(&variables, &options.runner_flags)?;
    let address = runner.address().trim_start_matches("http://").to_owned();
    let requests = Arc::new(Requests::new(&address, options.users));
    let counted = "public.messages";
    let stored_before = db.count(counted, &[]).await;
    let mut answered = 0;
    if options.warm_up > 0 {
        answered += load(&address, &requests, options.connections, options.warm_up).await?.requests;
    }
    let over_http = load(&address, &requests, options.connections, options.seconds).await?;
    answered += over_http.requests;
    let memory = peak_memory_mib(runner.id());
    let stored = db.count(counted, &[]).await - stored_before;
    runner.terminate();
    runner.wait();
    say(format!("over HTTP       {over_http}"));

    let after = run_pgbench()?;
    say(format!("pgbench after   {after}"));
    std::fs::remove_dir_all(&directory)?;

    let ratio = over_http.per_second / ((before.per_second + after.per_second) / 2.0);
    let memory_text = memory.map_or("unknown here".to_owned(), |mib| format!("{mib:.0} MiB"));
    let load_after = load_average();
    let command = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    say(format!("\nratio to the mean of both pgbench runs  {ratio:.2}"));
    say(format!("peak memory of the runner               {memory_text}"));
    say(format!("answered with 201 / stored              {answered} / {stored}"));
    say(format!(
        "PostgreSQL {version}, {}, {cores} cores, load average {} before and {} after",
        runner_version().unwrap_or_default(),
        load_before.as_deref().unwrap_or("unknown"),
        load_after.as_deref().unwrap_or("unknown")
    ));
    say(format!("command: rolecall-bench {command}"));
    if options.json {
        let report = json!({
            "pgbench_before": before.to_json(),
            "http": over_http.to_json(),
            "pgbench_after": after.to_json(),
            "ratio": (ratio * 1000.0).round() / 1000.0,
            "runner_peak_memory_mib": memory.map(f64::round),
            "answered": answered,
            "stored": stored,
            "postgresql": version,
            "runner": runner_version(),
            "cores": cores,
            "connections": options.connections,
            "users": options.users,
            "seconds": options.seconds,
            "load_average_before": load_before,
            "load_average_after": load_after,
            "command": format!("rolecall-bench {command}"),
        });
        println!("{report}");
    }
    ensure!(stored >= answered as i64, "{answered} requests were answered with 201, but {stored} messages are stored");
    Ok(())
}
