//! One request: what its log line says, and which answers its faults become.

use super::{database::Fault, flush, instance, serve::Body};
use crate::{
    rules::{code::Code, id::UserId},
    spin::settings::Settings,
    wire::{
        answer,
        cors::Cors,
        envelope::{self, Answer, Done},
        log::{Level, Line},
        refusal::Refusal,
        request_id::{RequestId, TraceParent},
    },
};
use bytes::Bytes;
use http::{Method, Response, request::Parts};
use http_body_util::Either;
use serde_json::Value;
use spin_sdk::{
    http::FullBody,
    pg::{PgError, QueryError},
};
use std::{rc::Rc, time::Instant};

/// What is known of a request, for the log line at its end.
pub struct Exchange {
    pub service: &'static str,
    operation: Option<&'static str>,
    method: Method,
    pub started: Instant,
    pub request_id: RequestId,
    traceparent: Option<TraceParent>,
    pub user_id: Option<UserId>,
    /// The second since 1970 at which the caller's token ends, where the function asks.
    pub token_ends: Option<u64>,
    org_id: Option<String>,
    conversation_id: Option<String>,
    thread_id: Option<String>,
    number_class: Option<String>,
    decision: Option<String>,
    pub cause: Option<String>,
    /// A code that its answer tells in another form than a problem document: of a failing health, or of an item.
    pub reported: Option<Code>,
    /// Whether the database has answered, and so counted the request.
    is_counted: bool,
    /// A success of this request is not worth a line.
    pub is_routine: bool,
}

impl Exchange {
    /// Begins with a request that has just come.
    pub fn begin(service: &'static str, operation: Option<&'static str>, parts: &Parts) -> Exchange {
        let headers = &parts.headers;
        Exchange {
            service,
            operation,
            method: parts.method.clone(),
            started: Instant::now(),
            request_id: RequestId::of(headers),
            traceparent: TraceParent::of(headers),
            user_id: None,
            token_ends: None,
            org_id: None,
            conversation_id: None,
            thread_id: None,
            number_class: None,
            decision: None,
            cause: None,
            reported: None,
            is_counted: false,
            is_routine: false,
        }
    }

    /// The instance's settings. A client cannot mend a fault in them, so it is told nothing about it.
    pub async fn settings(&mut self) -> Result<Rc<Settings>, Refusal> {
        instance::settings().await.map_err(|cause| self.broken(cause))
    }

    /// Writes the request's one log line and gives the answer its last form.
    pub fn conclude(self, cors: &Cors, parts: &Parts, outcome: Result<Response<Bytes>, Refusal>) -> Response<Body> {
        self.log(outcome.as_ref().err().map(|refusal| refusal.code).or(self.reported));
        let response = outcome.unwrap_or_else(|refusal| answer::problem(&refusal, &self.request_id));
        answer::finish(response, cors, &parts.headers).map(|body| Either::Left(FullBody::new(body)))
    }

    /// The refusal for a bug of ours; the cause goes to the log alone.
    pub fn broken(&mut self, cause: String) -> Refusal {
        self.cause = Some(cause);
        Refusal::internal()
    }

    /// The database's answer does not parse; our bug.
    pub fn unparsable(&mut self, statement: &str) -> Refusal {
        self.is_counted = true;
        self.broken(format!("{statement}: the answer has an unexpected form"))
    }

    /// The refusal for a failed statement that requests share.
    pub fn failure(&mut self, fault: &Fault, statement: &str) -> Refusal {
        match fault {
            Fault::Database(error) => self.database_failure(error),
            Fault::Unparsable => self.unparsable(statement),
            Fault::OutOfTime => {
                (self.is_counted, self.cause) = (false, Some(format!("{statement}: not sent for lack of time")));
                Refusal::new(Code::Timeout, "The request took too long; this part of it was not tried.")
            }
        }
    }

