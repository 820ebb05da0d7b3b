//! What stands between a socket and hyper: it passes on one checked head at a time, and keeps time.
//!
//! A head that may not pass is replaced by one that may, so that hyper asks the service for the answer: it then has the form
//! of all answers, and its place after those to the requests before it. Nothing after it is passed on.
//!
//! The gate knows where each request ends, so hyper never sees the beginning of a head that was not checked. A head that
//! arrives in one piece, as most do, is copied once and kept nowhere.

use crate::server::chunks::{BadChunks, Chunks};
use crate::server::connections::Slot;
use crate::server::head::{Fault, Framing, Head, HeadFault, MAX_HEAD_BYTES, MAX_TARGET_BYTES, examine};
use bytes::{Buf, BytesMut};
use http::Method;
use hyper::rt::{Read, ReadBufCursor, Write};
use rustix::net::{RecvFlags, recv};
use std::cell::RefCell;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What is read from a socket at once, in bytes.
const READ_BYTES: usize = 16 << 10;

/// Some clients end a body with one too many (RFC 9112 section 2.2).
const LINE_END: &[u8] = b"\r\n";

/// How long a connection keeps hyper's buffers without a request.
const PARKING_TIME: Duration = Duration::from_secs(2);

thread_local! {
    /// What has just been read, before it is passed on; a connection that waits needs no buffer of its own.
    static JUST_READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// How fast a head or a body must arrive.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The time that it may take whatever its length.
    pub grace: Duration,
    /// The bytes that must arrive in each second after that.
    pub bytes_per_second: usize,
}

impl Pace {
    /// When more must have arrived than these `bytes`, of which the first came at `begun`.
    pub fn due(self, begun: Instant, bytes: usize) -> Instant {
        begun + self.grace + Duration::from_secs_f64(bytes as f64 / self.bytes_per_second.max(1) as f64)
    }
}

/// The times that a connection is given.
#[derive(Clone, Copy, Debug)]
pub struct GateTimes {
    /// From one request to the first byte of the next.
    pub idle: Duration,
    /// How fast a head must arrive.
    pub pace: Pace,
    /// How long a client may take none of an answer.
    pub write: Duration,
}

/// The part of a connection that its service shares with its gate.
pub struct Link {
    /// The side of the socket on which answers leave.
    pub socket: OwnedWriteHalf,
    has_partial_head: AtomicBool,
    fault: Mutex<Option<Box<Fault>>>,
}

impl Link {
    /// Whether a part of a head has arrived.
    pub fn has_partial_head(&self) -> bool {
        self.has_partial_head.load(Ordering::Relaxed)
    }

    /// Whether bytes have arrived that nobody has read. The system is asked: the runtime hears of them some time later.
    pub fn has_unread(&self) -> bool {
        let socket: &TcpStream = self.socket.as_ref();
        matches!(recv(socket, &mut [0_u8; 1], RecvFlags::PEEK | RecvFlags::DONTWAIT), Ok((_, 1..)))
    }

    /// The fault that the request has which hyper has just passed on, instead of what it says.
    pub fn take_fault(&self) -> Option<Box<Fault>> {
        // Nothing panics while it holds the lock.
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A socket behind the gate.
pub struct Gate {
    socket: OwnedReadHalf,
    link: Arc<Link>,
    slot: Arc<Slot>,
    times: GateTimes,
    expected: Expected,
    /// What has arrived and is not passed on yet.
    held: BytesMut,
    /// How much of it may pass.
    free: usize,
    /// How much of it has been searched for the end of a head.
    searched: usize,
    /// When the last request was passed on and its successor was waited for.
    waiting_since: Option<Instant>,
    /// When the first byte of a head came that is not complete.
    begun: Option<Instant>,
    clock: Option<Pin<Box<Sleep>>>,
    write_clock: Option<Pin<Box<Sleep>>>,
    is_refused: bool,
    parking: Parking,
}

/// Whether a connection that waits may give hyper's buffers back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parking {
    /// hyper does not have the gate.
    Parked,
    /// hyper has the gate, and asks for the next head now and then.
    Possible,
    /// hyper is told that nothing more comes, and gives the gate back.
    Leaving,
}

/// What the next bytes belong to.
enum Expected {
    Head,
    /// So many more bytes of a body.
    Body(u64),
    Chunks(Chunks),
    /// Nothing is read any more.
    Nothing,
}

/// What it is time for.
enum Ring {
    /// hyper's buffers are given back.
    Park,
    /// The connection ends.
    End,
}

/// What becomes of bytes at the beginning of which a head is expected.
enum Admission {
    /// So many of them may pass.
    Pass(usize),
    /// The head is not complete.
    Partial,
    /// The answer's own head has taken their place.
    Refused,
}

impl Gate {
    /// The gate before a socket, with no request yet.
    pub fn new(socket: TcpStream, times: GateTimes, slot: Arc<Slot>) -> Gate {
        let (read, write) = socket.into_split();
        Gate {
            socket: read,
            link: Arc::new(Link { socket: write, has_partial_head: AtomicBool::new(false), fault: Mutex::default() }),
            slot,
            times,
            expected: Expected::Head,
            held: BytesMut::new(),
            free: 0,
            searched: 0,
            waiting_since: None,
            begun: None,
            clock: None,
            write_clock: None,
            is_refused: false,
            parking: Parking::Parked,
        }
    }

