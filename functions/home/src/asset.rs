//! Files that are built in, compressed.

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY},
};
use rolecall_shared::wire::{answer, request_id::RequestId};
use std::io::Read;

/// A file with a path.
pub struct Asset {
    /// Where it is.
    pub path: &'static str,
    /// What it is.
    pub media_type: &'static str,
    /// A part of the hash of its content.
    pub hash: &'static str,
    /// Whether its path changes with its content.
    pub lasting: bool,
    /// Its content.
    pub gzip: &'static [u8],
}

/// Every file.
pub const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file at a path.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

impl Asset {
    /// The answer to a request for the file: 304 where the client has it, compressed where the client takes that.
    pub fn answer(&self, request: &HeaderMap, request_id: &RequestId) -> Response<Bytes> {
        let compressed = accepts_gzip(request);
        // The two representations have tags of their own.
        let tag = if compressed { format!("\"{}\"", self.hash) } else { format!("\"{}-plain\"", self.hash) };
        let caching = if self.lasting { "public, max-age=31536000, immutable" } else { "public, no-cache" };
        let mut response = tagged(&tag, caching, request, request_id);
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        if response.status() == StatusCode::NOT_MODIFIED {
            return response;
        }
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        *response.body_mut() = if compressed {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Bytes::from_static(self.gzip)
        } else {
            Bytes::from(self.plain())
        };
        response
    }

    /// The content, decompressed.
    pub fn plain(&self) -> Vec<u8> {
        let mut plain = Vec::new();
        // The build packed it; what it packed can be unpacked.
        let _ = GzDecoder::new(self.gzip).read_to_end(&mut plain);
        plain
    }
}

/// A 304 where the client has what this tag stands for, and otherwise a 200 that still needs its body.
pub fn tagged(tag: &str, caching: &'static str, request: &HeaderMap, request_id: &RequestId) -> Response<Bytes> {
    let status = if has(request, tag) { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = answer::empty(status, request_id);
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// Whether `If-None-Match` names this tag (RFC 9110 section 13.1.2: compared weakly).
fn has(request: &HeaderMap, tag: &str) -> bool {
    list(request, &IF_NONE_MATCH).any(|member| member == "*" || member.strip_prefix("W/").unwrap_or(member) == tag)
}

/// Whether the client takes gzip (RFC 9110 section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let (mut named, mut any) = (None, None);
    for member in list(request, &ACCEPT_ENCODING) {
        let (coding, parameters) = member.split_once(';').unwrap_or((member, ""));
        let weight = parameters.trim().strip_prefix("q=").or(parameters.trim().strip_prefix("Q="));
        let taken = weight.is_none_or(|weight| weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0));
        match coding.trim() {
            coding if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") => {
                named = Some(taken);
            }
            "*" => any = Some(taken),
            _ => {}
        }
    }
    named.or(any).unwrap_or(false)
}

/// The members of a list that may be spread over several fields.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn gzip_is_sent_only_to_who_takes_it() {
        let taken = |value| accepts_gzip(&with(ACCEPT_ENCODING, value));
        for value in ["gzip", "br, GZIP;q=0.5", "*", "identity;q=0, x-gzip", "gzip;q=1.0, *;q=0"] {
            assert!(taken(value), "{value}");
        }
        for value in
            ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "*;q=0", "*, gzip;q=0", "gzip;q=high", "gzipped"]
        {
            assert!(!taken(value), "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_client_that_has_it_is_not_sent_it_again() {
        let has = |value| has(&with(IF_NONE_MATCH, value), "\"1a\"");
        for value in ["\"1a\"", "W/\"1a\"", "\"0\", \"1a\"", "*"] {
            assert!(has(value), "{value}");
        }
        for value in ["", "1a", "\"1b\"", "\"1a-plain\"", "W/1a"] {
            assert!(!has(value), "{value}");
        }
    }

    #[test]
    fn every_file_can_be_unpacked_and_is_what_its_name_says() {
        for asset in ASSETS {
            assert!(!asset.plain().is_empty(), "{}", asset.path);
            assert_eq!(asset.lasting, asset.path.contains(asset.hash), "{}", asset.path);
        }
        let bundle = ASSETS.iter().find(|asset| asset.path.contains("swagger-ui-bundle")).unwrap();
        assert!(String::from_utf8(bundle.plain()).unwrap().contains("SwaggerUIBundle"));
        let read = |path: &str| std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
        assert_eq!(find("/openapi.yaml").unwrap().plain(), read("../../docs/openapi.yaml"));
    }
}
