//! Ids of messages that clients choose: a message is sent once, however often and however late it comes.

use rolecall_e2e::{Answer, Call, Code, Role, Stand, User};
use serde_json::{Value, json};
use uuid::Uuid;

fn body(to: &User, content: &str, id: Uuid) -> Value {
    json!({"recipient_id": to.id, "content": content, "message_id": id})
}

fn send(stand: &Stand, from: &User, to: &User, content: &str, id: Uuid) -> Call {
    stand.post("send-dm", &body(to, content, id)).by(from)
}

/// What tells one sent message from another.
fn what(sent: &Answer) -> [&Value; 4] {
    ["message_id", "conversation_id", "seq", "created_at"].map(|member| &sent[member])
}

#[track_caller]
fn replayed(first: &Answer, again: &Answer) {
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(what(again), what(first));
}

async fn messages(stand: &Stand, from: &User) -> i64 {
    stand.db.count("rolecall.messages where sender_id = $1", &[&from.id]).await
}

#[tokio::test]
async fn the_id_is_the_message_s_and_a_repetition_is_answered_as_the_first_time() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    // Of any version.
    for id in [Uuid::new_v4(), Uuid::from_u128(Uuid::new_v4().as_u128() & !(0xf << 76) | 7 << 76)] {
        let content = format!("Hello {id}");
        let first = send(&stand, &admin, &attendee, &content, id).expect(201).await;
        assert_eq!(first["message_id"], id.to_string());
        assert_eq!(first.header("idempotency-replayed"), "");
        let stored: String = stand.db.one("select content from rolecall.messages where id = $1", &[&id]).await;
        assert_eq!(stored, content);
        replayed(&first, &send(&stand, &admin, &attendee, &content, id).expect(201).await);
        // With a key that is new, and with that key again.
        for _ in 0..2 {
            replayed(&first, &send(&stand, &admin, &attendee, &content, id).key(&id.to_string()).expect(201).await);
        }
        // By the conversation, which the client has learned meanwhile; and in capitals.
        let reply = json!({"conversation_id": first["conversation_id"], "content": content,
            "message_id": id.to_string().to_uppercase()});
        replayed(&first, &stand.post("send-dm", &reply).by(&admin).expect(201).await);
    }
    assert_eq!(messages(&stand, &admin).await, 2);
}

#[tokio::test]
async fn nothing_that_came_later_makes_a_sent_message_unsent() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let id = Uuid::new_v4();
    let first = send(&stand, &admin, &attendee, "Hello", id).key("k").expect(201).await;
    let again = async || replayed(&first, &send(&stand, &admin, &attendee, "Hello", id).expect(201).await);

    // The key is forgotten.
    stand.db.run("delete from rolecall.idempotency_records where user_id = $1", &[&admin.id]).await;
    again().await;
    replayed(&first, &send(&stand, &admin, &attendee, "Hello", id).key("k").expect(201).await);
    // The conversation is closed, the sender blocked, suspended, of another role.
    let conversation = first.id("conversation_id");
    stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    again().await;
    stand.block(&attendee, &admin).await;
    stand.suspend(&admin, 1).await;
    stand.becomes(&admin, Role::Dealer).await;
    again().await;
    // A new message hears of it.
    let refusal = send(&stand, &admin, &attendee, "Hello", Uuid::new_v4()).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    // Deleted, by a moderator or the author, it was sent all the same, and nobody knows what it said.
    let moderator = stand.user(Role::Moderator).await;
    stand.delete_message(&moderator, id).expect(200).await;
    again().await;
    stand.delete_message(&admin, id).expect(200).await;
    again().await;
    replayed(&first, &send(&stand, &admin, &attendee, "Something else", id).expect(201).await);
    assert_eq!(messages(&stand, &admin).await, 1);
}

#[tokio::test]
async fn an_id_with_another_content_is_a_conflict() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, rolecall_e2e::fixtures::Starts::InAWeek).await;
    let id = Uuid::new_v4();
    send(&stand, &organizer, &attendee, "Hello", id).expect(201).await;
    let with_show = json!({"recipient_id": attendee.id, "content": "Hello", "message_id": id, "show_id": show});
    for call in [
        send(&stand, &organizer, &attendee, "Hello!", id),
        send(&stand, &organizer, &attendee, "Hello!", id).key("k"),
        stand.post("send-dm", &with_show).by(&organizer),
    ] {
        call.expect(422).await.refused_by(Code::IdempotencyConflict, "message_id_reused");
    }
    assert_eq!(messages(&stand, &organizer).await, 1);
}

