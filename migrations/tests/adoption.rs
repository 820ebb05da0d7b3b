//! Rolecall beside somebody's app in one database: nothing that is not Rolecall's is ever touched.

#[path = "support/neighbour.rs"]
mod neighbour;
mod support;

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use neighbour::{APP, everything, everything_else, psql};
use rolecall_database::{MIGRATIONS, apply, connect, load_demo, rollback};
use serde_json::json;
use support::{Database, call, cluster, demo, dump, list, one, request};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files that apply everything, in their order.
fn up() -> Vec<PathBuf> {
    MIGRATIONS.iter().map(|migration| folder().join(migration.file)).collect()
}

/// The files that take everything back, in their order.
fn down() -> Vec<PathBuf> {
    MIGRATIONS.iter().rev().map(|migration| folder().join("rollback").join(migration.file)).collect()
}

async fn run(files: &[PathBuf], url: &str) -> Vec<Output> {
    let cluster = cluster().await;
    files.iter().map(|file: &PathBuf| psql(cluster, url, file as &Path)).collect()
}

fn errors(outputs: &[Output]) -> String {
    let text: String = outputs.iter().map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect();
    text.lines().filter(|line| !line.contains("NOTICE:")).collect::<Vec<_>>().join("\n")
}

/// A database with the app in it and nothing of ours.
async fn with_app() -> Database {
    let database = Database::empty().await;
    let client = connect(&database.admin_url).await.expect("the server runs");
    client.batch_execute(APP).await.expect("the app's own SQL");
    database
}

/// A direct message, a help conversation and a report, as the functions do it.
async fn use_it(database: &Database) {
    load_demo(&database.admin_url).await.expect("it loads");
    let edge = database.edge().await;
    let sent = call(&edge, "send_dm", &request(demo(1), json!({"recipient_id": demo(4), "content": "Hello"}))).await;
    assert_eq!(sent["ok"], true, "{sent}");
    let input = json!({"help_request_id": demo(21), "initial_message": "I can drive you there."});
    let started = call(&edge, "start_conversation", &request(demo(4), input)).await;
    assert_eq!(started["ok"], true, "{started}");
    let message = sent["data"]["message_id"].as_str().or(sent["data"]["id"].as_str()).expect("an id");
    let input = json!({"message_id": message, "reason": "Spam."});
    let reported = call(&edge, "report_message", &request(demo(4), input)).await;
    assert_eq!(reported["ok"], true, "{reported}");
}

#[tokio::test]
async fn an_app_is_the_same_to_the_byte_while_rolecall_is_installed_and_after_it_has_gone() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let before = everything(cluster, url).await;
    let others = everything_else(cluster, url, &[]).await;
    assert!(before.contains("Line 6") && others.contains("CREATE FUNCTION edge.send_dm"), "the dump shows the app");

    apply(url).await.expect("its names are free");
    assert_eq!(everything_else(cluster, url, &[]).await, others, "installed");
    use_it(&database).await;
    assert_eq!(everything_else(cluster, url, &[]).await, others, "used");
    rollback(url, 0).await.expect("nothing of the app's depends on it");
    assert_eq!(everything(cluster, url).await, before, "taken back");
}

/// Nobody says ON_ERROR_STOP, and everything is run twice.
#[tokio::test]
async fn plain_psql_does_the_same() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let before = everything(cluster, url).await;
    let others = everything_else(cluster, url, &[]).await;
    for round in 0..2 {
        assert_eq!(errors(&run(&up(), url).await), "", "round {round}");
    }
    assert_eq!(everything_else(cluster, url, &[]).await, others, "installed");
    assert!(dump(url).await.contains("CREATE TABLE rolecall.messages ("));
    use_it(&database).await;
    for round in 0..2 {
        assert_eq!(errors(&run(&down(), url).await), "", "round {round}");
    }
    assert_eq!(everything(cluster, url).await, before, "taken back");
}

