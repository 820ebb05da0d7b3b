//! Many instances on one database: no deadlock, no gap, whatever they write to.

use http::Method;
use rolecall_e2e::{Role, Setup, Stand, User, report, until};
use serde_json::json;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const INSTANCES: usize = 8;
/// Requests at a time; each instance takes its share of them.
const CLIENTS: usize = 64;
const COLD_CONVERSATIONS: usize = 1000;
const LOAD_TIME: Duration = Duration::from_secs(3);

async fn eight_instances() -> Stand {
    let share = (CLIENTS / INSTANCES).to_string();
    let setup = Setup::new().own_cluster().without_rate_limits();
    Stand::own(setup.flag("--instances", &INSTANCES.to_string()).flag("--instance-concurrency", &share)).await
}

/// Sends messages from pair to pair, many at a time, for a while and to every pair at least once; the numbers answered,
/// by conversation, and how many a second.
async fn run(stand: &Stand, pairs: Vec<(User, User)>) -> (Vec<(Uuid, i64)>, f64) {
    let (pairs, client) = (Arc::new(pairs), stand.client());
    let (next, answered) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let begun = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (pairs, client, next, answered) = (pairs.clone(), client.clone(), next.clone(), answered.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= pairs.len() && begun.elapsed() > LOAD_TIME {
                        return;
                    }
                    let (from, to) = &pairs[number % pairs.len()];
                    let body = json!({"recipient_id": to.id, "content": format!("Message {number}")});
                    let answer = client.call(Method::POST, "send-dm").json(&body).by(from).expect(201).await;
                    let seq = answer["seq"].as_i64().unwrap();
                    answered.lock().unwrap().push((answer.id("conversation_id"), seq));
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    let per_second = answered.lock().unwrap().len() as f64 / begun.elapsed().as_secs_f64();
    let mut answered = std::mem::take(&mut *answered.lock().unwrap());
    answered.sort_unstable();
    (answered, per_second)
}

/// Checks that what was answered is what is there, that each conversation is numbered from 1 without a gap, and that
/// PostgreSQL has seen no deadlock, not even one that was repeated and went well.
async fn check(stand: &Stand, answered: &[(Uuid, i64)], conversations: usize) -> f64 {
    let rows = "select conversation_id, seq from rolecall.messages order by conversation_id, seq";
    let stored: Vec<(Uuid, i64)> =
        stand.db.query(rows, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(stored, answered);
    let mut numbered: Vec<_> = stored.chunk_by(|one, next| one.0 == next.0).collect();
    assert_eq!(numbered.len(), conversations);
    numbered.retain(|messages| !messages.iter().map(|message| message.1).eq(1..=messages.len() as i64));
    assert!(numbered.is_empty(), "{numbered:?}");

    // A server's process tells what it has counted when it ends, if not before.
    stand.runner().terminate();
    tokio::task::block_in_place(|| stand.runner().wait());
    let connected = "pg_stat_activity where usename = 'rolecall_edge'";
    until("the functions' sessions have ended", async || (stand.db.count(connected, &[]).await == 0).then_some(()))
        .await;
    let deadlocks: i64 =
        stand.db.one("select deadlocks from pg_stat_database where datname = current_database()", &[]).await;
    assert_eq!(deadlocks, 0);
    stand.db.one("select count(*)::float8 / count(distinct xmin::text) from rolecall.messages", &[]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_share_one_hot_conversation() {
    let stand = eight_instances().await;
    let [one, other] = stand.users([Role::Admin, Role::Moderator]).await;
    let pairs = vec![(one.clone(), other.clone()), (other, one)];
    let (answered, per_second) = run(&stand, pairs).await;
    let per_commit = check(&stand, &answered, 1).await;
    report(&format!(
        "one hot conversation, {INSTANCES} instances: {per_second:.0} messages/s, {per_commit:.1} a commit"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_write_to_a_thousand_cold_conversations() {
    let stand = eight_instances().await;
    let senders = stand.many(Role::Admin, COLD_CONVERSATIONS).await;
    let recipients = stand.many(Role::Attendee, COLD_CONVERSATIONS).await;
    let (answered, per_second) = run(&stand, senders.into_iter().zip(recipients).collect()).await;
    let per_commit = check(&stand, &answered, COLD_CONVERSATIONS).await;
    report(&format!(
        "{COLD_CONVERSATIONS} cold conversations, {INSTANCES} instances: {per_second:.0} messages/s, \
         {per_commit:.1} a commit"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_instances_and_eighty_people_who_all_write_to_each_other() {
    let stand = eight_instances().await;
    let people = stand.many(Role::Admin, 80).await;
    let mut pairs = Vec::new();
    for distance in 1..people.len() {
        // One after the other writes to somebody, who soon after writes back.
        for (number, from) in people.iter().enumerate() {
            pairs.push((from.clone(), people[(number + distance) % people.len()].clone()));
        }
    }
    let (answered, per_second) = run(&stand, pairs).await;
    let per_commit = check(&stand, &answered, 80 * 79 / 2).await;
    report(&format!(
        "80 people crosswise, {INSTANCES} instances: {per_second:.0} messages/s, {per_commit:.1} a commit"
    ));
}
