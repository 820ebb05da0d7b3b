//! The signature of a carrier's webhooks, as Twilio makes it (<https://www.twilio.com/docs/usage/security>, "Validating
//! signatures from Twilio"): HMAC-SHA1 over the address that Twilio was given and the parameters of the form.
//!
//! The address is the variable `twilio_webhook_url`, never the request's host or a forwarded header, which anybody may
//! write.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::{fmt, hint::black_box};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// The one value of the variable `twilio_signature` that lets signed requests in.
const REQUIRED: &str = "required";

/// The parameter of the query with the digest of a body that is no form.
const BODY_DIGEST: &str = "bodySHA256";

/// Why no signature can be checked. No request of the carrier passes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfigured {
    /// `twilio_signature` has an unknown value.
    Setting,
    /// `twilio_webhook_url` is missing, or no address without query and fragment.
    Url,
    /// `twilio_auth_token` is missing.
    Token,
}

impl fmt::Display for Unconfigured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unconfigured::Setting => "twilio_signature must be required",
            Unconfigured::Url => {
                "twilio_webhook_url must be the address of the webhook as the carrier has it, without query and fragment"
            }
            Unconfigured::Token => "twilio_auth_token must be the carrier's token",
        })
    }
}

impl std::error::Error for Unconfigured {}

/// What the carrier's signatures are checked with.
pub struct CarrierKeys {
    /// The address of the webhook with its port and without, up to where the query begins.
    urls: [String; 2],
    /// The primary token, and the secondary one if there is one.
    tokens: Vec<String>,
}

/// What a signature is of.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// What follows the address of the webhook in the path: nothing, or `/status/` and an id.
    pub path: &'a str,
    /// The query as received.
    pub query: Option<&'a str>,
    /// The body.
    pub body: SignedBody<'a>,
}

/// The body of a signed request.
#[derive(Clone, Copy, Debug)]
pub enum SignedBody<'a> {
    /// The parameters of a form, decoded.
    Form(&'a [(String, String)]),
    /// Any other body, whose digest stands in the query.
    Bytes(&'a [u8]),
}

impl CarrierKeys {
    /// Reads the variables.
    ///
    /// # Errors
    /// One of them is missing or of another form.
    pub fn new(url: &str, token: &str, secondary: &str, setting: &str) -> Result<CarrierKeys, Unconfigured> {
        if setting.trim() != REQUIRED {
            return Err(Unconfigured::Setting);
        }
        let urls = with_and_without_port(url.trim()).ok_or(Unconfigured::Url)?;
        if token.trim().is_empty() {
            return Err(Unconfigured::Token);
        }
        let tokens = [token, secondary].map(str::trim).into_iter().filter(|token| !token.is_empty());
        Ok(CarrierKeys { urls, tokens: tokens.map(str::to_owned).collect() })
    }

    /// Whether `signature` is the carrier's for this request.
    pub fn signs(&self, signature: &str, request: &Signed<'_>) -> bool {
        let mut parameters: &[(String, String)] = &[];
        match request.body {
            SignedBody::Form(form) => parameters = form,
            SignedBody::Bytes(bytes) if !has_digest(request.query, bytes) => return false,
            SignedBody::Bytes(_) => {}
        }
        let parameters = canonical(parameters);
        let mut is_signed = false;
        for url in &self.urls {
            let mut text = format!("{url}{}", request.path);
            if let Some(query) = request.query {
                text.push('?');
                text.push_str(query);
            }
            text.push_str(&parameters);
            for token in &self.tokens {
                let expected = STANDARD.encode(hmac_sha1_compact::HMAC::mac(text.as_bytes(), token.as_bytes()));
                // All of them are compared, so that how long it takes does not say which one comes close.
                is_signed |= equals(expected.as_bytes(), signature.as_bytes());
            }
        }
        is_signed
    }
}

/// The address for the callbacks about the message with this id, below the address of the webhook.
pub fn status_url(webhook_url: &str, id: &str) -> String {
    format!("{}{}", webhook_url.trim(), status_path(id))
}

/// What follows the address of the webhook in [`status_url`].
pub fn status_path(id: &str) -> String {
    format!("/status/{id}")
}

/// An address with the port that it has or that its scheme stands for, and without any: the carrier may have signed either
/// one. None for anything but an `http` or `https` address without query and fragment.
fn with_and_without_port(url: &str) -> Option<[String; 2]> {
    let (scheme, rest) = url.split_once("://")?;
    let default_port = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    if rest.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#')) {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (format!("{user}@"), host),
        None => (String::new(), authority),
    };
    // The colons of an IPv6 address stand in brackets.
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (host, default_port),
    };
    let path = if path.is_empty() { "/" } else { path };
    (!host.is_empty())
        .then(|| [format!("{scheme}://{user}{host}:{port}{path}"), format!("{scheme}://{user}{host}{path}")])
        .filter(|_| port != 0_u16)
}

