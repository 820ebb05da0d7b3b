//! Broadcasts as their audience reads them: frozen at the moment of sending, without a row for each recipient.

use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use uuid::Uuid;

fn contents(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().unwrap_or("")).collect()
}

/// What somebody reads of a conversation; nothing where it is not theirs.
async fn reads(stand: &Stand, user: &User, conversation: Uuid) -> Vec<String> {
    let page = stand.messages(user, conversation, "").send().await;
    if page.status == 404 {
        assert_eq!(page.code(), "not_found");
        assert_eq!(stand.inbox(user, "kind=show").expect(200).await["conversations"], json!([]));
        return Vec::new();
    }
    assert_eq!(page.status, 200, "{}", page.body);
    contents(page.items("messages")).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn the_audience_finds_a_broadcast_in_the_inbox() {
    let stand = Stand::shared().await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee]).await;
    let sent = stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await;

    let inbox = stand.inbox(&attendee, "").expect(200).await;
    let [card] = inbox.items("conversations") else { panic!("{}", inbox.body) };
    assert_eq!((&card["id"], &card["kind"]), (&json!(sent.id("conversation_id")), &json!("show")));
    assert_eq!(card["with"], json!({"id": organizer.id, "display_name": "Somebody", "role": "show_organizer"}));
    assert_eq!(card["show"], json!({"id": show, "title": "A show"}));
    assert_eq!((&card["unread_count"], &card["last_read_seq"]), (&json!(1), &json!(0)));
    assert_eq!(card["last_message"]["content"], "Doors open at nine");
    assert_eq!(card["last_message"]["show_id"], json!(show));
    assert_eq!(card["can_reply"], false);
    assert_eq!(card["reply_refusal"]["rule"], "broadcast_not_answerable");

    let of_sender = stand.inbox(&organizer, "").expect(200).await;
    let [card] = of_sender.items("conversations") else { panic!("{}", of_sender.body) };
    assert_eq!((&card["with"], &card["unread_count"]), (&Value::Null, &json!(0)));
    assert_eq!(card["show"]["id"], json!(show));
}

#[tokio::test]
async fn an_audience_is_who_took_part_with_the_role_at_the_moment_of_sending() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let [early, leaver, promoted, dealer, late, outsider] = stand
        .users([Role::Attendee, Role::Attendee, Role::Attendee, Role::Dealer, Role::Attendee, Role::Attendee])
        .await;
    stand.join(show, &[&early, &leaver, &promoted, &dealer]).await;
    stand.becomes(&promoted, Role::Dealer).await;
    let conversation = stand.broadcast(&organizer, show, "One").expect(201).await.id("conversation_id");
    stand.leave(show, &leaver).await;
    stand.join(show, &[&late]).await;
    stand.broadcast_to(&organizer, show, &["attendee", "dealer"], "Two").expect(201).await;

    for (user, expected) in [
        (&early, vec!["One", "Two"]),
        (&leaver, vec!["One"]),
        // The role of joining counts.
        (&promoted, vec!["One", "Two"]),
        (&dealer, vec!["Two"]),
        (&late, vec!["Two"]),
        (&outsider, vec![]),
    ] {
        assert_eq!(reads(&stand, user, conversation).await, expected);
        let card = stand.inbox(user, "kind=show").expect(200).await;
        let unread = stand.unread(user).expect(200).await;
        assert_eq!(unread["by_kind"]["show"], json!(expected.len()));
        if let [card] = card.items("conversations") {
            assert_eq!(card["last_message"]["content"], *expected.last().unwrap());
            assert_eq!(card["unread_count"], json!(expected.len()));
            assert_eq!(card["last_message"]["seq"], card["last_seq"]);
            assert_eq!(card["last_message"]["created_at"], card["last_message_at"]);
        } else {
            assert!(expected.is_empty());
        }
    }
    // Who comes back has not been there meanwhile.
    stand.join(show, &[&leaver]).await;
    assert_eq!(reads(&stand, &leaver, conversation).await, ["One"]);
    assert_eq!(reads(&stand, &organizer, conversation).await, ["One", "Two"]);
}

#[tokio::test]
async fn a_role_reads_what_is_for_it_and_cannot_learn_of_the_rest() {
    let stand = Stand::shared().await;
    let [admin, organizer, attendee, dealer] =
        stand.users([Role::Admin, Role::ShowOrganizer, Role::Attendee, Role::Dealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    for (roles, message) in
        [(["attendee"], "A1"), (["dealer"], "D1"), (["attendee"], "A2"), (["dealer"], "D2"), (["dealer"], "D3")]
    {
        stand.broadcast_to(&admin, show, &roles, message).expect(201).await;
    }
    let conversation: Uuid = stand.db.one("select id from rolecall.conversations where show_id = $1", &[&show]).await;
    for (user, expected, last) in [(&attendee, vec!["A1", "A2"], 3), (&dealer, vec!["D1", "D2", "D3"], 5)] {
        let page = stand.messages(user, conversation, "").expect(200).await;
        assert_eq!(contents(page.items("messages")), expected);
        assert_eq!((&page["has_more_before"], &page["has_more_after"]), (&json!(false), &json!(false)));
        let card = &page["conversation"];
        assert_eq!((&card["last_seq"], &card["unread_count"]), (&json!(last), &json!(expected.len())));
        // One by one, in both directions.
        let newest = stand.messages(user, conversation, "limit=1").expect(200).await;
        assert_eq!(contents(newest.items("messages")), expected[expected.len() - 1..]);
        assert_eq!((&newest["has_more_before"], &newest["has_more_after"]), (&json!(true), &json!(false)));
        let since = stand.messages(user, conversation, "limit=1&since_seq=0").expect(200).await;
        assert_eq!(contents(since.items("messages")), expected[..1]);
        assert_eq!((&since["has_more_before"], &since["has_more_after"]), (&json!(false), &json!(true)));
        // Reading up to the end of others' is reading up to the end of one's own.
        let marked = stand.mark_read(user, conversation, 5).expect(200).await;
        assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(last), &json!(0)));
    }
}

