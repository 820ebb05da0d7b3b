//! Slow and stubborn clients, statements and variables.

use super::support::{hold_messages, until_waiting};
use rolecall_e2e::{Code, Role, Setup, Stand, until};
use rolecall_kit::{
    process::temporary_directory,
    runner::{Start, workspace},
};
use std::time::Duration;

#[tokio::test]
async fn a_statement_that_takes_too_long_is_504_and_has_no_effect() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let blocker = hold_messages(&stand).await;
    stand.send_dm(&admin, &attendee, "Hello").expect(504).await.refused(Code::Timeout);
    blocker.script("rollback").await;
    assert_eq!(stand.traces(&admin).await, 0);
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
}

/// The runner would not start with it (`connect::configuration`); Spin does.
#[tokio::test]
async fn a_variable_that_makes_no_sense_is_500_and_named_in_the_log_only() {
    let stand = Stand::own(Setup::new().component_variable("send-dm", "rollouts", "send-dm=some")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let broken = stand.send_dm(&admin, &attendee, "Hello").expect(500).await.refused(Code::Internal);
    let line = stand.runner().request_line(broken.request_id());
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("is not a rollout")), "{line}");
    // Its health tells a probe, and the other functions are well.
    let health = stand.get("send-dm").expect(503).await;
    assert_eq!((&health["status"], health.header("retry-after")), (&"misconfigured".into(), "60"));
    let line = stand.runner().request_line(health.request_id());
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("is not a rollout")), "{line}");
    assert_eq!(stand.get("send-broadcast").expect(200).await["status"], "ok");
}

#[tokio::test]
async fn a_slow_client_does_not_keep_others_waiting() {
    use tokio::io::AsyncWriteExt;
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let address = stand.runner().address().trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = "POST /functions/v1/send-dm HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{";
        socket.write_all(head.as_bytes()).await.unwrap();
        slow.push(socket);
    }
    let call = stand.send_dm(&admin, &attendee, "Hello").expect(201);
    tokio::time::timeout(Duration::from_secs(10), call).await.expect("answered while others dawdle");
}

#[tokio::test]
async fn a_database_that_is_not_in_the_allowed_hosts_is_not_connected() {
    let stand = Stand::own(Setup::new()).await;
    let start = Start::new().variable("database_url", stand.edge_url()).variable("database_host", "db.example");
    let said = tokio::task::spawn_blocking(|| start.refused()).await.unwrap();
    assert!(said.contains("database_host is not the host of database_url: write 127.0.0.1"), "{said}");
    // A manifest that allows another host than its variable says is no better.
    let manifest = std::fs::read_to_string(workspace().join("spin.toml")).unwrap();
    let components = workspace().join("target/wasm32-wasip2");
    let manifest = manifest
        .replace("postgres://{{ database_host }}:*", "postgres://db.example:*")
        .replace("target/wasm32-wasip2", components.to_str().unwrap());
    let directory = temporary_directory().unwrap();
    std::fs::write(directory.join("spin.toml"), manifest).unwrap();
    let start = Start::new().manifest(&directory.join("spin.toml")).variable("database_url", stand.edge_url());
    let said = tokio::task::spawn_blocking(|| start.refused()).await.unwrap();
    assert!(said.contains("allowed_outbound_hosts does not allow postgres://127.0.0.1"), "{said}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn clients_that_hang_up_leave_nothing_open_behind_them() {
    use tokio::io::AsyncWriteExt;
    let stand = Stand::own(Setup::new().flag("--postgres-connections", "4").variable("group_commit", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let blocker = hold_messages(&stand).await;
    let address = stand.runner().address().trim_start_matches("http://").to_owned();
    let body = format!("{{\"recipient_id\":\"{}\",\"content\":\"Hello\"}}", attendee.id);
    let request = format!(
        "POST /functions/v1/send-dm HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        admin.token,
        body.len()
    );
    let mut sockets = Vec::new();
    for _ in 0..12 {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        sockets.push(socket);
    }
    until_waiting(&stand, 4).await;
    drop(sockets);
    blocker.script("rollback").await;
    stand.send_dm(&admin, &attendee, "Still there?").expect(201).await;
    let busy = "pg_stat_activity where datname = current_database() and usename = 'rolecall_edge' and state <> 'idle'";
    until("no transaction is open", async || (stand.db.count(busy, &[]).await == 0).then_some(())).await;
    let gaps =
        "(select conversation_id from rolecall.messages group by conversation_id having max(seq) <> count(*)) as g";
    assert_eq!(stand.db.count(gaps, &[]).await, 0, "each of them took effect whole or not at all");
    for _ in 0..8 {
        stand.send_dm(&admin, &attendee, "And still?").expect(201).await;
    }
}
