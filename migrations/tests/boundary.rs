//! The boundary of the functions that run as their owner: whoever calls them gets nothing of the owner's beyond the
//! answer.

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rolecall_database::demo::{AGENCY, BOOKING, CLIENT, NORA, SAM, THREAD};
use rolecall_database::{apply, connect, set_edge_password};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use support::{Database, call, demo, list, one, operator_request, request};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

const NOTHING: [String; 0] = [];

/// The traps that a caller leaves in `pg_temp`.
const EVIL: &str = include_str!("support/evil.sql");

/// A database with something of everything, and the list into which evil writes as whom it ran.
async fn prepared() -> Database {
    let database = Database::unlimited().await;
    let edge = database.edge().await;
    for (function, request) in requests(&edge).await {
        if ["send_dm", "start_conversation", "report_message", "send_broadcast"].contains(&function.as_str()) {
            call(&edge, &function, &request).await;
        }
    }
    let admin = database.admin().await;
    admin
        .batch_execute(
            "insert into rolecall.webhooks (id, url, secret)
               select ('00000000-0000-4000-8000-0000000000' || number)::uuid, 'https://push.example/hook', 'whsec_x'
               from generate_series(81, 82) as number;
             insert into rolecall.webhook_queues (webhook_id) select id from rolecall.webhooks;
             create table public.victims (who text, by_way_of text);
             grant insert, select on public.victims to public;
             create table public.table_names as
               select distinct relname::text as table_name from pg_class
               where relkind in ('r', 'v')
                 and (relnamespace::regnamespace::text like 'rolecall%' or relnamespace = 'public'::regnamespace
                   or relname in ('pg_class', 'pg_proc', 'pg_namespace', 'pg_roles', 'pg_type', 'pg_settings'));
             grant select on public.table_names to public;
             -- What ours must not be like.
             create function public.control() returns text language plpgsql security definer set search_path = ''
               as $$ begin return '00000000-0000-4000-8000-000000000001'::uuid; end $$;
             create function public.control_table() returns bigint language plpgsql security definer
               set search_path = rolecall as $$ begin return (select count(*) from profiles); end $$;
             grant execute on function public.control(), public.control_table() to public;",
        )
        .await
        .expect("a superuser may");
    database
}

/// As whom evil ran, unless as its author; the list is empty behind it.
async fn victims(client: &Client, author: &str) -> Vec<String> {
    let found = list(
        client,
        &format!(
            "select distinct format('%s by %s', who, by_way_of) from public.victims where who <> '{author}' order by 1"
        ),
    )
    .await;
    client.batch_execute("truncate public.victims").await.expect("a superuser may");
    found
}

/// Proves that the traps work: on their author, and on functions of the owner's with a careless search path.
async fn assert_evil_works(session: &Client, admin: &Client, author: &str) {
    session.batch_execute("select 'a'::text::date").await.expect_err("no date");
    session.batch_execute("select '00000000-0000-4000-8000-000000000001'::uuid").await.expect("its own domain");
    assert!(one::<i64>(admin, "select count(*) from public.victims").await > 0, "evil runs as its author");
    session.batch_execute("select public.control()").await.expect("it falls for it");
    let fallen = victims(admin, author).await;
    assert_eq!(fallen.len(), 1, "{fallen:?}");
    assert!(fallen[0].starts_with("postgres by type uuid"), "{fallen:?}");
    session.batch_execute("select public.control_table()").await.expect("it falls for it");
    let fallen = victims(admin, author).await;
    assert!(fallen.iter().any(|each| each == "postgres by relation profiles"), "{fallen:?}");
    take_superuser_from(author, admin).await;
}

