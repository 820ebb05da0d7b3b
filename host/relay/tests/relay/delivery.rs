//! Everything committed arrives, in order, and is settled only then.

use crate::support::{Database, Nats, Reader, Relay, Way};
use std::time::Duration;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn what_four_writers_commit_is_received_by_both_in_order_and_once() {
    let (database, nats) = (Database::start(7).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let relay = Relay::start(&database, &nats.url());
    let writers = database.writers(4);
    sleep(Duration::from_secs(3)).await;
    writers.stop().await;
    let committed = database.committed().await;
    reader.has_all(&committed).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    assert_eq!(reader.repeats(), 0, "nothing went wrong");
    assert_eq!(reader.count(), 2 * committed.values().map(|last| last - 1).sum::<u64>());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_settled_that_only_the_socket_has_taken() {
    let (database, nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let way = Way::to(&nats).await;
    let relay = Relay::start(&database, &way.url());
    database.write_once().await;
    database.is_settled().await;

    // Every write to the socket succeeds from here on, and nothing arrives.
    way.swallow();
    for _ in 0..3 {
        database.write_once().await;
    }
    relay.says("nats_unavailable").await;
    assert_eq!(database.waiting().await, 15, "nothing is settled");
    way.cut();
    reader.has_all(&database.committed().await).await;
    database.is_settled().await;
    assert_eq!(reader.gaps(), [""; 0]);
    assert_eq!(relay.said("nats_unavailable"), 1);
    assert_eq!(relay.said("nats_available"), 1);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_asked_to_stop_settles_what_arrived() {
    let (database, nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let writers = database.writers(4);
    for _ in 0..10 {
        let relay = Relay::start(&database, &nats.url());
        relay.says("leading").await;
        sleep(Duration::from_millis(100)).await;
        relay.stop().await;
    }
    writers.stop().await;
    let relay = Relay::start(&database, &nats.url());
    reader.has_all(&database.committed().await).await;
    assert_eq!(reader.gaps(), [""; 0]);
    assert_eq!(reader.repeats(), 0, "what is settled is not sent again");
    relay.stop().await;
}
