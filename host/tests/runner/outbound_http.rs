//! Outbound HTTP: where the manifest allows it, and nowhere else.

use crate::app::{App, component, trigger};
use std::io::{Read, Write};
use std::net::TcpListener;

/// Answers every request with 204; gives its port.
fn somewhere() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
        }
    });
    port
}

#[test]
fn what_is_allowed_is_reached_and_the_rest_is_refused() {
    let (allowed, refused) = (somewhere(), somewhere());
    let manifest = format!(
        "[variables]\nport = {{ required = true }}\n{}{}",
        trigger("/..."),
        component("allowed_outbound_hosts = [\"http://127.0.0.1:{{ port }}\"]")
    );
    let app = App::with(&manifest).arguments(&["--variable", &format!("port={allowed}")]).start();
    assert_eq!(app.post("/fetch", &format!("http://127.0.0.1:{allowed}/keys")).json()["status"], 204);
    for url in [
        format!("http://127.0.0.1:{refused}/"),
        format!("http://localhost:{allowed}/"),
        format!("https://127.0.0.1:{allowed}/"),
        "http://169.254.169.254/latest".to_owned(),
    ] {
        let error = app.post("/fetch", &url).json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains("HttpRequestDenied"), "{url}: {error}");
    }
}

#[test]
fn nobody_at_the_other_end_is_an_error_for_the_component() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app =
        App::with(&format!("{}{}", trigger("/..."), component("allowed_outbound_hosts = [\"http://127.0.0.1:*\"]")))
            .start();
    let error = app.post("/fetch", &format!("http://127.0.0.1:{free}/")).json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("ConnectionRefused"), "{error}");
    assert_eq!(app.get("/echo").status, 200);
}
