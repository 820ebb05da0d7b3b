//! What the runner itself answers, in the form of docs/contract.md, section 3: it looks like what the functions answer.

use crate::guest::instance::Failure;
use crate::guest::vitals::End;
use crate::server::head::{HeadFault, MAX_HEAD_BYTES, MAX_HEADERS, MAX_TARGET_BYTES};
use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use rolecall_shared::rules::code::Code;
use rolecall_shared::wire::answer::{empty, finish, problem};
use rolecall_shared::wire::cors::Cors;
use rolecall_shared::wire::log::Level;
use rolecall_shared::wire::refusal::Refusal;
use rolecall_shared::wire::request_id::RequestId;
use std::borrow::Cow;
use wasmtime_wasi_http::WasiBody;

/// The methods that the functions take between them.
const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// Why the runner does not pass a request on, or has no answer to pass back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// The head of the request may not pass.
    Head(HeadFault),
    /// No route matches the path.
    NoRoute,
    /// The body is larger than the limit, in bytes.
    BodyTooLarge(usize),
    /// The body arrives too slowly.
    BodyTooSlow,
    /// The body could not be read: the connection broke or the chunks are malformed.
    BodyBroken,
    /// There are as many requests in flight as there may be.
    TooManyInFlight,
    /// The connection makes room for others before its request was whole.
    TooManyConnections,
    /// The client behind a proxy has as many requests as it may have.
    TooManyOfPeer,
    /// The bodies of the requests in flight take all the memory they may.
    TooMuchBodyMemory,
    /// The component has no answer.
    Component(Failure),
}

impl Reject {
    /// The code and what to say to people.
    pub fn refusal(self) -> Refusal {
        let (code, detail): (_, Cow<'static, str>) = match self {
            Reject::Head(fault) => return head_refusal(fault),
            Reject::NoRoute => (Code::NotFound, "There is nothing at this path.".into()),
            Reject::BodyTooLarge(limit) => {
                (Code::PayloadTooLarge, format!("The body is larger than {limit} bytes.").into())
            }
            Reject::BodyTooSlow => (Code::RequestTimeout, "The body arrives too slowly; nothing was done.".into()),
            Reject::BodyBroken => (Code::BadRequest, "The body could not be read to its end; nothing was done.".into()),
            Reject::TooManyOfPeer => {
                let detail = "So many requests at a time from one address are not served; nothing was done.";
                let mut refusal = Refusal::new(Code::RateLimited, detail);
                refusal.data.insert("retry_after_seconds".into(), 1.into());
                return refusal;
            }
            Reject::TooManyConnections => {
                (Code::Overloaded, "The connection makes room for others; nothing was done.".into())
            }
            Reject::TooManyInFlight | Reject::TooMuchBodyMemory | Reject::Component(Failure::NeverStarted) => {
                (Code::Overloaded, "The server is handling as many requests as it can; nothing was done.".into())
            }
            Reject::Component(Failure::Timeout) => {
                (Code::Timeout, "The request took too long. It is unknown whether it took effect.".into())
            }
            Reject::Component(Failure::Ended(End::Cpu)) => (
                Code::Timeout,
                "The request, or one beside it, used more CPU time than it may. It is unknown whether it took effect."
                    .into(),
            ),
            Reject::Component(Failure::Ended(_) | Failure::NoResponse | Failure::NotStartable) => {
                return Refusal::internal();
            }
        };
        Refusal::new(code, detail)
    }

    /// What happened, for the log.
    pub fn event(self) -> &'static str {
        match self {
            Reject::Head(HeadFault::TooSlow) => "head_too_slow",
            Reject::Head(HeadFault::TargetTooLong | HeadFault::TooLarge) => "head_too_large",
            Reject::Head(HeadFault::BodyTooLarge) => "body_too_large",
            Reject::Head(_) => "head_refused",
            Reject::NoRoute => "no_route",
            Reject::BodyTooLarge(_) => "body_too_large",
            Reject::BodyTooSlow => "body_too_slow",
            Reject::BodyBroken => "body_broken",
            Reject::TooManyInFlight => "too_many_in_flight",
            Reject::TooManyConnections => "too_many_connections",
            Reject::TooManyOfPeer => "too_many_of_peer",
            Reject::TooMuchBodyMemory => "too_much_body_memory",
            Reject::Component(Failure::NeverStarted) => "never_started",
            Reject::Component(Failure::Timeout) => "request_timeout",
            Reject::Component(Failure::Ended(End::Trap)) => "instance_trapped",
            Reject::Component(Failure::Ended(End::Memory)) => "instance_out_of_memory",
            Reject::Component(Failure::Ended(End::Cpu)) => "instance_out_of_cpu_time",
            Reject::Component(Failure::NoResponse) => "handler_error",
            Reject::Component(Failure::NotStartable) => "instance_not_startable",
        }
    }

    /// How much attention the line in the log wants. What a client does to itself is no error of ours, whatever its status.
    pub fn level(self) -> Level {
        match self {
            Reject::Head(_) => Level::Warn,
            _ => Level::of(Some(self.refusal().code)),
        }
    }

    /// What has become of the rest of the request.
    pub fn rest(self) -> Rest {
        match self {
            Reject::Component(_) => Rest::Read,
            Reject::Head(_) | Reject::BodyTooSlow | Reject::BodyBroken | Reject::TooManyConnections => Rest::Lost,
            _ => Rest::Unread,
        }
    }
}

