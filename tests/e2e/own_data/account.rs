//! The deletion of somebody's account (line 16): what goes, what others still read, and that nobody acts as them any more.

use rolecall_e2e::{Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};

#[tokio::test]
async fn a_deleted_account_leaves_threads_readable_and_nobodys_name() {
    let stand = Stand::shared().await;
    let [user, other, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let name = format!("Zebulon {}", user.id);
    stand.db.run("update rolecall.profiles set display_name = $2 where id = $1", &[&user.id, &name]).await;
    let show = stand.show(&stand.user(Role::ShowOrganizer).await, Starts::InAWeek).await;
    stand.join(show, &[&user, &other]).await;
    let sent = stand.send_dm(&user, &other, "My address is 1 Main Street").expect(201).await;
    let conversation = sent.id("conversation_id");
    stand.reply(&other, conversation, "Thank you").expect(201).await;
    let broadcast = stand.broadcast(&user, show, "Come to booth 12").expect(201).await.id("conversation_id");
    let request = stand.help_request(&other).await;
    stand.offer(&user, request, "I can drive you on Friday.").key("offer").expect(201).await;
    stand.report(&other, sent.id("message_id"), "Who is this?").expect(201).await;

    let deletion = stand.delete_account(&user).expect(200).await;
    deletion.has_members(&["deletion_id", "account", "status", "messages_deleted", "requested_at"]);
    assert_eq!((&deletion["account"], &deletion["status"]), (&json!(true), &json!("complete")));
    assert_eq!(stand.db.count("rolecall.profiles where id = $1", &[&user.id]).await, 0);

    // Everything that others are shown: no 500, and no name.
    let page = stand.messages(&other, conversation, "").expect(200).await;
    let contents: Vec<&Value> = page.items("messages").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, [&Value::Null, &json!("Thank you")]);
    assert_eq!(page["conversation"]["with"], json!({"id": user.id, "display_name": null, "role": null}));
    assert_eq!(page["conversation"]["can_reply"], false);
    let inbox = stand.inbox(&other, "").expect(200).await;
    assert_eq!(inbox.items("conversations").len(), 2);
    let announced = stand.messages(&other, broadcast, "").expect(200).await;
    assert_eq!(announced.items("messages")[0]["content"], Value::Null);
    let queue = stand.queue(&moderator, "status=pending&limit=100").expect(200).await;
    let export = stand.export(&other).expect(200).await;
    stand.unread(&other).expect(200).await;
    for answer in [&page, &inbox, &announced, &queue, &export] {
        assert!(!answer.body.to_string().contains("Zebulon"), "{}", answer.body);
    }
    for answer in [&page, &inbox, &announced, &export] {
        let text = answer.body.to_string();
        assert!(!text.contains("Main Street") && !text.contains("booth 12") && !text.contains("Friday"), "{text}");
    }
    let refusal = stand.reply(&other, conversation, "Are you there?").expect(409).await;
    refusal.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    stand.send_dm(&other, &user, "Are you there?").expect(404).await.refused(Code::NotFound);
}

