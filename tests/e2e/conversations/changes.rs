//! What has changed in a conversation: messages as they are now, the card, and how far its people have read.

use crate::conversations::support::*;
use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn changes_are_the_messages_as_they_are_now_in_the_order_in_which_they_changed() {
    let stand = Stand::shared().await;
    let [reader, writer, moderator] = stand.users([Role::Attendee, Role::Admin, Role::Moderator]).await;
    let conversation = stand.history(&reader, &writer, 6).await;
    let nothing = stand.changes(&reader, conversation, 0).expect(200).await;
    nothing.has_members(&["messages", "conversation", "marks", "revision", "more"]);
    assert_eq!((&nothing["messages"], &nothing["revision"], &nothing["more"]), (&json!([]), &json!(0), &json!(false)));

    for seq in [5, 2, 3] {
        stand.delete_message(&moderator, stand.message(conversation, seq).await).expect(200).await;
    }
    stand.restore_message(&moderator, stand.message(conversation, 5).await).expect(200).await;
    let changes = stand.changes(&reader, conversation, 0).expect(200).await;
    assert_eq!(numbers(&changes), [2, 3, 5], "each once, by its last change");
    assert_eq!(changes["messages"][0]["content"], Value::Null);
    assert_eq!(changes["messages"][2]["content"], "Message 5", "it is back");
    assert_eq!(changes["more"], false);
    let revision = changes["revision"].clone();
    assert_eq!(changes["conversation"]["revision"], revision, "nothing has changed since");
    let card = &stand.inbox(&reader, "").expect(200).await["conversations"][0];
    assert_eq!(&changes["conversation"], card, "the card is that of the inbox");

    // A page at a time, by the revision of each answer.
    let path = |since: &Value| format!("conversations/{conversation}/changes?limit=1&since_revision={since}");
    let (mut since, mut seen) = (json!(0), Vec::new());
    loop {
        let page = stand.get(&path(&since)).by(&reader).expect(200).await;
        seen.extend(numbers(&page));
        since = page["revision"].clone();
        if page["more"] == false {
            break;
        }
    }
    assert_eq!((seen, since), (vec![2, 3, 5], revision));
}

#[tokio::test]
async fn marks_say_how_far_both_people_have_read_and_of_broadcasts_how_far_the_caller_has() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 6).await;
    stand.mark_read(&reader, conversation, 4).expect(200).await;
    let mark = |user: &User, seq: i64| json!({"user_id": user.id, "last_read_seq": seq});
    for user in [&reader, &writer] {
        let changes = stand.changes(user, conversation, 0).expect(200).await;
        let mut marks = changes.items("marks").to_vec();
        marks.sort_by_key(|mark| mark["last_read_seq"].as_i64());
        assert_eq!(marks, [mark(&reader, 4), mark(&writer, 6)]);
    }

    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader]).await;
    let sent = stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await;
    let conversation = sent.id("conversation_id");
    stand.mark_read(&reader, conversation, 1).expect(200).await;
    assert_eq!(stand.changes(&reader, conversation, 0).expect(200).await["marks"], json!([mark(&reader, 1)]));
    assert_eq!(stand.changes(&organizer, conversation, 0).expect(200).await["marks"], json!([mark(&organizer, 1)]));
}

#[tokio::test]
async fn changes_are_for_those_who_read_the_messages() {
    let stand = Stand::shared().await;
    let [reader, writer, other, moderator] =
        stand.users([Role::Attendee, Role::Admin, Role::Attendee, Role::Moderator]).await;
    let conversation = stand.history(&reader, &writer, 2).await;
    stand.changes(&other, conversation, 0).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    stand.changes(&other, Uuid::new_v4(), 0).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    stand
        .changes(&User::stranger(), conversation, 0)
        .expect(403)
        .await
        .refused_by(Code::PermissionDenied, "no_profile");
    let looked = stand.changes(&moderator, conversation, 0).expect(200).await;
    assert_eq!(looked["marks"], json!([]), "who moderates has no business with who has read");
    let logged = stand.audit(looked.request_id()).await;
    assert_eq!(logged.len(), 1, "and is logged: {logged:?}");
    let path = format!("conversations/{conversation}/changes");
    let refused = stand.get(&path).by(&reader).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refused.faults(), [("since_revision", "required")]);
    stand.suspend(&reader, 24).await;
    stand.changes(&reader, conversation, 0).expect(200).await;
}
