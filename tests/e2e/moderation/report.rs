//! Reports of messages.

use crate::moderation::support::*;
use rolecall_e2e::{Code, Role, Stand};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn who_reads_a_message_reports_it_and_a_moderator_sees_it_with_its_content() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let (message, conversation) = message(&stand, &reader, &author).await;

    let report = stand.report(&author, message, "  This is an insult.\n").expect(201).await;

    report.has_members(&["report_id", "message_id", "status", "created_at"]);
    assert_eq!((report.id("message_id"), &report["status"]), (message, &json!("pending")));
    let queue = stand.queue(&moderator, "status=pending&limit=100").expect(200).await;
    queue.has_members(&["reports", "counts", "next_cursor"]);
    let listed = queue.items("reports").iter().find(|listed| listed["id"] == report["report_id"]).unwrap();
    assert_eq!(
        *listed,
        json!({
            "id": report["report_id"], "status": "pending", "decision": null, "decided_as": null,
            "reason": "This is an insult.", "created_at": report["created_at"], "escalated_at": null, "reporter_id": author.id, "reviewed_at": null, "reviewed_by": null,
            "note": null, "show_id": null,
            "message": {
                "id": message, "conversation_id": conversation, "seq": 1, "sender_id": reader.id,
                "content": "You are a cheat", "created_at": listed["message"]["created_at"], "show_id": null,
                "version": 1, "edited_at": null, "deleted": null,
            },
        })
    );
}

#[tokio::test]
async fn the_same_message_is_reported_once_by_each() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let other = stand.user(Role::Attendee).await;
    stand.join(world.show, &[&other]).await;
    let first = reported(&stand, &world.attendee, world.message).await;
    let again = stand.report(&world.attendee, world.message, "Once more").expect(409).await;
    let again = again.refused(Code::AlreadyReported);
    assert_eq!(again.id("report_id"), first, "the answer names the report there is");
    // Who joined after it was sent does not see it, and so cannot report it.
    stand.report(&other, world.message, "I heard of it").expect(404).await.refused(Code::NotFound);
    // Nor does whoever reads it because the show is theirs: they moderate it instead.
    stand.report(&world.organizer, world.message, "In my show!").expect(404).await.refused(Code::NotFound);
    assert_eq!(stand.db.count("rolecall.reported_messages where message_id = $1", &[&world.message]).await, 1);
}

#[tokio::test]
async fn a_message_that_somebody_cannot_read_is_as_unknown_as_none() {
    let stand = Stand::shared().await;
    let [author, reader] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    for role in [Role::Attendee, Role::Dealer, Role::MvpDealer, Role::ShowOrganizer] {
        let spy = stand.user(role).await;
        let of_others = stand.report(&spy, message, "I guess").expect(404).await;
        let unknown = stand.report(&spy, Uuid::new_v4(), "I guess").expect(404).await;
        let of_others = of_others.refused_by(Code::NotFound, "not_a_participant");
        let unknown = unknown.refused_by(Code::NotFound, "not_a_participant");
        assert_eq!(of_others["detail"], unknown["detail"]);
        assert_eq!(stand.traces(&spy).await, 0);
    }
}

