//! An HTTP client that checks the form of every answer (docs/contract.md, section 3), whatever the test is about.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::TokioExecutor,
};
use rolecall_shared::{rules::code::Code, wire::request_id::RequestId};
use serde_json::Value;
use std::{convert::Infallible, ops::Index, sync::OnceLock};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

type Body = BoxBody<Bytes, Infallible>;

/// The content type of an answer that is one JSON object a line.
const NDJSON: &str = "application/x-ndjson";

/// Further checks of what a client gets; each panics if it is wrong.
#[derive(Clone, Copy, Debug)]
pub struct Checks {
    /// Of an answer to a request of this method, path and body.
    pub answer: fn(&Method, &str, Option<&Value>, &Answer),
    /// Of a line of an export that is read line by line.
    pub line: fn(&Value),
}

static CHECKS: OnceLock<Checks> = OnceLock::new();

/// Applies these checks to every answer that a client of this process gets from now on. The first checks stay.
pub fn check_answers_by(checks: Checks) {
    CHECKS.get_or_init(|| checks);
}

/// Keeps connections; it belongs to the test's own runtime.
#[derive(Clone, Debug)]
pub struct Client {
    http: HyperClient<HttpConnector, Body>,
    address: String,
}

/// A request on its way to be sent.
#[derive(Debug)]
#[must_use = "a call is sent by `expect`, `send` or `try_send`"]
pub struct Call {
    client: Client,
    method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<Bytes>,
    chunked: bool,
}

/// An answer whose form has been checked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null where there is none, an array of the lines where it is NDJSON, and a string where it is plain text or
    /// XML.
    pub body: Value,
}

/// An answer of many lines on its way, read as slowly as one likes.
#[derive(Debug)]
pub struct Lines {
    body: Incoming,
    read: Vec<u8>,
}

impl Client {
    /// A client for the server at `http://HOST:PORT`.
    pub fn new(address: &str) -> Client {
        Client { http: HyperClient::builder(TokioExecutor::new()).build_http(), address: address.to_owned() }
    }

