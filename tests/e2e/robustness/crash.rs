//! The runner ends by SIGKILL and PostgreSQL by `immediate`, at random moments under full load: every 201 that a client
//! received is in the database once, what was repeated with its key is not doubled, and no number is left out.

use http::Method;
use rolecall_database::Mode;
use rolecall_e2e::{Code, Role, Setup, Stand, User, client::Client, report, until};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Writers with a conversation of their own.
const ALONE: usize = 40;
/// Conversations in which several write from both sides, and how many.
const SHARED: usize = 3;
const WRITERS_EACH: usize = 8;
/// What crashes, each so many times.
const CRASHES: [(Crash, usize); 3] = [(Crash::Runner, 10), (Crash::Database, 10), (Crash::Both, 2)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    Runner,
    Database,
    Both,
}

/// A message as its 201 described it, or as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    id: Uuid,
    conversation: Uuid,
    seq: i64,
    sender: Uuid,
}

/// What the writers share.
struct Load {
    client: RwLock<Client>,
    /// Every 201, by the content of its message.
    sent: Mutex<HashMap<String, Message>>,
    successes: AtomicUsize,
    /// Answers of 503, and requests without an answer.
    failures: AtomicUsize,
    /// Repetitions that found their work done.
    found_done: AtomicUsize,
    over: AtomicBool,
}

impl Load {
    fn client(&self) -> Client {
        self.client.read().unwrap().clone()
    }

    fn record(&self, content: String, message: Message) {
        let before = self.sent.lock().unwrap().insert(content, message);
        assert_eq!(before, None, "two answers for one message");
        self.successes.fetch_add(1, Ordering::SeqCst);
    }
}

