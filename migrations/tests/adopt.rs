//! `adopt` and `unadopt`: Rolecall and the app beside it know each other, and the app notices nothing.

#[path = "support/hosted.rs"]
mod hosted;
#[path = "support/neighbour.rs"]
mod neighbour;
mod support;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use hosted::{catalogue, rds, supabase};
use neighbour::{APP, everything, everything_else, psql};
use rolecall_database::{MIGRATIONS, adopt, apply, connect, rollback, unadopt};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use support::{Database, call, cluster, list, one, request};
use tokio_postgres::Client;
use uuid::Uuid;

/// The example of docs/install.md, which is that of this app.
const MAPPING: &str = include_str!("../../docs/install/adopt.toml");

/// What the app's own code says to the database.
const V1: &str = include_str!("support/v1.sql");

/// A row of the app: `id('a', 4)` is its user 4, `b` a help request, `c` a conversation, `d` a message.
fn id(kind: char, number: u32) -> Uuid {
    format!("{kind}0000000-0000-4000-8000-{number:012}").parse().expect("a uuid")
}

async fn run(client: &Client, sql: &str) {
    if let Err(error) = client.batch_execute(sql).await {
        panic!("{sql}: {error:?}");
    }
}

/// A database with the app, and Rolecall beside it.
async fn installed() -> Database {
    let database = Database::empty().await;
    run(&database.admin().await, APP).await;
    apply(&database.admin_url).await.expect("its names are free");
    database
}

/// The same, adopted.
async fn adopted() -> Database {
    let database = installed().await;
    let done = adopt(&database.admin_url, MAPPING).await.expect("the example fits");
    assert_eq!((done.profiles, done.help_requests, done.conversations, done.missed), (Some(20), Some(12), Some(16), 0));
    database
}

/// The answers of V1's statements in a copy of the database.
async fn v1(database: &Database) -> String {
    let cluster = cluster().await;
    let copy = format!("{}_v1", database.name);
    let admin = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    // A connection that has just been dropped may still be there for a moment.
    run(
        &admin,
        &format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{}' and pid <> pg_backend_pid()",
            database.name
        ),
    )
    .await;
    run(&admin, &format!("drop database if exists {copy} with (force)")).await;
    cluster.create_database(&copy, Some(&database.name)).await.expect("a superuser may");
    let file = std::env::temp_dir().join(format!("rolecall-{}-{copy}.sql", std::process::id()));
    std::fs::write(&file, V1).expect("it can be written");
    let output = psql(cluster, &cluster.admin_url(&copy), &file);
    std::fs::remove_file(&file).expect("it is there");
    run(&admin, &format!("drop database {copy} with (force)")).await;
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The rows of the app's requests as Rolecall has them.
async fn requests(client: &Client) -> Vec<String> {
    list(
        client,
        "select concat_ws(' ', right(id::text, 2), right(requester_id::text, 2), status, title)
         from rolecall.help_requests order by id",
    )
    .await
}

async fn request_of(client: &Client, number: u32) -> String {
    let sql =
        format!("select concat_ws(' ', status, title) from rolecall.help_requests where id = '{}'", id('b', number));
    list(client, &sql).await.pop().unwrap_or_default()
}

async fn name_of(client: &Client, number: u32) -> Option<String> {
    list(client, &format!("select display_name from rolecall.profiles where id = '{}'", id('a', number))).await.pop()
}

/// An offer of help, as the function makes it.
async fn offer(database: &Database, helper: u32, help_request: u32) -> Value {
    let input = json!({"help_request_id": id('b', help_request), "initial_message": "I can drive you there tomorrow."});
    call(&database.edge().await, "start_conversation", &request(id('a', helper), input)).await
}

async fn switch(database: &Database, rollout: &str) {
    let flags = "'start-conversation', 'help-conversations', 'messaging_v2_enabled'";
    let statement = format!("update rolecall.feature_flags set rollout = '{rollout}' where name in ({flags})");
    run(&database.admin().await, &statement).await;
}

