//! The keys that verify tokens: a secret, or the keys of a JWK set (RFC 7517).

pub use crate::settings::InvalidKeys;
use crate::settings::{Jwk, JwkKind, usable_keys};
use jwt_simple::prelude::*;

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

impl KeySet {
    /// Reads a JWK set.
    ///
    /// # Errors
    /// It is none, or has no key that can verify a signature.
    pub fn parse(text: &str) -> Result<KeySet, InvalidKeys> {
        let keys: Vec<_> = usable_keys(text)?.into_iter().filter_map(read_key).collect();
        if keys.is_empty() { Err(InvalidKeys::NoUsableKey) } else { Ok(KeySet { keys }) }
    }

    /// Whether a key of the set has this id.
    pub(super) fn has(&self, key_id: &str) -> bool {
        self.keys.iter().any(|(id, _)| id.as_deref() == Some(key_id))
    }
}

/// Reads a signature key; none if its numbers are no key.
fn read_key(jwk: Jwk) -> Option<(Option<String>, Key)> {
    let key = match jwk.kind {
        JwkKind::Es256 => Key::Es256(ES256PublicKey::from_jwk(&jwk.json).ok()?),
        JwkKind::EdDsa => Key::EdDsa(Ed25519PublicKey::from_jwk(&jwk.json).ok()?),
        JwkKind::Rs256 => Key::Rs256(Box::new(RS256PublicKey::from_jwk(&jwk.json).ok()?)),
    };
    Some((jwk.id, key))
}
