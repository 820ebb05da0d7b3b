//! The `spin-*` request headers, by which Spin tells a component how it was reached.

use crate::manifest::route::{Captures, Route};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::net::SocketAddr;

/// What all of these headers begin with. A client's own are removed: a component may trust them.
const PREFIX: &str = "spin-";

/// The headers for a request on its way to a component.
pub fn of(parts: &Parts, route: &Route, captures: &Captures, peer: SocketAddr) -> Vec<(HeaderName, HeaderValue)> {
    let host = parts.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = Vec::with_capacity(7 + captures.parameters.len());
    // A value that cannot stand in a header is left out; nothing that arrived in a request line or a header is such.
    let mut add = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.push((name, value));
        }
    };
    add(HeaderName::from_static("spin-path-info"), captures.rest);
    add(HeaderName::from_static("spin-full-url"), &format!("http://{host}{path_and_query}"));
    add(HeaderName::from_static("spin-matched-route"), route.text());
    add(HeaderName::from_static("spin-base-path"), "/");
    add(HeaderName::from_static("spin-raw-component-route"), route.text());
    add(HeaderName::from_static("spin-component-route"), route.prefix());
    add(HeaderName::from_static("spin-client-addr"), &peer.to_string());
    for (name, value) in &captures.parameters {
        // Header names are lower-case whatever the route says, and the route's parameter names fit into one.
        if let Ok(name) = HeaderName::from_bytes(format!("spin-path-match-{name}").as_bytes()) {
            add(name, value);
        }
    }
    headers
}

/// Replaces whatever a client sent under these names.
pub fn replace(headers: &mut HeaderMap, spin_headers: Vec<(HeaderName, HeaderValue)>) {
    let forged: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with(PREFIX)).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
    headers.extend(spin_headers);
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    #[test]
    fn a_component_learns_how_it_was_reached() {
        let request = Request::post("/api/help/42%2F/start?x=1")
            .header("host", "shows.example:3000")
            .header("spin-path-match-id", "forged")
            .header("spin-anything", "forged")
            .body(())
            .unwrap();
        let (mut parts, ()) = request.into_parts();
        let route = Route::parse("/api/help/:Id/...").unwrap();
        let path = parts.uri.path().to_owned();
        let headers = of(&parts, &route, &route.captures(&path).unwrap(), "127.0.0.1:9".parse().unwrap());
        replace(&mut parts.headers, headers);
        let value = |name: &str| parts.headers.get_all(name).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(value("spin-path-match-id"), ["42%2F"]);
        assert_eq!(value("spin-path-info"), ["/start"]);
        assert_eq!(value("spin-full-url"), ["http://shows.example:3000/api/help/42%2F/start?x=1"]);
        assert_eq!(value("spin-matched-route"), ["/api/help/:Id/..."]);
        assert_eq!(value("spin-component-route"), ["/api/help/:Id"]);
        assert_eq!(value("spin-client-addr"), ["127.0.0.1:9"]);
        assert!(value("spin-anything").is_empty());
    }
}