    /// A request to `path`; a name without `/` is a function's.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/functions/v1/{path}") };
        let client = self.clone();
        Call { client, method, path, headers: Vec::new(), body: Vec::new(), chunked: false }
    }

    /// Sends these bytes, which need not be valid HTTP, on a connection of their own, and reads the answer to its end.
    ///
    /// # Panics
    /// When there is no answer, or it breaks the contract's form.
    pub async fn raw(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let answer = self.exchange(bytes.as_ref()).await.unwrap_or_else(|error| panic!("no answer: {error:#}"));
        let end =
            answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer:?}"));
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.parse::<header::HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
        };
        let headers = lines.map(|line| header(line).unwrap_or_else(|| panic!("no header: {line}"))).collect();
        Answer::checked(status.unwrap_or_else(|| panic!("no status: {head}")), headers, &answer[end + 4..], false)
    }

    async fn exchange(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut socket = TcpStream::connect(self.address.trim_start_matches("http://")).await?;
        socket.write_all(bytes).await?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

impl Call {
    /// With a bearer token.
    pub fn token(self, token: &str) -> Call {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this header as well.
    pub fn header(mut self, name: &str, value: &str) -> Call {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this `Idempotency-Key`.
    pub fn key(self, key: &str) -> Call {
        self.header("idempotency-key", key)
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Call {
        self.header("content-type", "application/json").bytes(body.to_string())
    }

    /// With any body, and no content type of its own.
    pub fn bytes(mut self, body: impl Into<Bytes>) -> Call {
        self.body = vec![body.into()];
        self
    }

    /// With a body in pieces, without `content-length`.
    pub fn chunks(mut self, chunks: Vec<Bytes>) -> Call {
        self.body = chunks;
        self.chunked = true;
        self
    }

    /// Sends it and wants this status.
    ///
    /// # Panics
    /// When the answer has another status or breaks the contract's form.
    pub async fn expect(self, status: u16) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        let answer = self.send().await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.body);
        answer
    }

    /// Sends it, whatever the status may be.
    ///
    /// # Panics
    /// When there is no answer, or it breaks the contract's form.
    pub async fn send(self) -> Answer {
        let asked = format!("{} {}", self.method, self.path);
        self.try_send().await.unwrap_or_else(|error| panic!("{asked}: {error:#}"))
    }

    /// Sends it and wants 200 and NDJSON, of which nothing is read yet.
    ///
    /// # Panics
    /// When the answer is another.
    pub async fn open(self) -> Lines {
        let asked = format!("{} {}", self.method, self.path);
        let response = self.request().await.unwrap_or_else(|error| panic!("{asked}: {error:#}"));
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status.as_u16(), 200, "{asked}");
        assert_eq!(parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes), Some(NDJSON.as_bytes()));
        Lines { body, read: Vec::new() }
    }

    async fn request(&self) -> Result<Response<Incoming>> {
        let mut request = Request::builder().method(&self.method).uri(format!("{}{}", self.client.address, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body: Body = if self.chunked {
            let chunks = self.body.clone();
            StreamBody::new(stream::iter(chunks.into_iter().map(|chunk| Ok(Frame::data(chunk))))).boxed()
        } else {
            Full::new(self.body.first().cloned().unwrap_or_default()).boxed()
        };
        self.client.http.request(request.body(body)?).await.context("no answer")
    }

    /// Sends it; a connection that fails is an error, an answer of the wrong form a panic.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub async fn try_send(self) -> Result<Answer> {
        let head = self.method == Method::HEAD;
        let (parts, body) = self.request().await?.into_parts();
        let bytes = body.collect().await.context("the answer ended early")?.to_bytes();
        let answer = Answer::checked(parts.status.as_u16(), parts.headers, &bytes, head);
        let sent = self.body.first().and_then(|body| serde_json::from_slice(body).ok());
        if let Some(checks) = CHECKS.get() {
            (checks.answer)(&self.method, &self.path, sent.as_ref(), &answer);
        }
        Ok(answer)
    }
}

impl Answer {
    /// The body without its `request_id`, which is made by chance and may have any digits in it.
    pub fn words(&self) -> String {
        let mut body = self.body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("request_id");
        }
        body.to_string()
    }

    /// Checks what every answer has, success or not.
    fn checked(status: u16, headers: HeaderMap, bytes: &[u8], head: bool) -> Answer {
        let text = |name: header::HeaderName| {
            headers.get(&name).map(|value| value.to_str().unwrap_or_else(|_| panic!("{name} is no text")).to_owned())
        };
        let whole = format!("{status} {headers:?} {}", String::from_utf8_lossy(bytes));

        let request_id = text(header::HeaderName::from_static("x-request-id"));
        let request_id = request_id.unwrap_or_else(|| panic!("no x-request-id: {whole}"));
        assert!(RequestId::parse(&request_id).is_some(), "x-request-id is malformed: {whole}");
        let cors = headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            || text(header::VARY).is_some_and(|vary| vary.contains("origin"));
        assert!(cors, "no CORS header: {whole}");

        let empty = status == 204 || head;
        let lines = text(header::CONTENT_TYPE).as_deref() == Some(NDJSON);
        // What is streamed has a length only once it is over.
        if !empty && !lines {
            assert_eq!(text(header::CONTENT_LENGTH), Some(bytes.len().to_string()), "content-length: {whole}");
        }
        if empty {
            assert!(bytes.is_empty(), "a body where none belongs: {whole}");
            return Answer { status, headers, body: Value::Null };
        }

        if lines {
            assert_eq!(status, 200, "lines are for a success: {whole}");
            assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "a line that does not end: {whole}");
            let parse = |line: &[u8]| serde_json::from_slice(line).unwrap_or_else(|_| panic!("no JSON: {whole}"));
            let body = bytes.split_inclusive(|&byte| byte == b'\n').map(parse).collect();
            return Answer { status, headers, body: Value::Array(body) };
        }

        let is_text =
            |content_type: String| ["text/plain", "text/xml"].iter().any(|text| content_type.starts_with(text));
        if text(header::CONTENT_TYPE).is_some_and(is_text) {
            assert_eq!(status, 200, "text is for a success: {whole}");
            return Answer { status, headers, body: Value::String(String::from_utf8_lossy(bytes).into_owned()) };
        }

        let body: Value = serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("no JSON ({error}): {whole}"));
        match text(header::CONTENT_TYPE).as_deref() {
            Some("application/problem+json") => check_problem(status, &headers, &body, &whole),
            // A health report is the one error status without a problem.
            Some("application/json") if body.get("database").is_some() && body.get("version").is_some() => {}
            Some("application/json") => {
                assert!(status < 400, "an error that is no problem document: {whole}");
                assert_eq!(body["success"], true, "success: {whole}");
            }
            _ => panic!("content-type: {whole}"),
        }
        if let Some(in_body) = body.get("request_id") {
            assert_eq!(in_body, &Value::from(request_id), "request_id: {whole}");
        } else {
            assert!(body.get("database").is_some(), "no request_id: {whole}");
        }
        if matches!(status, 429 | 503) {
            let seconds = text(header::RETRY_AFTER).and_then(|text| text.parse::<u64>().ok());
            assert!(seconds.is_some_and(|seconds| seconds >= 1), "retry-after: {whole}");
        }
        Answer { status, headers, body }
    }

    /// The lines of NDJSON.
    ///
    /// # Panics
    /// When it is something else.
    pub fn lines(&self) -> &[Value] {
        self.list(&self.body)
    }

    /// A member that is a list.
    ///
    /// # Panics
    /// When it is not.
    pub fn items(&self, member: &str) -> &[Value] {
        self.list(&self.body[member])
    }

    fn list<'a>(&self, value: &'a Value) -> &'a [Value] {
        value.as_array().unwrap_or_else(|| panic!("no list: {}", self.body))
    }

    /// A header's text; empty where there is none.
    ///
    /// # Panics
    /// When it is no text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or_else(|_| panic!("{name} is no text")))
    }

    /// The error code; empty for a success.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// The reasons' codes: rules, or kinds of fault.
    pub fn reasons(&self) -> Vec<&str> {
        let reasons = self.body["reasons"].as_array();
        reasons.into_iter().flatten().map(|reason| reason["code"].as_str().unwrap_or("")).collect()
    }

    /// The reasons as (field, code).
    pub fn faults(&self) -> Vec<(&str, &str)> {
        let reasons = self.body["reasons"].as_array();
        reasons
            .into_iter()
            .flatten()
            .map(|reason| (reason["field"].as_str().unwrap_or(""), reason["code"].as_str().unwrap_or("")))
            .collect()
    }

    /// Wants this code.
    ///
    /// # Panics
    /// When it is another.
    pub fn refused(self, code: Code) -> Answer {
        assert_eq!(self.code(), code.as_str(), "{}", self.body);
        self
    }

    /// Wants this code, with this rule as the only reason, and a sentence about what would make it allowed.
    ///
    /// # Panics
    /// When it is another.
    pub fn refused_by(self, code: Code, rule: &str) -> Answer {
        let answer = self.refused(code);
        assert_eq!(answer.reasons(), [rule], "{}", answer.body);
        let reason = &answer.body["reasons"][0];
        for member in ["message", "allowed_if"] {
            assert!(reason[member].as_str().is_some_and(|text| text.len() > 5), "{member}: {reason}");
        }
        answer
    }

    /// Wants exactly these members beside `success` and `request_id`.
    ///
    /// # Panics
    /// When there are others.
    pub fn has_members(&self, members: &[&str]) {
        let mut found: Vec<_> = self.body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        found.retain(|name| !matches!(*name, "success" | "request_id"));
        let mut wanted = members.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{}", self.body);
    }

    /// A member that is a uuid.
    ///
    /// # Panics
    /// When it is not.
    pub fn id(&self, member: &str) -> Uuid {
        let text = self.body[member].as_str().unwrap_or_else(|| panic!("no {member}: {}", self.body));
        text.parse().unwrap_or_else(|_| panic!("{member} is no uuid: {}", self.body))
    }

    /// The request's id.
    pub fn request_id(&self) -> &str {
        self.header("x-request-id")
    }
}

