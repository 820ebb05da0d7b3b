//! The deletion of messages by moderators, organizers and authors, and the restoration.

use crate::moderation::support::*;
use rolecall_e2e::{Code, Role, Stand, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

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
            .count("rolecall.messages where id = any($1) and deleted_at is null", &[&vec![world.message, direct]])
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
    let content: String = stand.db.one("select content from rolecall.messages where id = $1", &[&message]).await;
    assert_eq!(content, "You are a cheat");
    let kept = "rolecall.removed_contents join rolecall.messages m using (conversation_id, seq) where m.id = $1";
    assert_eq!(stand.db.count(kept, &[&message]).await, 0);
}

#[tokio::test]
async fn a_message_that_does_not_exist_is_not_found() {
    let stand = Stand::shared().await;
    let moderator = stand.user(Role::Moderator).await;
    for call in [stand.delete_message(&moderator, Uuid::new_v4()), stand.restore_message(&moderator, Uuid::new_v4())] {
        call.expect(404).await.refused(Code::NotFound);
    }
}