    /// What the gate shares with the service.
    pub fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Waits until a head may pass; `false` when none will.
    pub fn poll_admitted(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        while matches!(self.expected, Expected::Head) && self.free == 0 {
            ready!(self.poll_head(context, None));
        }
        self.parking = Parking::Possible;
        Poll::Ready(self.free > 0)
    }

    /// Whether hyper has given the gate back only to have no buffers meanwhile.
    pub fn park(&mut self) -> bool {
        let is_parked = self.parking == Parking::Leaving;
        self.parking = Parking::Parked;
        is_parked
    }

    /// Whether a part of a head has arrived.
    pub fn has_partial_head(&self) -> bool {
        self.begun.is_some()
    }

    fn set_begun(&mut self, begun: Option<Instant>) {
        self.begun = begun;
        self.link.has_partial_head.store(begun.is_some(), Ordering::Relaxed);
    }

    /// Whether the client may still be sending what nobody reads.
    pub fn leaves_input_unread(&self) -> bool {
        self.is_refused || matches!(self.expected, Expected::Body(_) | Expected::Chunks(_))
    }

    /// Ends the answers, and reads and throws away what still comes, so that the client comes to read the last one: bytes
    /// that nobody reads would have the system break the connection. At most so many `bytes`.
    pub async fn close(self, mut bytes: usize) {
        let Gate { mut socket, link, .. } = self;
        // The service is gone, and with the last half for writing the client sees the end.
        drop(link);
        let mut read = vec![0; READ_BYTES];
        while let Ok(length @ 1..) = tokio::io::AsyncReadExt::read(&mut socket, &mut read).await {
            match bytes.checked_sub(length) {
                Some(left) => bytes = left,
                None => return,
            }
        }
    }

    /// One step towards a head that may pass: a look at what is held, or a read. `true` when a head that came in one piece
    /// was put into `cursor`.
    fn poll_head(&mut self, context: &mut Context<'_>, cursor: Option<&mut ReadBufCursor<'_>>) -> Poll<bool> {
        if self.is_worth_a_look() {
            let mut held = std::mem::take(&mut self.held);
            while held.starts_with(LINE_END) {
                held.advance(LINE_END.len());
            }
            if held.is_empty() {
                self.searched = 0;
                return Poll::Ready(false);
            }
            match self.admit(&held) {
                Admission::Pass(length) => (self.held, self.free) = (held, length),
                Admission::Partial => (self.searched, self.held) = (held.len(), held),
                Admission::Refused => {}
            }
            return Poll::Ready(false);
        }
        let read = JUST_READ.with_borrow_mut(|just_read| {
            let length = match self.poll_socket(context, just_read) {
                Poll::Ready(0) => return Poll::Ready(None),
                Poll::Ready(length) => length,
                Poll::Pending => return Poll::Pending,
            };
            Poll::Ready(Some(self.arrived(&just_read[..length], cursor)))
        });
        match read {
            Poll::Ready(Some(is_put)) => return Poll::Ready(is_put),
            // The client sends no more.
            Poll::Ready(None) => match self.begun {
                Some(_) => self.refuse(Fault::new(HeadFault::Malformed("it breaks off"))),
                None => self.expected = Expected::Nothing,
            },
            Poll::Pending if self.slot.is_evicted(context) => self.expected = Expected::Nothing,
            Poll::Pending => match (ready!(self.poll_clock(context)), self.begun) {
                (Ring::Park, _) => self.parking = Parking::Leaving,
                (Ring::End, Some(_)) => self.refuse(Fault::new(HeadFault::TooSlow)),
                (Ring::End, None) => self.expected = Expected::Nothing,
            },
        }
        Poll::Ready(false)
    }

