//! The error catalogue: every code a client can receive, with its one HTTP status.
//!
//! `docs/errors.md` is generated from [`Code::ALL`]; the database answers with these codes by name.

use http::StatusCode;

macro_rules! catalogue {
    ($($variant:ident, $name:literal, $status:ident, $title:literal, $meaning:literal;)*) => {
        /// A code of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The name on the wire and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }

            /// The one HTTP status of the code.
            pub const fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status),* }
            }

            /// A short summary that does not change from occurrence to occurrence (RFC 9457 section 3.1.3).
            pub const fn title(self) -> &'static str {
                match self { $(Code::$variant => $title),* }
            }

            /// What the code tells a client, for the documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $meaning),* }
            }
        }
    };
}

catalogue! {
    Unauthenticated, "unauthenticated", UNAUTHORIZED, "Authentication required",
        "There is no valid bearer token: it is missing, malformed, expired, not yet valid, or not signed by a configured key.";
    PermissionDenied, "permission_denied", FORBIDDEN, "Permission denied",
        "The permission matrix refuses this. `reasons` names the rule and what would make it allowed.";
    OutsideAssignmentWindow, "outside_assignment_window", FORBIDDEN, "Outside the assignment window",
        "The sitter has no assignment with this client at the moment. The next window, if there is one, is given.";
    AntiPoachingBlocked, "anti_poaching_blocked", FORBIDDEN, "Blocked by the anti-poaching filter",
        "The message tries to move business away from the organisation.";
    BadRequest, "bad_request", BAD_REQUEST, "Bad request",
        "The request is not valid HTTP: its head is malformed, or its body breaks off. Nothing was done, and the connection ends.";
    ValidationError, "validation_error", BAD_REQUEST, "The request is not valid",
        "`reasons` names each field of the body, or parameter of the query, that was refused and why.";
    InvalidInput, "invalid_input", BAD_REQUEST, "Invalid input",
        "Each field is valid by itself, but what they ask for together is not possible.";
    NotFound, "not_found", NOT_FOUND, "Not found",
        "Nothing with this id exists for the caller.";
    HelpRequestNotFound, "help_request_not_found", NOT_FOUND, "Help request not found",
        "There is no help request with this id.";
    FeatureDisabled, "feature_disabled", NOT_FOUND, "Feature disabled",
        "The function is switched off, or not rolled out to the caller.";
    MethodNotAllowed, "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "`Allow` lists the methods of this path.";
    RequestTimeout, "request_timeout", REQUEST_TIMEOUT, "Request too slow",
        "The request arrives more slowly than the server waits for; nothing was done.";
    PayloadTooLarge, "payload_too_large", PAYLOAD_TOO_LARGE, "Payload too large",
        "The request body exceeds the limit.";
    UriTooLong, "uri_too_long", URI_TOO_LONG, "URI too long",
        "The path and the query of the request exceed the limit.";
    HeadersTooLarge, "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE, "Headers too large",
        "The headers of the request exceed the limit.";
    UnsupportedMediaType, "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
        "The body must be `application/json` in UTF-8, without a content coding.";
    ConversationExists, "conversation_exists", CONFLICT, "Conversation exists",
        "This helper already has a conversation about this help request; `conversation_id` is its id.";
    ConversationReadOnly, "conversation_read_only", CONFLICT, "Conversation is read-only",
        "The conversation is read-only.";
    TooManyReactions, "too_many_reactions", CONFLICT, "Too many reactions",
        "The message has as many kinds of reactions as it may have; one of these can still be given.";
    HelpRequestUnavailable, "help_request_unavailable", CONFLICT, "Help request unavailable",
        "The help request is no longer open.";
    AlreadyReported, "already_reported", CONFLICT, "Already reported",
        "The caller has already reported this message; `report_id` is that report.";
    AlreadyReviewed, "already_reviewed", CONFLICT, "Already reviewed",
        "The report has already been decided; `decision` says how.";
    RolloutCriteriaUnmet, "rollout_criteria_unmet", CONFLICT, "Rollout criteria unmet",
        "The stage that would be left has not shown what it has to; `reasons` has each unmet criterion with its figure and bound.";
    NoNumberAvailable, "no_number_available", CONFLICT, "No number available",
        "The organisation has no number left that the thread could have; nothing was written.";
    NumberInUse, "number_in_use", CONFLICT, "Number in use",
        "The number, the organisation's front desk or the sitter's number exists already; `reasons` says which.";
    ClientOptedOut, "client_opted_out", CONFLICT, "The client has opted out",
        "The client wants no more messages from the organisation, until they text START.";
    EditWindowClosed, "edit_window_closed", CONFLICT, "Edit window closed",
        "The message can no longer be edited: the time for it is over, or it has been edited as often as a message may be.";
    EditConflict, "edit_conflict", CONFLICT, "Edit conflict",
        "The message has been edited since the version that the edit is based on; `version` is the newest.";
    CursorExpired, "cursor_expired", GONE, "Cursor expired",
        "The cursor is from another state of the database (it was restored, moved or taken over) or of another user: synchronise anew, without a cursor.";
    AlreadySent, "already_sent", CONFLICT, "Already sent",
        "The message was sent before, or was never held back.";
    MessageIdTaken, "message_id_taken", CONFLICT, "The message_id is taken",
        "Another message has this `message_id`; the message is sent with an id of its own.";
    IdempotencyConflict, "idempotency_conflict", UNPROCESSABLE_ENTITY, "Idempotency key reused",
        "The same `Idempotency-Key` was used with another body in the last 24 hours, or the same `message_id` for another message of the caller's in this conversation.";
    QuotaExceeded, "quota_exceeded", TOO_MANY_REQUESTS, "Quota exceeded",
        "The quota for this period is used up; `reset_at` says when it resets.";
    RateLimited, "rate_limited", TOO_MANY_REQUESTS, "Rate limited",
        "Too many requests; `Retry-After` says when to try again.";
    NotImplemented, "not_implemented", NOT_IMPLEMENTED, "Not implemented",
        "The body is encoded for the transfer in another way than chunked.";
    HttpVersionNotSupported, "http_version_not_supported", HTTP_VERSION_NOT_SUPPORTED, "HTTP version not supported",
        "The server speaks HTTP/1.1 and HTTP/1.0.";
    DatabaseUnavailable, "database_unavailable", SERVICE_UNAVAILABLE, "Database unavailable",
        "The database does not respond. It is unknown whether the request took effect; retry it with its `Idempotency-Key`.";
    AuthenticationUnavailable, "authentication_unavailable", SERVICE_UNAVAILABLE, "Authentication unavailable",
        "The keys that verify tokens cannot be fetched at the moment; nothing was done.";
    Maintenance, "maintenance", SERVICE_UNAVAILABLE, "Maintenance",
        "Nothing can be written at the moment; reading goes on. Nothing was done, and the request can be sent again later.";
    Overloaded, "overloaded", SERVICE_UNAVAILABLE, "Overloaded",
        "The server is handling as many requests as it can; nothing was done.";
    Timeout, "timeout", GATEWAY_TIMEOUT, "Timeout",
        "The request took too long. It is unknown whether it took effect; retry it with its `Idempotency-Key`.";
    Internal, "internal", INTERNAL_SERVER_ERROR, "Internal error",
        "An unexpected error occurred. The log line with this `request_id` has the cause.";
}

