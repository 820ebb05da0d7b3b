//! Heads that are refused before a component sees them, and what comes before and after one on its connection.

use crate::app::{App, Running, component, trigger};
use crate::client::{Answer, Client};

const GET: &str = "GET /echo HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &str = "POST /echo HTTP/1.1\r\nhost: x\r\n";

/// What the server says to these bytes, and that the connection ends with it.
#[track_caller]
fn refused(app: &Running, bytes: impl AsRef<[u8]>, status: u16, code: &str) -> Answer {
    let mut client = app.client();
    let shown = String::from_utf8_lossy(&bytes.as_ref()[..bytes.as_ref().len().min(200)]).into_owned();
    // The server may close before it has read all of a long head.
    let _ = client.send(bytes);
    let answer = client.try_answer().unwrap_or_else(|error| panic!("{shown:?}: {error}"));
    assert_eq!(answer.status, status, "{shown:?}: {answer:?}");
    answer.expect_problem(status, code);
    assert_eq!(answer.headers["connection"], "close", "{shown:?}");
    assert!(client.is_closed(), "{shown:?}");
    answer
}

#[test]
fn what_is_no_valid_head_is_refused_in_the_form_of_all_answers() {
    let app = App::new().start();
    for malformed in [
        "hello\r\n\r\n",
        "GET /echo\r\n\r\n",
        "GET /echo HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\nspace : before colon\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\na: b\r\n folded\r\n\r\n",
        "GET /echo HTTP/1.1\nhost: x\n\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\na: b\nc: d\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
        "GET /echo HTTP/1.1\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\nHost: y\r\n\r\n",
        "GET /echo HTTP/1.0\r\nhost: x\r\nhost: y\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: \u{fc}\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: a b\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost:\r\n\r\n",
        "GET echo HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET * HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET ftp://x/echo HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET http://user@x/echo HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        refused(&app, malformed, 400, "bad_request");
    }
    let line = app.log.wait_for("head_refused");
    assert_eq!((&line["level"], &line["code"]), (&"warn".into(), &"bad_request".into()));
    assert!(line["request_id"].is_string());
    app.log.wait_for_number("head_refused", 20);
    assert_eq!(app.get("/echo").json()["served"], 1, "none of them reached the component");
}

#[test]
fn a_length_of_the_body_that_is_not_certain_is_refused() {
    let app = App::new().start();
    for headers in [
        "content-length: minus one\r\n",
        "content-length: +4\r\n",
        "content-length: 4, 4\r\n",
        "content-length: 4\r\ncontent-length: 4\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n",
        // CL.TE and TE.CL.
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 4\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding:\r\n",
        "transfer-encoding : chunked\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
    ] {
        refused(&app, format!("{POST}{headers}\r\n0\r\n\r\n{GET}"), 400, "bad_request");
    }
    for encoding in ["gzip, chunked", "gzip", "identity", "chunked, gzip", "xchunked"] {
        let request = format!("{POST}transfer-encoding: {encoding}\r\n\r\n0\r\n\r\n{GET}");
        refused(&app, request, 501, "not_implemented");
    }
    let old = "POST /echo HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    refused(&app, old, 400, "bad_request");
    let endless = format!("{POST}content-length: 99999999999999999999\r\n\r\n");
    refused(&app, endless, 413, "payload_too_large");
    app.log.wait_for_number("head_refused", 18);
    assert_eq!(app.get("/echo").json()["served"], 1, "none of them reached the component");
}

#[test]
fn another_version_and_connect_are_refused_with_what_is_spoken() {
    let app = App::new().start();
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3"] {
        refused(&app, format!("GET /echo {version}\r\nhost: x\r\n\r\n"), 505, "http_version_not_supported");
    }
    refused(&app, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "http_version_not_supported");
    let connect = "CONNECT example.org:443 HTTP/1.1\r\nhost: example.org:443\r\n\r\n";
    let answer = refused(&app, connect, 405, "method_not_allowed");
    assert_eq!(answer.headers["allow"], "GET, HEAD, POST, OPTIONS");
}

