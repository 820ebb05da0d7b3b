//! The HTTP server: connections, what stands before a component, and a stop that loses no request.

pub mod answer;
pub mod body;
mod spin_headers;
mod streamed;

use crate::guest::instance::{Answered, Failure, Service};
use crate::guest::vitals::Streaming;
use crate::log::Log;
use crate::manifest::route::Router;
use crate::server::answer::{Reject, rejection, whole};
use crate::server::body::{BodyLimits, WholeBody};
use crate::server::streamed::watched;
use bytes::Bytes;
use futures::future::{Either, select};
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, ORIGIN};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rolecall_shared::wire::cors::Cors;
use rolecall_shared::wire::log::{Level, Line};
use rolecall_shared::wire::request_id::{REQUEST_ID_HEADER, RequestId};
use serde::Serialize;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime_wasi_http::WasiBody;

/// Connections the system holds for us until we accept them.
const BACKLOG: u32 = 4096;

/// The longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// An answer up to this size is sent in one piece with its head.
const WHOLE_ANSWER_BYTES: u64 = 1 << 20;

/// What is read and thrown away of a body that is not wanted, so that its sender comes to read the answer.
const DRAIN_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long a connection without a request may still send one after the stop has begun, to be told that it is the last.
const LAST_REQUEST_TIME: Duration = Duration::from_millis(250);

/// How long connections are still accepted after the stop has begun.
const BACKLOG_TIME: Duration = Duration::from_millis(100);

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The path on which Spin says that it accepts requests.
const HEALTH_PATH: &str = "/.well-known/spin/health";

/// How the server is set up.
pub struct ServerSettings {
    /// Requests in flight at most.
    pub max_in_flight: usize,
    /// The limits of their bodies.
    pub body_limits: BodyLimits,
    /// From the head of a request to its answer, and from one piece of an answer to the next.
    pub request_timeout: Duration,
    /// From one request to the head of the next.
    pub idle_timeout: Duration,
    /// Who may read the runner's own answers.
    pub cors: Cors,
}

/// The server of an application.
pub struct Server {
    settings: ServerSettings,
    router: Router<Arc<Service>>,
    in_flight: Arc<Semaphore>,
    log: Log,
    phase: watch::Sender<Phase>,
}

/// How far the stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Not begun.
    Serving,
    /// Every answer is the last on its connection.
    LastRequests,
    /// Connections without a request are closed.
    Closing,
}

