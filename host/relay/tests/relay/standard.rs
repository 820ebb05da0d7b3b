//! What is posted, judged by the library of Standard Webhooks that receivers use. `make test` installs it
//! (`make webhook-tools`).

use crate::receiver::{Answer, Got, Receiver};
use crate::support::{Database, Relay};
use crate::webhooks::alone;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use uuid::Uuid;

/// What the library says of these requests.
fn verdicts(requests: &[Value]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/webhooks");
    assert!(folder.join("node_modules").exists(), "the library is not installed: run `make webhook-tools`");
    let mut command = Command::new("node");
    command.arg(folder.join("verify.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = command.spawn().unwrap_or_else(|error| panic!("node does not start: {error}"));
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    node.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn request(secret: &str, got: &Got) -> Value {
    json!({"secret": secret, "headers": got.headers, "body": String::from_utf8(got.body.clone()).unwrap()})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_library_of_receivers_takes_every_request_and_none_that_was_changed() {
    let database = Database::start(7).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    let writers = database.writers(2);
    receiver.has(100).await;
    writers.stop().await;
    database.is_delivered().await;
    let got = receiver.got();
    let said = verdicts(&got.iter().map(|got| request(&webhook.secret, got)).collect::<Vec<_>>());
    assert_eq!(said, vec!["true"; got.len()]);

    let changed = got.iter().enumerate().map(|(number, got)| {
        let mut request = request(&webhook.secret, got);
        match number % 4 {
            0 => request["body"] = json!(request["body"].as_str().unwrap().replace("Hello", "Hallo")),
            1 => request["headers"]["webhook-id"] = json!("msg_another"),
            2 => request["headers"]["webhook-timestamp"] = json!(got.headers["webhook-timestamp"].clone() + "0"),
            _ => request["secret"] = json!("whsec_bm90IHRoZSBzZWNyZXQgb2YgdGhpcyB3ZWJob29r"),
        }
        request
    });
    let said = verdicts(&changed.collect::<Vec<_>>());
    assert_eq!(said.len(), got.len());
    assert!(said.iter().all(|said| said != "true"), "{said:?}");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_secret_changes_both_are_taken() {
    let database = Database::start(1).await;
    let receiver = Receiver::start(Answer::Status(200)).await;
    let webhook = receiver.webhook(&database).await;
    let relay = Relay::with(alone(&database));
    database.is_written_for(1).await;
    let former = &webhook.secret;
    let new = rotate(&database, webhook.id).await;
    assert_ne!(&new, former);
    database.write_once().await;
    let got = receiver.has(1).await.remove(0);
    assert_eq!(verdicts(&[request(&new, &got), request(former, &got)]), ["true", "true"]);

    let end = "update rolecall.webhooks set former_secret_until = now()";
    database.connect().await.batch_execute(end).await.unwrap();
    database.write_once().await;
    let got = receiver.has(2).await.remove(1);
    let said = verdicts(&[request(&new, &got), request(former, &got)]);
    assert!(said[0] == "true" && said[1] != "true", "{said:?}");
    relay.stop().await;
}

/// Changes a webhook's secret as the operator does; the new one.
async fn rotate(database: &Database, webhook: Uuid) -> String {
    let answer = database.operate("rotate_webhook", &json!({"webhook_id": webhook})).await;
    answer["secret"].as_str().unwrap().to_owned()
}