#[tokio::test]
async fn nobody_acts_by_a_token_that_is_still_valid() {
    let stand = Stand::shared().await;
    let [user, other] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&user, Starts::InAWeek).await;
    let sent = stand.send_dm(&user, &other, "Hello").key("first").expect(201).await;
    let (conversation, message) = (sent.id("conversation_id"), sent.id("message_id"));
    stand.delete_account(&user).expect(200).await;
    for call in [
        stand.send_dm(&user, &other, "Hello again"),
        stand.send_dm(&user, &other, "Hello").key("first"),
        stand.reply(&user, conversation, "Hello again"),
        stand.broadcast(&user, show, "Hello"),
        stand.inbox(&user, ""),
        stand.unread(&user),
        stand.messages(&user, conversation, ""),
        stand.mark_read(&user, conversation, 1),
        stand.block_user(&user, other.id),
        stand.report(&user, message, "x"),
        stand.delete_message(&user, message),
        stand.queue(&user, ""),
        stand.export(&user),
        stand.delete_own_data(&user),
    ] {
        call.expect(403).await.refused_by(Code::PermissionDenied, "account_deleted");
    }
    let check = stand.check(&user, &json!({"action": "start_dm", "recipient_id": other.id})).expect(200).await;
    assert_eq!((&check["allowed"], &check["rule"]), (&json!(false), &json!("account_deleted")));
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1 and content is not null", &[&user.id]).await, 0);
    // Once more is the same deletion.
    let first = stand.delete_account(&user).key("k").expect(200).await;
    let again = stand.delete_account(&user).key("k").expect(200).await;
    assert_eq!(first["deletion_id"], again["deletion_id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn an_account_to_delete_must_be_meant_and_there() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    for (body, field, code) in [
        (json!({"account": true}), "confirm", "required"),
        (json!({"confirm": true, "account": "true"}), "account", "wrong_type"),
        (json!({"confirm": true, "account": true, "target_id": user.id}), "target_id", "unknown_field"),
    ] {
        let refusal = stand.post("own-data/deletion", &body).by(&user).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [(field, code)]);
    }
    assert_eq!(stand.db.count("rolecall.profiles where id = $1", &[&user.id]).await, 1);
    let refusal = stand.delete_account(&User::stranger()).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "no_profile");
}

#[tokio::test]
async fn an_account_of_100_000_messages_goes_in_steps_within_the_time_of_a_statement() {
    let stand = Stand::own(Setup::new()).await;
    let [reader, author] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &author, 100_000).await;
    let (mut calls, mut longest) = (0, std::time::Duration::ZERO);
    loop {
        let began = std::time::Instant::now();
        let deletion = stand.delete_account(&author).expect(200).await;
        longest = longest.max(began.elapsed());
        calls += 1;
        stand.inbox(&author, "").expect(403).await.refused_by(Code::PermissionDenied, "account_deleted");
        if deletion["status"] == "complete" {
            assert_eq!(deletion["messages_deleted"], 100_000);
            break;
        }
        assert!(calls < 60, "{}", deletion.body);
    }
    println!("100,000 messages of an account deleted in {calls} calls, the longest {longest:?}");
    let left = "rolecall.messages where conversation_id = $1 and content is not null";
    assert_eq!(stand.db.count(left, &[&conversation]).await, 0);
    assert_eq!(stand.messages(&reader, conversation, "").expect(200).await.items("messages").len(), 50);
}

#[tokio::test]
async fn an_export_has_what_somebody_did_as_organizer_and_as_moderator() {
    let stand = Stand::shared().await;
    let [moderator, organizer, author, reader] =
        stand.users([Role::Moderator, Role::ShowOrganizer, Role::MvpDealer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader]).await;
    stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await;
    let message = stand.send_dm(&reader, &author, "Rude").expect(201).await.id("message_id");
    let report = stand.report(&author, message, "Rude").expect(201).await.id("report_id");
    let body = json!({"report_id": report, "decision": "delete", "note": "Too rude."});
    stand.post("moderation/review", &body).by(&moderator).expect(200).await;

    let lines = |export: &rolecall_e2e::Answer, name: &str| -> Vec<Value> {
        export.lines().iter().filter(|line| line["type"] == name).cloned().collect()
    };
    let export = stand.export(&moderator).expect(200).await;
    let decisions = lines(&export, "decision");
    assert_eq!(decisions.len(), 1);
    assert_eq!((&decisions[0]["report_id"], &decisions[0]["note"]), (&json!(report), &json!("Too rude.")));
    let entries = lines(&export, "audit_entry");
    assert!(entries.iter().any(|entry| entry["action"] == "message_deleted" && entry["target_id"] == json!(reader.id)));
    let export = stand.export(&organizer).expect(200).await;
    let sent = lines(&export, "sent_broadcast");
    assert_eq!((sent.len(), &sent[0]["show_id"], &sent[0]["audience_count"]), (1, &json!(show), &json!(1)));
    assert_eq!(lines(&export, "show").len(), 1);
    assert_eq!(lines(&export, "message")[0]["content"], "Doors open at nine");
    let export = stand.export(&reader).expect(200).await;
    assert_eq!(lines(&export, "participation")[0]["show_id"], json!(show));
}
