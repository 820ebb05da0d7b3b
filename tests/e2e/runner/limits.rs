//! The runner's own limits, each answered in the form of the contract.

use crate::robustness::support::{hold_messages, until_waiting};
use bytes::Bytes;
use futures::future::join_all;
use http::Method;
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, until};
use serde_json::json;

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
async fn who_breaks_the_connection_in_front_of_a_full_instance_has_no_effect() {
    use tokio::io::AsyncWriteExt;
    let stand = Stand::own(Setup::new().flag("--instances", "1").flag("--instance-concurrency", "1")).await;
    let [admin, attendee, leaver] = stand.users([Role::Admin, Role::Attendee, Role::Admin]).await;
    let blocker = stand.connect().await;
    blocker.script("begin; lock table rolecall.messages in share mode").await;
    let held = tokio::spawn(stand.send_dm(&admin, &attendee, "Held").expect(201));
    let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("the instance is full", async || (stand.db.count(waiting, &[]).await == 1).then_some(())).await;

    let descriptors = || std::fs::read_dir(format!("/proc/{}/fd", stand.runner().id())).unwrap().count();
    let before = descriptors();
    let body = json!({"recipient_id": attendee.id, "content": "Never mind"}).to_string();
    let request = format!(
        "POST /functions/v1/send-dm HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        leaver.token,
        body.len()
    );
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket =
            tokio::net::TcpStream::connect(stand.runner().address().trim_start_matches("http://")).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        // A connection that just ends could be that of a client which has sent all it will, and waits for its answer.
        socket.set_zero_linger().unwrap();
        sockets.push(socket);
    }
    until("they are connected", async || (descriptors() >= before + 10).then_some(())).await;
    drop(sockets);
    until("the runner has noticed that they are gone", async || (descriptors() <= before).then_some(())).await;
    blocker.script("rollback").await;

    held.await.unwrap();
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    assert_eq!(stand.traces(&leaver).await, 0);
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 2);
    let audited = "rolecall.application_logs where user_id = $1";
    assert_eq!(stand.db.count(audited, &[&leaver.id]).await, 0);
}