#[tokio::test]
async fn a_receipt_is_written_when_it_is_read_and_not_before() {
    let stand = Stand::shared().await;
    let [organizer, reader] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader]).await;
    stand.crowd(show, 50).await;
    let conversation = stand.broadcast(&organizer, show, "One").expect(201).await.id("conversation_id");
    stand.broadcast(&organizer, show, "Two").expect(201).await;
    let receipts = "rolecall.broadcast_receipts where conversation_id = $1";
    stand.inbox(&reader, "").expect(200).await;
    stand.messages(&reader, conversation, "").expect(200).await;
    assert_eq!(stand.db.count(receipts, &[&conversation]).await, 0, "looking is not reading");
    let people = "rolecall.conversation_participants where conversation_id = $1";
    assert_eq!(stand.db.count(people, &[&conversation]).await, 1, "the sender alone has a row");

    for (up_to, read, unread) in [(1, 1, 1), (0, 1, 1), (99, 2, 0), (1, 2, 0)] {
        let marked = stand.mark_read(&reader, conversation, up_to).expect(200).await;
        assert_eq!((&marked["last_read_seq"], &marked["unread_count"]), (&json!(read), &json!(unread)), "{up_to}");
    }
    assert_eq!(stand.db.count(receipts, &[&conversation]).await, 1);
    assert_eq!(stand.unread(&reader).expect(200).await["unread"], 0);
    let row: Value = stand
        .db
        .one("select to_jsonb(r) from rolecall.broadcast_receipts as r where conversation_id = $1", &[&conversation])
        .await;
    assert_eq!((&row["user_id"], &row["last_read_seq"]), (&json!(reader.id), &json!(2)));
}

#[tokio::test]
async fn fifty_receipts_at_once_are_one_row_with_the_furthest() {
    let stand = Stand::shared().await;
    let [admin, organizer, reader] = stand.users([Role::Admin, Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&reader]).await;
    let mut conversation = Uuid::nil();
    for number in 0..10 {
        conversation = stand.broadcast(&admin, show, &format!("{number}")).expect(201).await.id("conversation_id");
    }
    let marks = (0..50).map(|n| stand.mark_read(&reader, conversation, n * 7 % 11).expect(200));
    futures::future::join_all(marks).await;
    let read: Vec<i64> = stand
        .db
        .one(
            "select array_agg(last_read_seq) from rolecall.broadcast_receipts where conversation_id = $1",
            &[&conversation],
        )
        .await;
    assert_eq!(read, [10]);
}

#[tokio::test]
async fn an_organizer_reads_what_others_broadcast_in_their_show_and_in_no_other() {
    let stand = Stand::shared().await;
    let [organizer, rival, mvp] = stand.users([Role::ShowOrganizer, Role::ShowOrganizer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    let conversation = stand.broadcast(&mvp, show, "Booth 12").expect(201).await.id("conversation_id");
    assert_eq!(
        contents(stand.messages(&organizer, conversation, "").expect(200).await.items("messages")),
        ["Booth 12"]
    );
    stand.messages(&rival, conversation, "").expect(404).await.refused(Code::NotFound);
}

#[tokio::test]
async fn several_roles_of_one_broadcast_are_one_card() {
    let stand = Stand::shared().await;
    let [organizer, mvp] = stand.users([Role::ShowOrganizer, Role::MvpDealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    stand.broadcast_to(&organizer, show, &["attendee", "dealer", "mvp_dealer"], "One").expect(201).await;
    stand.broadcast_to(&organizer, show, &["mvp_dealer"], "Two").expect(201).await;
    for query in ["", "kind=show", "limit=1"] {
        let inbox = stand.inbox(&mvp, query).expect(200).await;
        let [card] = inbox.items("conversations") else { panic!("{}", inbox.body) };
        assert_eq!((&card["last_seq"], &card["unread_count"]), (&json!(2), &json!(2)));
    }
}

#[tokio::test]
async fn a_sender_in_the_own_audience_has_it_once() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&organizer]).await;
    stand.broadcast_to(&organizer, show, &["show_organizer", "attendee"], "To myself").expect(201).await;
    let inbox = stand.inbox(&organizer, "").expect(200).await;
    let [card] = inbox.items("conversations") else { panic!("{}", inbox.body) };
    assert_eq!((&card["with"], &card["unread_count"]), (&Value::Null, &json!(0)));
    assert_eq!(stand.unread(&organizer).expect(200).await["unread"], 0);
}
