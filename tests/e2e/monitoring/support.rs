//! What the tests of alerts and figures share: alerts that are caused, and programs of others.

use rolecall_e2e::{Answer, Db, Stand, token, until};
use rolecall_kit::process::{Process, temporary_directory};
use serde_json::{Value, json};
use std::process::Command;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Has an alert fire: `connection_errors` is eleven requests of this minute without a database. Shares of failures, which
/// depend on how often a test calls, are no alert then.
pub async fn cause(db: &Db) {
    db.run("update rolecall.alert_rules set attempts = 1000000 where name like 'error_rate_%'", &[]).await;
    failures(db, "database_unavailable", 11, 3).await;
}

/// Ends it.
pub async fn calm(db: &Db) {
    db.run("delete from rolecall.request_metrics where function = 'caused'", &[]).await;
}

/// Failures of this minute.
pub async fn failures(db: &Db, code: &str, number: i64, bucket: i16) {
    let sql = "insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
        values (date_bin('1 minute', now(), '2000-01-01 00:00:00+00'), 'caused', $1,
          '00000000-0000-0000-0000-000000000000', $3, 0, $2)";
    db.run(sql, &[&code, &number, &bucket]).await;
}

/// What the schedule does each minute.
pub async fn send_alerts(stand: &Stand) -> Answer {
    stand.post("alerts", &json!({})).token(&token::operator()).expect(200).await
}

/// A port that nobody listens on.
pub async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// A program of Debian's with a configuration file of this text, which its arguments name by `{}`; it ends with the test.
pub fn program(name: &str, configuration: &str, arguments: &[String]) -> Process {
    let directory = temporary_directory().unwrap();
    std::fs::write(directory.join("configuration.yml"), configuration).unwrap();
    let mut command = Command::new(name);
    command.args(arguments).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    Process::start(command, &directory).unwrap_or_else(|error| panic!("{name}: {error:#}; run `make need-prometheus`"))
}

/// The JSON that a server answers to a GET, once it does.
pub async fn json_of(port: u16, path: &str) -> Value {
    until(&format!("127.0.0.1:{port} answers {path}"), async || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let request = format!("GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        if !answer.starts_with(b"HTTP/1.0 200") && !answer.starts_with(b"HTTP/1.1 200") {
            return None;
        }
        serde_json::from_slice(&answer[end + 4..]).ok()
    })
    .await
}
