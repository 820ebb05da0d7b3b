//! The requests that wait in front of a component's instances.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A first-in, first-out queue with any number of takers.
pub struct Queue<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    waiting: VecDeque<T>,
    takers: Vec<Waker>,
    closed: bool,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { state: Mutex::new(State { waiting: VecDeque::new(), takers: Vec::new(), closed: false }) }
    }
}

impl<T> Queue<T> {
    /// Adds an item at the end, or gives it back when the queue is closed.
    ///
    /// # Errors
    /// The item, when the queue is closed.
    pub fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.state();
        if state.closed {
            return Err(item);
        }
        state.waiting.push_back(item);
        let takers = std::mem::take(&mut state.takers);
        drop(state);
        takers.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// Takes the first item; nothing once the queue is closed and empty.
    pub fn poll_take(&self, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.state();
        if let Some(item) = state.waiting.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        if !state.takers.iter().any(|taker| taker.will_wake(context.waker())) {
            state.takers.push(context.waker().clone());
        }
        Poll::Pending
    }

    /// Takes all items that wait.
    pub fn take_all(&self) -> Vec<T> {
        self.state().waiting.drain(..).collect()
    }

    /// Accepts no more items; those that wait are still given out.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let takers = std::mem::take(&mut state.takers);
        drop(state);
        takers.into_iter().for_each(Waker::wake);
    }

    /// Whether [`Queue::close`] was called.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::Arc;

    #[tokio::test]
    async fn items_come_out_in_order_and_nothing_is_lost_between_takers() {
        let queue: Arc<Queue<usize>> = Arc::default();
        let taker = |queue: Arc<Queue<usize>>| async move {
            let mut taken = Vec::new();
            while let Some(item) = poll_fn(|context| queue.poll_take(context)).await {
                taken.push(item);
                tokio::task::yield_now().await;
            }
            taken
        };
        let takers = [tokio::spawn(taker(queue.clone())), tokio::spawn(taker(queue.clone()))];
        for item in 0..1000 {
            queue.push(item).unwrap();
            if item % 7 == 0 {
                tokio::task::yield_now().await;
            }
        }
        queue.close();
        assert_eq!(queue.push(1000), Err(1000));
        let mut all = Vec::new();
        for taker in takers {
            let taken = taker.await.unwrap();
            assert!(taken.is_sorted());
            all.extend(taken);
        }
        all.sort();
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
    }
}
