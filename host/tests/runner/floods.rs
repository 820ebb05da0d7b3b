//! One hostile client, and everybody else. The flood comes from 127.0.0.1, the honest from other addresses.

use crate::app::{App, PATIENCE, Running};
use crate::client::Client;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

const HONEST: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const HALF_A_BODY: &str = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf";
const HALF_A_HEAD: &str = "GET /echo HTTP/1.1\r\nhost:";

/// So many connections, or as many as this process may open beside those of other tests.
fn scaled(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    let most = limit.maximum.map_or(wanted, |most| usize::try_from(most).unwrap_or(wanted));
    wanted.min(most / 3)
}

/// Opens so many connections that send this, and now and then has an honest client look in.
fn flood(app: &Running, number: usize, sent: &[&str]) -> Vec<TcpStream> {
    let mut sockets = Vec::with_capacity(number);
    for at in 0..number {
        let mut socket = TcpStream::connect(app.address).unwrap();
        // The server may have closed it already.
        let _ = socket.write_all(sent[at % sent.len()].as_bytes());
        sockets.push(socket);
        if at % 1000 == 999 {
            all_is_well(app);
        }
    }
    all_is_well(app);
    sockets
}

#[track_caller]
fn all_is_well(app: &Running) {
    let mut client = Client::connect_from(HONEST, app.address);
    assert_eq!(client.get("/.well-known/spin/health").status, 200);
    assert_eq!(client.post("/echo", b"honest").json()["body_length"], 6);
}

/// The descriptors that the runner has open.
fn descriptors(app: &Running) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", app.pid())).unwrap().count()
}

/// The memory that the runner has, in KiB.
fn memory(app: &Running) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[track_caller]
fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn half_sent_bodies_take_no_place() {
    let app = App::new().arguments(&["--max-in-flight", "8", "--max-per-address", "100000"]).start();
    let _flood = flood(&app, scaled(8000), &[HALF_A_BODY]);
    assert_eq!(app.log.count("too_many_in_flight"), 0);
}

#[test]
fn silent_connections_make_room_for_others() {
    // One address may take all connections, so that nothing but their bound holds.
    let app = App::new().arguments(&["--max-connections", "1000", "--max-per-address", "1000"]).start();
    let before = descriptors(&app);
    let flood = flood(&app, scaled(20_000), &["", HALF_A_HEAD, HALF_A_BODY]);
    assert!(descriptors(&app) <= before + 1000, "{} descriptors, {before} before", descriptors(&app));
    drop(flood);
    until("the connections are closed", || descriptors(&app) <= before + 5);
    all_is_well(&app);
}

#[test]
fn one_address_has_its_share_of_the_connections() {
    let app = App::new().arguments(&["--max-per-address", "20"]).start();
    // Of those that wait the oldest make room for the next.
    let mut silent: Vec<_> = (0..30).map(|_| app.client()).collect();
    let newest = silent.last_mut().unwrap();
    assert_eq!(newest.get("/echo").status, 200);
    assert!(silent[..10].iter_mut().all(Client::is_closed));
    drop(silent);
    // Those that are at work stay, and there is no room for another.
    let source = Ipv4Addr::new(127, 0, 0, 3);
    let mut busy: Vec<_> = (0..20).map(|_| Client::connect_from(source, app.address)).collect();
    for client in &mut busy {
        client.send_request("GET", "/stream/20/100", &[], b"");
        client.wait_for_something();
    }
    assert!(Client::connect_from(source, app.address).is_closed());
    assert_eq!(app.log.wait_for("connections_refused")["level"], "warn");
    all_is_well(&app);
    for client in &mut busy {
        assert_eq!(client.answer().body.len(), 20_000);
    }
    until("there is room again", || {
        let mut another = Client::connect_from(source, app.address);
        another.send_request("GET", "/echo", &[], b"");
        another.try_answer().is_ok()
    });
}

#[test]
fn a_client_behind_a_proxy_is_told_by_the_header_and_bounded_by_itself() {
    let arguments = ["--client-address-header", "X-Forwarded-For", "--max-per-address", "5"];
    let app = App::new().arguments(&arguments).start();
    let from = |address: &str, path: &str| {
        let mut client = app.client();
        client.send_request("GET", path, &[("x-forwarded-for", address)], b"");
        client
    };
    // The connections of the proxy are not counted, the requests of its clients are.
    let mut held: Vec<_> = (0..5).map(|_| from("192.0.2.1", "/sleep/1500")).collect();
    let mut others: Vec<_> = (2..20).map(|number| from(&format!("192.0.2.{number}"), "/sleep/100")).collect();
    until("one has as many as it may have", || from("192.0.2.1", "/echo").answer().status == 429);
    let refused = from("forged, 192.0.2.1", "/echo").answer();
    refused.expect_problem(429, "rate_limited");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(from("192.0.2.1, 192.0.2.200", "/echo").answer().status, 200);
    for client in held.iter_mut().chain(&mut others) {
        assert_eq!(client.answer().status, 200);
    }
    assert_eq!(from("192.0.2.1", "/echo").answer().status, 200);

    // Anybody else is taken for who they are, whatever they write.
    let mut forging: Vec<_> = (0..5).map(|_| Client::connect_from(HONEST, app.address)).collect();
    for (number, client) in forging.iter_mut().enumerate() {
        client.send_request("GET", "/stream/20/100", &[("x-forwarded-for", &format!("198.51.100.{number}"))], b"");
        client.wait_for_something();
    }
    assert!(Client::connect_from(HONEST, app.address).is_closed());
}

#[test]
fn how_it_is_can_be_asked_while_every_place_is_taken() {
    let app = App::new().arguments(&["--max-in-flight", "2"]).start();
    let token = [("authorization", "Bearer x")];
    let mut held: Vec<_> = (0..2).map(|_| app.client()).collect();
    for client in &mut held {
        client.send_request("GET", "/sleep/1500", &token, b"");
    }
    until("every place is taken", || app.post("/echo", "body").status == 503);
    assert_eq!(app.get("/.well-known/spin/health").status, 200);
    assert_eq!(app.get("/echo").status, 200);
    app.client().request("GET", "/echo", &token, b"").expect_problem(503, "overloaded");
    for client in &mut held {
        assert_eq!(client.answer().status, 200);
    }
}

#[test]
fn memory_goes_back_after_a_flood() {
    let app = App::new().arguments(&["--max-per-address", "100000"]).start();
    // Once, so that what is needed for good is there.
    drop(flood(&app, 200, &[HALF_A_BODY, HALF_A_HEAD, ""]));
    until("the connections are closed", || descriptors(&app) < 100);
    let before = memory(&app);
    let body = format!("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 20000\r\n\r\n{}", "x".repeat(10_000));
    let served = "GET /echo HTTP/1.1\r\nhost: x\r\n\r\n";
    let sockets = flood(&app, scaled(6000), &[&body, HALF_A_HEAD, served]);
    let during = memory(&app);
    drop(sockets);
    let begun = Instant::now();
    until(&format!("{before} KiB before, {during} during"), || memory(&app) < before + (16 << 10));
    println!("{before} KiB before, {during} during, {} after {:?}", memory(&app), begun.elapsed());
    all_is_well(&app);
}
