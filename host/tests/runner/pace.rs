//! Clients that send slowly, and clients that send no more.

use crate::app::App;
use crate::client::Client;
use std::time::{Duration, Instant};

const POST: &str = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n";

/// Sends these bytes one by one, until the server closes or a while has passed.
fn drip(client: &mut Client, bytes: &[u8]) {
    let end = Instant::now() + Duration::from_secs(20);
    for byte in bytes {
        if client.send([*byte]).is_err() || client.has_something() || Instant::now() > end {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_head_that_drips_is_ended_and_told_so() {
    let app = App::new().arguments(&["--arrival-grace", "300ms"]).start();
    let mut client = app.client();
    // At fifty bytes in a second, with a kilobyte wanted.
    let head = format!("GET /echo HTTP/1.1\r\nhost: x\r\nx-long: {}", "x".repeat(10_000));
    drip(&mut client, head.as_bytes());
    client.answer().expect_problem(408, "request_timeout");
    assert!(client.is_closed());
    assert_eq!(app.log.wait_for("head_too_slow")["level"], "warn");
    // So is one that has begun and does not go on.
    let mut client = app.client();
    client.send("GET /echo HTTP/1.1\r\nhost:").unwrap();
    client.answer().expect_problem(408, "request_timeout");
}

#[test]
fn a_body_that_drips_is_ended_and_told_so() {
    let app = App::new().arguments(&["--arrival-grace", "300ms"]).start();
    let mut client = app.client();
    client.send(POST).unwrap();
    drip(&mut client, &[b'x'; 999]);
    client.answer().expect_problem(408, "request_timeout");
    assert!(client.is_closed());
    assert_eq!(app.log.wait_for("body_too_slow")["code"], "request_timeout");
    assert_eq!(app.get("/echo").json()["served"], 1);
}

#[test]
fn a_slow_but_honest_client_is_served() {
    // A phone in the country: some hundred bytes now and then, and pauses of a second, on the defaults.
    let app = App::new().start();
    let mut client = app.client();
    let request = format!("{POST}{}", "x".repeat(1000));
    let (begin, rest) = request.as_bytes().split_at(30);
    client.send(begin).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    for piece in rest.chunks(300) {
        client.send(piece).unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(client.answer().json()["body_length"], 1000);
}

#[test]
fn what_is_long_may_take_longer() {
    // The first bytes are worth a thousand seconds, the grace is over at once.
    let app = App::new().arguments(&["--arrival-grace", "1ms", "--arrival-pace", "1B"]).start();
    let mut client = app.client();
    client.send(format!("{POST}{}", "x".repeat(900))).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    client.send("x".repeat(100)).unwrap();
    assert_eq!(client.answer().json()["body_length"], 1000);
}

#[test]
fn a_client_that_has_sent_all_it_will_gets_its_answers() {
    let app = App::new().start();
    for request in ["GET /sleep/200 HTTP/1.1\r\nhost: x\r\n\r\n", "GET /sleep/200 HTTP/1.0\r\n\r\n"] {
        let mut client = app.client();
        client.send(request).unwrap();
        client.send_no_more();
        assert_eq!(client.answer().status, 200);
        assert!(client.is_closed());
    }
    let mut client = app.client();
    client.send(format!("{POST}{}", "x".repeat(1000)).repeat(3)).unwrap();
    client.send_no_more();
    // Two others were served before.
    for served in 3..=5 {
        let seen = client.answer().json();
        assert_eq!((&seen["served"], &seen["body_length"]), (&served.into(), &1000.into()));
    }
    assert!(client.is_closed());

    let mut client = app.client();
    client.send("GET /stream/5/50 HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    client.send_no_more();
    assert_eq!(client.answer().body.len(), 5000);
}

#[test]
fn a_request_that_breaks_off_is_refused() {
    let app = App::new().start();
    for half in [&POST[..40], &format!("{POST}half")] {
        let mut client = app.client();
        client.send(half).unwrap();
        client.send_no_more();
        client.answer().expect_problem(400, "bad_request");
        assert!(client.is_closed());
    }
    // A connection without a request just ends.
    let mut client = app.client();
    client.send_no_more();
    assert!(client.try_answer().is_err());
    assert_eq!(app.get("/echo").json()["served"], 1);
}