#[tokio::test]
async fn the_id_of_any_other_message_is_taken_and_says_nothing_of_it() {
    let stand = Stand::shared().await;
    let [admin, other, mallory, attendee] = stand.users([Role::Admin, Role::Admin, Role::Admin, Role::Attendee]).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, rolecall_e2e::fixtures::Starts::InAWeek).await;
    stand.join(show, &[&attendee]).await;
    let id = Uuid::new_v4();
    send(&stand, &admin, &attendee, "Hello", id).expect(201).await;
    let news = stand.broadcast(&organizer, show, "Hello").expect(201).await;
    let broadcast = stand.message(news.id("conversation_id"), 1).await;
    let request = stand.help_request(&attendee).await;
    let help = stand.offer(&mallory, request, "I can drive you.").expect(201).await;
    let removed = stand.say(&mallory, help.id("conversation_id"), "Hello").expect(201).await.id("message_id");
    stand.delete_message(&mallory, removed).expect(200).await;
    let offer: Uuid = stand
        .db
        .one("select id from public.messages_v2 where conversation_id = $1", &[&help.id("conversation_id")])
        .await;
    let mut answers = Vec::new();
    for call in [
        // Somebody else's, with the same content and another; one's own in another conversation.
        send(&stand, &mallory, &attendee, "Hello", id),
        send(&stand, &mallory, &attendee, "Hi", id),
        send(&stand, &attendee, &admin, "Hello", id),
        send(&stand, &admin, &other, "Hello", id),
        // Of other kinds, one's own too: moderators name them by their ids alone.
        send(&stand, &organizer, &attendee, "Hello", broadcast),
        send(&stand, &mallory, &attendee, "I can drive you.", offer),
        send(&stand, &mallory, &attendee, "Hello", removed),
    ] {
        let refusal = call.expect(409).await.refused_by(Code::MessageIdTaken, "message_id_taken");
        let mut body = refusal.body.clone();
        body.as_object_mut().unwrap().remove("request_id");
        answers.push(body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let ids = [id, broadcast, offer, removed];
    assert_eq!(stand.db.count("rolecall.messages where id = any($1)", &[&ids.as_slice()]).await, 2);
    // Each is on record, as any refusal.
    assert_eq!(
        stand
            .db
            .count("rolecall.application_logs where user_id = $1 and code = 'message_id_taken'", &[&mallory.id])
            .await,
        4
    );
}

#[tokio::test]
async fn a_refused_message_leaves_its_id_free() {
    let stand = Stand::shared().await;
    let [attendee, dealer] = stand.users([Role::Attendee, Role::Dealer]).await;
    let id = Uuid::new_v4();
    for _ in 0..2 {
        let refusal = send(&stand, &attendee, &dealer, "Hello", id).expect(403).await;
        refusal.refused(Code::PermissionDenied);
    }
    stand.becomes(&dealer, Role::MvpDealer).await;
    let sent = send(&stand, &attendee, &dealer, "Hello", id).expect(201).await;
    assert_eq!((sent.header("idempotency-replayed"), messages(&stand, &attendee).await), ("", 1));
}

#[tokio::test]
async fn a_repetition_takes_no_token() {
    let stand = Stand::own(rolecall_e2e::Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.limit(Role::Admin, "send_dm", 2, 3600).await;
    let ids: [Uuid; 3] = std::array::from_fn(|_| Uuid::new_v4());
    for _ in 0..3 {
        send(&stand, &admin, &attendee, "1", ids[0]).expect(201).await;
    }
    let items = ids.map(|id| body(&attendee, if id == ids[0] { "1" } else { "2" }, id));
    for expected in [[201, 201, 429], [201, 201, 429]] {
        let answer = stand.post("send-dm", &json!(items)).by(&admin).expect(200).await;
        let statuses: Vec<_> = answer.items("results").iter().map(|result| result["status"].clone()).collect();
        assert_eq!(statuses, expected);
    }
    send(&stand, &admin, &attendee, "Other", ids[0]).expect(429).await.refused(Code::RateLimited);
}

#[tokio::test]
async fn ids_in_arrays_are_those_of_single_messages() {
    let stand = Stand::shared().await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let ids: [Uuid; 4] = std::array::from_fn(|_| Uuid::new_v4());
    let first = send(&stand, &admin, &one, "0", ids[0]).expect(201).await;
    let items = [
        body(&one, "0", ids[0]),
        body(&one, "1", ids[1]),
        body(&two, "2", ids[2]),
        // Of this array.
        body(&one, "1", ids[1]),
        body(&one, "Another", ids[1]),
        body(&two, "1", ids[1]),
        body(&one, "3", ids[3]),
    ];
    let answer = stand.post("send-dm", &json!(items)).by(&admin).expect(200).await;
    let results: Vec<(i64, bool)> = answer
        .items("results")
        .iter()
        .map(|result| (result["status"].as_i64().unwrap(), result["replayed"] == true))
        .collect();
    let expected = [(201, true), (201, false), (201, false), (201, true), (422, false), (409, false), (201, false)];
    assert_eq!(results, expected);
    let results = answer.items("results");
    assert_eq!((&results[0]["seq"], &results[0]["created_at"]), (&first["seq"], &first["created_at"]));
    assert_eq!(results[1]["seq"], results[3]["seq"]);
    assert_eq!([&results[1]["seq"], &results[6]["seq"]], [2, 3], "in the order of the array");
    assert_eq!(messages(&stand, &admin).await, 4);
    replayed(&first, &send(&stand, &admin, &one, "0", ids[0]).expect(201).await);
}
