//! The HTTP server: connections, what stands before a component, and a stop that loses no request.

pub mod answer;
mod backlog;
pub mod body;
mod chunks;
pub mod connections;
pub mod gate;
mod head;
mod memory;
pub mod peers;
mod spin_headers;
mod streamed;

use crate::guest::instance::{Answered, Failure, Service};
use crate::guest::vitals::Streaming;
use crate::log::Log;
use crate::manifest::route::Router;
use crate::server::answer::{Reject, Rest, rejection, server_options, whole};
use crate::server::backlog::{let_in_no_more, take_queue};
use crate::server::body::{BodyLimits, WholeBody};
use crate::server::connections::{ConnectionBounds, Connections, Seat, Slot};
use crate::server::gate::{Gate, GateTimes, Pace};
use crate::server::head::{Fault, MAX_HEAD_BYTES};
use crate::server::memory::{LOOK_EVERY, give_back};
use crate::server::peers::{Forwarding, Peer, Peers, Turn};
use crate::server::streamed::watched;
use bytes::Bytes;
use futures::future::{Either, FutureExt, select};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, ORIGIN};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use rolecall_shared::wire::cors::Cors;
use rolecall_shared::wire::log::{Level, Line};
use rolecall_shared::wire::request_id::{REQUEST_ID_HEADER, RequestId};
use serde::Serialize;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use wasmtime_wasi_http::WasiBody;

/// Connections the system holds for us until we accept them.
const BACKLOG: u32 = 4096;

/// What hyper reads of a head: more than the gate passes on, so that the gate alone refuses one.
const HYPER_BUFFER_BYTES: usize = 2 * MAX_HEAD_BYTES;

/// An answer up to this size is sent in one piece with its head.
const WHOLE_ANSWER_BYTES: u64 = 1 << 20;

/// What is read and thrown away of a body that is not wanted, so that its sender comes to read the answer.
const DRAIN_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long a connection without a request may still send one after the stop has begun, to be told that it is the last.
const LAST_REQUEST_TIME: Duration = Duration::from_millis(250);

/// How long connections are still accepted after the stop has begun: those that clients have begun to make take a round
/// trip until they are in the queue.
const BACKLOG_TIME: Duration = Duration::from_millis(100);

/// How long to wait before accepting again when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Places beside those in flight, for requests that carry no token and no body: how things are can be asked while every
/// place is taken.
const HEALTH_PLACES: usize = 64;

/// How often the log says that connections were refused.
const REFUSALS_LOGGED_EVERY: Duration = Duration::from_secs(1);

/// The path on which Spin says that it accepts requests.
const HEALTH_PATH: &str = "/.well-known/spin/health";

/// How the server is set up.
pub struct ServerSettings {
    /// Requests in flight at most.
    pub max_in_flight: usize,
    /// Open connections at most.
    pub connections: ConnectionBounds,
    /// How a client is told behind a proxy, if there is one.
    pub forwarding: Option<Forwarding>,
    /// The limits of their bodies.
    pub body_limits: BodyLimits,
    /// From the last byte of a request to its answer, and from one piece of an answer to the next.
    pub request_timeout: Duration,
    /// From one request to the first byte of the next.
    pub idle_timeout: Duration,
    /// How fast heads and bodies must arrive.
    pub pace: Pace,
    /// Who may read the runner's own answers.
    pub cors: Cors,
}

/// The server of an application.
pub struct Server {
    settings: ServerSettings,
    router: Router<Arc<Service>>,
    in_flight: Arc<Semaphore>,
    health_places: Arc<Semaphore>,
    connections: Arc<Connections>,
    peers: Peers,
    refused: Mutex<Refused>,
    log: Log,
    phase: watch::Sender<Phase>,
}

/// Connections that were refused and are not in the log yet.
#[derive(Default)]
struct Refused {
    number: u64,
    logged: Option<Instant>,
}

