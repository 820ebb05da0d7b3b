//! Tokens for NATS, on a real server: what they let somebody hear, that nobody speaks, and when they end.

use futures::future::join_all;
use nkeys::KeyPair;
use rolecall_e2e::{Call, Code, Role, Setup, Stand, User, socket::Socket, token};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

/// The length of a token's life, in seconds.
const LIFETIME: u64 = 15 * 60;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn ask(stand: &Stand, user: &User) -> Call {
    stand.post("realtime/token", &json!({})).by(user)
}

/// The token of a user.
async fn token_of(stand: &Stand, user: &User) -> String {
    ask(stand, user).expect(200).await["token"].as_str().unwrap().to_owned()
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// A token with these claims, signed with `key` as NATS wants it.
fn sign(claims: &Value, key: &KeyPair) -> String {
    let payload = token::payload(&json!({"typ": "JWT", "alg": "ed25519-nkey"}), claims);
    format!("{payload}.{}", token::base64(&key.sign(payload.as_bytes()).unwrap()))
}

/// The key with which the stand's functions sign.
async fn signing_key(stand: &Stand) -> KeyPair {
    KeyPair::from_seed(stand.nats().lock().await.signing_key()).unwrap()
}

/// A connection that publishes as the relay does.
async fn relay(stand: &Stand) -> Socket {
    let (url, credentials) = {
        let nats = stand.nats().lock().await;
        (nats.websocket_url(), nats.relay_credentials())
    };
    Socket::open_as(&url, &credentials).await.unwrap()
}

async fn url(stand: &Stand) -> String {
    stand.nats().lock().await.websocket_url()
}

/// Why the server refuses.
async fn refusal(socket: impl Future<Output = anyhow::Result<Socket>>) -> String {
    socket.await.expect_err("the server lets it in").to_string()
}

#[tokio::test]
async fn a_token_lets_its_user_hear_what_is_for_them_and_nobody_else() {
    let stand = Stand::live().await;
    let [user, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let before = now();
    let answer = ask(&stand, &user).expect(200).await;
    answer.has_members(&["url", "token", "subject", "expires_at", "server_time"]);
    assert_eq!(answer["subject"], format!("user.{}.>", user.id));
    let token = answer["token"].as_str().unwrap();
    let claims = claims(token);
    let issued = claims["iat"].as_u64().unwrap();
    assert!((before..=now()).contains(&issued));
    assert_eq!(claims["exp"], issued + LIFETIME);
    assert_eq!(claims["name"], user.id.to_string());

    let mut socket = Socket::open(answer["url"].as_str().unwrap(), token).await.unwrap();
    socket.subscribe(answer["subject"].as_str().unwrap()).await.unwrap();
    let mut relay = relay(&stand).await;
    let subject = |id: Uuid| format!("user.{id}.events");
    relay.publish(&subject(other.id), &json!({"for": "the other"})).await.unwrap();
    relay.publish(&subject(user.id), &json!({"for": "the user"})).await.unwrap();
    assert_eq!(socket.message().await.unwrap(), (subject(user.id), json!({"for": "the user"})));
    assert_eq!(socket.messages_so_far().await.unwrap(), []);
}

#[tokio::test]
async fn the_server_refuses_foreign_subjects_and_everything_that_is_published() {
    let stand = Stand::live().await;
    let [user, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let (url, token) = (url(&stand).await, token_of(&stand, &user).await);
    let wide = [">", "*", "user.>", "user.*.>", "user.*.events", "*.*.events", "$SYS.>", "_INBOX.>"];
    let foreign = [format!("user.{}.events", other.id), format!("user.{}.>", other.id), format!("user.{}", user.id)];
    for subject in wide.into_iter().chain(foreign.iter().map(String::as_str)) {
        let mut socket = Socket::open(&url, &token).await.unwrap();
        let error = socket.subscribe(subject).await.unwrap_err().to_string();
        assert!(error.starts_with("Permissions Violation for Subscription"), "{subject}: {error}");
    }
    let mut own = Socket::open(&url, &token).await.unwrap();
    own.subscribe(&format!("user.{}.>", user.id)).await.unwrap();
    for subject in [&format!("user.{}.events", user.id), &foreign[0], "a", "$SYS.REQ.SERVER.PING"] {
        let mut socket = Socket::open(&url, &token).await.unwrap();
        let error = socket.publish(subject, &json!({})).await.unwrap_err().to_string();
        assert!(error.starts_with("Permissions Violation for Publish"), "{subject}: {error}");
    }
    assert_eq!(own.messages_so_far().await.unwrap(), [], "not to oneself either");
}

#[tokio::test]
async fn whoever_has_the_signing_key_still_publishes_nothing() {
    let stand = Stand::live().await;
    let user = stand.user(Role::Attendee).await;
    let (url, key) = (url(&stand).await, signing_key(&stand).await);
    let honest = claims(&token_of(&stand, &user).await);
    assert_eq!(honest["iss"], key.public_key());

    // Permissions of one's own make the token none.
    for (name, value) in [
        ("pub", json!({"allow": [">"]})),
        ("sub", json!({"allow": [">"]})),
        ("resp", json!({"max": 10, "ttl": 1_000_000_000})),
        ("payload", json!(1_000_000)),
        ("bearer_token", json!(true)),
    ] {
        let mut greedy = honest.clone();
        greedy["nats"][name] = value;
        let error = refusal(Socket::open(&url, &sign(&greedy, &key))).await;
        assert!(error.contains("Authorization Violation"), "{name}: {error}");
    }
    // Another name is another listener, and no more.
    for name in [Uuid::new_v4().to_string(), "*".to_owned(), ">".to_owned(), "x.>".to_owned()] {
        let mut other = honest.clone();
        other["name"] = json!(name);
        let Ok(mut socket) = Socket::open(&url, &sign(&other, &key)).await else { continue };
        let error = socket.publish(&format!("user.{}.events", user.id), &json!({})).await.unwrap_err().to_string();
        assert!(error.starts_with("Permissions Violation for Publish"), "{name}: {error}");
    }
    // Nor does the key make an account of its own, or sign for another.
    let mut elsewhere = honest.clone();
    elsewhere["nats"]["issuer_account"] = json!(KeyPair::new_account().public_key());
    let error = refusal(Socket::open(&url, &sign(&elsewhere, &key))).await;
    assert!(error.contains("Authorization Violation"), "{error}");
}

#[tokio::test]
async fn a_token_that_is_forged_or_over_opens_nothing() {
    let stand = Stand::live().await;
    let user = stand.user(Role::Attendee).await;
    let (url, key) = (url(&stand).await, signing_key(&stand).await);
    let good = token_of(&stand, &user).await;
    let honest = claims(&good);

    let mut forged = honest.clone();
    let stranger = KeyPair::new_account();
    forged["iss"] = json!(stranger.public_key());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let mut over = honest.clone();
    over["exp"] = json!(now() - 1);
    let mut renamed = honest.clone();
    renamed["name"] = json!(Uuid::new_v4());
    let renamed = token::payload(&json!({"typ": "JWT", "alg": "ed25519-nkey"}), &renamed);
    for (what, token) in [
        ("another key", sign(&honest, &stranger)),
        ("another issuer", sign(&forged, &stranger)),
        ("the signature of another token", format!("{renamed}.{signature}")),
        ("no signature", format!("{signed}.")),
        ("over", sign(&over, &key)),
        ("the token of the API", user.token.clone()),
        ("nothing", String::new()),
    ] {
        let error = refusal(Socket::open(&url, &token)).await;
        assert!(error.contains("Authorization Violation") || error.contains("Expired"), "{what}: {error}");
    }
}

#[tokio::test]
async fn the_connection_ends_with_its_token() {
    let stand = Stand::live().await;
    let user = stand.user(Role::Attendee).await;
    let (url, key) = (url(&stand).await, signing_key(&stand).await);
    let mut short = claims(&token_of(&stand, &user).await);
    let ends = now() + 3;
    short["exp"] = json!(ends);
    let mut socket = Socket::open(&url, &sign(&short, &key)).await.unwrap();
    socket.subscribe(&format!("user.{}.>", user.id)).await.unwrap();
    let said = socket.closed(Duration::from_secs(20)).await.unwrap();
    assert!(now() >= ends, "not before");
    assert!(said.iter().any(|error| error.contains("Expired")), "{said:?}");
}

#[tokio::test]
async fn a_token_does_not_outlive_the_one_of_the_api() {
    let stand = Stand::live().await;
    let user = stand.user(Role::Attendee).await;
    let ask = |ends: u64| {
        let mut claims = token::user_claims(user.id);
        claims["exp"] = json!(ends);
        stand.post("realtime/token", &json!({})).token(&token::hs256(&claims, token::SECRET.as_bytes()))
    };
    let ends = now() + 100;
    let answer = ask(ends).expect(200).await;
    assert_eq!(claims(answer["token"].as_str().unwrap())["exp"], ends);
    // Let in elsewhere for the sake of clocks that differ, it opens no connection.
    ask(now() - 5).expect(401).await.refused(Code::Unauthenticated);
}

#[tokio::test]
async fn tokens_of_a_user_at_once_differ_and_are_of_the_same_user() {
    let stand = Stand::live().await;
    let user = stand.user(Role::Attendee).await;
    let tokens = join_all((0..20).map(|_| token_of(&stand, &user))).await;
    let all: Vec<Value> = tokens.iter().map(|token| claims(token)).collect();
    let distinct: std::collections::BTreeSet<_> = all.iter().map(|claims| claims["jti"].to_string()).collect();
    assert_eq!(distinct.len(), 20);
    assert!(all.iter().all(|claims| claims["sub"] == all[0]["sub"]), "one subject, by which an operator revokes them");
}

#[tokio::test]
async fn who_gets_no_token() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let user = stand.user(Role::Attendee).await;
    stand.post("realtime/token", &json!({})).expect(401).await.refused(Code::Unauthenticated);
    let refusal = stand.post("realtime/token", &json!({})).token(&token::operator()).expect(403).await;
    refusal.refused(Code::PermissionDenied);
    ask(&stand, &User::stranger()).expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    let refusal = stand.post("realtime/token", &json!({"seconds": 1})).by(&user).expect(400).await;
    assert_eq!(refusal.refused(Code::ValidationError).faults(), [("seconds", "unknown_field")]);

    stand.suspend(&user, 1).await;
    ask(&stand, &user).expect(403).await.refused_by(Code::PermissionDenied, "suspended");
    stand.db.run("update rolecall.profiles set suspended_until = null where id = $1", &[&user.id]).await;
    ask(&stand, &user).expect(200).await;

    stand.db.run("update rolecall.feature_flags set rollout = 'disabled' where name = 'realtime'", &[]).await;
    ask(&stand, &user).expect(404).await.refused(Code::FeatureDisabled);
}

#[tokio::test]
async fn a_token_is_had_during_maintenance_because_it_writes_nothing() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let user = stand.user(Role::Attendee).await;
    stand.db.run("update rolecall.feature_flags set rollout = 'enabled' where name = 'maintenance'", &[]).await;
    let answer = ask(&stand, &user).key("k").expect(200).await;
    let again = ask(&stand, &user).key("k").expect(200).await;
    assert_ne!(answer["token"], again["token"], "no token is kept, so none is given again");
    assert_eq!(stand.db.count("rolecall.idempotency_records", &[]).await, 0);
    stand.block_user(&user, Uuid::new_v4()).expect(503).await.refused(Code::Maintenance);
}

#[tokio::test]
async fn nobody_asks_without_end() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let user = stand.user(Role::Attendee).await;
    let sql = "update rolecall.rate_limits set capacity = 3, window_seconds = 3600 where action = 'realtime_token'";
    stand.db.run(sql, &[]).await;
    for _ in 0..3 {
        ask(&stand, &user).expect(200).await;
    }
    ask(&stand, &user).expect(429).await.refused(Code::RateLimited);
}

