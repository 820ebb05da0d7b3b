//! A database with conversations, a NATS server, a way between relay and server that can be broken, and a reader that
//! checks what it is sent.

use anyhow::{Context, Result};
use async_nats::{Client, ConnectOptions};
use futures_util::StreamExt;
use rolecall_kit::process::{Process, temporary_directory};
use rolecall_kit::{Runtime, until};
use rolecall_postgres::{Cluster, Mode, Options};
use rolecall_relay::{CancellationToken, Report, Settings, run};
use rolecall_shared::wire::log::Line;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener as StdListener;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// A PostgreSQL of the test's own, with people who write to each other.
pub struct Database {
    cluster: Cluster,
    relay_url: String,
    /// Who writes to whom: a conversation each.
    pairs: Vec<[Uuid; 2]>,
}

impl Database {
    pub async fn start(conversations: usize) -> Database {
        let cluster = tokio::task::spawn_blocking(|| Cluster::start(Options::for_tests())).await.unwrap().unwrap();
        cluster.create_database("relay", None).await.unwrap();
        rolecall_database::apply(&cluster.admin_url("relay")).await.unwrap();
        let relay_url = cluster.relay_url("relay").await.unwrap();
        let pairs = (0..conversations).map(|_| [Uuid::new_v4(), Uuid::new_v4()]).collect();
        let database = Database { cluster, relay_url, pairs };
        let client = database.connect().await;
        // Before the first relay nothing would be written for one.
        let ready = "update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled';
            update rolecall.rate_limits set capacity = null;
            update rolecall.relay set is_wanted = true, is_pushed = true, wanted_since = now()";
        client.batch_execute(ready).await.unwrap();
        for person in database.pairs.iter().flatten() {
            let insert = format!(
                "insert into rolecall.profiles (id, display_name, role) values ('{person}', 'Somebody', 'show_organizer')"
            );
            client.batch_execute(&insert).await.unwrap();
        }
        database.write_once().await;
        client.batch_execute("delete from rolecall.outbox").await.unwrap();
        database
    }

    pub fn relay_url(&self) -> &str {
        &self.relay_url
    }

    /// Who writes to whom.
    pub fn pairs(&self) -> &[[Uuid; 2]] {
        &self.pairs
    }

    pub async fn connect(&self) -> tokio_postgres::Client {
        rolecall_database::connect(&self.cluster.admin_url("relay")).await.unwrap()
    }

    /// How many rows the outbox holds.
    pub async fn waiting(&self) -> i64 {
        self.connect().await.query_one("select count(*) from rolecall.outbox", &[]).await.unwrap().get(0)
    }

    /// Returns when everything in the outbox is settled.
    pub async fn is_settled(&self) {
        until("the outbox is empty", async || (self.waiting().await == 0).then_some(())).await;
    }

    /// Stops the server as a crash does, and starts it again.
    pub fn crash(&mut self) {
        self.cluster.stop(Mode::Immediate).unwrap();
        self.cluster.start_again().unwrap();
    }

    /// Writes to the conversations until it is told to stop, from several connections, each commit a message; a crash does not
    /// end it.
    pub fn writers(&self, number: usize) -> Writers {
        let (stop, stopped) = watch::channel(false);
        let tasks = (0..number).map(|_| {
            let (url, pairs, stopped) = (self.cluster.admin_url("relay"), self.pairs.clone(), stopped.clone());
            tokio::spawn(async move {
                while !*stopped.borrow() {
                    let Ok(client) = rolecall_database::connect(&url).await else {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    };
                    for pair in pairs.iter().cycle() {
                        if *stopped.borrow() || client.query_one(&message(pair), &[]).await.is_err() {
                            break;
                        }
                        // Few enough that the relay is near the newest one when something happens to it.
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                }
            })
        });
        Writers { tasks: tasks.collect(), stop }
    }

    /// Sends one message in each conversation.
    pub async fn write_once(&self) {
        let client = self.connect().await;
        for pair in &self.pairs {
            let row = client.query_one(&message(pair), &[]).await.unwrap();
            assert!(row.get::<_, bool>(0), "the message is sent");
        }
    }

    /// How many messages each conversation has.
    pub async fn committed(&self) -> BTreeMap<Uuid, u64> {
        let counts = "select conversation_id::text, max(seq) from rolecall.messages group by conversation_id";
        let rows = self.connect().await.query(counts, &[]).await.unwrap();
        rows.iter().map(|row| (row.get::<_, &str>(0).parse().unwrap(), row.get::<_, i64>(1).cast_unsigned())).collect()
    }
}

/// A message as the function sends it; whether it was taken.
fn message([from, to]: &[Uuid; 2]) -> String {
    format!(
        r#"select (rolecall_edge.send_dm('{{"claims": {{"sub": "{from}", "role": "authenticated"}}, "request_id": "{}",
        "rollouts": {{}}, "input": {{"recipient_id": "{to}", "content": "Hello"}}}}'::jsonb) -> 'ok')::boolean"#,
        Uuid::new_v4()
    )
}

