//! The open connections: so many in all, so many of one peer.
//!
//! When there are as many as there may be, those make room that have waited longest for a request: a newcomer is served,
//! and whoever holds connections in silence loses the oldest of them. A connection whose request is being answered stays.

use crate::server::memory::HighWater;
use crate::server::peers::Peer;
use futures::task::AtomicWaker;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// One in so many connections makes room at a time, since finding the oldest costs a look at each.
const SHARE_EVICTED: usize = 64;

/// How long to wait for room before looking again for connections that wait for a request by now.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// So many connections take no memory worth giving back.
const LITTLE: usize = 256;

/// The value of a connection that does not wait.
const AT_WORK: u64 = 0;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionBounds {
    /// In all.
    pub all: usize,
    /// Of one peer.
    pub per_peer: usize,
}

/// The open connections.
pub struct Connections {
    bounds: ConnectionBounds,
    open: Mutex<HashMap<u64, Arc<Slot>>>,
    numbers: AtomicU64,
    begun: Instant,
    freed: Notify,
    high_water: HighWater,
}

/// What the others know of a connection.
#[derive(Debug)]
pub struct Slot {
    /// Since when it waits for a request, or for the rest of one, in microseconds; or [`AT_WORK`].
    waiting_since: AtomicU64,
    begun: Instant,
    is_evicted: AtomicBool,
    waker: AtomicWaker,
}

impl Slot {
    /// A connection that waits from now on.
    pub fn new(begun: Instant) -> Arc<Slot> {
        let slot = Slot {
            waiting_since: AtomicU64::new(AT_WORK),
            begun,
            is_evicted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        };
        slot.waits(Instant::now());
        Arc::new(slot)
    }

    /// The connection waits for its client.
    pub fn waits(&self, since: Instant) {
        let microseconds = since.duration_since(self.begun).as_micros();
        self.waiting_since.store(u64::try_from(microseconds).unwrap_or(u64::MAX).saturating_add(1), Ordering::Relaxed);
    }

    /// The connection has a whole request.
    pub fn works(&self) {
        self.waiting_since.store(AT_WORK, Ordering::Relaxed);
    }

    /// Whether it is to make room. If not, its task is woken when it is.
    pub fn is_evicted(&self, context: &Context<'_>) -> bool {
        self.waker.register(context.waker());
        self.is_evicted.load(Ordering::Acquire)
    }

    /// Whether it was told to make room.
    pub fn makes_room(&self) -> bool {
        self.is_evicted.load(Ordering::Acquire)
    }

    fn evict(&self) {
        self.is_evicted.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// A connection's place among the open ones, until it is dropped.
pub struct Seat {
    connections: Arc<Connections>,
    number: u64,
    /// The peer that it counts for; none for that of a proxy.
    peer: Option<Arc<Peer>>,
    /// What the others know of it.
    pub slot: Arc<Slot>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(peer) = &self.peer {
            remove(&mut peer.connections(), self.number);
        }
        remove(&mut self.connections.open(), self.number);
        self.connections.freed.notify_one();
    }
}

/// Removes a connection; the table of thousands is given back when they are gone.
fn remove(table: &mut HashMap<u64, Arc<Slot>>, number: u64) {
    table.remove(&number);
    if table.capacity() > 1024 && table.len() < table.capacity() / 4 {
        table.shrink_to(table.len() * 2);
    }
}

impl Connections {
    /// No connections yet.
    pub fn new(bounds: ConnectionBounds) -> Arc<Connections> {
        Arc::new(Connections {
            bounds,
            open: Mutex::default(),
            numbers: AtomicU64::new(0),
            begun: Instant::now(),
            freed: Notify::new(),
            high_water: HighWater::new(LITTLE),
        })
    }

    /// A seat for a connection of `peer`, or of nobody in particular. When all are taken it waits until one is free. None
    /// when the peer has as many as it may have, and all of them are at work.
    pub async fn seat(self: &Arc<Self>, peer: Option<Arc<Peer>>) -> Option<Seat> {
        if let Some(peer) = &peer {
            let own = peer.connections();
            let bound = self.bounds.per_peer;
            if own.len() >= bound {
                let wanted = share(bound).max(own.len() + 1 - bound);
                if own.len() - evict_oldest(&own, wanted) >= bound {
                    return None;
                }
            }
        }
        loop {
            {
                let mut open = self.open();
                if open.len() < self.bounds.all {
                    let number = self.numbers.fetch_add(1, Ordering::Relaxed);
                    let slot = Slot::new(self.begun);
                    open.insert(number, slot.clone());
                    self.high_water.reaches(open.len());
                    drop(open);
                    if let Some(peer) = &peer {
                        peer.connections().insert(number, slot.clone());
                    }
                    return Some(Seat { connections: self.clone(), number, peer, slot });
                }
                evict_oldest(&open, share(self.bounds.all));
            }
            let _ = timeout(LOOK_AGAIN, self.freed.notified()).await;
        }
    }

