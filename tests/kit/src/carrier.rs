//! The carrier of text messages: requests with its signature, made here anew from what Twilio documents.

use crate::{agency::Number, client::Call, stand::Stand};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU32, Ordering},
};

/// The address of the webhook for texts, as the carrier of the tests was given it: no test is reached there.
pub const WEBHOOK: &str = "https://hooks.example/functions/v1/receive-sms";

/// The carrier's token.
pub const TOKEN: &str = "the carrier's token of the tests";

/// The paths at which the webhook stands.
const PATHS: [&str; 2] = ["/functions/v1/receive-sms", "/api/messages/webhook/twilio"];

/// A message id of the carrier that no other call has given.
pub fn sid() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("SM{:032x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The carrier's signature, with `token`, of a form that is sent to this address.
pub fn signature(token: &str, url: &str, form: &[(&str, &str)]) -> String {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in form {
        sorted.entry(name).or_default().insert(value);
    }
    let mut text = url.to_owned();
    for (name, values) in sorted {
        values.into_iter().for_each(|value| text += &format!("{name}{value}"));
    }
    STANDARD.encode(hmac_sha1_compact::HMAC::mac(text.as_bytes(), token.as_bytes()))
}

/// The digest of a body that is no form, as the carrier writes it into the query.
pub fn digest(body: &[u8]) -> String {
    hmac_sha256::Hash::hash(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A body of a form.
pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl Call {
    /// The call with the carrier's signature: a form as it is, and any other body through its digest in the query.
    ///
    /// # Panics
    /// When the path is none of the webhook's.
    pub fn signed(mut self) -> Call {
        let body = self.body.first().cloned().unwrap_or_default();
        let is_form = self.headers.iter().any(|(name, value)| name == "content-type" && value.contains("form"));
        if !is_form {
            let digest = digest(&body);
            self.path += &format!("{}bodySHA256={digest}", if self.path.contains('?') { '&' } else { '?' });
        }
        let rest = PATHS.iter().find_map(|path| self.path.strip_prefix(path));
        let url = format!("{WEBHOOK}{}", rest.unwrap_or_else(|| panic!("{} is no webhook", self.path)));
        let pairs: Vec<_> = form_urlencoded::parse(if is_form { &body } else { b"" }).into_owned().collect();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let signature = signature(TOKEN, &url, &pairs);
        self.header("x-twilio-signature", &signature)
    }

    /// With a form as its body.
    pub fn form(self, pairs: &[(&str, &str)]) -> Call {
        self.header("content-type", "application/x-www-form-urlencoded").bytes(form(pairs))
    }
}

impl Stand {
    /// A text with this id from a phone number to a number of an organisation, signed.
    pub fn text(&self, sid: &str, from: &str, to: &Number, content: &str) -> Call {
        let pairs = [("MessageSid", sid), ("From", from), ("To", &to.e164), ("Body", content), ("NumMedia", "0")];
        self.call(Method::POST, "receive-sms").form(&pairs).signed()
    }
}
