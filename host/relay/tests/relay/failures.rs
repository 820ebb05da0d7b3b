//! Relay, network, NATS and PostgreSQL end at any moment, under load.

use crate::support::{Database, Nats, Reader, Relay, Way, relay_process};
use rolecall_kit::report;
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_again_and_again_loses_nothing_and_keeps_the_order() {
    let (database, nats) = (Database::start(7).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let way = Way::to(&nats).await;
    let relay = Relay::start(&database, &way.url());
    let writers = database.writers(4);
    for round in 0..40_u64 {
        sleep(Duration::from_millis(50 + 17 * (round % 7))).await;
        way.cut();
    }
    writers.stop().await;
    let committed = database.committed().await;
    reader.has_all(&committed).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    report(&format!(
        "40 broken connections: {} messages committed, each received by both in order, {} repeats",
        committed.values().sum::<u64>(),
        reader.repeats()
    ));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_killed_again_and_again_loses_nothing_and_keeps_the_order() {
    let (database, nats) = (Database::start(7).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let writers = database.writers(4);
    for round in 0..12_u64 {
        let mut relay = relay_process(&database, &nats.url()).unwrap();
        sleep(Duration::from_millis(400 + 60 * (round % 5))).await;
        relay.kill().unwrap();
    }
    writers.stop().await;
    let relay = Relay::start(&database, &nats.url());
    let committed = database.committed().await;
    reader.has_all(&committed).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    report(&format!(
        "12 killed relays: {} messages committed, each received by both in order, {} repeats",
        committed.values().sum::<u64>(),
        reader.repeats()
    ));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nats_that_is_killed_and_comes_back_is_sent_what_it_did_not_confirm() {
    let (database, mut nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let relay = Relay::start(&database, &nats.url());
    relay.says("leading").await;
    for _ in 0..3 {
        nats.kill();
        database.write_once().await;
        until_waiting(&database, 5).await;
        nats.start_again().await;
        database.is_settled().await;
    }
    // The reader's own connection broke, too, and what was sent before it was back is for sync to find. What comes then is
    // in order.
    let again = Reader::start(&nats).await;
    database.write_once().await;
    database.is_settled().await;
    let committed = database.committed().await;
    again.has_all(&committed).await;
    assert!(reader.gaps().len() <= 3 * 2 * 5, "{:?}", reader.gaps());
    assert_eq!(relay.said("nats_unavailable"), 3);
    assert_eq!(relay.said("nats_available"), 3);
    relay.stop().await;
}

async fn until_waiting(database: &Database, rows: i64) {
    sleep(Duration::from_millis(300)).await;
    assert_eq!(database.waiting().await, rows, "nothing is settled without NATS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_and_comes_back_loses_no_event_of_what_it_committed() {
    let (mut database, nats) = (Database::start(7).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let relay = Relay::start(&database, &nats.url());
    let writers = database.writers(4);
    for _ in 0..4 {
        sleep(Duration::from_millis(700)).await;
        tokio::task::block_in_place(|| database.crash());
    }
    sleep(Duration::from_millis(700)).await;
    writers.stop().await;
    let committed = database.committed().await;
    reader.has_all(&committed).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    assert!(relay.said("database_unavailable") >= 1);
    assert_eq!(relay.said("database_unavailable"), relay.said("database_available"));
    relay.stop().await;
}