/// What has become of the rest of a request that is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It was read, and the connection goes on.
    Read,
    /// It is still on the connection, which goes on when it has been read.
    Unread,
    /// It does not come, or where it ends is not certain: the connection ends.
    Lost,
}

fn head_refusal(fault: HeadFault) -> Refusal {
    let (code, detail): (_, Cow<'static, str>) = match fault {
        HeadFault::Malformed(why) => (Code::BadRequest, format!("The head of the request is not valid: {why}.").into()),
        HeadFault::TooSlow => (Code::RequestTimeout, "The head arrives too slowly; nothing was done.".into()),
        HeadFault::TargetTooLong => {
            (Code::UriTooLong, format!("The target is longer than {MAX_TARGET_BYTES} bytes.").into())
        }
        HeadFault::TooLarge => (
            Code::HeadersTooLarge,
            format!("The head is longer than {MAX_HEAD_BYTES} bytes, or has more than {MAX_HEADERS} headers.").into(),
        ),
        HeadFault::BodyTooLarge => (Code::PayloadTooLarge, "The body is larger than any that is read.".into()),
        HeadFault::Version => (Code::HttpVersionNotSupported, "HTTP/1.1 and HTTP/1.0 are spoken here.".into()),
        HeadFault::TransferEncoding => {
            (Code::NotImplemented, "Transfer-Encoding may be chunked, and nothing else.".into())
        }
        HeadFault::Connect => {
            let refusal = Refusal::new(Code::MethodNotAllowed, "This is not a proxy.");
            return refusal.with_header(ALLOW, METHODS);
        }
    };
    Refusal::new(code, detail)
}

/// The answer to a request for what the server as a whole takes, `OPTIONS *`.
pub fn server_options(request: &HeaderMap, request_id: &RequestId, cors: &Cors) -> Response<WasiBody> {
    let mut response = empty(StatusCode::NO_CONTENT, request_id);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
    finish(response, cors, request).map(whole)
}

/// The answer to a request that the runner rejects.
pub fn rejection(refusal: &Refusal, request: &HeaderMap, request_id: &RequestId, cors: &Cors) -> Response<WasiBody> {
    finish(problem(refusal, request_id), cors, request).map(whole)
}

/// A body that is there already.
pub fn whole(bytes: Bytes) -> WasiBody {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rejection_has_its_code() {
        let table = [
            (Reject::Head(HeadFault::Malformed("why")), Code::BadRequest),
            (Reject::Head(HeadFault::TooSlow), Code::RequestTimeout),
            (Reject::Head(HeadFault::TargetTooLong), Code::UriTooLong),
            (Reject::Head(HeadFault::TooLarge), Code::HeadersTooLarge),
            (Reject::Head(HeadFault::BodyTooLarge), Code::PayloadTooLarge),
            (Reject::Head(HeadFault::Version), Code::HttpVersionNotSupported),
            (Reject::Head(HeadFault::TransferEncoding), Code::NotImplemented),
            (Reject::Head(HeadFault::Connect), Code::MethodNotAllowed),
            (Reject::NoRoute, Code::NotFound),
            (Reject::BodyTooLarge(1), Code::PayloadTooLarge),
            (Reject::BodyTooSlow, Code::RequestTimeout),
            (Reject::BodyBroken, Code::BadRequest),
            (Reject::TooManyInFlight, Code::Overloaded),
            (Reject::TooManyConnections, Code::Overloaded),
            (Reject::TooManyOfPeer, Code::RateLimited),
            (Reject::TooMuchBodyMemory, Code::Overloaded),
            (Reject::Component(Failure::NeverStarted), Code::Overloaded),
            (Reject::Component(Failure::Timeout), Code::Timeout),
            (Reject::Component(Failure::Ended(End::Cpu)), Code::Timeout),
            (Reject::Component(Failure::Ended(End::Memory)), Code::Internal),
            (Reject::Component(Failure::Ended(End::Trap)), Code::Internal),
            (Reject::Component(Failure::NoResponse), Code::Internal),
            (Reject::Component(Failure::NotStartable), Code::Internal),
        ];
        for (reject, code) in table {
            assert_eq!(reject.refusal().code, code, "{reject:?}");
        }
    }

    #[test]
    fn a_rejection_is_a_finished_problem_document() {
        let id = RequestId::parse("r-1").unwrap();
        let refusal = Reject::TooManyInFlight.refusal();
        let response = rejection(&refusal, &HeaderMap::new(), &id, &Cors::any());
        assert_eq!(response.status(), 503);
        for header in ["content-length", "x-request-id", "access-control-allow-origin", "retry-after"] {
            assert!(response.headers().contains_key(header), "{header}");
        }
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
}