/// Opens the listening socket.
///
/// # Errors
/// The address is taken or not ours.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl Server {
    /// A server that is not accepting yet.
    pub fn new(settings: ServerSettings, router: Router<Arc<Service>>, log: &Log) -> Arc<Server> {
        let in_flight = Arc::new(Semaphore::new(settings.max_in_flight));
        Arc::new(Server { settings, router, in_flight, log: log.clone(), phase: watch::Sender::new(Phase::Serving) })
    }

    /// Accepts and serves connections until `stop` is ready, and then until the last request is answered or
    /// `shutdown_timeout` has passed; gives the number of connections that were cut off.
    pub async fn run(
        self: &Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
        shutdown_timeout: Duration,
    ) -> usize {
        let connections = TaskTracker::new();
        self.accept_until(&listener, stop, &connections).await;

        self.phase.send_replace(Phase::LastRequests);
        self.accept_backlog(&listener, &connections).await;
        drop(listener);
        if !connections.is_empty() {
            sleep(LAST_REQUEST_TIME).await;
        }
        self.phase.send_replace(Phase::Closing);
        connections.close();
        match timeout(shutdown_timeout, connections.wait()).await {
            Ok(()) => 0,
            // Every connection listens to the phase.
            Err(_) => self.phase.receiver_count(),
        }
    }

    /// Accepts the clients in the backlog, which the system has already told that they are connected. New ones may arrive
    /// as fast as these are taken, so this ends after a while.
    async fn accept_backlog(self: &Arc<Self>, listener: &TcpListener, connections: &TaskTracker) {
        let end = Instant::now() + BACKLOG_TIME;
        while let Ok(Ok((stream, peer))) = timeout_at(end, listener.accept()).await {
            self.start_connection(stream, peer, connections);
        }
    }

    async fn accept_until(
        self: &Arc<Self>,
        listener: &TcpListener,
        stop: impl Future<Output = ()>,
        connections: &TaskTracker,
    ) {
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut stop => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.start_connection(stream, peer, connections),
                Err(error) => {
                    let cause = error.to_string();
                    let line = Line { cause: Some(&cause), ..Line::new(Level::Error, "host", "accept_failed") };
                    self.log.print(&line, &());
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn start_connection(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, connections: &TaskTracker) {
        // A connection that is gone already is noticed when it is read.
        let _ = stream.set_nodelay(true);
        tokio::spawn(serve_connection(self.clone(), stream, peer, connections.token()));
    }

    /// Makes a request of the runner's own, as if a client on this machine had sent it.
    pub async fn call(self: &Arc<Self>, request: Request<Bytes>) -> Response<WasiBody> {
        let request = request.map(http_body_util::Full::new);
        self.answer(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    async fn answer<B>(self: &Arc<Self>, request: Request<B>, peer: SocketAddr) -> Response<WasiBody>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let started = Instant::now();
        let (mut parts, mut body) = request.into_parts();
        if parts.uri.path() == HEALTH_PATH {
            return Response::new(whole(Bytes::from_static(b"OK")));
        }
        let request_id = RequestId::of(&parts.headers);
        // What a rejection needs of the request, which by then is gone.
        let origin = parts.headers.get(ORIGIN).cloned();
        let method = parts.method.clone();
        let waits_for_leave = parts.headers.contains_key(EXPECT);
        let mut component = None;
        let forwarded = self.forward(&mut parts, &mut body, peer, &request_id, started, &mut component).await;
        let reject = match forwarded {
            Ok(response) => return response,
            Err(reject) => reject,
        };

        let read_to_end = !reject.leaves_body_unread() || (!waits_for_leave && drain(body).await);
        let refusal = reject.refusal();
        let line = Line {
            method: Some(method.as_str()),
            request_id: Some(&request_id),
            duration_ms: Some(started.elapsed().as_secs_f64() * 1000.0),
            code: Some(refusal.code),
            ..Line::new(Level::of(Some(refusal.code)), "host", reject.event())
        };
        self.log.print(&line, &Rejected { component: component.as_deref() });
        let mut headers = HeaderMap::new();
        origin.and_then(|origin| headers.insert(ORIGIN, origin));
        let mut response = rejection(&refusal, &headers, &request_id, &self.settings.cors);
        if !read_to_end {
            close_after(&mut response);
        }
        response
    }

    /// Passes a request on to its component.
    async fn forward<B>(
        &self,
        parts: &mut Parts,
        body: &mut B,
        peer: SocketAddr,
        request_id: &RequestId,
        started: Instant,
        component: &mut Option<String>,
    ) -> Result<Response<WasiBody>, Reject>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (route, service, captures) = self.router.find(parts.uri.path()).ok_or(Reject::NoRoute)?;
        *component = Some(service.name().to_owned());
        let place = Arc::new(self.in_flight.clone().try_acquire_owned().map_err(|_| Reject::TooManyInFlight)?);
        let deadline = started + self.settings.request_timeout;

        let spin_headers = spin_headers::of(parts, route, &captures, peer);
        let service = service.clone();
        let WholeBody { bytes, memory } = self.settings.body_limits.read(body, deadline).await?;

        let mut request = Request::new(whole(bytes));
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = absolute(&parts.uri, parts.headers.get(HOST));
        *request.headers_mut() = std::mem::take(&mut parts.headers);
        spin_headers::replace(request.headers_mut(), spin_headers);
        if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
            request.headers_mut().insert(HeaderName::from_static(REQUEST_ID_HEADER), value);
        }

        let answered = service.handle(request, deadline, place.clone()).await.map_err(Reject::Component)?;
        drop(memory);
        let Answered { response, vitals } = answered;
        if is_short(&response) {
            return in_one_piece(response, deadline).await;
        }
        let kept = (place, Streaming::of(&vitals));
        let (log, request_id, name) = (self.log.clone(), request_id.clone(), service.name().to_owned());
        let cut_off = move || {
            let line = Line { request_id: Some(&request_id), ..Line::new(Level::Warn, "host", "answer_cut_off") };
            log.print(&line, &Rejected { component: Some(&name) });
        };
        Ok(response.map(|body| watched(body, self.settings.request_timeout, kept, cut_off)))
    }
}

#[derive(Serialize)]
struct Rejected<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
}

async fn serve_connection(server: Arc<Server>, stream: TcpStream, peer: SocketAddr, _alive: TaskTrackerToken) {
    let mut phase = server.phase.subscribe();
    let service = service_fn(|request: Request<Incoming>| async {
        let mut response = server.answer(request, peer).await;
        if *server.phase.borrow() != Phase::Serving {
            close_after(&mut response);
        }
        Ok::<_, Infallible>(response)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(server.settings.idle_timeout)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let closing = pin!(async {
        // An error means that the server itself is gone; the connection then closes too.
        let _ = phase.wait_for(|phase| *phase == Phase::Closing).await;
    });
    // How a connection ends, broken or not, is its client's business: whoever had a request on it has been served or has
    // gone away.
    let close = matches!(select(connection.as_mut(), closing).await, Either::Right(_));
    if close {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

fn close_after(response: &mut Response<WasiBody>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Reads the rest of a body and throws it away. The result says whether the end was reached.
async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B) -> bool {
    let mut left = DRAIN_BYTES;
    let all = async {
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(less) => left = less,
                None => return false,
            }
        }
        true
    };
    timeout(DRAIN_TIME, all).await.unwrap_or(false)
}

/// The URI with scheme and authority, as a component sees it.
fn absolute(uri: &Uri, host: Option<&HeaderValue>) -> Uri {
    let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let authority = host.unwrap_or_else(|| Authority::from_static("localhost"));
    let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

/// Whether an answer says that it is short.
fn is_short(response: &Response<WasiBody>) -> bool {
    let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    length.is_some_and(|length| length <= WHOLE_ANSWER_BYTES)
}

/// Waits for the body of a short answer, so that it leaves in one packet with its head, and an instance that ends in the
/// middle of it gives an error instead of half an answer.
async fn in_one_piece(response: Response<WasiBody>, deadline: Instant) -> Result<Response<WasiBody>, Reject> {
    let (parts, body) = response.into_parts();
    match timeout_at(deadline, body.collect()).await {
        Ok(Ok(body)) => Ok(Response::from_parts(parts, whole(body.to_bytes()))),
        Ok(Err(_)) => Err(Reject::Component(Failure::NoResponse)),
        Err(_) => Err(Reject::Component(Failure::Timeout)),
    }
}
