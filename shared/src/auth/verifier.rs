//! Bearer tokens: what a verified token says (RFC 7519, RFC 8725).

use crate::{
    auth::{
        cache::TokenCache,
        identity::Identity,
        keys::{InvalidKeys, Key, KeySet},
    },
    rules::{
        code::Code,
        id::{UserId, hyphenated_uuid},
        limits::{MAX_TOKEN_BYTES, MIN_JWT_SECRET_BYTES, TOKEN_LEEWAY_SECONDS},
    },
    wire::refusal::Refusal,
};
use jwt_simple::{JWTError, prelude::*};
use std::{cell::RefCell, collections::HashSet};

/// Why a token was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// There is no bearer token.
    Missing,
    /// The token is signed with a key that is not known, and that a key set might have by now.
    UnknownKey,
    /// It is not acceptable, for this reason.
    Invalid(&'static str),
}

impl TokenError {
    /// The refusal a client receives.
    pub fn refusal(&self) -> Refusal {
        let detail = match self {
            TokenError::Missing => "Send a token: `Authorization: Bearer <JWT>`.",
            TokenError::UnknownKey => "The token is signed with an unknown key.",
            TokenError::Invalid(why) => why,
        };
        // RFC 6750 section 3: no error code where there was no token.
        let challenge = match self {
            TokenError::Missing => "Bearer realm=\"rolecall\"",
            _ => "Bearer realm=\"rolecall\", error=\"invalid_token\"",
        };
        Refusal::new(Code::Unauthenticated, detail).with_header(http::header::WWW_AUTHENTICATE, challenge)
    }
}

/// The token of an `Authorization` header's value (RFC 6750 section 2.1; the scheme in any case).
pub fn bearer(authorization: Option<&http::HeaderValue>) -> Result<&str, TokenError> {
    let (scheme, token) = authorization
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split_once(' '))
        .ok_or(TokenError::Missing)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() { Ok(token) } else { Err(TokenError::Missing) }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    role: Option<String>,
}

/// The algorithms of the keys that a key set can have. No others can become known by fetching it.
const ALGORITHMS_OF_SETS: [&str; 4] = ["ES256", "RS256", "EdDSA", "Ed25519"];

/// Checks tokens against the configured keys.
pub struct Verifier {
    secret: Option<Key>,
    configured: KeySet,
    fetched: RefCell<KeySet>,
    options: VerificationOptions,
    verified: TokenCache,
}

impl Verifier {
    /// A verifier for a secret (empty: none) and a key set, which accepts `issuer` and `audience` only (empty: any).
    pub fn new(secret: &str, keys: KeySet, issuer: &str, audience: &str) -> Result<Verifier, InvalidKeys> {
        let secret = match secret.len() {
            0 => None,
            1..MIN_JWT_SECRET_BYTES => return Err(InvalidKeys::ShortSecret),
            _ => Some(Key::Hs256(HS256Key::from_bytes(secret.as_bytes()))),
        };
        let only = |value: &str| (!value.is_empty()).then(|| HashSet::from([value.to_owned()]));
        let options = VerificationOptions {
            allowed_issuers: only(issuer),
            allowed_audiences: only(audience),
            time_tolerance: Some(Duration::from_secs(TOKEN_LEEWAY_SECONDS)),
            max_token_length: Some(MAX_TOKEN_BYTES),
            ..VerificationOptions::default()
        };
        let (fetched, verified) = (RefCell::default(), TokenCache::default());
        Ok(Verifier { secret, configured: keys, fetched, options, verified })
    }

    /// Replaces the key set that was fetched.
    pub fn replace_keys(&self, keys: KeySet) {
        self.fetched.replace(keys);
        self.verified.clear();
    }

    /// Whether there are keys that need not be fetched.
    pub fn has_keys(&self) -> bool {
        self.secret.is_some() || !self.configured.keys.is_empty()
    }

