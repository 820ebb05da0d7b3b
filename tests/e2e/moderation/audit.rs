//! What moderators did: on record whole, read by them alone, and changed by nobody.

use rolecall_e2e::{Code, Role, Setup, Stand, User};
use serde_json::{Value, json};
use uuid::Uuid;

/// Everything that can be recorded, done once; the message and its author.
async fn everything(stand: &Stand, moderator: &User) -> (Uuid, User) {
    let [author, reader] = stand.users([Role::MvpDealer, Role::Attendee]).await;
    let sent = stand.send_dm(&reader, &author, "Secret words").expect(201).await;
    let message = sent.id("message_id");
    let report = stand.report(&author, message, "Rude").expect(201).await.id("report_id");
    let note = json!({"message_id": message, "note": "Against the rules"});
    stand.post("moderation/delete", &note).by(moderator).expect(200).await;
    stand.restore_message(moderator, message).expect(200).await;
    stand.suspend_user(moderator, reader.id, "2999-01-01T00:00:00Z").expect(200).await;
    stand.lift_suspension(moderator, reader.id).expect(200).await;
    stand.review(moderator, report, "dismiss").expect(200).await;
    (message, reader)
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn everything_leaves_a_row_with_who_what_why_before_and_after() {
    let stand = Stand::shared().await;
    let [moderator, admin] = stand.users([Role::Moderator, Role::Admin]).await;
    let (message, reader) = everything(&stand, &moderator).await;
    for watcher in [&moderator, &admin] {
        let audit = stand.moderation_audit(watcher, &format!("message_id={message}")).expect(200).await;
        audit.has_members(&["entries", "next_cursor"]);
        assert_eq!(actions(audit.items("entries")), ["report_reviewed", "message_restored", "message_deleted"]);
        for entry in audit.items("entries") {
            let mut names: Vec<&str> = entry.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            let expected =
                ["action", "actor_id", "after", "at", "before", "id", "message_id", "note", "report_id", "target_id"];
            assert_eq!(names, expected);
            assert_eq!((&entry["actor_id"], &entry["message_id"]), (&json!(moderator.id), &json!(message)));
        }
        let [reviewed, restored, deleted] = audit.items("entries") else { unreachable!() };
        assert_eq!(deleted["note"], "Against the rules");
        assert_eq!(deleted["before"]["deleted"], Value::Null);
        assert_eq!(deleted["after"]["deleted"]["by"], "moderator");
        assert_eq!(
            (&restored["before"]["deleted"], &restored["after"]["deleted"]),
            (&deleted["after"]["deleted"], &Value::Null)
        );
        assert_eq!(
            (&reviewed["before"]["status"], &reviewed["after"]["status"]),
            (&json!("pending"), &json!("dismissed"))
        );
        assert!(reviewed["report_id"].is_string());
        assert!(!audit.body.to_string().contains("Secret"), "states, never contents");

        let of_target = stand.moderation_audit(watcher, &format!("target_id={}", reader.id)).expect(200).await;
        let suspensions: Vec<&Value> = of_target
            .items("entries")
            .iter()
            .filter(|entry| entry["action"].as_str().unwrap().contains("susp"))
            .collect();
        let [lifted, suspended] = &suspensions[..] else { panic!("{}", of_target.body) };
        assert_eq!((&suspended["action"], &lifted["action"]), (&json!("user_suspended"), &json!("suspension_lifted")));
        assert_eq!(suspended["before"]["suspended_until"], Value::Null);
        assert_eq!(suspended["after"]["suspended_until"], "2999-01-01T00:00:00.000000Z");
        assert_eq!(lifted["before"]["suspended_until"], "2999-01-01T00:00:00.000000Z");
        assert_eq!(lifted["after"]["suspended_until"], Value::Null);
    }
}

#[tokio::test]
async fn what_changes_nothing_and_what_is_refused_leaves_no_row() {
    let stand = Stand::shared().await;
    let [moderator, attendee, author] = stand.users([Role::Moderator, Role::Attendee, Role::Admin]).await;
    let sent = stand.send_dm(&author, &attendee, "Hello").expect(201).await;
    let message = sent.id("message_id");
    stand.restore_message(&moderator, message).expect(200).await;
    stand.lift_suspension(&moderator, attendee.id).expect(200).await;
    stand.delete_message(&attendee, message).expect(403).await;
    stand.suspend_user(&attendee, moderator.id, "2999-01-01T00:00:00Z").expect(403).await;
    let rows = "rolecall.moderation_audit where message_id = $1 or target_id = any($2)";
    let people = vec![moderator.id, attendee.id];
    assert_eq!(stand.db.count(rows, &[&message, &people]).await, 0);
    stand.delete_message(&moderator, message).expect(200).await;
    stand.delete_message(&moderator, message).expect(200).await;
    assert_eq!(stand.db.count("rolecall.moderation_audit where message_id = $1", &[&message]).await, 1);
}

#[tokio::test]
async fn the_record_is_for_moderators_and_admins_alone() {
    let stand = Stand::shared().await;
    for role in [Role::Attendee, Role::Dealer, Role::MvpDealer, Role::ShowOrganizer] {
        let user = stand.user(role).await;
        let refusal = stand.moderation_audit(&user, "").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "moderators_only");
    }
    stand.moderation_audit(&User::stranger(), "").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
}