#[tokio::test]
async fn nobody_reports_themselves_and_the_suspended_may_report_others() {
    let stand = Stand::shared().await;
    let [author, reader] = stand.users([Role::Admin, Role::Dealer]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    stand.report(&author, message, "Sorry").expect(403).await.refused_by(Code::PermissionDenied, "self_report");
    stand.suspend(&reader, 1).await;
    stand.block(&reader, &author).await;
    reported(&stand, &reader, message).await;
}

#[tokio::test]
async fn every_field_of_moderation_is_checked() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Moderator).await;
    let id = Uuid::new_v4();
    let until = stand.hours_from_now(24).await;
    let long = "x".repeat(1001);
    let cases = [
        ("report", json!({"reason": "Rude"}), "message_id", "required"),
        ("report", json!({"message_id": "x", "reason": "Rude"}), "message_id", "malformed_uuid"),
        ("report", json!({"message_id": id}), "reason", "required"),
        ("report", json!({"message_id": id, "reason": "  \n "}), "reason", "empty"),
        ("report", json!({"message_id": id, "reason": long}), "reason", "too_long"),
        ("report", json!({"message_id": id, "reason": "a\0b"}), "reason", "control_character"),
        ("report", json!({"message_id": id, "reason": 7}), "reason", "wrong_type"),
        ("report", json!({"message_id": id, "reason": "Rude", "status": "actioned"}), "status", "unknown_field"),
        ("review", json!({"decision": "dismiss"}), "report_id", "required"),
        ("review", json!({"report_id": id}), "decision", "required"),
        ("review", json!({"report_id": id, "decision": "Dismiss"}), "decision", "unknown_value"),
        ("review", json!({"report_id": id, "decision": 1}), "decision", "wrong_type"),
        ("review", json!({"report_id": id, "decision": "dismiss", "note": long}), "note", "too_long"),
        ("review", json!({"report_id": id, "decision": "dismiss", "reviewer": id}), "reviewer", "unknown_field"),
        (
            "review",
            json!({"report_id": id, "decision": "suspend", "suspended_until": "tomorrow"}),
            "suspended_until",
            "malformed_timestamp",
        ),
        ("delete", json!({}), "message_id", "required"),
        ("delete", json!({"message_id": id, "note": ""}), "note", "empty"),
        ("delete", json!({"message_id": id, "deleted_as": "author"}), "deleted_as", "unknown_field"),
        ("restore", json!({"message_id": [id]}), "message_id", "wrong_type"),
        ("suspend", json!({"target_id": id}), "until", "required"),
        ("suspend", json!({"until": until}), "target_id", "required"),
        ("suspend", json!({"target_id": id, "until": "2026-02-30T00:00:00Z"}), "until", "malformed_timestamp"),
        ("suspend", json!({"target_id": id, "until": "2026-01-01"}), "until", "malformed_timestamp"),
        ("suspend", json!({"target_id": id, "until": 1}), "until", "wrong_type"),
        ("suspend", json!({"target_id": id, "until": "infinity"}), "until", "malformed_timestamp"),
        ("lift-suspension", json!({"target_id": "x"}), "target_id", "malformed_uuid"),
    ];
    for (operation, body, field, code) in cases {
        let refusal = stand.post(&format!("moderation/{operation}"), &body).by(&user).expect(400).await;
        let refusal = refusal.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [(field, code)], "{operation} {}", refusal.body);
    }
    assert_eq!(stand.traces(&user).await, 0);
}

#[tokio::test]
async fn text_of_the_greatest_length_is_taken_as_reason_and_note() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    for letter in ["x", "👋"] {
        let (message, _) = message(&stand, &author, &reader).await;
        let report = stand.report(&reader, message, &letter.repeat(1000)).expect(201).await.id("report_id");
        let body = json!({"report_id": report, "decision": "dismiss", "note": letter.repeat(1000)});
        let reviewed = stand.post("moderation/review", &body).by(&moderator).expect(200).await;
        assert_eq!(reviewed["report"]["note"], letter.repeat(1000));
    }
}

#[tokio::test]
async fn a_repeated_report_or_review_under_one_key_is_answered_again() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    let report = stand.report(&reader, message, "Rude").key("r").expect(201).await;
    let again = stand.report(&reader, message, "Rude").key("r").expect(201).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["report_id"], report["report_id"]);
    let review = || stand.review(&moderator, report.id("report_id"), "delete").key("v");
    let first = review().expect(200).await;
    let again = review().expect(200).await;
    assert_eq!((again.header("idempotency-replayed"), &again["report"]), ("true", &first["report"]));
    let delete = || stand.delete_message(&moderator, message).key("v");
    delete().expect(422).await.refused(Code::IdempotencyConflict);
}

#[tokio::test]
async fn an_old_message_without_a_sender_can_be_reported_and_deleted() {
    let stand = Stand::shared().await;
    let [reader, other, moderator] = stand.users([Role::Attendee, Role::Admin, Role::Moderator]).await;
    let conversation = Uuid::new_v4();
    let import = json!([{
        "id": conversation, "participants": [reader.id, other.id],
        "messages": [{"content": "Nobody knows who wrote this"}, {"sender_id": other.id}],
    }]);
    let _: Value = stand.db.one("select rolecall.import_legacy_conversations($1)", &[&import]).await;
    let message = stand.message(conversation, 1).await;
    let report = reported(&stand, &reader, message).await;
    let reviewed = stand.review(&moderator, report, "delete").expect(200).await;
    assert_eq!(reviewed["report"]["message"]["content"], "Nobody knows who wrote this");
    let page = stand.messages(&reader, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["deleted"]["by"], "moderator");
    assert_eq!(page.items("messages")[0]["content"], Value::Null);
    // One that never had a content is deleted and restored all the same.
    let empty = stand.message(conversation, 2).await;
    stand.delete_message(&moderator, empty).expect(200).await;
    let restored = stand.restore_message(&moderator, empty).expect(200).await;
    assert_eq!(restored["message"]["deleted"], Value::Null);
}