    /// The token's identity, once its signature, times, issuer and audience are checked. All but its expiry is checked
    /// the first time only.
    pub fn verify(&self, token: &str) -> Result<Identity, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid("The token is too long."));
        }
        let key = TokenCache::key(token);
        if let Some(identity) = self.verified.get(&key, Clock::now_since_epoch().as_secs()) {
            return Ok(identity);
        }
        let claims = self.check(token)?;
        let identity = identity(&claims)?;
        if let Some(expires_at) = claims.expires_at {
            // Rounded down, as the clock above is: in its last second a token is checked each time.
            self.verified.insert(key, identity, expires_at.as_secs().saturating_add(TOKEN_LEEWAY_SECONDS));
        }
        Ok(identity)
    }

    /// The second since 1970 at which a token ends that was verified just now.
    pub fn end_of(&self, token: &str) -> Option<u64> {
        self.verified.until(&TokenCache::key(token)).map(|until| until - TOKEN_LEEWAY_SECONDS)
    }

    /// Checks a token's signature, times, issuer and audience.
    fn check(&self, token: &str) -> Result<JWTClaims<Claims>, TokenError> {
        let metadata = Token::decode_metadata(token).map_err(|_| TokenError::Invalid("The token is malformed."))?;
        let fetched = self.fetched.borrow();
        let sets = [&self.configured, &*fetched];
        let named = metadata.key_id().filter(|id| sets.iter().any(|set| set.has(id)));
        // The key that the token names, the secret and the keys without an id if it names an unknown one, and all if it
        // names none.
        let in_sets = sets.iter().flat_map(|set| &set.keys).filter(|(id, _)| match (named, metadata.key_id()) {
            (Some(named), _) => id.as_deref() == Some(named),
            (None, Some(_)) => id.is_none(),
            (None, None) => true,
        });
        let secret = self.secret.iter().filter(|_| named.is_none());
        for key in secret.chain(in_sets.map(|(_, key)| key)) {
            match self.verify_with(key, token) {
                Err(error) if is_of_another_key(&error) => {}
                claims => return claims.map_err(|error| TokenError::Invalid(explain(&error))),
            }
        }
        // The header is believed in this alone: whether it is of use to ask for keys.
        if named.is_none() && ALGORITHMS_OF_SETS.contains(&metadata.algorithm()) {
            Err(TokenError::UnknownKey)
        } else {
            Err(TokenError::Invalid(NOT_VALID))
        }
    }

    fn verify_with(&self, key: &Key, token: &str) -> Result<JWTClaims<Claims>, jwt_simple::Error> {
        let options = Some(self.options.clone());
        match key {
            Key::Hs256(key) => key.verify_token::<Claims>(token, options),
            Key::Es256(key) => key.verify_token::<Claims>(token, options),
            Key::Rs256(key) => key.verify_token::<Claims>(token, options),
            Key::EdDsa(key) => key.verify_token::<Claims>(token, options),
        }
    }
}

const NOT_VALID: &str = "The token is not valid.";

/// Whether a token may be good, but is not signed with the key that it was checked with.
fn is_of_another_key(error: &jwt_simple::Error) -> bool {
    explain(error) == NOT_VALID
}

/// What is wrong with a token, as far as that helps its owner. Why a signature fails would only help a forger.
fn explain(error: &jwt_simple::Error) -> &'static str {
    match error.downcast_ref::<JWTError>() {
        Some(JWTError::TokenHasExpired) => "The token has expired.",
        Some(JWTError::TokenNotValidYet | JWTError::ClockDrift) => "The token is not valid yet.",
        Some(JWTError::RequiredIssuerMissing | JWTError::RequiredIssuerMismatch) => "The token is from another issuer.",
        Some(JWTError::RequiredAudienceMissing | JWTError::RequiredAudienceMismatch) => {
            "The token is for another audience."
        }
        Some(JWTError::TokenTooLong | JWTError::HeaderTooLarge) => "The token is too long.",
        _ => NOT_VALID,
    }
}