/// The parameters as they are signed: by name, those that repeat a name by value and each value once. Twilio orders by
/// UTF-16 code units, as JavaScript does.
fn canonical(parameters: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = parameters.iter().collect();
    sorted.sort_by(|(name, value), (other_name, other_value)| {
        utf16(name, other_name).then_with(|| utf16(value, other_value))
    });
    sorted.dedup();
    sorted.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

fn utf16(text: &str, other: &str) -> std::cmp::Ordering {
    text.encode_utf16().cmp(other.encode_utf16())
}

/// Whether the query has the SHA-256 of the body, in hexadecimal digits.
fn has_digest(query: Option<&str>, body: &[u8]) -> bool {
    let mut parameters = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let Some((_, given)) = parameters.find(|(name, _)| name == BODY_DIGEST) else { return false };
    let digest: String = hmac_sha256::Hash::hash(body).iter().map(|byte| format!("{byte:02x}")).collect();
    equals(digest.as_bytes(), given.as_bytes())
}

/// Whether two texts are the same, in a time that their lengths alone determine.
fn equals(one: &[u8], other: &[u8]) -> bool {
    let different = one.iter().zip(other).fold(0, |different, (a, b)| black_box(different | (a ^ b)));
    one.len() == other.len() && different == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request, and its signature as Python's hmac makes it.
    const URL: &str = "https://hooks.example/functions/v1/receive-sms";
    const TOKEN: &str = "12345";
    const SIGNATURE: &str = "Cp3v9v+PcnXpS2hNiJsedop6Axg=";

    fn keys(url: &str) -> CarrierKeys {
        CarrierKeys::new(url, TOKEN, "", "required").unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn text() -> Vec<(String, String)> {
        form(&[
            ("Body", "Is Rex fine?"),
            ("MessageSid", "SM00000000000000000000000000000001"),
            ("To", "+15005550101"),
            ("NumMedia", "0"),
            ("From", "+15005550102"),
        ])
    }

    fn signed(form: &[(String, String)]) -> Signed<'_> {
        Signed { path: "", query: Some("foo=1&bar=2"), body: SignedBody::Form(form) }
    }

    #[test]
    fn the_order_of_parameters_does_not_matter() {
        assert!(keys(URL).signs(SIGNATURE, &signed(&text())));
        let mut reversed = text();
        reversed.reverse();
        assert!(keys(URL).signs(SIGNATURE, &signed(&reversed)));
    }

    #[test]
    fn the_default_port_may_be_written_on_either_side() {
        for url in [URL, "https://hooks.example:443/functions/v1/receive-sms"] {
            assert!(keys(url).signs(SIGNATURE, &signed(&text())), "{url}");
        }
        for url in [
            "http://hooks.example/functions/v1/receive-sms",
            "https://hooks.example/functions/v1/receive-sms/",
            "https://a.hooks.example/functions/v1/receive-sms",
        ] {
            assert!(!keys(url).signs(SIGNATURE, &signed(&text())), "{url}");
        }
    }

    #[test]
    fn whatever_is_changed_is_not_signed() {
        let keys = keys(URL);
        for at in 0..text().len() {
            let mut changed = text();
            changed[at].1.push('0');
            assert!(!keys.signs(SIGNATURE, &signed(&changed)), "{at}");
            let mut renamed = text();
            renamed[at].0.push('x');
            assert!(!keys.signs(SIGNATURE, &signed(&renamed)), "{at}");
            let mut fewer = text();
            fewer.remove(at);
            assert!(!keys.signs(SIGNATURE, &signed(&fewer)), "{at}");
        }
        let all = text();
        for query in [None, Some(""), Some("foo=1"), Some("bar=2&foo=1"), Some("foo=1&bar=2&")] {
            assert!(!keys.signs(SIGNATURE, &Signed { query, ..signed(&all) }), "{query:?}");
        }
        assert!(!keys.signs(SIGNATURE, &Signed { path: "/status/1", ..signed(&all) }));
        for signature in ["", &SIGNATURE[..27], &SIGNATURE.to_lowercase(), &format!("{SIGNATURE}=")] {
            assert!(!keys.signs(signature, &signed(&all)), "{signature}");
        }
    }

    #[test]
    fn a_repeated_parameter_is_a_sorted_set() {
        let text = canonical(&form(&[("b", "2"), ("a", "x"), ("b", "1"), ("b", "2")]));
        assert_eq!(text, "axb1b2");
        // U+FF5E comes before U+1F600 by code point, after it by code unit.
        assert_eq!(canonical(&form(&[("～", ""), ("😀", "")])), "😀～");
    }

    #[test]
    fn either_token_signs() {
        let keys = |primary, secondary| CarrierKeys::new(URL, primary, secondary, "required").unwrap();
        assert!(keys("other", TOKEN).signs(SIGNATURE, &signed(&text())));
        assert!(keys(TOKEN, "other").signs(SIGNATURE, &signed(&text())));
        assert!(!keys("other", "").signs(SIGNATURE, &signed(&text())));
    }

    #[test]
    fn another_body_than_a_form_is_signed_through_its_digest() {
        let body = br#"{"From": "+15550100"}"#;
        let digest: String = hmac_sha256::Hash::hash(body).iter().map(|byte| format!("{byte:02x}")).collect();
        let query = format!("a=1&bodySHA256={digest}");
        let mac = hmac_sha1_compact::HMAC::mac(format!("{URL}?{query}").as_bytes(), TOKEN.as_bytes());
        let signature = STANDARD.encode(mac);
        let signs = |query: &str, body: &[u8]| {
            let body = SignedBody::Bytes(body);
            keys(URL).signs(&signature, &Signed { path: "", query: Some(query), body })
        };
        assert!(signs(&query, body));
        assert!(!signs(&query, b"{}"));
        assert!(!signs("a=1", body));
        assert!(!signs(&query.replace("a=1", "a=2"), body));
    }

    #[test]
    fn the_status_address_is_below_that_of_texts() {
        let id = "0191f4a2-0000-7000-8000-000000000001";
        let url = status_url(" https://hooks.example/functions/v1/receive-sms ", id);
        assert_eq!(url, format!("https://hooks.example/functions/v1/receive-sms/status/{id}"));
        let form = form(&[("MessageStatus", "sent")]);
        let signature =
            STANDARD.encode(hmac_sha1_compact::HMAC::mac(format!("{url}MessageStatussent").as_bytes(), b"12345"));
        let path = status_path(id);
        let signed = Signed { path: &path, query: None, body: SignedBody::Form(&form) };
        let keys = keys("https://hooks.example/functions/v1/receive-sms");
        assert!(keys.signs(&signature, &signed));
        assert!(!keys.signs(&signature, &Signed { path: "", ..signed }));
    }

    #[test]
    fn nothing_passes_without_configuration() {
        use Unconfigured::{Setting, Token, Url};
        let new = |url, token, setting| CarrierKeys::new(url, token, "secondary", setting).err();
        assert_eq!(new(URL, TOKEN, "required"), None);
        assert_eq!(new(URL, TOKEN, " required "), None);
        for setting in ["", "optional", "off", "false", "Required", "required,optional"] {
            assert_eq!(new(URL, TOKEN, setting), Some(Setting), "{setting:?}");
        }
        for url in [
            "",
            " ",
            "hooks.example/functions/v1/receive-sms",
            "ftp://hooks.example/",
            "https://",
            "https:///path",
            "https://hooks.example/functions/v1/receive-sms?foo=1",
            "https://hooks.example/#part",
            "https://hooks.example:port/",
            "https://hooks.example:0/",
            "https://hooks.example:65536/",
            "https://my company.com/",
        ] {
            assert_eq!(new(url, TOKEN, "required"), Some(Url), "{url:?}");
        }
        for token in ["", "  "] {
            assert_eq!(new(URL, token, "required"), Some(Token), "{token:?}");
        }
    }

    #[test]
    fn an_address_is_read_with_all_its_parts() {
        let urls = |url| with_and_without_port(url).unwrap();
        assert_eq!(urls("https://h/p"), ["https://h:443/p", "https://h/p"]);
        assert_eq!(urls("http://h"), ["http://h:80/", "http://h/"]);
        assert_eq!(urls("https://h:8443/p"), ["https://h:8443/p", "https://h/p"]);
        assert_eq!(urls("https://u:s@h/p"), ["https://u:s@h:443/p", "https://u:s@h/p"]);
        assert_eq!(urls("https://[::1]/p"), ["https://[::1]:443/p", "https://[::1]/p"]);
        assert_eq!(urls("https://[::1]:8443/p"), ["https://[::1]:8443/p", "https://[::1]/p"]);
    }
}
