//! Links to media.

use crate::rules::{
    form::{Fault, FromText},
    limits::MEDIA_URL_CHARS,
};
use serde::Serialize;

/// A link over HTTPS, in ASCII (RFC 3986): the carrier fetches it, nobody here does. It has a host, and no name or password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct HttpsLink(String);

impl FromText for HttpsLink {
    const WRONG_TYPE: &'static str = "Expected a link in a string.";

    fn from_text(text: &str) -> Result<HttpsLink, Fault> {
        if text.len() > MEDIA_URL_CHARS {
            let message = format!("At most {MEDIA_URL_CHARS} characters; this has {}.", text.chars().count());
            return Err(Fault::new("too_long", message));
        }
        let rest = text.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")).and(text.get(8..));
        let authority = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
        let has_host = authority.is_some_and(|authority| {
            let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
                && !port.is_empty()
                && port.bytes().all(|byte| byte.is_ascii_digit())
        });
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte));
        if has_host && is_plain {
            Ok(HttpsLink(text.to_owned()))
        } else {
            Err(Fault::new("malformed_link", "Expected a link such as https://media.example.com/photo.jpg."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_https_with_a_host() {
        for link in [
            "https://media.example.com/photo.jpg",
            "HTTPS://media.example.com",
            "https://media.example.com:8443/a?b=c%20d#e",
            "https://media.example.com?a#b/[c]@d",
        ] {
            assert_eq!(HttpsLink::from_text(link), Ok(HttpsLink(link.to_owned())));
        }
        for link in [
            "",
            "https://",
            "https:///photo.jpg",
            "https://:443/",
            "https://media.example.com:/",
            "https://media.example.com:a/",
            "https://[2001:db8::1]/a",
            "http://media.example.com/photo.jpg",
            "ftp://media.example.com",
            "javascript:alert(1)",
            "https://user:secret@media.example.com/",
            "https://media.example.com/a photo.jpg",
            "https://media.example.com/\n",
            "https://media.example.com/<b>",
            "https://médïa.example.com/",
            " https://media.example.com/",
            "data:image/png;base64,AA",
        ] {
            assert_eq!(HttpsLink::from_text(link).unwrap_err().code, "malformed_link", "{link:?}");
        }
        let link = format!("https://media.example.com/{}", "a".repeat(MEDIA_URL_CHARS));
        assert_eq!(HttpsLink::from_text(&link).unwrap_err().code, "too_long");
        assert!(HttpsLink::from_text(&link[..MEDIA_URL_CHARS]).is_ok());
    }
}