fn identity(claims: &JWTClaims<Claims>) -> Result<Identity, TokenError> {
    if claims.expires_at.is_none() {
        return Err(TokenError::Invalid("The token has no expiry (`exp`)."));
    }
    let subject = match claims.subject.as_deref() {
        None => None,
        Some(text) => {
            Some(hyphenated_uuid(text).ok_or(TokenError::Invalid("The token's subject (`sub`) is not a uuid."))?)
        }
    };
    match (claims.custom.role.as_deref(), subject) {
        (Some("authenticated"), Some(user)) => Ok(Identity::User(UserId::from(user))),
        (Some("authenticated"), None) => Err(TokenError::Invalid("The token has no subject (`sub`).")),
        (Some("service_role"), user) => Ok(Identity::Service(user.map(UserId::from))),
        (Some("anon"), _) => Ok(Identity::Anonymous),
        _ => Ok(Identity::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const SECRET: &str = "a test secret of at least 32 bytes";
    const USER: &str = "00000000-0000-4000-8000-000000000001";

    fn claims(role: &str) -> JWTClaims<Claims> {
        jwt_simple::claims::Claims::with_custom_claims(Claims { role: Some(role.into()) }, Duration::from_mins(5))
            .with_subject(USER)
    }

    fn sign(claims: JWTClaims<Claims>) -> String {
        HS256Key::from_bytes(SECRET.as_bytes()).authenticate(claims).unwrap()
    }

    fn verifier() -> Verifier {
        Verifier::new(SECRET, KeySet::default(), "", "").unwrap()
    }

    fn user() -> Identity {
        Identity::User(UserId::from(hyphenated_uuid(USER).unwrap()))
    }

    fn invalid(why: &'static str) -> Result<Identity, TokenError> {
        Err(TokenError::Invalid(why))
    }

    #[test]
    fn roles_become_identities() {
        let verify = |claims| verifier().verify(&sign(claims));
        assert_eq!(verify(claims("authenticated")), Ok(user()));
        assert_eq!(verify(claims("anon")), Ok(Identity::Anonymous));
        assert_eq!(verify(claims("postgres")), Ok(Identity::Unknown));
        let mut service = claims("service_role");
        service.subject = None;
        assert_eq!(verify(service), Ok(Identity::Service(None)));
    }

    #[test]
    fn a_user_token_needs_a_uuid_and_an_expiry() {
        let mut without_subject = claims("authenticated");
        without_subject.subject = None;
        assert_eq!(verifier().verify(&sign(without_subject)), invalid("The token has no subject (`sub`)."));
        for subject in ["", "admin", "{00000000-0000-4000-8000-000000000001}", "00000000000040008000000000000001"] {
            let token = sign(claims("authenticated").with_subject(subject));
            assert_eq!(verifier().verify(&token), invalid("The token's subject (`sub`) is not a uuid."), "{subject}");
        }
        let mut eternal = claims("authenticated");
        eternal.expires_at = None;
        assert_eq!(verifier().verify(&sign(eternal)), invalid("The token has no expiry (`exp`)."));
    }

    #[test]
    fn times_are_checked_with_a_minute_of_leeway() {
        let now = Clock::now_since_epoch();
        let at = |expires: i64, not_before: i64| {
            let shift = |seconds: i64| Duration::from_secs(now.as_secs().saturating_add_signed(seconds));
            let mut claims = claims("authenticated");
            claims.expires_at = Some(shift(expires));
            claims.invalid_before = Some(shift(not_before));
            claims.issued_at = None;
            verifier().verify(&sign(claims))
        };
        assert_eq!(at(-50, -100), Ok(user()));
        assert_eq!(at(-70, -100), invalid("The token has expired."));
        assert_eq!(at(300, 50), Ok(user()));
        assert_eq!(at(300, 70), invalid("The token is not valid yet."));
    }

    #[test]
    fn a_verified_token_is_remembered_and_a_failed_one_is_not() {
        let verifier = verifier();
        let now = Clock::now_since_epoch();
        let mut expired = claims("authenticated");
        expired.expires_at = Some(Duration::from_secs(now.as_secs() - 70));
        let subjectless = claims("authenticated").with_subject("admin");
        let forged = HS256Key::generate().authenticate(claims("authenticated")).unwrap();
        for token in [sign(expired), sign(subjectless), forged, "a.b.c".into()] {
            assert!(verifier.verify(&token).is_err());
        }
        assert_eq!(verifier.verified.count(), 0);
        let token = sign(claims("authenticated"));
        for _ in 0..2 {
            assert_eq!(verifier.verify(&token), Ok(user()));
            assert_eq!(verifier.verified.count(), 1);
        }
    }

    #[test]
    fn a_remembered_token_is_refused_once_its_leeway_is_over() {
        let verifier = verifier();
        let token = sign(claims("authenticated"));
        // As if it had been verified long ago, and its time were up since.
        verifier.verified.insert(TokenCache::key(&token), Identity::Anonymous, Clock::now_since_epoch().as_secs());
        assert_eq!(verifier.verify(&token), Ok(user()), "it is checked again");
        let expires = Clock::now_since_epoch().as_secs() + 100;
        let mut expiring = claims("authenticated");
        expiring.expires_at = Some(Duration::from_secs(expires));
        let (expiring, until) = (sign(expiring), expires + TOKEN_LEEWAY_SECONDS);
        assert_eq!(verifier.verify(&expiring), Ok(user()));
        let key = TokenCache::key(&expiring);
        assert_eq!(verifier.verified.get(&key, until - 1), Some(user()));
        assert_eq!(verifier.verified.get(&key, until), None);
    }

    #[test]
    fn replaced_keys_verify_every_token_anew() {
        let pair = ES256KeyPair::generate();
        let keys =
            |pair: &ES256KeyPair| KeySet::parse(&format!("{{\"keys\":[{}]}}", pair.public_key().to_jwk())).unwrap();
        let verifier = Verifier::new("", keys(&pair), "", "").unwrap();
        let token = pair.sign(claims("authenticated")).unwrap();
        assert_eq!(verifier.verify(&token), Ok(user()));
        verifier.replace_keys(keys(&ES256KeyPair::generate()));
        assert_eq!(verifier.verify(&token), Ok(user()), "what is configured stays");
        let verifier = Verifier::new(SECRET, KeySet::default(), "", "").unwrap();
        verifier.replace_keys(keys(&pair));
        assert_eq!(verifier.verify(&token), Ok(user()));
        verifier.replace_keys(keys(&ES256KeyPair::generate()));
        assert_eq!(verifier.verify(&token), Err(TokenError::UnknownKey));
    }

    #[test]
    fn beside_a_secret_an_unknown_key_is_unknown_and_not_invalid() {
        let pair = ES256KeyPair::generate().with_key_id("new");
        let verifier = verifier();
        let token = pair.sign(claims("authenticated")).unwrap();
        assert_eq!(verifier.verify(&token), Err(TokenError::UnknownKey));
        let mut jwk: Value = serde_json::from_str(&pair.public_key().to_jwk()).unwrap();
        jwk["kid"] = json!("new");
        verifier.replace_keys(KeySet::parse(&json!({"keys": [jwk]}).to_string()).unwrap());
        assert_eq!(verifier.verify(&token), Ok(user()));
        // Fetching keys would not help these, so they must not cause it.
        let forged = HS256Key::generate().with_key_id("other").authenticate(claims("authenticated")).unwrap();
        assert_eq!(verifier.verify(&forged), invalid(NOT_VALID));
        let mut expired = claims("authenticated");
        expired.expires_at = Some(Clock::now_since_epoch() - Duration::from_mins(5));
        let expired = HS256Key::from_bytes(SECRET.as_bytes()).with_key_id("other").authenticate(expired).unwrap();
        assert_eq!(verifier.verify(&expired), invalid("The token has expired."));
    }

    #[test]
    fn issuer_and_audience_are_checked_when_configured() {
        let strict = Verifier::new(SECRET, KeySet::default(), "https://auth.example", "app").unwrap();
        let verify = |claims| strict.verify(&sign(claims));
        assert_eq!(
            verify(claims("authenticated").with_issuer("https://auth.example").with_audience("app")),
            Ok(user())
        );
        assert_eq!(verify(claims("authenticated").with_audience("app")), invalid("The token is from another issuer."));
        assert_eq!(
            verify(claims("authenticated").with_issuer("https://evil.example").with_audience("app")),
            invalid("The token is from another issuer.")
        );
        assert_eq!(
            verify(claims("authenticated").with_issuer("https://auth.example").with_audience("other")),
            invalid("The token is for another audience.")
        );
    }

    #[test]
    fn asymmetric_keys_are_read_from_a_key_set_and_chosen_by_their_id() {
        let es = ES256KeyPair::generate().with_key_id("es");
        let ed = Ed25519KeyPair::generate().with_key_id("ed");
        let mut es_jwk: Value = serde_json::from_str(&es.public_key().to_jwk()).unwrap();
        let mut ed_jwk: Value = serde_json::from_str(&ed.public_key().to_jwk()).unwrap();
        es_jwk["kid"] = json!("es");
        ed_jwk["kid"] = json!("ed");
        let set = json!({"keys": [es_jwk, ed_jwk, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "EC", "crv": "P-521"}]});
        let verifier = Verifier::new("", KeySet::parse(&set.to_string()).unwrap(), "", "").unwrap();
        assert_eq!(verifier.verify(&es.sign(claims("authenticated")).unwrap()), Ok(user()));
        assert_eq!(verifier.verify(&ed.sign(claims("authenticated")).unwrap()), Ok(user()));

        let stranger = ES256KeyPair::generate().with_key_id("es");
        assert_eq!(
            verifier.verify(&stranger.sign(claims("authenticated")).unwrap()),
            invalid("The token is not valid.")
        );
        let renamed = ES256KeyPair::generate().with_key_id("other");
        assert_eq!(verifier.verify(&renamed.sign(claims("authenticated")).unwrap()), Err(TokenError::UnknownKey));
    }

    #[test]
    fn the_header_cannot_choose_the_algorithm() {
        let pair = ES256KeyPair::generate();
        let jwk = pair.public_key().to_jwk();
        let verifier = Verifier::new("", KeySet::parse(&format!("{{\"keys\":[{jwk}]}}")).unwrap(), "", "").unwrap();
        let public = pair.public_key();
        for bytes in [
            public.to_pem().unwrap().into_bytes(),
            public.to_der().unwrap(),
            public.public_key().to_bytes_uncompressed(),
            jwk.into_bytes(),
        ] {
            let forged = HS256Key::from_bytes(&bytes).authenticate(claims("authenticated")).unwrap();
            assert_eq!(verifier.verify(&forged), invalid("The token is not valid."));
        }
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let signed = sign(claims("authenticated"));
        let payload = signed.split('.').nth(1).unwrap();
        for header in ["eyJhbGciOiJub25lIn0", "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJOT05FIn0"] {
            for signature in ["", "AA"] {
                assert!(verifier().verify(&format!("{header}.{payload}.{signature}")).is_err());
            }
        }
        for garbage in ["", ".", "..", "a.b.c", "é.é.é", &signed[..signed.len() - 2]] {
            assert!(verifier().verify(garbage).is_err(), "{garbage}");
        }
    }

    #[test]
    fn weak_settings_are_refused() {
        assert_eq!(Verifier::new("short", KeySet::default(), "", "").err(), Some(InvalidKeys::ShortSecret));
        assert_eq!(KeySet::parse("[]").err(), Some(InvalidKeys::MalformedKeySet));
        assert_eq!(KeySet::parse("{\"keys\":[]}").err(), Some(InvalidKeys::NoUsableKey));
        assert_eq!(
            KeySet::parse("{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}").err(),
            Some(InvalidKeys::NoUsableKey)
        );
    }

    #[test]
    fn the_bearer_scheme_is_read_in_any_case() {
        let read = |text: &'static str| bearer(Some(&http::HeaderValue::from_static(text))).map(str::to_owned);
        assert_eq!(read("Bearer abc"), Ok("abc".into()));
        assert_eq!(read("bearer  abc "), Ok("abc".into()));
        for text in ["", "abc", "Basic abc", "Bearer", "Bearer ", "Bearerabc"] {
            assert_eq!(read(text), Err(TokenError::Missing), "{text}");
        }
        assert_eq!(bearer(None), Err(TokenError::Missing));
    }
}