/// Roles belong to the whole server, and another test may be installing in a database beside this one: of two that alter a role
/// at once PostgreSQL fails one ("tuple concurrently updated", an internal error), which has done nothing.
async fn take_superuser_from(role: &str, admin: &Client) {
    let sql = format!("alter role {role} nosuperuser");
    while let Err(error) = admin.batch_execute(&sql).await {
        assert_eq!(error.code(), Some(&SqlState::INTERNAL_ERROR), "{error:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A request for every entry point that goes as far as it can.
async fn requests(edge: &Client) -> BTreeMap<String, Value> {
    let sent = call(edge, "send_dm", &request(demo(5), json!({"recipient_id": demo(1), "content": "Hello"}))).await;
    let message = &sent["data"]["message_id"];
    let conversation = &sent["data"]["conversation_id"];
    assert!(message.is_string() && conversation.is_string(), "{sent}");
    let reported =
        call(edge, "report_message", &request(demo(1), json!({"message_id": message, "reason": "Spam"}))).await;
    let report = &reported["data"]["report_id"];
    let report = if report.is_string() { report } else { &reported["data"]["id"] };
    assert!(report.is_string(), "{reported}");
    let input = json!({"help_request_id": demo(22), "initial_message": "I can drive you there."});
    let offered = call(edge, "start_conversation", &request(demo(5), input)).await;
    let help = &offered["data"]["conversation_id"];
    assert!(help.is_string(), "{offered}");
    let mut keyed = request(demo(1), json!({"recipient_id": demo(4), "content": "Hello"}));
    keyed["idempotency_key"] = json!(Uuid::new_v4());
    let mut many = keyed.clone();
    many["idempotency_key"] = json!(Uuid::new_v4());
    many["rollouts"] = json!({"send-dm": "percentage:100"});
    let check =
        json!({"checks": [{"action": "start_dm", "target_id": demo(4)}], "action": "start_dm", "target_id": demo(4)});
    let nora: Uuid = NORA.id.parse().expect("it is a uuid");
    let operate = |input: Value| {
        let mut request = operator_request();
        request["input"] = input;
        request
    };
    let agency = |number: u128| Uuid::from_u128(0x00000000_0000_4000_8000_000000000000 | number);
    [
        ("alerts", operator_request()),
        ("alerts_sent", operator_request()),
        ("claim_sms", operate(json!({"lease": true}))),
        (
            "receive_sms",
            operate(json!({
                "message_sid": "SM1", "from": "+12025550187", "to": "+12025550184", "content": "Hello", "media_urls": [],
                "silent": false, "filter": {"violations": [], "redacted": "Hello"},
            })),
        ),
        (
            "receive_sms_status",
            operate(json!({"id": Uuid::new_v4(), "message_sid": "SM1", "status": "delivered"})),
        ),
        (
            "settle_sms",
            operate(json!({"lease": Uuid::new_v4(), "outcomes": [{"id": Uuid::new_v4(), "outcome": "sent"}]})),
        ),
        ("advance_rollout", operate(json!({"reason": "On.", "force": true}))),
        ("guard_rollouts", operate(json!({}))),
        ("rollback_rollout", operate(json!({"flag": "diagnostics", "reason": "Off."}))),
        ("rollout_status", operate(json!({}))),
        ("set_rollout", operate(json!({"flag": "diagnostics", "rollout": "enabled", "reason": "On."}))),
        ("simulate_rollout", operate(json!({"rollout": "percentage:50", "user_ids": [demo(1), demo(2)]}))),
        (
            "assign_booking",
            operate(json!({
                "organization_id": AGENCY, "booking_id": BOOKING, "client": {"id": CLIENT}, "service": "walk",
                "starts_at": "2030-01-01T09:00:00Z", "ends_at": "2030-01-01T10:00:00Z", "recurring": true,
                "sitter_id": SAM.id,
            })),
        ),
        ("list_threads", request(nora, json!({"limit": 10}))),
        ("thread_messages", request(nora, json!({"thread_id": THREAD, "limit": 10}))),
        ("mark_thread_read", request(nora, json!({"thread_id": THREAD}))),
        ("settle_text", request(nora, json!({"message_id": Uuid::new_v4(), "outcome": "sent"}))),
        ("force_send", request(nora, json!({"message_id": Uuid::new_v4(), "reason": "The vet's."}))),
        (
            "send_thread_message",
            request(
                nora,
                json!({
                    "thread_id": THREAD, "content": "Call 202-555-0143", "encoding": "gsm_7", "segments": 1,
                    "filter": {"violations": [{"kind": "phone", "value": "2025550143"}], "redacted": "Call [phone]"},
                }),
            ),
        ),
        ("add_number", operate(json!({"organization_id": agency(0xa0), "phone": "+12025550111", "class": "pool"}))),
        ("create_webhook", operate(json!({"url": "https://push.example/hook", "types": ["message.created"]}))),
        ("list_webhook_deliveries", operate(json!({"webhook_id": demo(81), "limit": 10}))),
        ("list_webhooks", operate(json!({}))),
        ("redeliver_webhook", operate(json!({"webhook_id": demo(81)}))),
        ("remove_webhook", operate(json!({"webhook_id": demo(82)}))),
        ("rotate_webhook", operate(json!({"webhook_id": demo(81)}))),
        ("test_webhook", operate(json!({"webhook_id": demo(81)}))),
        ("update_webhook", operate(json!({"webhook_id": demo(81), "is_enabled": true}))),
        ("erase_client", operate(json!({"organization_id": agency(0xa0), "client_id": agency(0xa7)}))),
        ("list_numbers", operate(json!({"organization_id": agency(0xa0), "limit": 10}))),
        ("release_number", operate(json!({"organization_id": agency(0xa0), "number_id": agency(0xa6)}))),
        ("block_user", request(demo(2), json!({"blocked_id": demo(3)}))),
        ("blocks", request(demo(2), json!({"limit": 10}))),
        ("check_permission", request(demo(1), check)),
        ("delete_message", request(demo(6), json!({"message_id": message, "note": "Off."}))),
        ("delete_own_data", request(demo(3), json!({"confirm": true}))),
        ("diagnostics", request(demo(7), json!({}))),
        ("export_own_data", request(demo(1), json!({}))),
        ("flags", request(demo(1), json!({}))),
        ("health", json!({})),
        ("help_conversations", request(demo(2), json!({"limit": 10}))),
        ("help_conversation", request(demo(2), json!({"conversation_id": help, "limit": 10}))),
        ("send_help_message", request(demo(2), json!({"conversation_id": help, "content": "Hello"}))),
        ("read_help_conversation", request(demo(2), json!({"conversation_id": help}))),
        ("complete_help_conversation", request(demo(2), json!({"conversation_id": help}))),
        ("cancel_help_conversation", request(demo(2), json!({"conversation_id": help}))),
        ("key_set", json!({"input": {"url": "https://auth.example/jwks", "keys": "{}"}})),
        ("inbox", request(demo(1), json!({"limit": 10}))),
        ("lift_suspension", request(demo(6), json!({"target_id": demo(2)}))),
        (
            "conversation_changes",
            request(demo(1), json!({"conversation_id": conversation, "since_revision": 0, "limit": 10})),
        ),
        ("sync", request(demo(1), json!({"limit": 10}))),
        ("react", request(demo(1), json!({"message_id": message, "emoji": "👍"}))),
        ("unreact", request(demo(1), json!({"message_id": message, "emoji": "👍"}))),
        ("message_reactions", request(demo(1), json!({"message_id": message, "limit": 5}))),
        ("mark_read", request(demo(1), json!({"conversation_id": conversation, "up_to_seq": 1}))),
        ("mark_unread", request(demo(1), json!({"conversation_id": conversation, "from_seq": 1}))),
        ("messages", request(demo(1), json!({"conversation_id": conversation}))),
        ("conversation_settings", request(demo(1), json!({"conversation_id": conversation, "pinned": true}))),
        ("edit_message", request(demo(1), json!({"message_id": message, "content": "Hello again"}))),
        ("message_history", request(demo(1), json!({"message_id": message}))),
        ("metrics", operator_request()),
        ("moderation_audit", request(demo(6), json!({"limit": 10}))),
        ("moderation_queue", request(demo(6), json!({"status": "pending"}))),
        ("record_failures", json!({"input": {"batch": Uuid::new_v4(), "failures": []}})),
        ("record_refusal", request(demo(1), json!({"function": "send-dm", "code": "invalid_input", "detail": "no"}))),
        ("report_message", request(demo(1), json!({"message_id": message, "reason": "Spam"}))),
        ("reset_broadcast_quotas", operator_request()),
        ("restore_message", request(demo(6), json!({"message_id": message}))),
        ("review_report", request(demo(6), json!({"report_id": report, "decision": "delete"}))),
        (
            "send_broadcast",
            request(
                demo(5),
                json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "Doors at nine."}),
            ),
        ),
        ("send_dm", json!([keyed, many])),
        ("realtime_token", request(demo(1), json!({}))),
        (
            "start_conversation",
            request(demo(4), json!({"help_request_id": demo(21), "initial_message": "I can drive you there."})),
        ),
        (
            "suspend_user",
            request(demo(6), json!({"target_id": demo(2), "until": "2030-01-01T00:00:00Z", "note": "Spam."})),
        ),
        ("presence", request(demo(1), json!({"user_ids": [demo(5)]}))),
        ("typing", request(demo(1), json!({"conversation_id": conversation}))),
        ("unblock_user", request(demo(2), json!({"blocked_id": demo(3)}))),
        ("unread", request(demo(1), json!({}))),
    ]
    .into_iter()
    .map(|(function, request)| (function.to_owned(), request))
    .collect()
}

#[tokio::test]
async fn what_the_login_of_the_functions_leaves_in_its_session_never_runs_as_the_owner() {
    let database = prepared().await;
    let admin = database.admin().await;
    let edge = database.edge().await;
    let requests = requests(&edge).await;
    let entry_points = list(
        &admin,
        "select proname::text from pg_proc where pronamespace = 'rolecall_edge'::regnamespace order by proname",
    )
    .await;
    assert_eq!(entry_points, requests.keys().cloned().collect::<Vec<_>>(), "each entry point has a request here");

    edge.batch_execute(EVIL).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_evil_works(&edge, &admin, "rolecall_edge").await;
    // Twice, since the second call runs by the plans of the first.
    let mut well = 0;
    for (function, request) in &requests {
        for _ in 0..2 {
            let text = request.to_string().replace('\'', "''");
            let rows = edge
                .simple_query(&format!("select rolecall_edge.{function}('{text}'::pg_catalog.jsonb)"))
                .await
                .unwrap_or_else(|error| panic!("{function}: {error:?}"));
            well += usize::from(format!("{rows:?}").contains("\\\"ok\\\": true"));
        }
        assert_eq!(victims(&admin, "rolecall_edge").await, NOTHING, "{function}");
    }
    assert!(well > 30, "most of them go all the way: {well}");
    assert!(!one::<bool>(&admin, "select rolsuper from pg_roles where rolname = 'rolecall_edge'").await);
}

#[tokio::test]
async fn what_a_signed_in_user_leaves_in_a_session_never_runs_as_the_owner() {
    let database = prepared().await;
    let admin = database.admin().await;
    let conversation: Uuid = one(&admin, "select id from rolecall.conversations where kind = 'direct' limit 1").await;
    let help: Uuid = one(&admin, "select id from public.conversations_v2 limit 1").await;
    let session = connect(&database.admin_url).await.expect("the server runs");
    session
        .batch_execute(&format!(
            "set session authorization authenticated;
             set request.jwt.claims = '{{\"sub\": \"{}\", \"role\": \"authenticated\"}}'",
            demo(4)
        ))
        .await
        .expect("a superuser may");
    session.batch_execute(EVIL).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert_evil_works(&session, &admin, "authenticated").await;

    let rpcs = list(
        &admin,
        "select format('%I.%I', pronamespace::regnamespace, proname) from pg_proc
         where (pronamespace = 'public'::regnamespace or pronamespace = 'rolecall'::regnamespace)
           and obj_description(oid, 'pg_proc') ~ '^Rolecall(:|$)'
           and has_function_privilege('authenticated', oid, 'execute')
         order by 1",
    )
    .await;
    let id = |id: Uuid| format!("'{id}'::pg_catalog.uuid");
    let calls: BTreeMap<&str, String> = [
        ("public.can_user_reply", format!("{}, {}", id(demo(4)), id(conversation))),
        ("public.can_user_send_dm", format!("{}, {}, null", id(demo(4)), id(demo(1)))),
        ("public.create_conversation_atomic", format!("{}, {}, 'I can carry it.'", id(demo(22)), id(demo(4)))),
        ("public.get_conversation_v2", format!("{}, {}", id(help), id(demo(4)))),
        ("public.send_message_v2", format!("{}, {}, 'On my way.'", id(help), id(demo(4)))),
    ]
    .into();
    assert_eq!(rpcs, calls.keys().copied().collect::<Vec<_>>(), "each RPC has a call here");
    for (function, arguments) in &calls {
        for _ in 0..2 {
            let call = format!("select {function}({arguments})");
            session.simple_query(&call).await.unwrap_or_else(|error| panic!("{call}: {error:?}"));
        }
        assert_eq!(victims(&admin, "authenticated").await, NOTHING, "{function}");
    }

    // Policies, triggers and checks: what is read, and what may be written.
    let tables = list(
        &admin,
        "select c.oid::regclass::text from pg_class c
         where c.relkind in ('r', 'v') and c.relnamespace::regnamespace::text in ('public', 'rolecall')
           and has_any_column_privilege('authenticated', c.oid, 'select')
           and obj_description(c.oid, 'pg_class') ~ '^Rolecall(:|$)'
         order by 1",
    )
    .await;
    assert!(tables.len() > 12, "{tables:?}");
    let mut statements: Vec<String> = Vec::new();
    for table in &tables {
        let name = if table.contains('.') { table.clone() } else { qualified(&admin, table).await };
        statements.push(format!("select count(*) from {name}"));
    }
    statements.extend(
        [
            "update rolecall.profiles set display_name = 'Mia' where id = '00000000-0000-4000-8000-000000000004'::pg_catalog.uuid",
            "insert into rolecall.help_requests (requester_id, title) values ('00000000-0000-4000-8000-000000000004'::pg_catalog.uuid, 'A ride')",
            "update rolecall.help_requests set title = 'A lift'",
            "update public.conversations_v2 set status = 'closed'",
            "update public.conversations_v2 set status = 'active'",
            "update public.messages_v2 set content = 'Corrected.'",
            "delete from public.messages_v2",
            "insert into rolecall.user_blocks (blocker_id, blocked_id) values ('00000000-0000-4000-8000-000000000004'::pg_catalog.uuid, '00000000-0000-4000-8000-000000000003'::pg_catalog.uuid)",
            "delete from rolecall.user_blocks",
        ]
        .map(str::to_owned),
    );
    for statement in statements {
        session.simple_query(&statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        assert_eq!(victims(&admin, "authenticated").await, NOTHING, "{statement}");
    }
    assert!(!one::<bool>(&admin, "select rolsuper from pg_roles where rolname = 'authenticated'").await);
}

/// The search path of [`Database::admin`] leaves out the schema.
async fn qualified(admin: &Client, table: &str) -> String {
    one(
        admin,
        &format!(
            "select format('%I.%I', relnamespace::regnamespace, relname) from pg_class where oid = '{table}'::regclass"
        ),
    )
    .await
}

#[tokio::test]
async fn every_function_looks_into_pg_catalog_first_and_into_pg_temp_last() {
    let database = Database::demo().await;
    let client = connect(&database.admin_url).await.expect("the server runs");
    let astray = list(
        &client,
        "select oid::regprocedure::text from pg_proc
         where obj_description(oid, 'pg_proc') ~ '^Rolecall(:|$)'
           and 'search_path=pg_catalog, pg_temp' = any (proconfig) is not true
           -- Standard SQL bodies are parsed when they are made, and look nothing up later.
           and (prosecdef or prosqlbody is null)
         order by 1",
    )
    .await;
    assert_eq!(astray, NOTHING);
    let others = list(
        &client,
        "select oid::regprocedure::text from pg_proc
         where pronamespace::regnamespace::text like 'rolecall%' and obj_description(oid, 'pg_proc') is null",
    )
    .await;
    assert_eq!(others, NOTHING, "all of ours are marked");
}

#[tokio::test]
async fn the_login_of_the_functions_cannot_hold_up_an_installer() {
    let database = Database::demo().await;
    let edge = database.edge().await;
    edge.batch_execute("begin; savepoint start").await.expect("anybody may");
    for mode in [
        "access share",
        "row share",
        "row exclusive",
        "share update exclusive",
        "share",
        "share row exclusive",
        "exclusive",
        "access exclusive",
    ] {
        let statement = format!("lock table rolecall.schema_migrations in {mode} mode");
        let error = edge.batch_execute(&statement).await.expect_err(&statement);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{statement}: {error}");
        edge.batch_execute("rollback to start").await.expect("it stands");
    }
    for statement in [
        "create temporary view mine as select * from rolecall.schema_migrations",
        "select from rolecall.schema_migrations for update",
        "lock table pg_catalog.pg_namespace in access exclusive mode",
    ] {
        let error = edge.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{statement}: {error}");
        edge.batch_execute("rollback to start").await.expect("it stands");
    }
    edge.batch_execute("rollback").await.expect("anybody may");

    // Every advisory lock that an installer might think of, in a transaction that has called entry points, in this
    // database and in one that is to be installed.
    let empty = Database::empty().await;
    let advisory = "select pg_advisory_lock(key), pg_advisory_lock_shared(key), pg_advisory_xact_lock(key)
         from unnest(array[0, 1, 8245921731641338988, hashtext('rolecall'), hashtextextended('rolecall', 0)]) as key;
         select pg_advisory_lock(0, 0), pg_advisory_lock(1, 1), pg_advisory_lock(hashtext('rolecall'), 0)";
    let stranger = connect(&database_url(&database.edge_url, &empty.name)).await.expect("anybody may connect");
    for session in [&edge, &stranger] {
        session.batch_execute("begin").await.expect("anybody may");
        session.batch_execute(advisory).await.unwrap_or_else(|error| panic!("{error:?}"));
    }
    let health = json!({"request_id": "test"});
    edge.query_one("select rolecall_edge.health($1)", &[&health]).await.expect("it answers");
    let started = Instant::now();
    assert_eq!(apply(&database.admin_url).await.expect("nothing is left"), [] as [i32; 0]);
    assert!(!apply(&empty.admin_url).await.expect("it installs").is_empty());
    assert!(started.elapsed() < Duration::from_secs(20), "nobody waited for the sessions, which are still there");
}

fn database_url(url: &str, name: &str) -> String {
    let (server, query) = url.split_once('?').expect("our own URL");
    let (server, _) = server.rsplit_once('/').expect("our own URL");
    format!("{server}/{name}?{query}")
}

/// With a log of every statement, as an operator may have set it; and who owns the database takes temporary objects
/// from the login, where somebody granted it them.
#[tokio::test]
async fn the_log_never_shows_the_password_and_the_login_has_no_right_of_its_own_to_temporary_objects() {
    let cluster =
        Cluster::start(Options::for_tests().setting("log_statement", "all").setting("log_min_duration_statement", "0"))
            .expect("PostgreSQL is installed");
    let password = "a secret: $1 'quoted' \\ 7f3a";
    let error = set_edge_password(&cluster.admin_url("postgres"), password).await.expect_err("there is no such login");
    assert!(!error.to_string().contains(password), "{error}");

    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    root.batch_execute("create database app").await.expect("a superuser may");
    let url = cluster.admin_url("app");
    apply(&url).await.expect("it installs");
    set_edge_password(&url, password).await.expect("it may");
    let edge_url = cluster.edge_url("app").await.expect("it may");
    set_edge_password(&url, password).await.expect("it may");
    let folder: String = one(&root, "show data_directory").await;
    let log = std::fs::read_to_string(format!("{folder}/../postgres.log")).expect("the log is beside the data");
    assert!(log.contains("alter role rolecall_edge password 'SCRAM-SHA-256$"), "the statements are in the log");
    for part in [password, "7f3a", "a secret"] {
        assert!(!log.contains(part), "{part} is in the log");
    }
    let generated =
        edge_url.split_once("rolecall_edge:").and_then(|(_, rest)| rest.split_once('@')).expect("our URL").0;
    assert!(!log.contains(generated), "the cluster's own password is in the log");
    connect(&edge_url).await.expect_err("the password was changed since");
    let mut config: tokio_postgres::Config = edge_url.parse().expect("our own URL");
    config.password(password);
    let (edge, connection) = config.connect(tokio_postgres::NoTls).await.expect("the password is the one that was set");
    tokio::spawn(connection);
    assert_eq!(one::<String>(&edge, "select current_user::text").await, "rolecall_edge");

    // The role exists by now, so another database can have granted it something before it is installed.
    root.batch_execute("create database other").await.expect("it may");
    root.batch_execute("grant temporary on database other to rolecall_edge").await.expect("it may");
    apply(&cluster.admin_url("other")).await.expect("it installs");
    let granted = list(
        &root,
        "select format('%s %s', case grantee when 0 then 'public' else grantee::regrole::text end, privilege_type)
         from pg_database cross join lateral aclexplode(datacl)
         where datname = 'other' and grantee <> datdba order by 1",
    )
    .await;
    assert_eq!(granted, ["public CONNECT", "public TEMPORARY"], "what everybody may do is as it was");
}
