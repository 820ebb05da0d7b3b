//! What the runner itself answers, in the form of docs/contract.md, section 3: it looks like what the functions answer.

use crate::guest::instance::Failure;
use crate::guest::vitals::End;
use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::{BodyExt, Full};
use rolecall_shared::rules::code::Code;
use rolecall_shared::wire::answer::{finish, problem};
use rolecall_shared::wire::cors::Cors;
use rolecall_shared::wire::refusal::Refusal;
use rolecall_shared::wire::request_id::RequestId;
use std::borrow::Cow;
use wasmtime_wasi_http::WasiBody;

/// Why the runner does not pass a request on, or has no answer to pass back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// No route matches the path.
    NoRoute,
    /// The body is larger than the limit, in bytes.
    BodyTooLarge(usize),
    /// The body did not arrive in time.
    BodyTooSlow,
    /// The body could not be read: the connection broke or the chunks are malformed.
    BodyBroken,
    /// There are as many requests in flight as there may be.
    TooManyInFlight,
    /// The bodies of the requests in flight take all the memory they may.
    TooMuchBodyMemory,
    /// The component has no answer.
    Component(Failure),
}

impl Reject {
    /// The code and what to say to people.
    pub fn refusal(self) -> Refusal {
        let (code, detail): (_, Cow<'static, str>) = match self {
            Reject::NoRoute => (Code::NotFound, "There is nothing at this path.".into()),
            Reject::BodyTooLarge(limit) => {
                (Code::PayloadTooLarge, format!("The body is larger than {limit} bytes.").into())
            }
            Reject::BodyTooSlow => (Code::Timeout, "The body did not arrive in time; nothing was done.".into()),
            Reject::BodyBroken => {
                (Code::InvalidInput, "The body could not be read to its end; nothing was done.".into())
            }
            Reject::TooManyInFlight | Reject::TooMuchBodyMemory | Reject::Component(Failure::NeverStarted) => {
                (Code::Overloaded, "The server has as many requests in flight as it takes; nothing was done.".into())
            }
            Reject::Component(Failure::Timeout) => {
                (Code::Timeout, "The request took too long. Whether it took effect is unknown.".into())
            }
            Reject::Component(Failure::Ended(End::Cpu)) => (
                Code::Timeout,
                "The request, or one beside it, took more CPU time than it may. Whether it took effect is unknown."
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
            Reject::NoRoute => "no_route",
            Reject::BodyTooLarge(_) => "body_too_large",
            Reject::BodyTooSlow => "body_too_slow",
            Reject::BodyBroken => "body_broken",
            Reject::TooManyInFlight => "too_many_in_flight",
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

    /// Whether the rest of the request is still on the connection, so that the connection cannot be used again.
    pub fn leaves_body_unread(self) -> bool {
        !matches!(self, Reject::Component(_))
    }
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
            (Reject::NoRoute, Code::NotFound),
            (Reject::BodyTooLarge(1), Code::PayloadTooLarge),
            (Reject::BodyTooSlow, Code::Timeout),
            (Reject::BodyBroken, Code::InvalidInput),
            (Reject::TooManyInFlight, Code::Overloaded),
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
