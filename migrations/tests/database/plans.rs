//! Reading at size: with 1,000,000 messages, 100,000 users and one user with 10,000 conversations, every page comes off an
//! index, and in less than 20 ms. The plans are those of the statements inside the functions, as PostgreSQL ran them. So does
//! what clients read past the functions, through PostgREST: without a filter it costs what the caller may see.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::explain::{explained, faults};
use crate::support::pace::{CALLS, Pace};
use crate::support::{Database, call, list, one};
use serde_json::{Value, json};
use tokio::sync::{Mutex as Turn, MutexGuard, OnceCell};
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

/// The largest tables: none of them may be read from end to end.
const LARGE: &[&str] = &[
    "messages",
    "conversations",
    "conversation_participants",
    "profiles",
    "broadcasts",
    "broadcast_receipts",
    "show_participants",
    "help_requests",
    "conversations_v2",
    "messages_v2",
    "help_threads",
    "help_message_counts",
    "reported_messages",
    "user_blocks",
    "data_deletions",
];

/// How many entries the pages have that are looked at.
const PAGE: u64 = 50;

/// How many conversations person 1 has in an hour: the inbox is indexed by the hour, and sorted within it.
const HOUR: u64 = 3600 / 7 + 1;

/// What a page may take.
const LIMIT: Duration = Duration::from_millis(20);

/// The large database of these tests, which is made once.
static LARGE_DATABASE: OnceCell<Database> = OnceCell::const_new();

/// Whose turn it is: the tests measure, so that they wait for each other.
static TURN: Turn<()> = Turn::const_new(());

/// The large database, for one test at a time.
async fn large() -> (MutexGuard<'static, ()>, &'static Database) {
    let turn = TURN.lock().await;
    let database = LARGE_DATABASE
        .get_or_init(|| async {
            let database = Database::demo().await;
            let admin = database.admin().await;
            admin.batch_execute(include_str!("../support/million.sql")).await.expect("it can be made");
            admin.batch_execute(include_str!("../support/readable.sql")).await.expect("it can be made");
            admin.batch_execute(include_str!("../support/help_million.sql")).await.expect("it can be made");
            admin.batch_execute(include_str!("../support/sync.sql")).await.expect("it can be made");
            // The transactions since, so that what is old is not among those that the indexes have together with the next.
            let aged = "do $$ begin for number in 1..66000 loop perform pg_current_xact_id(); commit; end loop; end $$";
            admin.batch_execute(aged).await.expect("a superuser may");
            admin.batch_execute("vacuum analyze").await.expect("a superuser may");
            database
        })
        .await;
    (turn, database)
}

fn person(number: u32) -> Uuid {
    format!("10000000-0000-4000-8000-{number:012}").parse().expect("a uuid")
}

