//! The review of reports.

use crate::moderation::support::*;
use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_review_that_deletes_leaves_a_placeholder_to_all_but_moderators() {
    let stand = Stand::shared().await;
    let [author, reader, moderator, admin] =
        stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator, Role::Admin]).await;
    let (first, conversation) = message(&stand, &reader, &author).await;
    let report = reported(&stand, &author, first).await;
    let body = json!({"report_id": report, "decision": "delete", "note": "An insult indeed."});
    let reviewed = stand.post("moderation/review", &body).by(&moderator).expect(200).await;
    let reviewed = &reviewed["report"];
    assert_eq!((&reviewed["status"], &reviewed["decision"]), (&json!("actioned"), &json!("delete")));
    assert_eq!((&reviewed["reviewed_by"], &reviewed["note"]), (&json!(moderator.id), &json!("An insult indeed.")));
    assert_eq!(reviewed["message"]["content"], "You are a cheat");
    assert_eq!(reviewed["message"]["deleted"]["by"], "moderator");

    for user in [&author, &reader] {
        let page = stand.messages(user, conversation, "").expect(200).await;
        let [placeholder] = page.items("messages") else { panic!("{}", page.body) };
        assert_eq!((&placeholder["content"], &placeholder["seq"]), (&Value::Null, &json!(1)));
        assert_eq!(placeholder["deleted"]["by"], "moderator");
        assert_eq!(placeholder["deleted"]["at"], reviewed["message"]["deleted"]["at"]);
        let inbox = stand.inbox(user, "").expect(200).await;
        assert_eq!(inbox.items("conversations")[0]["last_message"]["content"], Value::Null);
        for answer in [&page, &inbox] {
            assert!(!answer.body.to_string().contains("cheat"), "{}", answer.body);
        }
    }
    for staff in [&moderator, &admin] {
        let page = stand.messages(staff, conversation, "").expect(200).await;
        assert_eq!(page.items("messages")[0]["content"], "You are a cheat");
        assert_eq!(page.items("messages")[0]["deleted"]["by"], "moderator");
    }
    // Nothing that reads the table can see it either.
    let stored: Option<String> = stand.db.one("select content from rolecall.messages where id = $1", &[&first]).await;
    assert_eq!(stored, None);

    let restored = stand.review(&moderator, report, "restore").expect(200).await;
    assert_eq!(
        (&restored["report"]["status"], &restored["report"]["decision"]),
        (&json!("dismissed"), &json!("restore"))
    );
    assert_eq!(restored["report"]["message"]["deleted"], Value::Null);
    let page = stand.messages(&reader, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], "You are a cheat");
    assert_eq!(page.items("messages")[0]["deleted"], Value::Null);
}

#[tokio::test]
async fn a_second_decision_is_refused_with_the_first() {
    let stand = Stand::shared().await;
    let [author, reader, moderator, admin] =
        stand.users([Role::Admin, Role::Attendee, Role::Moderator, Role::Admin]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    let report = reported(&stand, &reader, message).await;
    stand.review(&moderator, report, "dismiss").expect(200).await;
    for (reviewer, decision) in [(&moderator, "dismiss"), (&admin, "delete"), (&admin, "restore")] {
        let refusal = stand.review(reviewer, report, decision).expect(409).await;
        let refusal = refusal.refused_by(Code::AlreadyReviewed, "one_decision_per_report");
        assert_eq!((refusal.id("report_id"), &refusal["decision"]), (report, &json!("dismiss")));
    }
    assert_eq!(stand.db.count("rolecall.messages where id = $1 and deleted_at is null", &[&message]).await, 1);
}

#[tokio::test]
async fn reviewing_is_for_those_who_may_moderate_the_message() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let report = reported(&stand, &world.attendee, world.message).await;
    let rival = stand.user(Role::ShowOrganizer).await;
    for (user, rule) in [
        (&world.attendee, "attendee_does_not_moderate"),
        (&rival, "show_organizer_moderates_own_show"),
        (&stand.user(Role::Dealer).await, "dealer_does_not_moderate"),
        (&stand.user(Role::MvpDealer).await, "mvp_dealer_does_not_moderate"),
    ] {
        for decision in ["dismiss", "delete"] {
            stand.review(user, report, decision).expect(403).await.refused_by(Code::PermissionDenied, rule);
        }
    }
    // Of what is not theirs to moderate nobody learns whether it exists.
    let refusal = stand.review(&world.organizer, Uuid::new_v4(), "dismiss").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "show_organizer_moderates_own_show");
    let moderator = stand.user(Role::Moderator).await;
    stand.review(&moderator, Uuid::new_v4(), "dismiss").expect(404).await.refused(Code::NotFound);
    stand.suspend(&world.organizer, 1).await;
    let refusal = stand.review(&world.organizer, report, "dismiss").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    stand.suspend(&world.organizer, -1).await;
    let reviewed = stand.review(&world.organizer, report, "delete").expect(200).await;
    assert_eq!(reviewed["report"]["message"]["deleted"]["by"], "organizer");
    let page = stand.messages(&world.attendee, world.conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], Value::Null);
}

