//! A graceful stop: whoever was being served is served to the end.

use futures::future::join_all;
use rolecall_e2e::{Role, Setup, Stand, User, until};
use serde_json::Value;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_are_answered_after_sigterm_and_new_connections_are_not_taken() {
    const IN_FLIGHT: usize = 24;
    // A statement each, so that each can be seen waiting.
    let stand = Stand::own(Setup::new().variable("group_commit", "1")).await;
    let mut pairs = Vec::new();
    for _ in 0..IN_FLIGHT {
        pairs.push(stand.users([Role::Admin, Role::Attendee]).await);
    }
    // A lock keeps every request waiting in the database.
    let blocker = stand.connect().await;
    blocker.script("begin; lock table rolecall.messages in share mode").await;
    let calls: Vec<_> =
        pairs.iter().map(|[from, to]| tokio::spawn(stand.send_dm(from, to, "Hello").expect(201))).collect();
    let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("all requests wait in the database", async || {
        (stand.db.count(waiting, &[]).await == IN_FLIGHT as i64).then_some(())
    })
    .await;

    stand.runner().terminate();
    stand.runner().line("the event stopping", |line| line["event"] == "stopping");
    let address = stand.runner().address().trim_start_matches("http://").to_owned();
    until("new connections are refused", async || {
        tokio::net::TcpStream::connect(&address).await.is_err().then_some(())
    })
    .await;
    blocker.script("rollback").await;

    for call in calls {
        call.await.unwrap();
    }
    let status = tokio::task::block_in_place(|| stand.runner().wait());
    assert_eq!(status.code(), Some(0));
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, IN_FLIGHT as i64);
    let stopped = stand
        .runner()
        .lines()
        .iter()
        .any(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line["event"] == "stopped"));
    assert!(stopped, "the log says that it has stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_no_request() {
    const WRITERS: usize = 16;
    let stand = Arc::new(Stand::own(Setup::new()).await);
    let answered = Arc::new(AtomicUsize::new(0));
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let [from, to]: [User; 2] = stand.users([Role::Admin, Role::Attendee]).await;
        let (stand, answered) = (Arc::clone(&stand), Arc::clone(&answered));
        writers.push(tokio::spawn(async move {
            loop {
                match stand.send_dm(&from, &to, "Hello").try_send().await {
                    Ok(answer) => {
                        assert_eq!(answer.status, 201, "{}", answer.body);
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                    Err(error) => {
                        // A connection that cannot be made is how the load learns of the stop; one that is made and
                        // then broken would be a lost request.
                        assert!(is_refused_connection(&error), "{error:?}");
                        return;
                    }
                }
            }
        }));
    }
    until("the load is on", async || (answered.load(Ordering::SeqCst) >= 300).then_some(())).await;
    stand.runner().terminate();
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let status = tokio::task::block_in_place(|| stand.runner().wait());
    assert_eq!(status.code(), Some(0));
    let stored = stand.db.count("rolecall.messages", &[]).await;
    assert_eq!(stored, answered.load(Ordering::SeqCst) as i64, "what was done was answered, and the reverse");
}

fn is_refused_connection(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|e| e.is_connect()))
}
