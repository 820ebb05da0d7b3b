//! Broadcasts: who may, to whom, what is answered and stored.

use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn an_organizer_broadcasts_to_the_roles_of_the_own_show() {
    let stand = Stand::shared().await;
    let [organizer, dealer, mvp] = stand.users([Role::ShowOrganizer, Role::Dealer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&dealer, &mvp]).await;
    stand.crowd(show, 7).await;

    let sent = stand.broadcast_to(&organizer, show, &["attendee", "dealer"], "Doors open at nine").expect(201).await;

    sent.has_members(&["broadcast_id", "conversation_id", "audience_count", "quota_remaining"]);
    assert_eq!(sent["audience_count"], 8);
    assert_eq!(sent["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
    let stored: (String, i64, Vec<String>) = {
        let row = stand
            .db
            .query_one(
                "select m.content, b.audience_count, b.recipient_roles::text[] from rolecall.broadcasts b
                 join rolecall.messages m on m.id = b.message_id where b.id = $1",
                &[&sent.id("broadcast_id")],
            )
            .await
            .unwrap();
        (row.get(0), row.get(1), row.get(2))
    };
    assert_eq!(stored, ("Doors open at nine".into(), 8, vec!["attendee".into(), "dealer".into()]));
}

#[tokio::test]
async fn broadcasts_of_one_sender_for_one_show_are_one_conversation() {
    let stand = Stand::shared().await;
    let [organizer, admin] = stand.users([Role::ShowOrganizer, Role::Admin]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let first = stand.broadcast(&organizer, show, "One").expect(201).await;
    let second = stand.broadcast(&organizer, show, "Two").expect(201).await;
    let other = stand.broadcast(&admin, show, "Three").expect(201).await;
    assert_eq!(first.id("conversation_id"), second.id("conversation_id"));
    assert_ne!(first.id("conversation_id"), other.id("conversation_id"));
}

#[tokio::test]
async fn nobody_is_in_their_own_audience() {
    let stand = Stand::shared().await;
    let [organizer, mvp] = stand.users([Role::ShowOrganizer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&organizer, &mvp]).await;
    let sent = stand.broadcast_to(&organizer, show, &["show_organizer", "mvp_dealer"], "Hello").expect(201).await;
    assert_eq!(sent["audience_count"], 1);
}

#[tokio::test]
async fn an_mvp_dealer_broadcasts_to_attendees_of_a_show_they_take_part_in() {
    let stand = Stand::shared().await;
    let [organizer, mvp] = stand.users([Role::ShowOrganizer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.crowd(show, 3).await;
    let refusal = stand.broadcast(&mvp, show, "Booth 12").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "mvp_dealer_broadcasts_to_attendees");
    assert_eq!(stand.traces(&mvp).await, 0);

    stand.join(show, &[&mvp]).await;
    let sent = stand.broadcast(&mvp, show, "Booth 12").expect(201).await;
    assert_eq!(sent["audience_count"], 3);
}

#[tokio::test]
async fn an_mvp_dealer_broadcasts_to_nobody_but_attendees() {
    let stand = Stand::shared().await;
    let [organizer, mvp] = stand.users([Role::ShowOrganizer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    for roles in [vec!["dealer"], vec!["attendee", "dealer"], vec!["moderator", "admin", "attendee"]] {
        let refusal = stand.broadcast_to(&mvp, show, &roles, "Hello").expect(403).await.refused(Code::PermissionDenied);
        assert!(refusal.reasons().contains(&"mvp_dealer_broadcasts_to_attendees_only"), "{}", refusal.body);
        assert!(!refusal.reasons().contains(&"mvp_dealer_broadcasts_to_attendees"), "attendees are not the trouble");
    }
    assert_eq!(stand.traces(&mvp).await, 0);
}

#[tokio::test]
async fn those_who_do_not_broadcast_are_told_the_rule() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    for (role, rule) in [
        (Role::Attendee, "attendee_does_not_broadcast"),
        (Role::Dealer, "dealer_reads_only"),
        (Role::Moderator, "moderator_does_not_broadcast"),
    ] {
        let user = stand.user(role).await;
        stand.join(show, &[&user]).await;
        let refusal = stand.broadcast(&user, show, "Hello").expect(403).await.refused_by(Code::PermissionDenied, rule);
        assert_eq!(stand.traces(&user).await, 0);
        assert_eq!(stand.audit(refusal.request_id()).await.len(), 1);
    }
}

#[tokio::test]
async fn an_organizer_does_not_broadcast_in_the_show_of_another() {
    let stand = Stand::shared().await;
    let [organizer, rival] = stand.users([Role::ShowOrganizer, Role::ShowOrganizer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&rival]).await;
    let refusal = stand.broadcast(&rival, show, "Come to mine").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "show_organizer_broadcasts_in_own_show");
    assert_eq!(stand.traces(&rival).await, 0);
}

#[tokio::test]
async fn a_suspended_sender_does_not_broadcast() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.suspend(&organizer, 1).await;
    let refusal = stand.broadcast(&organizer, show, "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "suspended");
    assert_eq!(stand.traces(&organizer).await, 0);
}

#[tokio::test]
async fn an_unknown_show_is_not_found_and_a_stranger_is_refused() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.broadcast(&organizer, Uuid::new_v4(), "Hello").expect(404).await.refused(Code::NotFound);
    let refusal = stand.broadcast(&User::stranger(), show, "Hello").expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "no_profile");
    assert_eq!(stand.traces(&organizer).await, 0);
}

#[tokio::test]
async fn a_dry_run_answers_like_the_real_thing_and_changes_nothing() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.crowd(show, 4).await;
    let body = json!({"show_id": show, "recipient_roles": ["attendee"], "message": "Hello", "dry_run": true});

    for _ in 0..3 {
        let rehearsed = stand.post("send-broadcast", &body).by(&organizer).expect(200).await;
        assert_eq!(rehearsed["dry_run"], true);
        assert_eq!(rehearsed["broadcast_id"], json!(null));
        assert_eq!(rehearsed["conversation_id"], json!(null));
        assert_eq!(rehearsed["audience_count"], 4);
        assert_eq!(rehearsed["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
    }
    assert_eq!(stand.traces(&organizer).await, 0);

    let sent = stand.broadcast(&organizer, show, "Hello").expect(201).await;
    assert_eq!(sent["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
    let rehearsed = stand.post("send-broadcast", &body).by(&organizer).expect(200).await;
    assert_eq!(rehearsed["conversation_id"], sent["conversation_id"]);
    stand.broadcast(&organizer, show, "Hello").expect(201).await;

    let refused = stand.post("send-broadcast", &body).by(&organizer).expect(429).await.refused(Code::QuotaExceeded);
    assert_eq!(stand.audit(refused.request_id()).await, [], "a rehearsal leaves no audit row");
    let dealer = stand.user(Role::Dealer).await;
    let refused = stand.post("send-broadcast", &body).by(&dealer).expect(403).await;
    refused.refused_by(Code::PermissionDenied, "dealer_reads_only");
}
