//! `realtime/typing`: who may say that they are typing, and who hears it.

use super::support::Relay;
use rolecall_e2e::{Code, Role, Setup, Stand, User};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn the_other_one_hears_that_somebody_types() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let relay = Relay::leads(&stand).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("conversation_id");
    let typing = |user: &User| stand.post("realtime/typing", &json!({"conversation_id": conversation})).by(user);

    let told = typing(&attendee).expect(200).await;
    told.has_members(&["conversation_id"]);
    assert_eq!(told.id("conversation_id"), conversation);
    typing(&attendee).expect(200).await;
    let events = relay.events("typing").await;
    assert_eq!(events.len(), 1, "once in three seconds: {events:?}");
    let (to, event) = &events[0];
    assert_eq!(*to, [admin.id]);
    assert_eq!((&event["user_id"], &event["conversation_id"]), (&json!(attendee.id), &json!(conversation)));

    // A message is told in time, whoever types.
    stand.reply(&attendee, conversation, "Hello").expect(201).await;
    let (mut to, _) = relay.events("message.created").await.remove(0);
    to.sort_unstable();
    let mut both = [admin.id, attendee.id];
    both.sort_unstable();
    assert_eq!(to, both);
}

#[tokio::test]
async fn who_may_not_write_does_not_type() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let relay = Relay::leads(&stand).await;
    let [admin, attendee, stranger] = stand.users([Role::Admin, Role::Attendee, Role::Admin]).await;
    let conversation = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("conversation_id");
    let typing = |user: &User, conversation: Uuid| {
        stand.post("realtime/typing", &json!({"conversation_id": conversation})).by(user)
    };
    let refused = typing(&stranger, conversation).expect(404).await;
    refused.refused_by(Code::NotFound, "not_a_participant");
    typing(&admin, Uuid::new_v4()).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    stand.block(&admin, &attendee).await;
    typing(&attendee, conversation).expect(403).await.refused_by(Code::PermissionDenied, "blocked");
    stand.unblock_user(&admin, attendee.id).expect(200).await;
    stand.suspend(&attendee, 1).await;
    typing(&attendee, conversation).expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    let closed = typing(&admin, conversation).expect(409).await;
    closed.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    typing(&User::stranger(), conversation).expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    for body in [json!({}), json!({"conversation_id": "x"}), json!({"conversation_id": conversation, "more": 1})] {
        stand.post("realtime/typing", &body).by(&admin).expect(400).await.refused(Code::ValidationError);
    }
    let told = relay.events("typing").await;
    assert!(told.is_empty(), "nothing is told of what is refused: {told:?}");
}

#[tokio::test]
async fn of_many_at_once_one_is_told() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let relay = Relay::leads(&stand).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("conversation_id");
    let call = || stand.post("realtime/typing", &json!({"conversation_id": conversation})).by(&attendee).expect(200);
    futures::future::join_all((0..20).map(|_| call())).await;
    assert_eq!(relay.events("typing").await.len(), 1);
}
