//! The runner's own limits, each answered in the form of the contract.

use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, until};
use rolecall_kit::{
    process::temporary_directory,
    runner::{Start, workspace},
};
use std::time::Duration;

/// Keeps every request that writes a message waiting in the database until the result is rolled back.
async fn hold_messages(stand: &Stand) -> rolecall_e2e::Db {
    let blocker = stand.connect().await;
    blocker.script("begin; lock table rolecall.messages in share mode").await;
    blocker
}

async fn until_waiting(stand: &Stand, number: i64) {
    let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("requests wait in the database", async || (stand.db.count(waiting, &[]).await >= number).then_some(())).await;
}

#[tokio::test]
async fn a_body_beyond_the_runners_limit_is_413() {
    let stand = Stand::own(Setup::new().flag("--max-body-bytes", "10KiB")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let call = |bytes: usize| {
        let call = stand.call(Method::POST, "send-dm").by(&admin).header("content-type", "application/json");
        call.chunks(vec![Bytes::from(vec![b' '; bytes / 2]), Bytes::from(vec![b' '; bytes - bytes / 2])])
    };
    call(10 * 1024 + 1).expect(413).await.refused(Code::PayloadTooLarge);
    call(10 * 1024).expect(400).await.refused(Code::ValidationError);
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_504() {
    let stand = Stand::own(Setup::new().flag("--request-timeout", "500ms")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let blocker = hold_messages(&stand).await;
    stand.send_dm(&admin, &attendee, "Hello").key("k").expect(504).await.refused(Code::Timeout);
    blocker.script("rollback").await;
    // Whether it took effect is unknown, and the key finds out.
    until("the repetition is answered", async || {
        (stand.send_dm(&admin, &attendee, "Hello").key("k").send().await.status == 201).then_some(())
    })
    .await;
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 1);
}

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

#[tokio::test]
async fn more_requests_in_flight_than_allowed_are_503_and_nothing_was_done() {
    // A statement each, so that each can be seen waiting.
    let stand = Stand::own(Setup::new().flag("--max-in-flight", "4").variable("group_commit", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let blocker = hold_messages(&stand).await;
    let held: Vec<_> =
        (0..4).map(|_| stand.send_dm(&admin, &attendee, "Held")).map(|call| tokio::spawn(call.expect(201))).collect();
    // The four wait in one row's queue or for the table; only the first shows as waiting for the table.
    until_waiting(&stand, 4).await;
    let refused: Vec<Answer> =
        join_all((0..10).map(|_| stand.send_dm(&admin, &attendee, "One too many").expect(503))).await;
    for answer in refused {
        answer.refused(Code::Overloaded);
    }
    blocker.script("rollback").await;
    for call in held {
        call.await.unwrap();
    }
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 4);
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
}

#[tokio::test]
async fn a_variable_that_makes_no_sense_is_500_and_named_in_the_log_only() {
    let stand = Stand::own(Setup::new().variable("rollouts", "send-dm=some")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let broken = stand.send_dm(&admin, &attendee, "Hello").expect(500).await.refused(Code::Internal);
    let line = stand.runner().request_line(broken.request_id());
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("is not a rollout")), "{line}");
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
async fn more_requests_than_connections_wait_for_their_turn() {
    let stand = Stand::own(Setup::new().flag("--postgres-connections", "2")).await;
    let mut pairs = Vec::new();
    for _ in 0..60 {
        pairs.push(stand.users([Role::Admin, Role::Attendee]).await);
    }
    join_all(pairs.iter().map(|[from, to]| stand.send_dm(from, to, "Hello").expect(201))).await;
    // Health has connections of its own: each component has.
    let connections = "pg_stat_activity where datname = current_database() and usename = 'rolecall_edge'
                       and query not like '%rolecall_edge.health(%'";
    let open = stand.db.count(connections, &[]).await;
    assert!(open <= 2, "{open} connections");
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
