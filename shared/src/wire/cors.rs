//! Cross-origin resource sharing (the Fetch standard's CORS protocol).

use http::{
    HeaderMap, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};

/// Request headers a browser may send; Supabase's client sends the last two.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, x-request-id, traceparent, apikey, x-client-info",
);

/// Response headers a script may read.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("x-request-id, idempotency-replayed, ratelimit, ratelimit-policy, retry-after");

/// Which web origins may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// `None`: any.
    origins: Option<Vec<String>>,
}

impl Cors {
    /// Any origin may call. That gives nothing away, since tokens travel in a header and never in a cookie.
    pub const fn any() -> Cors {
        Cors { origins: None }
    }

    /// Reads the variable `cors_allowed_origins`: `*`, or origins separated by commas.
    pub fn parse(text: &str) -> Cors {
        let origins: Vec<String> = text
            .split(',')
            .map(|origin| origin.trim().trim_end_matches('/').to_owned())
            .filter(|o| !o.is_empty())
            .collect();
        if origins.iter().any(|origin| origin == "*") { Cors::any() } else { Cors { origins: Some(origins) } }
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
        response.insert(ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        response.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cors: &Cors, origin: &'static str) -> HeaderMap {
        let mut request = HeaderMap::new();
        request.insert(ORIGIN, HeaderValue::from_static(origin));
        let mut response = HeaderMap::new();
        cors.apply(&request, &mut response);
        response
    }

    #[test]
    fn a_star_allows_every_origin() {
        let headers = answer(&Cors::parse("*"), "https://a.example");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert!(!headers.contains_key(VARY));
    }

    #[test]
    fn a_list_allows_its_members_only() {
        let cors = Cors::parse("https://a.example/, https://b.example");
        assert_eq!(answer(&cors, "https://b.example")[ACCESS_CONTROL_ALLOW_ORIGIN], "https://b.example");
        for origin in ["https://c.example", "https://b.example.evil.example", "null"] {
            let headers = answer(&cors, origin);
            assert!(!headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), "{origin}");
            assert_eq!(headers[VARY], "origin");
        }
    }

    #[test]
    fn an_empty_list_allows_nobody() {
        assert!(!answer(&Cors::parse(""), "https://a.example").contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}
