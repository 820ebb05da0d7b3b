//! Tokens the runner signs itself: for its schedule and for the demo users.

use crate::variables::Variables;
use jwt_simple::prelude::{Claims, Duration, HS256Key, MACLike};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Role {
    role: String,
}

/// A token for a role, and a user if there is one, signed with the application's `jwt_secret`; none without that secret.
pub fn sign(variables: &Variables, role: &str, user: Option<&str>, lifetime: std::time::Duration) -> Option<String> {
    let given = |name| variables.get(name).filter(|value| !value.is_empty());
    let secret = given("jwt_secret")?;
    let mut claims =
        Claims::with_custom_claims(Role { role: role.to_owned() }, Duration::from_secs(lifetime.as_secs()));
    claims.subject = user.map(str::to_owned);
    if let Some(issuer) = given("jwt_issuer") {
        claims = claims.with_issuer(issuer);
    }
    if let Some(audience) = given("jwt_audience") {
        claims = claims.with_audience(audience);
    }
    // Signing with a shared secret fails for no claims that can be serialised, which these can.
    HS256Key::from_bytes(secret.as_bytes()).authenticate(claims).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::VariableDeclaration;
    use crate::variables::Sources;
    use std::collections::{BTreeMap, HashMap};

    fn variables(given: &[(&str, &str)]) -> Variables {
        let provided: HashMap<String, String> = given.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let required = VariableDeclaration { required: true, ..Default::default() };
        let declared: BTreeMap<_, _> = provided.keys().map(|name| (name.clone(), required.clone())).collect();
        Sources { provided, ..Default::default() }.settle(&declared).unwrap()
    }

    #[test]
    fn a_token_says_who_for_how_long_and_for_whom() {
        let secret = "a secret of at least thirty-two bytes";
        let variables = variables(&[("jwt_secret", secret), ("jwt_issuer", "issuer"), ("jwt_audience", "audience")]);
        let token = sign(&variables, "authenticated", Some("user"), std::time::Duration::from_secs(60)).unwrap();
        let claims = HS256Key::from_bytes(secret.as_bytes()).verify_token::<Role>(&token, None).unwrap();
        assert_eq!((claims.custom.role.as_str(), claims.subject.as_deref()), ("authenticated", Some("user")));
        assert_eq!(claims.issuer.as_deref(), Some("issuer"));
        assert_eq!(claims.expires_at.unwrap() - claims.issued_at.unwrap(), Duration::from_secs(60));
    }

    #[test]
    fn nothing_is_signed_without_a_secret() {
        let lifetime = std::time::Duration::from_secs(60);
        assert_eq!(sign(&variables(&[]), "service_role", None, lifetime), None);
        assert_eq!(sign(&variables(&[("jwt_secret", "")]), "service_role", None, lifetime), None);
    }
}
