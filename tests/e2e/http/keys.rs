//! Asymmetric keys: a JWK set in a variable, or fetched from an address and followed when it changes.

use super::signed::signed_by;
use futures::future::join_all;
use jwt_simple::prelude::*;
use rolecall_e2e::{
    Call, Code, Role, Setup, Stand, User,
    token::{self, SECRET},
    until,
};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A key pair of each algorithm.
struct Pairs {
    es256: ES256KeyPair,
    eddsa: Ed25519KeyPair,
    rs256: RS256KeyPair,
}

impl Pairs {
    fn new(suffix: &str) -> Pairs {
        Pairs {
            es256: ES256KeyPair::generate().with_key_id(&format!("es-{suffix}")),
            eddsa: Ed25519KeyPair::generate().with_key_id(&format!("ed-{suffix}")),
            rs256: RS256KeyPair::generate(2048).unwrap().with_key_id(&format!("rs-{suffix}")),
        }
    }

    fn tokens(&self, user: &User) -> [String; 3] {
        [
            signed_by(user.id, |claims| self.es256.sign(claims)),
            signed_by(user.id, |claims| self.eddsa.sign(claims)),
            signed_by(user.id, |claims| self.rs256.sign(claims)),
        ]
    }

    fn key_set(&self) -> Value {
        let es256 = jwk(&self.es256.public_key().to_jwk(), self.es256.key_id());
        let eddsa = jwk(&self.eddsa.public_key().to_jwk(), self.eddsa.key_id());
        let rs256 = jwk(&self.rs256.public_key().to_jwk(), self.rs256.key_id());
        json!({"keys": [es256, eddsa, rs256]})
    }
}

fn jwk(text: &str, key_id: &Option<String>) -> Value {
    let mut jwk: Value = serde_json::from_str(text).unwrap();
    jwk["kid"] = json!(key_id);
    jwk["use"] = json!("sig");
    jwk
}

fn send(stand: &Stand, to: &User, token: &str) -> Call {
    stand.post("send-dm", &json!({"recipient_id": to.id, "content": "Hello"})).token(token)
}

#[tokio::test]
async fn keys_of_every_algorithm_are_taken_from_an_inline_set() {
    let pairs = Pairs::new("1");
    let stand = Stand::own(Setup::new().without_secret().variable("jwt_jwks", &pairs.key_set().to_string())).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for token in pairs.tokens(&admin) {
        send(&stand, &attendee, &token).expect(201).await;
    }
    for token in Pairs::new("1").tokens(&admin) {
        send(&stand, &attendee, &token).expect(401).await.refused(Code::Unauthenticated);
    }
    send(&stand, &attendee, &admin.token).expect(401).await.refused(Code::Unauthenticated);
}

#[tokio::test]
async fn a_public_key_is_no_secret_for_hs256() {
    let pair = ES256KeyPair::generate();
    let public = pair.public_key();
    let jwk_text = public.to_jwk();
    let with_id = jwk(&jwk_text, &Some("one".into()));
    let set = json!({"keys": [with_id]}).to_string();
    let stand = Stand::own(Setup::new().without_secret().variable("jwt_jwks", &set)).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let keys = [
        public.to_pem().unwrap().into_bytes(),
        public.to_pem().unwrap().trim().as_bytes().to_vec(),
        public.to_der().unwrap(),
        public.public_key().to_bytes(),
        public.public_key().to_bytes_uncompressed(),
        jwk_text.into_bytes(),
        with_id.to_string().into_bytes(),
        set.into_bytes(),
    ];
    for key in keys {
        for claims in [token::user_claims(admin.id), token::claims(None, "service_role")] {
            let plain = token::hs256(&claims, &key);
            let payload = token::payload(&json!({"alg": "HS256", "typ": "JWT", "kid": "one"}), &claims);
            let tag = hmac_sha256::HMAC::mac(payload.as_bytes(), &key);
            let with_id = format!("{payload}.{}", token::base64(&tag));
            for forged in [plain, with_id] {
                send(&stand, &attendee, &forged).expect(401).await.refused(Code::Unauthenticated);
            }
        }
    }
    assert_eq!(stand.traces(&admin).await, 0);
}

#[tokio::test]
async fn a_secret_and_a_key_set_stand_side_by_side() {
    let pair = Ed25519KeyPair::generate().with_key_id("ed");
    let set = json!({"keys": [jwk(&pair.public_key().to_jwk(), pair.key_id())]}).to_string();
    let stand = Stand::own(Setup::new().variable("jwt_jwks", &set)).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    send(&stand, &attendee, &admin.token).expect(201).await;
    send(&stand, &attendee, &signed_by(admin.id, |claims| pair.sign(claims))).expect(201).await;
    // The secret does not answer for a key of the set.
    let payload = token::payload(&json!({"alg": "EdDSA", "kid": "ed"}), &token::user_claims(admin.id));
    let tag = hmac_sha256::HMAC::mac(payload.as_bytes(), SECRET.as_bytes());
    let confused = format!("{payload}.{}", token::base64(&tag));
    send(&stand, &attendee, &confused).expect(401).await;
}