impl Code {
    /// The code with this name, as the database writes it.
    pub fn from_name(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Whether the code counts against the success rate: work that was begun broke, or could not be begun for a fault of
    /// ours. A refusal is none, and neither is a server error that says that nothing was tried.
    pub fn is_failure(self) -> bool {
        self.status().is_server_error()
            && !matches!(self.as_str(), "overloaded" | "not_implemented" | "http_version_not_supported" | "maintenance")
    }

    /// The problem type of RFC 9457 section 3.1.1, stable for each code.
    pub fn type_uri(self) -> String {
        format!("urn:rolecall:problem:{}", self.as_str())
    }

    /// Seconds to wait before trying again, for codes that pass by themselves and carry no better figure.
    pub const fn default_retry_after(self) -> Option<u64> {
        match self {
            Code::DatabaseUnavailable | Code::AuthenticationUnavailable | Code::Overloaded => Some(1),
            Code::Maintenance => Some(30),
            Code::RateLimited | Code::QuotaExceeded => Some(60),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_lead_back_to_their_code() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for &code in Code::ALL {
            assert_eq!(Code::from_name(code.as_str()), Some(code));
        }
        assert_eq!(Code::from_name("no_such_code"), None);
    }

    #[test]
    fn a_failure_is_a_server_error_that_is_no_refusal() {
        let failures: Vec<_> = Code::ALL.iter().filter(|code| code.is_failure()).map(|code| code.as_str()).collect();
        assert_eq!(failures, ["database_unavailable", "authentication_unavailable", "timeout", "internal"]);
    }

    #[test]
    fn every_code_is_a_client_or_server_error() {
        for &code in Code::ALL {
            let status = code.status();
            assert!(status.is_client_error() || status.is_server_error(), "{code:?}");
        }
    }
}
