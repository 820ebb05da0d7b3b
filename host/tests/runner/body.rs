//! The limits of request bodies.

use crate::app::{App, PATIENCE, Running};
use crate::client::{Answer, Client};
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

#[test]
fn a_body_up_to_the_limit_is_passed_on_and_one_byte_more_is_not() {
    let app = App::new().arguments(&["--max-body-bytes", "100KiB"]).start();
    let mut client = app.client();
    let answer = client.post("/echo", &vec![b'x'; 100 << 10]);
    assert_eq!(answer.json()["body_length"], 100 << 10);
    client.post("/echo", &vec![b'x'; (100 << 10) + 1]).expect_problem(413, "payload_too_large");
    // The connection has been read to the end of the body and goes on.
    assert_eq!(client.post("/echo", b"x").status, 200);
    assert_eq!(app.log.wait_for("body_too_large")["code"], "payload_too_large");
}

#[test]
fn ten_megabytes_are_refused_with_an_answer_and_not_with_a_reset() {
    let app = App::new().start();
    for _ in 0..5 {
        app.client().post("/echo", &vec![b'x'; 10 << 20]).expect_problem(413, "payload_too_large");
    }
}

#[test]
fn a_client_that_asks_first_does_not_send_what_is_not_wanted() {
    let app = App::new().start();
    let mut client = app.client();
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 10000000\r\n\r\n";
    client.send(head).unwrap();
    client.answer().expect_problem(413, "payload_too_large");
    assert!(client.is_closed());

    let mut client = app.client();
    client.send(head.replace("10000000", "4")).unwrap();
    assert_eq!(client.answer().status, 100);
    client.send("four").unwrap();
    assert_eq!(client.answer().json()["body_length"], 4);
}

#[test]
fn chunks_are_counted() {
    let app = App::new().arguments(&["--max-body-bytes", "1000"]).start();
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("1f4\r\n{}\r\n", "x".repeat(500));
    let mut client = app.client();
    client.send(format!("{head}{chunk}{chunk}0\r\n\r\n")).unwrap();
    assert_eq!(client.answer().json()["body_length"], 1000);
    client.send(format!("{head}{chunk}{chunk}1\r\nx\r\n0\r\n\r\n")).unwrap();
    client.answer().expect_problem(413, "payload_too_large");
}

#[test]
fn a_body_that_does_not_come_holds_up_nobody() {
    let app =
        App::new().arguments(&["--arrival-grace", "1s", "--instance-concurrency", "2", "--max-in-flight", "2"]).start();
    let mut slow: Vec<_> = (0..20)
        .map(|_| {
            let mut client = app.client();
            client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
            client
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(app.get("/echo").status, 200);
    assert!(begun.elapsed() < Duration::from_millis(900), "the slow ones hold it up");
    for client in &mut slow {
        client.answer().expect_problem(408, "request_timeout");
    }
}

#[test]
fn a_body_that_breaks_off_reaches_no_component() {
    let app = App::new().start();
    for _ in 0..10 {
        let mut client = app.client();
        client.send("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf").unwrap();
    }
    assert_eq!(app.get("/echo").json()["served"], 1);
}

/// A client at an address of its own that has sent all of a body of 100 KiB but its end.
fn hold(app: &Running, address: u8) -> Client {
    let mut client = Client::connect_from(Ipv4Addr::new(127, 0, 1, address), app.address);
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 102400\r\n\r\n";
    client.send(format!("{head}{}", "x".repeat(100_000))).unwrap();
    client
}

/// Waits until a body of 100 KiB is answered with this status, and gives the answer.
#[track_caller]
fn until_answered(app: &Running, status: u16) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = app.client().post("/echo", &vec![b'x'; 100 << 10]);
        if answer.status == status {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{answer:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn the_memory_for_bodies_is_bounded() {
    let app = App::new().arguments(&["--max-body-bytes", "100KiB", "--max-body-memory", "408KiB"]).start();
    let mut held: Vec<_> = (1..=4).map(|address| hold(&app, address)).collect();
    // The body that asks whether they have all memory may have taken it from one of them.
    let begun = Instant::now();
    while app.client().post("/echo", &vec![b'x'; 100 << 10]).status != 503 {
        assert!(begun.elapsed() < PATIENCE);
        for (client, address) in held.iter_mut().zip(1..) {
            if client.has_something() {
                *client = hold(&app, address);
            }
        }
    }
    app.client().post("/echo", &vec![b'x'; 100 << 10]).expect_problem(503, "overloaded");
    assert_eq!(app.post("/echo", "small").status, 200);
    drop(held);
    until_answered(&app, 200);
}

#[test]
fn one_address_has_its_share_of_the_memory_for_bodies() {
    let app = App::new().arguments(&["--max-body-bytes", "100KiB", "--max-body-memory", "408KiB"]).start();
    let held: Vec<_> = (0..20).map(|_| hold(&app, 1)).collect();
    app.log.wait_for("too_much_body_memory");
    for _ in 0..3 {
        until_answered(&app, 200);
    }
    drop(held);
}
