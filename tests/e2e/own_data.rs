//! What is somebody's own: the export of it, streamed line by line, and the end of their messages.

use rolecall_postgres::Mode;
use rolecall_tests::{Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};

/// The lines by their type; the last one must say how many there were.
fn by_type(lines: &[Value]) -> HashMap<&str, Vec<&Value>> {
    let (end, rest) = lines.split_last().expect("a line");
    assert_eq!(*end, json!({"type": "end", "lines": rest.len()}));
    let mut types: HashMap<&str, Vec<&Value>> = HashMap::new();
    for line in rest {
        types.entry(line["type"].as_str().unwrap()).or_default().push(line);
    }
    types
}

#[tokio::test]
async fn an_export_has_everything_somebody_wrote_or_is_addressed_by() {
    let stand = Stand::shared().await;
    let [user, friend, organizer, stranger] =
        stand.users([Role::Attendee, Role::MvpDealer, Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&user]).await;
    let sent = stand.send_dm(&user, &friend, "Is the Charizard there?").expect(201).await;
    let answered = stand.send_dm(&friend, &user, "It is.").expect(201).await;
    stand.broadcast(&organizer, show, "Doors open at nine").expect(201).await;
    stand.broadcast_to(&organizer, show, &["dealer"], "For dealers only").expect(201).await;
    stand.block_user(&user, stranger.id).expect(201).await;
    let report = stand.report(&user, answered.id("message_id"), "Rude").expect(201).await;
    let request = stand.help_request(&user).await;
    stand.offer(&friend, request, "I can drive you.").expect(201).await;
    // Of others, and none of the caller's.
    stand.send_dm(&organizer, &stranger, "Something between us").expect(201).await;

    let export = stand.export(&user).expect(200).await;
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    assert_eq!(export.header("cache-control"), "no-store");
    let types = by_type(export.lines());
    let number = |name: &str| types.get(name).map_or(0, Vec::len);
    assert_eq!(number("profile"), 1);
    assert_eq!(number("block"), 1);
    assert_eq!(number("report"), 1);
    assert_eq!(number("help_conversation"), 1);
    assert!(number("help_message") >= 1, "{:?}", types.keys());
    assert_eq!(number("conversation"), 1);
    assert_eq!(number("message"), 2);
    assert_eq!(number("broadcast"), 1);
    let messages: HashSet<&str> = types["message"].iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(
        messages,
        HashSet::from([sent["message_id"].as_str().unwrap(), answered["message_id"].as_str().unwrap()])
    );
    let text = export.body.to_string();
    assert!(text.contains("Doors open at nine") && text.contains("Is the Charizard there?"));
    assert!(text.contains(report["report_id"].as_str().unwrap()));
    assert!(!text.contains("For dealers only") && !text.contains("between us"), "{text}");
    let line = stand.runner().request_line(export.request_id());
    assert_eq!((&line["service"], &line["user_id"]), (&json!("own-data"), &json!(user.id)));
}

#[tokio::test]
async fn an_export_is_for_people_with_a_profile() {
    let stand = Stand::shared().await;
    let refusal = stand.export(&User::stranger()).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "no_profile");
    let refusal = stand.delete_own_data(&User::stranger()).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "no_profile");
    let user = stand.user(Role::Dealer).await;
    stand.suspend(&user, 1).await;
    by_type(stand.export(&user).expect(200).await.lines());
}

#[tokio::test]
async fn thousands_of_lines_are_all_there_once() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    let mut conversations = Vec::new();
    for messages in [3_000, 1, 499, 500, 501, 700] {
        let other = stand.user(Role::Admin).await;
        conversations.push(stand.history(&user, &other, messages).await);
    }
    let others = stand.users([Role::Dealer; 12]).await;
    for other in &others {
        stand.block(&user, other).await;
    }
    let deleted = stand.message(conversations[0], 1234).await;
    stand.delete_message(&stand.user(Role::Moderator).await, deleted).expect(200).await;

    let export = stand.export(&user).expect(200).await;
    let types = by_type(export.lines());
    assert_eq!((types["conversation"].len(), types["block"].len()), (6, 12));
    let messages = &types["message"];
    assert_eq!(messages.len(), 5_201);
    let ids: HashSet<&str> = messages.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 5_201);
    let placeholder = messages.iter().find(|line| line["id"] == json!(deleted)).unwrap();
    assert_eq!((&placeholder["content"], &placeholder["deleted"]["by"]), (&Value::Null, &json!("moderator")));
}

/// The resident memory of a process, in MiB.
fn memory_mib(process: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<i64>().unwrap() / 1024
}

