//! Reads a request's body before the request is passed on, within the limits of one body and of all together.
//!
//! A slow client therefore holds a connection and some memory, but no instance; and the answer to a body that is too large
//! or breaks off is the runner's own, not whatever a component makes of half a body.

use crate::server::answer::Reject;
use crate::server::gate::Pace;
use crate::server::memory::HighWater;
use crate::server::peers::Peer;
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
    /// The blocks that the bodies of one peer may take of it.
    peer_blocks: usize,
    /// All blocks.
    blocks: usize,
    high_water: HighWater,
}

/// So many blocks are no memory worth giving back: 8 MiB.
const LITTLE: usize = 2048;

/// The largest share of the memory that one peer may take: a fourth, and one body in any case.
const PEER_SHARE: usize = 4;

/// A whole body, and its share of the memory for as long as it is kept.
#[derive(Debug)]
pub struct WholeBody {
    /// The body.
    pub bytes: Bytes,
    /// The share, given back when the request is answered.
    pub memory: Memory,
}

/// Blocks of memory, given back when this is dropped.
#[derive(Debug)]
pub struct Memory {
    blocks: Option<OwnedSemaphorePermit>,
    peer: Arc<Peer>,
}

impl Memory {
    fn held(&self) -> usize {
        self.blocks.as_ref().map_or(0, OwnedSemaphorePermit::num_permits)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.peer.body_blocks.fetch_sub(self.held(), Ordering::Relaxed);
    }
}

impl BodyLimits {
    /// Limits for one body and for all bodies in flight together, in bytes.
    pub fn new(max_bytes: usize, max_memory: usize) -> BodyLimits {
        let blocks = (max_memory / BLOCK).clamp(1, Semaphore::MAX_PERMITS);
        let peer_blocks = (blocks / PEER_SHARE).max(max_bytes.div_ceil(BLOCK));
        BodyLimits {
            max_bytes,
            memory: Arc::new(Semaphore::new(blocks)),
            peer_blocks,
            blocks,
            high_water: HighWater::new(LITTLE),
        }
    }

    /// Whether much of the memory has become free since this was last asked.
    pub fn have_fallen(&self) -> bool {
        self.high_water.has_fallen_to(self.used())
    }

    fn used(&self) -> usize {
        self.blocks.saturating_sub(self.memory.available_permits())
    }

    /// Has `memory` hold so many bytes.
    fn extend(&self, memory: &mut Memory, bytes: usize) -> Result<(), Reject> {
        let missing = bytes.div_ceil(BLOCK).saturating_sub(memory.held());
        if missing == 0 {
            return Ok(());
        }
        let number = u32::try_from(missing).map_err(|_| Reject::TooMuchBodyMemory)?;
        // Counted before it is compared, so that two at a time cannot both have the last.
        let before = memory.peer.body_blocks.fetch_add(missing, Ordering::Relaxed);
        let is_within = before + missing <= self.peer_blocks;
        let blocks = if is_within { self.memory.clone().try_acquire_many_owned(number).ok() } else { None };
        let Some(blocks) = blocks else {
            memory.peer.body_blocks.fetch_sub(missing, Ordering::Relaxed);
            return Err(Reject::TooMuchBodyMemory);
        };
        match &mut memory.blocks {
            Some(held) => held.merge(blocks),
            None => memory.blocks = Some(blocks),
        }
        self.high_water.reaches(self.used());
        Ok(())
    }

