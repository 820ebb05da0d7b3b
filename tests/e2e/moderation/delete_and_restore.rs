//! The deletion of messages by moderators, organizers and authors, and the restoration.

use crate::moderation::support::*;
use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
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
    assert_eq!(second["message"]["deleted"], first["message"]["deleted"]);
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

#[tokio::test]
async fn an_author_deletes_what_a_moderator_had_removed_and_nobody_restores_it() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let (message, conversation) = message(&stand, &reader, &author).await;
    let report = reported(&stand, &author, message).await;
    stand.review(&moderator, report, "delete").expect(200).await;
    let wished = stand.delete_message(&reader, message).expect(200).await;
    assert_eq!(wished["message"]["deleted"]["by"], "author");
    for refused in [stand.restore_message(&moderator, message), stand.review(&moderator, report, "restore")] {
        refused.expect(403).await.refused_by(Code::PermissionDenied, "deleted_by_author");
    }
    // Not even by a moderator who deletes it once more.
    stand.delete_message(&moderator, message).expect(200).await;
    stand.restore_message(&moderator, message).expect(403).await;
    let page = stand.messages(&author, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], Value::Null);
    let audit = stand.moderation_audit(&moderator, &format!("message_id={message}")).expect(200).await;
    let wish = &audit.items("entries")[0];
    assert_eq!((&wish["action"], &wish["actor_id"]), (&json!("message_deleted"), &json!(reader.id)));
    assert_eq!(
        (&wish["before"]["deleted"]["by"], &wish["after"]["deleted"]["by"]),
        (&json!("moderator"), &json!("author"))
    );
    assert_eq!(wish["after"]["deleted"]["at"], wished["message"]["deleted"]["at"], "it is known when");
}

#[tokio::test]
async fn an_organizer_does_not_restore_what_a_moderator_deleted() {
    let stand = Stand::shared().await;
    let world = broadcast(&stand).await;
    let moderator = stand.user(Role::Moderator).await;
    stand.delete_message(&world.organizer, world.message).expect(200).await;
    let deleted = stand.delete_message(&moderator, world.message).expect(200).await;
    assert_eq!(deleted["message"]["deleted"]["by"], "moderator");
    let refusal = stand.restore_message(&world.organizer, world.message).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "deleted_by_moderator");
    stand.restore_message(&moderator, world.message).expect(200).await;
}

/// What the queue, the messages of the conversation, the inbox and the export show somebody of a word.
async fn shown(stand: &Stand, user: &User, conversation: Uuid, word: &str) -> [bool; 4] {
    let queue = stand.queue(user, "limit=100").send().await;
    let page = stand.messages(user, conversation, "").send().await;
    let inbox = stand.inbox(user, "").send().await;
    let export = stand.export(user).send().await;
    [
        queue.body.to_string().contains(word),
        page.body.to_string().contains(word),
        inbox.body.to_string().contains(word),
        export.lines().iter().any(|line| line.to_string().contains(word)),
    ]
}

#[tokio::test]
async fn nobody_sees_what_its_author_took_back_and_moderators_alone_what_was_reported_before() {
    let stand = Stand::shared().await;
    let [organizer, author, reader, moderator, suspended] =
        stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::Attendee, Role::Moderator, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&author, &reader]).await;
    let send = async |content: &str| {
        let body = json!({"recipient_id": reader.id, "content": content, "show_id": show});
        let sent = stand.post("send-dm", &body).by(&author).expect(201).await;
        (sent.id("message_id"), sent.id("conversation_id"))
    };
    let words = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()].map(|word| word.to_string());
    let (taken_back, conversation) = send(&words[0]).await;
    let (reported_before, _) = send(&words[1]).await;
    let (reported_after, _) = send(&words[2]).await;
    reported(&stand, &reader, reported_before).await;
    for message in [taken_back, reported_before, reported_after] {
        stand.delete_message(&author, message).expect(200).await;
    }
    reported(&stand, &reader, reported_after).await;
    stand.suspend(&suspended, 1).await;
    for user in [&organizer, &author, &reader, &suspended] {
        for word in &words {
            assert_eq!(shown(&stand, user, conversation, word).await, [false; 4]);
        }
    }
    assert_eq!(shown(&stand, &moderator, conversation, &words[1]).await, [true, true, false, false]);
    for word in [&words[0], &words[2]] {
        assert_eq!(shown(&stand, &moderator, conversation, word).await, [false; 4]);
        assert_eq!(stand.db.count("rolecall.removed_contents where content = $1", &[word]).await, 0, "it is not kept");
    }
}