/// What becomes of the listening socket after the stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is closed.
    Closed,
    /// Another runner has it, too, and accepts whoever comes.
    HandedOver,
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
        Arc::new(Server {
            in_flight: Arc::new(Semaphore::new(settings.max_in_flight)),
            health_places: Arc::new(Semaphore::new(HEALTH_PLACES)),
            connections: Connections::new(settings.connections),
            peers: Peers::default(),
            refused: Mutex::default(),
            log: log.clone(),
            phase: watch::Sender::new(Phase::Serving),
            settings,
            router,
        })
    }

    /// Accepts and serves connections until `stop` is ready, and then until the last request is answered or
    /// `shutdown_timeout` has passed; gives the number of connections that were cut off.
    pub async fn run(
        self: &Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = Ending>,
        shutdown_timeout: Duration,
    ) -> usize {
        let connections = TaskTracker::new();
        let tidying = tokio::spawn(tidy(self.clone()));
        let ending = self.accept_until(&listener, stop, &connections).await;
        tidying.abort();

        self.phase.send_replace(Phase::LastRequests);
        self.accept_backlog(listener, ending, &connections).await;
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

    /// Accepts the clients in the queue, which the system has already told that they are connected, and closes the socket.
    async fn accept_backlog(self: &Arc<Self>, listener: TcpListener, ending: Ending, connections: &TaskTracker) {
        if ending == Ending::Closed {
            // Where the system cannot do this, new ones may come as fast as these are taken: so it ends after a while.
            let _ = let_in_no_more(&listener);
        }
        let end = Instant::now() + BACKLOG_TIME;
        while let Ok(Ok((socket, address))) = timeout_at(end, listener.accept()).await {
            self.admit(socket, address, connections).await;
        }
        // An error means that the runtime ends.
        for (socket, address) in take_queue(listener).unwrap_or_default() {
            self.admit(socket, address, connections).await;
        }
    }

    async fn accept_until(
        self: &Arc<Self>,
        listener: &TcpListener,
        stop: impl Future<Output = Ending>,
        connections: &TaskTracker,
    ) -> Ending {
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                ending = &mut stop => return ending,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((socket, address)) => self.admit(socket, address, connections).await,
                Err(error) => {
                    let cause = error.to_string();
                    let line = Line { cause: Some(&cause), ..Line::new(Level::Error, "host", "accept_failed") };
                    self.log.print(&line, &());
                    self.connections.make_room();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Starts to serve a connection, when there is room for it.
    async fn admit(self: &Arc<Self>, socket: TcpStream, address: SocketAddr, connections: &TaskTracker) {
        let is_proxy = self.settings.forwarding.as_ref().is_some_and(|forwarding| forwarding.is_proxy(address));
        let peer = self.peers.at(address.ip());
        // The connections of a proxy are those of its clients, who are told apart request by request.
        let bounded = (!is_proxy).then(|| peer.clone());
        let Some(seat) = self.connections.seat(bounded).await else {
            self.note_refused();
            return;
        };
        // A connection that is gone already is noticed when it is read.
        let _ = socket.set_nodelay(true);
        let client = Client { address, peer, slot: Some(seat.slot.clone()), is_proxy };
        tokio::spawn(serve_connection(self.clone(), socket, client, seat, connections.token()));
    }

    /// Notes that a connection was refused; the log has a line a second about it.
    fn note_refused(&self) {
        #[derive(Serialize)]
        struct Details {
            connections: u64,
        }
        // Nothing panics while it holds the lock.
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.number += 1;
        if refused.logged.is_none_or(|logged| logged.elapsed() >= REFUSALS_LOGGED_EVERY) {
            refused.logged = Some(Instant::now());
            let connections = std::mem::take(&mut refused.number);
            self.log.print(&Line::new(Level::Warn, "host", "connections_refused"), &Details { connections });
        }
    }

    /// Makes a request of the runner's own, as if a client on this machine had sent it.
    pub async fn call(self: &Arc<Self>, request: Request<Bytes>) -> Response<WasiBody> {
        let request = request.map(http_body_util::Full::new);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let client = Client { address, peer: self.peers.at(address.ip()), slot: None, is_proxy: false };
        self.answer(request, None, &client).await
    }

    /// Answers a request, or the `fault` in whose place it stands.
    async fn answer<B>(
        self: &Arc<Self>,
        request: Request<B>,
        fault: Option<Box<Fault>>,
        client: &Client,
    ) -> Response<WasiBody>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let started = Instant::now();
        let (mut parts, mut body) = request.into_parts();
        if let Some(fault) = fault {
            let Fault { fault, method, headers } = *fault;
            let rejected = Rejection {
                reject: Reject::Head(fault),
                method,
                request_id: RequestId::of(&headers),
                origin: headers.get(ORIGIN).cloned(),
                component: None,
                started,
            };
            let mut response = self.reject(&rejected);
            close_after(&mut response);
            return response;
        }
        if parts.uri.path() == HEALTH_PATH {
            return Response::new(whole(Bytes::from_static(b"OK")));
        }
        let request_id = RequestId::of(&parts.headers);
        if parts.uri.path() == "*" {
            return server_options(&parts.headers, &request_id, &self.settings.cors);
        }
        // What a rejection needs of the request, which by then is gone.
        let mut rejected = Rejection {
            reject: Reject::NoRoute,
            method: Some(parts.method.clone()),
            request_id,
            origin: parts.headers.get(ORIGIN).cloned(),
            component: None,
            started,
        };
        let waits_for_leave = parts.headers.contains_key(EXPECT);
        match self.forward(&mut parts, &mut body, client, &mut rejected).await {
            Ok(response) => return response,
            Err(reject) => rejected.reject = reject,
        }
        let read_to_end = match rejected.reject.rest() {
            Rest::Read => true,
            Rest::Unread => !waits_for_leave && drain(body).await,
            Rest::Lost => false,
        };
        let mut response = self.reject(&rejected);
        if !read_to_end {
            close_after(&mut response);
        }
        response
    }

    /// Makes the answer of a rejection, and its line in the log.
    fn reject(&self, rejected: &Rejection) -> Response<WasiBody> {
        let Rejection { reject, method, request_id, origin, component, started } = rejected;
        let refusal = reject.refusal();
        let line = Line {
            method: method.as_ref().map(Method::as_str),
            request_id: Some(request_id),
            duration_ms: Some(started.elapsed().as_secs_f64() * 1000.0),
            code: Some(refusal.code),
            ..Line::new(reject.level(), "host", reject.event())
        };
        self.log.print(&line, &Component { component: component.as_deref() });
        let mut headers = HeaderMap::new();
        origin.clone().and_then(|origin| headers.insert(ORIGIN, origin));
        rejection(&refusal, &headers, request_id, &self.settings.cors)
    }

    /// Passes a request on to its component.
    async fn forward<B>(
        &self,
        parts: &mut Parts,
        body: &mut B,
        client: &Client,
        rejected: &mut Rejection,
    ) -> Result<Response<WasiBody>, Reject>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let (peer, turn) = self.peer_of(client, &parts.headers)?;
        let path = parts.uri.path();
        let (route, service, captures) = self.router.find(path).ok_or(Reject::NoRoute)?;
        rejected.component = Some(service.name().to_owned());
        let request_id = &rejected.request_id;

        // A host in the target takes the place of the header (RFC 9112 section 3.2.2).
        if let Some(authority) = parts.uri.authority()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            parts.headers.insert(HOST, host);
        }
        let spin_headers = spin_headers::of(parts, route, &captures, client.address);
        let service = service.clone();
        let WholeBody { bytes, memory } =
            self.settings.body_limits.read(body, self.settings.pace, &peer).await.map_err(|reject| {
                match (reject, &client.slot) {
                    (Reject::BodyBroken, Some(slot)) if slot.makes_room() => Reject::TooManyConnections,
                    _ => reject,
                }
            })?;
        // A request that is not there yet takes no place.
        let asks_only = matches!(parts.method, Method::GET | Method::HEAD)
            && bytes.is_empty()
            && !parts.headers.contains_key(AUTHORIZATION);
        let place = self.place(asks_only).ok_or(Reject::TooManyInFlight)?;
        let deadline = Instant::now() + self.settings.request_timeout;

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
        let kept = (place, turn, Streaming::of(&vitals));
        let (log, request_id, name) = (self.log.clone(), request_id.clone(), service.name().to_owned());
        let cut_off = move || {
            let line = Line { request_id: Some(&request_id), ..Line::new(Level::Warn, "host", "answer_cut_off") };
            log.print(&line, &Component { component: Some(&name) });
        };
        Ok(response.map(|body| watched(body, self.settings.request_timeout, kept, cut_off)))
    }
}