#[tokio::test]
async fn without_nats_there_is_no_token_and_health_says_so() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    ask(&stand, &user).expect(404).await.refused_by(Code::FeatureDisabled, "realtime_off");
    // What is of no use without it is refused in the same words, whoever else it concerns.
    let presence = format!("realtime/presence?user_ids={}", user.id);
    stand.get(&presence).by(&user).expect(404).await.refused_by(Code::FeatureDisabled, "realtime_off");
    let typing = stand.post("realtime/typing", &json!({"conversation_id": Uuid::new_v4()})).by(&user);
    typing.expect(404).await.refused_by(Code::FeatureDisabled, "realtime_off");
    stand.get(&presence).expect(401).await.refused(Code::Unauthenticated);
    stand.get("realtime/presence").by(&user).expect(400).await.refused(Code::ValidationError);
    stand.post("realtime/token", &json!({})).expect(401).await.refused(Code::Unauthenticated);
    for path in ["/api/health", "realtime/token"] {
        assert_eq!(stand.get(path).expect(200).await["realtime"], "off", "{path}");
    }
    let stand = Stand::live().await;
    for path in ["/api/health", "realtime/token"] {
        let health = stand.get(path).expect(200).await;
        assert_eq!((&health["realtime"], &health["status"]), (&json!("degraded"), &json!("ok")), "no relay: {path}");
    }
    assert_eq!(stand.get("send-dm").expect(200).await.body.get("realtime"), None, "it is not told");
}

