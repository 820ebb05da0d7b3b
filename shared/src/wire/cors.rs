//! Cross-origin resource sharing (the Fetch standard's CORS protocol).

use http::{
    HeaderMap, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
    },
};
use std::fmt;

/// The request headers that a script may send where the variable `cors_allowed_headers` is not set: those of the HTTP
/// interface, of supabase-js, of W3C Trace Context and Baggage, and of Sentry.
pub const DEFAULT_ALLOWED_HEADERS: &str = "authorization, content-type, idempotency-key, x-request-id, apikey, \
                                           x-client-info, x-region, traceparent, tracestate, baggage, sentry-trace";

/// Response headers that a script may read, beside those that every script may.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "x-request-id, idempotency-replayed, ratelimit, ratelimit-policy, retry-after, allow, accept-encoding, \
     www-authenticate",
);

/// Which scripts may call, and with which headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// The origins; `None`: any.
    origins: Option<Vec<String>>,
    /// The request headers, as the answer to a preflight lists them.
    allowed_headers: HeaderValue,
}

/// A variable of CORS that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidCors {
    /// `cors_allowed_origins` has a member that is not an origin.
    Origin(String),
    /// `cors_allowed_headers` has a member that is not the name of a header.
    Header(String),
}

impl fmt::Display for InvalidCors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InvalidCors::Origin(text) => write!(
                f,
                "cors_allowed_origins: {text:?} is not an origin: write scheme://host or scheme://host:port without a path, \
                 or * for any"
            ),
            InvalidCors::Header(text) => {
                write!(f, "cors_allowed_headers: {text:?} is not the name of a header; separate the names by commas")
            }
        }
    }
}

impl std::error::Error for InvalidCors {}

impl Cors {
    /// Any origin may call. That gives nothing away, since tokens travel in a header and never in a cookie.
    pub const fn any() -> Cors {
        Cors { origins: None, allowed_headers: HeaderValue::from_static(DEFAULT_ALLOWED_HEADERS) }
    }

    /// No origin may call.
    pub const fn nobody() -> Cors {
        Cors { origins: Some(Vec::new()), allowed_headers: HeaderValue::from_static(DEFAULT_ALLOWED_HEADERS) }
    }

    /// Reads the variables `cors_allowed_origins` (`*`, or origins separated by commas) and `cors_allowed_headers` (names
    /// separated by commas).
    ///
    /// # Errors
    /// A member of either list has another form.
    pub fn parse(origins: &str, allowed_headers: &str) -> Result<Cors, InvalidCors> {
        let mut listed = Vec::new();
        let mut any = false;
        for member in members(origins) {
            if member == "*" {
                any = true;
            } else {
                // A browser writes the origin in lower case.
                let origin = member.trim_end_matches('/').to_ascii_lowercase();
                if !is_origin(&origin) {
                    return Err(InvalidCors::Origin(member.to_owned()));
                }
                listed.push(origin);
            }
        }
        let mut names = Vec::new();
        for member in members(allowed_headers) {
            let name = HeaderName::from_bytes(member.as_bytes()).map_err(|_| InvalidCors::Header(member.to_owned()))?;
            names.push(name.as_str().to_owned());
        }
        let names = names.join(", ");
        // Names of headers joined by commas are a valid value.
        let allowed_headers = HeaderValue::from_str(&names).map_err(|_| InvalidCors::Header(names))?;
        Ok(Cors { origins: (!any).then_some(listed), allowed_headers })
    }

    /// Whether the request is a CORS preflight.
    pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
        method == Method::OPTIONS && headers.contains_key(ORIGIN) && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// Adds the headers that every answer carries.
    pub fn apply(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let origin = match &self.origins {
            None => Some(HeaderValue::from_static("*")),
            Some(allowed) => {
                response.append(VARY, HeaderValue::from_static("origin"));
                request
                    .get(ORIGIN)
                    .filter(|origin| allowed.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()))
                    .cloned()
            }
        };
        if let Some(origin) = origin {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }

    /// Adds the headers that answer a preflight for a path with these methods.
    pub fn apply_preflight(&self, methods: &'static str, response: &mut HeaderMap) {
        response.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.allowed_headers.clone());
        response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
}

/// The members of a list separated by commas.
fn members(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|member| !member.is_empty())
}

/// Whether the text has the form of an origin: a scheme, a host, and a port if it is not the scheme's own.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let is_scheme = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    let is_authority = |text: &str| {
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']'))
    };
    !scheme.is_empty() && is_scheme(scheme) && !authority.is_empty() && is_authority(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str) -> Cors {
        Cors::parse(text, DEFAULT_ALLOWED_HEADERS).unwrap()
    }

    fn answer(cors: &Cors, origin: &'static str) -> HeaderMap {
        let mut request = HeaderMap::new();
        request.insert(ORIGIN, HeaderValue::from_static(origin));
        let mut response = HeaderMap::new();
        cors.apply(&request, &mut response);
        response
    }

    #[test]
    fn a_star_allows_every_origin() {
        let headers = answer(&origins("*"), "https://a.example");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!headers.contains_key(VARY));
    }

    #[test]
    fn a_list_allows_its_members_only() {
        let cors = origins("https://a.example/, https://B.example");
        assert_eq!(answer(&cors, "https://b.example")[ACCESS_CONTROL_ALLOW_ORIGIN], "https://b.example");
        for origin in ["https://c.example", "https://b.example.evil.example", "null"] {
            let headers = answer(&cors, origin);
            assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{origin}");
            assert_eq!(headers[VARY], "origin");
        }
    }

    #[test]
    fn an_empty_list_allows_nobody() {
        assert!(!answer(&origins(""), "https://a.example").contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert_eq!(origins(""), Cors::nobody());
    }

    #[test]
    fn a_list_of_headers_takes_the_place_of_the_usual_ones() {
        let allowed = |cors: &Cors| {
            let mut response = HeaderMap::new();
            cors.apply_preflight("GET, HEAD, OPTIONS", &mut response);
            response[ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().to_owned()
        };
        assert_eq!(allowed(&Cors::any()), DEFAULT_ALLOWED_HEADERS);
        assert_eq!(origins("*"), Cors::any());
        let cors = Cors::parse("*", " Authorization,content-type ,, X-Tenant").unwrap();
        assert_eq!(allowed(&cors), "authorization, content-type, x-tenant");
        assert_eq!(allowed(&Cors::parse("*", "").unwrap()), "");
    }

    #[test]
    fn what_is_neither_an_origin_nor_a_header_is_named() {
        for origin in [
            "a.example",
            "https://",
            "://a.example",
            "https://a.example/path",
            "https://*.example",
            "https://user@a.example",
            "https://a.example https://b.example",
            "null",
        ] {
            let fault = Cors::parse(&format!("https://ok.example, {origin}"), "").unwrap_err();
            assert_eq!(fault, InvalidCors::Origin(origin.to_owned()));
            assert!(fault.to_string().contains(&format!("{origin:?}")), "{fault}");
        }
        for origin in ["http://localhost:5173", "http://[::1]:8080", "capacitor://localhost", "https://a-b.example"] {
            assert!(Cors::parse(origin, "").is_ok(), "{origin}");
        }
        for header in ["x tenant", "x-tenant:", "\u{fc}ber", "x-a\r\nset-cookie", "x(y)"] {
            let fault = Cors::parse("*", &format!("authorization, {header}")).unwrap_err();
            assert_eq!(fault, InvalidCors::Header(header.to_owned()));
        }
    }
}
