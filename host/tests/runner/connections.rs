//! Clients that misbehave on their connections.

use crate::app::{App, Running};
use std::time::Duration;

#[track_caller]
fn still_serves(app: &Running) {
    assert_eq!(app.get("/echo").status, 200);
}

#[test]
fn malformed_requests_are_refused_and_their_connections_closed() {
    let app = App::new().start();
    for malformed in [
        "hello\r\n\r\n",
        "GET /echo\r\n\r\n",
        "GET /echo HTTP/9.9\r\n\r\n",
        "GET /echo HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: x\r\ncontent-length: minus one\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nnot hexadecimal\r\n",
        "GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
    ] {
        let mut client = app.client();
        client.send(malformed).unwrap();
        match client.try_answer() {
            Ok(answer) => assert!((400..500).contains(&answer.status), "{malformed:?}: {answer:?}"),
            Err(error) => assert_ne!(error.kind(), std::io::ErrorKind::WouldBlock, "{malformed:?} is left waiting"),
        }
        still_serves(&app);
    }
}

#[test]
fn unusual_but_valid_requests_are_served() {
    let app = App::new().start();
    for valid in [
        "GET /echo HTTP/1.0\r\n\r\n",
        "GET /echo HTTP/1.1\r\n\r\n",
        "GET http://elsewhere.example/echo HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: \u{fc}\r\n\r\n",
        "PROPFIND /echo HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut client = app.client();
        client.send(valid).unwrap();
        assert_eq!(client.answer().status, 200, "{valid:?}");
    }
    for elsewhere in ["OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", "CONNECT example.org:443 HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut client = app.client();
        client.send(elsewhere).unwrap();
        assert_eq!(client.answer().status, 404, "{elsewhere:?}");
    }
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let app = App::new().start();
    let mut client = app.client();
    let header = format!("x-long: {}\r\n", "x".repeat(1 << 20));
    let _ = client.send(format!("GET /echo HTTP/1.1\r\nhost: x\r\n{header}\r\n"));
    if let Ok(answer) = client.try_answer() {
        assert_eq!(answer.status, 431);
    }
    still_serves(&app);
}

#[test]
fn a_connection_without_a_request_is_closed_in_time() {
    let app = App::new().arguments(&["--idle-timeout", "300ms"]).start();
    let mut silent = app.client();
    let mut slow = app.client();
    slow.send("GET /echo HTTP/1.1\r\nhost:").unwrap();
    let mut idle = app.client();
    assert_eq!(idle.get("/echo").status, 200);
    std::thread::sleep(Duration::from_millis(500));
    assert!(silent.is_closed() && idle.is_closed());
    // Whoever has begun a request may be told so before the connection ends.
    let _ = slow.try_answer();
    assert!(slow.is_closed());
}

#[test]
fn requests_may_be_sent_before_the_answers_are_read() {
    let app = App::new().start();
    let mut client = app.client();
    client.send("GET /echo HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50)).unwrap();
    for served in 1..=50 {
        assert_eq!(client.answer().json()["served"], served);
    }
}

#[test]
fn clients_that_leave_take_nobody_with_them() {
    let app = App::new().start();
    for _ in 0..200 {
        let mut client = app.client();
        client.send_request("GET", "/sleep/100", &[], b"");
    }
    still_serves(&app);
    std::thread::sleep(Duration::from_millis(300));
    still_serves(&app);
    assert_eq!(app.log.count("instance_trapped"), 0);
    app.stop();
}

#[test]
fn two_thousand_connections_are_served_at_once() {
    let app = App::new().start();
    let mut clients: Vec<_> = (0..2000).map(|_| app.client()).collect();
    for client in &mut clients {
        client.send_request("GET", "/echo", &[], b"");
    }
    for client in &mut clients {
        assert_eq!(client.answer().status, 200);
    }
    app.stop();
}
