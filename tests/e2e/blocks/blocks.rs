//! Blocks: set and lifted by users, and in force from the next request on.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Stand, User};
use serde_json::json;
use std::collections::HashSet;
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
    assert_eq!(stand.db.count("public.user_blocks where blocker_id = $1", &[&user.id]).await, 0);
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
async fn the_list_of_blocks_is_paged_newest_first() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    let others = stand.users([Role::Dealer; 12]).await;
    for other in &others {
        stand.block_user(&user, other.id).expect(201).await;
    }
    for limit in [1, 5, 12, 100] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = stand.blocks(&user, &format!("limit={limit}{cursor}")).expect(200).await;
            page.has_members(&["blocks", "next_cursor"]);
            for block in page.items("blocks") {
                assert_eq!(block["display_name"], "Somebody");
                assert!(block["created_at"].is_string());
                seen.push(block["blocked_id"].as_str().unwrap().parse::<Uuid>().unwrap());
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let newest_first: Vec<Uuid> = others.iter().rev().map(|other| other.id).collect();
        assert_eq!(seen, newest_first, "{limit}");
    }
}

#[tokio::test]
async fn blocks_and_liftings_at_once_leave_one_row_or_none() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let blocks = join_all((0..30).map(|_| stand.block_user(&one, other.id).expect(201))).await;
    let times: HashSet<String> = blocks.iter().map(|block| block["created_at"].to_string()).collect();
    assert_eq!(times.len(), 1, "all of them name the one block");
    let lifted = join_all((0..30).map(|_| stand.unblock_user(&one, other.id).expect(200))).await;
    assert_eq!(lifted.iter().filter(|lifted| lifted["was_blocked"] == true).count(), 1);
    let both = join_all((0..40).map(|n| {
        if n % 2 == 0 {
            stand.block_user(&one, other.id).expect(201)
        } else {
            stand.block_user(&other, one.id).expect(201)
        }
    }));
    both.await;
    let rows = "public.user_blocks where $1 in (blocker_id, blocked_id)";
    assert_eq!(stand.db.count(rows, &[&one.id]).await, 2);
}

#[tokio::test]
async fn a_block_under_one_key_is_answered_again_even_when_it_was_lifted() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let first = stand.block_user(&one, other.id).key("k").expect(201).await;
    stand.unblock_user(&one, other.id).expect(200).await;
    let again = stand.block_user(&one, other.id).key("k").expect(201).await;
    assert_eq!((again.header("idempotency-replayed"), &again["created_at"]), ("true", &first["created_at"]));
    assert_eq!(stand.db.count("public.user_blocks where blocker_id = $1", &[&one.id]).await, 0, "not repeated");
    stand.unblock_user(&one, other.id).key("k").expect(422).await.refused(Code::IdempotencyConflict);
}
