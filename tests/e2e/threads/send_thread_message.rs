//! Writing into threads: by role, inside and outside of windows, held back, opted out.

use super::support::send;
use rolecall_e2e::{Code, Stand};
use serde_json::{Value, json};
use uuid::Uuid;

const POACHING: &str = "Call me at 202-555-0143 and we do it without the agency";

#[tokio::test]
async fn owner_admin_and_the_sitter_on_duty_write_to_the_client() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    for (place, user) in [&agency.owner, &agency.admin, &agency.sitter].into_iter().enumerate() {
        let sent = send(&stand, user, thread, "  Rex is fine.\n").expect(201).await;
        sent.has_members(&["message_id", "thread_id", "seq", "delivery", "number_class", "encoding", "segments"]);
        assert_eq!((&sent["seq"], &sent["delivery"]), (&json!(place + 1), &json!("queued")));
        assert_eq!((&sent["encoding"], &sent["segments"]), (&json!("gsm_7"), &json!(1)));
        assert_eq!(sent["number_class"], "sitter");
    }
    let sql = "select count(*) from rolecall.thread_messages as message
        join rolecall.sms_outbox as outbox using (organization_id, thread_id, seq)
        where message.thread_id = $1 and message.content = 'Rex is fine.' and outbox.status = 'queued'";
    assert_eq!(stand.db.one::<i64>(sql, &[&thread]).await, 3, "each is queued with its message");

    let other = send(&stand, &agency.other_sitter, thread, "Hello").expect(404).await;
    other.refused_by(Code::NotFound, "no_such_thread");
    assert_eq!(stand.db.count("rolecall.thread_messages where thread_id = $1", &[&thread]).await, 3);
}

#[tokio::test]
async fn the_carriers_count_is_answered_and_kept() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    for (content, encoding, segments) in [
        ("a".repeat(160), "gsm_7", 1),
        ("a".repeat(161), "gsm_7", 2),
        ("€".repeat(81), "gsm_7", 2),
        ("🐾".repeat(36), "ucs_2", 2),
        ("a".repeat(1600), "gsm_7", 11),
    ] {
        let sent = send(&stand, &agency.owner, thread, &content).expect(201).await;
        assert_eq!((&sent["encoding"], &sent["segments"]), (&json!(encoding), &json!(segments)));
        let sql = "select encoding || ' ' || segments from rolecall.thread_messages where id = $1";
        let kept: String = stand.db.one(sql, &[&sent.id("message_id")]).await;
        assert_eq!(kept, format!("{encoding} {segments}"));
    }
    let refusal = send(&stand, &agency.owner, thread, &"a".repeat(1601)).expect(400).await;
    assert_eq!(refusal.refused(Code::ValidationError).faults(), [("content", "too_long")]);
}

#[tokio::test]
async fn the_adopters_path_and_names_are_read() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let body = json!({
        "threadId": thread, "text": "A photo", "media_urls": ["https://media.example.com/rex.jpg"],
    });
    let sent = stand.call(http::Method::POST, "/api/messages/send").json(&body).by(&agency.owner).expect(201).await;
    let sql = "select to_jsonb(media_urls) from rolecall.thread_messages where id = $1";
    let media: Value = stand.db.one(sql, &[&sent.id("message_id")]).await;
    assert_eq!(media, json!(["https://media.example.com/rex.jpg"]));
    for (body, field, fault) in [
        (json!({"text": "A"}), "thread_id", "required"),
        (json!({"threadId": thread}), "content", "required"),
        (json!({"threadId": "x", "text": "A"}), "threadId", "malformed_uuid"),
        (
            json!({"threadId": thread, "text": "A", "media_urls": ["http://media.example.com/"]}),
            "media_urls[0]",
            "malformed_link",
        ),
        (json!({"threadId": thread, "text": "A", "to": "+12025550143"}), "to", "unknown_field"),
    ] {
        let call = stand.call(http::Method::POST, "/api/messages/send").json(&body).by(&agency.owner);
        assert_eq!(call.expect(400).await.refused(Code::ValidationError).faults(), [(field, fault)], "{body}");
    }
}

#[tokio::test]
async fn outside_the_window_the_sitter_hears_when_the_next_one_opens() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    stand.window(agency.organization, thread, &agency.sitter, -120, -60).await;
    let refusal = send(&stand, &agency.sitter, thread, "Hello").expect(403).await;
    let refusal = refusal.refused_by(Code::OutsideAssignmentWindow, "outside_assignment_window");
    assert_eq!(refusal["next_window"], Value::Null);
    stand.window(agency.organization, thread, &agency.sitter, 60, 120).await;
    let refusal = send(&stand, &agency.sitter, thread, "Hello").expect(403).await;
    let sql = "select jsonb_build_object(
          'starts_at', rolecall_internal.iso(starts_at), 'ends_at', rolecall_internal.iso(ends_at),
          'starts_at_local', rolecall_internal.local_iso(starts_at, 'UTC'),
          'ends_at_local', rolecall_internal.local_iso(ends_at, 'UTC'))
        from rolecall.assignment_windows where thread_id = $1 and starts_at > now()";
    let next: Value = stand.db.one(sql, &[&thread]).await;
    assert_eq!(refusal["next_window"], next);
    assert!(refusal["detail"].as_str().unwrap().contains("begins on"), "{}", refusal.body);
    assert_eq!(stand.db.count("rolecall.thread_messages where thread_id = $1", &[&thread]).await, 0);
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1", &[&thread]).await, 0);
}