/// What is in the way: how it is made, how it is taken away, and what the refusal says.
const TAKEN: &[(&str, &str, &str)] = &[
    (
        "create table public.messages_v2 (id bigint primary key, body text);
         insert into public.messages_v2 values (1, 'ours')",
        "drop table public.messages_v2",
        "table public.messages_v2",
    ),
    (
        "create view public.conversations_v2 as select id, status from public.conversations",
        "drop view public.conversations_v2",
        "view public.conversations_v2",
    ),
    (
        "create type public.conversations_v2 as enum ('one', 'two')",
        "drop type public.conversations_v2",
        "type public.conversations_v2",
    ),
    ("create type public.messages_v2 as (a int)", "drop type public.messages_v2", "type public.messages_v2"),
    ("create domain public.messages_v2 as text", "drop domain public.messages_v2", "type public.messages_v2"),
    ("create sequence public.messages_v2", "drop sequence public.messages_v2", "sequence public.messages_v2"),
    (
        "create index messages_v2 on public.messages (sender_id)",
        "drop index public.messages_v2",
        "index public.messages_v2",
    ),
    (
        "create materialized view public.messages_v2 as select 1 as one",
        "drop materialized view public.messages_v2",
        "materialized view public.messages_v2",
    ),
    (
        "create index conversations_v2_helper_id_idx on public.conversations (created_by, id)",
        "drop index public.conversations_v2_helper_id_idx",
        "conversations_v2_helper_id_idx",
    ),
    (
        "create function public.send_message_v2(uuid, uuid, text) returns jsonb language sql return '{\"theirs\": true}'::jsonb;
         comment on function public.send_message_v2(uuid, uuid, text) is 'Rolecallish, but the app''s'",
        "drop function public.send_message_v2",
        "function public.send_message_v2(uuid, uuid, text)",
    ),
    // Ours beside it would make get_conversation_v2(a, b) mean something else.
    (
        "create function public.get_conversation_v2(a uuid, b uuid, c int default 1) returns int language sql return 1",
        "drop function public.get_conversation_v2",
        "function public.get_conversation_v2(uuid, uuid, integer)",
    ),
    (
        "create procedure public.can_user_reply(uuid, uuid) language sql begin atomic select 1; end",
        "drop procedure public.can_user_reply",
        "function public.can_user_reply(uuid, uuid)",
    ),
    ("create schema rolecall", "drop schema rolecall", "schema rolecall"),
    // The policies compare with it.
    (
        "create schema auth; create function auth.uid() returns text language sql return 'me'",
        "drop schema auth cascade",
        "function auth.uid()",
    ),
    ("create schema rolecall_edge", "drop schema rolecall_edge", "schema rolecall_edge"),
    ("create schema rolecall_internal", "drop schema rolecall_internal", "schema rolecall_internal"),
    ("create schema rolecall_monitoring", "drop schema rolecall_monitoring", "schema rolecall_monitoring"),
    (
        "create schema rolecall;
         create table rolecall.schema_migrations (version text primary key, name text);
         insert into rolecall.schema_migrations values ('1', 'theirs')",
        "drop schema rolecall cascade",
        "table rolecall.schema_migrations",
    ),
    (
        "create schema rolecall; create table rolecall.messages (id int)",
        "drop schema rolecall cascade",
        "table rolecall.messages",
    ),
];

#[tokio::test]
async fn a_name_that_is_taken_is_refused_by_name_and_nothing_changes() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let client = connect(url).await.expect("the server runs");
    for (make, unmake, name) in TAKEN {
        client.batch_execute(make).await.unwrap_or_else(|error| panic!("{make}: {error:?}"));
        let before = everything(cluster, url).await;
        let started = Instant::now();
        let error = apply(url).await.expect_err(name).to_string();
        assert!(error.contains(name), "{name}: {error}");
        assert!(started.elapsed() < Duration::from_secs(3), "it is refused at once, not after fifty attempts");
        let said = errors(&run(&up(), url).await);
        assert!(said.contains(name), "{name}: {said}");
        // Nor does anybody who takes back what was never there.
        let said = errors(&run(&down(), url).await);
        let is_theirs = make.contains("rolecall.schema_migrations");
        assert_eq!(said.contains("Rolecall is not installed in this database."), is_theirs, "{name}: {said}");
        assert_eq!(rollback(url, 0).await.expect("there is nothing"), [] as [i32; 0]);
        assert_eq!(everything(cluster, url).await, before, "{name}");
        client.batch_execute(unmake).await.expect("a superuser may");
    }
    apply(url).await.expect("its names are free again");
}

