//! Tokens by which clients read their own subject of NATS. A token names the user and nothing else: what a user may do is
//! the template of the account's signing key, which the server of NATS applies.

use crate::{
    auth::verifier::TokenError,
    rules::{id::UserId, limits::REALTIME_TOKEN_SECONDS},
    settings::Realtime,
    wire::{
        nkey::{KeyType, public_key},
        refusal::Refusal,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_compact::{KeyPair, Seed};
use serde_json::json;
use std::fmt;
use uuid::Uuid;

/// Signs tokens for NATS.
pub struct TokenSigner {
    /// The address for clients.
    pub url: String,
    account: String,
    issuer: String,
    key: KeyPair,
}

/// A token for NATS, and the second since 1970 at which the server closes the connection that was opened with it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedToken {
    /// The token.
    pub token: String,
    /// Its end.
    pub expires_at: u64,
}

impl TokenSigner {
    /// The signer of a configuration.
    pub fn new(realtime: Realtime) -> TokenSigner {
        let Realtime { url, account, seed } = realtime;
        let key = KeyPair::from_seed(Seed::new(seed.bytes()));
        TokenSigner { url, account, issuer: public_key(KeyType::Account, &key.pk), key }
    }

    /// A token for a user, issued at the second `now` on the strength of a token of the API that ends at the second
    /// `until`; the new one does not outlive it.
    ///
    /// # Errors
    /// The other token has ended: that it is still let in, for the sake of clocks that differ, opens no connection.
    pub fn sign(&self, user: UserId, now: u64, until: u64) -> Result<SignedToken, Refusal> {
        let expires_at = until.min(now.saturating_add(REALTIME_TOKEN_SECONDS));
        if expires_at <= now {
            return Err(TokenError::Invalid("The token has expired.").refusal());
        }
        let claims = json!({
            "jti": Uuid::new_v4().simple().to_string(),
            "iat": now,
            "exp": expires_at,
            "iss": self.issuer,
            "sub": subject_key(user),
            "name": user,
            "nats": {"issuer_account": self.account, "type": "user", "version": 2},
        });
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(r#"{"typ":"JWT","alg":"ed25519-nkey"}"#), encode(&claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sk.sign(&signed, None));
        Ok(SignedToken { token: format!("{signed}.{signature}"), expires_at })
    }
}

/// The subjects that a user may subscribe to.
pub fn subjects(user: UserId) -> String {
    format!("user.{user}.>")
}

/// A key of NATS that stands for a user: the same in each of their tokens, so that `nsc revocations add-user` names them.
/// It has no private half, because the template says that the token alone is enough.
fn subject_key(user: UserId) -> String {
    public_key(KeyType::User, &hmac_sha256::Hash::hash(format!("rolecall user {user}").as_bytes()))
}

/// Without the key.
impl fmt::Debug for TokenSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSigner")
    }
}

