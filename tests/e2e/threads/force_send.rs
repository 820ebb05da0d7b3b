//! Delivering what the filter held back.

use super::support::{force, history, newest, send};
use rolecall_e2e::{Code, Stand};
use serde_json::json;
use uuid::Uuid;

const POACHING: &str = "The vet is at 202-555-0143";

#[tokio::test]
async fn owner_and_admin_deliver_a_message_once() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    send(&stand, &agency.sitter, thread, POACHING).expect(403).await;
    let message = newest(&stand, thread).await;
    for user in [&agency.sitter, &agency.client_user] {
        let refusal = force(&stand, user, message, "Please").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "only_owner_and_admin_force_send");
    }
    assert_eq!(force(&stand, &agency.owner, message, " ").expect(400).await.faults(), [("reason", "empty")]);
    let path = format!("/api/messages/events/{message}/force-send");
    let body = json!({"reason": "It is the vet's: 202-555-0143."});
    let forced = stand.call(http::Method::POST, &path).json(&body).by(&agency.admin).expect(200).await;
    forced.has_members(&["message_id", "thread_id", "delivery", "forced_at"]);
    assert_eq!(forced["delivery"], "queued");
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1 and status = 'queued'", &[&thread]).await, 1);
    force(&stand, &agency.owner, message, "Again").expect(409).await.refused_by(Code::AlreadySent, "already_sent");
    let page = history(&stand, &agency.sitter, thread, "").expect(200).await;
    assert_eq!(page["messages"][0]["content"], POACHING, "the sitter sees it again");
    let sql = "select forced_reason from rolecall.anti_poaching_attempts where message_id = $1 and forced_by = $2";
    let reason: String = stand.db.one(sql, &[&message, &agency.admin.id]).await;
    assert!(!reason.contains("555"), "{reason}");
    let logged = "rolecall.application_logs where event = 'message_force_sent' and user_id = $1";
    assert_eq!(stand.db.count(logged, &[&agency.admin.id]).await, 1);
}

#[tokio::test]
async fn what_was_not_held_back_or_cannot_go_is_refused() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let sent = send(&stand, &agency.owner, thread, "Hello").expect(201).await.id("message_id");
    force(&stand, &agency.owner, sent, "Again").expect(409).await.refused_by(Code::AlreadySent, "already_sent");
    let refusal = force(&stand, &agency.owner, Uuid::new_v4(), "What").expect(404).await;
    refusal.refused_by(Code::NotFound, "no_such_message");
    send(&stand, &agency.owner, thread, POACHING).expect(403).await;
    let message = newest(&stand, thread).await;
    let out = "insert into rolecall.opt_outs (organization_id, client_id, source) values ($1, $2, 'keyword')";
    stand.db.run(out, &[&agency.organization, &agency.client.id]).await;
    let refusal = force(&stand, &agency.owner, message, "It is fine").expect(409).await;
    refusal.refused_by(Code::ClientOptedOut, "client_opted_out");
    stand.switch(&agency, "messaging_v1", "disabled").await;
    force(&stand, &agency.owner, message, "It is fine").expect(404).await.refused(Code::FeatureDisabled);
    let blocked = "rolecall.thread_messages where id = $1 and delivery = 'blocked'";
    assert_eq!(stand.db.count(blocked, &[&message]).await, 1);
}

#[tokio::test]
async fn nothing_goes_into_a_thread_that_is_closed() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    send(&stand, &agency.owner, thread, POACHING).expect(403).await;
    let message = newest(&stand, thread).await;
    stand.db.run("update rolecall.message_threads set status = 'closed' where id = $1", &[&thread]).await;
    force(&stand, &agency.owner, message, "It is fine").expect(409).await.refused(Code::ConversationReadOnly);
    let path = format!("/api/messages/events/{message}/force-send");
    let again = stand.call(http::Method::POST, &path).json(&json!({"reason": "It is fine"})).by(&agency.admin);
    again.expect(409).await.refused(Code::ConversationReadOnly);
    let queued = "rolecall.sms_outbox where thread_id = $1";
    assert_eq!(stand.db.count(queued, &[&thread]).await, 0);
}
