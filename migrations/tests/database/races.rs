//! Everything that can happen at the same time, at the same time: real connections, and the results counted.

use std::collections::{BTreeSet, HashSet};

use crate::support::{Database, at_once, call, count, demo, list, one, operator_request, request};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_messages_between_two_people_make_one_conversation_numbered_from_1_to_50() {
    let database = Database::demo().await;
    let clients = database.edges(50).await;
    // An MVP dealer and an attendee may both begin, since they share a show.
    let requests: Vec<Value> = (0..50)
        .map(|number| {
            let (from, to) = if number % 2 == 0 { (1, 4) } else { (4, 1) };
            request(demo(from), json!({"recipient_id": demo(to), "content": format!("message {number}")}))
        })
        .collect();
    let answers = at_once(&clients, "send_dm", &requests).await;
    assert_eq!(count(&answers, "ok"), 50, "{answers:?}");
    let conversations: HashSet<&str> =
        answers.iter().filter_map(|answer| answer["data"]["conversation_id"].as_str()).collect();
    assert_eq!(conversations.len(), 1);
    let numbers: BTreeSet<i64> = answers.iter().filter_map(|answer| answer["data"]["seq"].as_i64()).collect();
    assert_eq!(numbers, (1..=50).collect());

    let client = database.admin().await;
    let state: String = one(
        &client,
        "select format('%s conversation, last %s, %s messages to %s, %s people, %s with 25 unread',
           (select count(*) from conversations), (select max(last_seq) from conversations),
           (select count(*) from messages), (select max(seq) from messages),
           (select count(*) from conversation_participants),
           (select count(*) from conversation_participants where 50 - last_read_seq - skipped = 25))",
    )
    .await;
    assert_eq!(state, "1 conversation, last 50, 50 messages to 50, 2 people, 2 with 25 unread");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_broadcasts_at_once_exactly_two_are_sent() {
    let database = Database::unlimited().await;
    let clients = database.edges(50).await;
    let requests: Vec<Value> = (0..50)
        .map(|number| {
            request(
                demo(5),
                json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": format!("news {number}")}),
            )
        })
        .collect();
    let answers = at_once(&clients, "send_broadcast", &requests).await;
    assert_eq!((count(&answers, "ok"), count(&answers, "quota_exceeded")), (2, 48), "{answers:?}");
    let left: BTreeSet<i64> =
        answers.iter().filter_map(|answer| answer["data"]["quota_remaining"]["pre_show"].as_i64()).collect();
    assert_eq!(left, BTreeSet::from([0, 1]));

    let client = database.admin().await;
    let state: String = one(
        &client,
        "select format('%s broadcasts, %s messages, last %s, %s left, %s refusals, %s of them unexpectedly logged or not',
           (select count(*) from broadcasts), (select count(*) from messages),
           (select last_seq from conversations), (select pre_show_remaining from broadcast_quotas),
           (select sum(refusals) from refusal_counts),
           (select count(*) from application_logs where code = 'quota_exceeded')
           - (select sum(least(refusals, rolecall_internal.limit_logged_refusals())) from refusal_counts))",
    )
    .await;
    assert_eq!(state, "2 broadcasts, 2 messages, last 2, 0 left, 48 refusals, 0 of them unexpectedly logged or not");
}

#[tokio::test(flavor = "multi_thread")]
async fn rehearsals_among_broadcasts_take_no_quota() {
    let database = Database::demo().await;
    let clients = database.edges(20).await;
    let input =
        |dry_run| json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "news", "dry_run": dry_run});
    let requests: Vec<Value> = (0..20).map(|number| request(demo(5), input(number != 7 && number != 13))).collect();
    let answers = at_once(&clients, "send_broadcast", &requests).await;
    assert_eq!((count(&answers[7..8], "ok"), count(&answers[13..14], "ok")), (1, 1), "{answers:?}");
    let client = database.admin().await;
    assert_eq!(one::<i64>(&client, "select count(*) from broadcasts").await, 2);
    assert_eq!(one::<i64>(&client, "select count(*) from application_logs").await, 0);
}

