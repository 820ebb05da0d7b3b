//! A client of NATS over WebSocket that hears its own subject: just enough of the protocol, and little memory.

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

/// Room for what a read brings.
const BUFFER: usize = 4096;

/// A connection that hears one subject.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    read: Vec<u8>,
}

/// What the server says.
enum Said {
    Event(std::ops::Range<usize>),
    Ping,
    Pong,
    Other,
}

impl Socket {
    /// Connects with a token and subscribes.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses the token or the subject.
    pub async fn open(url: &str, token: &str, subject: &str) -> Result<Socket> {
        let address = url.strip_prefix("ws://").context("no ws://")?.trim_end_matches('/');
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let (stream, _) = client_async_with_config(url, stream, Some(config)).await?;
        let mut socket = Socket { stream, read: Vec::new() };
        let login = json!({"verbose": false, "pedantic": false, "jwt": token, "protocol": 1, "lang": "bench"});
        socket.say(&format!("CONNECT {login}\r\nSUB {subject} 1\r\nPING\r\n")).await?;
        // What the server has answered is subscribed.
        let mut answered = false;
        while !answered {
            let more = socket.hear(|_| {}, &mut answered).await?;
            if !more {
                bail!("the server closed the connection");
            }
        }
        Ok(socket)
    }

    /// Hears events until the server closes the connection.
    ///
    /// # Errors
    /// The server says what it should not.
    pub async fn listen(mut self, mut event: impl FnMut(&[u8])) -> Result<()> {
        let mut answered = false;
        while self.hear(&mut event, &mut answered).await? {}
        Ok(())
    }

    /// Reads what comes next; false at the end.
    async fn hear(&mut self, mut event: impl FnMut(&[u8]), answered: &mut bool) -> Result<bool> {
        match self.stream.next().await {
            Some(Ok(Message::Binary(bytes))) => self.read.extend_from_slice(&bytes),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(false),
            Some(Ok(_)) => return Ok(true),
        }
        let mut taken = 0;
        let mut pings = 0;
        while let Some((said, end)) = parse(&self.read, taken)? {
            match said {
                Said::Event(range) => event(&self.read[range]),
                Said::Ping => pings += 1,
                Said::Pong => *answered = true,
                Said::Other => {}
            }
            taken = end;
        }
        self.read.drain(..taken);
        for _ in 0..pings {
            self.say("PONG\r\n").await?;
        }
        Ok(true)
    }

    async fn say(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.send(Message::binary(text.as_bytes().to_vec())).await?)
    }
}

/// What begins at `from`, once it is there whole, and where it ends.
fn parse(read: &[u8], from: usize) -> Result<Option<(Said, usize)>> {
    let Some(length) = read[from..].windows(2).position(|pair| pair == b"\r\n") else { return Ok(None) };
    let (line, end) = (&read[from..from + length], from + length + 2);
    if let Some(head) = line.strip_prefix(b"MSG ") {
        let size = head.rsplit(|&byte| byte == b' ').next().and_then(|size| std::str::from_utf8(size).ok());
        let size: usize = size.context("no size")?.parse()?;
        return Ok((read.len() >= end + size + 2).then(|| (Said::Event(end..end + size), end + size + 2)));
    }
    if line.starts_with(b"-ERR") {
        bail!("the server says {}", String::from_utf8_lossy(line));
    }
    let said = match line {
        b"PING" => Said::Ping,
        b"PONG" => Said::Pong,
        _ => Said::Other,
    };
    Ok(Some((said, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_taken_once_it_is_whole() {
        let bytes = b"MSG user.a.events 1 5\r\nhello\r\nPING\r\n";
        let (said, end) = parse(bytes, 0).unwrap().unwrap();
        assert!(matches!(said, Said::Event(range) if &bytes[range.clone()] == b"hello"));
        assert!(matches!(parse(bytes, end).unwrap(), Some((Said::Ping, 36))));
        for cut in 0..30 {
            assert!(parse(&bytes[..cut], 0).unwrap().is_none(), "{cut}");
        }
        assert!(parse(b"-ERR 'Authorization Violation'\r\n", 0).is_err());
    }
}
