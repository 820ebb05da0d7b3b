//! The address of a webhook.

use rolecall_shared::rules::{
    form::{Fault, FromText},
    limits::WEBHOOK_URL_CHARS,
};
use serde::Serialize;

/// An address over HTTPS, in ASCII (RFC 3986), without a user, a password or a fragment; over HTTP only on the machine itself,
/// as in development. What its name resolves to is judged when an event is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebhookUrl(String);

/// The hosts that HTTP is allowed for.
const LOCAL_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether this is the host of an address: a name, an IPv4 address or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let of_ipv6 = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|inner| !inner.is_empty() && inner.bytes().all(of_ipv6)),
        None => !host.is_empty() && host.bytes().all(of_name),
    }
}

/// The host and the port of an authority without a user.
fn host_and_port(authority: &str) -> (&str, Option<&str>) {
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority.get(after_host..).and_then(|rest| rest.find(':')) {
        Some(colon) => {
            let (host, port) = authority.split_at(after_host + colon);
            (host, port.get(1..))
        }
        None => (authority, None),
    }
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

impl FromText for WebhookUrl {
    const WRONG_TYPE: &'static str = "Expected an address in a string.";

    fn from_text(text: &str) -> Result<WebhookUrl, Fault> {
        let length = text.chars().count();
        if length > WEBHOOK_URL_CHARS {
            return Err(Fault::new("too_long", format!("At most {WEBHOOK_URL_CHARS} characters; this has {length}.")));
        }
        let (is_secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, Some(rest)),
            (None, rest) => (false, rest),
        };
        let authority = rest.and_then(|rest| rest.split(['/', '?']).next());
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !br##""<>\^`{|}#"##.contains(&byte));
        let has_host = authority.is_some_and(|authority| {
            let (host, port) = host_and_port(authority);
            is_host(host) && port.is_none_or(is_port) && (is_secure || LOCAL_HOSTS.contains(&host))
        });
        if is_plain && has_host {
            return Ok(WebhookUrl(text.to_owned()));
        }
        let message =
            "Expected an address such as https://push.example.com/rolecall, without a user, a password or a fragment.";
        Err(Fault::new("malformed_url", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_local() {
        for url in [
            "https://push.example.com/rolecall",
            "https://push.example.com",
            "https://push.example.com:8443/a?b=c%20d&e=@f",
            "https://push.example.com?a",
            "https://192.0.2.7/a",
            "https://[2001:db8::1]:8443/a",
            "http://127.0.0.1:9000/hook",
            "http://localhost/hook",
            "http://[::1]:9000/hook",
        ] {
            assert_eq!(WebhookUrl::from_text(url), Ok(WebhookUrl(url.to_owned())));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for url in [
            "",
            "https://",
            "https:///hook",
            "https://:443/",
            "https://push.example.com:/",
            "https://push.example.com:a/",
            "https://push.example.com:65536/",
            "https://push.example.com:443:443/",
            "https://user@push.example.com/",
            "https://user:secret@push.example.com/",
            "https://push.example.com/#fragment",
            "https://[2001:db8::1/a",
            "https://[]/a",
            "https://push.example.com/a b",
            "https://push.example.com/\n",
            "https://push.example.com/<b>",
            "https://push.example.com\\@169.254.169.254/",
            "https://pûsh.example.com/",
            "http://push.example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://127.0.0.2/",
            "ftp://push.example.com/",
            "push.example.com",
            " https://push.example.com/",
            "file:///etc/passwd",
        ] {
            assert_eq!(WebhookUrl::from_text(url).unwrap_err().code, "malformed_url", "{url:?}");
        }
    }

    #[test]
    fn an_address_is_not_endless() {
        let url = format!("https://push.example.com/{}", "a".repeat(WEBHOOK_URL_CHARS));
        assert_eq!(WebhookUrl::from_text(&url).unwrap_err().code, "too_long");
        assert!(WebhookUrl::from_text(&url[..WEBHOOK_URL_CHARS]).is_ok());
    }
}
