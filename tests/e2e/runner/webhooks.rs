//! Webhooks of a runner by itself, without a NATS.

use crate::realtime::webhooks::{is_signed, posted};
use http::Method;
use rolecall_e2e::until;
use rolecall_kit::{
    client::{Answer, Call, Client},
    process::temporary_directory,
    receiver::Receiver,
    runner::{Runner, Start},
    token,
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use uuid::Uuid;

/// Ada and Mia, of the demo.
const ADA: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0001);
const MIA: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0004);

/// A state directory that the test removes.
struct State(PathBuf);

impl Drop for State {
    fn drop(&mut self) {
        if let Ok(data) = self.0.join("pg").canonicalize() {
            let _ = fs::remove_dir_all(data);
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl State {
    fn start(&self) -> Start {
        Start::new().state_dir(&self.0).flag("--nats-server", "/nonexistent/nats-server")
    }

    fn call(&self, runner: &Runner, method: Method, path: &str, claims: &Value) -> Call {
        let secret = fs::read_to_string(self.0.join("jwt_secret")).unwrap();
        let token = token::hs256(claims, secret.trim().as_bytes());
        Client::new(runner.address()).call(method, path).token(&token)
    }

    async fn post(&self, runner: &Runner, path: &str, claims: &Value, body: &Value) -> Answer {
        self.call(runner, Method::POST, path, claims).json(body).expect(201).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_nats_the_runner_delivers_webhooks_with_its_own_rollouts() {
    let state = State(temporary_directory().unwrap());
    let receiver = Receiver::start().await;
    let runner = state.start().flag("--webhook-allow-hosts", "127.0.0.1").runner().unwrap();
    let url = format!("http://{}/push", receiver.address);
    let operator = token::claims(None, "service_role");
    let made = state.post(&runner, "webhooks", &operator, &json!({"url": url})).await;
    // Before the first relay is there nothing is written for one.
    let path = format!("webhooks/{}/test", made["webhook"]["id"].as_str().unwrap());
    state.call(&runner, Method::POST, &path, &operator).json(&json!({})).expect(200).await;
    posted(&receiver, "webhook.test").await;
    let message = json!({"recipient_id": MIA, "content": "By itself"});
    state.post(&runner, "send-dm", &token::user_claims(ADA), &message).await;
    let got = posted(&receiver, "message.created").await;
    assert!(is_signed(&got, made["secret"].as_str().unwrap()), "{}", got.text);
    assert!(got.text.contains("By itself"), "{}", got.text);
    runner.terminate();
    assert!(runner.wait().success(), "{}", runner.errors());

    // What the application's variable leaves out, nobody is told, though the database says otherwise.
    let allowed = format!("WEBHOOK_ALLOW_HOSTS={}\n", receiver.address);
    let runner = state.start().env_file(&allowed).variable("rollouts", "realtime=disabled").runner().unwrap();
    let message = json!({"recipient_id": MIA, "content": "Left out"});
    state.post(&runner, "send-dm", &token::user_claims(ADA), &message).await;
    until("nothing waits", async || {
        let list = state.call(&runner, Method::GET, "webhooks", &operator).expect(200).await;
        (list.body["webhooks"][0]["pending"] == 0).then_some(())
    })
    .await;
    state.call(&runner, Method::POST, &path, &operator).json(&json!({})).expect(200).await;
    let tests = || receiver.got().iter().filter(|got| got.text.contains("webhook.test")).count();
    until("the second test is posted", async || (tests() == 2).then_some(())).await;
    assert!(receiver.got().iter().all(|got| !got.text.contains("Left out")));
    runner.terminate();
    assert!(runner.wait().success(), "{}", runner.errors());
}