#[tokio::test]
async fn the_app_is_unchanged_through_install_adopt_rollout_and_rollback() {
    let cluster = cluster().await;
    let database = Database::empty().await;
    let url = &database.admin_url;
    run(&database.admin().await, APP).await;
    let before = everything(cluster, url).await;
    let others = everything_else(cluster, url, &[]).await;
    let recorded = v1(&database).await;
    for statement in ["list", "read", "send", "mark read", "complete", "sign up", "ask", "withdraw", "leave", "count"] {
        assert!(recorded.contains(&format!(" {statement} ")), "{statement}: {recorded}");
    }

    apply(url).await.expect("its names are free");
    assert_eq!(v1(&database).await, recorded, "installed");
    adopt(url, MAPPING).await.expect("the example fits");
    assert_eq!(everything_else(cluster, url, &[]).await, others, "adopted");
    assert_eq!(v1(&database).await, recorded, "adopted");

    // Rolled out: a neighbour offers help on a request of the app's own. Request 4 is open, request 1 in progress.
    switch(&database, "enabled").await;
    let started = offer(&database, 9, 4).await;
    assert_eq!(started["ok"], true, "{started}");
    assert_eq!(offer(&database, 9, 2).await["code"], "help_request_unavailable", "it is completed");
    assert_eq!(offer(&database, 4, 4).await["code"], "invalid_input", "their own");

    // Both versions are in the list, and V1 is read and not written.
    let edge = database.edge().await;
    let ask =
        async |user: u32, function: &str, input: Value| call(&edge, function, &request(id('a', user), input)).await;
    let listed = ask(4, "help_conversations", json!({})).await;
    let shown: Vec<String> = listed["data"]["conversations"]
        .as_array()
        .unwrap_or_else(|| panic!("{listed}"))
        .iter()
        .map(|card| format!("{} {} {}", card["version"], card["badge"], card["help_request"]["title"]))
        .collect();
    let legacy = |title: &str| format!(r#""v1" "Legacy Conversation" "{title}""#);
    assert_eq!(shown[1..], [legacy("A ride on day 5"), legacy("A ride on day 4")], "{listed}");
    assert!(shown[0].starts_with("\"v2\""), "{listed}");
    let read = ask(4, "help_conversation", json!({"conversation_id": id('c', 4)})).await;
    assert_eq!(read["data"]["messages"].as_array().map(Vec::len), Some(6), "{read}");
    for (user, conversation, code) in [(4, 4, "conversation_read_only"), (9, 4, "not_found")] {
        let input = json!({"conversation_id": id('c', conversation), "content": "Hello"});
        assert_eq!(ask(user, "send_help_message", input).await["code"], code);
    }
    let left = ask(8, "help_conversation", json!({"conversation_id": id('c', 7)})).await;
    assert_eq!(left["code"], "not_found", "who has left reads no more");
    drop(edge);
    assert_eq!(everything_else(cluster, url, &[]).await, others, "rolled out");
    assert_eq!(v1(&database).await, recorded, "rolled out");

    // Rolled back by the flag: V1 is there as before.
    switch(&database, "disabled").await;
    assert_eq!(offer(&database, 10, 4).await["code"], "feature_disabled");
    let conversations = "select count(*) from rolecall_adopted.conversations";
    assert_eq!(one::<i64>(&database.admin().await, conversations).await, 16);
    assert_eq!(v1(&database).await, recorded, "rolled back");

    // And by the migrations, with the adoption still in force.
    for version in (0..MIGRATIONS.len()).rev() {
        let version = i32::try_from(version).expect("a few");
        rollback(url, version).await.expect("nothing of the app's depends on it");
        assert_eq!(everything_else(cluster, url, &[]).await, others, "taken back to {version}");
        assert_eq!(v1(&database).await, recorded, "taken back to {version}");
    }
    assert!(unadopt(url).await.expect("it is there"));
    assert_eq!(everything(cluster, url).await, before, "nothing is left");
    assert!(!unadopt(url).await.expect("that is no error"));
}

#[tokio::test]
async fn the_apps_rows_are_taken_over_and_followed() {
    let database = adopted().await;
    let admin = database.admin().await;
    let rows = requests(&admin).await;
    assert_eq!(rows.len(), 12);
    assert_eq!(
        rows[..4],
        [
            "01 01 in_progress A ride on day 1",
            "02 02 completed A ride on day 2",
            "03 03 cancelled A ride on day 3",
            "04 04 open A ride on day 4"
        ]
    );
    assert_eq!(name_of(&admin, 7).await.as_deref(), Some("Neighbour 7"));
    let at: String =
        one(&admin, &format!("select created_at::text from rolecall.help_requests where id = '{}'", id('b', 4))).await;
    assert!(at.starts_with("2026-03-05 "), "{at}");

    // What is written from now on, in one transaction and by several rows at once.
    run(
        &admin,
        &format!(
            "begin;
             insert into public.profiles (id, name) values ('{user}', '  Ida  ');
             insert into public.help_requests (id, user_id, title) values ('{ask}', '{user}', 'Shopping'), ('{hidden}', '{user}', U&'\\2800');
             update public.help_requests set title = repeat('x', 300) where id = '{ask}';
             commit;
             update public.help_requests set status = 'completed' where status = 'open' and user_id <> '{user}';
             update public.profiles set name = U&'Ada\\202enimdA' where id = '{one}';",
            user = id('a', 50),
            ask = id('b', 50),
            hidden = id('b', 51),
            one = id('a', 1),
        ),
    )
    .await;
    assert_eq!(name_of(&admin, 50).await.as_deref(), Some("Ida"));
    assert_eq!(name_of(&admin, 1).await.as_deref(), Some(""), "Rolecall refuses that name");
    assert_eq!(request_of(&admin, 50).await, format!("open {}", "x".repeat(200)));
    assert_eq!(request_of(&admin, 51).await, "open Help request");
    assert_eq!(request_of(&admin, 4).await, "completed A ride on day 4");

    // The request goes to somebody else, and gets another id.
    run(
        &admin,
        &format!(
            "update public.help_requests set user_id = '{}' where id = '{}';
             update public.help_requests set id = '{}' where id = '{}';",
            id('a', 2),
            id('b', 50),
            id('b', 52),
            id('b', 51)
        ),
    )
    .await;
    let rows = requests(&admin).await;
    assert!(rows.iter().any(|row| row.starts_with("50 02 open")), "{rows:?}");
    assert!(rows.contains(&"51 50 cancelled Deleted help request".to_owned()), "{rows:?}");
    assert!(rows.contains(&"52 50 open Help request".to_owned()), "{rows:?}");

    // Deleted in the app: the conversations about it outlive the request, and the account is erased.
    run(
        &admin,
        &format!(
            "delete from public.help_requests where id = '{}'; delete from public.profiles where id = '{}';",
            id('b', 50),
            id('a', 50)
        ),
    )
    .await;
    assert_eq!(request_of(&admin, 50).await, "cancelled Deleted help request");
    assert_eq!(name_of(&admin, 50).await, None);
    let deleted = format!("select count(*) from rolecall.data_deletions where account and user_id = '{}'", id('a', 50));
    assert_eq!(one::<i64>(&admin, &deleted).await, 1);
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall_adopted.missed").await, 0);
}

#[tokio::test]
async fn a_request_in_progress_stays_so_until_the_app_says_otherwise() {
    let database = adopted().await;
    let admin = database.admin().await;
    let progress = format!("update rolecall.help_requests set status = 'in_progress' where id = '{}'", id('b', 4));
    run(&admin, &progress).await;
    let write = async |sql: &str| {
        run(&admin, &format!("update public.help_requests set {sql} where id = '{}'", id('b', 4))).await;
        request_of(&admin, 4).await
    };
    assert_eq!(write("title = 'A ride'").await, "in_progress A ride", "the title alone has changed");
    assert_eq!(write("created_at = now()").await, "in_progress A ride");
    adopt(&database.admin_url, MAPPING).await.expect("it fits");
    assert_eq!(request_of(&admin, 4).await, "in_progress A ride", "adopted again");
    assert_eq!(write("status = 'cancelled'").await, "cancelled A ride");
    assert_eq!(write("status = 'open'").await, "open A ride", "opened again");
    // What Rolecall's own users closed is not opened by a title.
    run(&admin, &format!("update rolecall.help_requests set status = 'closed' where id = '{}'", id('b', 4))).await;
    assert_eq!(write("title = 'Two rides'").await, "closed Two rides");
    adopt(&database.admin_url, MAPPING).await.expect("it fits");
    assert_eq!(request_of(&admin, 4).await, "open Two rides", "adopted again, the app's word counts");
}

#[tokio::test]
async fn another_mapping_replaces_the_first_and_unadopt_leaves_the_rows() {
    let cluster = cluster().await;
    let database = installed().await;
    let (url, admin) = (&database.admin_url, database.admin().await);
    adopt(url, MAPPING).await.expect("it fits");
    let once = everything(cluster, url).await;
    adopt(url, MAPPING).await.expect("it fits");
    let comparable = |text: &str| text.lines().filter(|line| !line.contains("missed_id_seq")).count();
    assert_eq!(comparable(&everything(cluster, url).await), comparable(&once), "twice is once");

    run(
        &admin,
        "create table public.asks (key uuid primary key, who uuid, what text, state text, kind text);
         insert into public.asks
         select id, user_id, title, case status when 'open' then 'new' else 'done' end, case when status = 'cancelled' then 'offer' else 'ask' end
         from public.help_requests;",
    )
    .await;
    let other = "[profiles]\ntable = 'profiles'\nid = 'id'\nname = 'email'\n
                 [help_requests]\ntable = 'asks'\nid = 'key'\nrequester = 'who'\ntitle = 'what'\nstatus = 'state'\nwhere = { kind = 'ask' }\n
                 statuses = { new = 'open' }\n";
    let done = adopt(url, other).await.expect("it fits");
    assert_eq!(done.conversations, None);
    assert!(done.hints.iter().any(|hint| hint.contains("\"done\"")), "{:?}", done.hints);
    assert_eq!(name_of(&admin, 7).await.as_deref(), Some("neighbour7@example.org"));
    assert_eq!(
        requests(&admin).await[..4],
        [
            "01 01 closed A ride on day 1",
            "02 02 closed A ride on day 2",
            "03 03 closed A ride on day 3",
            "04 04 open A ride on day 4"
        ]
    );
    // The old table is followed no more, and the new one is.
    run(
        &admin,
        "update public.help_requests set title = 'Old'; update public.asks set what = 'New' where state = 'new'",
    )
    .await;
    assert_eq!(request_of(&admin, 4).await, "open New");
    assert_eq!(request_of(&admin, 1).await, "closed A ride on day 1");
    assert_eq!(one::<i64>(&admin, "select count(*) from pg_views where schemaname = 'rolecall_adopted'").await, 0);
    // A row that counts no more is closed, and open again when it counts.
    run(&admin, "update public.asks set kind = 'offer' where state = 'new'").await;
    assert_eq!(request_of(&admin, 4).await, "closed New");
    run(&admin, "update public.asks set kind = 'ask' where state = 'new'").await;
    assert_eq!(request_of(&admin, 4).await, "open New");

    assert!(unadopt(url).await.expect("it is there"));
    let rows = requests(&admin).await;
    run(
        &admin,
        "update public.asks set what = 'Unheard'; drop table public.asks; update public.help_requests set title = 'x'",
    )
    .await;
    assert_eq!(requests(&admin).await, rows, "the rows stay and follow nothing");
    let left = everything(cluster, url).await;
    assert!(once.contains("CREATE SCHEMA rolecall_adopted") && once.contains("rolecall_adopted.follow_profile()"));
    assert!(!left.contains("SCHEMA rolecall_adopted") && !left.contains("follow_profile"));
}

/// Conversations as the views show them.
async fn conversations(client: &Client) -> Vec<String> {
    list(
        client,
        "select concat_ws(' ', right(id::text, 2), right(help_request_id::text, 2), right(requester_id::text, 2),
           right(helper_id::text, 2), status)
         from rolecall_adopted.conversations order by id",
    )
    .await
}

