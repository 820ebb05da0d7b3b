//! How much is unread.

use crate::conversations::support::*;
use rolecall_e2e::{Role, Stand, fixtures::Starts};
use serde_json::json;

#[tokio::test]
async fn unread_in_total_is_the_sum_of_the_inbox() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let mut conversations = Vec::new();
    for messages in 1..=12 {
        let other = stand.user(Role::Attendee).await;
        conversations.push(stand.history(&reader, &other, messages).await);
    }
    stand.mark_read(&reader, conversations[11], 5).expect(200).await;
    stand.mark_read(&reader, conversations[3], 4).expect(200).await;
    let cards = every_page(&stand, &reader, "limit=5", async || ()).await;
    let sum: i64 = cards.iter().map(|card| card["unread_count"].as_i64().unwrap()).sum();
    let with_any = cards.iter().filter(|card| card["unread_count"] != 0).count();
    let unread = stand.unread(&reader).expect(200).await;
    assert_eq!((unread["unread"].as_i64(), sum), (Some(69), 69));
    assert_eq!((&unread["conversations"], with_any), (&json!(11), 11));
    assert_eq!(unread["by_kind"], json!({"direct": 69, "show": 0}));
}

#[tokio::test]
async fn two_people_who_write_at_once_have_one_unread_each() {
    let stand = Stand::shared().await;
    let [one, two] = stand.users([Role::Admin, Role::Admin]).await;
    let conversation = stand.send_dm(&one, &two, "Hello").expect(201).await.id("conversation_id");
    stand.reply(&two, conversation, "Hello").expect(201).await;
    for reader in [&one, &two] {
        assert_eq!(stand.unread(reader).expect(200).await["unread"], 1);
        let page = stand.messages(reader, conversation, "").expect(200).await;
        assert_eq!(page["conversation"]["unread_count"], 1);
        counts_its_messages(&page, reader);
    }
}

#[tokio::test]
async fn sending_reads_nothing_but_ones_own_message() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Admin, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 4).await;
    for replies in 1..=3 {
        stand.reply(&reader, conversation, "On").expect(201).await;
        assert_eq!(stand.unread(&reader).expect(200).await["unread"], 4, "four unread and {replies} sent: still four");
    }
    let marked = stand.mark_read(&reader, conversation, 3).expect(200).await;
    assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(3), &json!(1)));
    let marked = stand.mark_read(&reader, conversation, 7).expect(200).await;
    assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(7), &json!(0)));
    stand.reply(&reader, conversation, "On").expect(201).await;
    let page = stand.messages(&reader, conversation, "").expect(200).await;
    assert_eq!(page["conversation"]["last_read_seq"], 8, "who has read everything stays at the end");
    assert_eq!(stand.unread(&writer).expect(200).await["unread"], 4);
}

#[tokio::test]
async fn what_is_deleted_is_not_unread() {
    let stand = Stand::shared().await;
    let [reader, writer, moderator] = stand.users([Role::Attendee, Role::Admin, Role::Moderator]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    let [second, third] = [stand.message(conversation, 2).await, stand.message(conversation, 3).await];
    let unread = async || {
        let page = stand.messages(&reader, conversation, "").expect(200).await;
        counts_its_messages(&page, &reader);
        let unread = stand.unread(&reader).expect(200).await;
        assert_eq!(unread["unread"], page["conversation"]["unread_count"]);
        assert_eq!(unread["conversations"], i64::from(unread["unread"] != 0));
        unread["unread"].as_i64().unwrap()
    };
    stand.delete_message(&writer, third).expect(200).await;
    assert_eq!(unread().await, 2);
    stand.delete_message(&moderator, second).expect(200).await;
    assert_eq!(unread().await, 1);
    stand.restore_message(&moderator, second).expect(200).await;
    assert_eq!(unread().await, 2);
    assert_eq!(stand.mark_read(&reader, conversation, 2).expect(200).await["unread_count"], 0);
    assert_eq!(unread().await, 0);
    stand.reply(&writer, conversation, "On").expect(201).await;
    assert_eq!(unread().await, 1);
    stand.delete_own_data(&writer).expect(200).await;
    assert_eq!(unread().await, 0, "nor what is erased");
}

#[tokio::test]
async fn a_deleted_broadcast_is_not_unread() {
    let stand = Stand::shared().await;
    let [organizer, moderator] = stand.users([Role::ShowOrganizer, Role::Moderator]).await;
    let [attendee, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &other]).await;
    let conversation = stand.broadcast(&organizer, show, "One").expect(201).await.id("conversation_id");
    stand.broadcast(&organizer, show, "Two").expect(201).await;
    let message = stand.message(conversation, 2).await;
    for (deleted, unread) in [(false, 2), (true, 1), (false, 2), (true, 1)] {
        if deleted {
            stand.delete_message(&moderator, message).expect(200).await;
        } else {
            stand.restore_message(&moderator, message).expect(200).await;
        }
        for reader in [&attendee, &other] {
            let counts = stand.unread(reader).expect(200).await;
            assert_eq!(counts["by_kind"], json!({"direct": 0, "show": unread}));
            let page = stand.messages(reader, conversation, "").expect(200).await;
            counts_its_messages(&page, reader);
        }
    }
    assert_eq!(stand.mark_read(&attendee, conversation, 1).expect(200).await["unread_count"], 0);
    assert_eq!(stand.unread(&attendee).expect(200).await["unread"], 0);
}
