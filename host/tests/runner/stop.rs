//! A stop loses no request.

use crate::app::App;
use crate::client::Client;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn requests_in_flight_are_finished() {
    for signal in ["TERM", "INT"] {
        let mut app = App::new().start();
        let mut clients: Vec<_> = (0..20).map(|_| app.client()).collect();
        for client in &mut clients {
            client.send_request("GET", "/sleep/800", &[], b"");
        }
        std::thread::sleep(Duration::from_millis(100));
        app.signal(signal);
        for client in &mut clients {
            let answer = client.answer();
            assert_eq!(answer.status, 200);
            assert_eq!(answer.headers["connection"], "close");
        }
        assert!(app.ended().success());
        assert!(!app.state().join("run.json").exists());
    }
}

#[test]
fn under_load_every_request_is_answered() {
    let mut app = App::new().start();
    let (address, running) = (app.address, Arc::new(AtomicBool::new(true)));
    let answered = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..32)
        .map(|_| {
            let (running, answered) = (running.clone(), answered.clone());
            std::thread::spawn(move || {
                let mut client = Client::connect(address);
                while running.load(Ordering::Relaxed) {
                    let answer = client.get("/echo");
                    assert_eq!(answer.status, 200);
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.headers.get("connection").is_some_and(|value| value == "close") {
                        return true;
                    }
                }
                false
            })
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    app.signal("TERM");
    assert!(app.ended().success());
    running.store(false, Ordering::Relaxed);
    for thread in threads {
        // Each was told that the connection ends, and none was cut off.
        assert!(thread.join().unwrap());
    }
    assert!(answered.load(Ordering::Relaxed) > 32);
}

/// How often the runner is stopped under load: what is lost between two steps of the stop is lost now and then.
const STOPS: usize = 3;

#[test]
fn a_connection_is_served_or_refused_and_none_is_broken() {
    for _ in 0..STOPS {
        let mut app = App::new().start();
        let address = app.address;
        let answered = Arc::new(AtomicUsize::new(0));
        // A connection for each request, so that some are being made at every moment of the stop.
        let threads: Vec<_> = (0..32)
            .map(|_| {
                let answered = answered.clone();
                std::thread::spawn(move || {
                    while let Ok(mut connection) = TcpStream::connect(address) {
                        let answer = ask(&mut connection);
                        assert!(
                            answer.as_ref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ")),
                            "a connection that was made is not served: {answer:?}"
                        );
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while answered.load(Ordering::Relaxed) < 320 {
            std::thread::sleep(Duration::from_millis(1));
        }
        app.signal("TERM");
        assert!(app.ended().success());
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

/// Makes a request on a connection, the only one, and reads the answer to its end.
fn ask(connection: &mut TcpStream) -> std::io::Result<String> {
    connection.write_all(b"GET /echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn idle_connections_do_not_hold_it_up() {
    let mut app = App::new().start();
    let mut idle: Vec<_> = (0..10).map(|_| app.client()).collect();
    assert_eq!(idle[0].get("/echo").status, 200);
    let begun = Instant::now();
    app.signal("TERM");
    assert!(app.ended().success());
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(idle.iter_mut().all(Client::is_closed));
}

#[test]
fn a_request_that_does_not_end_is_cut_off_in_the_end_and_this_is_said() {
    let mut app = App::new().arguments(&["--shutdown-timeout", "500ms"]).start();
    let mut client = app.client();
    client.send_request("GET", "/sleep/60000", &[], b"");
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    app.signal("TERM");
    assert_eq!(app.ended().code(), Some(1));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(client.try_answer().is_err());
}

#[test]
fn the_port_is_free_at_once() {
    let app = App::new().start();
    let address = app.address;
    let mut open = app.client();
    assert_eq!(open.get("/echo").status, 200);
    app.stop();
    drop(std::net::TcpListener::bind(address).unwrap());
}
