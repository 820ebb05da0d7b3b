//! Reports, their review, and the deletion of messages.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// A message of the first to the second.
async fn message(stand: &Stand, from: &User, to: &User) -> (Uuid, Uuid) {
    let sent = stand.send_dm(from, to, "You are a cheat").expect(201).await;
    (sent.id("message_id"), sent.id("conversation_id"))
}

async fn reported(stand: &Stand, by: &User, message: Uuid) -> Uuid {
    stand.report(by, message, "This is an insult.").expect(201).await.id("report_id")
}

/// A show with a broadcast of an MVP dealer in it.
struct Broadcast {
    organizer: User,
    attendee: User,
    show: Uuid,
    message: Uuid,
    conversation: Uuid,
}

async fn broadcast(stand: &Stand) -> Broadcast {
    let [organizer, mvp, attendee] = stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp, &attendee]).await;
    let sent = stand.broadcast(&mvp, show, "Fakes at booth 12").expect(201).await;
    let conversation = sent.id("conversation_id");
    Broadcast { message: stand.message(conversation, 1).await, organizer, attendee, show, conversation }
}

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
            "id": report["report_id"], "status": "pending", "decision": null, "reason": "This is an insult.",
            "created_at": report["created_at"], "reporter_id": author.id, "reviewed_at": null, "reviewed_by": null,
            "note": null, "show_id": null,
            "message": {
                "id": message, "conversation_id": conversation, "seq": 1, "sender_id": reader.id,
                "content": "You are a cheat", "created_at": listed["message"]["created_at"], "show_id": null,
                "deleted": null,
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
    assert_eq!(stand.db.count("public.reported_messages where message_id = $1", &[&world.message]).await, 1);
}

#[tokio::test]
async fn fifty_reports_of_one_user_at_once_are_one() {
    let stand = Stand::shared().await;
    let [author, reader] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    let answers = join_all((0..50).map(|n| stand.report(&reader, message, &format!("Reason {n}")).send())).await;
    let new: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    let [report] = &new[..] else { panic!("{} reports", new.len()) };
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.code(), refused.id("report_id")), ("already_reported", report.id("report_id")));
    }
    assert_eq!(stand.db.count("public.reported_messages where message_id = $1", &[&message]).await, 1);
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
async fn the_queue_is_for_those_who_moderate_and_each_sees_what_is_theirs() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let [rival, moderator, admin] = stand.users([Role::ShowOrganizer, Role::Moderator, Role::Admin]).await;
    let in_show = reported(&stand, &world.attendee, world.message).await;
    let (direct, _) = message(&stand, &admin, &world.attendee).await;
    let in_private = reported(&stand, &world.attendee, direct).await;
    let listed = async |user: &User, query: &str| {
        let (mut ids, mut cursor) = (HashSet::new(), String::new());
        loop {
            let page = stand.queue(user, &format!("limit=100&{query}{cursor}")).expect(200).await;
            for report in page.items("reports") {
                assert!(ids.insert(report["id"].as_str().unwrap().parse::<Uuid>().unwrap()), "twice: {report}");
            }
            let Some(next) = page["next_cursor"].as_str() else { return ids };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(listed(&world.organizer, "status=pending").await, HashSet::from([in_show]));
    assert!(listed(&rival, "").await.is_empty());
    for all in [&moderator, &admin] {
        let ids = listed(all, "status=pending").await;
        assert!(ids.contains(&in_show) && ids.contains(&in_private));
        assert_eq!(listed(all, &format!("show_id={}", world.show)).await, HashSet::from([in_show]));
    }
    assert_eq!(listed(&world.organizer, &format!("show_id={}", world.show)).await, HashSet::from([in_show]));
    for role in [Role::Attendee, Role::Dealer, Role::MvpDealer] {
        let user = stand.user(role).await;
        let refusal = stand.queue(&user, "").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "moderators_and_organizers_only");
    }
    stand.queue(&moderator, &format!("show_id={}", Uuid::new_v4())).expect(404).await.refused(Code::NotFound);
    let refusal = stand.queue(&rival, &format!("show_id={}", world.show)).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "show_organizer_moderates_own_show");
    stand.suspend(&moderator, 1).await;
    stand.queue(&moderator, "").expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.queue(&User::stranger(), "").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
}