#[tokio::test]
async fn the_record_is_paged_newest_first() {
    let stand = Stand::shared().await;
    let [moderator, author, reader] = stand.users([Role::Moderator, Role::Admin, Role::Attendee]).await;
    let message = stand.send_dm(&author, &reader, "Hello").expect(201).await.id("message_id");
    for _ in 0..5 {
        stand.delete_message(&moderator, message).expect(200).await;
        stand.restore_message(&moderator, message).expect(200).await;
    }
    let (mut entries, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = format!("message_id={message}&limit=3{cursor}");
        let page = stand.moderation_audit(&moderator, &query).expect(200).await;
        entries.extend_from_slice(page.items("entries"));
        // What is done meanwhile is before the first page.
        stand.delete_message(&moderator, message).expect(200).await;
        stand.restore_message(&moderator, message).expect(200).await;
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(actions(&entries), ["message_restored", "message_deleted"].repeat(5));
}

#[tokio::test]
async fn nobody_changes_the_record_the_owner_through_the_api_included() {
    // TRUNCATE locks the whole table before it is refused.
    let stand = Stand::own(Setup::new()).await;
    let [moderator, admin] = stand.users([Role::Moderator, Role::Admin]).await;
    let (message, _) = everything(&stand, &moderator).await;
    let sums =
        "select md5(string_agg(a::text, ' ' order by a.id)) from rolecall.moderation_audit as a where message_id = $1";
    let before: String = stand.db.one(sums, &[&message]).await;
    let statements = [
        "update rolecall.moderation_audit set note = 'Nothing happened'",
        "update rolecall.moderation_audit set note = note where false",
        "delete from rolecall.moderation_audit",
        "truncate rolecall.moderation_audit",
        "truncate rolecall.moderation_audit cascade",
    ];
    // As PostgREST would do it for each, and as the owner of the table.
    for role in [Some("authenticated"), Some("service_role"), Some("anon"), Some("rolecall_edge"), None] {
        for statement in statements {
            let db = stand.connect().await;
            let claims = json!({"sub": admin.id, "role": "authenticated"}).to_string();
            let _: String = db.one("select set_config('request.jwt.claims', $1, false)", &[&claims]).await;
            if let Some(role) = role {
                db.script(&format!("set role {role}")).await;
            }
            let refused = db.batch_execute(statement).await;
            assert!(refused.is_err() || statement.ends_with("where false"), "{role:?} {statement}");
        }
    }
    // Nor in the one mode in which triggers usually rest.
    let db = stand.connect().await;
    db.script("set session_replication_role = replica").await;
    for statement in statements {
        assert!(db.batch_execute(statement).await.is_err() || statement.ends_with("where false"), "{statement}");
    }
    let after: String = stand.db.one(sums, &[&message]).await;
    assert_eq!(before, after);
}
