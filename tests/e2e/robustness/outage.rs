//! PostgreSQL stops and starts again under load: 503 meanwhile, nothing lost, nothing doubled, back by itself.

use rolecall_database::Mode;
use rolecall_e2e::{Code, Role, Setup, Stand, User, until};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use uuid::Uuid;

const WRITERS: usize = 12;

/// What the writers have seen.
#[derive(Default)]
struct Seen {
    /// Message id by content, of every 201.
    sent: Mutex<HashMap<String, Uuid>>,
    successes: AtomicUsize,
    outages: AtomicUsize,
    over: AtomicBool,
}

/// Sends one message after the other; repeats one with its key until it is answered with 201.
async fn write(stand: &Stand, from: &User, to: &User, writer: usize, seen: &Seen) {
    for number in 0.. {
        if seen.over.load(Ordering::SeqCst) {
            return;
        }
        let content = format!("Message {number} of writer {writer}");
        loop {
            let answer = stand.send_dm(from, to, &content).key(&content).send().await;
            match answer.status {
                201 => {
                    seen.sent.lock().unwrap().insert(content.clone(), answer.id("message_id"));
                    seen.successes.fetch_add(1, Ordering::SeqCst);
                    break;
                }
                503 => {
                    answer.refused(Code::DatabaseUnavailable);
                    seen.outages.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                _ => panic!("neither 201 nor 503: {}", answer.body),
            }
        }
    }
}

async fn more(what: &str, counter: &AtomicUsize, by: usize) {
    let from = counter.load(Ordering::SeqCst);
    until(what, async || (counter.load(Ordering::SeqCst) >= from + by).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_201_outlives_a_stopped_database_and_nothing_is_there_twice() {
    let stand = Arc::new(Stand::own(Setup::new().own_cluster().without_rate_limits()).await);
    let seen = Arc::new(Seen::default());
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
        let (stand, seen) = (Arc::clone(&stand), Arc::clone(&seen));
        writers.push(tokio::spawn(async move { write(&stand, &from, &to, writer, &seen).await }));
    }
    let cluster = stand.cluster.clone().unwrap();
    for mode in [Mode::Fast, Mode::Immediate] {
        more("messages are sent", &seen.successes, 100).await;
        let mut cluster = cluster.lock().await;
        tokio::task::block_in_place(|| cluster.stop(mode)).unwrap();
        more("requests are answered with 503", &seen.outages, WRITERS).await;
        tokio::task::block_in_place(|| cluster.start_again()).unwrap();
        more("messages are sent again", &seen.successes, 100).await;
    }
    seen.over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }

    let db = stand.connect().await;
    let sent = seen.sent.lock().unwrap().clone();
    let rows = db.query("select content, id from rolecall.messages", &[]).await.unwrap();
    let stored: HashMap<String, Uuid> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows.len(), stored.len(), "no message is there twice");
    assert_eq!(stored, sent, "every 201 is there, under the id that was answered, and nothing else");
    let gaps = "(select conversation_id from rolecall.messages group by conversation_id
        having max(seq) <> count(*) or min(seq) <> 1) as gap";
    assert_eq!(db.count(gaps, &[]).await, 0);
    println!("{} messages, {} answers of 503", sent.len(), seen.outages.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_every_function_says_so_at_once() {
    let stand = Stand::own(Setup::new().own_cluster()).await;
    let [owner, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let cluster = stand.cluster.clone().unwrap();
    let mut cluster = cluster.lock().await;
    tokio::task::block_in_place(|| cluster.stop(Mode::Immediate)).unwrap();
    let id = Uuid::new_v4();
    let begun = std::time::Instant::now();
    for call in [
        stand.send_dm(&owner, &attendee, "Hello"),
        stand.broadcast(&owner, id, "Hello"),
        stand.offer(&owner, id, "I can drive you."),
        stand.diagnostics(&owner),
        stand.reset(),
    ] {
        let refusal = call.expect(503).await.refused(Code::DatabaseUnavailable);
        let line = stand.runner().request_line(refusal.request_id());
        assert_eq!(line["level"], "error");
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    // What needs no database is answered as ever.
    stand.send_dm(&owner, &attendee, "").expect(400).await.refused(Code::ValidationError);
    stand.post("send-dm", &serde_json::json!({})).expect(401).await.refused(Code::Unauthenticated);
}
