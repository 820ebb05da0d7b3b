//! What happens is posted to operators' URLs, signed, and again until it has arrived.

use crate::receiver::{Answer, Receiver};
use crate::support::{Database, Nats, Reader, Relay};
use rolecall_kit::{report, until};
use rolecall_relay::Settings;
use std::collections::BTreeSet;
use std::time::Instant;

/// A relay without NATS that may deliver to this machine.
pub fn alone(database: &Database) -> Settings {
    Settings::webhooks_alone(database.relay_url()).unwrap().allowed_hosts("127.0.0.1,localhost".parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_an_event_is_posted_with_its_signature_and_settled() {
    let database = Database::start(1).await;
    let receiver = Receiver::start(Answer::Status(204)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    database.write_once().await;
    let got = receiver.has(1).await.remove(0);
    assert_eq!(got.path, "/hooks/of-the-operator");
    assert!(got.is_signed_by(&webhook.secret), "{got:?}");
    assert!(got.id().starts_with("msg_"), "{}", got.id());
    let payload = got.payload();
    assert_eq!(payload["type"], "message.created");
    assert_eq!(got.told(), BTreeSet::from(database.pairs()[0]));
    assert_eq!(payload["data"]["events"][0]["event"]["message"]["content"], "Hello");
    database.is_delivered().await;
    assert_eq!(receiver.got().len(), 1);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_failed_is_tried_again_under_the_same_id() {
    let database = Database::start(1).await;
    let receiver = Receiver::start(Answer::Status(500)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    database.write_once().await;
    let began = Instant::now();
    assert_eq!(database.failure(&webhook).await, (Some(500), None));
    receiver.answers(Answer::Status(200));
    // After the five seconds that the schedule says, and not before.
    let got = receiver.has(2).await;
    assert!(began.elapsed().as_secs() >= 4, "{:?}", began.elapsed());
    assert_eq!((got[0].id(), &got[0].body), (got[1].id(), &got[1].body));
    assert!(got[1].is_signed_by(&webhook.secret), "it is signed anew: {got:?}");
    database.is_delivered().await;
    assert_eq!((relay.said("webhook_fails"), relay.said("webhook_delivers")), (1, 1));
    let lines = relay.causes();
    for secret in [webhook.secret.as_str(), "of-the-operator", "Hello"] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_asked_no_more() {
    let database = Database::start(3).await;
    let receiver = Receiver::start(Answer::Status(410)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    database.write_once().await;
    let enabled = "select is_enabled from rolecall.webhooks where id = $1";
    until("the webhook is disabled", async || {
        (!database.connect().await.query_one(enabled, &[&webhook.id]).await.unwrap().get::<_, bool>(0)).then_some(())
    })
    .await;
    let got = receiver.got().len();
    assert!((1..=3).contains(&got), "{got}");
    // Of another one is still heard, and by then this one would have been asked.
    let other = Receiver::start(Answer::Status(200)).await;
    other.webhook(&database).await;
    database.is_written_for(2).await;
    database.write_once().await;
    database.time_passes().await;
    other.has(3).await;
    assert_eq!(receiver.got().len(), got);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_failure() {
    let database = Database::start(1).await;
    let elsewhere = Receiver::start(Answer::Status(200)).await;
    let receiver = Receiver::start(Answer::Redirect(elsewhere.address)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    database.write_once().await;
    let failure = database.failure(&webhook).await;
    assert_eq!(failure, (Some(307), Some("redirects are not followed".to_owned())));
    assert_eq!((receiver.got().len(), elsewhere.got().len()), (1, 0));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_public_is_not_called_unless_the_operator_allows_it() {
    let database = Database::start(1).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    let plain = receiver.webhook(&database).await;
    let port = receiver.address.port();
    let secure = database.webhook(&format!("https://127.0.0.1:{port}/")).await;
    let named = database.webhook(&format!("https://localhost:{port}/")).await;
    let mapped = database.webhook(&format!("https://[::ffff:127.0.0.1]:{port}/")).await;
    let relay = Relay::with(Settings::webhooks_alone(database.relay_url()).unwrap());
    database.is_written_for(4).await;
    database.write_once().await;
    let says = async |webhook| database.failure(webhook).await.1.unwrap();
    assert_eq!(says(&plain).await, "the url is not https, and its host is not allowed");
    assert_eq!(says(&secure).await, "forbidden address 127.0.0.1");
    assert!(says(&named).await.starts_with("forbidden address "));
    assert!(says(&mapped).await.starts_with("forbidden address ::ffff:"));
    assert_eq!(receiver.got().len(), 0);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_suspended_meanwhile_is_named_in_no_further_attempt() {
    let database = Database::start(1).await;
    let receiver = Receiver::start(Answer::Status(503)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    database.write_once().await;
    let [sender, recipient] = database.pairs()[0];
    database.failure(&webhook).await;
    let before: BTreeSet<_> = receiver.got()[0].told();
    assert_eq!(before, BTreeSet::from([sender, recipient]));

    let suspend = "update rolecall.profiles set suspended_until = now() + interval '1 day' where id = $1";
    database.connect().await.execute(suspend, &[&recipient]).await.unwrap();
    receiver.answers(Answer::Status(200));
    database.time_passes().await;
    let got = receiver.has(2).await;
    assert_eq!((got[1].id(), got[1].told()), (got[0].id(), BTreeSet::from([sender])));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variable_of_rollouts_decides_who_is_told() {
    let (database, nats) = (Database::start(1).await, Nats::start().await);
    let (reader, receiver) = (Reader::start(&nats).await, Receiver::start(Answer::Status(200)).await);
    receiver.webhook(&database).await;
    let settings = Settings::new(database.relay_url(), &nats.url()).unwrap();
    let settings = settings.allowed_hosts("127.0.0.1".parse().unwrap());
    let off = Relay::with(settings.clone().rollouts("realtime=disabled".parse().unwrap()));
    off.says("leading").await;
    database.is_written_for(1).await;
    database.write_once().await;
    database.is_delivered().await;
    assert_eq!((reader.count(), receiver.got().len()), (0, 0));
    off.stop().await;

    let on = Relay::with(settings);
    on.says("leading").await;
    database.write_once().await;
    reader.has_all(&database.committed().await).await;
    assert_eq!(receiver.has(1).await[0].payload()["data"]["events"][0]["event"]["seq"], 3);
    on.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_deliver_each_event_once() {
    let database = Database::start(7).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    receiver.webhook(&database).await;
    let relays = [Relay::with(alone(&database)), Relay::with(alone(&database))];
    database.is_written_for(1).await;
    let began = Instant::now();
    let writers = database.writers(4);
    receiver.has(500).await;
    writers.stop().await;
    database.is_delivered().await;
    let (got, committed) = (receiver.got(), database.committed().await);
    let messages: u64 = committed.values().map(|last| last - 1).sum();
    let ids: BTreeSet<_> = got.iter().map(|got| got.id().to_owned()).collect();
    assert_eq!((ids.len() as u64, got.len() as u64), (messages, messages), "each once");
    report(&format!("two relays: {messages} deliveries in {:?}", began.elapsed()));
    for relay in relays {
        relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_no_relay_was_there_is_delivered_by_the_next_one() {
    let database = Database::start(7).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    relay.stop().await;
    let writers = database.writers(8);
    until("enough waits", async || (database.waiting().await >= 2000).then_some(())).await;
    writers.stop().await;
    let waiting = usize::try_from(database.waiting().await).unwrap();
    let began = Instant::now();
    let relay = Relay::with(alone(&database));
    let got = receiver.has(waiting).await;
    let took = began.elapsed();
    database.is_delivered().await;
    assert_eq!(got.len(), waiting, "each once");
    report(&format!("{waiting} events at one receiver in {took:?}"));
    relay.stop().await;
}