#[tokio::test]
async fn a_view_whose_name_is_taken_is_left_out_and_the_apps_own_stays() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let client = connect(url).await.expect("the server runs");
    client
        .batch_execute(
            "create table public.reported_messages (id int primary key, why text);
             insert into public.reported_messages values (1, 'The app''s own.');
             create view public.application_logs as select 'The app''s own.'::text as line;
             create type public.broadcast_quotas as enum ('many', 'few');",
        )
        .await
        .expect("a superuser may");
    let before = everything(cluster, url).await;
    let kept = ["reported_messages", "application_logs", "broadcast_quotas"];
    let others = everything_else(cluster, url, &kept).await;
    apply(url).await.expect("it does without the views");
    use_it(&database).await;
    assert_eq!(everything_else(cluster, url, &kept).await, others, "used");
    assert_eq!(errors(&run(&up(), url).await), "", "applied already");
    rollback(url, 0).await.expect("nothing of the app's depends on it");
    assert_eq!(everything(cluster, url).await, before, "taken back");
}

#[tokio::test]
async fn a_schema_auth_of_the_apps_own_gets_what_it_lacks_and_gives_it_back() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let client = connect(url).await.expect("the server runs");
    client
        .batch_execute(
            "create schema auth;
             create table auth.users (id uuid primary key, email text);
             insert into auth.users values ('00000000-0000-4000-8000-000000000001', 'ada@example.org');
             create function auth.role() returns text language sql return 'the app''s own';",
        )
        .await
        .expect("a superuser may");
    let before = everything(cluster, url).await;
    apply(url).await.expect("it has what it needs");
    use_it(&database).await;
    client
        .batch_execute(&format!(
            "set role authenticated; set request.jwt.claims = '{{\"sub\": \"{}\", \"role\": \"authenticated\"}}'",
            demo(1)
        ))
        .await
        .expect("a superuser may");
    assert_eq!(one::<i64>(&client, "select count(*) from rolecall.messages").await, 1, "policies know the caller");
    drop(client);
    rollback(url, 0).await.expect("nothing of the app's depends on it");
    assert_eq!(everything(cluster, url).await, before, "taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn installers_and_rollbacks_at_once_end_in_one_or_the_other() {
    let database = with_app().await;
    let url = &database.admin_url;
    for round in 0..4 {
        let (up, down, again, once_more) = futures::join!(apply(url), rollback(url, 0), apply(url), rollback(url, 0));
        for result in [up, down, again, once_more] {
            result.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
        let client = connect(url).await.expect("the server runs");
        let tables: i64 = one(
            &client,
            "select count(*) from pg_class where relkind = 'r' and relnamespace::regnamespace::text like 'rolecall%'",
        )
        .await;
        assert!(tables == 0 || tables > 25, "round {round}: {tables}");
    }
}

/// All rows of ours, by table.
async fn our_rows(database: &Database) -> Vec<String> {
    list(
        &database.admin().await,
        "select format('%I.%I %s', nspname, relname, md5(query_to_xml(
           format('select t.* from %I.%I as t order by t::text', nspname, relname), false, false, '')::text))
         from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where relkind = 'r' and (nspname like 'rolecall%' or nspname = 'public')
         order by 1",
    )
    .await
}

