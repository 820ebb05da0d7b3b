//! Connections to receivers, and those that can be used again.

use crate::webhooks::failure::Failure;
use crate::webhooks::target::Origin;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long one address may take to accept a connection, so that the next one has its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection is kept without a request: less than receivers keep it, of which Node's take five seconds.
const IDLE: Duration = Duration::from_secs(3);

/// How many connections to one receiver are kept.
const KEPT: usize = 16;

/// The largest head of an answer.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// A connection. Dropping it closes it.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: JoinHandle<()>,
}

impl Connection {
    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Connection, Failure> {
        let handshake = Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(|_| Failure::Closed)?;
        // How it ends is heard by whoever sends on it.
        let task = tokio::spawn(async move { connection.await.unwrap_or_default() });
        Ok(Connection { sender, task })
    }

    /// Sends a request; the head of the answer.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        self.sender.ready().await.map_err(|_| Failure::Closed)?;
        self.sender
            .send_request(request)
            .await
            .map_err(|error| if error.is_parse() { Failure::NotHttp } else { Failure::Closed })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Connects to the first of these addresses that accepts, and to no other address.
pub(crate) async fn connect(
    origin: &Origin,
    addresses: &[SocketAddr],
    tls: Option<&TlsConnector>,
) -> Result<Connection, Failure> {
    let mut failure = Failure::NameNotFound;
    for address in addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A body that waits for the acknowledgement of its head would be late.
                stream.set_nodelay(true).map_err(|error| Failure::of_connecting(&error))?;
                if !origin.is_tls {
                    return Connection::over(stream).await;
                }
                let name = ServerName::try_from(origin.bare_host().to_owned());
                let name = name.map_err(|_| Failure::Url("has a host that no certificate can name"))?;
                let tls = tls.ok_or_else(|| Failure::Tls("this system trusts no CA".to_owned()))?;
                let stream = tls.connect(name, stream).await.map_err(|error| Failure::of_tls(&error))?;
                return Connection::over(stream).await;
            }
            Ok(Err(error)) => failure = Failure::of_connecting(&error),
            Err(_) => failure = Failure::Connect("the host does not answer"),
        }
    }
    Err(failure)
}

/// Connections that wait for their next request.
#[derive(Default)]
pub(crate) struct Idle(Mutex<HashMap<Origin, Vec<(Connection, Instant)>>>);

impl Idle {
    /// The connection to this end that was used last.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Connection> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.get_mut(origin)?;
        while let Some((connection, since)) = kept.pop() {
            if since.elapsed() < IDLE && !connection.sender.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps one for the next request.
    pub(crate) fn keep(&self, origin: Origin, connection: Connection) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.entry(origin).or_default();
        if kept.len() < KEPT {
            kept.push((connection, Instant::now()));
        }
    }

    /// Closes those that have waited for too long.
    pub(crate) fn close_unused(&self) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, kept| {
            kept.retain(|(connection, since)| since.elapsed() < IDLE && !connection.sender.is_closed());
            !kept.is_empty()
        });
    }
}