    /// Reads what is there; a broken connection has ended.
    fn poll_socket(&mut self, context: &mut Context<'_>, bytes: &mut [u8]) -> Poll<usize> {
        let mut buffer = ReadBuf::new(bytes);
        let read = ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer));
        Poll::Ready(read.map_or(0, |()| buffer.filled().len()))
    }

    /// Takes in what has arrived where a head is expected. `true` when some of it was put into `cursor`.
    fn arrived(&mut self, bytes: &[u8], cursor: Option<&mut ReadBufCursor<'_>>) -> bool {
        if !self.held.is_empty() {
            self.held.extend_from_slice(bytes);
            return false;
        }
        let mut bytes = bytes;
        while let Some(rest) = bytes.strip_prefix(LINE_END) {
            bytes = rest;
        }
        if bytes.is_empty() {
            return false;
        }
        match self.admit(bytes) {
            Admission::Pass(length) => {
                let put = cursor.map_or(0, |cursor| {
                    let put = length.min(cursor.remaining());
                    cursor.put_slice(&bytes[..put]);
                    put
                });
                self.held.extend_from_slice(&bytes[put..]);
                self.free = length - put;
                put > 0
            }
            Admission::Partial => {
                self.held.extend_from_slice(bytes);
                self.searched = bytes.len();
                false
            }
            Admission::Refused => false,
        }
    }

    /// Whether what is held may be a head by now. A look costs as much as the head is long, and a client can send it byte
    /// by byte.
    fn is_worth_a_look(&mut self) -> bool {
        let (length, searched) = (self.held.len(), self.searched);
        let passes = |limit: usize| searched <= limit && length > limit;
        if length == searched {
            return false;
        }
        self.searched = length;
        let new = &self.held[searched.saturating_sub(3)..];
        let is_end =
            |at: usize| new[at] == b'\n' && (new[at..].starts_with(b"\n\n") || new[at..].starts_with(b"\n\r\n"));
        searched == 0 || passes(MAX_TARGET_BYTES * 2) || passes(MAX_HEAD_BYTES) || (0..new.len()).any(is_end)
    }

    /// Looks at the head at the beginning of `bytes`, which are not empty.
    fn admit(&mut self, bytes: &[u8]) -> Admission {
        match examine(bytes) {
            Ok(Some(head)) => {
                (self.waiting_since, self.searched) = (None, 0);
                if self.begun.is_some() {
                    self.set_begun(None);
                }
                let length = self.begin(head, bytes.len());
                match self.expected {
                    Expected::Head => self.slot.works(),
                    _ => self.slot.waits(Instant::now()),
                }
                Admission::Pass(length)
            }
            Ok(None) => {
                if self.begun.is_none() {
                    let now = Instant::now();
                    if self.waiting_since.is_none() {
                        self.slot.waits(now);
                    }
                    self.set_begun(Some(now));
                }
                Admission::Partial
            }
            Err(fault) => {
                self.refuse(fault);
                Admission::Refused
            }
        }
    }

    /// Begins a request; gives how many of the bytes that are there may pass.
    fn begin(&mut self, head: Head, available: usize) -> usize {
        match head.framing {
            Framing::Chunked => {
                self.expected = Expected::Chunks(Chunks::default());
                head.length
            }
            Framing::Length(length) => {
                let behind = available - head.length;
                let arrived = usize::try_from(length).map_or(behind, |length| length.min(behind));
                self.expected = Expected::after(length - arrived as u64);
                head.length + arrived
            }
        }
    }

    /// Puts a head that may pass in the place of everything that has arrived and will.
    fn refuse(&mut self, fault: Fault) {
        // The answer to HEAD has no body, whatever it says.
        let method = if fault.method == Some(Method::HEAD) { "HEAD" } else { "GET" };
        self.held = BytesMut::from(format!("{method} / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes());
        self.free = self.held.len();
        self.expected = Expected::Nothing;
        self.is_refused = true;
        self.waiting_since = None;
        self.set_begun(None);
        *self.link.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(fault));
    }

    /// One step through a body. `true` when some of it was put into `cursor`.
    fn poll_body(&mut self, context: &mut Context<'_>, cursor: &mut ReadBufCursor<'_>) -> Poll<bool> {
        if !self.held.is_empty() {
            self.free = self.follow_held();
            return Poll::Ready(false);
        }
        JUST_READ.with_borrow_mut(|just_read| {
            // Not beyond the body, as far as that is known.
            let most = match self.expected {
                Expected::Body(left) => usize::try_from(left).unwrap_or(READ_BYTES),
                _ => READ_BYTES,
            };
            let most = most.min(READ_BYTES).min(cursor.remaining());
            let length = match self.poll_socket(context, &mut just_read[..most]) {
                Poll::Ready(length) => length,
                Poll::Pending if self.slot.is_evicted(context) => 0,
                Poll::Pending => return Poll::Pending,
            };
            let bytes = &just_read[..length];
            if bytes.is_empty() {
                self.expected = Expected::Nothing;
                return Poll::Ready(false);
            }
            let passes = self.follow(bytes);
            cursor.put_slice(&bytes[..passes]);
            self.held.extend_from_slice(&bytes[passes..]);
            Poll::Ready(passes > 0)
        })
    }

    fn follow_held(&mut self) -> usize {
        let held = std::mem::take(&mut self.held);
        let passes = self.follow(&held);
        self.held = held;
        passes
    }

    /// Follows a body through `bytes`; gives how many of them may pass.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let passes = self.follow_framing(bytes);
        if matches!(self.expected, Expected::Head) {
            self.slot.works();
        }
        passes
    }

    fn follow_framing(&mut self, bytes: &[u8]) -> usize {
        match &mut self.expected {
            Expected::Body(left) => {
                let passes = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.expected = Expected::after(*left - passes as u64);
                passes
            }
            Expected::Chunks(chunks) => match chunks.follow(bytes) {
                Ok((passes, false)) => passes,
                Ok((passes, true)) => {
                    self.expected = Expected::Head;
                    passes
                }
                // For hyper the body breaks off here.
                Err(BadChunks) => {
                    self.expected = Expected::Nothing;
                    0
                }
            },
            Expected::Head | Expected::Nothing => 0,
        }
    }

    /// Ready when a head has had its time, or the client its time to begin one.
    fn poll_clock(&mut self, context: &mut Context<'_>) -> Poll<Ring> {
        let (due, ring) = match self.begun {
            Some(begun) => (self.times.pace.due(begun, self.held.len()), Ring::End),
            None => {
                let slot = &self.slot;
                let since = *self.waiting_since.get_or_insert_with(|| {
                    let now = Instant::now();
                    slot.waits(now);
                    now
                });
                match self.parking {
                    Parking::Possible if PARKING_TIME < self.times.idle => (since + PARKING_TIME, Ring::Park),
                    _ => (since + self.times.idle, Ring::End),
                }
            }
        };
        poll_alarm(&mut self.clock, due, context).map(|()| ring)
    }

    /// An error when the client has taken nothing for too long.
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let due = self.write_clock.as_ref().map_or_else(|| Instant::now() + self.times.write, |clock| clock.deadline());
        ready!(poll_alarm(&mut self.write_clock, due, context));
        Poll::Ready(ErrorKind::TimedOut.into())
    }

    fn poll_send(
        &mut self,
        context: &mut Context<'_>,
        send: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.link.socket.as_ref().poll_write_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.poll_patience(context).map(Err),
            }
            match send(self.link.socket.as_ref()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                sent => {
                    self.write_clock = None;
                    return Poll::Ready(sent);
                }
            }
        }
    }
}

