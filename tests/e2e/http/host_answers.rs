//! What the host answers before a request reaches a component: the runner in the contract's form, Spin as its HTTP library
//! does. `docs/deploy.md` has it as a table.

use rolecall_e2e::Stand;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long an answer may take to come, and a connection to be closed.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer, or the end of the connection without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// A component answers with this status, or the runner in the same form.
    InForm(u16),
    /// The host answers with this status and an empty body.
    Bare(u16),
    /// The connection is closed without an answer.
    Closed,
}
use Host::{Bare, Closed, InForm};

/// Sends these bytes on a connection of its own.
async fn answer(address: &str, request: &[u8]) -> Host {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // The host may have answered and closed before everything is sent.
    let _ = socket.write_all(request).await;
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    let whole = async {
        loop {
            let text = String::from_utf8_lossy(&read).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_ascii_lowercase();
                let length = head.split("content-length: ").nth(1).map_or("0", |rest| rest.lines().next().unwrap());
                if body.len() >= length.parse().unwrap() {
                    return Some(head);
                }
            }
            match socket.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(number) => read.extend_from_slice(&piece[..number]),
            }
        }
    };
    let Some(head) = timeout(PATIENCE, whole).await.expect("an answer, or the end of the connection") else {
        assert!(read.is_empty(), "half an answer: {}", String::from_utf8_lossy(&read));
        return Closed;
    };
    let status = head[9..12].parse().unwrap();
    if head.contains("x-request-id: ") { InForm(status) } else { Bare(status) }
}

#[tokio::test]
async fn what_the_host_answers_itself_is_what_the_documentation_says() {
    let stand = Stand::shared().await;
    let address = stand.runner().address().trim_start_matches("http://");
    let get = |rest: &str| format!("GET /api/health HTTP/1.1\r\n{rest}\r\n").into_bytes();
    let post = |rest: &str| format!("POST /functions/v1/send-dm HTTP/1.1\r\nhost: x\r\n{rest}").into_bytes();
    let many: String = (0..101).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = |length: usize| "a".repeat(length);
    let not_utf8 = b"GET /api/health HTTP/1.1\r\nhost: x\r\nx-name: caf\xe9\r\n\r\n".to_vec();
    // What is sent, what the runner does, what Spin does.
    let table: Vec<(&str, Vec<u8>, Host, Host)> = vec![
        ("a plain request", get("host: x\r\n"), InForm(200), InForm(200)),
        ("no Host", get(""), InForm(400), Closed),
        ("an empty Host", get("host:\r\n"), InForm(400), Closed),
        ("a Host that is none", get("host: a b\r\n"), InForm(400), Closed),
        ("two Hosts", get("host: x\r\nhost: y\r\n"), InForm(400), InForm(200)),
        ("HTTP/1.0 without Host", b"GET /api/health HTTP/1.0\r\n\r\n".to_vec(), InForm(200), Closed),
        ("a Host of Spin's own", get("host: a.spin.internal\r\n"), InForm(200), Closed),
        (
            "an absolute target",
            b"GET http://x/api/health HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            InForm(200),
            InForm(200),
        ),
        ("another Host in it", b"GET http://y/api/health HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), InForm(200), Closed),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), InForm(204), InForm(404)),
        ("GET *", b"GET * HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), InForm(400), InForm(404)),
        ("CONNECT", b"CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n".to_vec(), InForm(405), Closed),
        ("no request line", b"NONSENSE\r\n\r\n".to_vec(), InForm(400), Bare(400)),
        ("a header without a colon", get("host: x\r\nabc\r\n"), InForm(400), Bare(400)),
        ("a header that is not UTF-8", not_utf8, InForm(200), Bare(500)),
        ("101 headers", get(&format!("host: x\r\n{many}")), InForm(431), Bare(431)),
        ("a head of 100 KB", get(&format!("host: x\r\nx: {}\r\n", long(100_000))), InForm(431), InForm(200)),
        (
            "a target of 70 KB",
            format!("GET /api/health?{} HTTP/1.1\r\nhost: x\r\n\r\n", long(70_000)).into_bytes(),
            InForm(414),
            Bare(414),
        ),
        ("two lengths", post("content-length: 2\r\ncontent-length: 3\r\n\r\n{}"), InForm(400), Bare(400)),
        ("a length that is no number", post("content-length: two\r\n\r\n{}"), InForm(400), Bare(400)),
        (
            "a length beside chunks",
            post("content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
            InForm(400),
            InForm(415),
        ),
        (
            "compressed chunks",
            post("transfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
            InForm(501),
            InForm(415),
        ),
        ("no chunks", post("transfer-encoding: gzip\r\n\r\n{}"), InForm(501), Bare(400)),
        (
            "a path of Spin's own",
            b"GET /.well-known/spin/other HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
            InForm(404),
            Bare(404),
        ),
    ];
    let mut wrong = Vec::new();
    for (what, request, runner, spin) in table {
        let expected = if stand.runs_on_spin() { spin } else { runner };
        let got = answer(address, &request).await;
        if got != expected {
            wrong.push(format!("{what}: {got:?} instead of {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