/// Each call is one step of six, and each of the ten callers goes on while there is more, as the function does.
#[tokio::test(flavor = "multi_thread")]
async fn ten_nightly_runs_at_once_are_one_run() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client
        .batch_execute(
            "insert into shows (id, organizer_id, title, starts_at, ends_at)
             select gen_random_uuid(), organizer_id, 'Over', now() - interval '3 days', now() - interval '2 days'
             from shows, generate_series(1, 1000);
             insert into broadcast_quotas (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
             select sender.id, show.id, rolecall_internal.quota_day(now()) - 1, 0, 0
             from profiles sender cross join shows show
             where sender.role in ('mvp_dealer', 'show_organizer', 'admin')",
        )
        .await
        .expect("a superuser may");
    let quotas = "select count(*) from broadcast_quotas join shows on id = show_id where ends_at";
    let over: i64 = one(&client, &format!("{quotas} < now()")).await;
    let kept: i64 = one(&client, &format!("{quotas} >= now()")).await;
    let clients = database.edges(10).await;
    let runs = join_all(clients.iter().map(|client| async {
        loop {
            let answer = call(client, "reset_broadcast_quotas", &operator_request()).await;
            assert_eq!(answer["ok"], true, "{answer}");
            if answer["data"]["more"] == false {
                return answer;
            }
        }
    }))
    .await;
    let first = runs.iter().filter(|answer| answer["data"]["already_done"] == false).count();
    assert_eq!(first, 1, "{runs:?}");
    for answer in &runs {
        let deleted = answer["data"]["deleted"].as_object().unwrap_or_else(|| panic!("{answer}"));
        for (table, rows) in deleted {
            assert_eq!(rows, if table == "broadcast_quotas" { over } else { 0 }, "{table}");
        }
        assert!(deleted.contains_key("broadcast_quotas") && deleted.contains_key("rate_buckets"), "{answer}");
    }
    assert_eq!(one::<i64>(&client, "select count(*) from quota_runs").await, 1);
    assert_eq!(one::<i64>(&client, "select count(*) from application_logs where event = 'quota_reset'").await, 1);
    assert_eq!(one::<i64>(&client, "select count(*) from broadcast_quotas where pre_show_remaining = 0").await, kept);
}

/// Claims, acts and settles as an entry point does, at another time than now: whether it ran.
async fn run_once(client: &Client, key: &str, at: &str, many: bool) -> bool {
    client.batch_execute("begin").await.expect("a transaction begins");
    let (claim, settle) = if many {
        (
            "(rolecall_internal.claim_keys('test', array[$2, $2]::uuid[], array[$1, $1 || 'b'], array['{}', '{}']::jsonb[],
               $3::text::timestamptz))[1] is null",
            "rolecall_internal.settle_keys(array[$2]::uuid[], array[$1], array['{\"ok\": true}']::jsonb[], $3::text::timestamptz)",
        )
    } else {
        (
            "rolecall_internal.claim_key('test', $2, $1, '{}', $3::text::timestamptz) is null",
            "rolecall_internal.settle_key($2, $1, '{\"ok\": true}', $3::text::timestamptz)",
        )
    };
    let runs: bool =
        client.query_one(&format!("select {claim}"), &[&key, &demo(1), &at]).await.expect("a claim is answered").get(0);
    if runs {
        client.execute("insert into ran values ($1)", &[&key]).await.expect("a superuser may");
        client.execute(&format!("select {settle}"), &[&key, &demo(1), &at]).await.expect("a key is settled");
    }
    client.batch_execute("commit").await.expect("it commits");
    runs
}

