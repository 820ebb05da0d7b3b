//! The definition of a function: its name, its callers, its input and its entry point.

use crate::{
    auth::{caller::Caller, realtime::TokenSigner},
    rules::{id::UserId, limits::MAX_BODY_BYTES},
    wire::{fields::Fields, input::Input, refusal::Refusal, statement::Statement},
};
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{borrow::Cow, time::Duration};

/// A function of the application. Everything else about a request is the same for all (`spin::serve`).
pub trait Function {
    /// The operation: its component, and after a dot which of the component's operations it is if there are several.
    /// Logs, metrics and idempotency keys know it by this name.
    const NAME: &'static str;

    /// The feature flag that switches it off: one for all operations of a component. `None` where nothing may.
    const FLAG: Option<&'static str> = Some(component_of(Self::NAME));

    /// The function in the database that does the work.
    const ENTRY: &'static str;

    /// The one statement of a request: it calls the entry point.
    const STATEMENT: &'static Statement = &Statement::of(Self::ENTRY);

    /// How it is called.
    const VERB: Verb = Verb::Post;

    /// Whether a call changes nothing, whatever its method: what it reads, it reads during maintenance, too.
    const READS: bool = Self::VERB.reads();

    /// Whether it is of no use without NATS. It then answers 404 `feature_disabled` where realtime is off.
    const NEEDS_REALTIME: bool = false;

    /// Whether a success creates something, which its status says.
    const CREATES: bool = false;

    /// Whether requests that arrive together share a statement. The entry point then also takes an array of calls, and answers an
    /// array.
    const SHARES_STATEMENTS: bool = false;

    /// How many inputs a request has at most. Where there can be several, the body may also be an array of them
    /// (`spin::items`), which the entry point takes, too.
    const MAX_ITEMS: usize = 1;

    /// Whether a statement may leave work for the next one, which its answer's member `more` says. The statement is then
    /// sent again until there is none, or for [`crate::rules::limits::REPEAT_SECONDS`].
    const REPEATS: bool = false;

    /// Whether the variable `metrics_token` lets a caller in as the operator.
    const TAKES_METRICS_TOKEN: bool = false;

    /// Whether the body may be a form (`application/x-www-form-urlencoded`), and not only JSON.
    const TAKES_FORM: bool = false;

    /// The form of a success.
    const ANSWER: AnswerForm = AnswerForm::Json;

    /// The largest body that is read, in bytes.
    const MAX_BODY: usize = MAX_BODY_BYTES;

    /// Who may call it.
    type Caller: Caller;

    /// Its input: the body, or the query string of a GET. The entry point is sent it.
    type Input: Input + Serialize;

    /// The status of a success.
    fn status(_data: &Map<String, Value>) -> StatusCode {
        if Self::CREATES { StatusCode::CREATED } else { StatusCode::OK }
    }

    /// What follows the variable `twilio_webhook_url` in the address that the carrier was given, where the caller is the
    /// carrier.
    fn webhook_path(_path: PathParameters<'_>) -> Cow<'static, str> {
        Cow::Borrowed("")
    }

    /// Finishes a success after its statement: for what no database does, such as signing a token.
    ///
    /// # Errors
    /// The refusal that is answered instead.
    fn finish(_data: &mut Map<String, Value>, _at_hand: &AtHand<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether a success is one of many in which nothing happened, so that its log line would only hide others.
    fn is_routine(_data: &Map<String, Value>) -> bool {
        false
    }
}

/// What a function has to finish its answer with.
#[derive(Clone, Copy, Debug)]
pub struct AtHand<'a> {
    /// The user who calls.
    pub user: Option<UserId>,
    /// The second since 1970 at which their token ends, where the function needs realtime.
    pub token_ends: Option<u64>,
    /// The time that it is, since the beginning of 1970.
    pub now: Duration,
    /// Signs tokens for NATS, where the function needs realtime.
    pub token_signer: Option<&'a TokenSigner>,
}

/// The component that an operation belongs to: its name up to the dot.
pub const fn component_of(operation: &str) -> &str {
    let bytes = operation.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'.' {
        at += 1;
    }
    operation.split_at(at).0
}

/// The input of a function that takes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Nothing {}

impl Input for Nothing {
    fn decode(_: &mut Fields) -> Option<Nothing> {
        Some(Nothing {})
    }
}

/// The form of a success. A refusal is a problem document whatever this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerForm {
    /// The success object.
    Json,
    /// What the carrier is to do (TwiML): its member `reply`, if it is text, goes to the sender.
    Twiml,
}