#[test]
fn a_head_that_is_too_long_is_refused_and_its_sender_learns_it() {
    let app = App::new().start();
    let path = "a".repeat(8 << 10);
    assert_eq!(app.get(&format!("/echo/{}", &path[6..])).status, 200);
    refused(&app, format!("GET /echo/{path} HTTP/1.1\r\nhost: x\r\n\r\n"), 414, "uri_too_long");
    refused(&app, format!("GET /{}", path.repeat(128)), 414, "uri_too_long");
    let value = "x".repeat(60 << 10);
    assert_eq!(app.client().request("GET", "/echo", &[("x-long", &value)], b"").status, 200);
    for length in [64 << 10, 1 << 20] {
        let value = "x".repeat(length);
        let request = format!("GET /echo HTTP/1.1\r\nhost: x\r\nx-long: {value}\r\n\r\n");
        refused(&app, request, 431, "headers_too_large");
    }
    let many = "a: b\r\n".repeat(100);
    refused(&app, format!("GET /echo HTTP/1.1\r\nhost: x\r\n{many}\r\n"), 431, "headers_too_large");
}

#[test]
fn a_refusal_answers_the_request_that_it_refuses() {
    let manifest = format!(
        "[variables]\ncors_allowed_origins = {{ default = \"https://a.example\" }}\n{}{}",
        trigger("/..."),
        component("")
    );
    let app = App::with(&manifest).start();
    let mut client = app.client();
    let rest = "x-request-id: r-1\r\norigin: https://a.example\r\n\r\n";
    client.send(format!("POST /echo HTTP/1.1\r\n{rest}")).unwrap();
    let answer = client.answer();
    assert_eq!((answer.status, answer.json()["request_id"].as_str()), (400, Some("r-1")));
    assert_eq!(answer.headers["x-request-id"], "r-1");
    assert_eq!(answer.headers["access-control-allow-origin"], "https://a.example");
    let line = app.log.wait_for("head_refused");
    assert_eq!((&line["request_id"], &line["method"]), (&"r-1".into(), &"POST".into()));

    let mut client = app.client();
    client.send("GET /echo HTTP/1.1\r\norigin: https://b.example\r\n\r\n").unwrap();
    assert!(!client.answer().headers.contains_key("access-control-allow-origin"));
}