#[tokio::test]
async fn pages_of_the_queue_are_whole_while_reports_come_in_and_counts_are_by_status() {
    let stand = Stand::shared().await;
    let [organizer, moderator] = stand.users([Role::ShowOrganizer, Role::Moderator]).await;
    let [mvp, admin] = stand.users([Role::MvpDealer, Role::Admin]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    let readers = stand.users([Role::Attendee; 25]).await;
    stand.join(show, &readers.iter().collect::<Vec<_>>()).await;
    let conversation = stand.broadcast(&admin, show, "One").expect(201).await.id("conversation_id");
    let message = stand.message(conversation, 1).await;
    let (early, late) = readers.split_at(20);
    let mut expected = HashSet::new();
    for reader in early {
        expected.insert(reported(&stand, reader, message).await.to_string());
    }
    let counts = stand.queue(&organizer, "").expect(200).await["counts"].clone();
    assert_eq!(counts, json!({"pending": 20, "dismissed": 0, "actioned": 0}));

    let (mut seen, mut cursor, mut late) = (Vec::new(), String::new(), late.iter());
    loop {
        let page = stand.queue(&organizer, &format!("limit=3{cursor}")).expect(200).await;
        seen.extend(page.items("reports").iter().map(|report| report["id"].as_str().unwrap().to_owned()));
        if let Some(reader) = late.next() {
            reported(&stand, reader, message).await;
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 20, "what came later is before the first page");
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), expected);

    // One decision about the message settles every report of it that is pending.
    let report = expected.iter().next().unwrap().parse().unwrap();
    let reviewed = stand.review(&moderator, report, "dismiss").expect(200).await;
    assert_eq!(reviewed["report"]["status"], "dismissed");
    let queue = stand.queue(&organizer, "status=pending").expect(200).await;
    assert_eq!(queue["reports"], json!([]));
    assert_eq!(queue["counts"], json!({"pending": 0, "dismissed": 25, "actioned": 0}));
}

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
    let stored: Option<String> = stand.db.one("select content from public.messages where id = $1", &[&first]).await;
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
async fn of_fifty_reviewers_at_once_one_decides_and_the_others_learn_how() {
    let stand = Stand::shared().await;
    for _ in 0..2 {
        let [author, reader] = stand.users([Role::Admin, Role::Attendee]).await;
        let (message, _) = message(&stand, &author, &reader).await;
        let report = reported(&stand, &reader, message).await;
        let mut reviewers = Vec::new();
        for _ in 0..10 {
            reviewers.push(stand.user(Role::Moderator).await);
        }
        let decisions = ["dismiss", "delete"];
        let reviews = (0..50).map(|n| stand.review(&reviewers[n % 10], report, decisions[n % 2]).send());
        let answers = join_all(reviews).await;
        let decided: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        let [decided] = &decided[..] else { panic!("{} decided", decided.len()) };
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.code(), "already_reviewed", "{}", refused.body);
            assert_eq!(refused["decision"], decided["report"]["decision"]);
        }
        let deleted = stand.db.count("public.messages where id = $1 and deleted_at is not null", &[&message]).await;
        assert_eq!(deleted == 1, decided["report"]["decision"] == "delete");
        let audit = "public.moderation_audit where report_id = $1 and action = 'report_reviewed'";
        assert_eq!(stand.db.count(audit, &[&report]).await, 1);
    }
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
    assert_eq!(stand.db.count("public.messages where id = $1 and deleted_at is null", &[&message]).await, 1);
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
async fn an_organizer_deletes_in_their_own_shows_only() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let [rival, admin] = stand.users([Role::ShowOrganizer, Role::Admin]).await;
    for message in [world.message, Uuid::new_v4()] {
        let refusal = stand.delete_message(&rival, message).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "show_organizer_moderates_own_show");
    }
    let (direct, _) = message(&stand, &admin, &world.organizer).await;
    let refusal = stand.delete_message(&world.organizer, direct).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "show_organizer_moderates_own_show");
    assert_eq!(
        stand
            .db
            .count("public.messages where id = any($1) and deleted_at is null", &[&vec![world.message, direct]])
            .await,
        2
    );

    let deleted = stand.delete_message(&world.organizer, world.message).expect(200).await;
    deleted.has_members(&["message"]);
    assert_eq!(deleted["message"]["id"], json!(world.message));
    assert_eq!(deleted["message"]["conversation_id"], json!(world.conversation));
    assert_eq!((&deleted["message"]["seq"], &deleted["message"]["deleted"]["by"]), (&json!(1), &json!("organizer")));
    let restored = stand.restore_message(&world.organizer, world.message).expect(200).await;
    assert_eq!(restored["message"]["deleted"], Value::Null);
}