    /// Reads a body of `peer` to its end.
    ///
    /// # Errors
    /// It is larger than allowed, breaks off, arrives more slowly than at this `pace`, or there is no memory for it.
    pub async fn read<B>(&self, body: B, pace: Pace, peer: &Arc<Peer>) -> Result<WholeBody, Reject>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let size = body.size_hint();
        if size.lower() > self.max_bytes as u64 {
            return Err(Reject::BodyTooLarge(self.max_bytes));
        }
        if size.exact() == Some(0) {
            return Ok(WholeBody { bytes: Bytes::new(), memory: Memory { blocks: None, peer: peer.clone() } });
        }
        self.read_frames(body, pace, Memory { blocks: None, peer: peer.clone() }).await
    }

    async fn read_frames<B>(&self, mut body: B, pace: Pace, mut memory: Memory) -> Result<WholeBody, Reject>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let begun = Instant::now();
        let mut first = Bytes::new();
        let mut more = BytesMut::new();
        loop {
            let due = pace.due(begun, first.len() + more.len());
            let frame = timeout_at(due, body.frame()).await.map_err(|_| Reject::BodyTooSlow)?;
            let Some(frame) = frame else { break };
            // Trailers say nothing that a component is told.
            let Ok(data) = frame.map_err(|_| Reject::BodyBroken)?.into_data() else {
                continue;
            };
            let length = first.len() + more.len() + data.len();
            if length > self.max_bytes {
                return Err(Reject::BodyTooLarge(self.max_bytes));
            }
            self.extend(&mut memory, length)?;
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

    fn easy() -> Pace {
        Pace { grace: Duration::from_secs(5), bytes_per_second: 1 }
    }

    fn peer() -> Arc<Peer> {
        Arc::default()
    }

    fn chunks(chunks: Vec<&'static [u8]>) -> impl Body<Data = Bytes, Error = Infallible> + Unpin {
        StreamBody::new(futures::stream::iter(chunks.into_iter().map(|c| Ok(Frame::data(Bytes::from_static(c))))))
    }

    #[tokio::test]
    async fn a_body_is_put_together() {
        let limits = BodyLimits::new(6, 1 << 20);
        assert_eq!(limits.read(chunks(vec![b"ab", b"", b"c", b"def"]), easy(), &peer()).await.unwrap().bytes, "abcdef");
        assert_eq!(limits.read(chunks(vec![b"abc"]), easy(), &peer()).await.unwrap().bytes, "abc");
        assert_eq!(limits.read(chunks(vec![]), easy(), &peer()).await.unwrap().bytes, "");
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused_with_and_without_a_length() {
        let limits = BodyLimits::new(3, 1 << 20);
        assert_eq!(limits.read(Full::from("abcd"), easy(), &peer()).await.unwrap_err(), Reject::BodyTooLarge(3));
        assert_eq!(
            limits.read(chunks(vec![b"ab", b"cd"]), easy(), &peer()).await.unwrap_err(),
            Reject::BodyTooLarge(3)
        );
    }

    #[tokio::test]
    async fn all_bodies_share_the_memory_and_give_it_back() {
        let limits = BodyLimits::new(BLOCK * 4, BLOCK * 4);
        let body = || Full::from(vec![b'x'; BLOCK * 3]);
        let first = limits.read(body(), easy(), &peer()).await.unwrap();
        assert_eq!(limits.read(body(), easy(), &peer()).await.unwrap_err(), Reject::TooMuchBodyMemory);
        drop(first);
        assert!(limits.read(body(), easy(), &peer()).await.is_ok());
    }

    #[tokio::test]
    async fn one_peer_takes_its_share_of_the_memory_and_no_more() {
        let limits = BodyLimits::new(BLOCK * 2, BLOCK * 16);
        let body = || Full::from(vec![b'x'; BLOCK * 2]);
        let [peer, other] = [peer(), peer()];
        let held =
            [limits.read(body(), easy(), &peer).await.unwrap(), limits.read(body(), easy(), &peer).await.unwrap()];
        for _ in 0..3 {
            assert_eq!(limits.read(body(), easy(), &peer).await.unwrap_err(), Reject::TooMuchBodyMemory);
        }
        assert!(limits.read(body(), easy(), &other).await.is_ok());
        drop(held);
        assert!(limits.read(body(), easy(), &peer).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up() {
        let limits = BodyLimits::new(3, 1 << 20);
        let never = StreamBody::new(futures::stream::pending::<Result<Frame<Bytes>, Infallible>>());
        let pace = Pace { grace: Duration::from_millis(20), bytes_per_second: 1 };
        assert_eq!(limits.read(never, pace, &peer()).await.unwrap_err(), Reject::BodyTooSlow);
    }
}