    /// Has some connections make room, since the system has no more descriptors.
    pub fn make_room(&self) {
        evict_oldest(&self.open(), share(self.bounds.all));
    }

    /// Whether many of them have ended since this was last asked.
    pub fn have_fallen(&self) -> bool {
        let now = self.open().len();
        self.high_water.has_fallen_to(now)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Arc<Slot>>> {
        // Nothing panics while it holds the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn share(bound: usize) -> usize {
    (bound / SHARE_EVICTED).max(1)
}

/// Has up to so many connections make room, those that have waited longest; gives how many do or did before.
fn evict_oldest(table: &HashMap<u64, Arc<Slot>>, most: usize) -> usize {
    let mut leaving = 0;
    let mut waiting: Vec<(u64, &Slot)> = Vec::new();
    for slot in table.values() {
        match slot.waiting_since.load(Ordering::Relaxed) {
            _ if slot.is_evicted.load(Ordering::Relaxed) => leaving += 1,
            AT_WORK => {}
            since => waiting.push((since, slot)),
        }
    }
    let more = most.saturating_sub(leaving).min(waiting.len());
    if more > 0 && more < waiting.len() {
        waiting.select_nth_unstable_by_key(more - 1, |(since, _)| *since);
    }
    waiting.iter().take(more).for_each(|(_, slot)| slot.evict());
    leaving + more
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize, per_peer: usize) -> Arc<Connections> {
        Connections::new(ConnectionBounds { all, per_peer })
    }

    fn is_evicted(seat: &Seat) -> bool {
        seat.slot.is_evicted.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn the_connection_that_has_waited_longest_makes_room() {
        let connections = connections(3, 3);
        let mut seats = Vec::new();
        for second in 0..3 {
            let seat = connections.seat(None).await.unwrap();
            seat.slot.waits(connections.begun + Duration::from_secs(second));
            seats.push(seat);
        }
        seats[0].slot.works();
        let newcomer = tokio::spawn({
            let connections = connections.clone();
            async move { connections.seat(None).await }
        });
        tokio::task::yield_now().await;
        assert_eq!(seats.iter().map(is_evicted).collect::<Vec<_>>(), [false, true, false]);
        // It is seated when the other has left, and not before.
        assert!(!newcomer.is_finished());
        seats.remove(1);
        assert!(newcomer.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_newcomer_waits_while_all_are_at_work() {
        let connections = connections(1, 1);
        let seat = connections.seat(None).await.unwrap();
        seat.slot.works();
        assert!(timeout(LOOK_AGAIN * 5, connections.seat(None)).await.is_err());
        assert!(!is_evicted(&seat));
        // The work is done, and the connection waits for more.
        seat.slot.waits(Instant::now());
        let slot = seat.slot.clone();
        let leaving = tokio::spawn(async move {
            while !slot.is_evicted.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            drop(seat);
        });
        assert!(connections.seat(None).await.is_some());
        leaving.await.unwrap();
    }

    #[tokio::test]
    async fn a_peer_makes_room_for_itself_and_for_nobody_else() {
        let connections = connections(100, 2);
        let [peer, other] = [Arc::new(Peer::default()), Arc::new(Peer::default())];
        let stranger = connections.seat(Some(other)).await.unwrap();
        let own =
            [connections.seat(Some(peer.clone())).await.unwrap(), connections.seat(Some(peer.clone())).await.unwrap()];
        for (second, seat) in (0..).zip(&own) {
            seat.slot.waits(connections.begun + Duration::from_secs(second));
        }
        // Also before those that make room have left.
        let newer = connections.seat(Some(peer.clone())).await.unwrap();
        newer.slot.waits(connections.begun + Duration::from_secs(60));
        assert_eq!(own.iter().map(is_evicted).collect::<Vec<_>>(), [true, false]);
        assert!(connections.seat(Some(peer.clone())).await.is_some());
        assert_eq!(own.iter().map(is_evicted).collect::<Vec<_>>(), [true, true]);
        assert!(!is_evicted(&newer));
        assert!(!is_evicted(&stranger));
        // Those at work stay, and then there is none for another.
        let busy = Arc::new(Peer::default());
        let held =
            [connections.seat(Some(busy.clone())).await.unwrap(), connections.seat(Some(busy.clone())).await.unwrap()];
        held.iter().for_each(|seat| seat.slot.works());
        assert!(connections.seat(Some(busy.clone())).await.is_none());
        drop(held);
        assert!(connections.seat(Some(busy)).await.is_some());
    }
}
