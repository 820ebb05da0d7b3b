//! The relay and the outbox: who leads, in which order the rows are, and that none is missed.

mod support;

use rolecall_database::{apply, connect, rollback, set_relay_password};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use std::collections::HashMap;
use support::{Database, call, demo, list, one, request};
use tokio_postgres::Client;
use uuid::Uuid;

/// A connection of `rolecall_relay`.
async fn login(admin_url: &str) -> Client {
    set_relay_password(admin_url, "relay's").await.expect("a superuser may");
    let mut config: tokio_postgres::Config = admin_url.parse().expect("our own URL");
    config.user("rolecall_relay").password("relay's");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("the login has this password");
    tokio::spawn(connection);
    client
}

/// Calls an entry point of the relay; its data.
async fn relay(client: &Client, function: &str, request: &Value) -> Value {
    let row = client.query_one(&format!("select rolecall_relay.{function}($1)"), &[request]).await;
    let mut answer: Value = row.unwrap_or_else(|error| panic!("{function}: {error:?}")).get(0);
    assert_eq!(answer["ok"], true, "{function}: {answer}");
    answer["data"].take()
}

async fn leads(client: &Client, name: Uuid) -> bool {
    relay(client, "lead", &json!({"relay": name, "version": "1"})).await["leads"] == true
}

/// The ids of the rows that a take has.
async fn taken(client: &Client) -> Vec<i64> {
    let taken = relay(client, "take", &json!({"limit": 500, "after": null})).await;
    let rows = taken["rows"].as_array().expect("rows");
    rows.iter().map(|row| row["id"].as_str().and_then(|id| id.parse().ok()).expect("ids are numbers")).collect()
}

fn message(from: u32, to: u32, content: &str) -> Value {
    request(demo(from), json!({"recipient_id": demo(to), "content": content}))
}

#[tokio::test]
async fn the_login_of_the_relay_may_execute_its_entry_points_and_nothing_else() {
    let database = Database::demo().await;
    let admin = database.admin().await;
    let client = login(&database.admin_url).await;
    assert_eq!(one::<String>(&client, "select current_user::text").await, "rolecall_relay");
    let mut settings = Vec::new();
    for name in ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit"] {
        settings.push(one::<String>(&client, &format!("select current_setting('{name}')")).await);
    }
    assert_eq!(settings, ["5s", "4s", "10s", "off"]);

    let functions = list(
        &admin,
        "select format('%s.%s', pronamespace::regnamespace, proname) from pg_proc
         where pronamespace::regnamespace::text ~ '^(rolecall|public|auth)'
           and obj_description(oid, 'pg_proc') ~ '^Rolecall(:|$)'
           and has_schema_privilege('rolecall_relay', pronamespace, 'usage')
           and has_function_privilege('rolecall_relay', oid, 'execute')
         order by 1",
    )
    .await;
    let own = ["fork", "lead", "presence", "settle", "take", "webhooks_settle", "webhooks_take"]
        .map(|name| format!("rolecall_relay.{name}"));
    assert_eq!(functions, own);
    let tables = list(
        &admin,
        "select oid::regclass::text from pg_class
         where relkind in ('r', 'p', 'v', 'S') and obj_description(oid, 'pg_class') ~ '^Rolecall(:|$)'
           and (relkind <> 'S' and has_any_column_privilege('rolecall_relay', oid, 'select, insert, update, references')
             or relkind = 'S' and has_sequence_privilege('rolecall_relay', oid, 'usage, select, update'))",
    )
    .await;
    assert_eq!(tables, [""; 0]);
    for statement in [
        "select * from rolecall.outbox",
        "select * from rolecall.messages",
        "select * from rolecall_monitoring.outbox",
        "select * from rolecall.webhooks",
        "select * from rolecall.webhook_deliveries",
        "select rolecall_edge.create_webhook('{}')",
        "select rolecall_edge.health('{}')",
        "select rolecall_edge.send_dm('{}')",
        "select rolecall_internal.take(1, 0, '{}')",
        "set role rolecall_edge",
        "set role service_role",
        "create schema mine",
        "create table public.mine ()",
    ] {
        let error = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{statement}: {error}");
    }
    // Nor is the relay's schema anybody else's.
    let edge = database.edge().await;
    let error = edge.batch_execute("select rolecall_relay.take('{}')").await.expect_err("it is not theirs");
    assert_eq!(error.code().map(|code| code.code()), Some("42501"));
}

