//! A receiver of webhooks that answers as a test tells it, and keeps what it was sent.

use crate::support::Database;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac_sha256::HMAC;
use rolecall_kit::until;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// A request that came.
#[derive(Clone, Debug)]
pub struct Got {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Got {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn payload(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Everybody whom its events name.
    pub fn told(&self) -> BTreeSet<Uuid> {
        let payload = self.payload();
        let events = payload["data"]["events"].as_array().unwrap();
        events.iter().flat_map(|event| serde_json::from_value::<Vec<Uuid>>(event["to"].clone()).unwrap()).collect()
    }

    /// Whether one of its signatures is by this secret, and of these seconds.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let timestamp = &self.headers["webhook-timestamp"];
        let signed = [format!("{}.{timestamp}.", self.id()).as_bytes(), &self.body].concat();
        let expected = format!("v1,{}", STANDARD.encode(HMAC::mac(&signed, &key)));
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(timestamp.parse().unwrap());
        let is_now = at.elapsed().unwrap_or_default() < Duration::from_secs(60);
        is_now && self.headers["webhook-signature"].split(' ').any(|signature| signature == expected)
    }
}

/// How a receiver answers.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Status(u16),
    /// To another address.
    Redirect(SocketAddr),
    /// Never, and the connection stays open.
    Never,
}

#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Mutex<Answer>>,
}

/// A webhook as the operator made it.
pub struct Webhook {
    pub id: Uuid,
    pub secret: String,
}

impl Receiver {
    pub async fn start(answer: Answer) -> Receiver {
        Receiver::with(answer, async |stream| Some(stream)).await
    }

    /// One that does something with each connection first, such as to begin TLS.
    pub async fn with<S, F>(answer: Answer, begin: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> Receiver
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let receiver = Receiver { address, got: Arc::default(), answer: Arc::new(Mutex::new(answer)) };
        let told = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (told, begun) = (told.clone(), begin(stream));
                tokio::spawn(async move { told.serve(begun.await?).await });
            }
        });
        receiver
    }

    pub fn answers(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Returns when it was sent as many requests.
    pub async fn has(&self, number: usize) -> Vec<Got> {
        until("the receiver is sent it", async || (self.got().len() >= number).then(|| self.got())).await
    }

    /// Makes a webhook of it, under a path that is secret, as its operator may choose it.
    pub async fn webhook(&self, database: &Database) -> Webhook {
        database.webhook(&format!("http://{}/hooks/of-the-operator", self.address)).await
    }

    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut bytes = Vec::new();
        loop {
            let end = loop {
                match bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                    Some(end) => break end,
                    None => (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?,
                }
            };
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut lines = head.split("\r\n");
            let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
            let headers: HashMap<_, _> =
                lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned())).collect();
            let last = end + 4 + headers["content-length"].parse::<usize>().unwrap();
            while bytes.len() < last {
                (stream.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
            }
            let body = bytes[end + 4..last].to_vec();
            bytes.drain(..last);
            // Told at once, so that a test may change the answer between two requests.
            let answer = *self.answer.lock().unwrap();
            self.got.lock().unwrap().push(Got { path, headers, body });
            let text = match answer {
                Answer::Status(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok"),
                Answer::Redirect(to) => {
                    format!("HTTP/1.1 307 X\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n")
                }
                Answer::Never => std::future::pending().await,
            };
            stream.write_all(text.as_bytes()).await.ok()?;
        }
    }
}

impl Database {
    /// Calls an entry point as the operator; its data.
    pub async fn operate(&self, function: &str, input: &Value) -> Value {
        let request =
            json!({"claims": {"role": "service_role"}, "request_id": Uuid::new_v4(), "rollouts": {}, "input": input});
        let sql = format!("select rolecall_edge.{function}($1::text::jsonb)::text");
        let answer: String = self.connect().await.query_one(&sql, &[&request.to_string()]).await.unwrap().get(0);
        let mut answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
        answer["data"].take()
    }

    /// Makes a webhook as the operator does.
    pub async fn webhook(&self, url: &str) -> Webhook {
        let made = self.operate("create_webhook", &json!({"url": url})).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Webhook { id: text(&made["webhook"]["id"]).parse().unwrap(), secret: text(&made["secret"]) }
    }

    /// Returns when a relay was seen, and what happens is written for webhooks.
    pub async fn is_written_for(&self, webhooks: usize) {
        let sql = "select is_wanted and (select count(*) from rolecall.webhooks) = $1 from rolecall.relay";
        let webhooks = i64::try_from(webhooks).unwrap();
        until("the outbox is written", async || {
            self.connect().await.query_one(sql, &[&webhooks]).await.unwrap().get::<_, bool>(0).then_some(())
        })
        .await;
    }

    /// How many deliveries there are in this state.
    pub async fn deliveries(&self, state: &str) -> i64 {
        let sql = "select count(*) from rolecall.webhook_deliveries where state = $1";
        self.connect().await.query_one(sql, &[&state]).await.unwrap().get(0)
    }

    /// Returns when nothing is left to deliver.
    pub async fn is_delivered(&self) {
        until("everything is delivered", async || {
            (self.waiting().await == 0 && self.deliveries("pending").await == 0).then_some(())
        })
        .await;
    }

    /// Makes as if all pauses and claims had come to their end.
    pub async fn time_passes(&self) {
        let sql = "update rolecall.webhooks set paused_until = now() where paused_until > now();
            update rolecall.webhook_deliveries set due_at = now() where state = 'pending' and due_at > now()";
        self.connect().await.batch_execute(sql).await.unwrap();
    }

    /// The state of a webhook's delivery after an attempt that has failed: what the operator reads of it.
    pub async fn failure(&self, webhook: &Webhook) -> (Option<i16>, Option<String>) {
        let sql = "select last_status, last_error from rolecall.webhook_deliveries
            where webhook_id = $1 and not is_taken and (last_status is not null or last_error is not null)";
        until("an attempt has failed", async || {
            let row = self.connect().await.query_opt(sql, &[&webhook.id]).await.unwrap()?;
            Some((row.get(0), row.get(1)))
        })
        .await
    }
}
