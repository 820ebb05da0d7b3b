//! Asymmetric keys: a JWK set in a variable, or fetched from an address and followed when it changes.

use jwt_simple::prelude::*;
use rolecall_e2e::{
    Call, Code, Role, Setup, Stand, User,
    token::{self, SECRET},
    until,
};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

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
            token::signed_by(user.id, |claims| self.es256.sign(claims)),
            token::signed_by(user.id, |claims| self.eddsa.sign(claims)),
            token::signed_by(user.id, |claims| self.rs256.sign(claims)),
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
    send(&stand, &attendee, &token::signed_by(admin.id, |claims| pair.sign(claims))).expect(201).await;
    // The secret does not answer for a key of the set.
    let payload = token::payload(&json!({"alg": "EdDSA", "kid": "ed"}), &token::user_claims(admin.id));
    let tag = hmac_sha256::HMAC::mac(payload.as_bytes(), SECRET.as_bytes());
    let confused = format!("{payload}.{}", token::base64(&tag));
    send(&stand, &attendee, &confused).expect(401).await;
}

/// A key set's server on a free port, how often it was asked, and what it answers (nothing: status 500).
struct KeyServer {
    url: String,
    answer: Arc<Mutex<Option<String>>>,
    asked: Arc<AtomicUsize>,
}

impl KeyServer {
    async fn start(set: Option<Value>) -> KeyServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(set.map(|set| set.to_string())));
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, count) = (Arc::clone(&answer), Arc::clone(&asked));
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let body = answers.lock().unwrap().clone();
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
                    let status = if body.is_some() { "200 OK" } else { "500 Internal Server Error" };
                    let body = body.unwrap_or_default();
                    let head = format!(
                        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = socket.write_all(format!("{head}{body}").as_bytes()).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        KeyServer { url, answer, asked }
    }

    fn setup(&self) -> Setup {
        Setup::new().without_secret().variable("jwt_jwks_url", &self.url).variable("jwks_host", "127.0.0.1")
    }
}

#[tokio::test]
async fn a_fetched_key_set_is_kept_and_a_rotation_is_picked_up() {
    let old = Pairs::new("old");
    let server = KeyServer::start(Some(old.key_set())).await;
    let stand = Stand::own(server.setup()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for token in old.tokens(&admin).iter().chain(&old.tokens(&admin)) {
        send(&stand, &attendee, token).expect(201).await;
    }
    assert_eq!(server.asked.load(Ordering::SeqCst), 1, "one fetch serves every request of an instance");

    let new = Pairs::new("new");
    *server.answer.lock().unwrap() = Some(new.key_set().to_string());
    let [token, ..] = new.tokens(&admin);
    // The set is asked for again at most every 30 seconds, so that forged tokens cannot cause traffic.
    until("the new key is known", async || {
        let answer = send(&stand, &attendee, &token).send().await;
        assert!(matches!(answer.status, 201 | 401), "{}", answer.body);
        (answer.status == 201).then_some(())
    })
    .await;
    assert_eq!(server.asked.load(Ordering::SeqCst), 2, "unknown keys do not cause a fetch each");
    for token in new.tokens(&admin) {
        send(&stand, &attendee, &token).expect(201).await;
    }
    for token in old.tokens(&admin) {
        send(&stand, &attendee, &token).expect(401).await.refused(Code::Unauthenticated);
    }
}

#[tokio::test]
async fn while_no_key_set_can_be_had_authentication_is_unavailable() {
    let pairs = Pairs::new("1");
    let server = KeyServer::start(None).await;
    let stand = Stand::own(server.setup()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let [token, ..] = pairs.tokens(&admin);
    send(&stand, &attendee, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    *server.answer.lock().unwrap() = Some("not a key set".into());
    send(&stand, &attendee, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    assert_eq!(stand.traces(&admin).await, 0);
    *server.answer.lock().unwrap() = Some(pairs.key_set().to_string());
    send(&stand, &attendee, &token).expect(201).await;
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unavailable_and_named_in_the_log_only() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", free.local_addr().unwrap());
    drop(free);
    let setup = Setup::new().without_secret().variable("jwt_jwks_url", &url).variable("jwks_host", "127.0.0.1");
    let stand = Stand::own(setup).await;
    let user = User::stranger();
    let refusal = send(&stand, &user, &user.token).expect(503).await.refused(Code::AuthenticationUnavailable);
    assert!(!refusal.body.to_string().contains("127.0.0.1"), "{}", refusal.body);
    let line = stand.runner().request_line(refusal.request_id());
    assert_eq!(line["level"], "error");
    assert!(line["cause"].is_string(), "{line}");
}

#[tokio::test]
async fn a_key_server_that_is_not_in_the_allowed_hosts_is_not_asked() {
    let pairs = Pairs::new("1");
    let server = KeyServer::start(Some(pairs.key_set())).await;
    let setup = Setup::new().without_secret().variable("jwt_jwks_url", &server.url);
    let stand = Stand::own(setup.variable("jwks_host", "keys.example")).await;
    let user = User::stranger();
    let [token, ..] = pairs.tokens(&user);
    send(&stand, &user, &token).expect(503).await.refused(Code::AuthenticationUnavailable);
    assert_eq!(server.asked.load(Ordering::SeqCst), 0);
}