#[tokio::test]
async fn what_the_filter_holds_back_is_kept_for_the_owner_and_goes_nowhere() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.sitter_number).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    for user in [&agency.sitter, &agency.owner] {
        let refusal = send(&stand, user, thread, POACHING).expect(403).await;
        let refusal = refusal.refused_by(Code::AntiPoachingBlocked, "anti_poaching_blocked");
        let said = refusal.words();
        assert!(!said.contains("0143") && !said.contains("phone"), "friendly, and no details: {said}");
    }
    let blocked = "rolecall.thread_messages where thread_id = $1 and delivery = 'blocked'";
    assert_eq!(stand.db.count(blocked, &[&thread]).await, 2);
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1", &[&thread]).await, 0);
    let sql =
        "select string_agg(content, ' ') from rolecall.thread_messages where organization_id = $1 and kind = 'notice'";
    let notices: String = stand.db.one(sql, &[&agency.organization]).await;
    assert!(notices.contains("phone") && !notices.contains("0143"), "{notices}");
    let attempts = "rolecall.anti_poaching_attempts where thread_id = $1 and 'phone' = any (violations)";
    assert_eq!(stand.db.count(attempts, &[&thread]).await, 2);
    let own = format!("Our number is {}", agency.front_desk.e164);
    send(&stand, &agency.sitter, thread, &own).expect(201).await;
}

#[tokio::test]
async fn nobody_texts_a_client_who_opted_out() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    let out = "insert into rolecall.opt_outs (organization_id, client_id, source) values ($1, $2, 'keyword')";
    stand.db.run(out, &[&agency.organization, &agency.client.id]).await;
    for user in [&agency.owner, &agency.admin, &agency.sitter] {
        let refusal = send(&stand, user, thread, "Hello").expect(409).await;
        refusal.refused_by(Code::ClientOptedOut, "client_opted_out");
    }
    assert_eq!(stand.db.count("rolecall.thread_messages where thread_id = $1", &[&thread]).await, 0);
    stand.db.run("delete from rolecall.opt_outs where client_id = $1", &[&agency.client.id]).await;
    send(&stand, &agency.owner, thread, "Welcome back").expect(201).await;
}

#[tokio::test]
async fn a_repeated_message_is_answered_and_not_repeated() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let key = Uuid::new_v4().to_string();
    let first = send(&stand, &agency.owner, thread, "Once").key(&key).expect(201).await;
    let again = send(&stand, &agency.owner, thread, "Once").key(&key).expect(201).await;
    assert_eq!(first["message_id"], again["message_id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    send(&stand, &agency.owner, thread, "Twice").key(&key).expect(422).await.refused(Code::IdempotencyConflict);
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1", &[&thread]).await, 1);
}

#[tokio::test]
async fn a_message_that_was_held_back_is_answered_again_under_its_key_and_not_held_back_twice() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    let left = async || {
        let mut left = Vec::new();
        for table in ["thread_messages", "anti_poaching_attempts", "routing_decisions", "automatic_replies"] {
            let from = format!("rolecall.{table} where organization_id = $1");
            left.push(stand.db.count(&from, &[&agency.organization]).await);
        }
        left
    };
    for user in [&agency.owner, &agency.sitter, &agency.client_user] {
        let key = Uuid::new_v4().to_string();
        let first = send(&stand, user, thread, POACHING).key(&key).expect(403).await;
        assert!(!first.headers.contains_key("idempotency-replayed"));
        let before = left().await;
        let again = send(&stand, user, thread, POACHING).key(&key).expect(403).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        let again = again.refused_by(Code::AntiPoachingBlocked, "anti_poaching_blocked");
        assert_eq!(again["detail"], first["detail"]);
        let conflict = send(&stand, user, thread, "Something else").key(&key).expect(422).await;
        conflict.refused(Code::IdempotencyConflict);
        assert_eq!(left().await, before);
        send(&stand, user, thread, POACHING).expect(403).await;
        assert_ne!(left().await, before, "without the key it is another message");
    }
}

#[tokio::test]
async fn the_flags_switch_sitters_and_everybody() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    stand.switch(&agency, "sitter_messages_v1", "disabled").await;
    send(&stand, &agency.sitter, thread, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    send(&stand, &agency.owner, thread, "Hello").expect(201).await;
    stand.switch(&agency, "messaging_v1", "disabled").await;
    for user in [&agency.owner, &agency.admin, &agency.sitter, &agency.client_user] {
        send(&stand, user, thread, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    }
    stand.switch(&agency, "messaging_v1", "enabled").await;
    stand.switch(&agency, "sitter_messages_v1", "enabled").await;
    send(&stand, &agency.sitter, thread, "Back").expect(201).await;
}