/// What a key set's server does with a request.
#[derive(Clone, Debug)]
enum Reply {
    /// It answers with this text, after this time.
    Text(String, Duration),
    /// It answers with status 500.
    Failure,
    /// It takes the request and never answers.
    Nothing,
    /// It answers with the head and a byte of the body now and then.
    Drip,
}

/// A key set's server on a free port, how often it was asked, and what it does.
struct KeyServer {
    url: String,
    reply: Arc<Mutex<Reply>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(reply: Reply) -> KeyServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
        let reply = Arc::new(Mutex::new(reply));
        let asked = Arc::new(AtomicUsize::new(0));
        let (replies, count) = (Arc::clone(&reply), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let reply = replies.lock().unwrap().clone();
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        let mut byte = [0];
                        if socket.read(&mut byte).await.unwrap_or(0) == 0 {
                            return;
                        }
                        request.push(byte[0]);
                    }
                    let (status, body) = match reply {
                        Reply::Text(text, after) => {
                            tokio::time::sleep(after).await;
                            ("200 OK", text)
                        }
                        Reply::Failure => ("500 Internal Server Error", String::new()),
                        Reply::Nothing => return std::future::pending().await,
                        Reply::Drip => {
                            let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{";
                            while socket.write_all(head.as_bytes()).await.is_ok() {
                                tokio::time::sleep(Duration::from_millis(200)).await;
                            }
                            return;
                        }
                    };
                    let head = format!(
                        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        KeyServer { url, reply, asked }
    }

    /// One that answers with the keys of these pairs.
    async fn of(pairs: &Pairs) -> KeyServer {
        KeyServer::start(keys(pairs)).await
    }

    fn replies(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// A secret and the address of this server.
    fn beside_a_secret(&self) -> Setup {
        Setup::new().variable("jwt_jwks_url", &self.url).variable("jwks_host", "127.0.0.1")
    }

    fn setup(&self) -> Setup {
        self.beside_a_secret().without_secret()
    }
}

fn keys(pairs: &Pairs) -> Reply {
    Reply::Text(pairs.key_set().to_string(), Duration::ZERO)
}

/// An ES256 key alone, which is quick to make.
fn es256(key_id: &str) -> ES256KeyPair {
    ES256KeyPair::generate().with_key_id(key_id)
}

fn es256_token(pair: &ES256KeyPair, user: &User) -> String {
    signed_by(user.id, |claims| pair.sign(claims))
}

fn es256_keys(pair: &ES256KeyPair) -> Reply {
    let set = json!({"keys": [jwk(&pair.public_key().to_jwk(), pair.key_id())]});
    Reply::Text(set.to_string(), Duration::ZERO)
}

/// Sends until it is answered 201; before that it may be refused with this status alone. Two fetches of a set are some
/// seconds apart, so that forged tokens cannot cause traffic.
async fn until_taken(stand: &Stand, to: &User, token: &str, before: u16) {
    until("the key is known", async || {
        let answer = send(stand, to, token).send().await;
        assert!(answer.status == 201 || answer.status == before, "{}", answer.body);
        (answer.status == 201).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_fetched_key_set_is_kept_and_a_rotation_is_picked_up() {
    let old = Pairs::new("old");
    let server = KeyServer::of(&old).await;
    let stand = Stand::own(server.setup().flag("--instances", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for token in old.tokens(&admin).iter().chain(&old.tokens(&admin)) {
        send(&stand, &attendee, token).expect(201).await;
    }
    assert_eq!(server.asked(), 1, "one fetch serves every request of an instance");

    let new = Pairs::new("new");
    server.replies(keys(&new));
    let [token, ..] = new.tokens(&admin);
    until_taken(&stand, &attendee, &token, 401).await;
    assert_eq!(server.asked(), 2, "unknown keys do not cause a fetch each");
    for token in new.tokens(&admin) {
        send(&stand, &attendee, &token).expect(201).await;
    }
    for token in old.tokens(&admin) {
        send(&stand, &attendee, &token).expect(401).await.refused(Code::Unauthenticated);
    }
}

#[tokio::test]
async fn beside_a_secret_an_unknown_key_fetches_the_set_anew() {
    let (old, new) = (es256("old"), es256("new"));
    let server = KeyServer::start(es256_keys(&old)).await;
    let stand = Stand::own(server.beside_a_secret()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    send(&stand, &attendee, &admin.token).expect(201).await;
    send(&stand, &attendee, &es256_token(&old, &admin)).expect(201).await;
    server.replies(es256_keys(&new));
    // Within seconds, not minutes.
    until_taken(&stand, &attendee, &es256_token(&new, &admin), 401).await;
    send(&stand, &attendee, &admin.token).expect(201).await;
}

#[tokio::test]
async fn a_key_set_that_cannot_be_had_touches_no_token_that_needs_none() {
    for reply in [Reply::Failure, Reply::Nothing, Reply::Drip, Reply::Text("not a key set".into(), Duration::ZERO)] {
        let server = KeyServer::start(reply.clone()).await;
        let stand = Stand::own(server.beside_a_secret()).await;
        let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
        for _ in 0..3 {
            send(&stand, &attendee, &admin.token).expect(201).await;
        }
        stand.post("reset-broadcast-quotas", &json!({})).token(&token::operator()).expect(200).await;
        // A token of another secret is wrong, with the keys or without.
        let forged = token::hs256(&token::user_claims(admin.id), b"another secret of at least 32 bytes");
        send(&stand, &attendee, &forged).expect(401).await.refused(Code::Unauthenticated);
        let token = es256_token(&es256("new"), &admin);
        send(&stand, &attendee, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
        send(&stand, &attendee, &admin.token).expect(201).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_hangs_costs_a_short_timeout_once_for_all_who_wait() {
    let server = KeyServer::start(Reply::Nothing).await;
    let stand = Stand::own(server.setup().flag("--instances", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let pair = es256("one");
    let token = es256_token(&pair, &admin);
    let begun = Instant::now();
    let refusals = join_all((0..20).map(|_| send(&stand, &attendee, &token).expect(503))).await;
    // The runner's own limit is 30 s; a request waits for two fetches at most, of two seconds each.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    for refusal in refusals {
        refusal.refused(Code::AuthenticationUnavailable);
    }
    // Spin may pass each of them to an instance of its own, and an instance fetches for itself.
    let most = if stand.runs_on_spin() { 40 } else { 4 };
    assert!(server.asked() <= most, "{} fetches for twenty requests", server.asked());
    server.replies(es256_keys(&pair));
    until_taken(&stand, &attendee, &token, 503).await;
}

#[tokio::test]
async fn one_fetch_serves_all_who_wait_for_it() {
    let pair = es256("one");
    let Reply::Text(set, _) = es256_keys(&pair) else { unreachable!() };
    // Long enough for all to arrive meanwhile on a busy machine.
    let server = KeyServer::start(Reply::Text(set, Duration::from_millis(900))).await;
    let stand = Stand::own(server.setup().flag("--instances", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let token = es256_token(&pair, &admin);
    join_all((0..20).map(|_| send(&stand, &attendee, &token).expect(201))).await;
    if stand.runs_on_spin() {
        // Spin may pass each of them to an instance of its own.
        assert!((1..=20).contains(&server.asked()), "{}", server.asked());
    } else {
        assert_eq!(server.asked(), 1);
    }
}

#[tokio::test]
async fn forged_tokens_do_not_cause_a_fetch_each() {
    let pair = es256("one");
    let server = KeyServer::start(es256_keys(&pair)).await;
    let stand = Stand::own(server.beside_a_secret().flag("--instances", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let begun = Instant::now();
    for number in 0..100 {
        let forged = es256_token(&es256(&format!("forged-{number}")), &admin);
        send(&stand, &attendee, &forged).expect(401).await.refused(Code::Unauthenticated);
    }
    let most = 2 + begun.elapsed().as_secs() as usize / 5;
    assert!(server.asked() <= most, "{} fetches in {:?}", server.asked(), begun.elapsed());
    assert_eq!(stand.traces(&admin).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_keys_are_used_while_the_set_cannot_be_had_by_new_instances_too() {
    let pair = es256("one");
    let server = KeyServer::start(es256_keys(&pair)).await;
    let mut stand = Stand::own(server.setup().flag("--instance-requests", "3")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let token = es256_token(&pair, &admin);
    send(&stand, &attendee, &token).expect(201).await;
    let kept = "rolecall.key_sets where url = $1";
    until("the keys are there for others", async || (stand.db.count(kept, &[&server.url]).await == 1).then_some(()))
        .await;
    // A few instances one after the other.
    server.replies(Reply::Failure);
    for _ in 0..10 {
        send(&stand, &attendee, &token).expect(201).await;
    }
    // A new process.
    server.replies(Reply::Nothing);
    stand.runner().terminate();
    tokio::task::block_in_place(|| stand.runner().wait());
    stand.start_runner_again().await;
    send(&stand, &attendee, &token).expect(201).await;
    // They are not used for ever.
    stand.db.run("update rolecall.key_sets set fetched_at = now() - interval '13 hours'", &[]).await;
    until("an instance has no keys", async || {
        let answer = send(&stand, &attendee, &token).send().await;
        assert!(matches!(answer.status, 201 | 503), "{}", answer.body);
        (answer.status == 503).then_some(())
    })
    .await;
}

#[tokio::test]
async fn health_tells_the_keys() {
    let pair = es256("one");
    let server = KeyServer::start(Reply::Failure).await;
    let stand = Stand::own(server.setup().flag("--instances", "1")).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for path in ["/api/health", "/functions/v1/send-dm"] {
        let health = stand.get(path).expect(503).await;
        let mut expected =
            json!({"status": "unavailable", "database": "ok", "keys": "unavailable", "version": VERSION});
        // The application's health also tells whether there is realtime.
        if path == "/api/health" {
            expected["realtime"] = "off".into();
        }
        assert_eq!(health.body, expected);
        let line = stand.runner().request_line(health.request_id());
        assert_eq!((&line["level"], &line["code"]), (&"error".into(), &"authentication_unavailable".into()), "{line}");
    }
    let health = async |status: u16, word: &str, keys: &str| {
        until(&format!("the keys are {keys}"), async || {
            let health = stand.get("/functions/v1/send-dm").send().await;
            let expected = json!({"status": word, "database": "ok", "keys": keys, "version": VERSION});
            (health.status == status && health.body == expected).then_some(())
        })
        .await;
    };
    server.replies(es256_keys(&pair));
    health(200, "ok", "ok").await;
    send(&stand, &attendee, &es256_token(&pair, &admin)).expect(201).await;
    server.replies(Reply::Failure);
    let new = es256("new");
    until("the set is asked for again", async || {
        let answer = send(&stand, &attendee, &es256_token(&new, &admin)).send().await;
        assert!(matches!(answer.status, 401 | 503), "{}", answer.body);
        (answer.status == 503).then_some(())
    })
    .await;
    health(200, "degraded", "stale").await;
    send(&stand, &attendee, &es256_token(&pair, &admin)).expect(201).await;
    server.replies(es256_keys(&new));
    until_taken(&stand, &attendee, &es256_token(&new, &admin), 503).await;
    health(200, "ok", "ok").await;
}

#[tokio::test]
async fn health_is_degraded_where_the_keys_are_away_and_the_secret_serves() {
    let server = KeyServer::start(Reply::Nothing).await;
    let stand = Stand::own(server.beside_a_secret()).await;
    let begun = Instant::now();
    let health = stand.get("/api/health").expect(200).await;
    let expected =
        json!({"status": "degraded", "database": "ok", "keys": "unavailable", "realtime": "off", "version": VERSION});
    assert_eq!(health.body, expected);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn while_no_key_set_can_be_had_authentication_is_unavailable() {
    let pair = es256("one");
    let server = KeyServer::start(Reply::Failure).await;
    let stand = Stand::own(server.setup()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let token = es256_token(&pair, &admin);
    send(&stand, &attendee, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    server.replies(Reply::Text("not a key set".into(), Duration::ZERO));
    send(&stand, &attendee, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    assert_eq!(stand.traces(&admin).await, 0);
    server.replies(es256_keys(&pair));
    until_taken(&stand, &attendee, &token, 503).await;
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unavailable_and_named_in_the_log_only() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", free.local_addr().unwrap());
    drop(free);
    let setup = Setup::new().without_secret().variable("jwt_jwks_url", &url).variable("jwks_host", "127.0.0.1");
    let stand = Stand::own(setup).await;
    let user = User::stranger();
    let token = es256_token(&es256("one"), &user);
    let refusal = send(&stand, &user, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    assert!(!refusal.body.to_string().contains("127.0.0.1"), "{}", refusal.body);
    let line = stand.runner().request_line(refusal.request_id());
    assert_eq!(line["level"], "error");
    assert!(line["cause"].is_string(), "{line}");
}

#[tokio::test]
async fn a_key_server_that_is_not_in_the_allowed_hosts_is_not_asked() {
    let pair = es256("one");
    let server = KeyServer::start(es256_keys(&pair)).await;
    // The runner would not start if the application's variables said so (`connect::configuration`).
    let setup = Setup::new().variable("jwks_host", "keys.example").component_variable("send-dm", "jwt_secret", "");
    let stand = Stand::own(setup.component_variable("send-dm", "jwt_jwks_url", &server.url)).await;
    let user = User::stranger();
    let token = es256_token(&pair, &user);
    send(&stand, &user, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    assert_eq!(server.asked(), 0);
}
