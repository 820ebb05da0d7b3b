//! Signing in as a demo user: who there is, and to whom a token may be handed.
//!
//! The tokens are worth something on the embedded demo database alone, but a page on the web must not get them all the
//! same: neither by reading across origins, nor under a name of its own that it lets point to this machine (DNS
//! rebinding), nor through a proxy that faces the network.

use http::{
    HeaderMap, HeaderName,
    header::{FORWARDED, ORIGIN, VIA},
};
use rolecall_shared::{rules::code::Code, wire::refusal::Refusal};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::net::{IpAddr, SocketAddr};

/// A user of the demo database.
#[derive(Debug, Deserialize)]
pub struct DemoUser {
    /// The profile's id.
    pub id: String,
    /// What people call the user.
    pub name: String,
    /// The role, for people.
    pub role: String,
    token: String,
}

/// The users of the variable `demo_users`; none where it is empty, or no list of users.
pub fn parse(variable: &str) -> Vec<DemoUser> {
    serde_json::from_str(variable).unwrap_or_default()
}

/// What a sign-in asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    user_id: String,
}

/// The user and the token that a request signs in with.
///
/// # Errors
/// There are no demo users, this client may not sign in, or it names nobody.
pub fn sign_in(users: &[DemoUser], headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if users.is_empty() {
        return Err(Refusal::new(Code::NotFound, "Demo users exist on the embedded demo database alone."));
    }
    admit(headers)?;
    let malformed = |_| Refusal::new(Code::InvalidInput, "The body is {\"user_id\": \"...\"}.");
    let SignIn { user_id } = serde_json::from_slice(body).map_err(malformed)?;
    let user = users.iter().find(|user| user.id == user_id);
    let user = user.ok_or_else(|| Refusal::new(Code::NotFound, "There is no such demo user."))?;
    let answer = json!({"user": {"id": user.id, "name": user.name, "role": user.role}, "token": user.token});
    Ok(answer.as_object().cloned().unwrap_or_default())
}

/// Refuses whoever is not the page itself, in a browser on this machine.
fn admit(headers: &HeaderMap) -> Result<(), Refusal> {
    let is_same_origin = one(headers, &ORIGIN)
        .is_some_and(|origin| host(headers).is_some_and(|host| origin.eq_ignore_ascii_case(&format!("http://{host}"))));
    // Browsers that say where a request comes from are believed when they say: from somewhere else.
    let fetched_elsewhere = headers
        .get_all(HeaderName::from_static("sec-fetch-site"))
        .into_iter()
        .any(|site| site.as_bytes() != b"same-origin");
    if is_on_this_machine(headers) && is_same_origin && !fetched_elsewhere {
        return Ok(());
    }
    Err(Refusal::new(
        Code::PermissionDenied,
        "Signing in as a demo user is for the page itself, opened on this machine as http://127.0.0.1 or \
         http://localhost.",
    ))
}

/// Whether the client is on this machine, came here by a name that only this machine has, and through no proxy.
pub fn is_on_this_machine(headers: &HeaderMap) -> bool {
    let proxied = [FORWARDED, VIA]
        .into_iter()
        .chain(["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"].map(HeaderName::from_static));
    let is_proxied = proxied.into_iter().any(|name| headers.contains_key(name));
    let peer = one(headers, &HeaderName::from_static("spin-client-addr"));
    let is_near = peer.and_then(|peer| peer.parse::<SocketAddr>().ok()).is_some_and(|peer| is_loopback(peer.ip()));
    !is_proxied && is_near && host(headers).is_some_and(names_this_machine)
}

