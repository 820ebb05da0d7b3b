//! What somebody reads: the inbox, a conversation's messages, how much is unread, and how far it was read.

use futures::future::join_all;
use rolecall_tests::{Answer, Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::atomic::{AtomicBool, Ordering},
};
use uuid::Uuid;

fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no uuid: {value}"))
}

fn ids(items: &[Value]) -> Vec<Uuid> {
    items.iter().map(|item| id(&item["id"])).collect()
}

fn numbers(page: &Answer) -> Vec<i64> {
    page.items("messages").iter().map(|message| message["seq"].as_i64().unwrap()).collect()
}

fn members(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Every page of the inbox; after each of them something may happen.
async fn every_page(stand: &Stand, user: &User, query: &str, mut between: impl AsyncFnMut()) -> Vec<Value> {
    let (mut cards, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let query = cursor.map_or(query.to_owned(), |cursor| format!("{query}&cursor={cursor}"));
        let page = stand.inbox(user, &query).expect(200).await;
        cards.extend_from_slice(page.items("conversations"));
        let Some(next) = page["next_cursor"].as_str() else { return cards };
        assert!(!page.items("conversations").is_empty(), "a page that says there is more has something on it");
        cursor = Some(next.to_owned());
        between().await;
    }
}

#[tokio::test]
async fn an_inbox_shows_each_conversation_with_its_last_message_newest_first() {
    let stand = Stand::shared().await;
    let [organizer, anna, max] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::MvpDealer]).await;
    let with_anna = stand.send_dm(&organizer, &anna, "Hello Anna").expect(201).await;
    let with_max = stand.send_dm(&max, &organizer, "Hello").expect(201).await;
    let last = stand.send_dm(&max, &organizer, "A table by the door?").expect(201).await;

    let inbox = stand.inbox(&organizer, "").expect(200).await;

    inbox.has_members(&["conversations", "next_cursor"]);
    assert_eq!(inbox["next_cursor"], Value::Null);
    let [first, second] = inbox.items("conversations") else { panic!("{}", inbox.body) };
    let mut expected = [
        "id",
        "kind",
        "version",
        "with",
        "show",
        "last_message",
        "last_seq",
        "last_read_seq",
        "unread_count",
        "can_reply",
        "reply_refusal",
        "created_at",
        "last_message_at",
    ];
    expected.sort_unstable();
    assert_eq!(members(first), expected);
    assert_eq!(first["id"], json!(with_max.id("conversation_id")));
    assert_eq!((&first["kind"], &first["version"]), (&json!("direct"), &json!("v2")));
    assert_eq!(first["with"], json!({"id": max.id, "display_name": "Somebody", "role": "mvp_dealer"}));
    assert_eq!(first["show"], Value::Null);
    assert_eq!(
        (&first["last_seq"], &first["last_read_seq"], &first["unread_count"]),
        (&json!(2), &json!(0), &json!(2))
    );
    assert_eq!((&first["can_reply"], &first["reply_refusal"]), (&json!(true), &Value::Null));
    assert_eq!(
        first["last_message"],
        json!({
            "id": last.id("message_id"), "seq": 2, "sender_id": max.id, "content": "A table by the door?",
            "created_at": last["created_at"], "show_id": null, "deleted": null,
        })
    );
    assert_eq!(first["last_message_at"], last["created_at"]);
    assert_eq!(second["id"], json!(with_anna.id("conversation_id")));
    assert_eq!((&second["unread_count"], &second["last_read_seq"]), (&json!(0), &json!(1)), "one's own is read");

    let of_anna = stand.inbox(&anna, "").expect(200).await;
    let [card] = of_anna.items("conversations") else { panic!("{}", of_anna.body) };
    assert_eq!((&card["with"]["id"], &card["unread_count"]), (&json!(organizer.id), &json!(1)));
}

#[tokio::test]
async fn an_empty_inbox_is_a_page_without_anything() {
    let stand = Stand::shared().await;
    let attendee = stand.user(Role::Attendee).await;
    let inbox = stand.inbox(&attendee, "limit=100").expect(200).await;
    assert_eq!((&inbox["conversations"], &inbox["next_cursor"]), (&json!([]), &Value::Null));
    let unread = stand.unread(&attendee).expect(200).await;
    unread.has_members(&["unread", "conversations", "by_kind"]);
    assert_eq!((&unread["unread"], &unread["conversations"]), (&json!(0), &json!(0)));
    assert_eq!(unread["by_kind"], json!({"direct": 0, "show": 0}));
}