fn request(input: Value) -> Value {
    json!({
        "claims": {"sub": person(1), "role": "authenticated"},
        "request_id": "test",
        "rollouts": {},
        "input": input,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_million_messages_every_page_comes_off_an_index() {
    let (_turn, database) = large().await;
    let admin = database.admin().await;
    let size: String = one(
        &admin,
        "select format('%s messages, %s profiles, %s conversations of one user',
           (select count(*) >= 1000000 from messages), (select count(*) >= 100000 from profiles),
           (select count(*) from conversations
            where '10000000-0000-4000-8000-000000000001' in (participant_low, participant_high)))",
    )
    .await;
    assert_eq!(size, "t messages, t profiles, 10000 conversations of one user");

    let middle: Vec<String> = list(
        &admin,
        "select rolecall_internal.cursor_of(last_message_at, id) from conversations
         where participant_low = '10000000-0000-4000-8000-000000000001'
         order by last_message_at desc, id desc offset 5000 limit 1",
    )
    .await;
    // A direct conversation of twenty messages, and a long one.
    let long: Uuid = "20000000-0000-4000-8000-000000000777".parse().expect("a uuid");
    admin
        .batch_execute(&format!(
            "insert into messages (conversation_id, seq, sender_id, content)
             select '{long}', number, '{}', 'more' from generate_series(21, 5000) as number;
             update conversations set last_seq = 5000 where id = '{long}';
             update conversation_participants set last_read_seq = 5000 where conversation_id = '{long}';
             analyze messages",
            person(1)
        ))
        .await
        .expect("a superuser may");
    let show: Uuid = "40000000-0000-4000-8000-000000001003".parse().expect("a uuid");

    let cases = [
        // The page may begin in one hour and end in the next.
        ("the first page of the inbox", "inbox", json!({"limit": PAGE}), Some(2 * HOUR)),
        ("a later page of the inbox", "inbox", json!({"limit": PAGE, "cursor": middle[0]}), Some(2 * HOUR)),
        ("the inbox of shows", "inbox", json!({"limit": PAGE, "kind": "show"}), Some(2 * HOUR)),
        ("the newest messages", "messages", json!({"limit": PAGE, "conversation_id": long}), Some(PAGE + 1)),
        (
            "messages of long ago",
            "messages",
            json!({"limit": PAGE, "conversation_id": long, "before_seq": 2500}),
            Some(PAGE + 1),
        ),
        (
            "messages since",
            "messages",
            json!({"limit": PAGE, "conversation_id": long, "since_seq": 2500}),
            Some(PAGE + 1),
        ),
        ("broadcasts", "messages", json!({"limit": PAGE, "conversation_id": show}), Some(PAGE + 1)),
        // It counts, and has no order.
        ("what is unread", "unread", json!({}), None),
    ];
    let edge = database.edge().await;
    let (explaining, plans) = explained(database).await;
    let mut report = String::new();
    let mut wrong = Vec::new();
    for (name, function, input, sorted) in cases {
        let request = request(input);
        let pace = Pace::of(&admin, LIMIT, async || {
            let answer = call(&edge, function, &request).await;
            assert_eq!(answer["ok"], true, "{name}: {answer}");
        })
        .await;
        for _ in 0..CALLS {
            call(&explaining, function, &request).await;
        }
        // Notices come before the answer of their statement, so that all of them are there.
        let plans: Vec<Value> = std::mem::take(&mut *plans.lock().expect("nobody panics with it"));
        assert!(plans.len() >= CALLS, "{name}: {} plans", plans.len());
        let mut found = Vec::new();
        for plan in &plans {
            let mut of_this = Vec::new();
            faults(&plan["Plan"], LARGE, sorted, &mut of_this);
            if !of_this.is_empty() {
                let query = plan["Query Text"].as_str().unwrap_or_default();
                found.push(format!("{name}: {of_this:?} in {query}\n{:#}", plan["Plan"]));
            }
        }
        writeln!(report, "{name}: {:.1} ms, {} statements in {CALLS} calls", pace.millis(), plans.len())
            .expect("a string can be written");
        found.extend(pace.fault(name));
        wrong.extend(found.into_iter().take(1));
    }

    // The worst that an hour can hold: all of them, as after a message to everybody.
    admin
        .batch_execute(
            "update conversations set last_message_at = date_trunc('hour', now()) + number * interval '0.3 seconds'
             from (select id, row_number() over (order by md5(id::text)) as number from conversations
               where participant_low = '10000000-0000-4000-8000-000000000001') as own
             where conversations.id = own.id",
        )
        .await
        .expect("a superuser may");
    admin.batch_execute("vacuum analyze conversations").await.expect("a superuser may");
    for (name, input) in [
        ("the inbox of one hour", json!({"limit": PAGE})),
        (
            "a later page of it",
            json!({"limit": PAGE, "cursor": one::<String>(
            &admin,
            "select rolecall_internal.cursor_of(date_trunc('hour', now()) + interval '30 minutes',
               'ffffffff-ffff-ffff-ffff-ffffffffffff')",
        ).await}),
        ),
    ] {
        let request = request(input);
        let pace = Pace::of(&admin, LIMIT, async || {
            let answer = call(&edge, "inbox", &request).await;
            let cards = answer["data"]["conversations"].as_array().map_or(0, Vec::len);
            assert_eq!(cards as u64, PAGE, "{name}: {answer}");
        })
        .await;
        writeln!(report, "{name}: {:.1} ms", pace.millis()).expect("a string can be written");
        wrong.extend(pace.fault(name));
    }
    // Past the harness, which shows what a test prints only when it fails.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), report.as_bytes());
    assert!(wrong.is_empty(), "{report}\n{}", wrong.join("\n\n"));
}

/// A user with 10,000 direct conversations and 1,000 threads of broadcasts, of which few have changed, or all.
#[tokio::test(flavor = "multi_thread")]
async fn sync_of_ten_thousand_conversations_comes_off_indexes() {
    let (_turn, database) = large().await;
    let admin = database.admin().await;
    let user = person(99_999);
    let size: String = one(
        &admin,
        &format!(
            "select format('%s direct, %s shows',
               (select count(*) >= 10000 from conversations where '{user}' in (participant_low, participant_high)),
               (select count(*) from show_participants where user_id = '{user}'))"
        ),
    )
    .await;
    assert_eq!(size, "t direct, 1000 shows");
    admin.batch_execute("update rate_limits set capacity = null where action = 'sync'").await.expect("a superuser may");
    let request = |input: Value| {
        json!({
            "claims": {"sub": user, "role": "authenticated"},
            "request_id": "test",
            "rollouts": {},
            "input": input,
        })
    };
    let edge = database.edge().await;
    let horizon: String = one(&admin, "select pg_snapshot_xmin(pg_current_snapshot())::text").await;
    let cursor: String = one(
        &admin,
        &format!(
            "select rolecall_internal.sync_cursor(rolecall_internal.sync_origin('{user}', '{{help}}'), {horizon}, 0)"
        ),
    )
    .await;
    // Some of each kind change: messages, broadcasts, marks.
    admin
        .batch_execute(&format!(
            "update conversations set changed_xid = pg_current_xact_id()
             where id in (select id from conversations where participant_low = '{user}' limit 3)
               or id in (select id from conversations where participant_high = '{user}' limit 3)
               or id = '70000000-0000-4000-8000-000000000007';
             update conversation_participants set changed_xid = pg_current_xact_id()
             where user_id = '{user}' and conversation_id > '50000000-0000-4000-8000-000000009995';
             analyze conversations; analyze conversation_participants"
        ))
        .await
        .expect("a superuser may");

    let (explaining, plans) = explained(database).await;
    let mut report = String::new();
    let mut wrong = Vec::new();
    let cases = [
        // What changed little is sorted whole; of shows, those that changed.
        ("sync of what little changed", json!({"limit": PAGE, "cursor": cursor}), 5..=20, LIMIT),
        // A page of everything costs what is sorted of the same bucket of transactions, and its cards.
        ("the first page of everything", json!({"limit": PAGE}), 50..=50, 4 * LIMIT),
    ];
    for (name, input, cards, limit) in cases {
        let request = request(input);
        let pace = Pace::of(&admin, limit, async || {
            let answer = call(&edge, "sync", &request).await;
            assert_eq!(answer["ok"], true, "{name}: {answer}");
            let found: usize = ["conversations", "help_conversations", "threads"]
                .iter()
                .filter_map(|domain| answer["data"][domain].as_array())
                .map(Vec::len)
                .sum();
            assert!(cards.contains(&found), "{name}: {found} cards");
        })
        .await;
        for _ in 0..CALLS {
            call(&explaining, "sync", &request).await;
        }
        for plan in &std::mem::take(&mut *plans.lock().expect("nobody panics with it")) {
            let mut of_this = Vec::new();
            faults(&plan["Plan"], LARGE, None, &mut of_this);
            if !of_this.is_empty() {
                let query = plan["Query Text"].as_str().unwrap_or_default();
                wrong.push(format!("{name}: {of_this:?} in {query}\n{:#}", plan["Plan"]));
                break;
            }
        }
        writeln!(report, "{name}: {:.1} ms", pace.millis()).expect("a string can be written");
        wrong.extend(pace.fault(name));
    }
    // Past the harness, as above.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), report.as_bytes());
    assert!(wrong.is_empty(), "{report}\n{}", wrong.join("\n\n"));
}

