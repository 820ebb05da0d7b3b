//! Conversations that were there before: imported whole, read beside the others, and closed for writing.

use rolecall_e2e::{Code, Db, Role, Stand, User};
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// Text as people write it, and as broken clients once stored it.
const ODD: [&str; 10] = [
    "日本語のメッセージ",
    "👩‍🚀👨‍👩‍👧‍👦 🇯🇵 e\u{301}",
    "مرحبا \u{202e}reversed\u{202c}",
    "tab\tand\nlines\r\n",
    "\u{feff}with a byte order mark",
    "\u{1}\u{2}\u{1f} control characters",
    "\u{fffd}\u{ffff}\u{10ffff} no characters",
    "'; drop table rolecall.messages; -- \\u0000 \\ \" $1 %s",
    "   white space at both ends   ",
    "<script>alert(1)</script>",
];

/// The operator, who alone imports.
async fn operator(stand: &Stand) -> Db {
    let db = stand.connect().await;
    db.script("set role service_role").await;
    db
}

async fn import(db: &Db, conversations: &Value) -> Value {
    db.one("select rolecall.import_legacy_conversations($1)", &[conversations]).await
}

/// Every message of a conversation, read page by page.
async fn read_all(stand: &Stand, user: &User, conversation: Uuid) -> Vec<Value> {
    let (mut all, mut since) = (Vec::new(), 0);
    loop {
        let page = stand.messages(user, conversation, &format!("limit=200&since_seq={since}")).expect(200).await;
        all.extend_from_slice(page.items("messages"));
        if page["has_more_after"] == false {
            return all;
        }
        since = all.last().unwrap()["seq"].as_i64().unwrap();
    }
}

