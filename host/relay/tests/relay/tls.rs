//! TLS to NATS, with a certificate of a private CA: for the relay, and for clients over WebSocket.

use crate::support::{Database, Nats, Reader, Relay, free_port, relay_process_with};
use async_nats::ConnectOptions;
use rolecall_kit::process::temporary_directory;
use rolecall_relay::Settings;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A CA, and a certificate of it.
struct Authority(PathBuf);

impl Authority {
    /// Makes both; the certificate is of this name, such as `IP:127.0.0.1`.
    fn new(name: &str) -> Authority {
        let authority = Authority(temporary_directory().unwrap());
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
        let ca = ["req", "-x509", "-subj", "/CN=Rolecall's tests", "-keyout", "ca.key", "-out", "ca.pem"];
        authority.openssl(&[&ca[..], &key].concat());
        let name = format!("subjectAltName={name}");
        let server = ["req", "-x509", "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", "/CN=nats", "-addext", &name];
        // Not a CA itself, as one of a public CA is not.
        let server = [&server[..], &["-addext", "basicConstraints=critical,CA:false"]].concat();
        authority.openssl(&[&server[..], &["-keyout", "nats.key", "-out", "nats.pem"], &key].concat());
        authority
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// A server with the certificate on both its ports, and the port for WebSocket.
    async fn nats(&self) -> (Nats, u16) {
        let (websocket, folder) = (free_port(), self.0.display());
        let tls = format!("tls {{ cert_file: \"{folder}/nats.pem\", key_file: \"{folder}/nats.key\" }}");
        let configuration = self.0.join("nats.conf");
        let text = format!("{tls}\nwebsocket {{ listen: \"127.0.0.1:{websocket}\", {tls} }}\n");
        fs::write(&configuration, text).unwrap();
        (Nats::start_with(&["-c", configuration.to_str().unwrap()]).await, websocket)
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn tls(nats: &Nats) -> String {
    format!("tls://127.0.0.1:{}", nats.port)
}

/// What a client of WebSocket reads that believes this CA and no other, up to the server's greeting; and what it says itself.
fn upgrade(port: u16, ca: &Path) -> (String, String) {
    let address = format!("127.0.0.1:{port}");
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_return_error", "-verify_ip", "127.0.0.1", "-connect", &address])
        .args(["-no-CApath", "-no-CAstore", "-CAfile"])
        .arg(ca)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    // One that does not believe the certificate may be gone already.
    let _ = client.stdin.as_mut().unwrap().write_all(request.as_bytes());
    let (mut read, mut said, mut buffer) = (String::new(), String::new(), [0; 4096]);
    let output = client.stdout.as_mut().unwrap();
    while let Ok(length @ 1..) = output.read(&mut buffer) {
        read += &String::from_utf8_lossy(&buffer[..length]);
        if read.contains("INFO {") {
            break;
        }
    }
    let _ = client.kill();
    client.stderr.as_mut().unwrap().read_to_string(&mut said).unwrap();
    client.wait().unwrap();
    (read, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_publishes_over_tls_to_a_server_of_a_private_ca() {
    let (authority, other) = (Authority::new("IP:127.0.0.1"), Authority::new("IP:127.0.0.1"));
    let (database, (nats, websocket)) = (Database::start(3).await, authority.nats().await);
    let reader = Reader::start_with(&tls(&nats), ConnectOptions::new().add_root_certificates(authority.ca())).await;
    database.write_once().await;

    // Without the CA, and with another one, nothing is published.
    for ca in [None, Some(other.ca())] {
        let settings = Settings::new(database.relay_url(), &tls(&nats)).unwrap();
        let relay = Relay::with(ca.into_iter().fold(settings, Settings::ca));
        relay.says("nats_unavailable").await;
        assert_eq!((relay.said("leading"), database.waiting().await), (0, 3));
        relay.stop().await;
    }
    // The same of the program.
    let ca = authority.ca();
    let relay = relay_process_with(&database, &tls(&nats), &["--nats-ca", ca.to_str().unwrap()]).unwrap();
    database.is_settled().await;
    drop(relay);
    let relay = Relay::with(Settings::new(database.relay_url(), &tls(&nats)).unwrap().ca(ca.clone()));
    database.write_once().await;
    reader.has_all(&database.committed().await).await;
    relay.stop().await;

    // Clients over WebSocket.
    let seen = tokio::task::spawn_blocking(move || (upgrade(websocket, &ca), upgrade(websocket, &other.ca()))).await;
    let ((believed, _), (refused, said)) = seen.unwrap();
    assert!(believed.starts_with("HTTP/1.1 101") && believed.contains("INFO {"), "{believed}");
    assert!(refused.is_empty() && said.contains("verify error"), "{refused} {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_name_and_a_server_without_tls_are_refused() {
    let elsewhere = Authority::new("DNS:nats.example.com");
    let (database, (nats, _)) = (Database::start(1).await, elsewhere.nats().await);
    database.write_once().await;
    let plain = Nats::start().await;
    for (what, address) in [("of another name", tls(&nats)), ("without TLS", tls(&plain))] {
        let relay = Relay::with(Settings::new(database.relay_url(), &address).unwrap().ca(elsewhere.ca()));
        relay.says("nats_unavailable").await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!((relay.said("leading"), database.waiting().await), (0, 1), "{what}");
        relay.stop().await;
    }
}
