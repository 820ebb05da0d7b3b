//! Verified tokens, so that a client's next request does not pay for the signature check again.

use crate::{auth::identity::Identity, rules::limits::MAX_CACHED_TOKENS};
use std::{
    cell::RefCell,
    collections::{BTreeMap, VecDeque},
};

/// A token's SHA-256: the token itself is not kept.
type Key = [u8; 32];

/// The identities of verified tokens. Failed tokens leave no trace in it.
#[derive(Default)]
pub struct TokenCache(RefCell<Entries>);

#[derive(Default)]
struct Entries {
    verified: BTreeMap<Key, Entry>,
    /// The oldest first.
    order: VecDeque<Key>,
}

#[derive(Clone, Copy)]
struct Entry {
    identity: Identity,
    /// The second since 1970 from which on the token must be verified again.
    until: u64,
}

impl TokenCache {
    /// The key of a token.
    pub fn key(token: &str) -> Key {
        hmac_sha256::Hash::hash(token.as_bytes())
    }

    /// The token's identity, if it was verified before and that still counts.
    pub fn get(&self, key: &Key, now: u64) -> Option<Identity> {
        self.0.borrow().verified.get(key).filter(|entry| now < entry.until).map(|entry| entry.identity)
    }

    /// Keeps the identity of a verified token; the oldest entry makes room.
    pub fn insert(&self, key: Key, identity: Identity, until: u64) {
        let Entries { verified, order } = &mut *self.0.borrow_mut();
        if verified.insert(key, Entry { identity, until }).is_none() {
            order.push_back(key);
        }
        if order.len() > MAX_CACHED_TOKENS
            && let Some(oldest) = order.pop_front()
        {
            verified.remove(&oldest);
        }
    }

    /// The second since 1970 from which on a token that is kept must be verified again.
    pub fn until(&self, key: &Key) -> Option<u64> {
        self.0.borrow().verified.get(key).map(|entry| entry.until)
    }

    /// How many tokens are kept.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.0.borrow().verified.len()
    }

    /// Forgets everything: the keys that verified the tokens may not be trusted any more.
    pub fn clear(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::id::UserId;
    use uuid::Uuid;

    fn user(number: u128) -> Identity {
        Identity::User(UserId::from(Uuid::from_u128(number)))
    }

    #[test]
    fn an_identity_is_kept_under_its_token_and_no_other() {
        let cache = TokenCache::default();
        cache.insert(TokenCache::key("a"), user(1), 100);
        cache.insert(TokenCache::key("b"), user(2), 100);
        assert_eq!(cache.get(&TokenCache::key("a"), 0), Some(user(1)));
        assert_eq!(cache.get(&TokenCache::key("b"), 0), Some(user(2)));
        assert_eq!(cache.get(&TokenCache::key("ab"), 0), None);
    }

    #[test]
    fn nothing_is_used_from_its_expiry_on() {
        let cache = TokenCache::default();
        let key = TokenCache::key("a");
        cache.insert(key, user(1), 100);
        assert_eq!(cache.get(&key, 99), Some(user(1)));
        assert_eq!(cache.get(&key, 100), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let cache = TokenCache::default();
        let key = |number: usize| TokenCache::key(&number.to_string());
        for number in 0..=MAX_CACHED_TOKENS {
            cache.insert(key(number), user(number as u128), 100);
            // Verified again, as two requests of one client at the same time are.
            cache.insert(key(number), user(number as u128), 100);
        }
        assert_eq!(cache.get(&key(0), 0), None);
        assert!((1..=MAX_CACHED_TOKENS).all(|number| cache.get(&key(number), 0) == Some(user(number as u128))));
        let entries = cache.0.borrow();
        assert_eq!((entries.verified.len(), entries.order.len()), (MAX_CACHED_TOKENS, MAX_CACHED_TOKENS));
    }

    #[test]
    fn clearing_forgets_everything() {
        let cache = TokenCache::default();
        let key = TokenCache::key("a");
        cache.insert(key, user(1), 100);
        cache.clear();
        assert_eq!(cache.get(&key, 0), None);
        assert!(cache.0.borrow().order.is_empty());
    }
}
