//! The deletion of somebody's own messages.

use rolecall_e2e::{Code, Role, Setup, Stand};
use serde_json::{Value, json};

#[tokio::test]
async fn a_deletion_leaves_placeholders_and_readable_threads() {
    let stand = Stand::shared().await;
    let [user, other, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let conversation = stand.send_dm(&other, &user, "Hello").expect(201).await.id("conversation_id");
    stand.reply(&user, conversation, "My address is 1 Main Street").expect(201).await;
    stand.reply(&other, conversation, "Thank you").expect(201).await;
    let request = stand.help_request(&other).await;
    let help = stand.offer(&user, request, "I can drive you on Thursday.").expect(201).await.id("conversation_id");

    let deletion = stand.delete_own_data(&user).expect(200).await;
    deletion.has_members(&["deletion_id", "account", "status", "messages_deleted", "requested_at"]);
    assert_eq!(deletion["status"], "complete");
    assert!(deletion["messages_deleted"].as_i64().unwrap() >= 1);

    let page = stand.messages(&other, conversation, "").expect(200).await;
    let contents: Vec<&Value> = page.items("messages").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, [&json!("Hello"), &Value::Null, &json!("Thank you")]);
    assert_eq!(page.items("messages")[1]["deleted"]["by"], "author");
    let of_moderator = stand.messages(&moderator, conversation, "").expect(200).await;
    assert_eq!(of_moderator.items("messages")[1]["content"], Value::Null, "gone for everybody");
    assert_eq!(
        stand
            .db
            .count(
                "rolecall.removed_contents r join rolecall.messages m using (conversation_id, seq) where m.sender_id = $1",
                &[&user.id]
            )
            .await,
        0
    );
    for sql in [
        "select string_agg(content, ' ') from public.messages_v2 where conversation_id = $1",
        "select initial_message from public.conversations_v2 where id = $1",
    ] {
        let text: String = stand.db.one(sql, &[&help]).await;
        assert!(text.contains("[deleted by its author]") && !text.contains("Thursday"), "{text}");
    }
    // Life goes on, and what is written afterwards stays until it is asked for again.
    stand.reply(&user, conversation, "Still here").expect(201).await;
    let again = stand.delete_own_data(&user).expect(200).await;
    assert_eq!((&again["status"], &again["messages_deleted"]), (&json!("complete"), &json!(1)));
    let nothing = stand.delete_own_data(&user).expect(200).await;
    assert_eq!((&nothing["status"], &nothing["messages_deleted"]), (&json!("complete"), &json!(0)));
    assert_eq!(
        stand.restore_message(&moderator, stand.message(conversation, 2).await).expect(403).await.reasons(),
        ["deleted_by_author"]
    );
}

#[tokio::test]
async fn a_deletion_must_be_meant() {
    let stand = Stand::shared().await;
    let [user, other] = stand.users([Role::MvpDealer, Role::Attendee]).await;
    stand.send_dm(&other, &user, "Hello").expect(201).await;
    for (body, field, code) in [
        (json!({}), "confirm", "required"),
        (json!({"confirm": false}), "confirm", "not_confirmed"),
        (json!({"confirm": "true"}), "confirm", "wrong_type"),
        (json!({"confirm": true, "target_id": other.id}), "target_id", "unknown_field"),
    ] {
        let refusal = stand.post("own-data/deletion", &body).by(&other).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [(field, code)]);
    }
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1 and content = 'Hello'", &[&other.id]).await, 1);
}

#[tokio::test]
async fn what_a_pending_report_needs_is_kept_until_its_review() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Attendee, Role::MvpDealer, Role::Moderator]).await;
    let sent = stand.send_dm(&author, &reader, "A threat").expect(201).await;
    let conversation = sent.id("conversation_id");
    let report = stand.report(&reader, sent.id("message_id"), "A threat").expect(201).await.id("report_id");
    stand.delete_own_data(&author).expect(200).await;
    for user in [&author, &reader] {
        let page = stand.messages(user, conversation, "").expect(200).await;
        assert_eq!(page.items("messages")[0]["content"], Value::Null);
    }
    let queue = stand.queue(&moderator, "status=pending&limit=100").expect(200).await;
    let listed = queue.items("reports").iter().find(|listed| listed["id"] == json!(report)).unwrap();
    assert_eq!(listed["message"]["content"], "A threat");
    stand.review(&moderator, report, "delete").expect(200).await;
    let kept = "rolecall.removed_contents join rolecall.messages m using (conversation_id, seq) where m.id = $1";
    assert_eq!(stand.db.count(kept, &[&sent.id("message_id")]).await, 0, "and then it is gone");
    let page = stand.messages(&moderator, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], Value::Null);
    assert_eq!(page.items("messages")[0]["deleted"]["by"], "author");
}

#[tokio::test]
async fn a_large_deletion_goes_on_where_it_was() {
    let stand = Stand::own(Setup::new()).await;
    let [reader, author] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &author, 20_500).await;
    let first = stand.delete_own_data(&author).expect(200).await;
    assert_eq!(first["status"], "in_progress");
    let deleted = first["messages_deleted"].as_i64().unwrap();
    assert!((1..=20_000).contains(&deleted), "one call takes a part that a statement has time for: {deleted}");
    let second = stand.delete_own_data(&author).expect(200).await;
    assert_eq!((&second["status"], &second["messages_deleted"]), (&json!("complete"), &json!(20_500)), "in total");
    assert_eq!(second["deletion_id"], first["deletion_id"], "it is the same deletion");
    assert_eq!(second["requested_at"], first["requested_at"]);
    let left = "rolecall.messages where conversation_id = $1 and content is not null";
    assert_eq!(stand.db.count(left, &[&conversation]).await, 0);
    assert_eq!(stand.messages(&reader, conversation, "").expect(200).await.items("messages").len(), 50);
}

#[tokio::test]
async fn a_deletion_under_one_key_is_answered_again() {
    let stand = Stand::shared().await;
    let [author, reader] = stand.users([Role::Attendee, Role::MvpDealer]).await;
    stand.send_dm(&author, &reader, "One").expect(201).await;
    let first = stand.delete_own_data(&author).key("k").expect(200).await;
    stand.send_dm(&author, &reader, "Two").expect(201).await;
    let again = stand.delete_own_data(&author).key("k").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["deletion_id"], first["deletion_id"]);
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1 and content = 'Two'", &[&author.id]).await, 1);
}
