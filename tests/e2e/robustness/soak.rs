//! Relay, NATS and runner are killed every few seconds under load. What each device was told by its socket and found by sync
//! is what was committed: each message once, in order.
//!
//! One minute here; `make soak` sets `ROLECALL_SOAK_SECONDS` to ten.

use http::Method;
use rolecall_e2e::{Code, Role, Setup, Stand, User, client::Client, relay::Relay, report, socket::Socket, until};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Conversations, in each of which both write.
const PAIRS: usize = 6;

/// The pause of a writer between two messages.
const PACE: Duration = Duration::from_millis(40);

/// The time between two kills.
const BETWEEN: Duration = Duration::from_secs(3);

/// What everybody shares.
struct Load {
    client: RwLock<Client>,
    /// How many messages have got a 201.
    sent: AtomicUsize,
    by_socket: AtomicUsize,
    by_sync: AtomicUsize,
    repeats: AtomicUsize,
    writing: AtomicBool,
    listening: AtomicBool,
}

impl Load {
    fn client(&self) -> Client {
        self.client.read().unwrap().clone()
    }
}

/// What a device has: the contents of each conversation, in the order in which it took them.
type Held = Arc<Mutex<BTreeMap<Uuid, Vec<String>>>>;

/// Sends one message after the other; repeats one with its key until it is answered with 201.
async fn write(load: Arc<Load>, from: User, to: User, writer: usize) {
    for number in 0.. {
        if !load.writing.load(Ordering::SeqCst) {
            return;
        }
        let content = format!("Message {number} of writer {writer}");
        let body = json!({"recipient_id": to.id, "content": content});
        loop {
            let call = load.client().call(Method::POST, "send-dm").json(&body).by(&from).key(&content);
            match call.try_send().await {
                Ok(answer) if answer.status == 201 => break,
                Ok(answer) if answer.status == 503 => drop(answer.refused(Code::DatabaseUnavailable)),
                Ok(answer) => panic!("neither 201 nor 503: {}", answer.body),
                Err(_) => {}
            }
            sleep(Duration::from_millis(20)).await;
        }
        load.sent.fetch_add(1, Ordering::SeqCst);
        sleep(PACE).await;
    }
}

