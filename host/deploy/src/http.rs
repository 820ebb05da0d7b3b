//! One HTTP request at a time, for the smoke test.

use anyhow::{Context, Result, anyhow, bail};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rolecall_shared::postgres::SslMode;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// An answer.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; null if it is not JSON.
    pub body: serde_json::Value,
}

/// Sends a request to a path of the application at `address` (`http://HOST:PORT` or `https://HOST`).
///
/// # Errors
/// There is no answer.
pub async fn send(
    address: &str,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<&str>,
) -> Result<Answer> {
    let target = format!("{}{path}", address.trim_end_matches('/'));
    let sent = timeout(PATIENCE, exchange(&target, method, token, body)).await;
    match sent {
        Ok(answer) => answer.with_context(|| target),
        Err(_) => bail!("{target} has not answered after {PATIENCE:?}"),
    }
}

async fn exchange(target: &str, method: Method, token: Option<&str>, body: Option<&str>) -> Result<Answer> {
    let uri: Uri = target.parse()?;
    let host = uri.host().context("the address has no host")?.trim_matches(['[', ']']).to_owned();
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => bail!("the address is neither http:// nor https://"),
    };
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let authority = uri.authority().context("the address has no host")?.as_str().to_owned();
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, authority);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let request = request.body(Full::new(Bytes::from(body.unwrap_or_default().to_owned())))?;

    let stream = TcpStream::connect((host.as_str(), port)).await?;
    if !is_tls {
        return speak(stream, request).await;
    }
    let config = rolecall_database::client_config(SslMode::VerifyFull, Some(&rolecall_shared::postgres::Ca::System))?;
    let name = ServerName::try_from(host)?;
    speak(TlsConnector::from(Arc::new(config)).connect(name, stream).await?, request).await
}

async fn speak<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the sender; its errors reach us through the request.
    let driving = tokio::spawn(async move { connection.await.ok() });
    let response = sender.send_request(request).await?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| anyhow!("{error}"))?.to_bytes();
    driving.abort();
    Ok(Answer { status: parts.status, headers: parts.headers, body: serde_json::from_slice(&body).unwrap_or_default() })
}
