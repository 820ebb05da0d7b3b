//! Direct messages to a person: who may, who may not and why, and what is left in the database.

use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use rolecall_shared::rules::matrix::{Action, Decision, Fact, Facts, decide};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn an_attendee_writes_to_an_mvp_dealer() {
    let stand = Stand::shared().await;
    let [attendee, dealer] = stand.users([Role::Attendee, Role::MvpDealer]).await;

    let sent = stand.send_dm(&attendee, &dealer, "  Is the Charizard still there?\n").expect(201).await;

    sent.has_members(&["message_id", "conversation_id", "seq", "created_at"]);
    assert_eq!(sent["seq"], 1);
    let created_at = sent["created_at"].as_str().unwrap();
    assert!(created_at.len() == 27 && created_at.ends_with('Z') && created_at.contains('T'), "{created_at}");
    let content: String =
        stand.db.one("select content from rolecall.messages where id = $1", &[&sent.id("message_id")]).await;
    assert_eq!(content, "Is the Charizard still there?", "white space at the ends is no part of a message");
    let read: Vec<i64> = stand
        .db
        .one(
            "select array_agg(last_read_seq order by user_id = $2) from rolecall.conversation_participants
             where conversation_id = $1",
            &[&sent.id("conversation_id"), &attendee.id],
        )
        .await;
    assert_eq!(read, [0, 1], "the sender has read the own message, the recipient has not");
}

#[tokio::test]
async fn two_people_have_one_conversation_whoever_writes() {
    let stand = Stand::shared().await;
    let [attendee, dealer] = stand.users([Role::Attendee, Role::MvpDealer]).await;

    let first = stand.send_dm(&attendee, &dealer, "Hello").expect(201).await;
    let second = stand.send_dm(&dealer, &attendee, "Hello to you").expect(201).await;
    let third = stand.send_dm(&attendee, &dealer, "How much?").expect(201).await;

    assert_eq!(first.id("conversation_id"), second.id("conversation_id"));
    assert_eq!(first.id("conversation_id"), third.id("conversation_id"));
    assert_eq!([&first["seq"], &second["seq"], &third["seq"]], [1, 2, 3]);
}

#[tokio::test]
async fn every_pair_of_roles_is_answered_as_the_matrix_says() {
    let stand = Stand::shared().await;
    for &sender_role in Role::ALL {
        for &recipient_role in Role::ALL {
            let [sender, recipient] = stand.users([sender_role, recipient_role]).await;
            let facts = Facts::NONE.with(Fact::FeatureEnabled);
            let call = stand.send_dm(&sender, &recipient, "Hello");
            match decide(sender_role, Action::StartDm, recipient_role, facts) {
                Decision::Allowed { .. } => {
                    call.expect(201).await;
                }
                Decision::Refused { code, rule, allowed_if, .. } => {
                    let refusal = call.expect(403).await.refused_by(code, rule);
                    assert_eq!(refusal["reasons"][0]["allowed_if"], allowed_if);
                    assert_eq!(stand.traces(&sender).await + stand.traces(&recipient).await, 0);
                    let audit = stand.audit(refusal.request_id()).await;
                    let [(code, _, user)] = audit.as_slice() else { panic!("one audit row, not {audit:?}") };
                    assert_eq!((code.as_deref(), *user), (Some("permission_denied"), Some(sender.id)));
                }
            }
        }
    }
}

#[tokio::test]
async fn an_attendee_does_not_write_to_a_dealer_and_learns_why() {
    let stand = Stand::shared().await;
    let [attendee, dealer] = stand.users([Role::Attendee, Role::Dealer]).await;
    let refusal = stand.send_dm(&attendee, &dealer, "Hello").expect(403).await;
    let refusal = refusal.refused_by(Code::PermissionDenied, "attendee_writes_to_mvp_dealers_only");
    let reason = &refusal["reasons"][0];
    assert_eq!(refusal["detail"], reason["message"]);
    assert!(reason["allowed_if"].as_str().unwrap().contains("MVP dealer"), "{reason}");
}

#[tokio::test]
async fn an_mvp_dealer_writes_to_attendees_and_dealers_of_a_shared_show_only() {
    let stand = Stand::shared().await;
    for role in [Role::Attendee, Role::Dealer] {
        let [dealer, other, organizer] = stand.users([Role::MvpDealer, role, Role::ShowOrganizer]).await;
        let show = stand.show(&organizer, Starts::InAWeek).await;
        stand.join(show, &[&dealer]).await;
        let refusal = stand.send_dm(&dealer, &other, "Hello").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "mvp_dealer_writes_within_a_shared_show");

        stand.join(show, &[&other]).await;
        stand.send_dm(&dealer, &other, "Hello").expect(201).await;
    }
}

#[tokio::test]
async fn a_show_named_in_the_request_must_be_the_shared_one() {
    let stand = Stand::shared().await;
    let [dealer, attendee, organizer] = stand.users([Role::MvpDealer, Role::Attendee, Role::ShowOrganizer]).await;
    let shared = stand.show(&organizer, Starts::InAWeek).await;
    let other = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(shared, &[&dealer, &attendee]).await;
    stand.join(other, &[&dealer]).await;
    let body = |show: Uuid| json!({"recipient_id": attendee.id, "content": "Hello", "show_id": show});

    let refusal = stand.post("send-dm", &body(other)).by(&dealer).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "show_of_both");
    stand.post("send-dm", &body(Uuid::new_v4())).by(&dealer).expect(404).await.refused(Code::NotFound);
    assert_eq!(stand.traces(&dealer).await, 0);

    let sent = stand.post("send-dm", &body(shared)).by(&dealer).expect(201).await;
    let show: Uuid =
        stand.db.one("select show_id from rolecall.messages where id = $1", &[&sent.id("message_id")]).await;
    assert_eq!(show, shared);
}