#[tokio::test]
async fn a_message_of_a_direct_conversation_about_a_show_is_the_organizers_to_moderate() {
    let stand = Stand::shared().await;
    let [organizer, mvp, attendee] = stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp, &attendee]).await;
    let body = json!({"recipient_id": attendee.id, "content": "Fakes, cheap", "show_id": show});
    let sent = stand.post("send-dm", &body).by(&mvp).expect(201).await;
    let report = reported(&stand, &attendee, sent.id("message_id")).await;
    let reviewed = stand.review(&organizer, report, "delete").expect(200).await;
    assert_eq!(reviewed["report"]["show_id"], json!(show));
    assert_eq!(reviewed["report"]["message"]["deleted"]["by"], "organizer");
}

#[tokio::test]
async fn an_author_takes_back_what_they_wrote_and_nobody_brings_it_back() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let (message, conversation) = message(&stand, &author, &reader).await;
    let deleted = stand.delete_message(&author, message).expect(200).await;
    assert_eq!(deleted["message"]["deleted"]["by"], "author");
    let page = stand.messages(&reader, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], Value::Null);
    for user in [&author, &moderator] {
        let refusal = stand.restore_message(user, message).expect(403).await.refused(Code::PermissionDenied);
        assert_eq!(refusal.reasons().len(), 1);
    }
    let refusal = stand.restore_message(&moderator, message).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "deleted_by_author");
    // The reader deletes nothing of others.
    let [staff] = stand.users([Role::Admin]).await;
    let sent = stand.send_dm(&staff, &reader, "Hello").expect(201).await;
    let refusal = stand.delete_message(&reader, sent.id("message_id")).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "attendee_does_not_moderate");
}

#[tokio::test]
async fn deleting_and_restoring_twice_is_a_success_and_the_first_deletion_stands() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let (message, _) = message(&stand, &reader, &author).await;
    let untouched = stand.restore_message(&moderator, message).expect(200).await;
    assert_eq!(untouched["message"]["deleted"], Value::Null);
    let first = stand.delete_message(&moderator, message).expect(200).await;
    let second = stand.delete_message(&moderator, message).expect(200).await;
    let by_author = stand.delete_message(&reader, message).expect(200).await;
    for again in [&second, &by_author] {
        assert_eq!(again["message"]["deleted"], first["message"]["deleted"]);
    }
    stand.restore_message(&moderator, message).expect(200).await;
    let content: String = stand.db.one("select content from public.messages where id = $1", &[&message]).await;
    assert_eq!(content, "You are a cheat");
    assert_eq!(stand.db.count("rolecall.removed_contents where message_id = $1", &[&message]).await, 0);
}

#[tokio::test]
async fn deletions_and_restorations_at_once_end_whole() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    let calls = (0..40).map(|n| {
        let call = if n % 2 == 0 {
            stand.delete_message(&moderator, message)
        } else {
            stand.restore_message(&moderator, message)
        };
        call.expect(200)
    });
    join_all(calls).await;
    let sql = "select (m.content is null) = (m.deleted_at is not null)
          and (m.content is null) = exists (select from rolecall.removed_contents where message_id = m.id)
        from public.messages as m where m.id = $1";
    assert!(stand.db.one::<bool>(sql, &[&message]).await);
    stand.restore_message(&moderator, message).expect(200).await;
    let content: String = stand.db.one("select content from public.messages where id = $1", &[&message]).await;
    assert_eq!(content, "You are a cheat");
}

#[tokio::test]
async fn a_message_that_does_not_exist_is_not_found() {
    let stand = Stand::shared().await;
    let moderator = stand.user(Role::Moderator).await;
    for call in [stand.delete_message(&moderator, Uuid::new_v4()), stand.restore_message(&moderator, Uuid::new_v4())] {
        call.expect(404).await.refused(Code::NotFound);
    }
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
    let _: Value = stand.db.one("select public.import_legacy_conversations($1)", &[&import]).await;
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
