//! Suspensions: set and lifted by moderators, in force from the next request on.

use rolecall_e2e::{Code, Role, Stand, fixtures::Starts};
use rolecall_shared::rules::matrix::{Action, Decision, Fact, Facts, decide};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn a_suspended_user_reads_and_reports_but_does_not_write_until_it_is_lifted() {
    let stand = Stand::shared().await;
    let [moderator, organizer, attendee] = stand.users([Role::Moderator, Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let conversation = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("conversation_id");
    let until = stand.hours_from_now(24).await;

    let suspended = stand.suspend_user(&moderator, organizer.id, &until).expect(200).await;
    suspended.has_members(&["target_id", "suspended_until"]);
    assert_eq!((suspended.id("target_id"), &suspended["suspended_until"]), (organizer.id, &json!(until)));
    let request = stand.help_request(&attendee).await;
    for call in [
        stand.send_dm(&organizer, &attendee, "Hello"),
        stand.reply(&organizer, conversation, "Hello"),
        stand.broadcast(&organizer, show, "Hello"),
        stand.offer(&organizer, request, "I can drive you."),
    ] {
        call.expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    }
    // One's own words may be taken back.
    stand.delete_message(&organizer, stand.message(conversation, 1).await).expect(200).await;
    stand.inbox(&organizer, "").expect(200).await;
    stand.mark_read(&organizer, conversation, 1).expect(200).await;

    let lifted = stand.lift_suspension(&moderator, organizer.id).expect(200).await;
    lifted.has_members(&["target_id", "suspended_until"]);
    assert_eq!(lifted["suspended_until"], Value::Null);
    stand.send_dm(&organizer, &attendee, "Hello again").expect(201).await;
    let again = stand.lift_suspension(&moderator, organizer.id).expect(200).await;
    assert_eq!(again["suspended_until"], Value::Null, "lifting twice is a success");
}

#[tokio::test]
async fn who_suspends_whom_is_what_the_matrix_says() {
    let stand = Stand::shared().await;
    let until = stand.hours_from_now(1).await;
    for &actor in Role::ALL {
        for &target in Role::ALL {
            let [user, other] = stand.users([actor, target]).await;
            let decision = decide(actor, Action::Suspend, target, Facts::NONE.with(Fact::FeatureEnabled));
            for call in [stand.suspend_user(&user, other.id, &until), stand.lift_suspension(&user, other.id)] {
                match decision {
                    Decision::Allowed { .. } => drop(call.expect(200).await),
                    Decision::Refused { code, rule, .. } => drop(call.expect(403).await.refused_by(code, rule)),
                }
            }
            let until: Option<String> =
                stand.db.one("select suspended_until::text from rolecall.profiles where id = $1", &[&other.id]).await;
            assert_eq!(until, None, "{actor:?} {target:?}");
        }
    }
}

#[tokio::test]
async fn who_cannot_be_suspended() {
    let stand = Stand::shared().await;
    let [admin, moderator, attendee] = stand.users([Role::Admin, Role::Moderator, Role::Attendee]).await;
    let until = stand.hours_from_now(1).await;
    for user in [&admin, &moderator] {
        let refusal = stand.suspend_user(user, user.id, &until).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "self_suspension");
    }
    stand.suspend_user(&moderator, Uuid::new_v4(), &until).expect(404).await.refused(Code::NotFound);
    stand.lift_suspension(&moderator, Uuid::new_v4()).expect(404).await.refused(Code::NotFound);
    let past = stand.hours_from_now(-1).await;
    stand.suspend_user(&moderator, attendee.id, &past).expect(400).await.refused(Code::InvalidInput);
    // Who is suspended does not suspend.
    stand.suspend(&moderator, 1).await;
    let refusal = stand.suspend_user(&moderator, attendee.id, &until).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    assert_eq!(stand.db.count("rolecall.profiles where id = $1 and suspended_until is null", &[&attendee.id]).await, 1);
}

#[tokio::test]
async fn an_end_is_understood_in_any_offset_and_may_be_moved() {
    let stand = Stand::shared().await;
    let [moderator, attendee] = stand.users([Role::Moderator, Role::Attendee]).await;
    for (until, stored) in [
        ("2999-01-01T02:00:00+02:00", "2999-01-01T00:00:00.000000Z"),
        ("2998-12-31T23:59:59.5-00:30", "2999-01-01T00:29:59.500000Z"),
        ("2999-01-01t00:00:00z", "2999-01-01T00:00:00.000000Z"),
    ] {
        let suspended = stand.suspend_user(&moderator, attendee.id, until).expect(200).await;
        assert_eq!(suspended["suspended_until"], stored, "{until}");
    }
}

#[tokio::test]
async fn a_review_suspends_the_author_and_leaves_the_message() {
    let stand = Stand::shared().await;
    let [organizer, author, reader, moderator] =
        stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&author, &reader]).await;
    let conversation = stand.broadcast(&author, show, "Fakes!").expect(201).await.id("conversation_id");
    let message = stand.message(conversation, 1).await;
    let report = stand.report(&reader, message, "Fakes").expect(201).await.id("report_id");
    let until = stand.hours_from_now(48).await;
    let body = json!({"report_id": report, "decision": "suspend", "suspended_until": until});

    let refusal = stand.post("moderation/review", &body).by(&organizer).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "only_moderators_suspend");
    stand.review(&moderator, report, "suspend").expect(400).await;
    let past = json!({"report_id": report, "decision": "suspend", "suspended_until": stand.hours_from_now(-1).await});
    stand.post("moderation/review", &past).by(&moderator).expect(400).await.refused(Code::InvalidInput);
    assert_eq!(stand.db.count("rolecall.reported_messages where id = $1 and status = 'pending'", &[&report]).await, 1);

    let reviewed = stand.post("moderation/review", &body).by(&moderator).expect(200).await;
    assert_eq!(
        (&reviewed["report"]["status"], &reviewed["report"]["decision"]),
        (&json!("actioned"), &json!("suspend"))
    );
    assert_eq!(reviewed["report"]["message"]["deleted"], Value::Null, "deleting is another decision");
    let refusal = stand.broadcast(&author, show, "Fakes again").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    let stored: String = stand
        .db
        .one("select rolecall_internal.iso(suspended_until) from rolecall.profiles where id = $1", &[&author.id])
        .await;
    assert_eq!(stored, until);
}

