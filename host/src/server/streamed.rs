//! An answer that leaves piece by piece.
//!
//! It is in flight until its last piece has left. When no piece leaves for too long, because the component gives none or
//! the client takes none, it is cut off: its connection breaks, so that nobody takes what arrived for the whole, and the
//! component is told that nobody reads any more.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use wasmtime_wasi_http::{Error, WasiBody};

/// The largest piece handed to the connection at once. A slow client then still takes one from time to time.
const PIECE_BYTES: usize = 64 << 10;

/// The state of an answer on its way.
type Kept = Box<dyn Send>;

struct Streamed {
    state: Arc<Mutex<State>>,
}

struct State {
    progress: Progress,
    /// The part of a larger piece that the connection has not taken yet.
    rest: Bytes,
    /// When the last piece left.
    last: Instant,
    waker: Option<Waker>,
}

enum Progress {
    Open { body: WasiBody, _kept: Kept },
    Ended,
    CutOff,
}

/// The body, watched: `cut_off` is called when nothing has left for `patience`. `kept` is dropped at the end, whatever
/// it is.
pub fn watched(
    body: WasiBody,
    patience: Duration,
    kept: impl Send + 'static,
    cut_off: impl FnOnce() + Send + 'static,
) -> WasiBody {
    let state = Arc::new(Mutex::new(State {
        progress: Progress::Open { body, _kept: Box::new(kept) },
        rest: Bytes::new(),
        last: Instant::now(),
        waker: None,
    }));
    let watched = Arc::downgrade(&state);
    tokio::spawn(async move {
        loop {
            let Some(state) = watched.upgrade() else { return };
            let due = match lock(&state) {
                state if matches!(state.progress, Progress::Open { .. }) => state.last + patience,
                _ => return,
            };
            if due <= Instant::now() {
                let mut state = lock(&state);
                state.progress = Progress::CutOff;
                state.rest = Bytes::new();
                if let Some(waker) = state.waker.take() {
                    waker.wake();
                }
                drop(state);
                return cut_off();
            }
            // The watcher must not keep an answer alive that ends meanwhile.
            drop(state);
            sleep_until(due).await;
        }
    });
    Streamed { state }.boxed_unsync()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing panics while it holds the lock.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut state = lock(&self.state);
        if state.rest.is_empty() {
            let body = match &mut state.progress {
                Progress::Open { body, .. } => body,
                Progress::Ended => return Poll::Ready(None),
                Progress::CutOff => return Poll::Ready(Some(Err(Error::ConnectionTimeout))),
            };
            match Pin::new(body).poll_frame(context) {
                Poll::Pending => {
                    state.waker = Some(context.waker().clone());
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => state.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                Poll::Ready(end) => {
                    state.progress = Progress::Ended;
                    return Poll::Ready(end);
                }
            }
        }
        state.last = Instant::now();
        let length = state.rest.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(state.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        let state = lock(&self.state);
        state.rest.is_empty()
            && match &state.progress {
                Progress::Open { body, .. } => body.is_end_stream(),
                Progress::Ended => true,
                Progress::CutOff => false,
            }
    }

    fn size_hint(&self) -> SizeHint {
        let state = lock(&self.state);
        let Progress::Open { body, .. } = &state.progress else { return SizeHint::new() };
        let (hint, rest) = (body.size_hint(), state.rest.len() as u64);
        let mut with_rest = SizeHint::new();
        with_rest.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            with_rest.set_upper(upper + rest);
        }
        with_rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::StreamBody;
    use std::sync::atomic::{AtomicBool, Ordering};

    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(50);

    /// What is dropped with the answer, and whether it was cut off.
    #[derive(Default)]
    struct Seen {
        cut_off: Arc<AtomicBool>,
        kept: Arc<()>,
    }

    impl Seen {
        fn watch(&self, body: WasiBody, patience: Duration) -> WasiBody {
            let cut_off = self.cut_off.clone();
            watched(body, patience, self.kept.clone(), move || cut_off.store(true, Ordering::Relaxed))
        }

        fn is_kept(&self) -> bool {
            Arc::strong_count(&self.kept) > 1
        }

        fn was_cut_off(&self) -> bool {
            self.cut_off.load(Ordering::Relaxed)
        }
    }

    fn pieces(pieces: Vec<Bytes>) -> WasiBody {
        StreamBody::new(futures::stream::iter(pieces.into_iter().map(|piece| Ok(Frame::data(piece))))).boxed_unsync()
    }

    fn silence() -> WasiBody {
        StreamBody::new(futures::stream::pending()).boxed_unsync()
    }

    #[tokio::test]
    async fn everything_arrives_in_small_pieces_and_is_kept_until_then() {
        let large = Bytes::from((0..PIECE_BYTES * 2 + 5).map(|at| at as u8).collect::<Vec<_>>());
        let seen = Seen::default();
        let mut body = seen.watch(pieces(vec![large.clone(), Bytes::from_static(b"end")]), LONG);
        let mut arrived = Vec::new();
        while let Some(frame) = body.frame().await {
            let piece = frame.unwrap().into_data().unwrap();
            assert!(piece.len() <= PIECE_BYTES);
            assert!(seen.is_kept());
            arrived.extend_from_slice(&piece);
        }
        assert_eq!(arrived, [&large[..], b"end"].concat());
        assert!(!seen.is_kept() && !seen.was_cut_off());
    }

    #[tokio::test]
    async fn a_component_that_falls_silent_is_cut_off() {
        let seen = Seen::default();
        let mut body = seen.watch(silence(), SHORT);
        assert!(body.frame().await.unwrap().is_err());
        assert!(seen.was_cut_off() && !seen.is_kept());
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_cut_off() {
        let seen = Seen::default();
        let mut body = seen.watch(pieces(vec![Bytes::from_static(b"one"), Bytes::from_static(b"two")]), SHORT);
        assert!(body.frame().await.unwrap().is_ok());
        while !seen.was_cut_off() {
            tokio::task::yield_now().await;
        }
        assert!(!seen.is_kept());
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn progress_counts_and_not_the_whole() {
        let seen = Seen::default();
        let body = pieces((0..20).map(|_| Bytes::from_static(b"piece")).collect());
        let mut body = seen.watch(body, SHORT * 4);
        while let Some(frame) = body.frame().await {
            assert!(frame.is_ok());
            tokio::time::sleep(SHORT / 2).await;
        }
        assert!(!seen.was_cut_off());
    }

    #[tokio::test]
    async fn an_answer_that_nobody_wants_any_more_is_dropped_at_once() {
        let seen = Seen::default();
        drop(seen.watch(silence(), LONG));
        assert!(!seen.is_kept() && !seen.was_cut_off());
    }

    #[tokio::test]
    async fn an_empty_answer_ends() {
        let seen = Seen::default();
        let body = seen.watch(pieces(Vec::new()), LONG);
        assert!(body.collect().await.unwrap().to_bytes().is_empty());
    }
}
