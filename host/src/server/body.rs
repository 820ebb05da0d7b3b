//! Reads a request's body before the request is passed on, within the limits of one body and of all together.
//!
//! A slow client therefore holds a connection and some memory, but no instance; and the answer to a body that is too large
//! or breaks off is the runner's own, not whatever a component makes of half a body.

use crate::server::answer::Reject;
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// The memory of bodies is counted in blocks of this many bytes.
const BLOCK: usize = 4096;

/// The limits of bodies.
pub struct BodyLimits {
    /// The largest body, in bytes.
    max_bytes: usize,
    /// The memory of all bodies in flight, in blocks.
    memory: Arc<Semaphore>,
}

/// A whole body, and its share of the memory for as long as it is kept.
#[derive(Debug)]
pub struct WholeBody {
    /// The body.
    pub bytes: Bytes,
    /// The share, given back when the request is answered.
    pub memory: Option<OwnedSemaphorePermit>,
}

impl BodyLimits {
    /// Limits for one body and for all bodies in flight together, in bytes.
    pub fn new(max_bytes: usize, max_memory: usize) -> BodyLimits {
        let blocks = (max_memory / BLOCK).clamp(1, Semaphore::MAX_PERMITS);
        BodyLimits { max_bytes, memory: Arc::new(Semaphore::new(blocks)) }
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// It is larger than allowed, breaks off, does not arrive until `deadline`, or there is no memory for it.
    pub async fn read<B>(&self, body: B, deadline: Instant) -> Result<WholeBody, Reject>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let size = body.size_hint();
        if size.lower() > self.max_bytes as u64 {
            return Err(Reject::BodyTooLarge(self.max_bytes));
        }
        if size.exact() == Some(0) {
            return Ok(WholeBody { bytes: Bytes::new(), memory: None });
        }
        timeout_at(deadline, self.read_frames(body)).await.unwrap_or(Err(Reject::BodyTooSlow))
    }

    async fn read_frames<B>(&self, mut body: B) -> Result<WholeBody, Reject>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut first = Bytes::new();
        let mut more = BytesMut::new();
        let mut memory: Option<OwnedSemaphorePermit> = None;
        while let Some(frame) = body.frame().await {
            // Trailers say nothing that a component is told.
            let Ok(data) = frame.map_err(|_| Reject::BodyBroken)?.into_data() else {
                continue;
            };
            let length = first.len() + more.len() + data.len();
            if length > self.max_bytes {
                return Err(Reject::BodyTooLarge(self.max_bytes));
            }
            let held = memory.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let missing = length.div_ceil(BLOCK).saturating_sub(held);
            if missing > 0 {
                let missing = u32::try_from(missing).map_err(|_| Reject::TooMuchBodyMemory)?;
                let blocks = self.memory.clone().try_acquire_many_owned(missing);
                let blocks = blocks.map_err(|_| Reject::TooMuchBodyMemory)?;
                match &mut memory {
                    Some(memory) => memory.merge(blocks),
                    None => memory = Some(blocks),
                }
            }
            // Most bodies are one frame, which is passed on as it is.
            if first.is_empty() && more.is_empty() {
                first = data;
            } else {
                if more.is_empty() {
                    more.extend_from_slice(&std::mem::take(&mut first));
                }
                more.extend_from_slice(&data);
            }
        }
        let bytes = if more.is_empty() { first } else { more.freeze() };
        Ok(WholeBody { bytes, memory })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};
    use std::convert::Infallible;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    fn chunks(chunks: Vec<&'static [u8]>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        StreamBody::new(futures::stream::iter(chunks.into_iter().map(|c| Ok(Frame::data(Bytes::from_static(c))))))
    }

    #[tokio::test]
    async fn a_body_is_put_together() {
        let limits = BodyLimits::new(6, 1 << 20);
        assert_eq!(limits.read(chunks(vec![b"ab", b"", b"c", b"def"]), soon()).await.unwrap().bytes, "abcdef");
        assert_eq!(limits.read(chunks(vec![b"abc"]), soon()).await.unwrap().bytes, "abc");
        assert_eq!(limits.read(chunks(vec![]), soon()).await.unwrap().bytes, "");
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused_with_and_without_a_length() {
        let limits = BodyLimits::new(3, 1 << 20);
        assert_eq!(limits.read(Full::from("abcd"), soon()).await.unwrap_err(), Reject::BodyTooLarge(3));
        assert_eq!(limits.read(chunks(vec![b"ab", b"cd"]), soon()).await.unwrap_err(), Reject::BodyTooLarge(3));
    }

    #[tokio::test]
    async fn all_bodies_share_the_memory_and_give_it_back() {
        let limits = BodyLimits::new(BLOCK * 4, BLOCK * 4);
        let body = || Full::from(vec![b'x'; BLOCK * 3]);
        let first = limits.read(body(), soon()).await.unwrap();
        assert_eq!(limits.read(body(), soon()).await.unwrap_err(), Reject::TooMuchBodyMemory);
        drop(first);
        assert!(limits.read(body(), soon()).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let limits = BodyLimits::new(3, 1 << 20);
        let never = StreamBody::new(futures::stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let deadline = Instant::now() + Duration::from_millis(20);
        assert_eq!(limits.read(never, deadline).await.unwrap_err(), Reject::BodyTooSlow);
    }
}
