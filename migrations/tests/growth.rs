//! What a message costs, where many of them would make it dear: in place of a new version of every index entry, the row of
//! its conversation is updated where it lies.

mod support;

use serde_json::{Value, json};
use support::{Database, call, demo, one, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_moves_no_index_entry_of_its_conversation() {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let edge = database.edge().await;
    // Twenty people whose conversations with person 1 share a page or two.
    admin
        .batch_execute(
            "insert into profiles (id, display_name, role)
             select ('00000000-0000-4000-9000-' || lpad(n::text, 12, '0'))::uuid, 'Somebody', 'mvp_dealer'
             from generate_series(1, 20) as n;
             insert into show_participants (show_id, user_id)
             select '00000000-0000-4000-8000-000000000011', id from profiles where display_name = 'Somebody'
             on conflict do nothing",
        )
        .await
        .expect("a superuser may");
    let send = async |from: u32, number: u32| {
        let from = format!("00000000-0000-4000-9000-{from:012}").parse().expect("a uuid");
        request(from, json!({"recipient_id": demo(1), "content": format!("message {number}")}))
    };
    for from in 1..=20 {
        assert_eq!(call(&edge, "send_dm", &send(from, 0).await).await["ok"], true);
    }
    let updates = "select format('%s %s', n_tup_upd, n_tup_hot_upd) from pg_stat_user_tables
        where schemaname = 'rolecall' and relname = 'conversations'";
    let flushed = async || {
        edge.batch_execute("select pg_stat_force_next_flush()").await.expect("anybody may");
        edge.batch_execute("select 1").await.expect("anybody may");
        let counted: String = one(&admin, updates).await;
        let mut counted = counted.split(' ').map(|number| number.parse::<i64>().expect("a number"));
        (counted.next().unwrap_or_default(), counted.next().unwrap_or_default())
    };
    // The conversations all lie on one page at first, which has no room for a new version of each in one transaction; the
    // first rounds spread them.
    let mut before = (0, 0);
    for number in 1..=14 {
        if number == 5 {
            before = flushed().await;
        }
        for from in 1..=20 {
            assert_eq!(call(&edge, "send_dm", &send(from, number).await).await["ok"], true);
        }
        let mut array = Vec::new();
        for from in 1..=20 {
            array.push(send(from, number).await);
        }
        let answers = call(&edge, "send_dm", &Value::Array(array)).await;
        assert!(answers.as_array().expect("an array").iter().all(|answer| answer["ok"] == true), "{answers}");
    }
    let after = flushed().await;
    let (all, hot) = (after.0 - before.0, after.1 - before.1);
    assert!(all >= 400, "{all} updates");
    // One in twenty may move to another page; and once an hour each of them does.
    assert!(hot * 20 >= all * 18, "{hot} of {all} updates are HOT");
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_at_the_same_time_give_no_id_twice() {
    let database = Database::demo().await;
    let mut imports = Vec::new();
    for number in 0..8 {
        let client = database.admin().await;
        imports.push(async move {
            // Each has a conversation of its own, and one that all of them have; the ids of the messages are the same.
            let given = json!([
                {"id": format!("own {number}"), "participants": [demo(1), demo(2)],
                 "messages": (0..20).map(|n| json!({"id": format!("00000000-0000-4000-b000-0000000000{n:02}"), "content": "x"})).collect::<Vec<_>>()},
                {"id": "everybody's", "participants": [demo(1), demo(3)], "messages": [{"id": "m", "content": "y"}]},
            ]);
            let answer: Value =
                client.query_one("select import_legacy_conversations($1)", &[&given]).await.expect("it imports").get(0);
            (answer["conversations"].as_i64().unwrap_or_default(), answer["messages"].as_i64().unwrap_or_default())
        });
    }
    let answers = futures::future::join_all(imports).await;
    let conversations: i64 = answers.iter().map(|answer| answer.0).sum();
    let messages: i64 = answers.iter().map(|answer| answer.1).sum();
    assert_eq!((conversations, messages), (9, 161), "{answers:?}");
    let admin = database.admin().await;
    let state: String =
        one(&admin, "select format('%s messages, %s ids', count(*), count(distinct id)) from messages").await;
    assert_eq!(state, "161 messages, 161 ids");
}