#[tokio::test]
async fn an_address_without_a_key_is_a_fault_of_the_configuration() {
    let setup = Setup::new().realtime();
    let setup = setup.component_variable("realtime", "realtime_signing_key", "");
    let stand = Stand::own(setup.component_variable("realtime", "realtime_account", "")).await;
    let user = stand.user(Role::Attendee).await;
    let refusal = ask(&stand, &user).expect(500).await.refused(Code::Internal);
    let line = stand.runner().request_line(refusal.request_id());
    assert!(line["cause"].as_str().unwrap().contains("realtime_signing_key"), "{line}");

    for (name, value) in [("realtime_signing_key", "SAAX"), ("realtime_account", "AAAX"), ("realtime_url", "http://h")]
    {
        let stand = Stand::own(Setup::new().realtime().component_variable("realtime", name, value)).await;
        let user = stand.user(Role::Attendee).await;
        let refusal = ask(&stand, &user).expect(500).await.refused(Code::Internal);
        let line = stand.runner().request_line(refusal.request_id());
        let cause = line["cause"].as_str().unwrap();
        assert!(cause.contains(name) && !cause.contains(value), "{line}");
        assert_eq!(stand.get("realtime/token").expect(503).await["status"], "misconfigured");
        stand.get("/api/health").expect(200).await;
    }
}