#[tokio::test]
async fn v1_conversations_are_read_where_they_lie() {
    let database = adopted().await;
    let admin = database.admin().await;
    let all = conversations(&admin).await;
    assert_eq!(all.len(), 16);
    // The owner of request 2 is user 2, who takes part with user 1, who began.
    assert_eq!(all[0], "01 02 02 01 active");
    assert_eq!(all[4], "05 06 06 05 closed");
    // The owner of request 1 takes no part in conversation 12; user 12 began it with user 13.
    assert_eq!(all[11], "12 01 12 13 active");

    let of = async |number: u32| {
        list(
            &admin,
            &format!(
                "select right(conversation_id::text, 2) from rolecall_adopted.conversation_participants
                 where user_id = '{}' order by 1",
                id('a', number)
            ),
        )
        .await
    };
    assert_eq!(of(4).await, ["03", "04"]);
    assert_eq!(of(8).await, ["08"], "who has left conversation 7 does not read it");
    assert_eq!(all[6], "07 08 08 07 active", "and is still its requester");
    let lines: i64 = one(
        &admin,
        &format!("select count(*) from rolecall_adopted.messages where conversation_id = '{}'", id('c', 7)),
    )
    .await;
    assert_eq!(lines, 6);

    // What the app writes is there at once: nothing is copied.
    run(
        &admin,
        &format!(
            "insert into public.messages (conversation_id, sender_id, content) values ('{}', '{}', 'Fresh');
             update public.conversations set status = 'closed' where id = '{}';
             delete from public.conversation_participants where conversation_id = '{}' and user_id = '{}'",
            id('c', 7),
            id('a', 7),
            id('c', 1),
            id('c', 1),
            id('a', 2)
        ),
    )
    .await;
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall_adopted.messages where content = 'Fresh'").await, 1);
    assert_eq!(conversations(&admin).await[0], "01 02 01 closed", "alone in it");
    let stored: i64 = one(
        &admin,
        "select count(*) from pg_class where relnamespace = 'rolecall_adopted'::regnamespace and relkind in ('r', 'm', 'p')
           and relname <> 'missed'",
    )
    .await;
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn a_users_conversations_are_found_without_reading_all_messages() {
    let database = installed().await;
    let admin = database.admin().await;
    run(
        &admin,
        "create index participants_user on public.conversation_participants (user_id);
         insert into public.conversations (id, created_by)
         select md5(number::text)::uuid, ('a0000000-0000-4000-8000-0000000000' || lpad((1 + number % 20)::text, 2, '0'))::uuid
         from generate_series(1, 4000) as number;
         insert into public.profiles (id, name) select md5('u' || number)::uuid, 'U' from generate_series(1, 2000) as number;
         insert into public.conversation_participants (conversation_id, user_id)
         select md5(number::text)::uuid, md5('u' || (number + place) % 2000 + 1)::uuid
         from generate_series(1, 4000) as number cross join generate_series(0, 1) as place;
         insert into public.messages (conversation_id, sender_id, content)
         select md5(number::text)::uuid, md5('u' || number % 2000 + 1)::uuid, 'Hello ' || line
         from generate_series(1, 4000) as number cross join generate_series(1, 10) as line;
         analyze public.conversations, public.conversation_participants, public.messages, public.help_requests;",
    )
    .await;
    let done = adopt(&database.admin_url, MAPPING).await.expect("it fits");
    assert_eq!(done.hints, [] as [String; 0], "every index is there");
    let plan = list(
        &admin,
        "explain select conversation.*, message.content
         from rolecall_adopted.conversation_participants as mine
         join rolecall_adopted.conversations as conversation on conversation.id = mine.conversation_id
         left join lateral (
           select content from rolecall_adopted.messages where conversation_id = conversation.id
           order by created_at desc, id desc limit 1) as message on true
         where mine.user_id = (select md5('u7')::uuid)
         order by conversation.created_at desc limit 50",
    )
    .await
    .join("\n");
    for table in ["messages", "conversations", "conversation_participants"] {
        assert!(!plan.contains(&format!("Seq Scan on {table}")), "{plan}");
    }
    run(&admin, "drop index public.participants_user").await;
    let done = adopt(&database.admin_url, MAPPING).await.expect("it fits");
    assert!(done.hints.len() == 1 && done.hints[0].contains("(\"user_id\")"), "{:?}", done.hints);
}

/// Mappings that do not fit: what is wrong, and what the refusal says.
const WRONG: &[(&str, &str, &[&str])] = &[
    (
        "table = \"public.profiles\"",
        "table = \"public.people\"",
        &["no table public.people", "feature_flags, help_requests"],
    ),
    (
        "table = \"public.profiles\"",
        "table = \"nowhere.profiles\"",
        &["no table nowhere.profiles", "nowhere has no tables"],
    ),
    ("table = \"public.profiles\"", "table = \"public.Profiles\"", &["no table public.Profiles"]),
    ("table = \"public.profiles\"", "table = \"a.b.c\"", &["not the name of a table"]),
    ("table = \"public.profiles\"", "table = \"rolecall.profiles\"", &["not a table of your app"]),
    ("name = \"name\"", "name = \"fullname\"", &["no column fullname", "email, id, location, name"]),
    (
        "table = \"public.profiles\"\nid = \"id\"",
        "table = \"public.organizations\"\nid = \"id\"",
        &["type bigint", "a uuid"],
    ),
    ("requester = \"user_id\"", "requester = \"created_at\"", &["timestamp with time zone", "a uuid"]),
    (
        "table = \"public.help_requests\"",
        "table = \"public.open_help_requests\"",
        &["is a view", "name the table behind it"],
    ),
    ("table = \"public.help_requests\"", "table = \"public.conversation_sizes\"", &["is a materialized view"]),
    ("user = \"user_id\"", "user = \"user\"", &["[participants] user", "no column user"]),
    (
        "content = \"content\"",
        "content = \"content'); drop table public.messages; --\"",
        &["no column content'); drop"],
    ),
    (
        "created_at = \"created_at\"\n\n# Your words for open",
        "created_at = \"title\"\n\n# Your words for open",
        &["type text", "a timestamp"],
    ),
    ("completed = \"completed\"", "completed = \"finished\"", &["no such status", "in_progress"]),
    ("id = \"id\"\nname", "id = \"name\"\nname", &["has no index"]),
    ("name = \"name\"", "name = \"name\"\nrole = \"location\"\nroles = { x = \"king\" }", &["no role \"king\""]),
    ("name = \"name\"", "name = \"name\"\nwhere = { gone = true }", &["where", "no column gone"]),
    ("name = \"name\"", "name = \"name\"\nnames = \"name\"", &["unknown field `names`"]),
];

#[tokio::test]
async fn a_mapping_that_does_not_fit_is_refused_by_name_before_the_first_change() {
    let cluster = cluster().await;
    let database = installed().await;
    let url = &database.admin_url;
    let before = everything(cluster, url).await;
    for (from, to, sentences) in WRONG {
        assert!(MAPPING.contains(from), "{from}");
        let error = format!("{:#}", adopt(url, &MAPPING.replacen(from, to, 1)).await.expect_err(to));
        for sentence in *sentences {
            assert!(error.contains(sentence), "{to}: {error}");
        }
    }
    let two =
        MAPPING.replace("title = \"title\"", "title = \"heading\"").replace("user = \"user_id\"", "user = \"who\"");
    let error = adopt(url, &two).await.expect_err("two are wrong").to_string();
    assert!(error.contains("heading") && error.contains("who"), "each is named: {error}");
    assert_eq!(everything(cluster, url).await, before, "nothing has changed");

    rollback(url, 0).await.expect("nothing depends on it");
    let error = adopt(url, MAPPING).await.expect_err("it is not installed").to_string();
    assert!(error.contains("rolecall-migrate up"), "{error}");
    run(&database.admin().await, "create schema rolecall_adopted").await;
    let error = unadopt(url).await.expect_err("it is theirs").to_string();
    assert!(error.contains("not Rolecall's"), "{error}");
}

#[tokio::test]
async fn names_are_quoted_and_values_are_never_run() {
    let database = Database::empty().await;
    let (url, admin) = (&database.admin_url, database.admin().await);
    run(
        &admin,
        r#"create schema "My ""Shop""";
         create schema other;
         create table other.profiles (id uuid primary key, name text);
         create table "My ""Shop""".profiles ("Id" uuid primary key, "full.Name" text, "Kind's" text, gone timestamptz);
         create table "My ""Shop"""."Help.Requests" (
           "Key" text primary key, "select" text not null, "from" varchar(80), "State$$" text, "when" timestamp)
           ;
         insert into "My ""Shop""".profiles values
           ('a0000000-0000-4000-8000-000000000001', 'Ada', 'x''; drop table other.profiles; --', null),
           ('a0000000-0000-4000-8000-000000000002', 'Bot', 'bot', null),
           ('a0000000-0000-4000-8000-000000000003', 'Gone', 'x''; drop table other.profiles; --', now());
         insert into "My ""Shop"""."Help.Requests" values
           ('B0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'A', '\n$$o''pen$$', '2026-01-01 12:00'),
           ('not a uuid', 'a0000000-0000-4000-8000-000000000001', 'B', 'x', null);"#,
    )
    .await;
    apply(url).await.expect("its names are free");
    let mapping = r#"
        [profiles]
        table = '"My ""Shop""".profiles'
        id = "Id"
        name = "full.Name"
        where = { "Kind's" = ["x'; drop table other.profiles; --", "y"] }
        where_null = ["gone"]
        [help_requests]
        table = '"My ""Shop"""."Help.Requests"'
        id = "Key"
        requester = "select"
        title = "from"
        status = "State$$"
        created_at = "when"
        [help_requests.statuses]
        '\n$$o''pen$$' = "open"
    "#;
    // TOML has no doubled quotes in a literal.
    let mapping = mapping.replace(r"'\n$$o''pen$$'", r#""\\n$$o'pen$$""#);
    adopt(url, &mapping).await.expect("it fits");
    assert_eq!(list(&admin, "select display_name from rolecall.profiles").await, ["Ada"]);
    assert_eq!(requests(&admin).await, ["01 01 open A"]);
    let at: String = one(&admin, "select rolecall_internal.iso(created_at) from rolecall.help_requests").await;
    assert_eq!(at, "2026-01-01T12:00:00.000000Z", "a time without a zone is in UTC");
    run(
        &admin,
        r#"update "My ""Shop""".profiles set "full.Name" = 'Ada L.' where "full.Name" = 'Ada';
         update "My ""Shop""".profiles set "Kind's" = 'y' where "full.Name" = 'Bot';
         update "My ""Shop"""."Help.Requests" set "State$$" = 'completed' where "from" = 'A';
         insert into "My ""Shop"""."Help.Requests" values ('no uuid either', 'nobody', 'C', 'x', null);
         delete from "My ""Shop"""."Help.Requests" where "from" <> 'A';"#,
    )
    .await;
    assert_eq!(list(&admin, "select display_name from rolecall.profiles order by id").await, ["Ada L.", "Bot"]);
    assert_eq!(requests(&admin).await, ["01 01 completed A"]);
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall_adopted.missed").await, 0);
    assert_eq!(one::<i64>(&admin, "select count(*) from other.profiles").await, 0, "it is there");
    assert!(unadopt(url).await.expect("it is there"));
}

#[tokio::test]
async fn partitioned_tables_and_conversations_of_two_columns_are_adopted() {
    let database = Database::empty().await;
    let (url, admin) = (&database.admin_url, database.admin().await);
    run(
        &admin,
        "create table public.users (id uuid, region text, name text, primary key (id, region)) partition by list (region);
         create table public.users_eu partition of public.users for values in ('eu');
         create table public.users_us partition of public.users for values in ('us');
         create table public.chats (id uuid primary key, a uuid, b uuid, began date not null);
         create table public.lines (id bigint generated always as identity primary key, chat uuid, who uuid, said text, at timestamp not null);
         insert into public.users values ('a0000000-0000-4000-8000-000000000001', 'eu', 'Ada');
         insert into public.chats values ('c0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
           'a0000000-0000-4000-8000-000000000002', '2026-01-01');
         insert into public.lines (chat, who, said, at) values ('c0000000-0000-4000-8000-000000000001',
           'a0000000-0000-4000-8000-000000000001', 'Hello', '2026-01-01 10:00');",
    )
    .await;
    apply(url).await.expect("its names are free");
    let mapping = "
        [profiles]
        table = 'users'
        id = 'id'
        name = 'name'
        [conversations]
        table = 'chats'
        id = 'id'
        requester = 'a'
        helper = 'b'
        created_at = 'began'
        [messages]
        table = 'lines'
        id = 'id'
        conversation = 'chat'
        sender = 'who'
        content = 'said'
        created_at = 'at'";
    let done = adopt(url, mapping).await.expect("it fits");
    assert_eq!((done.profiles, done.help_requests, done.conversations), (Some(1), None, Some(1)));
    assert!(done.hints.iter().any(|hint| hint.contains("public.lines.chat")), "{:?}", done.hints);
    run(
        &admin,
        "insert into public.users values ('a0000000-0000-4000-8000-000000000002', 'us', 'Bob');
         insert into public.users_eu values ('a0000000-0000-4000-8000-000000000003', 'eu', 'Cy');
         update public.users set region = 'us', name = 'Ada L.' where name = 'Ada';
         create table public.users_as partition of public.users for values in ('as');
         insert into public.users values ('a0000000-0000-4000-8000-000000000004', 'as', 'Di');",
    )
    .await;
    let names = list(&admin, "select display_name from rolecall.profiles order by id").await;
    assert_eq!(names, ["Ada L.", "Bob", "Cy", "Di"], "who moves to another partition is not deleted");
    assert_eq!(conversations(&admin).await, ["01 01 02 active"]);
    let row: String = one(
        &admin,
        "select concat_ws(' ', message.id, content, rolecall_internal.iso(message.created_at), rolecall_internal.iso(conversation.created_at))
         from rolecall_adopted.messages as message join rolecall_adopted.conversations as conversation on conversation.id = conversation_id",
    )
    .await;
    assert_eq!(
        row,
        "00000000-0000-0000-0000-000000000001 Hello 2026-01-01T10:00:00.000000Z 2026-01-01T00:00:00.000000Z"
    );
    let error = adopt(url, &mapping.replace("'users'", "'users_eu'")).await.expect_err("it is a part").to_string();
    assert!(error.contains("one partition"), "{error}");
    assert!(unadopt(url).await.expect("it is there"));
}

/// The app goes on whatever happens on Rolecall's side, and what was missed comes after.
#[tokio::test(flavor = "multi_thread")]
async fn no_write_of_the_app_fails_because_of_rolecall() {
    let database = adopted().await;
    let admin = database.admin().await;
    let missed = async || one::<i64>(&admin, "select count(*) from rolecall_adopted.missed").await;

    // A row of ours is held, as by a request that never ends.
    let holder = connect(&database.admin_url).await.expect("it runs");
    let hold = format!(
        "begin; select from rolecall.help_requests where id = '{}' for update; select from rolecall.profiles where id = '{}' for update",
        id('b', 4),
        id('a', 7)
    );
    run(&holder, &hold).await;
    let started = Instant::now();
    run(
        &admin,
        &format!(
            "update public.help_requests set status = 'completed', title = 'Late' where id = '{}';
             update public.profiles set name = 'Late' where id = '{}';",
            id('b', 4),
            id('a', 7)
        ),
    )
    .await;
    assert!(started.elapsed() < Duration::from_secs(20), "it does not wait for ever");
    assert_eq!(missed().await, 2);
    assert_eq!(request_of(&admin, 4).await, "open A ride on day 4");
    run(&holder, "rollback").await;
    // The next write brings both in.
    run(&admin, &format!("update public.profiles set name = 'Next' where id = '{}'", id('a', 8))).await;
    assert_eq!(missed().await, 0);
    assert_eq!(request_of(&admin, 4).await, "completed Late");
    assert_eq!(name_of(&admin, 7).await.as_deref(), Some("Late"));

    // Something in Rolecall raises on every write.
    run(
        &admin,
        &format!("update public.conversations set help_request_id = null where help_request_id = '{}'", id('b', 9)),
    )
    .await;
    run(
        &admin,
        "create function public.raise_it() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
         create trigger fault before insert or update on rolecall.help_requests for each row execute function public.raise_it();",
    )
    .await;
    run(
        &admin,
        &format!(
            "update public.help_requests set title = 'Faulty' where id = '{}';
             insert into public.help_requests (id, user_id, title) values ('{}', '{}', 'New');
             delete from public.help_requests where id = '{}';",
            id('b', 5),
            id('b', 60),
            id('a', 5),
            id('b', 9)
        ),
    )
    .await;
    assert!(missed().await >= 3);
    run(&admin, "drop trigger fault on rolecall.help_requests; update rolecall_adopted.missed set due = now()").await;
    assert_eq!(one::<i64>(&admin, "select rolecall_adopted.catch_up()").await, 0);
    assert_eq!(request_of(&admin, 5).await.split_once(' ').map(|parts| parts.1.to_owned()), Some("Faulty".to_owned()));
    assert_eq!(request_of(&admin, 60).await, "open New");
    assert_eq!(request_of(&admin, 9).await, "cancelled Deleted help request");

    // An account that was deleted in Rolecall does not come back, and its owner goes on in the app.
    run(&admin, &format!("select rolecall.delete_account('{}')", id('a', 6))).await;
    run(
        &admin,
        &format!(
            "update public.profiles set name = 'Still here' where id = '{user}';
             insert into public.help_requests (id, user_id, title) values ('{ask}', '{user}', 'Anyone?');",
            user = id('a', 6),
            ask = id('b', 61)
        ),
    )
    .await;
    assert_eq!(name_of(&admin, 6).await, None);
    assert_eq!(request_of(&admin, 61).await, "");

    // In a transaction that sees an older state than Rolecall's.
    let serial = connect(&database.admin_url).await.expect("it runs");
    run(&serial, "begin isolation level repeatable read; select count(*) from public.profiles").await;
    run(&admin, &format!("update rolecall.profiles set role = role where id = '{}'", id('a', 3))).await;
    run(&serial, &format!("update public.profiles set name = 'Serial' where id = '{}'; commit", id('a', 3))).await;
    adopt(&database.admin_url, MAPPING).await.expect("it fits");
    assert_eq!(name_of(&admin, 3).await.as_deref(), Some("Serial"), "adopted again, nothing is missing");
    assert_eq!(missed().await, 0);

    // Rolecall goes, migration by migration, and the app writes on.
    for version in (0..MIGRATIONS.len()).rev() {
        rollback(&database.admin_url, i32::try_from(version).expect("a few")).await.expect("nothing depends on it");
        run(
            &admin,
            &format!(
                "update public.help_requests set status = 'in_progress', title = title || '!' where id = '{}';
                 update public.profiles set name = name || '!';
                 insert into public.help_requests (user_id, title, status) values ('{}', 'x', 'completed');
                 delete from public.help_requests where title = 'x';",
                id('b', 7),
                id('a', 7)
            ),
        )
        .await;
    }
    assert!(unadopt(&database.admin_url).await.expect("it is there"));
}

/// Whether what the app has and what Rolecall has is the same.
async fn differences(client: &Client) -> Vec<String> {
    list(
        client,
        "select concat_ws(' ', 'profile', own.id, own.name, profile.display_name)
         from public.profiles as own full join rolecall.profiles as profile on profile.id = own.id
         where own.id is null or profile.id is null or own.name <> profile.display_name
         union all
         select concat_ws(' ', 'request', own.id, own.title, own.status, request.title, request.status)
         from public.help_requests as own full join rolecall.help_requests as request on request.id = own.id
         where (own.title, own.status) is distinct from (request.title, request.status)
           and not (own.id is null and request.status = 'cancelled')
           and not (own.status = 'open' and request.status = 'in_progress')",
    )
    .await
}

/// One of the app's clients: it signs up, asks, changes and withdraws until it is told to stop. Returns its writes.
async fn write_on(url: &str, number: usize, stop: &AtomicBool) -> usize {
    let client = connect(url).await.expect("it runs");
    let mut writes = 0;
    while !stop.load(Ordering::Relaxed) {
        let (user, ask, gone) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
        run(
            &client,
            &format!(
                "begin;
                 insert into public.profiles (id, name) values ('{user}', 'Writer {number}'), ('{gone}', 'Gone {number}');
                 insert into public.help_requests (id, user_id, title) values ('{ask}', '{user}', 'Ask {number}');
                 commit;
                 update public.profiles set name = 'Renamed {writes}' where id = '{user}';
                 update public.help_requests set status = 'completed', title = 'Done {writes}' where id = '{ask}';
                 delete from public.profiles where id = '{gone}';
                 update public.help_requests set title = 'Everybody''s {number} {writes}' where id = '{}';",
                id('b', 4)
            ),
        )
        .await;
        if writes % 3 == 0 {
            run(&client, &format!("delete from public.help_requests where id = '{ask}'")).await;
        }
        writes += 1;
    }
    writes
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_missed_while_the_app_writes() {
    let database = installed().await;
    let (url, admin) = (&database.admin_url, database.admin().await);
    run(
        &admin,
        "insert into public.profiles (id, name) select md5('p' || number)::uuid, 'P ' || number from generate_series(1, 1500) as number;
         insert into public.help_requests (id, user_id, title)
         select md5('h' || number)::uuid, md5('p' || number)::uuid, 'H ' || number from generate_series(1, 1500) as number;",
    )
    .await;
    let stop = AtomicBool::new(false);
    let writers = join_all((0..6).map(|number| write_on(url, number, &stop)));
    let adopters = async {
        // Three at once: they replace each other.
        for result in join_all((0..3).map(|_| adopt(url, MAPPING))).await {
            result.expect("each is served");
        }
        stop.store(true, Ordering::Relaxed);
    };
    // Rows of Rolecall's are held now and then, longer than the app waits for them.
    let holder = async {
        let client = connect(url).await.expect("it runs");
        while !stop.load(Ordering::Relaxed) {
            let hold = format!(
                "begin; select from rolecall.help_requests where id = '{}' for update; select pg_sleep(0.3); commit",
                id('b', 4)
            );
            // It may lose against others; the app may not.
            if client.batch_execute(&hold).await.is_err() {
                run(&client, "rollback").await;
            }
        }
    };
    let (writes, (), ()) = futures::join!(writers, adopters, holder);
    assert!(writes.iter().all(|count| *count > 0), "{writes:?}");
    run(&admin, "update rolecall_adopted.missed set due = now()").await;
    assert_eq!(one::<i64>(&admin, "select rolecall_adopted.catch_up()").await, 0);
    assert_eq!(differences(&admin).await, [] as [String; 0], "{writes:?}");
}

/// What was missed is read from the app's table and written to Rolecall's; the app deletes its row in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_goes_while_it_is_caught_up_stays_gone() {
    let database = adopted().await;
    let (admin, other) = (database.admin().await, database.admin().await);
    // A request that is withdrawn before it is deleted leaves nothing behind.
    let only_open = MAPPING.replace("requester = ", "where = { status = \"open\" }\nrequester = ");
    adopt(&database.admin_url, &only_open).await.expect("it fits");
    let (user, ask) = (id('a', 90), id('b', 90));
    run(
        &admin,
        &format!(
            "set session_replication_role = replica;
             insert into public.profiles (id, name) values ('{user}', 'Ghost');
             insert into public.help_requests (id, user_id, title) values ('{ask}', '{}', 'Ghost');
             reset session_replication_role;
             create function public.wait() returns trigger language plpgsql
             as 'begin perform pg_advisory_xact_lock(90); return new; end';
             create trigger waits before insert on rolecall.profiles
             for each row when (new.display_name = 'Ghost') execute function public.wait();
             create trigger waits before insert on rolecall.help_requests
             for each row when (new.title = 'Ghost') execute function public.wait();
             alter function rolecall_adopted.catch_up(int, boolean) reset lock_timeout",
            id('a', 7)
        ),
    )
    .await;
    for (about, row, before) in [
        ("profiles", user, ""),
        ("help_requests", ask, "update public.help_requests set status = 'cancelled' where id = "),
    ] {
        let before = if before.is_empty() { String::new() } else { format!("{before}'{row}';") };
        run(
            &admin,
            &format!(
                "insert into rolecall_adopted.missed (about, row_id, is_gone, sqlstate)
                 values ('{about}', '{row}', false, '55P03'); select pg_advisory_lock(90)"
            ),
        )
        .await;
        let catching_up = async { assert_eq!(one::<i64>(&other, "select rolecall_adopted.catch_up()").await, 0) };
        let deleting = async {
            let waits = "select count(*) from pg_locks where locktype = 'advisory' and objid = 90 and not granted
                           and database = (select oid from pg_database where datname = current_database())";
            while one::<i64>(&admin, waits).await == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let delete = format!("{before} delete from public.{about} where id = '{row}'");
            // In transactions of their own.
            for statement in delete.split("; ").chain(["select pg_advisory_unlock(90)"]) {
                run(&admin, statement).await;
            }
        };
        futures::join!(catching_up, deleting);
    }
    let left = format!(
        "select display_name from rolecall.profiles where id = '{user}'
         union all select title || ' ' || status from rolecall.help_requests where id = '{ask}'"
    );
    assert_eq!(list(&admin, &left).await, ["Deleted help request cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopting_and_taking_back_fail_no_write() {
    let database = installed().await;
    let (url, admin) = (&database.admin_url, database.admin().await);
    let stop = AtomicBool::new(false);
    let writers = join_all((0..4).map(|number| write_on(url, number, &stop)));
    let changes = async {
        for _ in 0..3 {
            let (first, second, third) = futures::join!(adopt(url, MAPPING), unadopt(url), adopt(url, MAPPING));
            second.expect("it is served");
            for result in [first, third] {
                // Taken back while it took over rows: that is said.
                if let Err(error) = result {
                    let error = format!("{error:#}");
                    assert!(error.contains("taken back meanwhile") || error.contains("rolecall_adopted"), "{error}");
                }
            }
        }
        unadopt(url).await.expect("it is served");
        adopt(url, MAPPING).await.expect("nobody takes it back now");
        stop.store(true, Ordering::Relaxed);
    };
    futures::join!(writers, changes);
    run(&admin, "update rolecall_adopted.missed set due = now()").await;
    assert_eq!(one::<i64>(&admin, "select rolecall_adopted.catch_up()").await, 0);
    // Whoever was deleted while nobody followed is not found out: their rows stay, as `unadopt` says.
    let behind: Vec<String> = differences(&admin).await.into_iter().filter(|each| !each.contains(" Gone ")).collect();
    let behind: Vec<&String> =
        behind.iter().filter(|each| !each.contains("request") || each.contains("Everybody")).collect();
    assert_eq!(behind, [] as [&String; 0]);
}

/// Rows of each table that are taken over; `ROLECALL_ADOPT_ROWS=50000` for the figure of docs/install.md.
const ROWS: i64 = 5000;

/// The times are printed, not judged.
#[tokio::test]
async fn thousands_of_rows_are_taken_over() {
    let rows = std::env::var("ROLECALL_ADOPT_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    let database = installed().await;
    let (url, admin) = (&database.admin_url, database.admin().await);
    run(
        &admin,
        &format!(
            "insert into public.profiles (id, name) select md5('p' || number)::uuid, 'Person ' || number from generate_series(1, {rows}) as number;
             insert into public.help_requests (id, user_id, title)
             select md5('h' || number)::uuid, md5('p' || number)::uuid, 'Please help me with number ' || number from generate_series(1, {rows}) as number;"
        ),
    )
    .await;
    let timed = async |what: &str, sql: &str| {
        let started = Instant::now();
        run(&admin, sql).await;
        println!("{what}: {:?}", started.elapsed());
    };
    let started = Instant::now();
    let done = adopt(url, MAPPING).await.expect("it fits");
    println!("{rows} profiles and {rows} help requests were taken over in {:?}", started.elapsed());
    let expected = rows.cast_unsigned();
    assert_eq!((done.profiles, done.help_requests, done.missed), (Some(expected + 20), Some(expected + 12), 0));
    assert_eq!(differences(&admin).await, [] as [String; 0]);
    let started = Instant::now();
    adopt(url, MAPPING).await.expect("it fits");
    println!("and gone through again in {:?}", started.elapsed());
    timed("all profiles change in what does not concern Rolecall", "update public.profiles set location = 'here'")
        .await;
    timed(
        "1,000 names change and are followed",
        "update public.profiles set name = name || '.' where id in (select id from public.profiles limit 1000)",
    )
    .await;
    assert_eq!(differences(&admin).await, [] as [String; 0]);
}

#[tokio::test]
async fn the_owner_of_a_hosted_database_adopts_and_nobody_else_sees_anything() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let on_rds = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    for hosted in [supabase(&cluster, "app").await, rds(&on_rds, "app").await] {
        let (owner, admin) = (hosted.owner().await, hosted.admin().await);
        run(&owner, APP).await;
        run(
            &owner,
            "alter table public.profiles enable row level security;
             alter table public.help_requests enable row level security;
             alter default privileges grant all on tables to public;
             alter default privileges grant all on functions to public;
             alter default privileges grant all on schemas to public;",
        )
        .await;
        apply(&hosted.owner_url).await.expect("the owner can install");
        let before = catalogue(&hosted.admin_url).await;
        let done = adopt(&hosted.owner_url, MAPPING).await.expect("the owner can adopt");
        assert_eq!((done.profiles, done.conversations), (Some(20), Some(16)));
        let open = list(
            &admin,
            "select format('%s %s', role, name)
             from unnest(array['anon', 'authenticated', 'service_role', 'rolecall_edge']) as role
             cross join lateral (
               select 'schema' as name where has_schema_privilege(role, 'rolecall_adopted', 'usage, create')
               union all
               select oid::regclass::text from pg_class
               where relnamespace = 'rolecall_adopted'::regnamespace and relkind in ('r', 'v')
                 and has_any_column_privilege(role, oid, 'select, insert, update')
               union all
               select oid::regprocedure::text from pg_proc
               where pronamespace = 'rolecall_adopted'::regnamespace and has_function_privilege(role, oid, 'execute')
             ) as found",
        )
        .await;
        assert_eq!(open, [] as [String; 0], "closed to everybody");
        // A user of the app, who has no right to anything of Rolecall's, is followed.
        run(
            &admin,
            "grant insert (id, name), select on public.profiles to authenticated;
             create policy \"sign up\" on public.profiles for insert to authenticated with check (true);
             set role authenticated;
             insert into public.profiles (id, name) values ('a0000000-0000-4000-8000-000000000077', 'Zoe');
             reset role",
        )
        .await;
        assert_eq!(name_of(&owner, 77).await.as_deref(), Some("Zoe"));
        // While users may write the column of the role, it decides nothing.
        run(&admin, "grant update (location) on public.profiles to authenticated").await;
        let with_role =
            MAPPING.replacen("name = \"name\"", "name = \"name\"\nrole = \"location\"\nroles = { boss = 'admin' }", 1);
        let error = adopt(&hosted.owner_url, &with_role).await.expect_err("users may write it").to_string();
        assert!(error.contains("authenticated may write public.profiles.location"), "{error}");
        run(&owner, "revoke all on public.profiles from anon, authenticated").await;
        run(&admin, "revoke all on public.profiles from anon, authenticated; revoke update (location) on public.profiles from authenticated").await;
        adopt(&hosted.owner_url, &with_role).await.expect("nobody may");
        run(&owner, "update public.profiles set location = case when name = 'Zoe' then 'boss' else 'dealer' end where name in ('Zoe', 'Neighbour 1')").await;
        let roles = list(
            &owner,
            "select concat_ws(' ', display_name, role) from rolecall.profiles where role <> 'attendee' order by 1",
        )
        .await;
        assert_eq!(roles, ["Neighbour 1 dealer", "Zoe admin"]);

        // Somebody who is not the owner, or from whom rows are hidden.
        run(&admin, "create role guest login password 'secret'; alter table public.messages force row level security;")
            .await;
        let guest = hosted.owner_url.replace("owner:secret", "guest:secret").replace("master:secret", "guest:secret");
        assert!(adopt(&guest, MAPPING).await.is_err(), "the guest owns nothing");
        let hidden = adopt(&hosted.owner_url, MAPPING).await;
        match hidden {
            Ok(_) => {
                assert!(one::<bool>(&owner, "select rolbypassrls from pg_roles where rolname = current_user").await)
            }
            Err(error) => {
                assert!(error.to_string().contains("row-level security hides rows of public.messages"), "{error}")
            }
        }
        run(&admin, "alter table public.messages no force row level security; drop role guest").await;
        assert!(unadopt(&hosted.owner_url).await.expect("the owner can take it back"));
        run(&owner, "drop policy \"sign up\" on public.profiles").await;
        let now = catalogue(&hosted.admin_url).await;
        let changed = |line: &&String| line.contains("rolecall_adopted") || line.contains("TRIGGER");
        assert_eq!(now.iter().filter(changed).count(), before.iter().filter(changed).count());
    }
}

/// The program, as an adopter runs it.
#[tokio::test]
async fn the_command_says_what_it_does() {
    let database = installed().await;
    let folder = std::env::temp_dir().join(format!("rolecall-adopt-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("it can be made");
    std::fs::write(folder.join("adopt.toml"), MAPPING).expect("it can be written");
    std::fs::write(folder.join("wrong.toml"), MAPPING.replace("public.messages", "public.mesages"))
        .expect("it can be written");
    let said = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_rolecall-migrate"))
            .args(arguments)
            .args(["--database-url", &database.admin_url])
            .current_dir(&folder)
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    };
    let (done, text) = said(&["adopt", "--mapping", "wrong.toml"]);
    assert!(!done && text.contains("wrong.toml") && text.contains("no table public.mesages"), "{text}");
    let (done, text) = said(&["adopt", "--mapping", "missing.toml"]);
    assert!(!done && text.contains("missing.toml cannot be read"), "{text}");
    let (done, text) = said(&["adopt"]);
    assert!(done && text.contains("profiles: 20 rows") && text.contains("conversations (V1): 16"), "{text}");
    assert!(
        text.contains("create index concurrently on \"public\".\"conversation_participants\" (\"user_id\")"),
        "{text}"
    );
    let (done, text) = said(&["down", "--to", "0", "--yes"]);
    assert!(done && text.contains("`unadopt` removes them"), "{text}");
    let (done, text) = said(&["unadopt"]);
    assert!(done && text.contains("all rows stay"), "{text}");
    let (done, text) = said(&["unadopt"]);
    assert!(done && text.contains("nothing to do"), "{text}");
    std::fs::remove_dir_all(&folder).expect("it is there");
}