#[tokio::test]
async fn a_caller_without_a_profile_has_no_inbox() {
    let stand = Stand::shared().await;
    let stranger = User::stranger();
    for call in [stand.inbox(&stranger, ""), stand.unread(&stranger), stand.messages(&stranger, Uuid::new_v4(), "")] {
        call.expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    }
}

#[tokio::test]
async fn reading_needs_no_role_that_writes_and_no_good_standing() {
    let stand = Stand::shared().await;
    let [admin, dealer] = stand.users([Role::Admin, Role::Dealer]).await;
    let conversation = stand.send_dm(&admin, &dealer, "Hello").expect(201).await.id("conversation_id");
    stand.suspend(&dealer, 24).await;
    stand.block(&dealer, &admin).await;
    assert_eq!(stand.inbox(&dealer, "").expect(200).await.items("conversations").len(), 1);
    assert_eq!(numbers(&stand.messages(&dealer, conversation, "").expect(200).await), [1]);
    assert_eq!(stand.mark_read(&dealer, conversation, 1).expect(200).await["unread_count"], 0);
}

#[tokio::test]
async fn pages_lead_through_the_whole_inbox_once_while_others_write() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let (mut still, mut busy) = (HashSet::new(), Vec::new());
    for number in 0..60 {
        let other = stand.user(Role::Attendee).await;
        let conversation = stand.history(&reader, &other, 2).await;
        if number % 3 == 0 {
            busy.push(other);
        } else {
            still.insert(conversation);
        }
    }
    for limit in [1, 7, 59, 60, 100] {
        let mut writing = busy.iter().cycle();
        let cards = every_page(&stand, &reader, &format!("limit={limit}"), async || {
            // Somebody moves to the top, and somebody new begins.
            stand.send_dm(&reader, writing.next().unwrap(), "And so on").expect(201).await;
            let newcomer = stand.user(Role::Attendee).await;
            stand.send_dm(&reader, &newcomer, "Welcome").expect(201).await;
        })
        .await;
        let seen = ids(&cards);
        let once: HashSet<Uuid> = seen.iter().copied().collect();
        assert_eq!(once.len(), seen.len(), "no conversation stands on two pages of {limit}");
        assert!(still.is_subset(&once), "no conversation is missing from the pages of {limit}");
        let times: Vec<&str> = cards.iter().map(|card| card["last_message_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|one, next| one >= next), "newest first");
    }
}

#[tokio::test]
async fn conversations_of_the_same_moment_are_paged_without_loss() {
    let stand = Stand::shared().await;
    let reader = stand.user(Role::Admin).await;
    let mut all = HashSet::new();
    for _ in 0..10 {
        let other = stand.user(Role::Attendee).await;
        all.insert(stand.history(&reader, &other, 1).await);
    }
    let sql = "update public.conversations set last_message_at = '2026-01-02 03:04:05.678901Z' where id = any($1)";
    stand.db.run(sql, &[&all.iter().copied().collect::<Vec<_>>()]).await;
    for limit in [1, 3, 10] {
        let seen = ids(&every_page(&stand, &reader, &format!("limit={limit}"), async || ()).await);
        assert_eq!(seen.len(), 10);
        assert_eq!(seen.into_iter().collect::<HashSet<_>>(), all);
    }
}

#[tokio::test]
async fn a_kind_alone_can_be_asked_for() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee]).await;
    let direct = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await.id("conversation_id");
    let to_all = stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await.id("conversation_id");
    for reader in [&organizer, &attendee] {
        for (query, expected) in
            [("kind=direct", vec![direct]), ("kind=show", vec![to_all]), ("", vec![to_all, direct])]
        {
            let inbox = stand.inbox(reader, query).expect(200).await;
            assert_eq!(ids(inbox.items("conversations")), expected, "{query}");
        }
    }
    let unread = stand.unread(&attendee).expect(200).await;
    assert_eq!(unread["by_kind"], json!({"direct": 1, "show": 1}));
    assert_eq!((&unread["unread"], &unread["conversations"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn a_cursor_of_another_kind_of_list_or_of_nobody_changes_nothing_about_whose_inbox_it_is() {
    let stand = Stand::shared().await;
    let [one, other, spy] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    stand.history(&one, &other, 1).await;
    let third = stand.user(Role::Attendee).await;
    stand.history(&one, &third, 1).await;
    let page = stand.inbox(&one, "limit=1").expect(200).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let stolen = stand.inbox(&spy, &format!("cursor={cursor}")).expect(200).await;
    assert_eq!(stolen["conversations"], json!([]));
    let forged = format!("cursor=9223372036854775.{}", Uuid::max());
    assert_eq!(stand.inbox(&spy, &forged).expect(200).await["conversations"], json!([]));
    assert_eq!(stand.inbox(&one, &forged).expect(200).await.items("conversations").len(), 2);
    // A number of the right form beyond what a time can be.
    for microseconds in ["999999999999999999", "-999999999999999999"] {
        let beyond = stand.inbox(&one, &format!("cursor={microseconds}.{}", Uuid::nil())).send().await;
        assert!(matches!(beyond.status, 200 | 400), "{}", beyond.body);
    }
}

#[tokio::test]
async fn a_conversation_is_read_backwards_and_forwards_to_its_ends() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 250).await;

    let newest = stand.messages(&reader, conversation, "limit=100").expect(200).await;
    newest.has_members(&["conversation", "messages", "has_more_before", "has_more_after"]);
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
        ["content", "created_at", "deleted", "id", "sender_id", "seq", "show_id"],
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

/// What holds of a card at any moment.
fn fits_together(card: &Value) {
    let number = |member: &str| card[member].as_i64().unwrap_or_else(|| panic!("no {member}: {card}"));
    assert!(0 <= number("unread_count") && number("last_read_seq") <= number("last_seq"), "{card}");
    assert_eq!(number("unread_count"), number("last_seq") - number("last_read_seq"), "{card}");
    assert_eq!(card["last_message"]["seq"], card["last_seq"], "{card}");
    assert_eq!(card["last_message"]["created_at"], card["last_message_at"], "{card}");
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
        let record = "select level || ' ' || user_id from public.application_logs
            where request_id = $1 and event = 'conversation_read_by_moderator'";
        let level: String = stand.db.one(record, &[&page.request_id()]).await;
        assert_eq!(level, format!("info {}", reader.id));
        assert_eq!(stand.inbox(&reader, "").expect(200).await["conversations"], json!([]), "it is not theirs");
        stand.mark_read(&reader, conversation, 1).expect(404).await.refused(Code::NotFound);
    }
    let own = stand.messages(&one, conversation, "").expect(200).await;
    assert!(stand.audit(own.request_id()).await.is_empty(), "reading one's own is no event");
}

#[tokio::test]
async fn how_far_somebody_has_read_never_goes_back_and_never_beyond_the_end() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 10).await;
    for (up_to, read, unread) in
        [(4, 4, 6), (2, 4, 6), (0, 4, 6), (7, 7, 3), (7, 7, 3), ((1 << 53) - 1, 10, 0), (1, 10, 0)]
    {
        let marked = stand.mark_read(&reader, conversation, up_to).expect(200).await;
        marked.has_members(&["conversation_id", "last_read_seq", "unread_count"]);
        assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(read), &json!(unread)), "{up_to}");
        let card = stand.messages(&reader, conversation, "limit=1").expect(200).await["conversation"].clone();
        assert_eq!((&card["last_read_seq"], &card["unread_count"]), (&json!(read), &json!(unread)), "{up_to}");
    }
    let of_writer = stand.messages(&writer, conversation, "limit=1").expect(200).await;
    assert_eq!(of_writer["conversation"]["unread_count"], 0, "each of the two reads for themselves");
}