#[tokio::test]
async fn a_suspended_moderator_sees_no_removed_content() {
    let stand = Stand::shared().await;
    let [moderator, author, admin] = stand.users([Role::Moderator, Role::MvpDealer, Role::Admin]).await;
    let conversation = stand.send_dm(&moderator, &author, "Hello").expect(201).await.id("conversation_id");
    let message = stand.reply(&author, conversation, "An insult").expect(201).await.id("message_id");
    stand.delete_message(&admin, message).expect(200).await;
    let seen = async || {
        let page = stand.messages(&moderator, conversation, "").expect(200).await;
        let inbox = stand.inbox(&moderator, "").expect(200).await;
        [
            page.items("messages")[1]["content"].clone(),
            page["conversation"]["last_message"]["content"].clone(),
            inbox.items("conversations")[0]["last_message"]["content"].clone(),
        ]
    };
    assert_eq!(seen().await, ["An insult", "Hello", "Hello"]);
    stand.suspend(&moderator, 1).await;
    assert_eq!(seen().await, [json!(null), json!("Hello"), json!("Hello")]);
    stand.queue(&moderator, "").expect(403).await.refused_by(Code::PermissionDenied, "suspended");
}

#[tokio::test]
async fn a_suspended_user_keeps_their_name() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    // As PostgREST does it.
    let rename = async |name: &str| {
        let db = stand.connect().await;
        let claims = json!({"sub": user.id, "role": "authenticated"}).to_string();
        let _: String = db.one("select set_config('request.jwt.claims', $1, false)", &[&claims]).await;
        db.script("set role authenticated").await;
        db.run("update rolecall.profiles set display_name = $1", &[&name]).await
    };
    stand.suspend(&user, 1).await;
    rename("Somebody else").await;
    let name = "select display_name from rolecall.profiles where id = $1";
    assert_eq!(stand.db.one::<String>(name, &[&user.id]).await, "Somebody");
    stand.suspend(&user, -1).await;
    rename("Somebody else").await;
    assert_eq!(stand.db.one::<String>(name, &[&user.id]).await, "Somebody else");
}
