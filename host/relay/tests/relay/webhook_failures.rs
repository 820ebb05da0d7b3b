//! Receivers that do not answer, relays that end, brokers that are away: nothing is lost, and nobody else notices.

use crate::receiver::{Answer, Receiver};
use crate::support::{Database, Nats, Reader, Relay, relay_process};
use crate::webhooks::alone;
use rolecall_kit::process::temporary_directory;
use rolecall_kit::report;
use rolecall_relay::Settings;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_holds_up_neither_another_nor_the_sockets() {
    let (database, nats) = (Database::start(5).await, Nats::start().await);
    let reader = Reader::start(&nats).await;
    let (silent, other) = (Receiver::start(Answer::Never).await, Receiver::start(Answer::Status(200)).await);
    silent.webhook(&database).await;
    other.webhook(&database).await;
    let settings = Settings::new(database.relay_url(), &nats.url()).unwrap();
    let relay = Relay::with(settings.allowed_hosts("127.0.0.1".parse().unwrap()));
    relay.says("leading").await;
    database.is_written_for(2).await;
    // More than the silent one may have on the way, and then more.
    for _ in 0..8 {
        database.write_once().await;
    }
    silent.has(16).await;
    let began = Instant::now();
    for _ in 0..8 {
        database.write_once().await;
    }
    reader.has_all(&database.committed().await).await;
    let sockets = began.elapsed();
    other.has(80).await;
    let webhooks = began.elapsed();
    // Well before the silent one's fifteen seconds are over.
    assert!(webhooks < Duration::from_secs(8), "{sockets:?} {webhooks:?}");
    assert_eq!(silent.got().len(), 16, "no more are on the way");
    assert_eq!(reader.gaps(), [""; 0]);
    report(&format!(
        "beside a silent receiver: 40 events at the sockets after {sockets:?}, at another after {webhooks:?}"
    ));
    // It does not keep the relay from stopping, either.
    let began = Instant::now();
    relay.stop().await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_killed_with_requests_open_loses_none_of_them() {
    let database = Database::start(5).await;
    let receiver = Receiver::start(Answer::Never).await;
    receiver.webhook(&database).await;
    let mut process = relay_process(&database, "").unwrap();
    database.is_written_for(1).await;
    for _ in 0..6 {
        database.write_once().await;
    }
    let cut_off = receiver.has(16).await;
    process.kill().unwrap();
    receiver.answers(Answer::Status(200));
    let relay = Relay::with(alone(&database));
    database.time_passes().await;
    database.is_delivered().await;
    let got = receiver.got();
    let ids = |got: &[crate::receiver::Got]| got.iter().map(|got| got.id().to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&got).len(), 30, "none is lost");
    assert_eq!(ids(&got[16..]).len(), 30, "what was cut off has come again");
    assert!(ids(&cut_off).is_subset(&ids(&got[16..])), "under the same ids");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_killed_again_and_again_delivers_everything() {
    let database = Database::start(7).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    receiver.webhook(&database).await;
    let mut process = relay_process(&database, "").unwrap();
    database.is_written_for(1).await;
    let writers = database.writers(2);
    for round in 0..8_u64 {
        tokio::time::sleep(Duration::from_millis(400 + 60 * (round % 5))).await;
        process.kill().unwrap();
        process = relay_process(&database, "").unwrap();
    }
    writers.stop().await;
    database.time_passes().await;
    database.is_delivered().await;
    let messages: u64 = database.committed().await.values().map(|last| last - 1).sum();
    let got = receiver.got();
    let ids: BTreeSet<_> = got.iter().map(|got| got.id().to_owned()).collect();
    assert_eq!(ids.len() as u64, messages);
    report(&format!("8 killed relays: {messages} events delivered, {} repeats", got.len() - ids.len()));
    process.kill().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_have_what_nats_is_not_there_for() {
    let database = Database::start(5).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    receiver.webhook(&database).await;
    let settings = Settings::new(database.relay_url(), "nats://127.0.0.1:1").unwrap();
    let relay = Relay::with(settings.allowed_hosts("127.0.0.1".parse().unwrap()));
    relay.says("nats_unavailable").await;
    database.is_written_for(1).await;
    database.write_once().await;
    receiver.has(5).await;
    assert_eq!(database.waiting().await, 5, "the sockets' rows wait");
    relay.stop().await;

    // What NATS has later, webhooks do not have again.
    let nats = Nats::start().await;
    let reader = Reader::start(&nats).await;
    let settings = Settings::new(database.relay_url(), &nats.url()).unwrap();
    let relay = Relay::with(settings.allowed_hosts("127.0.0.1".parse().unwrap()));
    reader.has_all(&database.committed().await).await;
    database.write_once().await;
    receiver.has(10).await;
    database.is_delivered().await;
    assert_eq!(receiver.got().len(), 10);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_loses_no_delivery() {
    let mut database = Database::start(7).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    let writers = database.writers(2);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        tokio::task::block_in_place(|| database.crash());
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    writers.stop().await;
    let messages: u64 = database.committed().await.values().map(|last| last - 1).sum();
    // What was on the way when it crashed is claimed again.
    let ids = rolecall_kit::until("every message is delivered", async || {
        database.time_passes().await;
        let ids: BTreeSet<_> = receiver.got().iter().map(|got| got.id().to_owned()).collect();
        (ids.len() as u64 >= messages).then_some(ids)
    })
    .await;
    assert_eq!(ids.len() as u64, messages);
    assert!(relay.said("webhooks_unavailable") >= 1);
    assert_eq!(relay.said("webhooks_unavailable"), relay.said("webhooks_available"));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_shows_a_certificate_that_is_believed() {
    let directory = temporary_directory().unwrap();
    let accept = acceptor(&directory);
    let begin = move |stream| {
        let accepted = accept.accept(stream);
        async { accepted.await.ok() }
    };
    let receiver = Receiver::with(Answer::Status(200), begin).await;
    let database = Database::start(1).await;
    let url = format!("https://localhost:{}/", receiver.address.port());
    let webhook = database.webhook(&url).await;
    let stranger = Relay::with(alone(&database));
    database.is_written_for(1).await;
    database.write_once().await;
    let (status, error) = database.failure(&webhook).await;
    assert!(status.is_none() && error.as_ref().unwrap().starts_with("tls: invalid peer certificate"), "{error:?}");
    stranger.stop().await;
    assert_eq!(receiver.got().len(), 0);

    let relay = Relay::with(alone(&database).webhook_ca(directory.join("ca.pem")).unwrap());
    database.time_passes().await;
    assert!(receiver.has(1).await[0].is_signed_by(&webhook.secret));
    relay.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

/// A server for `localhost`, and its CA in this folder.
fn acceptor(directory: &Path) -> TlsAcceptor {
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    for line in [
        format!("req -x509 {new_key} -subj /CN=ca -keyout ca.key -out ca.pem"),
        format!(
            "req -x509 {new_key} -subj /CN=server -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem \
             -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost"
        ),
    ] {
        let output = Command::new("openssl").args(line.split_whitespace()).current_dir(directory).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let certificate = CertificateDer::from_pem_file(directory.join("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(directory.join("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
