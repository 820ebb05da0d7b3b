//! Blocks: set and lifted by users, and in force from the next request on.

use rolecall_e2e::{Code, Role, Stand, User};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_block_holds_from_the_next_request_on_until_it_is_lifted() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.send_dm(&admin, &attendee, "Hello").expect(201).await.id("conversation_id");

    let block = stand.block_user(&attendee, admin.id).expect(201).await;
    block.has_members(&["blocked_id", "created_at"]);
    assert_eq!(block.id("blocked_id"), admin.id);
    for (author, other) in [(&admin, &attendee), (&attendee, &admin)] {
        let refusal = stand.reply(author, conversation, "Hello").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "blocked");
        let refusal = stand.send_dm(author, other, "Hello").expect(403).await.refused(Code::PermissionDenied);
        assert!(refusal.reasons().contains(&"blocked"), "{}", refusal.body);
    }
    let lifted = stand.unblock_user(&attendee, admin.id).expect(200).await;
    lifted.has_members(&["blocked_id", "was_blocked"]);
    assert_eq!((lifted.id("blocked_id"), &lifted["was_blocked"]), (admin.id, &json!(true)));
    stand.reply(&attendee, conversation, "Hello again").expect(201).await;
}

#[tokio::test]
async fn blocking_and_lifting_twice_is_answered_the_same() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    assert_eq!(stand.unblock_user(&one, other.id).expect(200).await["was_blocked"], false);
    let first = stand.block_user(&one, other.id).expect(201).await;
    let again = stand.block_user(&one, other.id).expect(201).await;
    assert_eq!(again["created_at"], first["created_at"]);
    assert_eq!(stand.unblock_user(&one, other.id).expect(200).await["was_blocked"], true);
    assert_eq!(stand.unblock_user(&one, other.id).expect(200).await["was_blocked"], false);
    assert_eq!(stand.unblock_user(&one, Uuid::new_v4()).expect(200).await["was_blocked"], false);
}

#[tokio::test]
async fn only_who_blocked_lifts_the_block() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Admin, Role::Admin]).await;
    stand.block_user(&one, other.id).expect(201).await;
    assert_eq!(stand.unblock_user(&other, one.id).expect(200).await["was_blocked"], false);
    stand.send_dm(&other, &one, "Hello").expect(403).await.refused_by(Code::PermissionDenied, "blocked");
    assert_eq!(stand.blocks(&other, "").expect(200).await["blocks"], json!([]), "nobody learns who has blocked them");
}

#[tokio::test]
async fn who_cannot_be_blocked() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    stand.block_user(&user, user.id).expect(400).await.refused_by(Code::InvalidInput, "self_block");
    stand.block_user(&user, Uuid::new_v4()).expect(404).await.refused(Code::NotFound);
    let other = stand.user(Role::Attendee).await;
    let refusal = stand.block_user(&User::stranger(), other.id).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "no_profile");
    for operation in ["blocks/block", "blocks/unblock"] {
        for (body, field, code) in [
            (json!({}), "blocked_id", "required"),
            (json!({"blocked_id": "x"}), "blocked_id", "malformed_uuid"),
            (json!({"blocked_id": other.id, "blocker_id": user.id}), "blocker_id", "unknown_field"),
        ] {
            let refusal = stand.post(operation, &body).by(&user).expect(400).await.refused(Code::ValidationError);
            assert_eq!(refusal.faults(), [(field, code)], "{operation}");
        }
    }
    assert_eq!(stand.db.count("rolecall.user_blocks where blocker_id = $1", &[&user.id]).await, 0);
}

#[tokio::test]
async fn the_suspended_can_still_block() {
    let stand = Stand::shared().await;
    let [user, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    stand.suspend(&user, 1).await;
    stand.block_user(&user, other.id).expect(201).await;
    assert_eq!(stand.unblock_user(&user, other.id).expect(200).await["was_blocked"], true);
}

#[tokio::test]
async fn a_block_under_one_key_is_answered_again_even_when_it_was_lifted() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let first = stand.block_user(&one, other.id).key("k").expect(201).await;
    stand.unblock_user(&one, other.id).expect(200).await;
    let again = stand.block_user(&one, other.id).key("k").expect(201).await;
    assert_eq!((again.header("idempotency-replayed"), &again["created_at"]), ("true", &first["created_at"]));
    assert_eq!(stand.db.count("rolecall.user_blocks where blocker_id = $1", &[&one.id]).await, 0, "not repeated");
    stand.unblock_user(&one, other.id).key("k").expect(422).await.refused(Code::IdempotencyConflict);
}
