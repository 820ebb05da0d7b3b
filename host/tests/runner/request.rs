//! What a component learns of a request, and what its client gets back.

use crate::app::{App, component, trigger};

#[test]
fn a_request_arrives_whole_and_under_its_request_id() {
    let app = App::new().start();
    let headers = [("x-request-id", "my-id-1"), ("content-type", "application/json"), ("x-custom", "é")];
    let answer = app.client().request("POST", "/echo?a=b%20c", &headers, b"{\"x\":1}");
    let seen = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(seen["method"], "POST");
    assert_eq!(seen["uri"], "http://fixture.example/echo?a=b%20c");
    assert_eq!(seen["body_length"], 7);
    assert_eq!(seen["headers"]["x-request-id"], "my-id-1");
    assert_eq!(seen["headers"]["x-custom"], "é");
    app.stop();
}

#[test]
fn a_request_without_an_id_is_given_one() {
    let app = App::new().start();
    let seen = app.get("/echo").json();
    assert_eq!(seen["headers"]["x-request-id"].as_str().unwrap().len(), 36);
    let seen = app.client().request("GET", "/echo", &[("x-request-id", "not well-formed")], b"").json();
    assert_eq!(seen["headers"]["x-request-id"].as_str().unwrap().len(), 36);
}

#[test]
fn spin_headers_are_the_runners_alone() {
    let app = App::with(&format!("{}{}", trigger("/items/:id/..."), component(""))).start();
    let forged = [("spin-path-match-id", "forged"), ("Spin-Client-Addr", "10.0.0.1"), ("spin-anything", "forged")];
    let seen = app.client().request("GET", "/items/a%2Fb/c/d?q", &forged, b"").json();
    let headers = &seen["headers"];
    assert_eq!(headers["spin-path-match-id"], "a%2Fb");
    assert_eq!(headers["spin-path-info"], "/c/d");
    assert_eq!(headers["spin-full-url"], "http://fixture.example/items/a%2Fb/c/d?q");
    assert_eq!(headers["spin-matched-route"], "/items/:id/...");
    assert_eq!(headers["spin-component-route"], "/items/:id");
    assert_eq!(headers["spin-raw-component-route"], "/items/:id/...");
    assert_eq!(headers["spin-base-path"], "/");
    assert!(headers["spin-client-addr"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(headers.get("spin-anything").is_none());
}

#[test]
fn an_instance_serves_many_requests() {
    let app = App::new().start();
    let mut client = app.client();
    let served: Vec<_> = (0..20).map(|_| client.get("/echo").json()["served"].as_u64().unwrap()).collect();
    assert_eq!(served, (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_large_answer_arrives_whole() {
    let app = App::new().start();
    let answer = app.get("/large/5000000");
    assert_eq!((answer.status, answer.body.len()), (200, 5_000_000));
}

#[test]
fn what_a_component_prints_is_passed_on_in_whole_lines() {
    let app = App::new().start();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let address = app.address;
            std::thread::spawn(move || crate::client::Client::connect(address).get("/print/100").status)
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), 200);
    }
    let log = app.log.clone();
    app.stop();
    // Each line was parsed as JSON when it was read.
    assert_eq!(log.lines().iter().filter(|line| line["filling"].is_string()).count(), 800);
}

#[test]
fn the_environment_of_the_runner_is_not_the_components() {
    let manifest = format!("{}{}", trigger("/..."), component("environment = { GIVEN = \"value\" }"));
    let app = App::with(&manifest).environment("SECRET_OF_THE_HOST", "value").start();
    assert_eq!(app.get("/environment/GIVEN").json()["value"], "value");
    assert!(app.get("/environment/SECRET_OF_THE_HOST").json()["value"].is_null());
    assert!(app.get("/environment/PATH").json()["value"].is_null());
}