#[test]
fn requests_before_a_refused_one_are_answered_in_order_and_those_behind_it_never() {
    let app = App::new().start();
    let post = format!("{POST}content-length: 4\r\n\r\nfour");
    let chunked = format!("{POST}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    let all = [GET, &post, &chunked, "\r\n", GET, "GET /echo HTTP/1.1\r\n\r\n", GET, GET].concat();
    // In whatever pieces it arrives.
    for (round, piece) in [all.len(), 100, 17].into_iter().enumerate() {
        let mut client = app.client();
        for piece in all.as_bytes().chunks(piece) {
            let _ = client.send(piece);
        }
        for (at, length) in [0, 4, 3, 0].into_iter().enumerate() {
            let seen = client.answer().json();
            assert_eq!(seen["served"], round * 4 + at + 1);
            assert_eq!(seen["body_length"], length);
        }
        client.answer().expect_problem(400, "bad_request");
        assert!(client.is_closed());
    }
    assert_eq!(app.get("/echo").json()["served"], 13);
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let app = App::new().start();
    let mut client = app.client();
    let chunked = "transfer-encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\n2\r\n\r\n\r\n0\r\nlast: 1\r\n\r\n";
    for (request, length) in [
        (GET.to_owned(), 0),
        (format!("{POST}content-length: 4\r\n\r\nfour"), 4),
        (format!("{POST}{chunked}"), 5),
        (format!("\r\n{GET}"), 0),
    ] {
        for byte in request.as_bytes() {
            client.send([*byte]).unwrap();
        }
        assert_eq!(client.answer().json()["body_length"], length, "{request:?}");
    }
}

#[test]
fn chunks_that_can_be_read_in_two_ways_end_the_connection() {
    let app = App::new().start();
    for chunks in [
        "4\nfour\r\n0\r\n\r\n",
        "4\r\nfour\n0\r\n\r\n",
        "4 \r\nfour\r\n0\r\n\r\n",
        "4;a\nb\r\nfour\r\n0\r\n\r\n",
        "0x4\r\nfour\r\n0\r\n\r\n",
        "-4\r\nfour\r\n0\r\n\r\n",
        "3\r\nfour\r\n0\r\n\r\n",
        "10000000000000004\r\nfour\r\n0\r\n\r\n",
        "4\r\nfour\r\n0\r\n folded: 1\r\n\r\n",
        "4\r\nfour\r\n0\r\n\n",
        "not hexadecimal\r\n",
        &format!("4;{}\r\nfour\r\n0\r\n\r\n", "x".repeat(1000)),
        &format!("4\r\nfour\r\n0\r\n{}\r\n", "a: b\r\n".repeat(1000)),
    ] {
        let request = format!("{POST}transfer-encoding: chunked\r\n\r\n{chunks}{GET}");
        refused(&app, request, 400, "bad_request");
    }
    assert_eq!(app.get("/echo").json()["served"], 1, "none of them reached the component, nor what stood behind them");
}

#[test]
fn a_host_in_the_target_takes_the_place_of_the_header() {
    let app = App::new().start();
    let mut client = app.client();
    client.send("GET http://target.example:81/echo?a=b HTTP/1.1\r\nhost: header.example\r\n\r\n").unwrap();
    let seen = client.answer().json();
    assert_eq!(seen["uri"], "http://target.example:81/echo?a=b");
    assert_eq!(seen["headers"]["spin-full-url"], "http://target.example:81/echo?a=b");
}

#[test]
fn options_of_the_whole_server_is_answered() {
    let app = App::new().start();
    let mut client = app.client();
    client.send("OPTIONS * HTTP/1.1\r\nhost: x\r\nx-request-id: r-1\r\n\r\n").unwrap();
    let answer = client.answer();
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(answer.headers["allow"], "GET, HEAD, POST, OPTIONS");
    assert_eq!(answer.headers["x-request-id"], "r-1");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(client.get("/echo").status, 200);
}

#[test]
fn http_10_needs_no_host_and_its_connection_ends() {
    let app = App::new().start();
    let mut client = app.client();
    client.send("GET /echo HTTP/1.0\r\n\r\n").unwrap();
    let answer = client.answer();
    assert_eq!((answer.status, answer.json()["uri"].as_str()), (200, Some("http://localhost/echo")));
    assert!(client.is_closed());
}

#[test]
fn head_is_answered_as_get_without_a_body() {
    let app = App::with(&format!("{}{}", trigger("/large/..."), component(""))).start();
    let mut client = app.client();
    let headless = |client: &mut Client, head: &str| {
        client.send(head).unwrap();
        client.head_answer()
    };
    for path in ["/large/1000", "/nowhere"] {
        let get = client.get(path);
        let head = headless(&mut client, &format!("HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.headers.get("content-length"), get.headers.get("content-length"), "{path}");
        assert_eq!(head.headers.get("content-type"), get.headers.get("content-type"), "{path}");
        assert!(head.body.is_empty());
    }
    // A long answer without a length, of which nothing may follow either.
    assert_eq!(headless(&mut client, "HEAD /large/3000000 HTTP/1.1\r\nhost: x\r\n\r\n").status, 200);
    assert_eq!(client.get("/large/5").body, b"xxxxx");
    let refused = headless(&mut client, "HEAD /large/1 HTTP/1.1\r\n\r\n");
    assert_eq!(refused.status, 400);
    assert_ne!(refused.headers["content-length"], "0");
    assert!(client.is_closed());
}
