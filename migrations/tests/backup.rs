//! The backup of docs/deploy.md: dumped, restored on another server, and at work there.

#[path = "support/hosted.rs"]
mod hosted;
mod support;

use hosted::catalogue;
use rolecall_database::{MIGRATIONS, apply, connect, load_demo};
use rolecall_postgres::{Cluster, Options};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use support::{call, demo, list, one, operator_request, request};

/// The thread of the demo agency.
const AGENCYS_THREAD: &str = "00000000-0000-4000-8000-0000000000a8";

/// What docs/deploy.md has the operator say of texts that waited at the moment of the backup.
const MAY_BE_SENT: &str = "update rolecall.sms_outbox set status = 'uncertain' where status = 'queued';";

/// Runs a program of PostgreSQL.
fn run(cluster: &Cluster, program: &str, arguments: &[&str]) {
    let output = Command::new(cluster.program(program)).args(arguments).output().expect("it is installed");
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Every table of Rolecall with the number of its rows.
async fn rows(url: &str) -> Vec<String> {
    let client = connect(url).await.expect("it runs");
    list(
        &client,
        "select format('%s.%s %s', table_schema, table_name, (xpath('/row/count/text()', query_to_xml(
           format('select count(*) from %I.%I', table_schema, table_name), false, true, '')))[1])
         from information_schema.tables
         where table_schema in ('rolecall', 'public') and table_type = 'BASE TABLE'
         order by 1",
    )
    .await
}

/// The catalogue without what a dump writes in another way: brackets that change nothing, names of unnamed columns, and the
/// owner's own privileges on sequences.
async fn comparable(url: &str) -> Vec<String> {
    let lines = catalogue(url).await.into_iter().map(|line| match line.split_once(" = S p ") {
        Some((sequence, privileges)) => {
            let others =
                privileges.split(',').filter(|privilege| !privilege.trim_start_matches('{').starts_with("postgres="));
            format!("{sequence} {}", others.collect::<Vec<_>>().join(","))
        }
        None => line.replace(['(', ')'], "").replace(" AS int8", ""),
    });
    lines.collect()
}

#[tokio::test]
async fn a_backup_is_restored_on_another_server_with_its_messages_and_works_there() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    if !Path::new(&cluster.program("pg_restore")).is_file() {
        println!("This PostgreSQL comes without pg_dump and pg_restore; nothing is tested.");
        return;
    }
    cluster.create_database("app", None).await.expect("a superuser may");
    let url = cluster.admin_url("app");
    apply(&url).await.expect("it installs");
    load_demo(&url).await.expect("it is loaded");
    let edge = connect(&cluster.edge_url("app").await.expect("the login exists")).await.expect("it runs");
    let sent = call(&edge, "send_dm", &request(demo(1), json!({"recipient_id": demo(4), "content": "Kept?"}))).await;
    assert_eq!(sent["ok"], true, "{sent}");
    let text = json!({
        "thread_id": AGENCYS_THREAD, "content": "Rex is fine.", "filter": {"violations": []},
        "encoding": "gsm_7", "segments": 1,
    });
    let owner = "00000000-0000-4000-8000-0000000000a1".parse().expect("a uuid");
    let text = call(&edge, "send_thread_message", &request(owner, text)).await;
    assert_eq!(text["data"]["delivery"], "queued", "{text}");
    drop(edge);
    let file = std::env::temp_dir().join(format!("rolecall-backup-{}.dump", std::process::id()));
    let file_name = file.to_str().expect("it is text");
    run(&cluster, "pg_dump", &[&url, "--format=custom", "--file", file_name]);

    // On the new server, whose roles a first installation makes.
    let other = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    other.create_database("scratch", None).await.expect("a superuser may");
    for migration in MIGRATIONS {
        let client = connect(&other.admin_url("scratch")).await.expect("it runs");
        client.batch_execute(migration.up).await.expect("it installs");
    }
    let root = connect(&other.admin_url("postgres")).await.expect("it runs");
    root.batch_execute("drop database scratch").await.expect("nobody uses it");
    other.create_database("app", None).await.expect("a superuser may");
    let restored = other.admin_url("app");
    run(&other, "pg_restore", &["--no-owner", "--exit-on-error", "--dbname", &restored, file_name]);
    std::fs::remove_file(&file).expect("it was written");

    assert_eq!(rows(&restored).await, rows(&url).await);
    let (before, after) = (comparable(&url).await, comparable(&restored).await);
    let differences: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    assert!(differences.is_empty(), "objects, privileges and comments are the same: {differences:#?}");
    assert_eq!(before.len(), after.len());
    assert_eq!(apply(&restored).await.expect("it is current"), [] as [i32; 0]);
    let client = connect(&restored).await.expect("it runs");
    let kept: bool = one(&client, "select exists (select from rolecall.messages where content = 'Kept?')").await;
    assert!(kept);
    let settings: i64 = one(
        &client,
        "select count(*) from pg_db_role_setting where setrole = 'rolecall_edge'::regrole and setconfig::text like '%statement_timeout%'",
    )
    .await;
    assert_eq!(settings, 1, "the login of the functions is limited there, too");

    // Which gives the login a password.
    let edge = connect(&other.edge_url("app").await.expect("the login exists")).await.expect("it runs");
    let answer = call(&edge, "send_dm", &request(demo(1), json!({"recipient_id": demo(4), "content": "Go on"}))).await;
    assert_eq!(answer["data"]["seq"], 2, "the conversation goes on: {answer}");
    assert_eq!(answer["data"]["conversation_id"], sent["data"]["conversation_id"]);

    // The text that waited may have been sent since the backup.
    assert!(include_str!("../../docs/deploy.md").contains(MAY_BE_SENT));
    client.batch_execute(MAY_BE_SENT).await.expect("the operator may");
    let mut claim = operator_request();
    claim["input"] = json!({"lease": true});
    let claimed = call(&edge, "claim_sms", &claim).await;
    assert_eq!(claimed["data"]["messages"], json!([]), "it is not sent again");
    let delivery = "select delivery::text from rolecall.thread_messages where content = 'Rex is fine.'";
    assert_eq!(list(&client, delivery).await, ["uncertain"]);
}
