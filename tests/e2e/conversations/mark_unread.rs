//! Making messages new again.

use crate::conversations::support::*;
use rolecall_e2e::{Code, Role, Stand, fixtures::Starts};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn from_a_message_on_everything_is_new_again() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 10).await;
    stand.mark_read(&reader, conversation, 10).expect(200).await;
    for (from, read, unread) in [(11, 10, 0), (10, 9, 1), (10, 9, 1), (4, 3, 7), (8, 3, 7), (1, 0, 10)] {
        let marked = stand.mark_unread(&reader, conversation, from).expect(200).await;
        marked.has_members(&["conversation_id", "last_read_seq", "unread_count"]);
        assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(read), &json!(unread)), "{from}");
        let page = stand.messages(&reader, conversation, "").expect(200).await;
        assert_eq!(page["conversation"]["unread_count"], unread, "{from}");
        counts_its_messages(&page, &reader);
        assert_eq!(stand.unread(&reader).expect(200).await["unread"], unread, "{from}");
    }
    assert_eq!(stand.unread(&writer).expect(200).await["unread"], 0, "each of the two reads for themselves");
    assert_eq!(stand.mark_read(&reader, conversation, 10).expect(200).await["unread_count"], 0, "and read again");
}

#[tokio::test]
async fn without_a_number_the_newest_message_of_somebody_else_is_new_again() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Admin, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    stand.mark_read(&reader, conversation, 3).expect(200).await;
    for _ in 0..2 {
        stand.reply(&reader, conversation, "On").expect(201).await;
    }
    let path = format!("conversations/{conversation}/unread");
    let marked = stand.post(&path, &json!({})).by(&reader).expect(200).await;
    assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(2), &json!(1)));
    let marked = stand.post(&path, &json!({})).by(&writer).expect(200).await;
    assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(3), &json!(2)), "what is unread stays so");
}

#[tokio::test]
async fn broadcasts_are_new_again_to_who_says_so() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let [attendee, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &other]).await;
    let conversation = stand.broadcast(&organizer, show, "One").expect(201).await.id("conversation_id");
    stand.broadcast(&organizer, show, "Two").expect(201).await;
    for reader in [&attendee, &other] {
        assert_eq!(stand.mark_read(reader, conversation, 2).expect(200).await["unread_count"], 0);
    }
    let marked = stand.mark_unread(&attendee, conversation, 2).expect(200).await;
    assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(1), &json!(1)));
    assert_eq!(stand.mark_unread(&attendee, conversation, 1).expect(200).await["unread_count"], 2);
    assert_eq!(stand.unread(&attendee).expect(200).await["by_kind"], json!({"direct": 0, "show": 2}));
    assert_eq!(stand.unread(&other).expect(200).await["unread"], 0);
    assert_eq!(stand.mark_read(&attendee, conversation, 2).expect(200).await["unread_count"], 0);
}

#[tokio::test]
async fn mark_unread_names_what_is_wrong() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    stand.mark_read(&reader, conversation, 3).expect(200).await;
    let path = format!("conversations/{conversation}/unread");
    for (value, code) in [
        (json!("3"), "wrong_type"),
        (json!(1.5), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!([1]), "wrong_type"),
        (json!(0), "out_of_range"),
        (json!(-1), "out_of_range"),
        (json!(1_u64 << 53), "out_of_range"),
    ] {
        let call = stand.post(&path, &json!({"from_seq": value})).by(&reader);
        let refusal = call.expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [("from_seq", code)], "{value}");
    }
    let call = stand.post(&path, &json!({"up_to_seq": 3})).by(&reader);
    assert_eq!(call.expect(400).await.faults(), [("up_to_seq", "unknown_field")]);
    let [stranger, moderator] = stand.users([Role::MvpDealer, Role::Moderator]).await;
    for user in [&stranger, &moderator] {
        stand.mark_unread(user, conversation, 1).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
        stand.mark_unread(user, Uuid::new_v4(), 1).expect(404).await.refused_by(Code::NotFound, "not_a_participant");
    }
    assert_eq!(stand.unread(&reader).expect(200).await["unread"], 0, "and changes nothing");
    stand.suspend(&reader, 24).await;
    assert_eq!(
        stand.mark_unread(&reader, conversation, 3).expect(200).await["unread_count"],
        1,
        "who is suspended reads on"
    );
}

#[tokio::test]
async fn a_mark_as_unread_under_one_key_is_answered_again() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    stand.mark_read(&reader, conversation, 3).expect(200).await;
    let first = stand.mark_unread(&reader, conversation, 2).key("k").expect(200).await;
    stand.mark_read(&reader, conversation, 3).expect(200).await;
    let again = stand.mark_unread(&reader, conversation, 2).key("k").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["unread_count"], first["unread_count"]);
    assert_eq!(stand.unread(&reader).expect(200).await["unread"], 0, "and not done again");
    stand.mark_unread(&reader, conversation, 3).key("k").expect(422).await.refused(Code::IdempotencyConflict);
}
