//! Moderation, blocks and the deletion of one's own data, with everybody at it at the same time: real connections, and
//! the results counted.

use std::collections::HashSet;

use crate::support::{Database, at_once, call, count, demo, list, one, request};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

/// A demo database without rate limits, and a message of 1 to 4.
async fn with_message() -> (Database, Client, Uuid) {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let sent = call(
        &database.edge().await,
        "send_dm",
        &request(demo(1), json!({"recipient_id": demo(4), "content": "The content"})),
    )
    .await;
    let message = sent["data"]["message_id"].as_str().expect("it was sent").parse().expect("a uuid");
    (database, admin, message)
}

/// Reports a message for each of these users, and returns the ids of the reports.
async fn reported(database: &Database, message: Uuid, users: &[Uuid]) -> Vec<String> {
    let edge = database.edge().await;
    let mut reports = Vec::new();
    for user in users {
        let answer =
            call(&edge, "report_message", &request(*user, json!({"message_id": message, "reason": "rude"}))).await;
        reports.push(answer["data"]["report_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
    }
    reports
}

/// Where contents and placeholders do not fit together.
async fn inconsistent(client: &Client) -> Vec<String> {
    list(
        client,
        "select format('%s: deleted %s, content %s, kept %s', m.id, m.deleted_at is not null, m.content, r.content)
         from messages m left join rolecall.removed_contents r using (conversation_id, seq)
         where (m.deleted_at is null) = (m.content is null)
            or (m.deleted_at is null) = (r.content is not null)
            or coalesce(m.content, r.content) is distinct from 'The content'",
    )
    .await
}

const NOTHING: [String; 0] = [];

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_reviewers_at_once_one_decides_and_the_others_hear_how() {
    let (database, admin, message) = with_message().await;
    let report = reported(&database, message, &[demo(4)]).await.remove(0);
    let clients = database.edges(50).await;
    let decisions = ["dismiss", "delete", "restore", "suspend"];
    let requests: Vec<Value> = (0..50)
        .map(|number| {
            let decision = decisions[number % 4];
            let mut input = json!({"report_id": report, "decision": decision, "note": format!("{number}")});
            if decision == "suspend" {
                input["suspended_until"] = json!("2999-01-01T00:00:00Z");
            }
            request(demo(if number % 2 == 0 { 6 } else { 8 }), input)
        })
        .collect();
    let answers = at_once(&clients, "review_report", &requests).await;

    // What was deleted by review may be restored by review, once; after that nothing decides any more.
    let decided: Vec<&Value> = answers.iter().filter(|answer| answer["ok"] == true).collect();
    let refused = count(&answers, "already_reviewed");
    assert_eq!(decided.len() + refused, 50, "{answers:?}");
    let by_decision: Vec<&str> =
        decided.iter().filter_map(|answer| answer["data"]["report"]["decision"].as_str()).collect();
    let restored_after_deletion =
        by_decision.len() == 2 && by_decision.contains(&"delete") && by_decision.contains(&"restore");
    assert!(by_decision.len() == 1 || restored_after_deletion, "{by_decision:?}");
    assert_eq!(
        one::<i64>(&admin, "select count(*) from moderation_audit where action = 'report_reviewed'").await,
        decided.len() as i64
    );
    let last: String = one(&admin, "select decision from reported_messages").await;
    let state: String = one(
        &admin,
        "select format('%s %s', (select deleted_at is not null from messages),
           (select suspended_until is not null from profiles where id = '00000000-0000-4000-8000-000000000001'))",
    )
    .await;
    let expected = match last.as_str() {
        "delete" => "t f",
        "suspend" => "f t",
        _ => "f f",
    };
    assert_eq!(state, expected, "{last}");
    assert_eq!(inconsistent(&admin).await, NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_dismiss_at_once_one_does() {
    let (database, admin, message) = with_message().await;
    let report = reported(&database, message, &[demo(4)]).await.remove(0);
    let clients = database.edges(50).await;
    let requests: Vec<Value> = (0..50)
        .map(|number| {
            request(demo(if number % 2 == 0 { 6 } else { 8 }), json!({"report_id": report, "decision": "dismiss"}))
        })
        .collect();
    let answers = at_once(&clients, "review_report", &requests).await;
    assert_eq!((count(&answers, "ok"), count(&answers, "already_reviewed")), (1, 49), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer["ok"] == false) {
        assert_eq!(answer["data"], json!({"report_id": report, "decision": "dismiss"}));
    }
    assert_eq!(one::<i64>(&admin, "select count(*) from moderation_audit").await, 1);
}

/// A decision settles every report of a message, so reviewers of different reports meet, too.
#[tokio::test(flavor = "multi_thread")]
async fn reviewers_of_different_reports_of_one_message_do_not_cross_each_other() {
    let (database, admin, _) = with_message().await;
    let edge = database.edge().await;
    let clients = database.edges(20).await;
    for round in 0..4 {
        admin
            .batch_execute(
                "insert into profiles (id, role) select md5(n::text)::uuid, 'attendee' from generate_series(1, 20) n
                 on conflict do nothing;
                 insert into show_participants (show_id, user_id)
                 select '00000000-0000-4000-8000-000000000011', md5(n::text)::uuid from generate_series(1, 20) n
                 on conflict do nothing;",
            )
            .await
            .expect("a superuser may");
        let sent = call(
            &edge,
            "send_broadcast",
            &request(demo(8), json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "The content"})),
        )
        .await;
        assert_eq!(sent["ok"], true, "{sent}");
        let message: Uuid = one(&admin, "select message_id from broadcasts order by created_at desc limit 1").await;
        let reporters: Vec<Uuid> = admin
            .query("select md5(n::text)::uuid from generate_series(1, 20) n", &[])
            .await
            .expect("it answers")
            .iter()
            .map(|row| row.get(0))
            .collect();
        let reports = reported(&database, message, &reporters).await;
        let requests: Vec<Value> =
            reports.iter().map(|report| request(demo(6), json!({"report_id": report, "decision": "delete"}))).collect();
        let answers = at_once(&clients, "review_report", &requests).await;
        assert_eq!((count(&answers, "ok"), count(&answers, "already_reviewed")), (1, 19), "round {round}: {answers:?}");
    }
    let state: String = one(
        &admin,
        "select format('%s pending, %s reviews, %s deletions, %s settled',
           (select count(*) from reported_messages where status = 'pending'),
           (select count(*) from moderation_audit where action = 'report_reviewed'),
           (select count(*) from moderation_audit where action = 'message_deleted'),
           (select sum((after ->> 'reports_settled')::int) from moderation_audit where action = 'report_reviewed'))",
    )
    .await;
    assert_eq!(state, "0 pending, 4 reviews, 4 deletions, 80 settled");
    assert_eq!(inconsistent(&admin).await, NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_same_reports_at_once_are_one() {
    let (database, admin, message) = with_message().await;
    let clients = database.edges(50).await;
    let requests: Vec<Value> = (0..50)
        .map(|number| request(demo(4), json!({"message_id": message, "reason": format!("reason {number}")})))
        .collect();
    let answers = at_once(&clients, "report_message", &requests).await;
    assert_eq!((count(&answers, "ok"), count(&answers, "already_reported")), (1, 49), "{answers:?}");
    let reports: HashSet<&str> = answers.iter().filter_map(|answer| answer["data"]["report_id"].as_str()).collect();
    assert_eq!(reports.len(), 1, "every answer names the one report");
    assert_eq!(one::<i64>(&admin, "select count(*) from reported_messages").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_and_restoring_at_once_leaves_a_message_in_one_state_and_an_audit_that_alternates() {
    let (database, admin, message) = with_message().await;
    let mut tasks = Vec::new();
    for number in 0..24_u32 {
        let edge = database.edge().await;
        tasks.push(tokio::spawn(async move {
            for round in 0..20_u32 {
                let function = if (number + round) % 2 == 0 { "delete_message" } else { "restore_message" };
                let user = demo(if number % 3 == 0 { 6 } else { 8 });
                let answer = call(&edge, function, &request(user, json!({"message_id": message}))).await;
                assert_eq!(answer["ok"], true, "{answer}");
            }
        }));
    }
    for task in tasks {
        task.await.expect("no request fails");
    }
    assert_eq!(inconsistent(&admin).await, NOTHING);
    let actions = list(&admin, "select action from moderation_audit order by at, id").await;
    assert!(actions.len() > 1, "{actions:?}");
    for (number, action) in actions.iter().enumerate() {
        assert_eq!(action, if number % 2 == 0 { "message_deleted" } else { "message_restored" }, "{actions:?}");
    }
    assert_eq!(
        one::<bool>(&admin, "select deleted_at is not null from messages").await,
        actions.len() % 2 == 1,
        "the last act decided"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_deletes_while_moderators_delete_and_restore_deletes_for_good() {
    for round in 0..5 {
        let (database, admin, message) = with_message().await;
        let mut tasks = Vec::new();
        for number in 0..12_u32 {
            let edge = database.edge().await;
            tasks.push(tokio::spawn(async move {
                for turn in 0..10_u32 {
                    let (function, user) = match (number, turn) {
                        (0, 5) => ("delete_own_data", demo(1)),
                        _ if turn % 2 == 0 => ("delete_message", demo(6)),
                        _ => ("restore_message", demo(8)),
                    };
                    let answer = call(&edge, function, &request(user, json!({"message_id": message}))).await;
                    let code = answer["reasons"][0]["code"].as_str();
                    assert!(answer["ok"] == true || code == Some("deleted_by_author"), "{answer}");
                }
            }));
        }
        for task in tasks {
            task.await.expect("no request fails");
        }
        let state: String = one(
            &admin,
            "select format('%s %s %s', deleted_as, content is null, (select count(*) from rolecall.removed_contents))
             from messages",
        )
        .await;
        assert_eq!(state, "author t 0", "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_deletions_of_the_same_user_at_once_delete_every_message_once() {
    let (database, admin, _) = with_message().await;
    admin
        .batch_execute(
            "insert into messages (conversation_id, seq, sender_id, content)
             select id, n, case when n % 3 = 0 then participant_high else participant_low end, 'The content'
             from conversations cross join generate_series(2, 12000) n;
             update conversations set last_seq = 12000",
        )
        .await
        .expect("a superuser may");
    let clients = database.edges(10).await;
    let answers = at_once(&clients, "delete_own_data", &vec![request(demo(1), json!({"confirm": true})); 10]).await;
    assert_eq!(count(&answers, "ok"), 10, "{answers:?}");
    let state: String = one(
        &admin,
        "select format('%s left, %s deleted, %s counted, %s of the other touched, %s unfinished',
           (select count(*) from messages where sender_id = '00000000-0000-4000-8000-000000000001' and content is not null),
           (select count(*) from messages where deleted_as = 'author'),
           (select sum(messages_deleted) from data_deletions),
           (select count(*) from messages where sender_id = '00000000-0000-4000-8000-000000000004' and content is null),
           (select count(*) from data_deletions where completed_at is null))",
    )
    .await;
    assert_eq!(state, "0 left, 8000 deleted, 8000 counted, 0 of the other touched, 0 unfinished");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_blocks_at_once_are_one_and_all_say_since_when() {
    let (database, admin, _) = with_message().await;
    let clients = database.edges(50).await;
    let block = request(demo(4), json!({"blocked_id": demo(1)}));
    let answers = at_once(&clients, "block_user", &vec![block.clone(); 50]).await;
    assert_eq!(count(&answers, "ok"), 50, "{answers:?}");
    let since: HashSet<&str> = answers.iter().filter_map(|answer| answer["data"]["created_at"].as_str()).collect();
    assert_eq!(since.len(), 1);
    assert_eq!(one::<i64>(&admin, "select count(*) from user_blocks").await, 1);

    // Of fifty who lift it exactly one did; blocking and lifting at once ends in one of the two.
    let answers = at_once(&clients, "unblock_user", &vec![block.clone(); 50]).await;
    assert_eq!(answers.iter().filter(|answer| answer["data"]["was_blocked"] == true).count(), 1, "{answers:?}");
    let functions = ["block_user", "unblock_user"];
    let calls = clients.iter().enumerate().map(|(number, client)| call(client, functions[number % 2], &block));
    let answers = futures::future::join_all(calls).await;
    assert_eq!(count(&answers, "ok"), 50, "{answers:?}");
    assert!(one::<i64>(&admin, "select count(*) from user_blocks").await <= 1);
}

/// Suspends and lifts, and blocks and reviews, each while the others do: no deadlock, and an audit whose states follow
/// each other.
#[tokio::test(flavor = "multi_thread")]
async fn suspensions_at_once_are_told_by_an_audit_without_gaps() {
    let (database, admin, message) = with_message().await;
    let mut tasks = Vec::new();
    for number in 0..20_u32 {
        let edge = database.edge().await;
        tasks.push(tokio::spawn(async move {
            for round in 0..10_u32 {
                let until = format!("29{:02}-01-01T00:00:00Z", (number * 7 + round) % 90 + 10);
                let (function, input) = match (number + round) % 4 {
                    0 => ("lift_suspension", json!({"target_id": demo(1)})),
                    1 => ("report_message", json!({"message_id": message, "reason": "rude"})),
                    _ => ("suspend_user", json!({"target_id": demo(1), "until": until})),
                };
                let user = demo(if function == "report_message" {
                    4
                } else if number % 2 == 0 {
                    6
                } else {
                    8
                });
                let answer = call(&edge, function, &request(user, input)).await;
                assert!(answer["ok"] == true || answer["code"] == "already_reported", "{answer}");
            }
        }));
    }
    for task in tasks {
        task.await.expect("no request fails");
    }
    let broken = list(
        &admin,
        "select format('%s does not follow %s', before, earlier)
         from (
           select before, lag(after) over (order by at, id) as earlier
           from moderation_audit where action in ('user_suspended', 'suspension_lifted')
         ) states
         where before <> coalesce(earlier, '{\"suspended_until\": null}')",
    )
    .await;
    assert_eq!(broken, NOTHING);
}

/// A queue of 200,000 reports and an audit as long: a page is read by index, whoever asks and wherever it begins.
#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_long_queue_are_read_by_index() {
    let database = Database::demo().await;
    let admin = database.admin().await;
    admin
        .batch_execute(
            "insert into conversations (id, kind, participant_low, participant_high, created_by, last_seq)
             values ('00000000-0000-4000-8000-000000000070', 'direct', '00000000-0000-4000-8000-000000000001',
               '00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-000000000001', 200000);
             insert into messages (id, conversation_id, seq, sender_id, content)
             select md5(n::text)::uuid, '00000000-0000-4000-8000-000000000070', n,
               '00000000-0000-4000-8000-000000000001', 'x'
             from generate_series(1, 200000) n;
             insert into reported_messages (
               message_id, conversation_id, seq, show_id, reporter_id, reported_user_id, reason, status,
               organizer_status, decision, reviewed_by, reviewed_at, created_at)
             select md5(n::text)::uuid, '00000000-0000-4000-8000-000000000070', n,
               case when n % 2 = 0 then '00000000-0000-4000-8000-000000000011'::uuid end,
               '00000000-0000-4000-8000-000000000004', '00000000-0000-4000-8000-000000000001', 'rude',
               case when n % 10 = 0 then 'pending' else 'dismissed' end,
               case when n % 2 = 0 then case when n % 10 = 0 then 'pending' else 'dismissed' end end,
               case when n % 10 <> 0 then 'dismiss' end,
               case when n % 10 <> 0 then '00000000-0000-4000-8000-000000000006'::uuid end,
               case when n % 10 <> 0 then now() end,
               now() - n * interval '1 second'
             from generate_series(1, 200000) n;
             insert into moderation_audit (at, actor_id, action, message_id, target_id, before, after)
             select now() - n * interval '1 second', '00000000-0000-4000-8000-000000000006', 'message_deleted',
               md5(n::text)::uuid, '00000000-0000-4000-8000-000000000001', '{}', '{}'
             from generate_series(1, 200000) n;
             analyze;",
        )
        .await
        .expect("a superuser may");
    let edge = database.edge().await;
    let questions = [
        ("moderation_queue", 6, json!({"limit": 100})),
        ("moderation_queue", 6, json!({"limit": 100, "status": "pending"})),
        ("moderation_queue", 5, json!({"limit": 100})),
        ("moderation_audit", 6, json!({"limit": 100})),
        ("moderation_audit", 6, json!({"limit": 100, "target_id": demo(1)})),
    ];
    for (function, user, input) in questions {
        let first = call(&edge, function, &request(demo(user), input.clone())).await;
        let mut later = input.clone();
        later["cursor"] = first["data"]["next_cursor"].clone();
        assert!(later["cursor"].is_string(), "{first}");
        for (page, input) in [("first", &input), ("later", &later)] {
            // What one call reads of the two tables: a page of each status, and one row more. A connection of its own, since
            // the figures are those since the last report of the connection.
            let mut inside = database.admin().await;
            let transaction = inside.transaction().await.expect("it runs");
            let answer: Value = transaction
                .query_one(&format!("select rolecall_internal.{function}($1, $2, '{{}}')"), &[&demo(user), input])
                .await
                .expect("it answers")
                .get(0);
            assert_eq!(answer["ok"], true, "{answer}");
            let (whole, read): (i64, i64) = {
                let row = transaction
                    .query_one(
                        "select sum(seq_scan)::bigint, sum(idx_tup_fetch)::bigint from pg_stat_xact_user_tables
                         where relname in ('reported_messages', 'moderation_audit')",
                        &[],
                    )
                    .await
                    .expect("it answers");
                (row.get(0), row.get(1))
            };
            transaction.rollback().await.expect("it runs");
            assert_eq!(whole, 0, "{function} {input} reads a whole table");
            assert!(read <= 3 * 101, "{function} {input} reads {read} rows");

            let mut best = f64::MAX;
            for _ in 0..5 {
                let start = std::time::Instant::now();
                let answer = call(&edge, function, &request(demo(user), input.clone())).await;
                best = best.min(start.elapsed().as_secs_f64() * 1000.0);
                assert_eq!(answer["ok"], true, "{answer}");
            }
            println!("{best:6.2} ms, {read:3} rows read: {page} page of {function} for {user}");
        }
    }
}

/// The planner plans anew for the first five calls of a connection, and for all calls after that: an export of many
/// pages stays as quick as its first page.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_many_pages_reads_each_message_once() {
    let database = Database::demo().await;
    let admin = database.admin().await;
    admin
        .batch_execute(
            "insert into profiles (id, role) select md5(n::text)::uuid, 'attendee' from generate_series(1, 1000) n;
             insert into conversations (id, kind, participant_low, participant_high, created_by, last_seq)
             select md5('c' || n)::uuid, 'direct', least(md5(n::text)::uuid, me), greatest(md5(n::text)::uuid, me), me,
               case n when 500 then 5000 else 20 end
             from generate_series(1, 1000) n
             cross join (values ('00000000-0000-4000-8000-000000000001'::uuid)) mine (me);
             insert into conversation_participants (conversation_id, user_id)
             select id, each from conversations cross join unnest(array[participant_low, participant_high]) each;
             insert into messages (conversation_id, seq, sender_id, content)
             select id, seq, created_by, 'x' from conversations cross join generate_series(1, last_seq) seq;
             analyze;",
        )
        .await
        .expect("a superuser may");
    let mut inside = database.admin().await;
    let transaction = inside.transaction().await.expect("it runs");
    let mut cursor = Value::Null;
    let mut messages = 0;
    let mut pages = 0;
    loop {
        let answer: Value = transaction
            .query_one("select rolecall_internal.export_page($1, $2, '{}')", &[&demo(1), &json!({"cursor": cursor})])
            .await
            .expect("it answers")
            .get(0);
        let lines = answer["data"]["lines"].as_array().unwrap_or_else(|| panic!("{answer}"));
        messages += lines.iter().filter(|line| line["type"] == "message").count() as i64;
        pages += 1;
        cursor = answer["data"]["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(messages, 999 * 20 + 5000);
    assert!(pages > 50, "{pages} pages");
    let read: i64 = transaction
        .query_one(
            "select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_xact_user_tables
             where relid = 'messages'::regclass",
            &[],
        )
        .await
        .expect("it answers")
        .get(0);
    // At the end of a kind its page is read once more than it is used.
    assert!(read < messages + 1000, "{read} rows read for {messages} messages");
}