#[tokio::test]
async fn a_file_whose_version_is_recorded_does_nothing() {
    let database = with_app().await;
    let url = &database.admin_url;
    apply(url).await.expect("its names are free");
    let client = database.admin().await;
    client
        .batch_execute(
            "delete from rolecall.feature_flags where name = 'moderation';
             update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
             delete from rolecall.rate_limits where action = 'block_user';
             update rolecall.rate_limits set capacity = 3 where action = 'send_dm';
             delete from rolecall.broadcast_limits where role = 'mvp_dealer';
             revoke execute on function rolecall_edge.send_broadcast(jsonb) from rolecall_edge;
             revoke select on rolecall.shows from authenticated;
             drop policy \"users see every show\" on rolecall.shows;
             drop view public.broadcast_quotas;",
        )
        .await
        .expect("a superuser may");
    let before = (dump(url).await, our_rows(&database).await);
    let outputs = run(&up(), url).await;
    assert_eq!(errors(&outputs), "");
    let said = String::from_utf8_lossy(&outputs[0].stderr).into_owned();
    assert!(said.contains("is applied already"), "{said}");
    assert_eq!((dump(url).await, our_rows(&database).await), before, "what an operator took away stays away");
    let setting: String = one(&client, "show search_path").await;
    client.batch_execute(MIGRATIONS[0].up).await.expect("it is applied");
    assert_eq!(one::<String>(&client, "show search_path").await, setting, "the session is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_psql_at_once_make_one_installation() {
    let cluster = cluster().await;
    for _ in 0..3 {
        let database = Database::empty().await;
        let url = &database.admin_url;
        let outputs = futures::future::join_all((0..3).map(|_| {
            let url = url.clone();
            tokio::task::spawn_blocking(move || up().iter().map(|file| psql(cluster, &url, file)).collect::<Vec<_>>())
        }))
        .await;
        for outputs in outputs {
            assert_eq!(errors(&outputs.expect("they run")), "");
        }
        assert_eq!(dump(url).await, dump(&cluster.admin_url("template_demo")).await);
        assert_eq!(apply(url).await.expect("nothing is left"), [] as [i32; 0]);
    }
}

#[tokio::test]
async fn a_rollback_leaves_what_an_adopter_put_into_our_schemas() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let client = connect(url).await.expect("the server runs");
    apply(url).await.expect("its names are free");
    client
        .batch_execute(
            "create table rolecall.notes (id int primary key, body text);
             insert into rolecall.notes values (1, 'Kept.');
             create view rolecall.note_bodies as select body from rolecall.notes;
             create type rolecall.mood as enum ('good');
             create function rolecall_internal.twice(a int) returns int language sql return a * 2;
             create function auth.tenant() returns text language sql return 'one';
             create view public.our_notes as select count(*) as notes from rolecall.notes;
             comment on view public.our_notes is 'Rolecall: the adopter''s own, whatever it says.';",
        )
        .await
        .expect("a superuser may");
    use_it(&database).await;
    rollback(url, 0).await.expect("nothing of theirs depends on what is ours");
    assert_eq!(one::<String>(&client, "select body from rolecall.note_bodies").await, "Kept.");
    assert_eq!(one::<i32>(&client, "select rolecall_internal.twice(2)").await, 4);
    assert_eq!(one::<i64>(&client, "select notes from public.our_notes").await, 1);
    let left = list(
        &client,
        "select format('schema %s', nspname) from pg_namespace where nspname like 'rolecall%' or nspname = 'auth'
         union all
         select format('relation %s', oid::regclass) from pg_class
         where relnamespace in (select oid from pg_namespace where nspname like 'rolecall%' or nspname = 'auth')
         union all
         select format('function %s', oid::regprocedure) from pg_proc
         where pronamespace in (select oid from pg_namespace where nspname like 'rolecall%' or nspname = 'auth')
         union all
         select 'mark ' || description from pg_description
         where description like 'Rolecall%' and description not like '%adopter%' and description not like 'Rolecalled%'
         order by 1",
    )
    .await;
    assert_eq!(
        left,
        [
            "function auth.tenant()",
            "function rolecall_internal.twice(integer)",
            "relation rolecall.note_bodies",
            "relation rolecall.notes",
            "relation rolecall.notes_pkey",
            "schema auth",
            "schema rolecall",
            "schema rolecall_internal",
        ],
        "theirs alone, and no mark"
    );

    // Theirs now: an installation would have to make it, so it is refused.
    let before = everything(cluster, url).await;
    let error = apply(url).await.expect_err("the schema is theirs").to_string();
    assert!(error.contains("schema rolecall, schema rolecall_internal"), "{error}");
    assert_eq!(everything(cluster, url).await, before);
}

