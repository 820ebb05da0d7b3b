//! `home`: the page that a browser opens first, the files it is made of, and the OpenAPI document.
//!
//! It is no part of the API: it asks no database, and everything it loads is built in.

mod asset;
mod page;
mod sign_in;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{
        ALLOW, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
    request::Parts,
};
use rolecall_shared::{
    function::is_json,
    rules::code::Code,
    wire::{answer, cors::Cors, refusal::Refusal, request_id::RequestId},
};

/// Where a demo user signs in.
const SIGN_IN: &str = "/home/sign-in";

/// The most bytes of a sign-in.
pub const MAX_SIGN_IN: usize = 1024;

/// What the page may load: files of its own origin, and the small pictures within Swagger UI's style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What of the application's variables the page is made from.
#[derive(Default)]
pub struct Settings {
    /// What runs the components, for people.
    pub runtime: String,
    /// `demo_users`.
    pub demo_users: String,
    /// Web origins that may read the OpenAPI document.
    pub cors: Option<Cors>,
}

/// The answer to a request.
///
/// # Errors
/// The path or the method leads to nothing, or the sign-in is refused.
pub fn answer(
    settings: &Settings,
    parts: &Parts,
    body: &[u8],
    request_id: &RequestId,
) -> Result<Response<Bytes>, Refusal> {
    let (path, method) = (parts.uri.path(), &parts.method);
    let asset = asset::find(path);
    let allow = match path {
        SIGN_IN => "POST, OPTIONS",
        "/" => "GET, HEAD, OPTIONS",
        _ if asset.is_some() => "GET, HEAD, OPTIONS",
        _ => return Err(Refusal::new(Code::NotFound, "There is nothing at this path.")),
    };
    let reads = method == Method::GET || method == Method::HEAD;
    match (path, asset) {
        _ if method == Method::OPTIONS => {
            let mut response = answer::empty(StatusCode::NO_CONTENT, request_id);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
            Ok(response)
        }
        (SIGN_IN, _) if method == Method::POST => sign_in(settings, &parts.headers, body, request_id),
        ("/", _) if reads => {
            let users = sign_in::parse(&settings.demo_users);
            Ok(page::answer(&settings.runtime, &users, &parts.headers, request_id))
        }
        (_, Some(asset)) if reads => Ok(asset.answer(&parts.headers, request_id)),
        _ => Err(Refusal::new(Code::MethodNotAllowed, format!("This path takes {allow}.")).with_header(ALLOW, allow)),
    }
}

fn sign_in(
    settings: &Settings,
    headers: &HeaderMap,
    body: &[u8],
    request_id: &RequestId,
) -> Result<Response<Bytes>, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::new(Code::UnsupportedMediaType, "Send `content-type: application/json`, in UTF-8."));
    }
    let user = sign_in::sign_in(&sign_in::parse(&settings.demo_users), headers, body)?;
    Ok(answer::success(StatusCode::OK, &user, &[], false, request_id))
}

/// Gives an answer its last form: what a browser must know of it, and who else may read it.
pub fn finish(settings: &Settings, parts: &Parts, mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    let resource_policy = HeaderName::from_static("cross-origin-resource-policy");
    // Nobody but the page itself reads what is the page's. The document is for everybody who may call.
    let cors = settings.cors.clone().filter(|_| is_document(parts.uri.path()));
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (resource_policy, if cors.is_some() { "cross-origin" } else { "same-origin" }),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let mut response = answer::finish(response, &cors.unwrap_or_else(Cors::nobody), &parts.headers);
    if response.status() == StatusCode::NOT_MODIFIED {
        // It would be the length of what is not sent.
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

fn is_document(path: &str) -> bool {
    path.starts_with("/openapi.")
}

#[cfg(target_family = "wasm")]
mod spin;
