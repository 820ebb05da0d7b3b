//! The form of a JWK set (RFC 7517).

use super::InvalidKeys;
use serde_json::Value;

/// The algorithm that a key is for. Its kind fixes it; a token's header is not asked (RFC 8725 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JwkKind {
    /// `EC` on P-256.
    Es256,
    /// `RSA`.
    Rs256,
    /// `OKP` on Ed25519.
    EdDsa,
}

/// A key that may verify signatures.
#[derive(Clone, Debug)]
pub struct Jwk {
    /// Its algorithm.
    pub kind: JwkKind,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// The key, as JSON text.
    pub json: String,
}

/// The keys of a set that may verify signatures. Keys for encryption or of other algorithms are passed over, as RFC 7517
/// section 5 asks, and symmetric ones (`oct`): in a public document they would not be secret.
///
/// # Errors
/// It is not of the form `{"keys": [...]}`, or has no such key.
pub fn usable_keys(text: &str) -> Result<Vec<Jwk>, InvalidKeys> {
    let document: Value = serde_json::from_str(text).map_err(|_| InvalidKeys::MalformedKeySet)?;
    let jwks = document.get("keys").and_then(Value::as_array).ok_or(InvalidKeys::MalformedKeySet)?;
    let keys: Vec<_> = jwks.iter().filter_map(usable).collect();
    if keys.is_empty() { Err(InvalidKeys::NoUsableKey) } else { Ok(keys) }
}

fn usable(jwk: &Value) -> Option<Jwk> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let (kind, members): (_, &[&str]) = match (text("kty")?, text("crv"), text("alg")) {
        ("EC", Some("P-256"), None | Some("ES256")) => (JwkKind::Es256, &["x", "y"]),
        ("OKP", Some("Ed25519"), None | Some("EdDSA" | "Ed25519")) => (JwkKind::EdDsa, &["x"]),
        ("RSA", _, None | Some("RS256")) => (JwkKind::Rs256, &["n", "e"]),
        _ => return None,
    };
    let is_whole = members.iter().all(|member| text(member).is_some_and(is_base64url));
    is_whole.then(|| Jwk { kind, id: text("kid").map(str::to_owned), json: jwk.to_string() })
}

fn is_base64url(text: &str) -> bool {
    let text = text.trim_end_matches('=');
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_keys_for_signatures_are_usable() {
        let usable = |key: &str| usable_keys(&format!("{{\"keys\": [{key}]}}")).map(|keys| keys[0].kind);
        assert_eq!(usable(r#"{"kty": "EC", "crv": "P-256", "x": "AA", "y": "A_-"}"#), Ok(JwkKind::Es256));
        assert_eq!(
            usable(r#"{"kty": "RSA", "alg": "RS256", "use": "sig", "n": "AA", "e": "AQAB"}"#),
            Ok(JwkKind::Rs256)
        );
        assert_eq!(usable(r#"{"kty": "OKP", "crv": "Ed25519", "x": "AA"}"#), Ok(JwkKind::EdDsa));
        for key in [
            r#"{"kty": "EC", "crv": "P-256", "x": "AA"}"#,
            r#"{"kty": "EC", "crv": "P-256", "x": "AA", "y": "A+/"}"#,
            r#"{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}"#,
            r#"{"kty": "RSA", "use": "enc", "n": "AA", "e": "AQAB"}"#,
            r#"{"kty": "RSA", "alg": "PS256", "n": "AA", "e": "AQAB"}"#,
            r#"{"kty": "RSA", "n": "", "e": "AQAB"}"#,
            r#"{"kty": "oct", "k": "c2VjcmV0"}"#,
            "{}",
            "1",
        ] {
            assert_eq!(usable(key), Err(InvalidKeys::NoUsableKey), "{key}");
        }
    }
}