/// Without the token.
impl fmt::Debug for SignedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rules::code::Code, settings::Variables};
    use proptest::prelude::*;
    use serde_json::Value;

    /// The seconds of a day in 2026.
    const NOW: u64 = 1_790_000_000;

    fn signer(account: &nkeys::KeyPair, key: &nkeys::KeyPair) -> TokenSigner {
        let variables = Variables {
            realtime_url: Some("ws://127.0.0.1:1".into()),
            realtime_account: account.public_key(),
            realtime_signing_key: key.seed().unwrap(),
            ..Variables::default()
        };
        TokenSigner::new(variables.realtime().unwrap().unwrap())
    }

    /// Reads a token as NATS does: three parts, the header's algorithm, and the signature of the first two parts by the key
    /// that the claim `iss` names.
    fn read(token: &str) -> Value {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = *parts else { panic!("{} parts", parts.len()) };
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let header: Value = serde_json::from_slice(&decode(header)).unwrap();
        assert_eq!(header, json!({"typ": "JWT", "alg": "ed25519-nkey"}));
        let claims: Value = serde_json::from_slice(&decode(claims)).unwrap();
        let issuer = nkeys::KeyPair::from_public_key(claims["iss"].as_str().unwrap()).unwrap();
        let (signed, _) = token.rsplit_once('.').unwrap();
        issuer.verify(signed.as_bytes(), &decode(signature)).unwrap();
        claims
    }

    fn user(number: u128) -> UserId {
        UserId::from(Uuid::from_u128(number))
    }

    #[test]
    fn a_token_names_the_user_and_nothing_that_they_may_do() {
        let (account, key) = (nkeys::KeyPair::new_account(), nkeys::KeyPair::new_account());
        let signer = signer(&account, &key);
        let signed = signer.sign(user(7), NOW, NOW + 3600).unwrap();
        let mut claims = read(&signed.token);
        assert_eq!(signed.expires_at, NOW + REALTIME_TOKEN_SECONDS);
        let claims = claims.as_object_mut().unwrap();
        let id = claims.remove("jti").unwrap();
        let subject = claims.remove("sub").unwrap();
        assert_eq!(id.as_str().unwrap().len(), 32);
        let (prefix, _) = nkeys::from_public_key(subject.as_str().unwrap()).unwrap();
        assert_eq!(nkeys::KeyPairType::from(prefix), nkeys::KeyPairType::User);
        assert_eq!(
            Value::from(claims.clone()),
            json!({
                "iat": NOW, "exp": NOW + REALTIME_TOKEN_SECONDS, "iss": key.public_key(), "name": user(7).to_string(),
                "nats": {"issuer_account": account.public_key(), "type": "user", "version": 2},
            })
        );
        assert_eq!(format!("{signer:?} {signed:?}"), "TokenSigner SignedToken");
    }

    #[test]
    fn tokens_of_a_user_have_one_subject_and_an_id_each() {
        let signer = signer(&nkeys::KeyPair::new_account(), &nkeys::KeyPair::new_account());
        let claims = |number| read(&signer.sign(user(number), NOW, NOW + 60).unwrap().token);
        let (one, again, other) = (claims(1), claims(1), claims(2));
        assert_eq!(one["sub"], again["sub"]);
        assert_ne!(one["jti"], again["jti"]);
        assert_ne!(one["sub"], other["sub"]);
    }

    #[test]
    fn a_token_does_not_outlive_the_one_it_is_given_for() {
        let signer = signer(&nkeys::KeyPair::new_account(), &nkeys::KeyPair::new_account());
        let end = |until| signer.sign(user(1), NOW, until).map(|signed| signed.expires_at).map_err(|no| no.code);
        assert_eq!(end(NOW + REALTIME_TOKEN_SECONDS + 1), Ok(NOW + REALTIME_TOKEN_SECONDS));
        assert_eq!(end(NOW + REALTIME_TOKEN_SECONDS), Ok(NOW + REALTIME_TOKEN_SECONDS));
        assert_eq!(end(NOW + 1), Ok(NOW + 1));
        assert_eq!(end(NOW), Err(Code::Unauthenticated));
        assert_eq!(end(NOW - 59), Err(Code::Unauthenticated));
    }

    proptest! {
        #[test]
        fn every_token_is_signed_and_ends_in_time(seed: [u8; 32], number: u128, now in 0..u64::MAX, until: u64) {
            let key = nkeys::KeyPair::new_from_raw(nkeys::KeyPairType::Account, seed).unwrap();
            let signer = signer(&nkeys::KeyPair::new_account(), &key);
            match signer.sign(user(number), now, until) {
                Ok(signed) => {
                    let claims = read(&signed.token);
                    prop_assert_eq!(&claims["iss"], &json!(key.public_key()));
                    prop_assert_eq!(&claims["name"], &json!(user(number).to_string()));
                    prop_assert_eq!(claims["exp"].as_u64(), Some(signed.expires_at));
                    prop_assert!(signed.expires_at > now && signed.expires_at <= until);
                    prop_assert!(signed.expires_at - now <= REALTIME_TOKEN_SECONDS);
                }
                Err(_) => prop_assert!(until <= now),
            }
        }

        /// Whoever changes a token has none.
        #[test]
        fn a_changed_token_is_not_signed(at in 0_usize..500, other in "[A-Za-z0-9_-]") {
            let key = nkeys::KeyPair::new_account();
            let token = signer(&nkeys::KeyPair::new_account(), &key).sign(user(1), NOW, NOW + 60).unwrap().token;
            let mut changed = token.clone();
            let at = at % token.len();
            changed.replace_range(at..=at, &other);
            let (signed, signature) = changed.rsplit_once('.').unwrap();
            let is_signed = URL_SAFE_NO_PAD.decode(signature).is_ok_and(|it| key.verify(signed.as_bytes(), &it).is_ok());
            prop_assert_eq!(is_signed, changed == token);
        }
    }
}
