//! An HTTP client that can do what a proper one would not.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers by lower-case name; of several of one name the last.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Expects a problem document with this code (docs/contract.md, section 3), complete in every respect.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.headers["content-length"], self.body.len().to_string());
        assert_eq!(self.headers["access-control-allow-origin"], "*");
        let document = self.json();
        assert_eq!(document["code"], code);
        assert_eq!(document["status"], status);
        assert_eq!(document["error"]["code"], code);
        assert_eq!(document["request_id"], self.headers["x-request-id"]);
        for member in ["type", "title", "detail"] {
            assert!(document[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
        }
    }
}

impl Client {
    /// Connects.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Client {
        Client::over(TcpStream::connect(address).unwrap())
    }

    /// Connects from another address of this machine, all of 127.0.0.0/8 being its own.
    #[track_caller]
    pub fn connect_from(source: Ipv4Addr, address: SocketAddr) -> Client {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let stream = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from((source, 0))).unwrap();
            socket.connect(address).await.unwrap().into_std().unwrap()
        });
        stream.set_nonblocking(false).unwrap();
        Client::over(stream)
    }

    fn over(stream: TcpStream) -> Client {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.get_mut().write_all(bytes.as_ref())
    }

    /// Sends a request without waiting.
    #[track_caller]
    pub fn send_request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: fixture.example\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || method == "POST" {
            request.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.send(bytes).unwrap();
    }

    /// A request with headers.
    #[track_caller]
    pub fn request(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.send_request(method, path, headers, body);
        self.answer()
    }

    /// A request.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// A request with a body.
    #[track_caller]
    pub fn post(&mut self, path: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &[], body)
    }

    /// Says that nothing more will be sent.
    #[track_caller]
    pub fn send_no_more(&mut self) {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Whether something has come that was not read yet, or the end.
    pub fn has_something(&mut self) -> bool {
        let socket = self.stream.get_ref();
        socket.set_nonblocking(true).unwrap();
        let is_there = socket.peek(&mut [0]).is_ok();
        socket.set_nonblocking(false).unwrap();
        is_there || !self.stream.buffer().is_empty()
    }

    /// Waits until something has come, without reading it.
    #[track_caller]
    pub fn wait_for_something(&mut self) {
        self.stream.get_ref().peek(&mut [0]).unwrap();
    }

    /// Reads an answer to HEAD, which ends with its head.
    #[track_caller]
    pub fn head_answer(&mut self) -> Answer {
        let (status, headers) = self.read_head().unwrap();
        Answer { status, headers, body: Vec::new() }
    }

    /// Reads an answer.
    #[track_caller]
    pub fn answer(&mut self) -> Answer {
        self.try_answer().unwrap()
    }

    /// Reads an answer, if the connection holds.
    pub fn try_answer(&mut self) -> std::io::Result<Answer> {
        let (status, headers) = self.read_head()?;
        let mut body = Vec::new();
        if let Some(length) = headers.get("content-length").and_then(|length| length.parse().ok()) {
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        } else if headers.get("transfer-encoding").is_some_and(|encoding| encoding == "chunked") {
            self.read_chunks(&mut body)?;
        }
        Ok(Answer { status, headers, body })
    }

    fn read_head(&mut self) -> std::io::Result<(u16, BTreeMap<String, String>)> {
        let mut status_line = String::new();
        if self.stream.read_line(&mut status_line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        Ok((status, headers))
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let Ok(length) = usize::from_str_radix(line.trim_end(), 16) else {
                return Err(std::io::ErrorKind::InvalidData.into());
            };
            let mut chunk = vec![0; length + 2];
            self.stream.read_exact(&mut chunk)?;
            body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                return Ok(());
            }
        }
    }

    /// Whether the other side has closed the connection, after at most ten seconds.
    pub fn is_closed(&mut self) -> bool {
        self.stream.get_ref().set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    }
}
