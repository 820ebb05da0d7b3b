//! Help messages under moderation, over HTTP.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Stand, User};
use serde_json::{Value, json};
use uuid::Uuid;

const THREAT: &str = "Give me money or you walk home.";

/// A help conversation with a threat that its author has edited away; the conversation's and the message's ids.
async fn threatened(stand: &Stand) -> (User, User, Uuid, Uuid) {
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let started = stand.offer(&helper, request, "I can drive you there.").expect(201).await;
    let conversation = started.id("conversation_id");
    let as_helper = stand.postgrest(helper.id).await;
    let sent: Value =
        as_helper.one("select public.send_message_v2($1, $2, $3)", &[&conversation, &helper.id, &THREAT]).await;
    let message: Uuid = sent["message_id"].as_str().unwrap().parse().unwrap();
    let edit = "update public.messages_v2 set content = 'Have a nice day' where id = $1";
    assert_eq!(as_helper.run(edit, &[&message]).await, 1);
    (requester, helper, conversation, message)
}

#[tokio::test]
async fn a_help_message_is_reported_reviewed_deleted_restored_and_audited() {
    let stand = Stand::shared().await;
    let [moderator, organizer, stranger] = stand.users([Role::Moderator, Role::ShowOrganizer, Role::Attendee]).await;
    let (requester, helper, conversation, message) = threatened(&stand).await;

    let report = stand.report(&requester, message, "A threat").expect(201).await;
    assert_eq!(report["message_id"], json!(message));
    let second = stand.report(&requester, message, "A threat").expect(409).await;
    assert_eq!(second.refused(Code::AlreadyReported)["report_id"], report["report_id"]);
    stand.report(&stranger, message, "A threat").expect(404).await.refused(Code::NotFound);
    stand.report(&helper, message, "A threat").expect(403).await.refused_by(Code::PermissionDenied, "self_report");

    let queue = stand.queue(&moderator, "status=pending&limit=100").expect(200).await;
    let reports = queue["reports"].as_array().unwrap();
    let shown = reports.iter().find(|each| each["id"] == report["report_id"]).expect("it is in the queue");
    let told = &shown["message"];
    assert_eq!((&told["conversation_id"], &told["seq"]), (&json!(conversation), &Value::Null));
    assert_eq!((&told["content"], &told["edits"][0]["content"]), (&json!("Have a nice day"), &json!(THREAT)));
    stand.delete_message(&organizer, message).expect(403).await;
    stand.delete_message(&requester, message).expect(403).await;

    let reviewed = stand.review(&moderator, report.id("report_id"), "delete").expect(200).await;
    assert_eq!(reviewed["report"]["message"]["deleted"]["by"], "moderator");
    let as_requester = stand.postgrest(requester.id).await;
    let read: Value =
        as_requester.one("select public.get_conversation_v2($1, $2)", &[&conversation, &requester.id]).await;
    assert_eq!(read["messages"].as_array().unwrap().len(), 1, "{read}");
    let restored = stand.restore_message(&moderator, message).expect(200).await;
    assert_eq!(
        restored["message"],
        json!({"id": message, "conversation_id": conversation, "seq": null, "deleted": null})
    );
    let read: Value =
        as_requester.one("select public.get_conversation_v2($1, $2)", &[&conversation, &requester.id]).await;
    assert_eq!(read["messages"][1]["content"], "Have a nice day");

    let audit = stand.moderation_audit(&moderator, &format!("message_id={message}")).expect(200).await;
    let actions: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    assert_eq!(actions, ["message_restored", "message_deleted", "report_reviewed"]);
}

#[tokio::test]
async fn what_a_suspended_author_deletes_the_moderators_still_read() {
    let stand = Stand::shared().await;
    let moderator = stand.user(Role::Moderator).await;
    let (requester, helper, _, message) = threatened(&stand).await;
    stand.suspend(&helper, 1).await;
    let as_helper = stand.postgrest(helper.id).await;
    assert_eq!(as_helper.run("delete from public.messages_v2 where id = $1", &[&message]).await, 1);
    let report = stand.report(&requester, message, "It was a threat").expect(201).await;
    let reviewed = stand.review(&moderator, report.id("report_id"), "dismiss").expect(200).await;
    let shown = &reviewed["report"]["message"];
    assert_eq!((&shown["content"], &shown["edits"][0]["content"]), (&json!("Have a nice day"), &json!(THREAT)));
    assert_eq!(shown["deleted"]["by"], "author");
    let refusal = stand.restore_message(&moderator, message).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "deleted_by_author");
}

/// Whoever is first: a message is in one of the two places, and the audit tells of as many acts as there were.
#[tokio::test]
async fn deletions_and_restorations_of_a_help_message_at_once_have_an_order() {
    let stand = Stand::shared().await;
    let moderators = stand.users([Role::Moderator; 8]).await;
    let (_, _, _, message) = threatened(&stand).await;
    for _ in 0..5 {
        join_all(moderators.iter().enumerate().map(|(n, moderator)| {
            if n % 2 == 0 {
                stand.delete_message(moderator, message).expect(200)
            } else {
                stand.restore_message(moderator, message).expect(200)
            }
        }))
        .await;
        let there = stand.db.count("public.messages_v2 where id = $1", &[&message]).await;
        let removed = stand.db.count("rolecall.removed_help_messages where message_id = $1", &[&message]).await;
        assert_eq!(there + removed, 1);
        let acts = "rolecall.moderation_audit where message_id = $1 and action =";
        let deleted = stand.db.count(&format!("{acts} 'message_deleted'"), &[&message]).await;
        let restored = stand.db.count(&format!("{acts} 'message_restored'"), &[&message]).await;
        assert_eq!(deleted - restored, removed);
    }
}
