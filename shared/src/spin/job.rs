//! Functions that are not one statement and its answer as JSON: those that act on something outside between two
//! statements, and those that answer with text.

use super::{
    database,
    exchange::Exchange,
    keys::within,
    serve::{Admitted, Body, Received, receive, respond},
};
use crate::{
    function::{Function, Intent, PathParameters, component_of},
    settings::{CarrierAccount, Receiver},
    spin::settings::Settings,
    wire::{
        answer,
        envelope::{Call, Claims},
        log::{Level, Line},
        refusal::Refusal,
    },
};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::{Map, Value};
use spin_sdk::http::{FullBody, Request};
use std::{rc::Rc, time::Duration};

/// How long a receiver may take.
const POST_TIME: Duration = Duration::from_secs(5);
/// How much of its answer is read, so that the connection can be used again.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A request that sends more than one statement, each of which commits by itself.
pub struct Job<'a> {
    exchange: &'a mut Exchange,
    settings: &'a Rc<Settings>,
    claims: Claims,
    reads: bool,
}

impl Job<'_> {
    /// Who is sent alerts.
    pub fn receiver(&self) -> Option<Receiver> {
        self.settings.alert_receiver.clone()
    }

    /// Through which account texts are sent.
    pub fn carrier_account(&self) -> Option<CarrierAccount> {
        self.settings.carrier_account.clone()
    }

    /// Sends a statement with the claims of the request; what it answers.
    ///
    /// # Errors
    /// Its refusal, or that of a statement that failed.
    pub async fn query(&mut self, statement: &str, input: &impl Serialize) -> Result<Map<String, Value>, Refusal> {
        let request_id = self.exchange.request_id.clone();
        let call = Call {
            claims: self.claims,
            request_id: &request_id,
            idempotency_key: None,
            rollouts: &self.settings.rollouts,
            reads: self.reads,
            input,
        };
        database::query(self.exchange, self.settings, statement, &call).await.map(|done| done.data)
    }

    /// The refusal when the database's answer has another form.
    pub fn unparsable(&mut self, statement: &str) -> Refusal {
        self.exchange.unparsable(statement)
    }

    /// Posts JSON to an address.
    ///
    /// # Errors
    /// Why it was not taken, for the log: no address and nothing of an answer's text, in which secrets may be repeated.
    pub async fn post(&self, url: &str, bearer: Option<&str>, body: String) -> Result<(), String> {
        let mut request = http::Request::post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, body.len());
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request.body(FullBody::new(Bytes::from(body))).map_err(|_| "the address is none".to_owned())?;
        let send = async {
            let response = spin_sdk::http::send(request).await.map_err(|error| error.to_string())?;
            let status = response.status();
            let mut body = response.into_body();
            let mut read = 0;
            while read < MAX_ANSWER_BYTES
                && let Some(Ok(frame)) = body.frame().await
            {
                read += frame.data_ref().map_or(0, Bytes::len);
            }
            if status.is_success() { Ok(()) } else { Err(format!("the receiver answered {}", status.as_u16())) }
        };
        within(POST_TIME, send).await
    }

    /// Writes a warning to the log.
    pub fn warn(&self, event: &str, cause: &str) {
        let request_id = Some(&self.exchange.request_id);
        Line { request_id, cause: Some(cause), ..Line::new(Level::Warn, self.exchange.service, event) }.print();
    }
}

/// Answers a request with what `act` does.
pub async fn serve_job<F: Function>(
    request: Request,
    act: impl AsyncFnOnce(&mut Job<'_>) -> Result<Map<String, Value>, Refusal>,
) -> Response<Body> {
    serve_by::<F>(request, async |job| {
        let data = act(job).await?;
        job.exchange.is_routine = F::is_routine(&data);
        Ok(answer::success(StatusCode::OK, &data, &[], false, &job.exchange.request_id))
    })
    .await
}

/// Answers a request with the statement's data as text.
pub async fn serve_text<F: Function<Input: Serialize>>(
    request: Request,
    content_type: &'static str,
    text: impl FnOnce(Map<String, Value>) -> Option<String>,
) -> Response<Body> {
    serve_by::<F>(request, async |job| {
        let statement = const { F::STATEMENT.as_str() };
        let data = job.query(statement, &Map::new()).await?;
        let text = text(data).ok_or_else(|| job.unparsable(statement))?;
        let content_type = HeaderValue::from_static(content_type);
        Ok(answer::text(content_type, &job.exchange.request_id, text))
    })
    .await
}

async fn serve_by<F: Function>(
    request: Request,
    work: impl AsyncFnOnce(&mut Job<'_>) -> Result<Response<Bytes>, Refusal>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let asks_health = matches!(F::VERB.intent(&parts.method), Intent::Health);
    respond(component_of(F::NAME), Some(F::NAME), &parts, asks_health, async |exchange, settings| {
        let path = PathParameters::of(&parts.headers);
        let Admitted { claims, .. } = match receive::<F>(exchange, settings, &parts, path, body).await? {
            Received::Admitted(admitted) => admitted,
            Received::Answered(response) => return Ok(response),
        };
        work(&mut Job { exchange, settings, claims, reads: F::READS }).await
    })
    .await
}
