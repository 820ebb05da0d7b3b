//! Rate limits and reading when many do it at once, and 10,000 messages of another system read back one by one.

use std::collections::BTreeSet;

use crate::support::{Database, at_once, call, count, demo, list, one, request};
use serde_json::{Map, Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_exactly_as_many_are_let_in_as_there_are_tokens() {
    let database = Database::demo().await;
    let client = database.admin().await;
    // A window so long that no token comes while this runs.
    client
        .batch_execute("update rate_limits set capacity = 20, window_seconds = 1000000 where action = 'send_dm'")
        .await
        .expect("a superuser may");
    let clients = database.edges(50).await;
    let requests: Vec<Value> = (0..50)
        .map(|number| request(demo(1), json!({"recipient_id": demo(4), "content": format!("message {number}")})))
        .collect();
    let answers = at_once(&clients, "send_dm", &requests).await;
    assert_eq!((count(&answers, "ok"), count(&answers, "rate_limited")), (20, 30), "{answers:?}");
    let left: BTreeSet<i64> = answers
        .iter()
        .filter(|answer| answer["ok"] == true)
        .filter_map(|answer| answer["limits"][0]["remaining"].as_i64())
        .collect();
    assert_eq!(left, (0..20).collect(), "each was told another number");
    assert_eq!(one::<i64>(&client, "select count(*) from messages").await, 20);

    // A new bucket, made by whoever comes first, and one that holds a single token.
    for round in 0..10 {
        client
            .batch_execute(
                "delete from rolecall.rate_buckets;
                 update rate_limits set capacity = 1 where action = 'send_dm'",
            )
            .await
            .expect("a superuser may");
        let answers = at_once(&clients, "send_dm", &requests).await;
        assert_eq!((count(&answers, "ok"), count(&answers, "rate_limited")), (1, 49), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_stays_read_whoever_comes_last() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client
        .batch_execute("update rate_limits set capacity = null; update broadcast_limits set per_quota_day = null")
        .await
        .expect("a superuser may");
    let edge = database.edge().await;
    let mut direct = Value::Null;
    let mut show = Value::Null;
    for number in 0..40 {
        let message = format!("message {number}");
        let sent =
            call(&edge, "send_dm", &request(demo(4), json!({"recipient_id": demo(1), "content": message}))).await;
        direct = sent["data"]["conversation_id"].clone();
        // Every other one is for somebody else.
        let roles = if number % 2 == 0 { "attendee" } else { "dealer" };
        let input = json!({"show_id": demo(11), "recipient_roles": [roles], "message": message});
        let sent = call(&edge, "send_broadcast", &request(demo(5), input)).await;
        show = sent["data"]["conversation_id"].clone();
    }

    let clients = database.edges(40).await;
    for (conversation, newest, unread) in [(direct, 40, 0), (show, 39, 0)] {
        let requests: Vec<Value> = (1..=40)
            .map(|number| request(demo(1), json!({"conversation_id": conversation, "up_to_seq": number})))
            .collect();
        let answers = at_once(&clients, "mark_read", &requests).await;
        assert_eq!(count(&answers, "ok"), 40, "{answers:?}");
        for (number, answer) in (1..=40).zip(&answers) {
            // A broadcast to others is none that could be read.
            let least = if newest == 40 { number } else { (number - 1) / 2 * 2 + 1 };
            let read = answer["data"]["last_read_seq"].as_i64().expect("a number");
            assert!(read >= least, "{answer}");
        }
        let last = call(&edge, "mark_read", &requests[0]).await;
        assert_eq!(last["data"]["last_read_seq"], newest, "the greatest stays");
        assert_eq!(last["data"]["unread_count"], unread);
    }
    let answer = call(&edge, "unread", &request(demo(1), json!({}))).await;
    assert_eq!(answer["data"], json!({"unread": 0, "conversations": 0, "by_kind": {"direct": 0, "show": 0}}));
    assert_eq!(one::<i64>(&client, "select count(*) from broadcast_receipts").await, 1);
}

/// Texts that have broken somebody's import.
const TEXTS: &[&str] = &[
    "Is the card still there?",
    "",
    " ",
    "a\u{0301}\u{0323} e\u{0301}",
    "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}",
    "\u{202E}desrever\u{202C}",
    "\u{FEFF}begins with a mark",
    "tabs\tand\r\nlines\u{2028}of every kind\u{0085}",
    "\u{1}\u{1F}\u{7F}\u{FFFF}\u{10FFFF}",
    "'; drop table messages; --",
    "\\u0000 \\ \" ' {} []",
    "שלום עולם, مرحبا, 你好, नमस्ते",
];

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_of_before_are_read_back_as_they_were() {
    let database = Database::demo().await;
    let client = database.admin().await;
    // 100 conversations of 100 messages: numbers with gaps and in no order, some missing, as is everything else at times.
    let mut expected: Vec<Vec<(i64, Value)>> = Vec::new();
    let mut conversations = Vec::new();
    for conversation in 0..100_i64 {
        let mut messages = Vec::new();
        let mut order = Vec::new();
        for place in 0..100_i64 {
            let mut message = Map::new();
            // 37 and 100 share no factor, so that every number comes once.
            let number = place * 37 % 100;
            if number < 90 {
                message.insert("seq".into(), json!(number * 3 + conversation));
            }
            if place % 7 != 0 {
                let sender = if place % 2 == 0 { demo(1) } else { demo(4) };
                message.insert("sender_id".into(), json!(sender));
            }
            if place % 11 != 0 {
                let text = TEXTS[(place + conversation) as usize % TEXTS.len()];
                message.insert("content".into(), json!(format!("{text}{}", "é".repeat((place % 5 * 700) as usize))));
            }
            if place % 13 != 0 {
                message.insert(
                    "created_at".into(),
                    json!(format!("2020-01-{:02}T{:02}:{:02}:00.000000Z", place % 28 + 1, number % 24, place % 60)),
                );
            }
            if place % 3 == 0 {
                message.insert("id".into(), json!(format!("{conversation}-{place}")));
            }
            let numbered = message.get("seq").and_then(Value::as_i64);
            let at = message.get("created_at").and_then(Value::as_str).map(str::to_owned);
            // Numbers first, then times, then as they come.
            order.push((
                (numbered.is_none(), numbered, at.is_none(), at, place),
                json!({
                    "sender_id": message.get("sender_id"),
                    "content": message.get("content"),
                    "created_at": message.get("created_at"),
                }),
            ));
            messages.push(Value::Object(message));
        }
        order.sort_by(|one, other| one.0.cmp(&other.0));
        expected.push((1..).zip(order.into_iter().map(|(_, message)| message)).collect());
        conversations.push(json!({
            "id": format!("c0000000-0000-4000-8000-{conversation:012}"),
            "participants": [demo(1), if conversation % 10 == 0 { demo(99) } else { demo(4) }],
            "messages": messages,
        }));
    }
    let given = Value::Array(conversations);
    let import = async || -> Value {
        client.query_one("select import_legacy_conversations($1)", &[&given]).await.expect("it imports").get(0)
    };
    assert_eq!(import().await, json!({"conversations": 100, "messages": 10_000, "already_imported": 0, "skipped": []}));
    let rows = "select md5(string_agg(m::text, ' ' order by id)) from messages m";
    let before: String = one(&client, rows).await;
    assert_eq!(import().await, json!({"conversations": 0, "messages": 0, "already_imported": 100, "skipped": []}));
    assert_eq!(one::<String>(&client, rows).await, before, "importing twice changes nothing");

    let edge = database.edge().await;
    let mut cursor = Value::Null;
    let mut seen = BTreeSet::new();
    loop {
        let page = call(&edge, "inbox", &request(demo(1), json!({"limit": 30, "cursor": cursor}))).await;
        for card in page["data"]["conversations"].as_array().expect("a list") {
            assert_eq!(
                (&card["version"], &card["unread_count"], &card["can_reply"], &card["last_seq"]),
                (&json!("v1"), &json!(0), &json!(false), &json!(100)),
                "{card}"
            );
            assert!(seen.insert(card["id"].as_str().expect("an id").to_owned()), "twice: {card}");
        }
        cursor = page["data"]["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 100);

    for (id, wanted) in seen.iter().zip(&expected) {
        // From the newest back, 37 at a time.
        let mut found: Vec<(i64, Value)> = Vec::new();
        let mut before = Value::Null;
        loop {
            let input = json!({"conversation_id": id, "limit": 37, "before_seq": before});
            let page = call(&edge, "messages", &request(demo(1), input)).await;
            let mut messages: Vec<(i64, Value)> = page["data"]["messages"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|message| {
                    (
                        message["seq"].as_i64().expect("a number"),
                        json!({
                            "sender_id": message["sender_id"],
                            "content": message["content"],
                            "created_at": message["created_at"],
                        }),
                    )
                })
                .collect();
            before = json!(messages[0].0);
            messages.append(&mut found);
            found = messages;
            if page["data"]["has_more_before"] == false {
                break;
            }
        }
        assert_eq!(&found, wanted, "{id}");
    }
    let open = list(&client, "select id::text from conversations where not read_only or version <> 'v1'").await;
    assert_eq!(open, [] as [String; 0]);
}
