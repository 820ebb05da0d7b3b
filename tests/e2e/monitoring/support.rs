//! What the tests of alerts and figures share: a receiver, alerts that are caused, and programs of others.

use rolecall_e2e::{Answer, Db, Stand, token, until};
use rolecall_kit::process::{Process, temporary_directory};
use serde_json::{Value, json};
use std::{
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A request that a receiver has got.
#[derive(Clone, Debug)]
pub struct Got {
    /// Its path.
    pub path: String,
    /// Its head, in lower case.
    pub head: String,
    /// Its body.
    pub body: Value,
}

/// A receiver that keeps what it is sent, and answers as it is told.
#[derive(Clone)]
pub struct Receiver {
    /// Its host and port.
    pub address: String,
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    /// Listens on a free port.
    pub async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let receiver = Receiver { address, got: Arc::default(), status: Arc::new(AtomicU16::new(200)) };
        let told = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let told = told.clone();
                tokio::spawn(async move { told.serve(stream).await });
            }
        });
        receiver
    }

    /// Answers with this status from now on; what is not 200 is not kept.
    pub fn answers(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What it was sent and has taken.
    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    async fn serve(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        loop {
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
                continue;
            };
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            let length: usize = length.unwrap_or(0);
            while bytes.len() < end + 4 + length {
                if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let body = serde_json::from_slice(&bytes[end + 4..end + 4 + length]).unwrap_or(Value::Null);
            let status = self.status.load(Ordering::SeqCst);
            if status == 200 {
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                self.got.lock().unwrap().push(Got { path, head: head.to_lowercase(), body });
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            bytes.drain(..end + 4 + length);
        }
    }
}

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
