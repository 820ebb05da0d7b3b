//! Opens sockets as a client does: a token over HTTP, and with it a connection.

use super::Socket;
use crate::{
    Connection,
    requests::{post, token},
};
use anyhow::{Context, Result, ensure};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::Value;
use std::{ops::Range, rc::Rc};

/// How many sockets are being opened at a time.
const OPENING: usize = 64;

/// Opens a socket for each of these users and hands every event to `hear`, in tasks of this thread. `server` is used instead
/// of the address that comes with the token.
///
/// # Errors
/// A token or a connection is refused.
pub async fn open_sockets(
    host: &str,
    server: Option<&str>,
    users: Range<u64>,
    hear: impl Fn(&[u8]) + 'static,
) -> Result<()> {
    let hear = Rc::new(hear);
    let opening = stream::iter(users).map(|user| open_socket(host, server, user));
    let mut opened = opening.buffer_unordered(OPENING);
    while let Some(socket) = opened.try_next().await? {
        let hear = Rc::clone(&hear);
        // A socket that breaks misses what is counted.
        tokio::task::spawn_local(async move { socket.listen(|event| hear(event)).await });
    }
    Ok(())
}

async fn open_socket(host: &str, server: Option<&str>, user: u64) -> Result<Socket> {
    let mut connection = Connection::open(host).await?;
    let answer = connection.exchange(&post(host, "realtime/token", &token(user), "{}")).await?;
    let text = String::from_utf8_lossy(connection.last_answer());
    ensure!(answer.status == 200, "no token: {text}");
    let (_, body) = text.split_once("\r\n\r\n").context("no body")?;
    let body: Value = serde_json::from_str(body)?;
    let text = |name: &str| body[name].as_str().with_context(|| format!("no {name}"));
    Socket::open(server.unwrap_or(text("url")?), text("token")?, text("subject")?).await
}