#[tokio::test]
async fn mark_read_names_what_is_wrong() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    for (value, code) in [
        (json!(null), "required"),
        (json!("3"), "wrong_type"),
        (json!(1.5), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!([1]), "wrong_type"),
        (json!(-1), "out_of_range"),
        (json!(1_u64 << 53), "out_of_range"),
    ] {
        let body = json!({"up_to_seq": value});
        let call = stand.post(&format!("conversations/{conversation}/read"), &body).by(&reader);
        let refusal = call.expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [("up_to_seq", code)], "{value}");
    }
    let body = json!({"up_to_seq": 3, "last_read_seq": 3});
    let call = stand.post(&format!("conversations/{conversation}/read"), &body).by(&reader);
    assert_eq!(call.expect(400).await.faults(), [("last_read_seq", "unknown_field")]);
    assert_eq!(stand.unread(&reader).expect(200).await["unread"], 3);
}

#[tokio::test]
async fn of_fifty_marks_at_once_the_furthest_stands() {
    let stand = Stand::shared().await;
    for _ in 0..3 {
        let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
        let conversation = stand.history(&reader, &writer, 50).await;
        let marks = join_all((1..=50).map(|n| stand.mark_read(&reader, conversation, n * 37 % 51).expect(200))).await;
        for (n, mark) in (1..=50).zip(&marks) {
            assert!(mark["last_read_seq"].as_i64().unwrap() >= n * 37 % 51, "nobody is told less than they said");
        }
        let unread = stand.unread(&reader).expect(200).await;
        assert_eq!(unread["unread"], 0);
    }
}

