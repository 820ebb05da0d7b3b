//! The export of somebody's own data, streamed line by line.

use crate::own_data::support::*;
use rolecall_database::Mode;
use rolecall_e2e::{Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use std::collections::HashSet;

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
