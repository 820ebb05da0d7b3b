//! A conversation's messages, in pages.

use crate::conversations::support::*;
use futures::future::join_all;
use rolecall_e2e::{Code, Role, Stand, fixtures::Starts};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::atomic::{AtomicBool, Ordering},
};
use uuid::Uuid;

#[tokio::test]
async fn a_conversation_is_read_backwards_and_forwards_to_its_ends() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 250).await;

    let newest = stand.messages(&reader, conversation, "limit=100").expect(200).await;
    newest.has_members(&["conversation", "messages", "has_more_before", "has_more_after", "revision"]);
    assert_eq!(newest["conversation"]["id"], json!(conversation));
    assert_eq!(numbers(&newest), (151..=250).collect::<Vec<_>>());
    assert_eq!((&newest["has_more_before"], &newest["has_more_after"]), (&json!(true), &json!(false)));
    let older = stand.messages(&reader, conversation, "limit=100&before_seq=151").expect(200).await;
    assert_eq!(numbers(&older), (51..=150).collect::<Vec<_>>());
    assert_eq!((&older["has_more_before"], &older["has_more_after"]), (&json!(true), &json!(true)));
    let oldest = stand.messages(&reader, conversation, "limit=100&before_seq=51").expect(200).await;
    assert_eq!(numbers(&oldest), (1..=50).collect::<Vec<_>>());
    assert_eq!((&oldest["has_more_before"], &oldest["has_more_after"]), (&json!(false), &json!(true)));
    for query in ["before_seq=1", "since_seq=250", "since_seq=999999"] {
        let page = stand.messages(&reader, conversation, query).expect(200).await;
        assert_eq!(numbers(&page), [0; 0], "{query}");
    }
    let mut since = 0;
    let mut seen = Vec::new();
    loop {
        let page = stand.messages(&reader, conversation, &format!("limit=200&since_seq={since}")).expect(200).await;
        seen.extend(numbers(&page));
        since = *seen.last().unwrap();
        if page["has_more_after"] == false {
            break;
        }
    }
    assert_eq!(seen, (1..=250).collect::<Vec<_>>());
    assert_eq!(numbers(&stand.messages(&reader, conversation, "").expect(200).await), (201..=250).collect::<Vec<_>>());
    let message = &newest.items("messages")[0];
    assert_eq!(
        members(message),
        ["content", "created_at", "deleted", "edited_at", "id", "reactions", "sender_id", "seq", "show_id", "version"],
        "and no other member"
    );
    assert_eq!((&message["content"], &message["sender_id"]), (&json!("Message 151"), &json!(writer.id)));
}