/// The host that the client asked for, with its port. A component does not see the header `Host`; what serves HTTP puts
/// the whole address into a header of its own, and takes that header away from clients.
fn host(headers: &HeaderMap) -> Option<&str> {
    let (_, rest) = one(headers, &HeaderName::from_static("spin-full-url"))?.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

/// Whether the host of a URL, with or without its port, is `localhost` or a loopback address.
fn names_this_machine(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(is_loopback)
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// The text of a header that is there exactly once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    const ADA: &str = r#"[{"id":"1","name":"Ada","role":"attendee","token":"t"}]"#;

    /// What a browser sends from the page, with these headers instead, or without those that are empty.
    fn headers(instead: &[(&'static str, &'static str)]) -> HeaderMap {
        let usual = [
            ("spin-full-url", "http://127.0.0.1:3000/home/sign-in"),
            ("origin", "http://127.0.0.1:3000"),
            ("sec-fetch-site", "same-origin"),
            ("spin-client-addr", "127.0.0.1:50000"),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in usual.into_iter().chain(instead.iter().copied()) {
            headers.remove(name);
            if !value.is_empty() {
                headers.insert(name, HeaderValue::from_static(value));
            }
        }
        headers
    }

    fn code(instead: &[(&'static str, &'static str)]) -> Option<Code> {
        sign_in(&parse(ADA), &headers(instead), br#"{"user_id":"1"}"#).err().map(|refusal| refusal.code)
    }

    #[test]
    fn the_page_on_this_machine_signs_in() {
        assert_eq!(code(&[]), None);
        for (url, origin) in [
            ("http://localhost:3000/home/sign-in", "http://localhost:3000"),
            ("http://LOCALHOST/home/sign-in", "http://localhost"),
            ("http://127.8.9.1:80/home/sign-in?a=b", "http://127.8.9.1:80"),
            ("http://[::1]:3000/home/sign-in", "http://[::1]:3000"),
            ("http://[::1]/", "http://[::1]"),
        ] {
            assert_eq!(code(&[("spin-full-url", url), ("origin", origin)]), None, "{url}");
        }
        assert_eq!(code(&[("spin-client-addr", "[::1]:9")]), None);
        // A browser too old to say where a request comes from still says its origin.
        assert_eq!(code(&[("sec-fetch-site", "")]), None);
    }

    #[test]
    fn nobody_else_does() {
        let refused = Some(Code::PermissionDenied);
        for origin in [
            "http://rolecall.example:3000",
            "http://127.0.0.1.rolecall.example",
            "http://localhost.rolecall.example",
            "http://192.168.1.5:3000",
            "http://0.0.0.0:3000",
            "http://[::]:3000",
            "http://localhost:3000@rolecall.example",
        ] {
            assert_eq!(code(&[("spin-full-url", origin), ("origin", origin)]), refused, "{origin}");
        }
        assert_eq!(code(&[("spin-full-url", "")]), refused);
        for origin in [
            "",
            "null",
            "http://rolecall.example",
            "https://127.0.0.1:3000",
            "http://127.0.0.1",
            "http://127.0.0.1:3001",
            "http://localhost:3000",
        ] {
            assert_eq!(code(&[("origin", origin)]), refused, "{origin}");
        }
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(code(&[("sec-fetch-site", site)]), refused, "{site}");
        }
        for peer in ["", "192.168.1.7:50000", "[2001:db8::1]:50000", "127.0.0.1"] {
            assert_eq!(code(&[("spin-client-addr", peer)]), refused, "{peer}");
        }
        for name in ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"] {
            assert_eq!(code(&[(name, "127.0.0.1")]), refused, "{name}");
        }
    }

    #[test]
    fn two_addresses_or_origins_are_none() {
        for name in ["spin-full-url", "origin"] {
            let mut headers = headers(&[]);
            headers.append(name, HeaderValue::from_static("http://127.0.0.1:3000"));
            assert!(admit(&headers).is_err(), "{name}");
        }
    }

    #[test]
    fn only_a_user_of_the_demo_gets_a_token() {
        let sign_in = |users: &str, body: &[u8]| sign_in(&parse(users), &headers(&[]), body);
        let answer = sign_in(ADA, br#"{"user_id":"1"}"#).unwrap();
        assert_eq!(Value::from(answer), json!({"user": {"id": "1", "name": "Ada", "role": "attendee"}, "token": "t"}));
        let code = |users, body: &str| sign_in(users, body.as_bytes()).err().map(|refusal| refusal.code);
        assert_eq!(code(ADA, r#"{"user_id":"2"}"#), Some(Code::NotFound));
        for body in ["", "{}", "1", r#"{"user_id":1}"#, r#"{"user_id":"1","role":"service_role"}"#] {
            assert_eq!(code(ADA, body), Some(Code::InvalidInput), "{body}");
        }
        for users in ["", "[]", "{", r#"[{"id":"1"}]"#] {
            assert_eq!(code(users, r#"{"user_id":"1"}"#), Some(Code::NotFound), "{users}");
        }
    }
}