impl Server {
    /// Whose request it is, and its turn among the requests of a client behind a proxy.
    fn peer_of(&self, client: &Client, headers: &HeaderMap) -> Result<(Arc<Peer>, Option<Turn>), Reject> {
        match &self.settings.forwarding {
            Some(forwarding) if client.is_proxy => {
                let peer = self.peers.behind(forwarding, client.address, headers);
                let turn = peer.turn(self.settings.connections.per_peer).ok_or(Reject::TooManyOfPeer)?;
                Ok((peer, Some(turn)))
            }
            _ => Ok((client.peer.clone(), None)),
        }
    }

    /// A place among the requests in flight. A request that only asks finds one beside them, too.
    fn place(&self, asks_only: bool) -> Option<Arc<OwnedSemaphorePermit>> {
        let place = self.in_flight.clone().try_acquire_owned();
        let place =
            place.or_else(|full| if asks_only { self.health_places.clone().try_acquire_owned() } else { Err(full) });
        place.ok().map(Arc::new)
    }
}

/// The other end of a connection.
struct Client {
    address: SocketAddr,
    peer: Arc<Peer>,
    /// Its connection, if it has one.
    slot: Option<Arc<Slot>>,
    /// Whether the requests are those of others, who are named in a header.
    is_proxy: bool,
}

