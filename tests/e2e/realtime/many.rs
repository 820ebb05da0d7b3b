//! Many sockets and many messages at once: what was sent is what is heard.

use futures::future::{join_all, try_join_all};
use rolecall_e2e::{Role, Setup, Stand, User, fixtures::Starts, report, socket::Socket, until};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Instant;

const SOCKETS: usize = 300;

/// Direct messages that everybody writes.
const MESSAGES: usize = 8;

/// What a socket has heard: how often each content, and how long after it was sent.
type Heard = BTreeMap<String, Vec<Instant>>;

async fn device(stand: &Stand, user: &User) -> Socket {
    let answer = stand.post("realtime/token", &json!({})).by(user).expect(200).await;
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    let mut socket = Socket::open(&text("url"), &text("token")).await.unwrap();
    socket.subscribe(&text("subject")).await.unwrap();
    socket
}

/// Listens until it has heard so many messages, and whatever comes right after them.
async fn listen(mut socket: Socket, expected: usize) -> anyhow::Result<Heard> {
    let mut heard = Heard::new();
    let mut count = 0;
    while count < expected {
        let (_, event) = socket.message().await?;
        if event["type"] == "message.created" {
            let content = event["message"]["content"].as_str().unwrap_or_default().to_owned();
            heard.entry(content).or_default().push(Instant::now());
            count += 1;
        }
    }
    for (_, event) in socket.messages_so_far().await? {
        assert_ne!(event["type"], "message.created", "more than was sent");
    }
    Ok(heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_300_send_each_other_and_what_is_broadcast_is_heard_by_each_once() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    // Those who may write to everybody write in a ring.
    let users = stand.users([Role::Moderator; SOCKETS]).await;
    stand.join(show, &users.each_ref()).await;
    let sockets = join_all(users.iter().map(|user| device(&stand, user))).await;
    until("all are known to be online", async || {
        (stand.db.count("presence", &[]).await == SOCKETS as i64).then_some(())
    })
    .await;

    // Of each direct message two hear, and of the broadcast everybody.
    let listening = sockets.into_iter().map(|socket| tokio::spawn(listen(socket, 2 * MESSAGES + 1)));
    let listening = try_join_all(listening);
    let begun = Instant::now();
    let writing = async {
        let lanes = users.iter().enumerate().map(async |(number, user)| {
            for message in 0..MESSAGES {
                let to = &users[(number + 1) % SOCKETS];
                stand.send_dm(user, to, &format!("{number} writes {message}")).expect(201).await;
            }
        });
        let broadcast = stand.broadcast_to(&organizer, show, &["moderator"], "To everybody").expect(201);
        let (_, _) = tokio::join!(join_all(lanes), broadcast);
    };
    let ((), heard) = tokio::join!(writing, listening);
    for (number, heard) in heard.unwrap().into_iter().enumerate() {
        let heard = heard.unwrap();
        let before = (number + SOCKETS - 1) % SOCKETS;
        let mut expected: Vec<String> = (0..MESSAGES)
            .flat_map(|message| [format!("{number} writes {message}"), format!("{before} writes {message}")])
            .chain(["To everybody".to_owned()])
            .collect();
        expected.sort();
        assert_eq!(heard.keys().cloned().collect::<Vec<_>>(), expected, "each once");
    }
    report(&format!(
        "{SOCKETS} sockets: {} messages sent, {} heard, in {:.1} s",
        SOCKETS * MESSAGES + 1,
        SOCKETS * (2 * MESSAGES + 1),
        begun.elapsed().as_secs_f64()
    ));
}
