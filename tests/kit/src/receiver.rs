//! A receiver of what the components send to others, such as alerts.

use serde_json::Value;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU16, Ordering},
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
    /// Head and body as they came.
    pub text: String,
}

impl Got {
    /// The value of a header, as it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
        lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A receiver that keeps what it is sent, and answers as it is told.
#[derive(Clone, Debug)]
pub struct Receiver {
    /// Its host and port.
    pub address: String,
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
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
    ///
    /// # Panics
    /// When a connection's task has panicked.
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
                let text = String::from_utf8_lossy(&bytes[..end + 4 + length]).into_owned();
                self.got.lock().unwrap().push(Got { path, head: head.to_lowercase(), body, text });
            }
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
            bytes.drain(..end + 4 + length);
        }
    }
}