#[tokio::test]
async fn a_rollback_is_refused_while_something_of_an_adopter_depends_on_ours() {
    let cluster = cluster().await;
    let database = with_app().await;
    let url = &database.admin_url;
    let client = connect(url).await.expect("the server runs");
    apply(url).await.expect("its names are free");
    use_it(&database).await;
    // Each migration is taken back by itself; what is refused here is the first one.
    rollback(url, 1).await.expect("nothing of theirs is in the way");
    for (make, unmake, name) in [
        (
            "create view public.shows_soon as select id, title from rolecall.shows",
            "drop view public.shows_soon",
            "view public.shows_soon",
        ),
        (
            "create view rolecall.shows_soon as select id, title from rolecall.shows;
             comment on view rolecall.shows_soon is 'Rolecall: or so it says.'",
            "drop view rolecall.shows_soon",
            "view rolecall.shows_soon",
        ),
        (
            "create table public.badges (user_id uuid references rolecall.profiles (id))",
            "drop table public.badges",
            "badges_user_id_fkey",
        ),
        (
            "alter table public.profiles add column rolecall_role rolecall.app_role",
            "alter table public.profiles drop column rolecall_role",
            "column rolecall_role of table",
        ),
        (
            "create policy \"one's own\" on public.messages for update using (sender_id = auth.uid())",
            "drop policy \"one's own\" on public.messages",
            "policy one's own on table",
        ),
        (
            "create function public.pending() returns bigint language sql
             begin atomic select count(*) from rolecall.reported_messages; end",
            "drop function public.pending()",
            "function public.pending()",
        ),
    ] {
        client.batch_execute(make).await.unwrap_or_else(|error| panic!("{make}: {error:?}"));
        let before = everything(cluster, url).await;
        let error = rollback(url, 0).await.expect_err(name).to_string();
        assert!(error.contains(name), "{name}: {error}");
        let said = errors(&run(&down(), url).await);
        assert!(said.contains(name), "{name}: {said}");
        assert_eq!(everything(cluster, url).await, before, "{name}");
        client.batch_execute(unmake).await.expect("a superuser may");
    }
    rollback(url, 0).await.expect("nothing depends on it any more");
}

/// The queries by which adopters check their installation, as their playbooks have them: no schema is named, and the
/// search path is the default.
#[tokio::test]
async fn the_queries_of_the_playbooks_run_as_they_are_written() {
    let database = with_app().await;
    let url = &database.admin_url;
    apply(url).await.expect("its names are free");
    use_it(&database).await;
    let client = connect(url).await.expect("the server runs");
    for role in ["postgres", "service_role"] {
        client.batch_execute(&format!("set role {role}")).await.expect("a superuser may");
        for (query, count) in [
            ("select count(*) from information_schema.columns where table_name = 'conversations_v2'", 8),
            ("select count(*) from information_schema.columns where table_name = 'messages_v2'", 6),
            (
                "select count(*) from pg_proc
                 where proname in ('create_conversation_atomic', 'send_message_v2', 'get_conversation_v2')
                   and pg_get_function_result(oid) = 'jsonb'",
                3,
            ),
            ("select count(*) from pg_indexes where tablename = 'conversations_v2'", 5),
            ("select count(*) from pg_indexes where tablename = 'messages_v2'", 3),
            (
                "select count(*) from pg_tables where tablename in ('conversations_v2', 'messages_v2') and rowsecurity",
                2,
            ),
            ("select count(*) from pg_policies where tablename in ('conversations_v2', 'messages_v2')", 5),
            ("select count(*) from reported_messages where report_status = 'pending'", 1),
            ("select count(*) from broadcast_quotas where pre_show_remaining = 0", 0),
            ("select count(*) from application_logs where log_level = 'error' and error_code is not null", 0),
            ("select count(*) from conversations_v2", 1),
            ("select count(*) from messages_v2", 1),
        ] {
            let found = client.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{role}: {query}: {error:?}"));
            assert_eq!(found.get::<_, i64>(0), count, "{role}: {query}");
        }
        client.batch_execute("reset role").await.expect("anybody may");
    }
    // information_schema shows an asker the routines alone that they may execute; these are the signed-in users'.
    let routines: i64 = one(
        &client,
        "select count(*) from information_schema.routines
         where routine_name in ('create_conversation_atomic', 'send_message_v2', 'get_conversation_v2')
           and data_type = 'jsonb'",
    )
    .await;
    assert_eq!(routines, 3);
}

