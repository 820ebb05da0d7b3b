//! Answers that leave piece by piece.

use crate::app::App;
use std::time::{Duration, Instant};

#[test]
fn an_answer_may_take_longer_than_a_request_as_long_as_it_makes_progress() {
    let app = App::new().arguments(&["--request-timeout", "1s"]).start();
    let begun = Instant::now();
    let answer = app.get("/stream/8/300");
    assert!(begun.elapsed() > Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!((answer.status, answer.body.len()), (200, 8_000));
    assert_eq!(answer.headers["transfer-encoding"], "chunked");
    assert!(answer.body.ends_with(b" 7\n"));
}

#[test]
fn a_component_that_falls_silent_breaks_the_connection() {
    let app = App::new().arguments(&["--request-timeout", "1s", "--max-in-flight", "1"]).start();
    let mut client = app.client();
    client.send_request("GET", "/stream/2/60000", &[], b"");
    assert!(client.try_answer().is_err(), "half an answer was taken for the whole");
    app.log.wait_for("answer_cut_off");
    // Its place is free again.
    assert_eq!(app.get("/echo").status, 200);
}

#[test]
fn what_a_client_does_not_take_is_not_made_and_in_the_end_it_is_cut_off() {
    let app = App::new().arguments(&["--request-timeout", "1s"]).start();
    let mut client = app.client();
    client.send_request("GET", "/stream/1000000/0", &[], b"");
    app.log.wait_for("answer_cut_off");
    // A gigabyte was asked for; the buffers of the connection hold some megabytes.
    let made = app.get("/pieces").json()["made"].as_u64().unwrap();
    assert!(made < 50_000, "{made} pieces were made that nobody took");
    assert!(client.try_answer().is_err());
}

#[test]
fn an_answer_on_its_way_is_in_flight() {
    let app = App::new().arguments(&["--max-in-flight", "1"]).start();
    let mut client = app.client();
    client.send_request("GET", "/stream/4/300", &[], b"");
    std::thread::sleep(Duration::from_millis(500));
    app.post("/echo", "").expect_problem(503, "overloaded");
    assert_eq!(client.answer().body.len(), 4_000);
    assert_eq!(client.get("/echo").status, 200);
}

#[test]
fn a_client_that_leaves_in_the_middle_gives_its_place_back() {
    let app = App::new().arguments(&["--max-in-flight", "1"]).start();
    let mut client = app.client();
    client.send_request("GET", "/stream/1000000/10", &[], b"");
    std::thread::sleep(Duration::from_millis(200));
    drop(client);
    let begun = Instant::now();
    while app.get("/echo").status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "its place is still taken");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_stop_waits_for_the_end_of_an_answer() {
    let mut app = App::new().start();
    let mut client = app.client();
    client.send_request("GET", "/stream/8/200", &[], b"");
    std::thread::sleep(Duration::from_millis(300));
    app.signal("TERM");
    assert_eq!(client.answer().body.len(), 8_000);
    assert!(app.ended().success());
}

#[test]
fn an_answer_outlives_the_retirement_of_its_instance() {
    let app = App::new().arguments(&["--request-timeout", "1s"]).start();
    let mut client = app.client();
    client.send_request("GET", "/stream/15/500", &[], b"");
    app.get("/sleep/60000").expect_problem(504, "timeout");
    app.log.wait_for("instance_retired");
    // Longer than a retired instance lingers without any.
    assert_eq!(client.answer().body.len(), 15_000);
}