/// How a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It reads.
    Get,
    /// It writes; GET on its path is its health.
    Post,
}

/// The method asks for the function, its health, the allowed methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Call the function.
    Call,
    /// Tell how the function and its database are.
    Health,
    /// Tell which methods are allowed.
    Options,
    /// A method that the path does not take.
    NotAllowed,
}

impl Verb {
    /// What `method` asks for.
    pub fn intent(self, method: &Method) -> Intent {
        match (self, method) {
            // HEAD is GET without the body (RFC 9110 section 9.3.2), which the HTTP server leaves out. It is given here all the
            // same: WASI refuses an answer whose body is not as long as its `content-length` says.
            (Verb::Get, &Method::GET | &Method::HEAD) | (Verb::Post, &Method::POST) => Intent::Call,
            (Verb::Post, &Method::GET | &Method::HEAD) => Intent::Health,
            (_, &Method::OPTIONS) => Intent::Options,
            _ => Intent::NotAllowed,
        }
    }

    /// Whether a call changes nothing.
    pub const fn reads(self) -> bool {
        matches!(self, Verb::Get)
    }

    /// The methods of the path, for `Allow`.
    pub const fn allow(self) -> &'static str {
        match self {
            Verb::Get => "GET, HEAD, OPTIONS",
            Verb::Post => "GET, HEAD, POST, OPTIONS",
        }
    }
}

/// The parameters of the route.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathParameters<'a> {
    /// The id in the path, undecoded.
    pub id: Option<&'a str>,
}

impl<'a> PathParameters<'a> {
    /// The parameters that the runtime put into the request's headers. On a route without them the header is a client's.
    pub fn of(headers: &'a HeaderMap) -> PathParameters<'a> {
        let route = spin_header(headers, "spin-matched-route").unwrap_or_default();
        let has_id = route.split('/').any(|segment| segment == ":id");
        PathParameters { id: spin_header(headers, "spin-path-match-id").filter(|_| has_id) }
    }
}

/// A header by which the runtime tells how the component was reached. Spin leaves a client's header of the same name in
/// its place and adds its own behind it: the last one is to be trusted.
pub fn spin_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()
}

/// The rest of the path after a component's name, for a component with several functions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubPath(String);

impl SubPath {
    /// The path that the runtime put into the request's headers.
    pub fn of(headers: &HeaderMap) -> SubPath {
        SubPath(spin_header(headers, "spin-path-info").unwrap_or_default().to_owned())
    }

    /// Its segments, undecoded. As in a route, a slash at the end makes no difference.
    pub fn segments(&self) -> Vec<&str> {
        let path = self.0.strip_prefix('/').unwrap_or(&self.0);
        let path = path.strip_suffix('/').unwrap_or(path);
        if path.is_empty() { Vec::new() } else { path.split('/').collect() }
    }
}

/// Whether the content type is JSON in UTF-8 (RFC 8259 section 8.1).
pub fn is_json(headers: &HeaderMap) -> bool {
    is_of_type(headers, "application/json")
}

/// Whether the content type is a form (URL standard, section 5) in UTF-8.
pub fn is_form(headers: &HeaderMap) -> bool {
    is_of_type(headers, "application/x-www-form-urlencoded")
}