/// A device: it listens, asks sync for what it lacks whenever it connects or finds a gap, and takes each message once.
async fn listen(load: Arc<Load>, user: User, held: Held) {
    while load.listening.load(Ordering::SeqCst) {
        // A server that was killed; the next attempt finds it again.
        if session(&load, &user, &held).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn session(load: &Load, user: &User, held: &Held) -> anyhow::Result<()> {
    let answer = load.client().call(Method::POST, "realtime/token").json(&json!({})).by(user).try_send().await?;
    anyhow::ensure!(answer.status == 200, "{}", answer.body);
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    let mut socket = Socket::open(&text("url"), &text("token")).await?;
    socket.subscribe(&text("subject")).await?;
    // What came before the subscription is sync's.
    sync(load, user, held).await?;
    while load.listening.load(Ordering::SeqCst) {
        let Ok(message) = timeout(Duration::from_millis(200), socket.message()).await else { continue };
        let (_, event) = message?;
        if event["type"] == "resync" {
            sync(load, user, held).await?;
        }
        if event["type"] != "message.created" {
            continue;
        }
        let conversation: Uuid = event["conversation_id"].as_str().unwrap().parse()?;
        match take(held, conversation, &event["message"]) {
            Taken::New => count(&load.by_socket),
            Taken::Repeat => count(&load.repeats),
            Taken::Gap => sync(load, user, held).await?,
        }
    }
    Ok(())
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::SeqCst);
}

enum Taken {
    New,
    Repeat,
    Gap,
}

/// Takes a message if it is the next one.
fn take(held: &Held, conversation: Uuid, message: &Value) -> Taken {
    let mut held = held.lock().unwrap();
    let contents = held.entry(conversation).or_default();
    let (seq, next) = (message["seq"].as_u64().unwrap() as usize, contents.len() + 1);
    if seq > next {
        return Taken::Gap;
    }
    let content = message["content"].as_str().unwrap();
    if seq < next {
        assert_eq!(contents[seq - 1], content, "the same number says the same");
        return Taken::Repeat;
    }
    contents.push(content.to_owned());
    Taken::New
}

/// Asks for what is missing, of the conversations that the device knows and of those that it does not.
async fn sync(load: &Load, user: &User, held: &Held) -> anyhow::Result<()> {
    loop {
        let answer = load.client().call(Method::POST, "sync").json(&json!({})).by(user).try_send().await?;
        anyhow::ensure!(answer.status == 200, "{}", answer.body);
        for card in answer.items("conversations") {
            held.lock().unwrap().entry(card["id"].as_str().unwrap().parse()?).or_default();
        }
        let known: Vec<Value> = {
            let held = held.lock().unwrap();
            let known = |(id, contents): (&Uuid, &Vec<String>)| json!({"conversation_id": id, "seq": contents.len(), "revision": 0});
            held.iter().map(known).collect()
        };
        let answer = load.client().call(Method::POST, "sync").json(&json!({"have": known})).by(user).try_send().await?;
        anyhow::ensure!(answer.status == 200, "{}", answer.body);
        let mut is_limited = false;
        for caught_up in answer.items("catch_up") {
            let conversation: Uuid = caught_up["conversation_id"].as_str().unwrap().parse()?;
            for message in caught_up["messages"].as_array().unwrap() {
                match take(held, conversation, message) {
                    Taken::New => count(&load.by_sync),
                    Taken::Repeat => {}
                    Taken::Gap => panic!("sync leaves a message out before {message}"),
                }
            }
            is_limited |= caught_up["limited"] == true;
        }
        if !is_limited {
            return Ok(());
        }
    }
}

/// What is committed, by conversation and number.
async fn committed(stand: &Stand) -> BTreeMap<Uuid, Vec<String>> {
    let sql = "select conversation_id, content from rolecall.messages order by conversation_id, seq";
    let mut committed: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for row in stand.connect().await.query(sql, &[]).await.unwrap() {
        committed.entry(row.get(0)).or_default().push(row.get(1));
    }
    committed
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_and_sync_together_have_what_was_committed_whatever_is_killed() {
    let seconds = std::env::var("ROLECALL_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let mut stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let mut relay = Some(stand.relay().await);
    let load = Arc::new(Load {
        client: RwLock::new(stand.client()),
        sent: AtomicUsize::new(0),
        by_socket: AtomicUsize::new(0),
        by_sync: AtomicUsize::new(0),
        repeats: AtomicUsize::new(0),
        writing: AtomicBool::new(true),
        listening: AtomicBool::new(true),
    });
    let (organizers, others) =
        (stand.many(Role::ShowOrganizer, PAIRS).await, stand.many(Role::ShowOrganizer, PAIRS).await);
    let (mut writers, mut devices) = (Vec::new(), Vec::new());
    for (number, (one, other)) in organizers.iter().zip(&others).enumerate() {
        for (place, (from, to)) in [(one, other), (other, one)].into_iter().enumerate() {
            writers.push(tokio::spawn(write(load.clone(), from.clone(), to.clone(), 2 * number + place)));
            let held = Held::default();
            let task = tokio::spawn(listen(load.clone(), from.clone(), held.clone()));
            devices.push((from.clone(), held, task));
        }
    }

    let end = Instant::now() + Duration::from_secs(seconds);
    let mut kills = [0_usize; 3];
    for turn in 0.. {
        if Instant::now() >= end {
            break;
        }
        sleep(BETWEEN).await;
        kills[turn % 3] += 1;
        match turn % 3 {
            0 => {
                relay.take().unwrap().kill().unwrap();
                relay = Some(stand.relay().await);
            }
            1 => stand.crash_nats().await,
            _ => {
                stand.runner().kill();
                tokio::task::block_in_place(|| stand.runner().wait());
                stand.start_runner_again().await;
                *load.client.write().unwrap() = stand.client();
            }
        }
    }
    load.writing.store(false, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }

    let committed = committed(&stand).await;
    let total: usize = committed.values().map(Vec::len).sum();
    assert_eq!(committed.len(), PAIRS);
    assert_eq!(total, load.sent.load(Ordering::SeqCst), "each answer of 201 is one message");
    for (user, held, _) in &devices {
        let own = held.clone();
        until("the device has all of its conversation", async || {
            let held = own.lock().unwrap();
            held.iter().next().is_some_and(|(id, contents)| committed[id].len() == contents.len()).then_some(())
        })
        .await;
        let held = held.lock().unwrap();
        assert_eq!(held.len(), 1, "{} has one conversation", user.id);
        let (conversation, contents) = held.iter().next().unwrap();
        assert_eq!(contents, &committed[conversation], "in order, each once");
    }
    load.listening.store(false, Ordering::SeqCst);
    for (_, _, task) in devices {
        task.await.unwrap();
    }
    let waiting = "select count(*) from rolecall.outbox";
    until("the outbox is empty", async || (stand.db.one::<i64>(waiting, &[]).await == 0).then_some(())).await;
    let [relays, nats, runners] = kills;
    let [socket, sync, repeats] =
        [&load.by_socket, &load.by_sync, &load.repeats].map(|counter| counter.load(Ordering::SeqCst));
    report(&format!(
        "soak of {seconds} s: {relays} relays, {nats} NATS, {runners} runners killed; {total} messages committed, each had by \
         both devices in order: {socket} by socket, {sync} by sync; {repeats} repeats dropped"
    ));
    assert!(socket > sync, "most come by the socket: {socket} of {}", 2 * total);
    drop::<Option<Relay>>(relay);
}
