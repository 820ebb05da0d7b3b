//! The page: what was built, with what is only known when it runs.

use crate::{
    asset::tagged,
    sign_in::{DemoUser, is_on_this_machine},
};
use bytes::Bytes;
use hmac_sha256::Hash;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use rolecall_shared::wire::request_id::RequestId;
use std::fmt::Write;

const PAGE: &str = include_str!(concat!(env!("OUT_DIR"), "/page.html"));
const DEMO: &str = include_str!("../assets/demo.html");
const CONNECT: &str = include_str!("../assets/connect.html");
const ELSEWHERE: &str = include_str!("../assets/elsewhere.html");

/// The text of the page for who asks.
fn text(runtime: &str, users: &[DemoUser], headers: &HeaderMap) -> String {
    let (database, first_steps) = if users.is_empty() {
        ("Your PostgreSQL", CONNECT.to_owned())
    } else if is_on_this_machine(headers) {
        ("Embedded, with demo data", DEMO.replace("{{users}}", &buttons(users)))
    } else {
        ("Embedded, with demo data", ELSEWHERE.to_owned())
    };
    PAGE.replace("{{first_steps}}", &first_steps)
        .replace("{{database}}", database)
        .replace("{{runtime}}", &escaped(if runtime.is_empty() { "unknown" } else { runtime }))
}

/// The answer to a request for the page.
pub fn answer(runtime: &str, users: &[DemoUser], headers: &HeaderMap, request_id: &RequestId) -> Response<Bytes> {
    let text = text(runtime, users, headers);
    let mut tag = String::from("\"");
    for byte in &Hash::hash(text.as_bytes())[..8] {
        // Writing into a string does not fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    let mut response = tagged(&tag, "private, no-cache", headers, request_id);
    if response.status() != StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        *response.body_mut() = Bytes::from(text);
    }
    response
}

/// A button for each user.
fn buttons(users: &[DemoUser]) -> String {
    let mut html = String::new();
    for DemoUser { id, name, role, .. } in users {
        let (id, name, role) = (escaped(id), escaped(name), escaped(role));
        let kind = role.split(',').next().unwrap_or_default();
        let initial = name.chars().next().unwrap_or('?');
        // Writing into a string does not fail.
        let _ = writeln!(
            html,
            "<button type=\"button\" class=\"user\" data-user=\"{id}\" data-name=\"{name}\" aria-pressed=\"false\">\
             <span class=\"face {kind}\" aria-hidden=\"true\">{initial}</span>\
             <span class=\"who\"><b>{name}</b> <span>{}</span></span></button>",
            role.replace("mvp", "MVP").replace('_', " ")
        );
    }
    html
}

/// A text as it stands in HTML, also within quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sign_in::parse;

    fn near() -> HeaderMap {
        [("spin-full-url", "http://127.0.0.1:3000/"), ("spin-client-addr", "127.0.0.1:9")]
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .into_iter()
            .collect()
    }

    #[test]
    fn the_page_has_no_token_and_nothing_is_left_to_fill_in() {
        let users = parse(r#"[{"id":"1","name":"<Ada>","role":"attendee","token":"the-token"}]"#);
        for (users, headers) in [(&users[..], near()), (&users[..], HeaderMap::new()), (&[], near())] {
            let text = text("Spin", users, &headers);
            assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
            assert!(!text.contains("the-token") && !text.contains("<Ada>"), "{text}");
        }
        assert!(text("Spin", &users, &near()).contains("&lt;Ada&gt;"));
    }

    #[test]
    fn only_the_demo_on_this_machine_offers_a_sign_in() {
        let users = parse(r#"[{"id":"1","name":"Ada","role":"attendee","token":"t"}]"#);
        assert!(text("Spin", &users, &near()).contains("data-user"));
        assert!(!text("Spin", &users, &HeaderMap::new()).contains("data-user"));
        assert!(!text("Spin", &[], &near()).contains("data-user"));
    }
}