pub struct Writers {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Writers {
    pub async fn stop(self) {
        self.stop.send(true).unwrap();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

/// A NATS server that asks for no credentials; it may be killed and started again on its port.
pub struct Nats {
    process: Option<Process>,
    pub port: u16,
}

impl Nats {
    pub async fn start() -> Nats {
        let port = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut nats = Nats { process: None, port };
        nats.start_again().await;
        nats
    }

    pub fn kill(&mut self) {
        self.process.take().unwrap().kill().unwrap();
    }

    pub async fn start_again(&mut self) {
        let mut command = Command::new("nats-server");
        command.args(["-a", "127.0.0.1", "-p", &self.port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let directory = temporary_directory().unwrap();
        self.process = Some(Process::start(command, &directory).expect("nats-server is a Debian package"));
        let port = self.port;
        until("NATS listens", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

/// What a device of every user is sent, checked as it comes.
#[derive(Clone)]
pub struct Reader {
    seen: Arc<Mutex<Seen>>,
    _client: Client,
}

#[derive(Default)]
struct Seen {
    /// The number of the last message of each conversation, for each of its two people. The first is sent beforehand.
    last: BTreeMap<(Uuid, Uuid), u64>,
    repeats: u64,
    /// Numbers that came before one that they follow.
    gaps: Vec<String>,
}

impl Reader {
    pub async fn start(nats: &Nats) -> Reader {
        // It reconnects by itself; the subscription is made again.
        let client = ConnectOptions::new()
            .reconnect_delay_callback(|_| Duration::from_millis(10))
            .subscription_capacity(1 << 20)
            .connect(nats.url())
            .await
            .unwrap();
        let mut events = client.subscribe("user.*.events").await.unwrap();
        // The server has the subscription before anything is published.
        client.request("nobody.there", "".into()).await.unwrap_err();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let into = seen.clone();
        tokio::spawn(async move {
            while let Some(message) = events.next().await {
                let user = message.subject.split('.').nth(1).and_then(|user| user.parse().ok());
                if let Some(user) = user {
                    into.lock().unwrap().take(user, &serde_json::from_slice(&message.payload).unwrap());
                }
            }
        });
        Reader { seen, _client: client }
    }

    /// Returns when both people of every conversation have its last message.
    pub async fn has_all(&self, committed: &BTreeMap<Uuid, u64>) {
        until("every message has been received by both", async || {
            let seen = self.seen.lock().unwrap();
            let all = committed.iter().all(|(conversation, last)| {
                let of_it = seen.last.iter().filter(|((id, _), number)| id == conversation && *number == last);
                of_it.count() == 2
            });
            all.then_some(())
        })
        .await;
    }

    pub fn gaps(&self) -> Vec<String> {
        self.seen.lock().unwrap().gaps.clone()
    }

    pub fn repeats(&self) -> u64 {
        self.seen.lock().unwrap().repeats
    }

    pub fn count(&self) -> u64 {
        self.seen.lock().unwrap().last.values().map(|last| last - 1).sum()
    }
}

impl Seen {
    fn take(&mut self, user: Uuid, event: &Value) {
        if event["type"] != "message.created" {
            return;
        }
        let conversation: Uuid = event["conversation_id"].as_str().unwrap().parse().unwrap();
        let seq = event["seq"].as_u64().unwrap();
        let last = self.last.entry((conversation, user)).or_insert(1);
        if seq <= *last {
            self.repeats += 1;
        } else {
            if seq != *last + 1 {
                self.gaps.push(format!("{seq} after {last} in {conversation}"));
            }
            *last = seq;
        }
    }
}

/// A relay within the test.
pub struct Relay {
    pub stop: CancellationToken,
    task: JoinHandle<()>,
    said: Arc<Mutex<Vec<(String, String)>>>,
}

impl Relay {
    pub fn start(database: &Database, nats: &str) -> Relay {
        Relay::with(Settings::new(database.relay_url(), nats).unwrap())
    }

    pub fn with(settings: Settings) -> Relay {
        let said = Arc::new(Mutex::new(Vec::new()));
        let lines = said.clone();
        let report: Report = Arc::new(move |line: &Line<'_>| {
            lines.lock().unwrap().push((line.event.to_owned(), line.cause.unwrap_or_default().to_owned()));
            eprintln!("{}", serde_json::to_string(line).unwrap());
        });
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(settings, report, stop.clone()));
        Relay { stop, task, said }
    }

    pub fn said(&self, event: &str) -> usize {
        self.said.lock().unwrap().iter().filter(|(said, _)| said == event).count()
    }

    /// Why things did not work, all together.
    pub fn causes(&self) -> String {
        self.said.lock().unwrap().iter().map(|(_, cause)| format!("{cause}\n")).collect()
    }

    pub async fn says(&self, event: &str) {
        until(event, async || (self.said(event) > 0).then_some(())).await;
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

/// `rolecall relay` as a process; with an empty address of NATS, one for webhooks alone.
pub fn relay_process(database: &Database, nats: &str) -> Result<Process> {
    let mut command = Command::new(Runtime::Runner.program());
    command
        .arg("relay")
        .env("RELAY_DATABASE_URL", database.relay_url())
        .env("NATS_URL", nats)
        .env("WEBHOOK_ALLOW_HOSTS", "127.0.0.1")
        .env_remove("NATS_CREDS")
        .env_remove("NATS_SYSTEM_CREDS")
        .stdout(Stdio::null());
    Process::start(command, &temporary_directory()?).context(Runtime::Runner.advice())
}

/// The way from a relay to NATS.
pub struct Way {
    pub port: u16,
    state: watch::Sender<State>,
    breaks: Arc<AtomicU64>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    /// What the relay sends is taken and never arrives: as in a broken network, or in the buffers of a server that dies.
    Swallows,
    /// Connections break, and what was on the way is lost. The number tells one break from the next.
    Broken(u64),
}

impl Way {
    pub async fn to(nats: &Nats) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, seen) = watch::channel(State::Open);
        let server = nats.port;
        tokio::spawn(async move {
            while let Ok((relay, _)) = listener.accept().await {
                tokio::spawn(carry(relay, server, seen.clone()));
            }
        });
        Way { port, state, breaks: Arc::default() }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    pub fn swallow(&self) {
        self.state.send(State::Swallows).unwrap();
    }

    /// Breaks all connections; new ones are carried.
    pub fn cut(&self) {
        self.state.send(State::Broken(self.breaks.fetch_add(1, Ordering::Relaxed))).unwrap();
    }
}

async fn carry(mut relay: TcpStream, server: u16, mut state: watch::Receiver<State>) {
    let Ok(mut nats) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let swallows = *state.borrow_and_update() == State::Swallows;
    let (mut from_relay, mut from_nats) = (vec![0; 4096], vec![0; 4096]);
    let mut swallows = swallows;
    loop {
        tokio::select! {
            changed = state.changed() => {
                let now = *state.borrow_and_update();
                if changed.is_err() || matches!(now, State::Broken(_)) {
                    return;
                }
                swallows = now == State::Swallows;
            }
            read = relay.read(&mut from_relay) => {
                let Ok(length @ 1..) = read else { return };
                if !swallows && nats.write_all(&from_relay[..length]).await.is_err() {
                    return;
                }
            }
            read = nats.read(&mut from_nats) => {
                let Ok(length @ 1..) = read else { return };
                if relay.write_all(&from_nats[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
