//! The keys that verify tokens: a secret, or the keys of a JWK set (RFC 7517).

use crate::rules::limits::MIN_JWT_SECRET_BYTES;
use jwt_simple::prelude::*;
use serde_json::Value;
use std::fmt;

/// A key that verifies tokens. Its kind fixes the algorithm; the token's header is not asked (RFC 8725 section 3.1).
pub(super) enum Key {
    Hs256(HS256Key),
    Es256(ES256PublicKey),
    Rs256(Box<RS256PublicKey>),
    EdDsa(Ed25519PublicKey),
}

/// The keys of a JWK set (RFC 7517), with their ids.
#[derive(Default)]
pub struct KeySet {
    pub(super) keys: Vec<(Option<String>, Key)>,
}

/// A key setting that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidKeys {
    /// Neither a secret nor a key set is configured.
    None,
    /// The secret is too short for HS256.
    ShortSecret,
    /// The key set is not JSON of the form `{"keys": [...]}`.
    MalformedKeySet,
    /// The key set has no key that could verify a signature.
    NoUsableKey,
}

impl fmt::Display for InvalidKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidKeys::None => {
                f.write_str("set jwt_secret, jwt_jwks or jwt_jwks_url: without a key no token can be checked")
            }
            InvalidKeys::ShortSecret => write!(f, "jwt_secret must have at least {MIN_JWT_SECRET_BYTES} bytes"),
            InvalidKeys::MalformedKeySet => f.write_str("the JWK set is not of the form {\"keys\": [...]}"),
            InvalidKeys::NoUsableKey => f.write_str("the JWK set has no ES256, RS256 or EdDSA signature key"),
        }
    }
}

impl std::error::Error for InvalidKeys {}

impl KeySet {
    /// Reads a JWK set. Keys for encryption or of other algorithms are passed over, as RFC 7517 section 5 asks.
    pub fn parse(text: &str) -> Result<KeySet, InvalidKeys> {
        let document: Value = serde_json::from_str(text).map_err(|_| InvalidKeys::MalformedKeySet)?;
        let jwks = document.get("keys").and_then(Value::as_array).ok_or(InvalidKeys::MalformedKeySet)?;
        let keys: Vec<_> = jwks.iter().filter_map(read_key).collect();
        if keys.is_empty() { Err(InvalidKeys::NoUsableKey) } else { Ok(KeySet { keys }) }
    }

    /// Whether a key of the set has this id.
    pub(super) fn has(&self, key_id: &str) -> bool {
        self.keys.iter().any(|(id, _)| id.as_deref() == Some(key_id))
    }
}

/// Reads a signature key. A symmetric key (`oct`) is passed over: in a public document it would not be a secret.
fn read_key(jwk: &Value) -> Option<(Option<String>, Key)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let encoded = jwk.to_string();
    let key = match (text("kty")?, text("crv"), text("alg")) {
        ("EC", Some("P-256"), None | Some("ES256")) => ES256PublicKey::from_jwk(&encoded).ok().map(Key::Es256),
        ("OKP", Some("Ed25519"), None | Some("EdDSA" | "Ed25519")) => {
            Ed25519PublicKey::from_jwk(&encoded).ok().map(Key::EdDsa)
        }
        ("RSA", _, None | Some("RS256")) => {
            RS256PublicKey::from_jwk(&encoded).ok().map(|key| Key::Rs256(Box::new(key)))
        }
        _ => None,
    }?;
    Some((text("kid").map(str::to_owned), key))
}
