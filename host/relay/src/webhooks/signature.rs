//! Signatures as Standard Webhooks (<https://www.standardwebhooks.com>) has them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac_sha256::HMAC;
use std::fmt;

/// What a secret begins with.
const SECRET: &str = "whsec_";

/// The scheme with a key that both sides have.
const VERSION: &str = "v1";

/// A key that sender and receiver have.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// Reads `whsec_` and the key in base64; none: it is not one.
    pub(crate) fn parse(text: &str) -> Option<Secret> {
        let key = STANDARD.decode(text.strip_prefix(SECRET)?).ok()?;
        (!key.is_empty()).then_some(Secret(key))
    }

    fn sign(&self, id: &str, timestamp: u64, body: &[u8]) -> String {
        let mut mac = HMAC::new(&self.0);
        mac.update(format!("{id}.{timestamp}."));
        mac.update(body);
        format!("{VERSION},{}", STANDARD.encode(mac.finalize()))
    }
}

/// Without the key.
impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The value of `webhook-signature`: a signature by each secret, so that a receiver may have the old one or the new one.
pub(crate) fn signatures(secrets: &[Secret], id: &str, timestamp: u64, body: &[u8]) -> String {
    let signed: Vec<String> = secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect();
    signed.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// HMAC as RFC 2104 writes it down.
    fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
        let mut block = [0; 64];
        if key.len() > 64 {
            block[..32].copy_from_slice(&hmac_sha256::Hash::hash(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let inner = [block.map(|byte| byte ^ 0x36).as_slice(), message].concat();
        let outer = [block.map(|byte| byte ^ 0x5c).as_slice(), &hmac_sha256::Hash::hash(&inner)].concat();
        hmac_sha256::Hash::hash(&outer)
    }

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        // Checked against `openssl dgst -sha256 -mac HMAC`.
        let secret = Secret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX").unwrap();
        let body = br#"{"type":"message.created"}"#;
        assert_eq!(signatures(std::slice::from_ref(&secret), "msg_1", 1_700_000_000, body), EXPECTED);
    }

    const EXPECTED: &str = "v1,ZJCicGif9+wJGoJxgSgHonHjD/TmdfwBnSRLQqjfOII=";

    #[test]
    fn two_secrets_sign_in_their_order() {
        let [new, old] = ["whsec_bmV3bmV3bmV3bmV3bmV3bmV3", "whsec_b2xkb2xkb2xkb2xkb2xkb2xk"]
            .map(|text| Secret::parse(text).unwrap());
        let both = signatures(&[new.clone(), old.clone()], "msg_1", 7, b"{}");
        assert_eq!(both, format!("{} {}", new.sign("msg_1", 7, b"{}"), old.sign("msg_1", 7, b"{}")));
        assert_eq!(signatures(&[], "msg_1", 7, b"{}"), "");
    }

    #[test]
    fn what_is_no_secret_signs_nothing_and_none_is_shown() {
        for wrong in ["", "whsec_", "whsec_%", "bmV3", "WHSEC_bmV3", "whsec_bmV", "whsec_bmV3 "] {
            assert!(Secret::parse(wrong).is_none(), "{wrong:?}");
        }
        let shown = format!("{:?}", Secret::parse("whsec_bmV3").unwrap());
        assert_eq!(shown, "Secret");
    }

    proptest! {
        #[test]
        fn every_signature_is_the_hmac_of_id_timestamp_and_body(
            key in proptest::collection::vec(any::<u8>(), 1..100),
            id in "[a-zA-Z0-9_-]{1,40}",
            timestamp: u64,
            body in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let secret = Secret::parse(&format!("whsec_{}", STANDARD.encode(&key))).unwrap();
            let signed = [format!("{id}.{timestamp}.").as_bytes(), body.as_slice()].concat();
            let expected = format!("v1,{}", STANDARD.encode(hmac(&key, &signed)));
            prop_assert_eq!(signatures(&[secret], &id, timestamp, &body), expected);
        }
    }
}
