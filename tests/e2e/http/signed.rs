//! Tokens that an asymmetric key signs.

use jwt_simple::prelude::*;
use rolecall_e2e::token::LIFETIME_SECONDS;
use uuid::Uuid;

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