/// The queries of the playbooks' dashboards, as they are written there: V1 in the app's own table beside V2, and errors of
/// the log. (The result is one text for each row.)
const DASHBOARD: [(&str, &str); 4] = [
    (
        "adoption over 24 hours",
        "with v1 as (
           select count(*) as conversations from public.conversations where created_at > now() - interval '24 hours'
         ), v2 as (
           select count(*) as conversations from conversations_v2 where created_at > now() - interval '24 hours'
         )
         select concat_ws(' ', v1.conversations, v2.conversations,
           round(100.0 * v2.conversations / nullif(v1.conversations + v2.conversations, 0), 2))
         from v1, v2",
    ),
    (
        "active conversations by version",
        "select concat_ws(' ', version, active, new_this_week)
         from (
           select 'v1' as version, count(*) as active,
             count(*) filter (where created_at > now() - interval '7 days') as new_this_week
           from public.conversations
           where status = 'active'
           union all
           select 'v2', count(*), count(*) filter (where created_at > now() - interval '7 days')
           from conversations_v2
           where status = 'active'
         ) as versions
         order by version",
    ),
    (
        "error rate by code",
        "select concat_ws(' ', error_code, count(*), round(100.0 * count(*) / sum(count(*)) over (), 2))
         from application_logs
         where log_level in ('warn', 'error')
           and timestamp > now() - interval '24 hours'
           and service = 'database'
         group by error_code
         order by count(*) desc, error_code",
    ),
    (
        "errors by service",
        "select concat_ws(' ', service, error_code, count(*))
         from application_logs
         where log_level = 'error' and timestamp > now() - interval '1 hour'
         group by service, error_code
         order by service, error_code",
    ),
];

#[tokio::test]
async fn the_dashboards_of_the_playbooks_show_both_versions() {
    let database = with_app().await;
    let url = &database.admin_url;
    apply(url).await.expect("its names are free");
    use_it(&database).await;
    let edge = database.edge().await;
    for content in ["Hello", "Hello?"] {
        let to_herself = request(demo(1), json!({"recipient_id": demo(1), "content": content}));
        let refused = call(&edge, "send_dm", &to_herself).await;
        assert_eq!(refused["ok"], false, "{refused}");
    }
    let to_nobody = request(demo(1), json!({"recipient_id": demo(99), "content": "Hello"}));
    let nobody = call(&edge, "send_dm", &to_nobody).await;
    let client = connect(url).await.expect("the server runs");
    client
        .batch_execute(
            "update public.conversations set created_at = now() - interval '2 hours' where id::text like '%01';
             update public.conversations set created_at = now() - interval '2 days' where id::text like '%02';
             insert into rolecall.application_logs (level, service, event, code)
             values ('error', 'start-conversation', 'request', 'timeout'), ('error', 'start-conversation', 'request', 'timeout');",
        )
        .await
        .expect("a superuser may");
    for role in ["postgres", "service_role"] {
        // The app decides who reads its own table.
        client
            .batch_execute(&format!("grant select on public.conversations to service_role; set role {role}"))
            .await
            .expect("a superuser may");
        let mut shown = Vec::new();
        for (name, query) in DASHBOARD {
            let rows = client.query(query, &[]).await.unwrap_or_else(|error| panic!("{role}: {name}: {error:?}"));
            shown.push(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>());
        }
        assert_eq!(shown[0], ["1 1 50.00"], "{role}");
        assert_eq!(shown[1], ["v1 13 2", "v2 1 1"], "{role}");
        let nobody = nobody["code"].as_str().expect("it is refused");
        assert_eq!(shown[2], ["permission_denied 2 66.67".to_owned(), format!("{nobody} 1 33.33")], "{role}");
        assert_eq!(shown[3], ["start-conversation timeout 2"], "{role}");
        client.batch_execute("reset role").await.expect("anybody may");
    }
}
