//! Several servers of NATS: who is connected to one hears what the relay publishes at another, also when that one dies.

use rolecall_e2e::{Role, Setup, Stand, User, relay::Relay, socket::Socket, until};
use rolecall_nats::Nats;
use serde_json::json;

/// Makes and starts servers that know each other.
async fn cluster() -> Vec<Nats> {
    let started = tokio::task::spawn_blocking(|| {
        let mut servers = Nats::cluster(2)?;
        servers.iter_mut().try_for_each(Nats::start)?;
        anyhow::Ok(servers)
    });
    started.await.unwrap().unwrap()
}

async fn device(stand: &Stand, user: &User, server: &Nats) -> Socket {
    let answer = stand.post("realtime/token", &json!({})).by(user).expect(200).await;
    let mut socket = Socket::open(&server.websocket_url(), answer["token"].as_str().unwrap()).await.unwrap();
    socket.subscribe(answer["subject"].as_str().unwrap()).await.unwrap();
    socket
}

/// The contents that a socket has heard until it was told to sync.
async fn heard_before_resync(socket: &mut Socket) -> Vec<String> {
    let mut contents = Vec::new();
    loop {
        let (_, event) = socket.message().await.unwrap();
        match event["type"].as_str() {
            Some("message.created") => contents.push(event["message"]["content"].as_str().unwrap().to_owned()),
            Some("resync") => return contents,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_takes_no_message_from_the_clients_of_the_others() {
    let mut servers = cluster().await;
    let first = &servers[0];
    let setup = Setup::new()
        .without_rate_limits()
        .variable("realtime_url", &first.websocket_url())
        .variable("realtime_account", &first.account())
        .variable("realtime_signing_key", first.signing_key());
    let stand = Stand::own(setup).await;
    // The relay uses the first one while it is there.
    let urls = format!("{},{}", servers[0].url(), servers[1].url());
    let _relay =
        Relay::start(stand.relay_url(), &urls, &first.relay_credentials(), &first.system_credentials()).unwrap();
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let (mut near, mut far) =
        (device(&stand, &organizer, &servers[0]).await, device(&stand, &attendee, &servers[1]).await);
    until("both are known to be online, each at a server of its own", async || {
        (stand.db.count("presence", &[]).await == 2).then_some(())
    })
    .await;
    // The relay was new: whatever happened before it is for sync to find.
    assert_eq!(heard_before_resync(&mut near).await, [""; 0]);
    assert_eq!(heard_before_resync(&mut far).await, [""; 0]);

    stand.send_dm(&organizer, &attendee, "Before").expect(201).await;
    for socket in [&mut near, &mut far] {
        let (_, event) = socket.message().await.unwrap();
        assert_eq!(event["message"]["content"], "Before");
    }
    let mut dying = servers.remove(0);
    let dying = tokio::task::spawn_blocking(move || dying.stop().map(|()| dying));
    let (stopped, sent) = tokio::join!(dying, stand.send_dm(&organizer, &attendee, "Meanwhile").expect(201));
    let _stopped = stopped.unwrap().unwrap();
    sent.id("message_id");
    stand.send_dm(&organizer, &attendee, "After").expect(201).await;
    let heard = heard_before_resync(&mut far).await;
    assert_eq!(heard.last().map(String::as_str), Some("After"), "what comes after it is heard: {heard:?}");
}
