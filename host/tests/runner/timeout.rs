//! A request that takes too long.

use crate::app::App;
use std::time::{Duration, Instant};

#[test]
fn it_is_answered_in_time_and_its_neighbours_go_on() {
    let app = App::new().arguments(&["--request-timeout", "1s"]).start();
    let begun = Instant::now();
    let mut slow = app.client();
    slow.send_request("GET", "/sleep/60000", &[], b"");
    std::thread::sleep(Duration::from_millis(400));
    let mut beside = app.client();
    beside.send_request("GET", "/sleep/900", &[], b"");
    slow.answer().expect_problem(504, "timeout");
    assert!(begun.elapsed() < Duration::from_millis(2500), "{:?}", begun.elapsed());
    // It was in the same instance, and is finished there.
    assert_eq!(beside.answer().status, 200);
    app.log.wait_for("instance_retired");
    // A new instance has taken its place.
    assert_eq!(app.get("/echo").json()["served"], 1);
    app.stop();
}

#[test]
fn what_waits_too_long_for_an_instance_has_done_nothing() {
    let app = App::new().arguments(&["--request-timeout", "1s", "--instance-concurrency", "1"]).start();
    let mut slow = app.client();
    slow.send_request("GET", "/sleep/60000", &[], b"");
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    let mut waiting = app.client();
    waiting.send_request("GET", "/echo", &[], b"");
    slow.answer().expect_problem(504, "timeout");
    // The new instance takes it.
    assert_eq!(waiting.answer().status, 200);
    assert!(begun.elapsed() < Duration::from_secs(2));
}