impl Expected {
    /// What comes with so much of a body left.
    fn after(left: u64) -> Expected {
        if left == 0 { Expected::Head } else { Expected::Body(left) }
    }
}

/// Ready at `due`. The alarm is set anew only when it rings: most of what it is set for does not happen, and it moves with
/// every request.
fn poll_alarm(alarm: &mut Option<Pin<Box<Sleep>>>, due: Instant, context: &mut Context<'_>) -> Poll<()> {
    let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
    if alarm.deadline() > due {
        alarm.as_mut().reset(due);
    }
    while alarm.as_mut().poll(context).is_ready() {
        if Instant::now() >= due {
            return Poll::Ready(());
        }
        alarm.as_mut().reset(due);
    }
    Poll::Pending
}

impl Read for Gate {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            if gate.free > 0 {
                let length = gate.free.min(cursor.remaining());
                cursor.put_slice(&gate.held[..length]);
                gate.held.advance(length);
                gate.free -= length;
                if gate.held.is_empty() {
                    // A connection that waits keeps no memory.
                    gate.held = BytesMut::new();
                }
                return Poll::Ready(Ok(()));
            }
            let is_put = match gate.expected {
                _ if gate.parking == Parking::Leaving => true,
                Expected::Nothing => true,
                Expected::Head => ready!(gate.poll_head(context, Some(&mut cursor))),
                Expected::Body(_) | Expected::Chunks(_) => ready!(gate.poll_body(context, &mut cursor)),
            };
            if is_put {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl Write for Gate {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_send(context, |socket| socket.try_write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket is closed by whoever takes the gate back from hyper.
        Poll::Ready(Ok(()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_send(context, |socket| socket.try_write_vectored(pieces))
    }
}
