//! Posts to a receiver: within a time, to an address that was judged, following nothing.

use crate::settings::Settings;
use crate::webhooks::allowed::AllowedHosts;
use crate::webhooks::connection::{Connection, Idle, connect};
use crate::webhooks::failure::Failure;
use crate::webhooks::target::{Names, Target, system_names};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use rolecall_database::client_config;
use rolecall_shared::postgres::{Ca, SslMode};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

/// How long a delivery may take: the name, the connection, the request and the head of the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// What of an answer's body is read so that the connection can be used again, and how long that may take.
const MAX_BODY_BYTES: usize = 4096;
const BODY_PATIENCE: Duration = Duration::from_millis(250);

/// Who posts.
const AGENT: &str = concat!("rolecall/", env!("CARGO_PKG_VERSION"));

/// What a receiver has answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In how many seconds it wants to be asked again.
    pub(crate) retry_after: Option<u64>,
}

/// TLS that believes the CAs of this system, or those of a file alone.
pub(crate) fn trust(ca: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let ca = ca.map(|file| Ca::File(file.display().to_string()));
    let config = client_config(SslMode::VerifyFull, ca.as_ref());
    Ok(Arc::new(config.context("the CA of the webhooks' receivers")?))
}

/// A client of receivers.
pub(crate) struct Client {
    allowed: AllowedHosts,
    names: Names,
    /// None where this system trusts no CA.
    tls: Option<TlsConnector>,
    idle: Idle,
    patience: Duration,
}

impl Client {
    pub(crate) fn new(settings: &Settings) -> Client {
        let tls = trust(settings.webhook_ca.as_deref()).ok().map(TlsConnector::from);
        let allowed = settings.allowed_hosts.clone();
        Client { allowed, names: system_names(), tls, idle: Idle::default(), patience: PATIENCE }
    }

    /// Posts `body` as JSON with these headers.
    pub(crate) async fn post(&self, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, Failure> {
        let target = Target::parse(url, &self.allowed)?;
        let answered = timeout(self.patience, self.send(&target, headers, body)).await;
        let (response, connection) = answered.map_err(|_| Failure::Timeout)??;
        let (head, body) = response.into_parts();
        let answer = Answer { status: head.status.as_u16(), retry_after: retry_after(head.status, &head.headers) };
        // What it says is of no interest, and it may never end.
        let read = timeout(BODY_PATIENCE, Limited::new(body, MAX_BODY_BYTES).collect()).await;
        if matches!(read, Ok(Ok(_))) {
            self.idle.keep(target.origin, connection);
        }
        Ok(answer)
    }

    /// Closes connections that have not been used for a while.
    pub(crate) fn close_unused(&self) {
        self.idle.close_unused();
    }

    async fn send(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(Response<Incoming>, Connection), Failure> {
        if let Some(mut used) = self.idle.take(&target.origin) {
            match used.send(request(target, headers.clone(), body.clone())?).await {
                Ok(response) => return Ok((response, used)),
                // The receiver may have closed it before it saw the request. If not, it knows the id.
                Err(Failure::Closed) => {}
                Err(failure) => return Err(failure),
            }
        }
        let addresses = target.origin.addresses(&self.names, &self.allowed).await?;
        let mut connection = connect(&target.origin, &addresses, self.tls.as_ref()).await?;
        let response = connection.send(request(target, headers, body)?).await?;
        Ok((response, connection))
    }
}

fn request(target: &Target, mut headers: HeaderMap, body: Bytes) -> Result<Request<Full<Bytes>>, Failure> {
    let host = HeaderValue::from_str(&target.authority).map_err(|_| Failure::Url("cannot be read"))?;
    headers.insert(HOST, host);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let mut request =
        Request::post(target.path.as_str()).body(Full::new(body)).map_err(|_| Failure::Url("cannot be read"))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// When a receiver that is overloaded wants to be asked again: in seconds, or at a time.
fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<u64> {
    if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        return None;
    }
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let at = httpdate::parse_http_date(text).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default().as_secs())
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