#[tokio::test]
async fn a_mark_under_one_key_is_answered_again() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &writer, 3).await;
    let first = stand.mark_read(&reader, conversation, 2).key("k").expect(200).await;
    let again = stand.mark_read(&reader, conversation, 2).key("k").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["unread_count"], first["unread_count"]);
    stand.mark_read(&reader, conversation, 3).key("k").expect(422).await.refused(Code::IdempotencyConflict);
}

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
async fn a_card_says_whether_one_may_reply_just_as_the_reply_does() {
    let stand = Stand::shared().await;
    let mut reasons: HashMap<String, usize> = HashMap::new();
    for &role in Role::ALL {
        for &other_role in Role::ALL {
            for change in ["nothing", "block", "suspension", "closed"] {
                let [reader, other] = stand.users([role, other_role]).await;
                let conversation = stand.history(&reader, &other, 1).await;
                match change {
                    "block" => stand.block(&other, &reader).await,
                    "suspension" => stand.suspend(&reader, 1).await,
                    "closed" => {
                        let close = "update public.conversations set read_only = true where id = $1";
                        stand.db.run(close, &[&conversation]).await;
                    }
                    _ => {}
                }
                let inbox = stand.inbox(&reader, "").expect(200).await;
                let card = inbox.items("conversations")[0].clone();
                let reply = stand.reply(&reader, conversation, "Hello").send().await;
                assert_eq!(card["can_reply"], reply.status == 201, "{role:?} to {other_role:?} {change}: {card}");
                if reply.status == 201 {
                    assert_eq!(card["reply_refusal"], Value::Null);
                } else {
                    let reason = &reply["reasons"][0];
                    let expected = json!({
                        "code": reply.code(), "rule": reason["code"], "message": reason["message"],
                        "allowed_if": reason["allowed_if"],
                    });
                    assert_eq!(card["reply_refusal"], expected, "{role:?} to {other_role:?} {change}");
                    *reasons.entry(reason["code"].as_str().unwrap().to_owned()).or_default() += 1;
                }
            }
        }
    }
    for rule in
        ["attendee_replies_to_staff_only", "dealer_reads_only", "blocked", "suspended", "conversation_read_only"]
    {
        assert!(reasons.contains_key(rule), "{rule}: {reasons:?}");
    }
}

#[tokio::test]
async fn a_rollout_that_takes_replying_away_shows_on_the_card() {
    let stand = Stand::own(Setup::new().variable("rollouts", "send-dm=disabled")).await;
    let [reader, other] = stand.users([Role::Admin, Role::Attendee]).await;
    let conversation = stand.history(&reader, &other, 1).await;
    stand.reply(&reader, conversation, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    let inbox = stand.inbox(&reader, "").expect(200).await;
    let card = &inbox.items("conversations")[0];
    assert_eq!((&card["can_reply"], &card["reply_refusal"]["code"]), (&json!(false), &json!("feature_disabled")));
}
