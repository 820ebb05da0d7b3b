//! The runner's own NATS: there when it can be, looked after, gone with the runner, and no reason not to serve.

use http::Method;
use rolecall_e2e::{socket::Socket, until};
use rolecall_kit::{
    client::Client,
    process::temporary_directory,
    runner::{Runner, Start},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use uuid::Uuid;

/// A state directory that the test removes.
struct State(PathBuf);

impl State {
    fn new() -> State {
        State(temporary_directory().unwrap())
    }

    fn start(&self, flags: &[&str]) -> Runner {
        let start = flags.chunks(2).fold(Start::new().state_dir(&self.0), |start, pair| start.flag(pair[0], pair[1]));
        start.runner().unwrap()
    }

    fn run(&self) -> Value {
        serde_json::from_slice(&fs::read(self.0.join("run.json")).unwrap()).unwrap()
    }

    /// The servers of this state directory.
    fn servers(&self) -> Vec<u32> {
        let log = self.0.join("nats/nats.log");
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid: &u32| fs::read_link(format!("/proc/{pid}/fd/1")).is_ok_and(|file| file == log)).collect()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Ok(data) = self.0.join("pg").canonicalize() {
            let _ = fs::remove_dir_all(data);
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn get(runner: &Runner, path: &str) -> Value {
    Client::new(runner.address()).call(Method::GET, path).expect(200).await.body
}

/// A token for Ada, of the demo.
async fn token(runner: &Runner, state: &Path) -> Value {
    let secret = fs::read_to_string(state.join("jwt_secret")).unwrap();
    let claims = rolecall_kit::token::user_claims(Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0001));
    let token = rolecall_kit::token::hs256(&claims, secret.trim().as_bytes());
    let call = Client::new(runner.address()).call(Method::POST, "realtime/token").token(&token).json(&json!({}));
    call.expect(200).await.body
}

async fn socket(answer: &Value) -> anyhow::Result<Socket> {
    Socket::open(answer["url"].as_str().unwrap(), answer["token"].as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nats_comes_with_the_runner_comes_back_when_it_is_killed_and_goes_with_it() {
    let state = State::new();
    let runner = state.start(&[]);
    until("the relay leads", async || (get(&runner, "/api/health").await["realtime"] == "on").then_some(())).await;
    let answer = token(&runner, &state.0).await;
    assert!(runner.errors().contains(&format!("Realtime is at {}", answer["url"].as_str().unwrap())));
    socket(&answer).await.unwrap();
    let run = state.run();
    assert!(Path::new(run["nats"]["creds"].as_str().unwrap()).is_file());
    assert!(Path::new(run["nats"]["system_creds"].as_str().unwrap()).is_file());
    assert!(run["nats"]["url"].as_str().unwrap().starts_with("nats://127.0.0.1:"));
    for entry in fs::read_dir(state.0.join("nats")).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        // The configuration is public keys and signed claims, and lies in a folder of this user's alone.
        assert_eq!(mode, if name == "nats.conf" { 0o644 } else { 0o600 }, "{name}");
    }
    assert_eq!(fs::metadata(state.0.join("nats")).unwrap().permissions().mode() & 0o777, 0o700);

    let before = state.servers();
    assert_eq!(before.len(), 1, "{before:?}");
    assert!(Command::new("kill").args(["-KILL", &before[0].to_string()]).status().unwrap().success());
    runner.line("the restart", |line| line["event"] == "realtime_restarted");
    until("the same token opens a connection at the same address", async || socket(&answer).await.ok()).await;
    let after = state.servers();
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);

    runner.terminate();
    assert!(runner.wait().success(), "{}", runner.errors());
    assert_eq!(state.servers(), [0_u32; 0], "nothing is left behind");

    // The keys stay, so that a token of before is good at the next start.
    let runner = state.start(&[]);
    let again = token(&runner, &state.0).await;
    let moved = json!({"url": again["url"], "token": answer["token"]});
    socket(&moved).await.unwrap();
    runner.kill();
    until("the server of a runner that was killed ends", async || state.servers().is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_program_the_runner_serves_and_says_so() {
    let state = State::new();
    let runner = state.start(&["--nats-server", "/nonexistent/nats-server"]);
    let line = runner.line("the reason", |line| line["event"] == "no_realtime");
    assert!(line["cause"].as_str().unwrap().contains("/nonexistent/nats-server"), "{line}");
    assert_eq!(get(&runner, "/api/health").await["realtime"], "off");
    assert!(runner.errors().contains("Realtime is off"), "{}", runner.errors());
    assert_eq!(state.run()["nats"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_are_told_the_address_of_the_proxy_in_front() {
    let state = State::new();
    let runner = state.start(&["--variable", "realtime_url=wss://live.example/realtime"]);
    let answer = token(&runner, &state.0).await;
    assert_eq!(answer["url"], "wss://live.example/realtime");
    assert_eq!(state.servers().len(), 1, "it is the runner's own all the same");
}

#[test]
fn an_address_without_anything_behind_it_is_refused() {
    let start = || Start::new().variable("realtime_url", "wss://live.example");
    let said = start().flag("--nats-server", "/nonexistent").refused();
    assert!(said.contains("realtime_url is given without a key"), "{said}");
    let said = start().variable("realtime_account", "AX").refused();
    assert!(said.contains("set all of realtime_url, realtime_account and realtime_signing_key"), "{said}");
}