fn is_of_type(headers: &HeaderMap, name: &str) -> bool {
    let Some(value) = headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or("");
    media_type.eq_ignore_ascii_case(name)
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.eq_ignore_ascii_case("charset") => {
                charset.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Whether the body is sent as it is: no content coding, such as gzip, was applied (RFC 9110 section 8.4).
pub fn is_unencoded(headers: &HeaderMap) -> bool {
    headers.get_all(http::header::CONTENT_ENCODING).iter().all(|value| {
        value.as_bytes().split(|&byte| byte == b',').all(|coding| {
            let coding = coding.trim_ascii();
            coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_method_says_what_is_asked() {
        assert_eq!(Verb::Post.intent(&Method::POST), Intent::Call);
        assert_eq!(Verb::Post.intent(&Method::GET), Intent::Health);
        assert_eq!(Verb::Get.intent(&Method::GET), Intent::Call);
        assert_eq!(Verb::Get.intent(&Method::OPTIONS), Intent::Options);
        assert_eq!(Verb::Post.intent(&Method::HEAD), Intent::Health);
        assert_eq!(Verb::Get.intent(&Method::HEAD), Intent::Call);
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
            assert_eq!(Verb::Post.intent(&method), Intent::NotAllowed);
        }
        assert_eq!(Verb::Get.intent(&Method::POST), Intent::NotAllowed);
    }

    #[test]
    fn an_operation_belongs_to_a_component() {
        assert_eq!(component_of("moderation.lift-suspension"), "moderation");
        assert_eq!(component_of("send-dm"), "send-dm");
        assert_eq!(component_of(""), "");
    }

    #[test]
    fn a_sub_path_is_split_into_segments() {
        let segments = |path: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("spin-path-info", HeaderValue::from_static(path));
            SubPath::of(&headers).segments().iter().map(|segment| (*segment).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(segments(""), [""; 0]);
        assert_eq!(segments("/"), [""; 0]);
        assert_eq!(segments("/report"), ["report"]);
        assert_eq!(segments("/report/"), ["report"]);
        assert_eq!(segments("/a%2Fb/messages"), ["a%2Fb", "messages"]);
        assert_eq!(segments("//report"), ["", "report"]);
        assert_eq!(segments("/report//"), ["report", ""]);
        assert_eq!(SubPath::of(&HeaderMap::new()).segments(), [""; 0]);
    }

    #[test]
    fn only_a_body_without_a_content_coding_is_taken() {
        let taken = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("content-encoding", HeaderValue::from_static(value));
            }
            is_unencoded(&headers)
        };
        for values in [&[][..], &["identity"], &["Identity"], &[""], &["identity, identity"], &["identity", "identity"]]
        {
            assert!(taken(values), "{values:?}");
        }
        for values in [&["gzip"][..], &["br"], &["identity, gzip"], &["identity", "deflate"], &["identity;q=1"], &["*"]]
        {
            assert!(!taken(values), "{values:?}");
        }
    }

    #[test]
    fn headers_of_the_runtime_from_a_client_change_nothing() {
        let of = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for &(name, value) in pairs {
                headers.append(name, HeaderValue::from_static(value));
            }
            headers
        };
        let id = |pairs: &[_]| PathParameters::of(&of(pairs)).id.map(str::to_owned);
        let route = ("spin-matched-route", "/api/messaging/help-requests/:id/start-conversation");
        let without = ("spin-matched-route", "/functions/v1/start-conversation");
        assert_eq!(id(&[route, ("spin-path-match-id", "7")]).as_deref(), Some("7"));
        assert_eq!(id(&[("spin-path-match-id", "forged"), route, ("spin-path-match-id", "7")]).as_deref(), Some("7"));
        assert_eq!(id(&[("spin-path-match-id", "forged"), without]), None);
        assert_eq!(id(&[route, ("spin-path-match-id", "forged"), without]), None);
        assert_eq!(id(&[("spin-path-match-id", "forged")]), None);
        let path = of(&[("spin-path-info", "/forged"), ("spin-path-info", "/report")]);
        assert_eq!(SubPath::of(&path).segments(), ["report"]);
    }

    #[test]
    fn only_json_in_utf8_is_taken() {
        let taken = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static(text));
            is_json(&headers)
        };
        for text in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert!(taken(text), "{text}");
        }
        for text in ["", "text/plain", "application/jsonp", "application/json; charset=latin1", "text/application/json"]
        {
            assert!(!taken(text), "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn a_form_is_no_json() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded; charset=UTF-8"));
        assert!(is_form(&headers) && !is_json(&headers));
        headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded; charset=latin1"));
        assert!(!is_form(&headers));
        headers.insert("content-type", HeaderValue::from_static("multipart/form-data"));
        assert!(!is_form(&headers));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        assert!(is_json(&headers) && !is_form(&headers));
    }
}