/// Somebody with a conversation of this many messages, each 2,000 letters long.
async fn with_much_to_read(stand: &Stand, messages: i64) -> User {
    let [user, other] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&user, &other, messages).await;
    let sql = "update public.messages set content = repeat('x', 2000) where conversation_id = $1";
    stand.db.run(sql, &[&conversation]).await;
    user
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_whose_database_dies_ends_with_an_error_and_without_an_end() {
    let stand = Stand::own(Setup::new().own_cluster()).await;
    // More than the sockets on the way can hold: the rest is fetched while the client reads.
    let user = with_much_to_read(&stand, 20_000).await;
    let small = stand.user(Role::Attendee).await;
    by_type(stand.export(&small).expect(200).await.lines());
    let before = memory_mib(stand.runner().id());
    let mut lines = stand.export(&user).open().await;
    assert_eq!(lines.next().await.unwrap().unwrap()["type"], "profile");
    {
        let cluster = stand.cluster.clone().unwrap();
        let mut cluster = cluster.lock().await;
        tokio::task::block_in_place(|| cluster.stop(Mode::Immediate)).unwrap();
    }
    let (mut read, mut last) = (1, Value::Null);
    while let Some(line) = lines.next().await.unwrap() {
        assert_eq!(last, Value::Null, "nothing follows the error");
        match line["type"].as_str() {
            Some("error") => last = line,
            Some("end") => panic!("an end after {read} lines of a broken export"),
            _ => read += 1,
        }
    }
    assert_eq!((&last["code"], &last["lines"]), (&json!("database_unavailable"), &json!(read)));
    assert!(read < 20_000, "{read} lines");
    let grown = memory_mib(stand.runner().id()) - before;
    println!("{read} lines were read of 20,000; the runner's memory grew by {grown} MiB");
    let cluster = stand.cluster.clone().unwrap();
    tokio::task::block_in_place(|| cluster.blocking_lock().start_again()).unwrap();
}

#[tokio::test]
async fn an_export_of_forty_megabytes_does_not_pass_through_memory_whole() {
    let stand = Stand::own(Setup::new()).await;
    let user = with_much_to_read(&stand, 20_000).await;
    let small = stand.user(Role::Attendee).await;
    by_type(stand.export(&small).expect(200).await.lines());
    let before = memory_mib(stand.runner().id());
    let mut lines = stand.export(&user).open().await;
    let (mut messages, mut bytes, mut most, mut ended) = (0, 0, before, false);
    while let Some(line) = lines.next().await.unwrap() {
        assert!(!ended, "nothing follows the end");
        if line["type"] == "message" {
            messages += 1;
            bytes += line["content"].as_str().unwrap().len();
        }
        if messages % 1_000 == 0 {
            most = most.max(memory_mib(stand.runner().id()));
        }
        ended = line["type"] == "end";
    }
    assert_eq!((messages, ended), (20_000, true));
    println!("{bytes} bytes of contents exported; the runner grew by at most {} MiB", most - before);
    assert!(most - before < 24, "{} MiB", most - before);
}

#[tokio::test]
async fn a_deletion_leaves_placeholders_and_readable_threads() {
    let stand = Stand::shared().await;
    let [user, other, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let conversation = stand.send_dm(&other, &user, "Hello").expect(201).await.id("conversation_id");
    stand.reply(&user, conversation, "My address is 1 Main Street").expect(201).await;
    stand.reply(&other, conversation, "Thank you").expect(201).await;
    let request = stand.help_request(&other).await;
    let help = stand.offer(&user, request, "I can drive you on Thursday.").expect(201).await.id("conversation_id");

    let deletion = stand.delete_own_data(&user).expect(200).await;
    deletion.has_members(&["deletion_id", "status", "messages_deleted", "requested_at"]);
    assert_eq!(deletion["status"], "complete");
    assert!(deletion["messages_deleted"].as_i64().unwrap() >= 1);

    let page = stand.messages(&other, conversation, "").expect(200).await;
    let contents: Vec<&Value> = page.items("messages").iter().map(|message| &message["content"]).collect();
    assert_eq!(contents, [&json!("Hello"), &Value::Null, &json!("Thank you")]);
    assert_eq!(page.items("messages")[1]["deleted"]["by"], "author");
    let of_moderator = stand.messages(&moderator, conversation, "").expect(200).await;
    assert_eq!(of_moderator.items("messages")[1]["content"], Value::Null, "gone for everybody");
    assert_eq!(
        stand
            .db
            .count(
                "rolecall.removed_contents r join public.messages m on m.id = r.message_id where m.sender_id = $1",
                &[&user.id]
            )
            .await,
        0
    );
    for sql in [
        "select string_agg(content, ' ') from public.messages_v2 where conversation_id = $1",
        "select initial_message from public.conversations_v2 where id = $1",
    ] {
        let text: String = stand.db.one(sql, &[&help]).await;
        assert!(text.contains("[deleted by its author]") && !text.contains("Thursday"), "{text}");
    }
    // Life goes on, and what is written afterwards stays until it is asked for again.
    stand.reply(&user, conversation, "Still here").expect(201).await;
    let again = stand.delete_own_data(&user).expect(200).await;
    assert_eq!((&again["status"], &again["messages_deleted"]), (&json!("complete"), &json!(1)));
    let nothing = stand.delete_own_data(&user).expect(200).await;
    assert_eq!((&nothing["status"], &nothing["messages_deleted"]), (&json!("complete"), &json!(0)));
    assert_eq!(
        stand.restore_message(&moderator, stand.message(conversation, 2).await).expect(403).await.reasons(),
        ["deleted_by_author"]
    );
}

#[tokio::test]
async fn a_deletion_must_be_meant() {
    let stand = Stand::shared().await;
    let [user, other] = stand.users([Role::MvpDealer, Role::Attendee]).await;
    stand.send_dm(&other, &user, "Hello").expect(201).await;
    for (body, field, code) in [
        (json!({}), "confirm", "required"),
        (json!({"confirm": false}), "confirm", "not_confirmed"),
        (json!({"confirm": "true"}), "confirm", "wrong_type"),
        (json!({"confirm": true, "target_id": other.id}), "target_id", "unknown_field"),
    ] {
        let refusal = stand.post("own-data/deletion", &body).by(&other).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [(field, code)]);
    }
    assert_eq!(stand.db.count("public.messages where sender_id = $1 and content = 'Hello'", &[&other.id]).await, 1);
}