/// Of 1,000,000 help conversations a user has 10,000.
#[tokio::test(flavor = "multi_thread")]
async fn at_a_million_help_conversations_every_page_comes_off_an_index() {
    let (_turn, database) = large().await;
    let admin = database.admin().await;
    let size: String = one(
        &admin,
        "select format('%s conversations, %s of one user', (select count(*) >= 1000000 from conversations_v2),
           (select count(*) >= 10000 from conversations_v2
            where '10000000-0000-4000-8000-000000000001' in (requester_id, helper_id)))",
    )
    .await;
    assert_eq!(size, "t conversations, t of one user");
    let middle: String = one(
        &admin,
        "select rolecall_internal.cursor_of(last_message_at, conversation_id) from rolecall.help_threads
         where helper_id = '10000000-0000-4000-8000-000000000001'
         order by last_message_at desc, conversation_id desc offset 5000 limit 1",
    )
    .await;
    let conversation: Uuid = one(
        &admin,
        "select conversation_id from rolecall.help_threads
         where helper_id = '10000000-0000-4000-8000-000000000001' and conversation_id >= '62000000-0000-4000-8000-000000000000'
         limit 1",
    )
    .await;
    admin
        .batch_execute(&format!(
            "insert into messages_v2 (conversation_id, sender_id, content, created_at)
             select '{conversation}', '{}', 'more', now() - (5000 - number) * interval '1 second'
             from generate_series(1, 5000) as number;
             analyze messages_v2",
            person(1)
        ))
        .await
        .expect("a superuser may");
    // The indexes have the hours in order, each side of a conversation for itself.
    let hour = 2 * (3600 / 61 + 2);
    let cases = [
        ("the first page", "help_conversations", json!({"limit": PAGE}), PAGE + hour),
        ("a later page", "help_conversations", json!({"limit": PAGE, "cursor": middle}), PAGE + hour),
        ("those that are active", "help_conversations", json!({"limit": PAGE, "status": "active"}), PAGE + hour),
        // Of which this user has none, or few.
        ("those that are cancelled", "help_conversations", json!({"limit": PAGE, "status": "cancelled"}), PAGE + hour),
        // Equal times are sorted by id, in groups of at least 32.
        ("one conversation", "help_conversation", json!({"limit": PAGE, "conversation_id": conversation}), 2 * PAGE),
        (
            "messages of long ago",
            "help_conversation",
            json!({"limit": PAGE, "conversation_id": conversation, "before": seconds_ago(&admin, 2500).await}),
            2 * PAGE,
        ),
        (
            "messages since",
            "help_conversation",
            json!({"limit": PAGE, "conversation_id": conversation, "since": seconds_ago(&admin, 2500).await}),
            2 * PAGE,
        ),
        ("marking as read", "read_help_conversation", json!({"conversation_id": conversation}), PAGE),
        ("a message", "send_help_message", json!({"conversation_id": conversation, "content": "Hello"}), PAGE),
    ];
    admin.batch_execute("delete from rate_limits").await.expect("a superuser may");
    let edge = database.edge().await;
    let (explaining, plans) = explained(database).await;
    let mut report = String::new();
    let mut wrong = Vec::new();
    for (name, function, input, sorted) in cases {
        let request = request(input);
        let pace = Pace::of(&admin, LIMIT, async || {
            let answer = call(&edge, function, &request).await;
            assert_eq!(answer["ok"], true, "{name}: {answer}");
        })
        .await;
        for _ in 0..CALLS {
            call(&explaining, function, &request).await;
        }
        for plan in &std::mem::take(&mut *plans.lock().expect("nobody panics with it")) {
            let mut of_this = Vec::new();
            faults(&plan["Plan"], LARGE, Some(sorted), &mut of_this);
            if !of_this.is_empty() {
                let query = plan["Query Text"].as_str().unwrap_or_default();
                wrong.push(format!("{name}: {of_this:?} in {query}\n{:#}", plan["Plan"]));
                break;
            }
        }
        writeln!(report, "{name}: {:.1} ms", pace.millis()).expect("a string can be written");
        wrong.extend(pace.fault(name));
    }
    // Past the harness, as above.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), report.as_bytes());
    assert!(wrong.is_empty(), "{report}\n{}", wrong.join("\n\n"));
}

