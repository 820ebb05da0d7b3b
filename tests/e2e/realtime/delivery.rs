//! From a request to the sockets of those whom it concerns: through the outbox, the relay and NATS.

use rolecall_e2e::{Role, Setup, Stand, User, socket::Socket, until};
use serde_json::{Value, json};
use std::time::Duration;

/// A device of somebody, listening.
pub async fn device(stand: &Stand, user: &User) -> Socket {
    let answer = stand.post("realtime/token", &json!({})).by(user).expect(200).await;
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    let mut socket = Socket::open(&text("url"), &text("token")).await.unwrap();
    socket.subscribe(&text("subject")).await.unwrap();
    socket
}

/// The next event of this type; others are passed over.
pub async fn next(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let (subject, event) = socket.message().await.unwrap();
        assert!(subject.starts_with("user.") && subject.ends_with(".events"), "{subject}");
        if event["type"] == kind {
            return event;
        }
    }
}

/// Returns when a relay leads.
pub async fn relay_leads(stand: &Stand) {
    let sql = "select exists (select from rolecall.relays where leads and seen_at > now() - interval '10 seconds')";
    until("a relay leads", async || stand.db.one::<bool>(sql, &[]).await.then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_every_device_of_both_as_get_shows_it_to_each() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    relay_leads(&stand).await;
    let [organizer, attendee, stranger] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    let (mut own, mut theirs) = (device(&stand, &organizer).await, device(&stand, &attendee).await);
    let (mut second, mut others) = (device(&stand, &attendee).await, device(&stand, &stranger).await);

    let sent = stand.send_dm(&organizer, &attendee, "The doors open at nine.").expect(201).await;
    let conversation = sent.id("conversation_id");
    for (socket, user) in [(&mut own, &organizer), (&mut theirs, &attendee), (&mut second, &attendee)] {
        let event = next(socket, "message.created").await;
        assert_eq!(event["v"], 1);
        assert_eq!(event["domain"], "conversations");
        assert_eq!(event["conversation_id"], conversation.to_string());
        assert_eq!(event["seq"], 1);
        let page = stand.get(&format!("conversations/{conversation}/messages")).by(user).expect(200).await;
        assert_eq!(event["message"], page.items("messages")[0], "for {}", user.id);
    }
    assert_eq!(others.messages_so_far().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_while_no_relay_was_there_arrives_in_order_once_one_is() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let relay = stand.relay().await;
    relay_leads(&stand).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let mut socket = device(&stand, &attendee).await;
    stand.send_dm(&organizer, &attendee, "One").expect(201).await;
    assert_eq!(next(&mut socket, "message.created").await["seq"], 1);
    // What is not settled yet comes again.
    let waiting = "select count(*) from rolecall.outbox";
    until("it is settled", async || (stand.db.one::<i64>(waiting, &[]).await == 0).then_some(())).await;

    relay.kill().unwrap();
    for content in ["Two", "Three", "Four"] {
        stand.send_dm(&organizer, &attendee, content).expect(201).await;
    }
    assert_eq!(socket.messages_so_far().await.unwrap(), []);
    let _relay = stand.relay().await;
    for seq in 2..=4 {
        assert_eq!(next(&mut socket, "message.created").await["seq"], seq);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nats_did_not_have_arrives_when_it_is_back() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    relay_leads(&stand).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    // A client that is connected again before the relay is: the messages wait for NATS, not for clients.
    stand.send_dm(&organizer, &attendee, "One").expect(201).await;
    let waiting = "select count(*) from rolecall.outbox";
    until("it is settled", async || (stand.db.one::<i64>(waiting, &[]).await == 0).then_some(())).await;
    let nats = stand.nats().clone();
    tokio::task::block_in_place(|| nats.blocking_lock().stop()).unwrap();
    stand.send_dm(&organizer, &attendee, "Two").expect(201).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stand.db.one::<i64>(waiting, &[]).await, 1, "nothing is settled without NATS");
    tokio::task::block_in_place(|| nats.blocking_lock().start()).unwrap();
    until("it is settled", async || (stand.db.one::<i64>(waiting, &[]).await == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_connects_is_online_and_with_the_last_socket_offline() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    relay_leads(&stand).await;
    let [user, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let online = async |user: &User| {
        stand.db.one::<bool>("select exists (select from rolecall.presence where user_id = $1)", &[&user.id]).await
    };
    let first = device(&stand, &user).await;
    let second = device(&stand, &user).await;
    let _other = device(&stand, &other).await;
    until("both are online", async || (online(&user).await && online(&other).await).then_some(())).await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert!(online(&user).await, "there is another socket");
    drop(second);
    until("the user is offline", async || (!online(&user).await).then_some(())).await;
    assert!(online(&other).await);

    // A relay that was not there when they connected has the list.
    let third = device(&stand, &user).await;
    until("the user is online again", async || online(&user).await.then_some(())).await;
    stand.db.script("truncate rolecall.presence").await;
    drop(_relay);
    let _relay = stand.relay().await;
    until("both are online", async || (online(&user).await && online(&other).await).then_some(())).await;
    drop(third);
    until("the user is offline", async || (!online(&user).await).then_some(())).await;
}