impl Lines {
    /// The next line; none at the end of the answer.
    ///
    /// # Errors
    /// When the answer breaks off.
    ///
    /// # Panics
    /// When a line is no JSON.
    pub async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            if let Some(end) = self.read.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                let line = serde_json::from_slice(&line);
                let line = line.unwrap_or_else(|error| panic!("a line that is no JSON: {error}"));
                if let Some(checks) = CHECKS.get() {
                    (checks.line)(&line);
                }
                return Ok(Some(line));
            }
            match self.body.frame().await {
                Some(frame) => self.read.extend_from_slice(frame?.data_ref().map_or(&[], |data| data)),
                None if self.read.is_empty() => return Ok(None),
                None => bail!("the last line has no end"),
            }
        }
    }
}

impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, member: &str) -> &Value {
        &self.body[member]
    }
}

/// Checks a problem document against the catalogue.
fn check_problem(status: u16, headers: &HeaderMap, body: &Value, whole: &str) {
    let code = body["code"].as_str().and_then(Code::from_name);
    let code = code.unwrap_or_else(|| panic!("a code that is not in the catalogue: {whole}"));
    assert_eq!(code.status().as_u16(), status, "the status of {}: {whole}", code.as_str());
    assert_eq!(body["status"], status, "status: {whole}");
    assert_eq!(body["type"], code.type_uri(), "type: {whole}");
    assert_eq!(body["title"], code.title(), "title: {whole}");
    assert_eq!(body["error"]["code"], code.as_str(), "error.code: {whole}");
    assert_eq!(body["error"]["message"], body["detail"], "error.message: {whole}");
    let detail = body["detail"].as_str().unwrap_or("");
    assert!(detail.len() > 5, "detail: {whole}");
    for word in ["SQLSTATE", "ERROR:", "violates", "relation \"", "CONTEXT", "PL/pgSQL", "rolecall."] {
        assert!(!whole.contains(word), "the database's own text: {whole}");
    }
    if let Some(reasons) = body.get("reasons") {
        let reasons = reasons.as_array().unwrap_or_else(|| panic!("reasons: {whole}"));
        assert!(!reasons.is_empty(), "reasons: {whole}");
        for reason in reasons {
            assert!(reason["code"].is_string() && reason["message"].is_string(), "reason: {whole}");
        }
    }
    let needed = match status {
        401 => Some(header::WWW_AUTHENTICATE),
        405 => Some(header::ALLOW),
        _ => None,
    };
    if let Some(name) = needed {
        assert!(headers.contains_key(&name), "{name}: {whole}");
    }
}