#[tokio::test(flavor = "multi_thread")]
async fn of_requests_with_one_key_on_both_sides_of_midnight_one_runs() {
    let database = Database::demo().await;
    let admin = database.admin().await;
    admin.batch_execute("create table ran (key text)").await.expect("a superuser may");
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(database.admin().await);
    }
    let moments = ["2026-11-25 23:59:59.9+00", "2026-11-26 00:00:00.1+00"];
    for round in 0..60 {
        let key = format!("key-{round:02}");
        let ran = join_all(clients.iter().enumerate().map(|(number, client)| {
            // Alone and in an array, before and after.
            run_once(client, &key, moments[number % 2], number / 2 % 2 == 1)
        }))
        .await;
        assert_eq!(ran.iter().filter(|&&ran| ran).count(), 1, "{key}: {ran:?}");
    }
    assert_eq!(one::<i64>(&admin, "select count(*) from ran").await, 60);
    // Within 24 hours it is answered, on that day and on the next; then it is free.
    for (at, runs) in [
        ("2026-11-25 23:58:30+00", false),
        ("2026-11-26 00:05:00+00", false),
        ("2026-11-26 23:58:30+00", false),
        ("2026-11-26 23:59:59+00", false),
        ("2026-11-27 00:00:01+00", true),
        ("2026-11-27 00:02:00+00", false),
    ] {
        assert_eq!(run_once(&admin, "key-00", at, false).await, runs, "{at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_starts_one_help_conversation_and_both_answers_carry_its_id() {
    let database = Database::unlimited().await;
    let clients = database.edges(2).await;
    for round in 0..20 {
        let client = database.admin().await;
        client.batch_execute("delete from conversations_v2").await.expect("a superuser may");
        let click = request(demo(4), json!({"help_request_id": demo(21), "initial_message": "I can help with that."}));
        let answers = at_once(&clients, "start_conversation", &[click.clone(), click]).await;
        assert_eq!(
            (count(&answers, "ok"), count(&answers, "conversation_exists")),
            (1, 1),
            "round {round}: {answers:?}"
        );
        assert_eq!(answers[0]["data"]["conversation_id"], answers[1]["data"]["conversation_id"]);
        assert_eq!(one::<i64>(&client, "select count(*) from messages_v2").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_help_request_that_is_closed_at_the_same_time_gets_a_conversation_before_or_none() {
    let database = Database::unlimited().await;
    let edge = database.edge().await;
    let requester = database.admin().await;
    for round in 0..30 {
        requester
            .batch_execute("delete from conversations_v2; update help_requests set status = 'open'")
            .await
            .expect("a superuser may");
        let start = request(demo(4), json!({"help_request_id": demo(21), "initial_message": "I can help with that."}));
        // Closes, and says whether a conversation was there at that moment.
        let close = async {
            tokio::time::sleep(std::time::Duration::from_micros(round * 100)).await;
            requester.batch_execute("update help_requests set status = 'closed'").await.expect("a superuser may");
            one::<i64>(&requester, "select count(*) from conversations_v2").await
        };
        let (answer, at_close) = tokio::join!(call(&edge, "start_conversation", &start), close);
        let after = one::<i64>(&requester, "select count(*) from conversations_v2").await;
        match answer["code"].as_str() {
            None => assert_eq!((at_close, after), (1, 1), "round {round}"),
            Some("help_request_unavailable") => assert_eq!((at_close, after), (0, 0), "round {round}"),
            Some(other) => panic!("round {round}: {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_with_one_key_send_one_message_and_get_one_answer() {
    let database = Database::demo().await;
    let clients = database.edges(20).await;
    let mut one_request = request(demo(1), json!({"recipient_id": demo(4), "content": "once"}));
    one_request["idempotency_key"] = json!("key-1");
    let answers = at_once(&clients, "send_dm", &vec![one_request.clone(); 20]).await;
    assert_eq!(count(&answers, "ok"), 20, "{answers:?}");
    let messages: HashSet<&str> = answers.iter().filter_map(|answer| answer["data"]["message_id"].as_str()).collect();
    assert_eq!(messages.len(), 1);
    assert_eq!(answers.iter().filter(|answer| answer["replayed"] == true).count(), 19);
    let client = database.admin().await;
    assert_eq!(one::<i64>(&client, "select count(*) from messages").await, 1);

    // Half of them with another body under a new key: whoever comes first decides which half conflicts.
    let mut requests = Vec::new();
    for number in 0..20 {
        let mut each = one_request.clone();
        each["idempotency_key"] = json!("key-2");
        each["input"]["content"] = json!(if number % 2 == 0 { "even" } else { "odd" });
        requests.push(each);
    }
    let answers = at_once(&clients, "send_dm", &requests).await;
    assert_eq!((count(&answers, "ok"), count(&answers, "idempotency_conflict")), (10, 10), "{answers:?}");
    assert_eq!(one::<i64>(&client, "select count(*) from messages").await, 2);

    // Refused all of them: nobody's key is kept, and none is mistaken for an answer.
    for each in &mut requests {
        each["idempotency_key"] = json!("key-3");
        each["input"]["recipient_id"] = json!(demo(3));
    }
    let answers = at_once(&clients, "send_dm", &requests).await;
    assert_eq!(count(&answers, "permission_denied"), 20, "{answers:?}");
    assert_eq!(one::<i64>(&client, "select count(*) from rolecall.idempotency_records where key = 'key-3'").await, 0);
}

/// The first fault of the original: the quota was spent before the send.
#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_that_fails_after_its_quota_was_taken_costs_nothing() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client
        .batch_execute(
            "create function fail() returns trigger language plpgsql as $$
             begin raise exception 'the disk is full' using errcode = 'disk_full'; end $$;
             create trigger fail before insert on broadcasts for each row execute function fail();",
        )
        .await
        .expect("a superuser may");
    let edge = database.edge().await;
    let send = request(demo(5), json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "news"}));
    for _ in 0..3 {
        let error =
            edge.query_one("select rolecall_edge.send_broadcast($1)", &[&send]).await.expect_err("the disk is full");
        assert_eq!(error.code().map(|code| code.code()), Some("53100"));
    }
    let left: i64 = one(
        &client,
        "select (select count(*) from broadcast_quotas) + (select count(*) from messages) + (select count(*) from conversations)",
    )
    .await;
    assert_eq!(left, 0);
    client.batch_execute("drop trigger fail on broadcasts").await.expect("a superuser may");
    let answer = call(&edge, "send_broadcast", &send).await;
    assert_eq!(answer["data"]["quota_remaining"]["pre_show"], 1, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn audiences_are_exact_after_people_join_leave_and_move_at_once() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client
        .batch_execute(
            "insert into profiles (id, role)
             select gen_random_uuid(), (enum_range(null::app_role))[1 + n % 6] from generate_series(1, 300) n",
        )
        .await
        .expect("a superuser may");
    let mut tasks = Vec::new();
    for number in 0..12 {
        let client = database.admin().await;
        tasks.push(tokio::spawn(async move {
            for round in 0..10 {
                let statement = match (number + round) % 4 {
                    0 | 1 => "insert into show_participants (show_id, user_id)
                              select shows.id, profiles.id from shows cross join profiles where random() < 0.3
                              order by 1, 2 on conflict do nothing",
                    2 => "delete from show_participants where ctid in (
                            select ctid from show_participants where random() < 0.2 order by show_id, user_id for update)",
                    _ => "update show_participants p set joined_at = now(), role = 'admin' where ctid in (
                            select ctid from show_participants where random() < 0.2 order by show_id, user_id for update)",
                };
                // Statements that meet on the same rows may have to be repeated; what counts is the sum.
                while let Err(error) = client.batch_execute(statement).await {
                    let code = error.code().map(|code| code.code().to_owned());
                    assert_eq!(code.as_deref(), Some("40P01"), "{error}");
                }
            }
        }));
    }
    for task in tasks {
        task.await.expect("no task fails");
    }
    let wrong = list(
        &client,
        "select format('%s %s: %s counted, %s there', show_id, role, participants, found)
         from (select show_id, role, sum(participants) as participants from rolecall.show_audience group by 1, 2) counted
         full join (select show_id, role, count(*) as found from show_participants group by 1, 2) real using (show_id, role)
         where coalesce(participants, 0) <> coalesce(found, 0)",
    )
    .await;
    assert_eq!(wrong, [] as [String; 0]);
}

/// How many transactions are open at once in the tests of counters.
const OPEN: usize = 24;

/// Begins `OPEN` transactions, runs one statement in each and leaves them open; whoever would wait for another fails.
async fn open_at_once(database: &Database, statement: impl Fn(usize) -> String) -> Vec<tokio_postgres::Client> {
    let mut open = Vec::new();
    for number in 0..OPEN {
        let client = database.admin().await;
        client.batch_execute("set lock_timeout = '2s'; begin").await.expect("anybody may");
        let statement = statement(number);
        client.batch_execute(&statement).await.unwrap_or_else(|error| panic!("{number}: {statement}: {error:?}"));
        open.push(client);
    }
    open
}

/// Commits what has an even number and takes back the rest.
async fn commit_every_second(open: Vec<tokio_postgres::Client>) {
    for (number, client) in open.into_iter().enumerate() {
        client.batch_execute(if number % 2 == 0 { "commit" } else { "rollback" }).await.expect("it is open");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_join_and_leave_the_same_show_do_not_wait_for_each_other() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let show = demo(12);
    let person = |number: usize| format!("10000000-0000-4000-8000-{number:012}");
    client
        .batch_execute(
            "insert into profiles (id, role)
             select ('10000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'attendee'
             from generate_series(0, 199) n",
        )
        .await
        .expect("a superuser may");
    // How many are counted, how many are there, and in how many rows they are counted.
    let counted = format!(
        "select format('%s %s %s', counted.participants, found.participants, counted.rows)
         from (select coalesce(sum(participants), 0) as participants, count(*) as rows
               from show_audience where show_id = '{show}' and role = 'attendee') counted
         cross join (select count(*) as participants
                     from show_participants where show_id = '{show}' and role = 'attendee') found"
    );
    let before: i64 =
        one(&client, &format!("select count(*) from show_participants where show_id = '{show}' and role = 'attendee'"))
            .await;
    let join = |number: usize| {
        format!("insert into show_participants (show_id, user_id) values ('{show}', '{}')", person(number))
    };
    let leave = |number: usize| {
        format!("delete from show_participants where show_id = '{show}' and user_id = '{}'", person(number))
    };

    let half = OPEN / 2;
    let joined = before + half as i64;
    commit_every_second(open_at_once(&database, join).await).await;
    assert_eq!(one::<String>(&client, &counted).await, format!("{joined} {joined} {half}"));

    // As many again find a row each: they join, and those of before leave.
    let exchange = |number: usize| format!("{}; {}", join(100 + number), leave(number));
    commit_every_second(open_at_once(&database, exchange).await).await;
    assert_eq!(one::<String>(&client, &counted).await, format!("{joined} {joined} {}", half + half / 2));
    commit_every_second(open_at_once(&database, |number| leave(100 + number)).await).await;
    let answer: String = one(&client, &counted).await;
    assert!(answer.starts_with(&format!("{before} {before} ")), "{answer}");
    let rows: usize = answer.rsplit(' ').next().and_then(|rows| rows.parse().ok()).expect("a number");
    assert!(rows <= OPEN, "no more than count at once: {answer}");

    // One after the other need no more rows, and a show goes with all of them.
    for number in 0..50 {
        client.batch_execute(&join(number)).await.expect("a superuser may");
    }
    assert_eq!(one::<String>(&client, &counted).await, format!("{0} {0} {rows}", before + 50));
    client.batch_execute(&format!("delete from shows where id = '{show}'")).await.expect("a superuser may");
    assert_eq!(one::<String>(&client, &counted).await, "0 0 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_report_in_the_same_show_do_not_wait_for_each_other() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let edge = database.edge().await;
    let sent = call(
        &edge,
        "send_broadcast",
        &request(demo(5), json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "news"})),
    )
    .await;
    assert_eq!(sent["ok"], true, "{sent}");
    let message: Uuid = one(&client, "select id from messages").await;
    client
        .batch_execute(&format!(
            "insert into profiles (id, role)
             select ('10000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'attendee'
             from generate_series(0, 199) n;
             insert into show_participants (show_id, user_id, joined_at)
             select '{}', id, now() - interval '1 day' from profiles where id >= '10000000-0000-4000-8000-000000000000'",
            demo(11)
        ))
        .await
        .expect("a superuser may");
    let report = |number: usize| {
        format!(
            "do $$ begin
               if rolecall_internal.report_message(
                    '10000000-0000-4000-8000-{number:012}', '{{\"message_id\": \"{message}\", \"reason\": \"Rude\"}}', '{{}}'
                  ) -> 'ok' <> 'true' then
                 raise 'it is refused';
               end if;
             end $$"
        )
    };
    let wrong = "select format('%s %s %s: %s counted, %s there', queue, show_id, status, counted.reports, found.reports)
                 from (select queue, show_id, status, sum(reports) as reports from report_counts group by 1, 2, 3) counted
                 full join (
                   select queue, show_id, status, count(*) as reports
                   from (
                     select 'moderators' as queue, show_id, status from reported_messages
                     union all
                     select 'organizers', show_id, organizer_status from reported_messages
                     where organizer_status is not null
                   ) as queued
                   group by 1, 2, 3
                 ) found
                   using (queue, show_id, status)
                 where coalesce(counted.reports, 0) <> coalesce(found.reports, 0)";

    commit_every_second(open_at_once(&database, report).await).await;
    assert_eq!(one::<i64>(&client, "select count(*) from reported_messages").await, 12);
    assert_eq!(list(&client, wrong).await, [] as [String; 0]);

    // At once instead of one after the other, committed and taken back, and reports that are decided about meanwhile.
    let mut tasks = Vec::new();
    for task in 0..8_usize {
        let client = database.admin().await;
        let statements: Vec<String> = (0..8).map(|round| report(100 + task * 8 + round)).collect();
        tasks.push(tokio::spawn(async move {
            for (round, statement) in statements.iter().enumerate() {
                let end = if round % 3 == 2 { "rollback" } else { "commit" };
                client.batch_execute("begin").await.expect("anybody may");
                client.batch_execute(statement).await.expect("a report is filed");
                client
                    .batch_execute(
                        "update reported_messages
                         set status = 'dismissed', decision = 'dismiss', reviewed_by = reporter_id, reviewed_at = now()
                         where id = (select id from reported_messages where status = 'pending' limit 1
                                     for update skip locked)",
                    )
                    .await
                    .expect("a superuser may");
                client.batch_execute(end).await.expect("it is open");
            }
        }));
    }
    for task in tasks {
        task.await.expect("no task fails");
    }
    assert_eq!(one::<i64>(&client, "select count(*) from reported_messages").await, 12 + 48);
    assert_eq!(list(&client, wrong).await, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_breaks_nothing() {
    let database = Database::unlimited().await;
    let mut tasks = Vec::new();
    for number in 0..32_u32 {
        let edge = database.edge().await;
        tasks.push(tokio::spawn(async move {
            let mut sent = 0;
            for round in 0..25_u32 {
                let (function, request) = match (number + round) % 7 {
                    0 => ("send_dm", request(demo(1), json!({"recipient_id": demo(4), "content": "a"}))),
                    1 => ("send_dm", request(demo(4), json!({"recipient_id": demo(1), "content": "b"}))),
                    2 => (
                        "send_dm",
                        request(demo(5), json!({"recipient_id": demo(4), "content": "c", "show_id": demo(11)})),
                    ),
                    3 => (
                        "send_broadcast",
                        request(
                            demo(8),
                            json!({"show_id": demo(11), "recipient_roles": ["attendee", "dealer"], "message": "d",
                                   "dry_run": round % 2 == 0}),
                        ),
                    ),
                    4 => ("reset_broadcast_quotas", operator_request()),
                    5 => (
                        "start_conversation",
                        request(
                            demo(3),
                            json!({"help_request_id": demo(21), "initial_message": "I can help with that."}),
                        ),
                    ),
                    _ => ("diagnostics", request(demo(7), json!({}))),
                };
                let answer = call(&edge, function, &request).await;
                if function == "send_dm" {
                    assert_eq!(answer["ok"], true, "{answer}");
                    sent += 1;
                }
            }
            sent
        }));
    }
    let mut sent: i64 = 0;
    for task in tasks {
        sent += task.await.expect("no request fails");
    }
    let client = database.admin().await;
    let messages: i64 = one(
        &client,
        "select count(*) from messages join conversations c on c.id = conversation_id where kind = 'direct'",
    )
    .await;
    assert_eq!(messages, sent);
    let gaps = list(
        &client,
        "select c.id::text from conversations c left join messages m on m.conversation_id = c.id
         group by c.id having count(m.*) <> c.last_seq or max(m.seq) <> c.last_seq or min(m.seq) <> 1",
    )
    .await;
    assert_eq!(gaps, [] as [String; 0]);
}