#[tokio::test]
async fn nobody_writes_to_themselves() {
    let stand = Stand::shared().await;
    for &role in Role::ALL {
        let user = stand.user(role).await;
        let refusal = stand.send_dm(&user, &user, "Dear diary").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "self_message");
        assert_eq!(stand.traces(&user).await, 0);
    }
}

#[tokio::test]
async fn a_block_stops_messages_both_ways_until_it_is_lifted() {
    let stand = Stand::shared().await;
    let [organizer, attendee, dealer] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::MvpDealer]).await;
    stand.block(&attendee, &organizer).await;
    stand.block(&attendee, &dealer).await;
    for (from, to) in [(&organizer, &attendee), (&attendee, &dealer)] {
        let refusal = stand.send_dm(from, to, "Hello").expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "blocked");
    }
    assert_eq!(stand.traces(&attendee).await, 0);

    stand.db.run("delete from rolecall.user_blocks where blocker_id = $1", &[&attendee.id]).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
}

#[tokio::test]
async fn a_suspended_user_cannot_write_until_the_suspension_ends() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.suspend(&admin, 1).await;
    let refusal = stand.send_dm(&admin, &attendee, "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    assert_eq!(stand.traces(&admin).await, 0);

    stand.suspend(&admin, -1).await;
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
}

#[tokio::test]
async fn a_suspended_user_can_still_be_written_to() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.suspend(&attendee, 1).await;
    stand.send_dm(&admin, &attendee, "You are suspended because …").expect(201).await;
}

#[tokio::test]
async fn a_recipient_that_does_not_exist_is_not_found() {
    let stand = Stand::shared().await;
    let sender = stand.user(Role::Admin).await;
    stand.send_dm(&sender, &User::stranger(), "Anybody there?").expect(404).await.refused(Code::NotFound);
    assert_eq!(stand.traces(&sender).await, 0);
}

#[tokio::test]
async fn a_caller_without_a_profile_has_no_role_and_is_refused() {
    let stand = Stand::shared().await;
    let [dealer] = stand.users([Role::MvpDealer]).await;
    let stranger = User::stranger();
    let refusal = stand.send_dm(&stranger, &dealer, "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "no_profile");
    assert_eq!(stand.traces(&stranger).await + stand.traces(&dealer).await, 0);
}

#[tokio::test]
async fn a_role_change_holds_for_the_next_request_whatever_the_token_says() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    stand.becomes(&admin, Role::Dealer).await;
    let refusal = stand.send_dm(&admin, &attendee, "Hello again").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "dealer_reads_only");
}

#[tokio::test]
async fn text_arrives_as_it_was_sent() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for text in [
        "'; drop table rolecall.messages; --",
        "Zeile eins\nZeile zwei\tmit Tabulator",
        "日本語 👩‍🚀 🇯🇵 e\u{301}",
        "{\"json\": [1, null]} \\u0000 \\ \" $1 %s",
        "<script>alert(1)</script>",
        "مرحبا",
    ] {
        let sent = stand.send_dm(&admin, &attendee, text).expect(201).await;
        let stored: String =
            stand.db.one("select content from rolecall.messages where id = $1", &[&sent.id("message_id")]).await;
        assert_eq!(stored, text);
    }
}

#[tokio::test]
async fn nobody_chooses_a_foreign_show_whose_organizer_would_judge_the_message() {
    let stand = Stand::shared().await;
    let [attendee, mvp, friend, admin] =
        stand.users([Role::Attendee, Role::MvpDealer, Role::ShowOrganizer, Role::Admin]).await;
    let show = stand.show(&friend, Starts::InAWeek).await;
    let about = |to: &User| json!({"recipient_id": to.id, "content": "Hello", "show_id": show});
    // Before the two have a conversation, and in it; alone, and by somebody whom the roles allow everything.
    for _ in 0..2 {
        for sender in [&attendee, &admin] {
            let refusal = stand.post("send-dm", &about(&mvp)).by(sender).expect(403).await;
            let refusal = refusal.refused_by(Code::PermissionDenied, "show_of_both");
            assert!(refusal["reasons"][0]["allowed_if"].is_string());
            let check = json!({"action": "start_dm", "recipient_id": mvp.id, "show_id": show});
            let checked = stand.check(sender, &check).expect(200).await;
            assert_eq!((&checked["allowed"], &checked["rule"]), (&json!(false), &json!("show_of_both")));
        }
        stand.join(show, &[&attendee]).await;
        let refusal = stand.post("send-dm", &about(&mvp)).by(&attendee).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "show_of_both");
        stand.leave(show, &attendee).await;
        stand.send_dm(&attendee, &mvp, "Hello").expect(201).await;
    }
    assert_eq!(stand.db.count("rolecall.messages where show_id = $1", &[&show]).await, 0);
    stand.join(show, &[&attendee, &mvp]).await;
    stand.post("send-dm", &about(&mvp)).by(&attendee).expect(201).await;
    // The organizer has a part in it: they write about it to everybody, and who takes part writes about it to them.
    stand.post("send-dm", &about(&admin)).by(&friend).expect(201).await;
    stand.post("send-dm", &about(&friend)).by(&mvp).expect(201).await;
}
