//! Clients that misbehave on their connections.

use crate::app::{App, Running};
use std::time::Duration;

#[track_caller]
fn still_serves(app: &Running) {
    assert_eq!(app.get("/echo").status, 200);
}

#[test]
fn unusual_but_valid_requests_are_served() {
    let app = App::new().start();
    for valid in [
        "GET /echo HTTP/1.0\r\n\r\n",
        "GET http://elsewhere.example/echo HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /echo HTTP/1.1\r\nhost: [::1]:3000\r\n\r\n",
        "\r\n\r\nGET /echo HTTP/1.1\r\nHOST:x\r\n\r\n",
        "PROPFIND /echo HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut client = app.client();
        client.send(valid).unwrap();
        assert_eq!(client.answer().status, 200, "{valid:?}");
    }
}

#[test]
fn a_connection_without_a_request_is_closed_in_time() {
    let app = App::new().arguments(&["--idle-timeout", "300ms"]).start();
    let mut silent = app.client();
    let mut idle = app.client();
    assert_eq!(idle.get("/echo").status, 200);
    // Neither is told anything: nobody asked.
    assert!(silent.try_answer().is_err() && silent.is_closed());
    assert!(idle.try_answer().is_err() && idle.is_closed());
    still_serves(&app);
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