    /// The refusal when it is unknown whether the request took effect.
    pub fn outcome_unknown(&mut self, cause: &str) -> Refusal {
        self.is_counted = false;
        self.cause = Some(cause.to_owned());
        Refusal::new(Code::DatabaseUnavailable, "The database does not respond.")
    }

    /// Keeps the parts of the database's answer that the log line shows.
    pub fn decided(&mut self, answer: Answer) -> Result<Done, Refusal> {
        self.is_counted = true;
        self.org_id = answer.org_id;
        let data = answer.outcome.as_ref().map_or_else(|refusal| &refusal.data, |done| &done.data);
        let shown = |name| data.get(name).and_then(Value::as_str).map(str::to_owned);
        self.conversation_id = shown("conversation_id");
        self.thread_id = shown("thread_id");
        self.number_class = shown("number_class");
        self.decision = shown("decision");
        answer.outcome
    }

    /// The outcome of one of several items. A failure that the database does not know of is counted by itself.
    pub fn decided_item(&mut self, outcome: Result<Answer, Rc<Fault>>, statement: &str) -> Result<Done, Refusal> {
        match outcome {
            Ok(answer) => {
                self.org_id = answer.org_id;
                answer.outcome
            }
            Err(fault) => {
                let refusal = self.failure(&fault, statement);
                if !self.is_counted {
                    self.count_item(refusal.code);
                }
                Err(refusal)
            }
        }
    }

    /// Counts an item that has failed without an answer of the database.
    pub fn count_item(&self, code: Code) {
        if let (true, Some(operation), Some(settings)) = (code.is_failure(), self.operation, instance::known_settings())
        {
            flush::count(&settings, operation, code, self.started.elapsed());
        }
    }

    /// The refusal for a failed statement; the SQLSTATE alone decides. PostgreSQL's DETAIL may quote rows and is not
    /// logged.
    pub fn database_failure(&mut self, error: &PgError) -> Refusal {
        let (code, cause) = match error {
            PgError::QueryFailed(QueryError::DbError(error)) => {
                (envelope::code_for_sqlstate(&error.code), format!("SQLSTATE {}: {}", error.code, error.message))
            }
            PgError::ConnectionFailed(text) => (Code::DatabaseUnavailable, format!("connection failed: {text}")),
            PgError::QueryFailed(QueryError::Text(text)) | PgError::Other(text) => {
                (Code::DatabaseUnavailable, format!("query failed: {text}"))
            }
            PgError::BadParameter(text) | PgError::ValueConversionFailed(text) => (Code::Internal, text.clone()),
        };
        if code == Code::DatabaseUnavailable {
            return self.outcome_unknown(&cause);
        }
        (self.is_counted, self.cause) = (false, Some(cause));
        match code {
            Code::Timeout => Refusal::new(code, "The database took too long."),
            _ => Refusal::internal(),
        }
    }

    /// Counts a request that has failed without an answer of the database, which then cannot count it.
    fn count_failure(&self, code: Option<Code>) {
        if let (Some(code), false, None) = (code, self.is_counted, self.reported) {
            self.count_item(code);
        }
    }

    /// Writes the request's one log line, unless nothing happened that is worth one.
    pub fn log(&self, code: Option<Code>) {
        self.count_failure(code);
        if self.is_routine && code.is_none() {
            return;
        }
        Line {
            operation: self.operation,
            method: Some(self.method.as_str()),
            request_id: Some(&self.request_id),
            traceparent: self.traceparent.as_ref(),
            user_id: self.user_id,
            conversation_id: self.conversation_id.as_deref(),
            org_id: self.org_id.as_deref(),
            thread_id: self.thread_id.as_deref(),
            number_class: self.number_class.as_deref(),
            decision: self.decision.as_deref(),
            duration_ms: Some((self.started.elapsed().as_secs_f64() * 1e6).round() / 1e3),
            code,
            cause: self.cause.as_deref(),
            ..Line::new(Level::of(code), self.service, "request")
        }
        .print();
    }
}