/// Sends one message after the other; repeats one with its key until it is answered with 201.
async fn write(load: Arc<Load>, from: User, to: User, writer: usize) {
    for number in 0.. {
        if load.over.load(Ordering::SeqCst) {
            return;
        }
        let content = format!("Message {number} of writer {writer}");
        let body = json!({"recipient_id": to.id, "content": content});
        loop {
            let call = load.client().call(Method::POST, "send-dm").json(&body).by(&from).key(&content);
            match call.try_send().await {
                Ok(answer) if answer.status == 201 => {
                    if answer.header("idempotency-replayed") == "true" {
                        load.found_done.fetch_add(1, Ordering::SeqCst);
                    }
                    let (id, conversation) = (answer.id("message_id"), answer.id("conversation_id"));
                    let message = Message { id, conversation, seq: answer["seq"].as_i64().unwrap(), sender: from.id };
                    load.record(content, message);
                    break;
                }
                Ok(answer) if answer.status == 503 => drop(answer.refused(Code::DatabaseUnavailable)),
                Ok(answer) => panic!("neither 201 nor 503: {}", answer.body),
                // The runner is gone, and with it what it knew about this request.
                Err(_) => {}
            }
            load.failures.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn more(what: &str, counter: &AtomicUsize, by: usize) {
    let from = counter.load(Ordering::SeqCst);
    until(what, async || (counter.load(Ordering::SeqCst) >= from + by).then_some(())).await;
}

/// A number below `limit`.
fn random(limit: usize) -> usize {
    (Uuid::new_v4().as_u128() >> 80) as usize % limit
}

/// Every crash, in random order.
fn crashes() -> Vec<Crash> {
    let mut all: Vec<_> = CRASHES.iter().flat_map(|(crash, times)| std::iter::repeat_n(*crash, *times)).collect();
    for end in (1..all.len()).rev() {
        all.swap(end, random(end + 1));
    }
    all
}

/// The messages in the database, by content.
async fn stored(stand: &Stand) -> HashMap<String, Message> {
    let sql = "select content, id, conversation_id, seq, sender_id from rolecall.messages";
    let rows = stand.connect().await.query(sql, &[]).await.unwrap();
    let number = rows.len();
    let message = |row: &tokio_postgres::Row| Message {
        id: row.get(1),
        conversation: row.get(2),
        seq: row.get(3),
        sender: row.get(4),
    };
    let stored: HashMap<_, _> = rows.iter().map(|row| (row.get(0), message(row))).collect();
    assert_eq!(stored.len(), number, "a message is there twice");
    stored
}

/// Conversations whose numbers have a gap or a double, or do not begin with 1.
const GAPS: &str = "(select conversation_id from rolecall.messages group by conversation_id
    having max(seq) <> count(*) or min(seq) <> 1 or count(distinct seq) <> count(*)) as gap";

async fn crash(stand: &mut Stand, load: &Load, what: Crash) {
    // Where in its work the crash finds a request is left to chance.
    more("messages are sent", &load.successes, 1 + random(600)).await;
    if matches!(what, Crash::Runner | Crash::Both) {
        stand.runner().kill();
    }
    if matches!(what, Crash::Database | Crash::Both) {
        let cluster = stand.cluster.clone().unwrap();
        let mut cluster = cluster.lock().await;
        tokio::task::block_in_place(|| cluster.stop(Mode::Immediate)).unwrap();
        tokio::task::block_in_place(|| cluster.start_again()).unwrap();
    }
    if matches!(what, Crash::Runner | Crash::Both) {
        tokio::task::block_in_place(|| stand.runner().wait());
        stand.start_runner_again().await;
        *load.client.write().unwrap() = stand.client();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_201_outlives_every_crash_and_nothing_is_doubled() {
    let begun = Instant::now();
    let mut stand = Stand::own(Setup::new().own_cluster().without_rate_limits()).await;
    let load = Arc::new(Load {
        client: RwLock::new(stand.client()),
        sent: Mutex::default(),
        successes: AtomicUsize::new(0),
        failures: AtomicUsize::new(0),
        found_done: AtomicUsize::new(0),
        over: AtomicBool::new(false),
    });
    let mut pairs = Vec::new();
    for _ in 0..ALONE {
        let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
        pairs.push((from, to));
    }
    for _ in 0..SHARED {
        let [one, other] = stand.users([Role::Admin, Role::Moderator]).await;
        for writer in 0..WRITERS_EACH {
            let (from, to) = if writer % 2 == 0 { (&one, &other) } else { (&other, &one) };
            pairs.push((from.clone(), to.clone()));
        }
    }
    let writers: Vec<_> = pairs
        .into_iter()
        .enumerate()
        .map(|(writer, (from, to))| tokio::spawn(write(load.clone(), from, to, writer)))
        .collect();

    let crashes = crashes();
    for (round, what) in crashes.iter().enumerate() {
        let failures = load.failures.load(Ordering::SeqCst);
        crash(&mut stand, &load, *what).await;
        // What was answered by now is there already, whatever is still to come.
        let sent = load.sent.lock().unwrap().clone();
        let stored = stored(&stand).await;
        for (content, message) in &sent {
            assert_eq!(stored.get(content), Some(message), "{content} after crash {round} of {crashes:?}");
        }
        assert!(load.failures.load(Ordering::SeqCst) > failures, "a crash that nobody noticed: {what:?}");
    }
    more("messages are sent again", &load.successes, 200).await;
    load.over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }

    // Every request has been answered in the end, so what is there is what was answered, and nothing else.
    let sent = load.sent.lock().unwrap().clone();
    assert_eq!(stored(&stand).await, sent);
    let db = stand.connect().await;
    assert_eq!(db.count(GAPS, &[]).await, 0);
    let counted = "rolecall.conversations c where last_seq <>
        (select count(*) from rolecall.messages m where m.conversation_id = c.id)";
    assert_eq!(db.count(counted, &[]).await, 0);
    let per_commit: f64 =
        db.one("select count(*)::float8 / count(distinct xmin::text) from rolecall.messages", &[]).await;
    report(&format!(
        "{} crashes in {:.0} s: {} messages ({per_commit:.1} a commit), {} failures, \
         {} repetitions found their work done",
        crashes.len(),
        begun.elapsed().as_secs_f64(),
        sent.len(),
        load.failures.load(Ordering::SeqCst),
        load.found_done.load(Ordering::SeqCst),
    ));
}