/// A moment so many seconds ago.
async fn seconds_ago(client: &Client, seconds: i32) -> String {
    one(client, &format!("select rolecall_internal.iso(now() - interval '{seconds} seconds')")).await
}

/// Who reads: an ordinary user with ten conversations, one with two thousand, one with nothing, a dealer at big shows, and
/// one of an organisation of a hundred. What they see is in support/readable.sql.
const READERS: &[(&str, u32)] =
    &[("ordinary", 5000), ("2,000 conversations", 3000), ("new", 100_001), ("dealer", 6000), ("member", 90_001)];

/// What a client that reads a table sends: the newest, anything, and how many there are.
fn reads(table: &str, columns: &str, order: &str) -> [(&'static str, String); 3] {
    [
        ("newest", format!("select {columns} from {table} order by {order} desc limit 20")),
        ("any", format!("select {columns} from {table} limit 20")),
        ("count", format!("select count(*) from (select 1 from {table}) as counted")),
    ]
}

/// What the scans of a plan read: the rows that they returned and those that they threw away, and the large tables that
/// were read from end to end.
fn scanned(plan: &Value, rows: &mut u64, from_end_to_end: &mut Vec<String>) {
    let number = |name: &str| plan[name].as_u64().unwrap_or(0);
    if let Some(relation) = plan["Relation Name"].as_str() {
        *rows += number("Actual Loops")
            * (number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck"));
        if plan["Node Type"] == "Seq Scan" && LARGE.contains(&relation) {
            from_end_to_end.push(relation.to_owned());
        }
    }
    for child in plan["Plans"].as_array().map(Vec::as_slice).unwrap_or_default() {
        scanned(child, rows, from_end_to_end);
    }
}

/// The first column of the answer to a simple query.
async fn answer(client: &Client, sql: &str) -> String {
    let messages = client.simple_query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let row = messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_without_a_filter_finds_by_index_what_the_caller_may_see() {
    let (_turn, database) = large().await;
    let client = database.admin().await;
    // Every table and view that authenticated may read, whoever added it.
    let tables: Vec<(String, String, String)> = client
        .query(
            "select format('%s.%I', relnamespace::regnamespace, relname), string_agg(quote_ident(attname), ', ' order by attnum),
               coalesce(
                 max(attname::text) filter (where attname = 'created_at'),
                 (array_agg(attname::text order by attnum) filter (where atttypid = 'timestamptz'::regtype))[1],
                 (array_agg(attname::text order by attnum))[1]
               )
             from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
             where relkind in ('r', 'p', 'v', 'm')
               and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
               and has_schema_privilege('authenticated', relnamespace, 'usage')
               and has_column_privilege('authenticated', pg_class.oid, attnum, 'select')
             group by pg_class.oid
             order by pg_class.oid::regclass::text",
            &[],
        )
        .await
        .expect("a superuser may")
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert!(tables.len() >= 20, "{tables:?}");
    let mut report = String::from("| milliseconds |");
    for (reader, _) in READERS {
        write!(report, " {reader} |").expect("a string can be written");
    }
    let mut wrong = Vec::new();
    client.batch_execute("set role authenticated").await.expect("a superuser may");
    for (table, columns, order) in &tables {
        write!(report, "\n| {table} |").expect("a string can be written");
        for (reader, number) in READERS {
            client
                .execute(
                    "select set_config('request.jwt.claims', $1, false)",
                    &[&json!({"sub": person(*number)}).to_string()],
                )
                .await
                .expect("anybody may");
            let mut times = Vec::new();
            let mut visible = 0;
            let mut of_this = reads(table, columns, order);
            // Counted first, as the others may cost what there is to count.
            of_this.reverse();
            for (kind, sql) in of_this {
                // The best of some: what it costs, not what else this machine does meanwhile.
                let mut best = Duration::MAX;
                for _ in 0..5 {
                    let begin = Instant::now();
                    let first = answer(&client, &sql).await;
                    best = best.min(begin.elapsed());
                    if kind == "count" {
                        visible = first.parse().expect("a count is a number");
                    }
                }
                times.push(format!("{:.1}", best.as_secs_f64() * 1e3));
                let plan = answer(&client, &format!("explain (analyze, buffers, timing off, format json) {sql}")).await;
                let plan: Value = serde_json::from_str(&plan).expect("JSON");
                let (mut rows, mut from_end_to_end) = (0, Vec::new());
                scanned(&plan[0]["Plan"], &mut rows, &mut from_end_to_end);
                let pages = ["Shared Hit Blocks", "Shared Read Blocks"]
                    .iter()
                    .filter_map(|name| plan[0]["Plan"][name].as_u64())
                    .sum::<u64>();
                // A little table may be read whole; what a row costs is its way down the index, in each of two.
                if rows > 2 * visible + 250 || pages > 4 * visible + 1500 || !from_end_to_end.is_empty() {
                    wrong.push(format!(
                        "{kind} of {table} for {reader}, who sees {visible}: {rows} rows and {pages} pages are read, \
                         {from_end_to_end:?} from end to end\n{sql}\n{:#}",
                        plan[0]["Plan"]
                    ));
                }
            }
            times.reverse();
            write!(report, " {} |", times.join(" / ")).expect("a string can be written");
        }
    }
    // Past the harness, as above.
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("newest 20 / any 20 / count of what is visible\n{report}\n").as_bytes(),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_show_reads_no_large_table_from_end_to_end() {
    let (_turn, database) = large().await;
    let (client, plans) = explained(database).await;
    client
        .batch_execute(
            "begin;
             insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
             values ('39000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000002', 'Show', now(), now());
             insert into rolecall.show_participants (show_id, user_id)
             select '39000000-0000-4000-8000-000000000001', id from rolecall.profiles limit 10;
             delete from rolecall.shows where id = '39000000-0000-4000-8000-000000000001';
             rollback",
        )
        .await
        .expect("a superuser may");
    let plans: Vec<Value> = std::mem::take(&mut *plans.lock().expect("nobody panics with it"));
    let asked =
        plans.iter().filter(|plan| plan["Query Text"].as_str().is_some_and(|text| text.contains("ONLY"))).count();
    assert!(asked >= 5, "the foreign keys are asked: {plans:?}");
    let mut wrong = Vec::new();
    for plan in &plans {
        let (mut rows, mut from_end_to_end) = (0, Vec::new());
        scanned(&plan["Plan"], &mut rows, &mut from_end_to_end);
        if !from_end_to_end.is_empty() && !plan["Query Text"].as_str().unwrap_or_default().contains("limit 10") {
            wrong.push(format!("{from_end_to_end:?} in {}", plan["Query Text"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
