//! More requests than the application takes.

use crate::app::App;
use std::time::Duration;

#[test]
fn what_is_too_much_is_refused_at_once() {
    let app = App::new().arguments(&["--max-in-flight", "3"]).start();
    let mut held: Vec<_> = (0..3).map(|_| app.client()).collect();
    for client in &mut held {
        client.send_request("GET", "/sleep/1000", &[], b"");
    }
    std::thread::sleep(Duration::from_millis(200));
    let mut client = app.client();
    let answer = client.post("/echo", b"body");
    answer.expect_problem(503, "overloaded");
    assert_eq!(answer.headers["retry-after"], "1");
    for client in &mut held {
        assert_eq!(client.answer().status, 200);
    }
    // On the same connection, now that there is room.
    assert_eq!(client.post("/echo", b"body").status, 200);
}

#[test]
fn a_client_that_leaves_gives_its_place_back() {
    let app = App::new().arguments(&["--max-in-flight", "2"]).start();
    for _ in 0..2 {
        app.client().send_request("GET", "/sleep/300", &[], b"");
    }
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(app.get("/echo").status, 200);
}

#[test]
fn who_resets_while_waiting_for_an_instance_never_reaches_it() {
    let app = App::new().arguments(&["--instance-concurrency", "1"]).start();
    let mut held = app.client();
    held.send_request("GET", "/sleep/1000", &[], b"");
    std::thread::sleep(Duration::from_millis(100));
    let leaving: Vec<_> = (0..20)
        .map(|_| {
            let mut client = app.client();
            // An answer that is left unread makes leaving a reset; just closing could be that of a client which waits.
            client.send_request("GET", "/.well-known/spin/health", &[], b"");
            client.send_request("POST", "/echo", &[], b"body");
            client.wait_for_something();
            client
        })
        .collect();
    let mut staying = app.client();
    staying.send_request("POST", "/echo", &[], b"body");
    std::thread::sleep(Duration::from_millis(200));
    drop(leaving);
    assert_eq!(held.answer().status, 200);
    // The component counts every request that reaches it: these are the second and the third.
    assert_eq!(staying.answer().json()["served"], 2);
    assert_eq!(app.get("/echo").json()["served"], 3);
}
