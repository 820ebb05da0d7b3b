//! A keep-alive connection that knows just enough HTTP/1.1 to send a request and read its answer.

use anyhow::{Context, Result, bail};
use futures::stream::{self, StreamExt, TryStreamExt};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Room for an answer; with more in it than one read brings, the socket is known to be empty without asking again.
const BUFFER: usize = 4096;

/// How many connections are being opened at a time: far fewer than a server's backlog has room for.
const OPENING: usize = 64;

/// How long opening all of them may take.
const OPENING_LIMIT: Duration = Duration::from_secs(60);

/// What the load needs to know of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Seconds to wait before the next attempt, if it says so.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// Whether the request was done: 201 of what makes something, and 200 of a webhook.
    pub fn is_success(self) -> bool {
        matches!(self.status, 200 | 201)
    }
}

/// The connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(address: &str) -> Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When the connection breaks or the answer is none; the connection is of no use then.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the connection was closed");
            }
            if let Some(answer) = whole_answer(&self.buffer)? {
                return Ok(answer);
            }
        }
    }

    /// The last answer as it was received.
    pub fn last_answer(&self) -> &[u8] {
        &self.buffer
    }
}

/// Opens so many connections to `host:port`, a few at a time. Each counts as open when the server has answered a first
/// request, whatever the answer: then it has accepted the connection, too. Also returns how many were done.
///
/// # Errors
/// When one cannot be opened, or its request is not answered.
pub async fn open_many<'a>(
    address: &str,
    number: usize,
    request: impl Fn(usize) -> &'a [u8],
) -> Result<(Vec<Connection>, u64)> {
    let opening = stream::iter(0..number).map(|turn| {
        let request = request(turn);
        async move {
            let mut connection = Connection::open(address).await?;
            let answer = connection.exchange(request).await?;
            anyhow::Ok((connection, u64::from(answer.is_success())))
        }
    });
    let opened = opening.buffer_unordered(OPENING).try_fold((Vec::with_capacity(number), 0), collect);
    tokio::time::timeout(OPENING_LIMIT, opened)
        .await
        .with_context(|| format!("{number} connections are not open after {} s", OPENING_LIMIT.as_secs()))?
}

async fn collect(
    (mut connections, answered): (Vec<Connection>, u64),
    (connection, success): (Connection, u64),
) -> Result<(Vec<Connection>, u64)> {
    connections.push(connection);
    Ok((connections, answered + success))
}

/// The answer in `bytes`, once it is all there.
fn whole_answer(bytes: &[u8]) -> Result<Option<Answer>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    let (mut length, mut chunked, mut retry_after) = (None, false, None);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { bail!("not a header: {line}") };
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().context("content-length is not a number")?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("retry-after") {
            retry_after = value.parse().ok();
        }
    }
    let body = &bytes[end + 4..];
    let complete = match length {
        Some(length) => body.len() >= length,
        // One request is on its way at a time, so nothing follows the last chunk; and text in JSON has no raw line ends.
        None if chunked => body == b"0\r\n\r\n" || body.ends_with(b"\r\n0\r\n\r\n"),
        None => bail!("an answer without content-length"),
    };
    Ok(complete.then_some(Answer { status, retry_after }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_awaited_to_its_last_byte() {
        let text = b"HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
        for end in 0..text.len() {
            assert_eq!(whole_answer(&text[..end]).unwrap(), None, "{end} bytes");
        }
        assert_eq!(whole_answer(text).unwrap(), Some(Answer { status: 201, retry_after: None }));
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let text = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(whole_answer(text).unwrap(), Some(Answer { status: 503, retry_after: Some(2) }));
    }

    #[test]
    fn chunks_end_with_an_empty_one() {
        let text = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(whole_answer(&text[..end]).unwrap(), None, "{end} bytes");
        }
        assert_eq!(whole_answer(text).unwrap(), Some(Answer { status: 201, retry_after: None }));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in ["HTTP/1.1 201 Created\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"]
        {
            assert!(whole_answer(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