#[tokio::test]
async fn who_asks_for_what_came_since_gets_everything_once_while_it_comes() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Admin, Role::Admin]).await;
    let conversation = stand.send_dm(&writer, &reader, "Hello").expect(201).await.id("conversation_id");
    let over = AtomicBool::new(false);
    let write = async {
        for _ in 0..10 {
            join_all(
                (0..10)
                    .map(|n| stand.reply(if n % 2 == 0 { &writer } else { &reader }, conversation, "On").expect(201)),
            )
            .await;
        }
        over.store(true, Ordering::SeqCst);
    };
    let read = async {
        let mut seen: Vec<i64> = Vec::new();
        loop {
            // Asked before the page is: what is written after it is on the next page.
            let last_round = over.load(Ordering::SeqCst);
            let since = seen.last().copied().unwrap_or(0);
            let page = stand.messages(&reader, conversation, &format!("limit=7&since_seq={since}")).expect(200).await;
            seen.extend(numbers(&page));
            if last_round && page["has_more_after"] == false {
                return seen;
            }
        }
    };
    let ((), seen) = tokio::join!(write, read);
    assert_eq!(seen, (1..=101).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_one_answer_says_fits_together_while_people_write() {
    let stand = Stand::shared().await;
    let [one, two] = stand.users([Role::Admin, Role::Admin]).await;
    let conversation = stand.send_dm(&one, &two, "Hello").expect(201).await.id("conversation_id");
    let over = AtomicBool::new(false);
    let write = async {
        for round in 0..20 {
            let authors = (0..10).map(|n| if n % 2 == 0 { &one } else { &two });
            join_all(authors.map(|author| stand.reply(author, conversation, "On").expect(201))).await;
            stand.mark_read(&one, conversation, round * 10).expect(200).await;
        }
        over.store(true, Ordering::SeqCst);
    };
    let read = async {
        while !over.load(Ordering::SeqCst) {
            for query in ["limit=3", "limit=200&since_seq=0"] {
                let page = stand.messages(&one, conversation, query).expect(200).await;
                fits_together(&page["conversation"]);
                // Either the page ends where the card does, or it says that there is more.
                let ends = numbers(&page).last().copied() == page["conversation"]["last_seq"].as_i64();
                assert!(ends || page["has_more_after"] == true, "{}", page.body);
                if page["has_more_before"] == false && page["has_more_after"] == false {
                    counts_its_messages(&page, &one);
                }
            }
            let inbox = stand.inbox(&two, "").expect(200).await;
            inbox.items("conversations").iter().for_each(fits_together);
            let unread = stand.unread(&one).expect(200).await;
            assert!(unread["unread"].as_i64().is_some_and(|unread| unread >= 0), "{}", unread.body);
            assert_eq!(unread["unread"], unread["by_kind"]["direct"], "{}", unread.body);
        }
    };
    tokio::join!(write, read, async {
        while !over.load(Ordering::SeqCst) {
            fits_together(&stand.messages(&two, conversation, "limit=3").expect(200).await["conversation"]);
        }
    });
}

#[tokio::test]
async fn who_asks_what_has_changed_learns_what_was_deleted_restored_and_erased() {
    let stand = Stand::shared().await;
    let [reader, writer, moderator] = stand.users([Role::Attendee, Role::Admin, Role::Moderator]).await;
    let conversation = stand.history(&reader, &writer, 6).await;
    let loaded = stand.messages(&reader, conversation, "").expect(200).await;
    let mut revision = loaded["revision"].as_i64().unwrap();
    assert_eq!(loaded["conversation"]["revision"], revision);
    let mut changes = async || {
        let page = stand.messages(&reader, conversation, &format!("changed_since={revision}")).expect(200).await;
        page.has_members(&["conversation", "messages", "has_more_before", "has_more_after", "revision"]);
        revision = page["revision"].as_i64().unwrap();
        let of = |message: &Value| format!("{} {}", message["seq"], message["content"].as_str().unwrap_or("-"));
        page.items("messages").iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(changes().await, [""; 0]);
    let [second, fifth] = [stand.message(conversation, 2).await, stand.message(conversation, 5).await];
    stand.delete_message(&moderator, fifth).expect(200).await;
    stand.delete_message(&moderator, second).expect(200).await;
    assert_eq!(changes().await, ["5 -", "2 -"], "in the order of the changes");
    assert_eq!(changes().await, [""; 0]);
    stand.restore_message(&moderator, fifth).expect(200).await;
    assert_eq!(changes().await, ["5 Message 5"]);
    stand.reply(&writer, conversation, "A new one").expect(201).await;
    assert_eq!(changes().await, [""; 0], "what is new comes with since_seq");
    assert_eq!(stand.delete_own_data(&writer).expect(200).await["status"], "complete");
    let mut erased = changes().await;
    erased.sort_unstable();
    assert_eq!(erased, ["1 -", "2 -", "3 -", "4 -", "5 -", "6 -", "7 -"]);
    let inbox = stand.inbox(&reader, "").expect(200).await;
    assert_eq!(inbox.items("conversations")[0]["revision"], revision, "the card says when there is something");

    let mut since = 0;
    let mut seen = Vec::new();
    loop {
        let query = format!("limit=2&changed_since={since}");
        let page = stand.messages(&reader, conversation, &query).expect(200).await;
        seen.extend(numbers(&page));
        since = page["revision"].as_i64().unwrap();
        if page["has_more_after"] == false {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!((seen, since), ((1..=7).collect(), revision), "a client that was away for long pages through them");
    for query in ["changed_since=1&since_seq=1", "changed_since=1&before_seq=1"] {
        let refusal = stand.messages(&reader, conversation, query).expect(400).await;
        assert_eq!(refusal.faults(), [("changed_since", "contradiction")], "{query}");
    }
    for (query, code) in [("changed_since=-1", "out_of_range"), ("changed_since=x", "wrong_type")] {
        let refusal = stand.messages(&reader, conversation, query).expect(400).await;
        assert_eq!(refusal.faults(), [("changed_since", code)], "{query}");
    }
    let stranger = stand.user(Role::Admin).await;
    assert_eq!(numbers(&stand.messages(&stranger, conversation, "changed_since=0").expect(200).await).len(), 7);
    let stranger = stand.user(Role::ShowOrganizer).await;
    stand.messages(&stranger, conversation, "changed_since=0").expect(404).await.refused(Code::NotFound);
}

#[tokio::test]
async fn the_audience_of_broadcasts_learns_what_has_changed_of_those_for_it() {
    let stand = Stand::shared().await;
    let [organizer, attendee, dealer] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Dealer]).await;
    let moderator = stand.user(Role::Moderator).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    let conversation = stand.broadcast(&organizer, show, "One").expect(201).await.id("conversation_id");
    stand.broadcast_to(&organizer, show, &["dealer"], "Two").expect(201).await;
    for seq in [2, 1] {
        let message = stand.message(conversation, seq).await;
        stand.delete_message(&moderator, message).expect(200).await;
    }
    for (reader, changed) in [(&attendee, vec![1]), (&dealer, vec![2]), (&organizer, vec![2, 1])] {
        let page = stand.messages(reader, conversation, "changed_since=0").expect(200).await;
        assert_eq!((numbers(&page), &page["revision"]), (changed, &json!(2)));
        let page = stand.messages(reader, conversation, "changed_since=2").expect(200).await;
        assert_eq!(numbers(&page), [0; 0]);
    }
}

#[tokio::test]
async fn a_conversation_of_others_is_as_unknown_as_one_that_does_not_exist() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.send_dm(&one, &other, "Between us").expect(201).await.id("conversation_id");
    for role in [Role::Attendee, Role::Dealer, Role::MvpDealer, Role::ShowOrganizer] {
        let spy = stand.user(role).await;
        let mut details = HashSet::new();
        for id in [conversation, Uuid::new_v4()] {
            let reading = stand.messages(&spy, id, "").expect(404).await.refused(Code::NotFound);
            let marking = stand.mark_read(&spy, id, 1).expect(404).await.refused(Code::NotFound);
            for refusal in [reading, marking] {
                let mut body = refusal.body.clone();
                body.as_object_mut().unwrap().remove("request_id");
                details.insert(body.to_string());
            }
        }
        assert!(details.len() <= 2, "nobody learns from a refusal that it exists: {details:?}");
        assert_eq!(stand.inbox(&spy, "").expect(200).await["conversations"], json!([]));
        assert_eq!(stand.traces(&spy).await, 0);
    }
}

#[tokio::test]
async fn moderators_and_admins_read_any_conversation_and_it_is_on_record() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let conversation = stand.send_dm(&one, &other, "Between us").expect(201).await.id("conversation_id");
    for role in [Role::Moderator, Role::Admin] {
        let reader = stand.user(role).await;
        let page = stand.messages(&reader, conversation, "").expect(200).await;
        assert_eq!(numbers(&page), [1]);
        let record = "select level || ' ' || user_id from rolecall.application_logs
            where request_id = $1 and event = 'conversation_read_by_moderator'";
        let level: String = stand.db.one(record, &[&page.request_id()]).await;
        assert_eq!(level, format!("info {}", reader.id));
        assert_eq!(stand.inbox(&reader, "").expect(200).await["conversations"], json!([]), "it is not theirs");
        stand.mark_read(&reader, conversation, 1).expect(404).await.refused(Code::NotFound);
    }
    let own = stand.messages(&one, conversation, "").expect(200).await;
    assert!(stand.audit(own.request_id()).await.is_empty(), "reading one's own is no event");
}
