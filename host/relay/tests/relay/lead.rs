//! Of two relays one works, and the other takes over.

use crate::support::{Database, Nats, Reader, Relay, relay_process};
use rolecall_kit::until;
use std::time::{Duration, Instant};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_works_and_the_other_takes_over_when_it_is_killed() {
    let (database, nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let mut first = relay_process(&database, &nats.url()).unwrap();
    database.write_once().await;
    database.is_settled().await;
    let second = Relay::start(&database, &nats.url());
    second.says("waiting").await;
    let writers = database.writers(4);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(second.said("leading"), 0);
    first.kill().unwrap();
    let killed_at = Instant::now();
    second.says("leading").await;
    assert!(killed_at.elapsed() < Duration::from_secs(5), "{:?}", killed_at.elapsed());
    sleep(Duration::from_millis(500)).await;
    writers.stop().await;
    reader.has_all(&database.committed().await).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_whose_session_is_ended_stops_and_leads_again() {
    let (database, nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let relay = Relay::start(&database, &nats.url());
    relay.says("leading").await;
    let writers = database.writers(4);
    let admin = database.connect().await;
    for _ in 0..10 {
        sleep(Duration::from_millis(200)).await;
        let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = 'rolecall_relay'";
        let _: i64 = admin.query_one(end, &[]).await.unwrap().get(0);
    }
    writers.stop().await;
    reader.has_all(&database.committed().await).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_does_not_reach_nats_lets_another_try() {
    let (database, nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let lost = Relay::start(&database, "nats://127.0.0.1:1");
    lost.says("nats_unavailable").await;
    database.write_once().await;
    let other = Relay::start(&database, &nats.url());
    other.says("waiting").await;
    until("the other one leads", async || (other.said("leading") > 0).then_some(())).await;
    reader.has_all(&database.committed().await).await;
    assert_eq!(lost.said("nats_unavailable"), 1, "said once, however often it is tried");
    lost.stop().await;
    other.stop().await;
}
