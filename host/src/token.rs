//! Tokens the runner signs itself: for its schedule and for the demo users.
//!
//! Signing with a shared secret is a hash over two encoded texts. The functions check tokens, which is the part that takes
//! care, with a library; the runner does without it, because it is the largest dependency next to the WebAssembly engine.

use crate::manifest::variables::Variables;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha256::HMAC;
use serde::Serialize;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// The claims of a token, under their registered names.
#[derive(Serialize)]
struct Claims<'a> {
    iat: u64,
    exp: u64,
    nbf: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    role: &'a str,
}

/// A token for a role, and a user if there is one, signed with the application's `jwt_secret`; none without that secret.
pub fn sign(variables: &Variables, role: &str, user: Option<&str>, lifetime: Duration) -> Option<String> {
    let given = |name| variables.get(name).filter(|value| !value.is_empty());
    let secret = given("jwt_secret")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let claims = Claims {
        iat: now,
        exp: now + lifetime.as_secs(),
        nbf: now,
        iss: given("jwt_issuer"),
        sub: user,
        aud: given("jwt_audience"),
        role,
    };
    Some(hs256(HEADER, &serde_json::to_string(&claims).ok()?, secret.as_bytes()))
}

/// The compact form of RFC 7515 of a header and claims, signed with HMAC SHA-256.
fn hs256(header: &str, claims: &str, key: &[u8]) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = HMAC::mac(signed.as_bytes(), key);
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::variables::{Sources, VariableDeclaration};
    use std::collections::{BTreeMap, HashMap};

    fn variables(given: &[(&str, &str)]) -> Variables {
        let provided: HashMap<String, String> = given.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let required = VariableDeclaration { required: true, ..Default::default() };
        let declared: BTreeMap<_, _> = provided.keys().map(|name| (name.clone(), required.clone())).collect();
        Sources { provided, ..Default::default() }.settle(&declared).unwrap()
    }

    /// The example of RFC 7515, appendix A.1.
    #[test]
    fn the_signature_is_that_of_the_standard() {
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let token = hs256(
            "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
            &URL_SAFE_NO_PAD.decode(key).unwrap(),
        );
        assert_eq!(
            token,
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
             .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
             .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
    }

    #[test]
    fn a_token_says_who_for_how_long_and_for_whom() {
        let secret = "a secret of at least thirty-two bytes";
        let variables = variables(&[("jwt_secret", secret), ("jwt_issuer", "issuer"), ("jwt_audience", "audience")]);
        let token = sign(&variables, "authenticated", Some("user"), Duration::from_secs(60)).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        let signed = format!("{}.{}", parts[0], parts[1]);
        assert_eq!((parts.len(), decode(parts[2])), (3, HMAC::mac(signed.as_bytes(), secret).to_vec()));
        let header: serde_json::Value = serde_json::from_slice(&decode(parts[0])).unwrap();
        assert_eq!(header["alg"], "HS256");
        let claims: serde_json::Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!((&claims["role"], &claims["sub"]), (&"authenticated".into(), &"user".into()));
        assert_eq!((&claims["iss"], &claims["aud"]), (&"issuer".into(), &"audience".into()));
        assert_eq!(claims["nbf"], claims["iat"]);
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 60);
    }

    #[test]
    fn nothing_is_signed_without_a_secret() {
        let lifetime = Duration::from_secs(60);
        assert_eq!(sign(&variables(&[]), "service_role", None, lifetime), None);
        assert_eq!(sign(&variables(&[("jwt_secret", "")]), "service_role", None, lifetime), None);
    }
}
