//! The embedded PostgreSQL is looked after: what is killed comes back, and what does not come back ends the runner.

use super::support::{demo_token, ended, get, run_file, start};
use http::Method;
use rolecall_e2e::until;
use rolecall_kit::{
    client::Client,
    process::temporary_directory,
    runner::{Runner, Start},
};
use serde_json::json;
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use uuid::Uuid;

/// A state directory that the test removes.
struct State(PathBuf);

impl State {
    fn new() -> State {
        State(temporary_directory().unwrap())
    }

    /// The number of the postmaster, if its file names one.
    fn postmaster(&self) -> Option<u32> {
        std::fs::read_to_string(self.0.join("pg/data/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Where PostgreSQL's user cannot enter it, the data is elsewhere.
        if let Ok(data) = self.0.join("pg").canonicalize() {
            let _ = std::fs::remove_dir_all(data);
        }
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

async fn send(runner: &Runner, state: &State, content: &str) -> u16 {
    let token = demo_token(&state.0, 1);
    let recipient = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0004);
    let body = json!({"recipient_id": recipient, "content": content});
    let call = Client::new(runner.address()).call(Method::POST, "send-dm").token(&token).key(content).json(&body);
    call.send().await.status
}

/// Sends a message as often as the database is away.
async fn deliver(runner: &Runner, state: &State, content: &str) {
    for _ in 0..3000 {
        match send(runner, state, content).await {
            201 => return,
            503 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            status => panic!("neither 201 nor 503: {status}"),
        }
    }
    panic!("it is never sent: {content}");
}

async fn until_it_serves(runner: &Runner) {
    until("the database is back", async || (get(runner, "/api/health").await.status == 200).then_some(())).await;
}

fn count(runner: &Runner, event: &str) -> usize {
    let needle = format!("\"event\":\"{event}\"");
    runner.lines().iter().filter(|line| line.contains(&needle)).count()
}

#[tokio::test]
async fn a_killed_postmaster_is_started_again_and_requests_succeed() {
    let state = State::new();
    let runner = start(Start::new().state_dir(&state.0)).await.unwrap();
    assert_eq!(send(&runner, &state, "before").await, 201);
    for round in 1..=2 {
        let killed = state.postmaster().unwrap();
        kill(killed);
        until("it is started again", async || (count(&runner, "database_restarted") == round).then_some(())).await;
        until_it_serves(&runner).await;
        assert_eq!(send(&runner, &state, &format!("after {round}")).await, 201);
        assert_ne!(state.postmaster(), Some(killed));
    }
    let line = runner.line("the end of the server", |line| line["event"] == "database_ended");
    assert_eq!((line["level"].as_str(), line["code"].as_str()), (Some("error"), Some("database_unavailable")));
    assert!(line["cause"].as_str().unwrap().contains("SIGKILL"), "{line}");
    // At the stop it is stopped as always.
    let last = state.postmaster().unwrap();
    let runner = Arc::new(runner);
    runner.terminate();
    assert!(ended(runner.clone()).await.success(), "{}", runner.errors());
    assert!(!is_running(last));
}

#[tokio::test]
async fn a_killed_backend_costs_no_more_than_a_moment() {
    let state = State::new();
    let runner = start(Start::new().state_dir(&state.0)).await.unwrap();
    assert_eq!(send(&runner, &state, "before").await, 201);
    let admin_url = run_file(&state.0)["admin_url"].as_str().unwrap().to_owned();
    let postmaster = state.postmaster();
    let client = rolecall_database::connect(&admin_url).await.unwrap();
    let backend: i32 = client
        .query_one("select pid from pg_stat_activity where usename = 'rolecall_edge' limit 1", &[])
        .await
        .unwrap()
        .get(0);
    kill(backend as u32);
    until_it_serves(&runner).await;
    until("messages are sent", async || (send(&runner, &state, "after").await == 201).then_some(())).await;
    // PostgreSQL mends that by itself.
    assert_eq!((state.postmaster(), count(&runner, "database_ended")), (postmaster, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_nothing_is_lost_or_doubled_by_a_killed_postmaster() {
    let state = Arc::new(State::new());
    let runner = Arc::new(start(Start::new().state_dir(&state.0)).await.unwrap());
    let admin_url = run_file(&state.0)["admin_url"].as_str().unwrap().to_owned();
    let admin = rolecall_database::connect(&admin_url).await.unwrap();
    admin.batch_execute("update rolecall.rate_limits set capacity = null").await.unwrap();
    let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (state, runner, over, sent) = (state.clone(), runner.clone(), over.clone(), sent.clone());
            tokio::spawn(async move {
                let mut contents = Vec::new();
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let content = format!("message {number} of writer {writer}");
                    deliver(&runner, &state, &content).await;
                    sent.fetch_add(1, Ordering::SeqCst);
                    contents.push(content);
                }
                contents
            })
        })
        .collect();
    let at_least = async |number: usize| {
        until("messages are sent", async || (sent.load(Ordering::SeqCst) >= number).then_some(())).await;
    };
    at_least(20).await;
    kill(state.postmaster().unwrap());
    until("it is started again", async || (count(&runner, "database_restarted") == 1).then_some(())).await;
    at_least(sent.load(Ordering::SeqCst) + 20).await;
    over.store(true, Ordering::SeqCst);
    let mut contents = HashSet::new();
    for writer in writers {
        contents.extend(writer.await.unwrap());
    }
    let admin = rolecall_database::connect(&admin_url).await.unwrap();
    let rows = admin.query("select content from rolecall.messages where content like 'message %'", &[]).await.unwrap();
    let stored: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!((stored.len(), stored.into_iter().collect::<HashSet<_>>()), (contents.len(), contents));
}

#[tokio::test]
async fn a_server_that_ends_while_the_runner_stops_stays_so() {
    let state = State::new();
    let runner = Arc::new(start(Start::new().state_dir(&state.0)).await.unwrap());
    let admin_url = run_file(&state.0)["admin_url"].as_str().unwrap().to_owned();
    let blocker = rolecall_database::connect(&admin_url).await.unwrap();
    blocker.batch_execute("begin; lock table rolecall.messages in share mode").await.unwrap();
    // A request in flight keeps the runner from ending at once.
    let token = demo_token(&state.0, 1);
    let recipient = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0004);
    let body = json!({"recipient_id": recipient, "content": "held up"});
    let call = Client::new(runner.address()).call(Method::POST, "send-dm").token(&token).json(&body);
    let held_up = tokio::spawn(call.try_send());
    let watcher = rolecall_database::connect(&admin_url).await.unwrap();
    let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and usename = 'rolecall_edge'";
    until("a request waits", async || {
        let number: i64 = watcher.query_one(waiting, &[]).await.unwrap().get(0);
        (number > 0).then_some(())
    })
    .await;
    runner.terminate();
    until("it stops", async || (count(&runner, "stopping") == 1).then_some(())).await;
    let killed = state.postmaster().unwrap();
    kill(killed);
    assert!(ended(runner.clone()).await.success(), "{}", runner.errors());
    let answer = held_up.await.unwrap();
    assert!(answer.is_err() || answer.unwrap().status == 503);
    assert_eq!((count(&runner, "database_ended"), count(&runner, "database_restarted")), (0, 0));
    assert!(!is_running(killed));
}

#[tokio::test]
async fn a_server_that_does_not_stay_up_ends_the_runner_with_an_error() {
    let state = State::new();
    let runner = Arc::new(start(Start::new().state_dir(&state.0)).await.unwrap());
    let control = state.0.join("pg/data/global/pg_control");
    std::fs::rename(&control, control.with_extension("away")).unwrap();
    kill(state.postmaster().unwrap());
    let status = ended(runner.clone()).await;
    assert_eq!(status.code(), Some(1), "{}", runner.errors());
    assert!(runner.errors().contains("PostgreSQL ended and does not stay up"), "{}", runner.errors());
    let line = runner.line("the last attempt", |line| line["event"] == "database_given_up");
    assert_eq!((line["level"].as_str(), line["code"].as_str()), (Some("error"), Some("database_unavailable")));
    assert_eq!(count(&runner, "database_restart_failed"), 8);
    assert!(!state.0.join("run.json").exists());
}

#[tokio::test]
async fn a_server_that_is_killed_while_the_runner_starts_leaves_no_runner_that_only_says_it_is_ready() {
    let state = State::new();
    // The first start makes the data.
    drop(start(Start::new().state_dir(&state.0)).await.unwrap());
    for _ in 0..3 {
        let runner = Start::new().state_dir(&state.0).spawn().unwrap();
        let before = state.postmaster();
        until("a server is there", async || state.postmaster().filter(|pid| Some(*pid) != before && is_running(*pid)))
            .await;
        kill(state.postmaster().unwrap());
        let runner = Arc::new(runner);
        let waited = runner.clone();
        match tokio::task::spawn_blocking(move || waited.listening()).await.unwrap() {
            Ok(address) => {
                let health = async || Client::new(&address).call(Method::GET, "/api/health").send().await.status;
                until("it serves", async || (health().await == 200).then_some(())).await;
                runner.terminate();
                assert!(ended(runner.clone()).await.success(), "{}", runner.errors());
            }
            Err(_) => assert_eq!(ended(runner.clone()).await.code(), Some(1), "{}", runner.errors()),
        }
    }
}
