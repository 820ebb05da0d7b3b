//! The signed claims (JWT, version 2) by which NATS knows its operator, accounts and users. Who may do what stands here alone.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};
use uuid::Uuid;

const HEADER: &str = r#"{"typ":"JWT","alg":"ed25519-nkey"}"#;

/// No limit.
const ANY: i64 = -1;

/// Subscriptions of one member's connection: their own subject, and some to spare.
const MEMBER_SUBSCRIPTIONS: i64 = 4;

/// The longest payload of a member's connection, in bytes. Nothing is published, but NATS wants a number.
const MEMBER_PAYLOAD: i64 = 1024;

/// The operator, whose word all others stand on.
pub(crate) fn operator(operator: &KeyPair, system: &KeyPair) -> Result<String> {
    let nats = json!({"system_account": system.public_key(), "type": "operator", "version": 2});
    sign(operator, &operator.public_key(), "rolecall", nats)
}

/// The account in which NATS itself tells of connections.
pub(crate) fn system_account(operator: &KeyPair, system: &KeyPair) -> Result<String> {
    let nats = json!({"limits": account_limits(), "type": "account", "version": 2});
    sign(operator, &system.public_key(), "SYS", nats)
}

/// The account of the users. Whatever a token says that `signing` has signed, it lets its user subscribe to their own
/// subject and publish nothing: NATS applies the template, and refuses tokens that bring permissions of their own.
pub(crate) fn account(operator: &KeyPair, account: &KeyPair, signing: &KeyPair) -> Result<String> {
    let template = json!({
        "pub": {"deny": [">"]},
        "sub": {"allow": ["user.{{name()}}.>"]},
        "subs": MEMBER_SUBSCRIPTIONS,
        "data": ANY,
        "payload": MEMBER_PAYLOAD,
        "bearer_token": true,
        "allowed_connection_types": ["STANDARD", "WEBSOCKET"],
    });
    let scope = json!({"kind": "user_scope", "key": signing.public_key(), "role": "member", "template": template});
    let nats = json!({"limits": account_limits(), "signing_keys": [scope], "type": "account", "version": 2});
    sign(operator, &account.public_key(), "APP", nats)
}

/// The relay: it publishes events, and hears its own word, by which it knows that what it said before has arrived. No user
/// is called `relay`: a user's name is a uuid.
pub(crate) fn relay(account: &KeyPair, user: &KeyPair) -> Result<String> {
    let nats = json!({
        "pub": {"allow": ["user.*.events"]},
        "sub": {"allow": ["user.relay.events"]},
        "subs": ANY,
        "data": ANY,
        "payload": ANY,
        "type": "user",
        "version": 2,
    });
    sign(account, &user.public_key(), "relay", nats)
}

/// Who hears who is connected: it asks for the list and follows the changes.
pub(crate) fn watcher(system: &KeyPair, user: &KeyPair) -> Result<String> {
    let nats = json!({
        "pub": {"allow": ["$SYS.REQ.SERVER.*.CONNZ", "$SYS.REQ.ACCOUNT.*.CONNZ"]},
        "sub": {"allow": ["$SYS.ACCOUNT.*.CONNECT", "$SYS.ACCOUNT.*.DISCONNECT", "_INBOX.>"]},
        "subs": ANY,
        "data": ANY,
        "payload": ANY,
        "type": "user",
        "version": 2,
    });
    sign(system, &user.public_key(), "relay", nats)
}

/// A user's claims with their seed, in the form of a file of credentials.
pub(crate) fn credentials(claims: &str, user: &KeyPair) -> Result<String> {
    let seed = user.seed().context("a key without its seed")?;
    Ok(format!(
        "-----BEGIN NATS USER JWT-----\n{claims}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    ))
}

fn account_limits() -> Value {
    json!({
        "subs": ANY, "data": ANY, "payload": ANY, "imports": ANY, "exports": ANY, "wildcards": true, "conn": ANY, "leaf": 0,
    })
}

fn sign(issuer: &KeyPair, subject: &str, name: &str, nats: Value) -> Result<String> {
    let claims = json!({
        "jti": Uuid::new_v4().simple().to_string(),
        "iat": SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        "iss": issuer.public_key(),
        "sub": subject,
        "name": name,
        "nats": nats,
    });
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(HEADER.as_bytes()), encode(claims.to_string().as_bytes()));
    let signature = issuer.sign(signed.as_bytes()).context("a key without its seed")?;
    Ok(format!("{signed}.{}", encode(&signature)))
}
