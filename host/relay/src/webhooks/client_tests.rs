//! Against receivers on this machine, under names of the test's own.

use super::*;
use crate::webhooks::target::Names;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A receiver that answers each request alike.
struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What a receiver does after its answer.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Listen,
    Close,
    /// Neither answers more nor closes.
    Hang,
}

impl Receiver {
    async fn start(answer: &'static str, then: Then) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (counted, kept) = (connections.clone(), requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, answer, then, kept.clone()));
            }
        });
        Receiver { address, connections, requests }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: &str, then: Then, kept: Arc<Mutex<Vec<String>>>) -> io::Result<()> {
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        kept.lock().unwrap().push(String::from_utf8(request).unwrap());
        stream.write_all(answer.as_bytes()).await?;
        match then {
            Then::Listen => {}
            Then::Close => return Ok(()),
            Then::Hang => std::future::pending().await,
        }
    }
}

/// Names that have these addresses, one answer after the other, and how often they were asked for.
fn names(answers: Vec<Vec<SocketAddr>>) -> (Names, Arc<AtomicUsize>) {
    let asked = Arc::<AtomicUsize>::default();
    let counted = asked.clone();
    let names: Names = Arc::new(move |_, _| {
        let answer = answers[counted.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    });
    (names, asked)
}

fn client(allowed: &str, names: Names) -> Client {
    let (allowed, patience) = (allowed.parse().unwrap(), Duration::from_secs(10));
    Client { allowed, names, tls: None, idle: Idle::default(), patience }
}

async fn post(client: &Client, url: &str) -> Result<Answer, Failure> {
    client.post(url, HeaderMap::new(), Bytes::from_static(b"{}")).await
}

/// What is answered to a post to such a receiver.
async fn answer(says: &'static str, then: Then) -> Result<Answer, Failure> {
    let receiver = Receiver::start(says, then).await;
    let (names, _) = names(vec![vec![receiver.address]]);
    let mut client = client("hooks.test", names);
    client.patience = Duration::from_millis(300);
    post(&client, "http://hooks.test/in").await
}

#[tokio::test]
async fn a_request_has_what_a_receiver_needs() {
    let receiver = Receiver::start(OK, Then::Listen).await;
    let (names, _) = names(vec![vec![receiver.address]]);
    let client = client("hooks.test", names);
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", HeaderValue::from_static("msg_1"));
    let answer = client.post("http://Hooks.test:8080/in?x=1", headers, Bytes::from_static(b"{\"a\":1}")).await.unwrap();
    assert_eq!(answer, Answer { status: 200, retry_after: None });
    let request = &receiver.requests()[0];
    assert!(request.starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{request}");
    let version = env!("CARGO_PKG_VERSION");
    for line in [
        "host: Hooks.test:8080",
        "content-type: application/json",
        "content-length: 7",
        "webhook-id: msg_1",
        &format!("user-agent: rolecall/{version}"),
    ] {
        assert!(request.split("\r\n").any(|has| has == line), "{line} in {request}");
    }
    assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
}

#[tokio::test]
async fn the_address_that_was_judged_is_the_one_that_is_called() {
    // Whoever owns the name answers with another address the second time: it is not asked a second time.
    let (first, second) = (Receiver::start(OK, Then::Listen).await, Receiver::start(OK, Then::Listen).await);
    let (names, asked) = names(vec![vec![first.address], vec![second.address]]);
    post(&client("hooks.test", names), "http://hooks.test/in").await.unwrap();
    assert_eq!((asked.load(Ordering::SeqCst), first.connections(), second.connections()), (1, 1, 0));
}

#[tokio::test]
async fn a_name_that_comes_to_lead_inside_is_not_called() {
    let receiver = Receiver::start(OK, Then::Close).await;
    let answers = vec![vec!["1.1.1.1:443".parse().unwrap()], vec![receiver.address]];
    let (names, asked) = names(answers);
    let origin = Target::parse("https://hooks.test", &AllowedHosts::default()).unwrap().origin;
    // Whatever it said when the webhook was made, each connection is judged by the answer that it is made with.
    origin.addresses(&names, &AllowedHosts::default()).await.unwrap();
    let refused = post(&client("", names), "https://hooks.test").await;
    assert_eq!(refused, Err(Failure::ForbiddenAddress(receiver.address.ip())));
    assert_eq!((asked.load(Ordering::SeqCst), receiver.connections()), (2, 0));
}

#[tokio::test]
async fn the_next_address_is_called_when_one_refuses() {
    let receiver = Receiver::start(OK, Then::Listen).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (several, _) = names(vec![vec![closed, receiver.address]]);
    assert_eq!(post(&client("hooks.test", several), "http://hooks.test").await.unwrap().status, 200);
    let (one, _) = names(vec![vec![closed]]);
    let refused = post(&client("hooks.test", one), "http://hooks.test").await;
    assert_eq!(refused, Err(Failure::Connect("connection refused")));
    let (none, _) = names(vec![vec![]]);
    assert_eq!(post(&client("hooks.test", none), "http://hooks.test").await, Err(Failure::NameNotFound));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_leads_nowhere() {
    let elsewhere = Receiver::start(OK, Then::Listen).await;
    let location = format!("HTTP/1.1 307 X\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", elsewhere.address);
    let answer = answer(location.leak(), Then::Listen).await.unwrap();
    assert_eq!((answer.status, elsewhere.connections()), (307, 0));
}

#[tokio::test]
async fn a_connection_serves_again_and_one_that_was_closed_does_not_matter() {
    let kept = Receiver::start(OK, Then::Listen).await;
    let (names_of_kept, asked) = names(vec![vec![kept.address]]);
    let one = client("hooks.test", names_of_kept);
    for _ in 0..3 {
        post(&one, "http://hooks.test/in").await.unwrap();
    }
    assert_eq!((kept.requests().len(), kept.connections(), asked.load(Ordering::SeqCst)), (3, 1, 1));
    // Another port is another receiver.
    post(&one, "http://hooks.test:81/in").await.unwrap();
    assert_eq!(kept.connections(), 2);

    let closing = Receiver::start(OK, Then::Close).await;
    let (names, _) = names(vec![vec![closing.address]]);
    let other = client("hooks.test", names);
    for _ in 0..20 {
        post(&other, "http://hooks.test/in").await.unwrap();
    }
    assert_eq!(closing.requests().len(), 20);
}

#[tokio::test]
async fn of_an_answer_no_more_is_read_than_its_head_and_a_little() {
    let began = Instant::now();
    let endless = "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\nx";
    assert_eq!(answer(endless, Then::Hang).await.unwrap().status, 200);
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{}", "x".repeat(100_000));
    assert_eq!(answer(long.leak(), Then::Listen).await.unwrap().status, 200);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let head = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "x".repeat(100_000));
    assert!(answer(head.leak(), Then::Hang).await.is_err());
}

#[tokio::test]
async fn what_is_no_answer_has_failed() {
    assert_eq!(answer("", Then::Hang).await, Err(Failure::Timeout));
    assert_eq!(answer("HTTP/1.1 200 OK\r\nx: ", Then::Hang).await, Err(Failure::Timeout));
    assert_eq!(answer("", Then::Close).await, Err(Failure::Closed));
    assert_eq!(answer("SSH-2.0-OpenSSH_9.2\r\n\r\n", Then::Close).await, Err(Failure::NotHttp));
}

#[tokio::test]
async fn only_an_overloaded_receiver_says_when_it_wants_to_be_asked_again() {
    let after = |status: u16, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        retry_after(StatusCode::from_u16(status).unwrap(), &headers)
    };
    assert_eq!(after(503, "120"), Some(120));
    assert_eq!(after(429, " 7 "), Some(7));
    assert_eq!(after(500, "120"), None);
    assert_eq!(after(200, "120"), None);
    for nonsense in ["", "soon", "-1", "1.5", "99999999999999999999"] {
        assert_eq!(after(503, nonsense), None, "{nonsense}");
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3600));
    assert!((3590..=3600).contains(&after(503, &date).unwrap()), "{date}");
    assert_eq!(after(503, "Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
}
