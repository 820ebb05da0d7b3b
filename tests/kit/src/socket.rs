//! A client of NATS over WebSocket that shows what the server says: just enough of its protocol for the tests.

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::{SinkExt, StreamExt};
use nkeys::KeyPair;
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// How long the server may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the server says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A message on a subject.
    Message(String, Value),
    /// A refusal.
    Error(String),
    /// The answer to a PING: what was sent before it is done.
    Pong,
    /// About itself.
    Info(Value),
}

/// A connection.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    read: Vec<u8>,
}

impl Socket {
    /// Connects with a token; the error is the server's.
    ///
    /// # Errors
    /// The server refuses the token.
    pub async fn open(url: &str, token: &str) -> Result<Socket> {
        Socket::connect(url, token, None).await
    }

    /// Connects with a file of credentials, as the relay does.
    ///
    /// # Errors
    /// The file is none, or the server refuses it.
    pub async fn open_as(url: &str, credentials: &Path) -> Result<Socket> {
        let text = std::fs::read_to_string(credentials)?;
        let mut lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('-'));
        let (token, seed) = (lines.next().context("no token")?, lines.next().context("no seed")?);
        let key = KeyPair::from_seed(seed).map_err(|error| anyhow::anyhow!("{error}"))?;
        Socket::connect(url, token, Some(&key)).await
    }

    async fn connect(url: &str, token: &str, key: Option<&KeyPair>) -> Result<Socket> {
        let address = url.strip_prefix("ws://").context("no ws://")?;
        let (stream, _) = client_async(url, TcpStream::connect(address).await?).await?;
        let mut socket = Socket { stream, read: Vec::new() };
        let Some(Said::Info(info)) = socket.hear().await? else { bail!("no INFO") };
        let mut login = json!({"verbose": false, "pedantic": false, "jwt": token, "protocol": 1, "lang": "test"});
        if let Some(key) = key {
            let nonce = info["nonce"].as_str().context("no nonce")?;
            let signature = key.sign(nonce.as_bytes()).map_err(|error| anyhow::anyhow!("{error}"))?;
            login["sig"] = URL_SAFE_NO_PAD.encode(signature).into();
        }
        socket.settle(&format!("CONNECT {login}\r\n")).await?;
        Ok(socket)
    }

    /// Subscribes; the error is the server's.
    ///
    /// # Errors
    /// The server refuses the subject.
    pub async fn subscribe(&mut self, subject: &str) -> Result<()> {
        self.settle(&format!("SUB {subject} 1\r\n")).await
    }

    /// Publishes; the error is the server's.
    ///
    /// # Errors
    /// The server refuses the subject.
    pub async fn publish(&mut self, subject: &str, message: &Value) -> Result<()> {
        let text = message.to_string();
        self.settle(&format!("PUB {subject} {}\r\n{text}\r\n", text.len())).await
    }

    /// The next message; waits for it.
    ///
    /// # Errors
    /// There is none, or the server says something else.
    pub async fn message(&mut self) -> Result<(String, Value)> {
        loop {
            match self.hear().await?.context("the connection is closed")? {
                Said::Message(subject, message) => return Ok((subject, message)),
                Said::Info(_) => {}
                other => bail!("{other:?}"),
            }
        }
    }

    /// What is there already, after everything that the server was told before.
    ///
    /// # Errors
    /// The server refuses something.
    pub async fn messages_so_far(&mut self) -> Result<Vec<(String, Value)>> {
        self.say("PING\r\n").await?;
        let mut messages = Vec::new();
        loop {
            match self.hear().await?.context("the connection is closed")? {
                Said::Message(subject, message) => messages.push((subject, message)),
                Said::Pong => return Ok(messages),
                Said::Error(error) => bail!(error),
                Said::Info(_) => {}
            }
        }
    }

    /// Waits until the server closes the connection; gives what it says before.
    ///
    /// # Errors
    /// It does not close it in time.
    pub async fn closed(mut self, within: Duration) -> Result<Vec<String>> {
        let (deadline, mut errors) = (Instant::now() + within, Vec::new());
        loop {
            match timeout_at(deadline, self.hear()).await.context("the connection stays open")? {
                Ok(Some(Said::Error(error))) => errors.push(error),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Ok(errors),
            }
        }
    }

    /// Tells the server something, and waits until it has done that. In one piece with the question whether it has: a server
    /// that refuses closes the connection, and what is sent later would tear it down before the refusal is read.
    async fn settle(&mut self, what: &str) -> Result<()> {
        self.say(&format!("{what}PING\r\n")).await?;
        loop {
            match self.hear().await?.context("the connection is closed")? {
                Said::Pong => return Ok(()),
                Said::Error(error) => bail!(error),
                Said::Info(_) => {}
                message @ Said::Message(..) => bail!("{message:?}"),
            }
        }
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.send(Message::binary(text.as_bytes().to_vec())).await?)
    }

    /// What the server says next; none once the connection is closed.
    async fn hear(&mut self) -> Result<Option<Said>> {
        loop {
            if let Some(said) = self.parse()? {
                match said {
                    Some(said) => return Ok(Some(said)),
                    None => self.say("PONG\r\n").await?,
                }
                continue;
            }
            match timeout(PATIENCE, self.stream.next()).await.context("the server says nothing")? {
                Some(Ok(Message::Binary(bytes))) => self.read.extend_from_slice(&bytes),
                Some(Ok(Message::Text(text))) => self.read.extend_from_slice(text.as_bytes()),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(None),
            }
        }
    }

    /// Takes what has arrived whole: the inner none is the server's PING.
    fn parse(&mut self) -> Result<Option<Option<Said>>> {
        let Some(end) = self.read.windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
        let line = String::from_utf8(self.read[..end].to_vec())?;
        let mut taken = end + 2;
        let said = if let Some(info) = line.strip_prefix("INFO ") {
            Some(Said::Info(serde_json::from_str(info)?))
        } else if let Some(error) = line.strip_prefix("-ERR ") {
            Some(Said::Error(error.trim_matches('\'').to_owned()))
        } else if let Some(head) = line.strip_prefix("MSG ") {
            let words: Vec<&str> = head.split(' ').collect();
            let length: usize = words.last().context("no length")?.parse()?;
            if self.read.len() < taken + length + 2 {
                return Ok(None);
            }
            let message = serde_json::from_slice(&self.read[taken..taken + length])?;
            taken += length + 2;
            Some(Said::Message(words[0].to_owned(), message))
        } else if line == "PONG" {
            Some(Said::Pong)
        } else {
            ensure!(line == "PING", "the server says {line}");
            None
        };
        self.read.drain(..taken);
        Ok(Some(said))
    }
}