#[tokio::test]
async fn ten_thousand_old_messages_are_imported_and_read_over_http() {
    let stand = Stand::shared().await;
    let [reader, other] = stand.users([Role::Attendee, Role::Admin]).await;
    let gone = Uuid::new_v4();
    // One long conversation and a hundred short ones; numbers with gaps, odd text, missing fields.
    let conversation = Uuid::new_v4();
    let message = |n: usize| {
        let mut message = json!({
            "id": Uuid::new_v4(), "seq": n * 3 + 7, "sender_id": if n.is_multiple_of(2) { other.id } else { reader.id },
            "content": format!("{} {n}", ODD[n % ODD.len()]),
            "created_at": format!("20{:02}-03-04T05:06:07.{:06}Z", 10 + n / 1000, n),
        });
        match n % 50 {
            10 => drop(message.as_object_mut().unwrap().remove("content")),
            20 => drop(message.as_object_mut().unwrap().remove("sender_id")),
            30 => drop(message.as_object_mut().unwrap().remove("created_at")),
            40 => message["sender_id"] = json!(gone),
            _ => {}
        }
        message
    };
    let long: Vec<Value> = (0..9_000).map(message).collect();
    let mut conversations = vec![json!({"id": conversation, "participants": [reader.id, other.id], "messages": long})];
    let mut short = Vec::new();
    for number in 0..100 {
        let id = Uuid::new_v4();
        let messages: Vec<Value> = (0..10).map(|n| message(number * 10 + n)).collect();
        conversations.push(json!({"id": id, "participants": [reader.id, gone], "messages": messages}));
        short.push(id);
    }
    let conversations = Value::Array(conversations);
    let db = operator(&stand).await;
    let report = import(&db, &conversations).await;
    assert_eq!((&report["conversations"], &report["messages"]), (&json!(101), &json!(10_000)), "{report}");
    assert_eq!(report["skipped"], json!([]));
    let again = import(&db, &conversations).await;
    assert_eq!((&again["conversations"], &again["messages"]), (&json!(0), &json!(0)), "importing twice adds nothing");

    let read = read_all(&stand, &reader, conversation).await;
    assert_eq!(read.len(), long.len());
    for (place, (read, given)) in read.iter().zip(&long).enumerate() {
        assert_eq!(read["seq"], place + 1, "numbered anew without gaps, in the old order");
        for member in ["id", "sender_id", "content"] {
            assert_eq!(read[member], given[member], "{member} of message {place}");
        }
        match given["created_at"].as_str() {
            Some(time) => assert_eq!(read["created_at"], time),
            None => assert_eq!(read["created_at"], Value::Null),
        }
        assert_eq!(read["deleted"], Value::Null);
    }
    let mut count = read.len();
    for id in &short {
        count += read_all(&stand, &reader, *id).await.len();
    }
    assert_eq!(count, 10_000);

    let card = stand.messages(&reader, conversation, "limit=1").expect(200).await["conversation"].clone();
    assert_eq!((&card["version"], &card["kind"]), (&json!("v1"), &json!("direct")));
    assert_eq!((&card["unread_count"], &card["can_reply"]), (&json!(0), &json!(false)));
    assert_eq!(card["reply_refusal"]["code"], "conversation_read_only");
    assert_eq!(stand.unread(&reader).expect(200).await["unread"], 0, "what is old is not news");
    let (mut listed, mut cursor) = (HashSet::new(), String::new());
    loop {
        let page = stand.inbox(&reader, &format!("limit=40{cursor}")).expect(200).await;
        for card in page.items("conversations") {
            assert_eq!(card["version"], "v1");
            assert!(listed.insert(card["id"].as_str().unwrap().to_owned()), "{card}");
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(listed.len(), 101);
}

#[tokio::test]
async fn an_old_conversation_is_read_only_and_a_new_one_begins_beside_it() {
    let stand = Stand::shared().await;
    let [staff, attendee, spy] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let old = Uuid::new_v4();
    let conversations = json!([{
        "id": old, "participants": [staff.id, attendee.id],
        "messages": [{"sender_id": staff.id, "content": "Long ago", "created_at": "2011-12-13T14:15:16Z"}],
    }]);
    import(&operator(&stand).await, &conversations).await;
    for author in [&staff, &attendee] {
        let refusal = stand.reply(author, old, "Still there?").expect(409).await;
        refusal.refused_by(Code::ConversationReadOnly, "conversation_read_only");
    }
    stand.messages(&spy, old, "").expect(404).await.refused(Code::NotFound);
    stand.mark_read(&attendee, old, 1).expect(200).await;

    let new = stand.send_dm(&staff, &attendee, "Once more").expect(201).await;
    assert_ne!(new.id("conversation_id"), old);
    assert_eq!(new["seq"], 1);
    let inbox = stand.inbox(&attendee, "").expect(200).await;
    let versions: Vec<&Value> = inbox.items("conversations").iter().map(|card| &card["version"]).collect();
    assert_eq!(versions, ["v2", "v1"], "newest first");
    assert_eq!(read_all(&stand, &attendee, old).await.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_imported_is_skipped_and_said_and_the_rest_is_there() {
    let stand = Stand::shared().await;
    let [reader, other] = stand.users([Role::Attendee, Role::Admin]).await;
    let good = Uuid::new_v4();
    let conversations = json!([
        "no conversation",
        {"id": good, "participants": [reader.id, other.id], "messages": [{"content": "One"}, {"content": "Two"}]},
        null,
        {"participants": "nobody", "messages": []},
        {"participants": [], "messages": [{"content": "To whom?"}]},
    ]);
    let report = import(&operator(&stand).await, &conversations).await;
    assert_eq!(report["messages"], 2, "{report}");
    let skipped = report["skipped"].as_array().unwrap();
    for index in [0, 2, 3] {
        assert!(skipped.iter().any(|skip| skip["index"] == index && skip["reason"].is_string()), "{index}: {report}");
    }
    let contents: Vec<Value> =
        read_all(&stand, &reader, good).await.iter().map(|message| message["content"].clone()).collect();
    assert_eq!(contents, ["One", "Two"]);
}

#[tokio::test]
async fn an_id_that_is_no_uuid_becomes_one_that_stays() {
    let stand = Stand::shared().await;
    let [reader, other] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversations = json!([{
        "id": format!("old-{}", Uuid::new_v4()), "participants": [reader.id, other.id],
        "messages": [{"id": "42", "content": "One"}, {"id": 43, "content": "Two"}],
    }]);
    let db = operator(&stand).await;
    let first = import(&db, &conversations).await;
    assert_eq!((&first["conversations"], &first["messages"]), (&json!(1), &json!(2)), "{first}");
    let again = import(&db, &conversations).await;
    assert_eq!((&again["conversations"], &again["messages"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!(stand.inbox(&reader, "").expect(200).await.items("conversations").len(), 1);
}

#[tokio::test]
async fn nobody_but_the_operator_imports() {
    let stand = Stand::shared().await;
    for role in ["anon", "authenticated", "rolecall_edge"] {
        let db = stand.connect().await;
        db.script(&format!("set role {role}")).await;
        let refused = db.query("select rolecall.import_legacy_conversations('[]')", &[]).await;
        let error = refused.expect_err(role);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{role}");
    }
}