#[tokio::test]
async fn one_relay_leads_and_another_one_takes_over_when_its_session_ends() {
    let database = Database::unlimited().await;
    let edge = database.edge().await;
    let [first, second] = [login(&database.admin_url).await, login(&database.admin_url).await];
    let [one_relay, another] = [Uuid::new_v4(), Uuid::new_v4()];
    assert!(leads(&first, one_relay).await && !leads(&second, another).await);
    assert!(leads(&first, one_relay).await && !leads(&second, another).await, "asked again it is the same");
    assert_eq!(call(&edge, "send_dm", &message(1, 4, "Hello")).await["ok"], true);
    assert_eq!((taken(&first).await.len(), taken(&second).await.len()), (1, 0), "who waits gets nothing");

    drop(first);
    let mut tries = 0;
    while !leads(&second, another).await {
        tries += 1;
        assert!(tries < 200, "the lock is free once the session has ended");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(taken(&second).await.len(), 1, "what was not settled is there");
    // In another database of the server there is another leader.
    let other = Database::demo().await;
    assert!(leads(&login(&other.admin_url).await, Uuid::new_v4()).await);
}

/// Writes that end in another order than they began, with the ids of the first ones behind those that were taken.
#[tokio::test]
async fn what_commits_late_is_taken_all_the_same_and_the_floor_waits_for_it() {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let name = Uuid::new_v4();
    let leader = login(&database.admin_url).await;
    assert!(leads(&leader, name).await);
    let [late, edge] = [database.edge().await, database.edge().await];
    let floor = || one::<i64>(&admin, "select floor from rolecall.relays");

    late.batch_execute("begin").await.expect("anybody may");
    assert_eq!(call(&late, "send_dm", &message(1, 4, "Late")).await["ok"], true);
    assert_eq!(call(&edge, "send_dm", &message(5, 1, "Early")).await["ok"], true);
    let early = taken(&leader).await;
    assert_eq!(early.len(), 1);
    relay(&leader, "settle", &json!({"ids": [early[0].to_string()]})).await;
    for _ in 0..3 {
        assert!(leads(&leader, name).await);
    }
    assert!(floor().await < early[0], "the floor stays below what may still come");
    late.batch_execute("commit").await.expect("anybody may");
    let behind = taken(&leader).await;
    assert!(behind.len() == 1 && behind[0] < early[0], "{behind:?} {early:?}");
    let mut tries = 0;
    // Transactions in the other databases of the server hold it up as well.
    while floor().await < behind[0] {
        tries += 1;
        assert!(tries < 500, "the floor goes on");
        assert!(leads(&leader, name).await);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    for _ in 0..3 {
        assert!(leads(&leader, name).await);
    }
    assert_eq!(floor().await, behind[0], "it does not pass what is not settled");
    relay(&leader, "settle", &json!({"ids": [behind[0].to_string()]})).await;
    while floor().await <= early[0] {
        tries += 1;
        assert!(tries < 1000, "then it goes on");
        assert!(leads(&leader, name).await);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(call(&edge, "send_dm", &message(5, 1, "Later")).await["ok"], true);
    assert_eq!(taken(&leader).await.len(), 1);
}

/// Eight writers, one by one and in arrays, into few conversations, while a relay takes and settles.
#[tokio::test]
async fn of_each_conversation_the_rows_are_in_the_order_of_its_messages_and_none_is_missed() {
    const WRITERS: usize = 8;
    const ROUNDS: usize = 40;
    let database = Database::unlimited().await;
    let leader = login(&database.admin_url).await;
    let name = Uuid::new_v4();
    assert!(leads(&leader, name).await);
    let edges = database.edges(WRITERS).await;
    let writing = futures::future::join_all(edges.iter().enumerate().map(|(writer, edge)| async move {
        let mut sent = 0;
        for round in 0..ROUNDS {
            let [from, to] = [[1, 4], [5, 1], [5, 4], [6, 2]][(writer + round) % 4];
            if (writer + round) % 3 == 0 {
                let many: Vec<Value> = (0..5).map(|n| message(from, to, &format!("{writer} {round} {n}"))).collect();
                // What the array puts off comes again one by one; here it is left out.
                let row = edge.query_one("select rolecall_edge.send_dm($1)", &[&json!(many)]).await;
                // An array does not wait long for others; then it is tried anew.
                if let Ok(row) = row {
                    let answers: Value = row.get(0);
                    sent += answers.as_array().expect("answers").iter().filter(|answer| answer["ok"] == true).count();
                }
            } else {
                sent += usize::from(call(edge, "send_dm", &message(from, to, "one")).await["ok"] == true);
            }
        }
        sent
    }));
    let is_done = std::sync::atomic::AtomicBool::new(false);
    let (sent, heard) = tokio::join!(
        async {
            let sent: usize = writing.await.into_iter().sum();
            is_done.store(true, std::sync::atomic::Ordering::SeqCst);
            sent
        },
        async {
            let mut heard: Vec<(String, i64)> = Vec::new();
            loop {
                let was_done = is_done.load(std::sync::atomic::Ordering::SeqCst);
                assert!(leads(&leader, name).await);
                let taken = relay(&leader, "take", &json!({"limit": 20, "after": null})).await;
                let rows = taken["rows"].as_array().expect("rows");
                for event in rows.iter().flat_map(|row| row["events"].as_array().expect("events")) {
                    let event = &event["event"];
                    let conversation = event["conversation_id"].as_str().expect("an id").to_owned();
                    heard.push((conversation, event["seq"].as_i64().expect("a number")));
                }
                let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
                relay(&leader, "settle", &json!({"ids": ids})).await;
                if was_done && rows.is_empty() {
                    return heard;
                }
            }
        }
    );
    assert_eq!(heard.len(), sent, "each message is told once");
    let mut last: HashMap<String, i64> = HashMap::new();
    for (conversation, seq) in heard {
        let before = last.insert(conversation.clone(), seq).unwrap_or(0);
        assert_eq!(seq, before + 1, "in {conversation}");
    }
    assert!(last.len() >= 3 && sent > WRITERS * ROUNDS / 2, "{sent} in {} conversations", last.len());
    assert_eq!(one::<i64>(&database.admin().await, "select count(*) from rolecall.outbox").await, 0);
}

#[tokio::test]
async fn a_role_of_that_name_that_is_somebody_elses_is_left_alone_and_ours_goes_with_the_migration() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let root = connect(&cluster.admin_url("postgres")).await.expect("it runs");
    root.batch_execute("create database app; ").await.expect("a superuser may");
    root.batch_execute("create role rolecall_relay").await.expect("a superuser may");
    let url = cluster.admin_url("app");
    let error = apply(&url).await.expect_err("it is somebody else's").to_string();
    assert!(error.contains("The role rolecall_relay exists and is not Rolecall's; nothing was changed."), "{error}");
    let app = connect(&url).await.expect("it runs");
    assert!(one::<bool>(&app, "select to_regnamespace('rolecall_relay') is null").await);

    root.batch_execute("comment on role rolecall_relay is 'Rolecall: the login of the relay.'").await.expect("it may");
    apply(&url).await.expect("now it is ours");
    assert!(one::<bool>(&app, "select to_regnamespace('rolecall_relay') is not null").await);
    rollback(&url, 4).await.expect("it goes");
    assert!(one::<bool>(&app, "select to_regnamespace('rolecall_relay') is null").await);
    assert!(one::<bool>(&app, "select to_regrole('rolecall_relay') is null").await);
    apply(&url).await.expect("and comes again");
    assert_eq!(one::<String>(&login(&url).await, "select current_user::text").await, "rolecall_relay");
}