/// A request that is rejected, as far as its answer and its line in the log show it.
struct Rejection {
    reject: Reject,
    method: Option<Method>,
    request_id: RequestId,
    origin: Option<HeaderValue>,
    component: Option<String>,
    started: Instant,
}

/// The component that a line of the log is about.
#[derive(Serialize)]
struct Component<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<&'a str>,
}

/// Gives memory back whenever a flood has passed.
async fn tidy(server: Arc<Server>) {
    loop {
        sleep(LOOK_EVERY).await;
        let connections = server.connections.have_fallen();
        if server.settings.body_limits.have_fallen() || connections {
            // An error means that the process ends.
            let _ = spawn_blocking(give_back).await;
        }
    }
}

/// The client has broken the connection, so that nobody will read the answer.
#[derive(Debug, thiserror::Error)]
#[error("the client has reset the connection")]
struct Reset;

async fn serve_connection(
    server: Arc<Server>,
    socket: TcpStream,
    client: Client,
    seat: Seat,
    _alive: TaskTrackerToken,
) {
    let mut phase = server.phase.subscribe();
    let mut closing = pin!(
        async {
            // An error means that the server itself is gone; the connection then closes too.
            let _ = phase.wait_for(|phase| *phase == Phase::Closing).await;
        }
        .fuse()
    );
    let times = GateTimes {
        idle: server.settings.idle_timeout,
        pace: server.settings.pace,
        // Longer than an answer waits that leaves piece by piece, whose end is in the log.
        write: server.settings.request_timeout * 2,
    };
    let mut gate = Gate::new(socket, times, seat.slot.clone());
    let mut is_closing = false;
    loop {
        // Until a request is there, a connection costs little more than its socket: hyper has larger buffers.
        let is_admitted = poll_fn(|context| match gate.poll_admitted(context) {
            Poll::Pending if !gate.has_partial_head() => {
                is_closing = is_closing || closing.as_mut().poll(context).is_ready();
                if is_closing && !gate.link().has_unread() { Poll::Ready(false) } else { Poll::Pending }
            }
            admitted => admitted,
        });
        if !is_admitted.await {
            return;
        }

        let link = gate.link().clone();
        let service = service_fn(|request: Request<Incoming>| {
            // Taken here, where it can only be that of this request.
            let fault = link.take_fault();
            let (server, link, client) = (&server, &link, &client);
            async move {
                let answer = pin!(server.answer(request, fault, client));
                // A client that has sent all it will waits for the answer; one that is gone does not.
                let reset = pin!(link.socket.ready(Interest::ERROR));
                match select(answer, reset).await {
                    Either::Left((mut response, _)) => {
                        if *server.phase.borrow() != Phase::Serving {
                            close_after(&mut response);
                        }
                        Ok(response)
                    }
                    Either::Right(_) => Err(Reset),
                }
            }
        });
        let mut builder = http1::Builder::new();
        let mut connection = builder.half_close(true).max_buf_size(HYPER_BUFFER_BYTES).serve_connection(gate, service);
        let served = match select(&mut connection, closing.as_mut()).await {
            Either::Left((served, _)) => served,
            Either::Right(_) => {
                is_closing = true;
                // Every answer is the last by now, so that a head that has begun, or has come unread, need not be given up.
                let mut served = None;
                while served.is_none() && (link.has_partial_head() || link.has_unread()) {
                    served = timeout(LAST_REQUEST_TIME, &mut connection).await.ok();
                }
                match served {
                    Some(served) => served,
                    None => {
                        Pin::new(&mut connection).graceful_shutdown();
                        (&mut connection).await
                    }
                }
            }
        };
        gate = connection.into_parts().io;
        drop(link);
        // How a connection ends, broken or not, is its client's business: whoever had a request on it has been served or
        // has gone away.
        if served.is_ok() && !is_closing && gate.park() {
            continue;
        }
        if served.is_ok() && gate.leaves_input_unread() {
            let _ = timeout(DRAIN_TIME, select(pin!(gate.close(DRAIN_BYTES)), closing.as_mut())).await;
        }
        return;
    }
}

fn close_after(response: &mut Response<WasiBody>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Reads the rest of a body and throws it away. The result says whether the end was reached.
async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B) -> bool {
    let mut left = DRAIN_BYTES;
    let all = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
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
