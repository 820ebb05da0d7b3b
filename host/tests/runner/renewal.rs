//! Instances that are renewed after a number of requests.

use crate::app::App;
use crate::client::Client;
use std::time::Duration;

#[test]
fn under_load_nobody_notices() {
    const CLIENTS: usize = 32;
    const REQUESTS: usize = 250;
    const EACH: usize = 20;
    for more in [&[][..], &["--instances", "3", "--threads", "2"], &["--instance-concurrency", "4"]] {
        let limit = EACH.to_string();
        let app = App::new().arguments(&["--instance-requests", &limit]).arguments(more).start();
        let address = app.address;
        let served: Vec<u64> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    scope.spawn(move || {
                        let mut client = Client::connect(address);
                        let serve = |_| {
                            let answer = client.post("/echo", b"body");
                            assert_eq!(answer.status, 200, "{answer:?}");
                            answer.json()["served"].as_u64().unwrap()
                        };
                        (0..REQUESTS).map(serve).collect::<Vec<_>>()
                    })
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        assert_eq!(served.len(), CLIENTS * REQUESTS);
        // An instance counts from the beginning, so each has one request that it served first.
        let instances = served.iter().filter(|number| **number == 1).count();
        let renewals = app.log.count("instance_renewed");
        assert!(instances > 20, "{instances} instances");
        assert!(renewals > 20, "{renewals} renewals");
        for failure in ["handler_error", "instance_trapped", "instance_retired", "never_started"] {
            assert_eq!(app.log.count(failure), 0, "{failure}");
        }
        app.stop();
    }
}

#[test]
fn the_old_one_finishes_what_it_has() {
    let app = App::new().arguments(&["--instance-requests", "2"]).start();
    let mut slow = app.client();
    slow.send_request("GET", "/sleep/1500", &[], b"");
    let mut streaming = app.client();
    streaming.send_request("GET", "/stream/15/100", &[], b"");
    app.log.wait_for("instance_renewed");
    for expected in 1..=40 {
        // While the old one is at work there is one other, and no third.
        assert_eq!(app.get("/echo").json()["served"], expected);
    }
    assert_eq!(app.log.count("instance_renewed"), 1);
    assert_eq!(slow.answer().status, 200);
    assert_eq!(streaming.answer().body.len(), 15 * 1000);
    // It has ended, and the next in turn is renewed.
    while app.log.count("instance_renewed") < 2 {
        assert_eq!(app.get("/echo").status, 200);
    }
    app.stop();
}

#[test]
fn a_trap_in_the_old_one_is_its_own() {
    let app = App::new().arguments(&["--instance-requests", "2"]).start();
    let mut old: Vec<_> = (0..2).map(|_| app.client()).collect();
    for client in &mut old {
        client.send_request("GET", "/sleep-and-trap/700", &[], b"");
    }
    app.log.wait_for("instance_renewed");
    let mut new = app.client();
    new.send_request("GET", "/sleep/1200", &[], b"");
    for client in &mut old {
        client.answer().expect_problem(500, "internal");
    }
    assert_eq!(new.answer().status, 200);
    assert_eq!(app.log.count("instance_trapped"), 3);
    // And no instance too many has been started: this is still the second.
    assert!(app.get("/echo").json()["served"].as_u64() > Some(1));
    app.stop();
}

#[test]
fn one_that_is_renewed_may_still_have_a_request_that_takes_too_long() {
    let app = App::new().arguments(&["--instance-requests", "2", "--request-timeout", "1s"]).start();
    let mut slow = app.client();
    slow.send_request("GET", "/sleep/60000", &[], b"");
    assert_eq!(app.get("/echo").status, 200);
    app.log.wait_for("instance_renewed");
    slow.answer().expect_problem(504, "timeout");
    assert_eq!(app.get("/echo").json()["served"], 1);
    app.stop();
}

#[test]
fn a_stop_waits_for_old_and_new() {
    let mut app = App::new().arguments(&["--instance-requests", "1"]).start();
    let mut old = app.client();
    old.send_request("GET", "/sleep/900", &[], b"");
    app.log.wait_for("instance_renewed");
    let mut new = app.client();
    new.send_request("GET", "/sleep/900", &[], b"");
    std::thread::sleep(Duration::from_millis(200));
    app.signal("TERM");
    assert_eq!((old.answer().status, new.answer().status), (200, 200));
    assert!(app.ended().success());
}
