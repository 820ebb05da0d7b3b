//! Tokens as an identity provider signs them, and as attackers would like to.

use hmac_sha256::HMAC;
use jwt_simple::{
    prelude::*,
    reexports::ct_codecs::{Base64UrlSafeNoPadding, Encoder},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The secret of every stand that does not say otherwise.
pub const SECRET: &str = "a secret of the tests with more than 32 bytes";

/// How long tokens of the tests are valid.
const LIFETIME_SECONDS: u64 = 3600;

/// A claim set as JSON, to be changed freely before it is signed.
pub fn claims(user: Option<Uuid>, role: &str) -> Value {
    let now = Clock::now_since_epoch().as_secs();
    let mut claims = json!({"role": role, "iat": now, "exp": now + LIFETIME_SECONDS});
    if let Some(user) = user {
        claims["sub"] = json!(user);
    }
    claims
}

/// The claims of a signed-in user.
pub fn user_claims(user: Uuid) -> Value {
    claims(Some(user), "authenticated")
}

/// An HS256 token with these claims, signed with `key`.
pub fn hs256(claims: &Value, key: &[u8]) -> String {
    let payload = payload(&json!({"alg": "HS256", "typ": "JWT"}), claims);
    let tag = HMAC::mac(payload.as_bytes(), key);
    format!("{payload}.{}", base64(&tag))
}

/// A signed-in user's token.
pub fn user(user: Uuid) -> String {
    hs256(&user_claims(user), SECRET.as_bytes())
}

/// An operator's token.
pub fn operator() -> String {
    hs256(&claims(None, "service_role"), SECRET.as_bytes())
}

/// The first two parts of a token.
pub fn payload(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64(header.to_string().as_bytes()), base64(claims.to_string().as_bytes()))
}

/// Base64url without padding.
pub fn base64(bytes: &[u8]) -> String {
    // Encoding fails for lengths beyond memory only.
    Base64UrlSafeNoPadding::encode_to_string(bytes).unwrap_or_default()
}

/// The one claim beyond the registered ones.
#[derive(Serialize, Deserialize)]
pub struct Role {
    /// The database role.
    pub role: String,
}

/// A token of the role `authenticated` that an asymmetric key signs: `|claims| pair.sign(claims)`.
///
/// # Panics
/// When the key cannot sign.
pub fn signed_by(user: Uuid, sign: impl FnOnce(JWTClaims<Role>) -> Result<String, jwt_simple::Error>) -> String {
    let claims =
        Claims::with_custom_claims(Role { role: "authenticated".into() }, Duration::from_secs(LIFETIME_SECONDS))
            .with_subject(user);
    sign(claims).unwrap_or_else(|error| panic!("the token cannot be signed: {error}"))
}
