//! Broadcasts and blocks: what one of two people sends does not reach the other across a block, but for admins.

use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

/// Whether a conversation is in somebody's inbox.
async fn lists(stand: &Stand, user: &User, conversation: Uuid) -> bool {
    let inbox = stand.inbox(user, "").expect(200).await;
    inbox.items("conversations").iter().any(|card| card["id"] == json!(conversation))
}

async fn unread(stand: &Stand, user: &User) -> Value {
    stand.unread(user).expect(200).await["by_kind"]["show"].clone()
}

#[tokio::test]
async fn a_blocked_organizer_does_not_reach_me_by_broadcast() {
    let stand = Stand::shared().await;
    let [organizer, reader, other] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader, &other]).await;
    let sent = stand.broadcast(&organizer, show, "Before the block").expect(201).await;
    let conversation = sent.id("conversation_id");
    assert_eq!(sent["audience_count"], 2);
    stand.mark_read(&reader, conversation, 1).expect(200).await;
    stand.block_user(&reader, organizer.id).expect(201).await;

    let second = stand.broadcast(&organizer, show, "After the block").expect(201).await;
    assert_eq!(second["audience_count"], 1, "who does not receive it is not counted");
    for refusal in [stand.messages(&reader, conversation, ""), stand.mark_read(&reader, conversation, 2)]
        .map(|call| call.expect(403))
    {
        let refusal = refusal.await.refused_by(Code::PermissionDenied, "broadcasts_do_not_cross_a_block");
        assert!(!refusal.body.to_string().contains("the block\""), "{}", refusal.body);
    }
    assert!(!lists(&stand, &reader, conversation).await);
    assert_eq!(unread(&stand, &reader).await, 0);
    let asked = json!({"action": "read_broadcast", "conversation_id": conversation});
    let check = stand.check(&reader, &asked).expect(200).await;
    assert_eq!((&check["allowed"], &check["rule"]), (&json!(false), &json!("broadcasts_do_not_cross_a_block")));
    assert!(lists(&stand, &other, conversation).await, "others read on");
    assert_eq!(stand.messages(&other, conversation, "").expect(200).await.items("messages").len(), 2);

    stand.unblock_user(&reader, organizer.id).expect(200).await;
    assert!(lists(&stand, &reader, conversation).await);
    assert_eq!(unread(&stand, &reader).await, 1, "what was read before stays read");
    let page = stand.messages(&reader, conversation, "").expect(200).await;
    let contents: Vec<&Value> = page.items("messages").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, ["Before the block", "After the block"]);
}

#[tokio::test]
async fn who_is_blocked_by_the_sender_does_not_read_either() {
    let stand = Stand::shared().await;
    let [organizer, reader] = stand.users([Role::ShowOrganizer, Role::Dealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader]).await;
    let sent = stand.broadcast_to(&organizer, show, &["dealer"], "Dealers' meeting").expect(201).await;
    assert!(lists(&stand, &reader, sent.id("conversation_id")).await);
    stand.block_user(&organizer, reader.id).expect(201).await;
    assert!(!lists(&stand, &reader, sent.id("conversation_id")).await);
    let refusal = stand.messages(&reader, sent.id("conversation_id"), "").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "broadcasts_do_not_cross_a_block");
}

#[tokio::test]
async fn the_broadcasts_of_admins_reach_everyone_and_admins_read_all() {
    let stand = Stand::shared().await;
    let [admin, reader, organizer] = stand.users([Role::Admin, Role::Attendee, Role::ShowOrganizer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader, &admin]).await;
    stand.block_user(&reader, admin.id).expect(201).await;
    stand.block_user(&admin, organizer.id).expect(201).await;
    let of_admin = stand.broadcast(&admin, show, "The hall is closed").expect(201).await;
    assert_eq!(of_admin["audience_count"], 1);
    assert!(lists(&stand, &reader, of_admin.id("conversation_id")).await);
    let to_admin = stand.broadcast_to(&organizer, show, &["admin"], "To the admins").expect(201).await;
    assert_eq!(to_admin["audience_count"], 1);
    assert!(lists(&stand, &admin, to_admin.id("conversation_id")).await);
}

#[tokio::test]
async fn send_broadcast_does_not_write_into_a_conversation_that_the_operator_closed() {
    let stand = Stand::shared().await;
    let [organizer, reader] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader]).await;
    let conversation = stand.broadcast(&organizer, show, "One").expect(201).await.id("conversation_id");
    let close = "update rolecall.conversations set read_only = $2 where id = $1";
    stand.db.run(close, &[&conversation, &true]).await;
    let before = stand.traces(&organizer).await;
    let refusal = stand.broadcast(&organizer, show, "Two").expect(409).await;
    refusal.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    assert_eq!(stand.traces(&organizer).await, before);
    assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))), "and takes nothing from the quota");
    stand.db.run(close, &[&conversation, &false]).await;
    stand.broadcast(&organizer, show, "Two").expect(201).await;
}