#[tokio::test]
async fn nobody_reviews_a_report_about_themselves() {
    let stand = Stand::shared().await;
    let [moderator, reader] = stand.users([Role::Moderator, Role::Attendee]).await;
    let (message, _) = message(&stand, &moderator, &reader).await;
    let report = reported(&stand, &reader, message).await;
    let refusal = stand.review(&moderator, report, "dismiss").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "self_moderation");
}

#[tokio::test]
async fn an_organizer_hears_no_reporter_and_settles_nothing_for_moderators() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let moderator = stand.user(Role::Moderator).await;
    let words = "I am the one with the red hat";
    let report = stand.report(&world.attendee, world.message, words).expect(201).await.id("report_id");
    let listed = async |user: &User| {
        let queue = stand.queue(user, &format!("show_id={}", world.show)).expect(200).await;
        (queue.items("reports")[0].clone(), queue["counts"].clone(), queue.body.to_string())
    };
    let (seen, _, body) = listed(&world.organizer).await;
    assert_eq!((&seen["id"], &seen["reporter_id"], &seen["reason"]), (&json!(report), &Value::Null, &Value::Null));
    assert!(!body.contains(words) && !body.contains(&world.attendee.id.to_string()));

    let reviewed = stand.review(&world.organizer, report, "dismiss").key("k").expect(200).await;
    assert_eq!(
        (&reviewed["report"]["status"], &reviewed["report"]["decided_as"]),
        (&json!("dismissed"), &json!("organizer"))
    );
    let again = stand.review(&world.organizer, report, "dismiss").key("k").expect(200).await;
    assert_eq!(again["report"], reviewed["report"]);
    assert!(!again.body.to_string().contains(words));
    stand.review(&world.organizer, report, "delete").expect(409).await.refused(Code::AlreadyReviewed);
    let (seen, counts, _) = listed(&world.organizer).await;
    assert_eq!((&seen["status"], counts), (&json!("dismissed"), json!({"pending": 0, "dismissed": 1, "actioned": 0})));
    let (seen, counts, _) = listed(&moderator).await;
    assert_eq!(
        (&seen["status"], &seen["decision"], &seen["decided_as"]),
        (&json!("pending"), &json!("dismiss"), &json!("organizer"))
    );
    assert_eq!((&seen["reason"], &seen["reporter_id"]), (&json!(words), &json!(world.attendee.id)));
    assert_eq!(counts, json!({"pending": 1, "dismissed": 0, "actioned": 0}));

    // Who reported says it again, once.
    let check = json!({"action": "report", "message_id": world.message});
    assert_eq!(stand.check(&world.attendee, &check).expect(200).await["allowed"], true);
    let escalated = stand.report(&world.attendee, world.message, "The organizer is his friend").expect(201).await;
    assert_eq!(escalated.id("report_id"), report);
    assert_eq!(stand.check(&world.attendee, &check).expect(200).await["rule"], "one_report_per_message");
    stand.report(&world.attendee, world.message, "Again").expect(409).await.refused(Code::AlreadyReported);
    let (seen, _, _) = listed(&moderator).await;
    assert!(seen["escalated_at"].is_string());
    assert_eq!(seen["reason"], "The organizer is his friend");

    // A moderator decides for everybody.
    let reviewed = stand.review(&moderator, report, "delete").expect(200).await;
    assert_eq!(
        (&reviewed["report"]["status"], &reviewed["report"]["decided_as"]),
        (&json!("actioned"), &json!("moderator"))
    );
    let (seen, counts, _) = listed(&world.organizer).await;
    assert_eq!((&seen["status"], &seen["decided_as"]), (&json!("actioned"), &json!("moderator")));
    assert_eq!((&seen["message"]["content"], &seen["escalated_at"]), (&Value::Null, &Value::Null));
    assert_eq!(counts, json!({"pending": 0, "dismissed": 0, "actioned": 1}));
    let refusal = stand.review(&world.organizer, report, "restore").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "deleted_by_moderator");
}

#[tokio::test]
async fn nobody_hears_of_a_report_about_themselves() {
    let stand = Stand::shared().await;
    let [organizer, attendee, moderator] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let body = json!({"recipient_id": attendee.id, "content": "Pay me, or else", "show_id": show});
    let message = stand.post("send-dm", &body).by(&organizer).expect(201).await.id("message_id");
    let report = reported(&stand, &attendee, message).await;
    let queue = stand.queue(&organizer, "").expect(200).await;
    assert_eq!((&queue["reports"], &queue["counts"]["pending"]), (&json!([]), &json!(0)));
    stand.review(&organizer, report, "dismiss").expect(403).await.refused_by(Code::PermissionDenied, "self_moderation");
    stand.review(&moderator, report, "delete").expect(200).await;
}