#[tokio::test]
async fn what_a_pending_report_needs_is_kept_until_its_review() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Attendee, Role::MvpDealer, Role::Moderator]).await;
    let sent = stand.send_dm(&author, &reader, "A threat").expect(201).await;
    let conversation = sent.id("conversation_id");
    let report = stand.report(&reader, sent.id("message_id"), "A threat").expect(201).await.id("report_id");
    stand.delete_own_data(&author).expect(200).await;
    for user in [&author, &reader] {
        let page = stand.messages(user, conversation, "").expect(200).await;
        assert_eq!(page.items("messages")[0]["content"], Value::Null);
    }
    let queue = stand.queue(&moderator, "status=pending&limit=100").expect(200).await;
    let listed = queue.items("reports").iter().find(|listed| listed["id"] == json!(report)).unwrap();
    assert_eq!(listed["message"]["content"], "A threat");
    stand.review(&moderator, report, "delete").expect(200).await;
    let kept = "rolecall.removed_contents where message_id = $1";
    assert_eq!(stand.db.count(kept, &[&sent.id("message_id")]).await, 0, "and then it is gone");
    let page = stand.messages(&moderator, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], Value::Null);
    assert_eq!(page.items("messages")[0]["deleted"]["by"], "author");
}

#[tokio::test]
async fn a_large_deletion_goes_on_where_it_was() {
    let stand = Stand::own(Setup::new()).await;
    let [reader, author] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&reader, &author, 20_500).await;
    let first = stand.delete_own_data(&author).expect(200).await;
    assert_eq!(first["status"], "in_progress");
    let deleted = first["messages_deleted"].as_i64().unwrap();
    assert!((1..=20_000).contains(&deleted), "one call takes a part that a statement has time for: {deleted}");
    let second = stand.delete_own_data(&author).expect(200).await;
    assert_eq!((&second["status"], &second["messages_deleted"]), (&json!("complete"), &json!(20_500)), "in total");
    assert_eq!(second["deletion_id"], first["deletion_id"], "it is the same deletion");
    assert_eq!(second["requested_at"], first["requested_at"]);
    let left = "public.messages where conversation_id = $1 and content is not null";
    assert_eq!(stand.db.count(left, &[&conversation]).await, 0);
    assert_eq!(stand.messages(&reader, conversation, "").expect(200).await.items("messages").len(), 50);
}

#[tokio::test]
async fn a_deletion_under_one_key_is_answered_again() {
    let stand = Stand::shared().await;
    let [author, reader] = stand.users([Role::Attendee, Role::MvpDealer]).await;
    stand.send_dm(&author, &reader, "One").expect(201).await;
    let first = stand.delete_own_data(&author).key("k").expect(200).await;
    stand.send_dm(&author, &reader, "Two").expect(201).await;
    let again = stand.delete_own_data(&author).key("k").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again["deletion_id"], first["deletion_id"]);
    assert_eq!(stand.db.count("public.messages where sender_id = $1 and content = 'Two'", &[&author.id]).await, 1);
}
