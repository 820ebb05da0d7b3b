//! Waiting until everything that was started has ended.

use tokio::sync::mpsc;

/// Knows when the last of its [`Token`]s is gone.
pub struct Alive {
    sender: mpsc::Sender<()>,
    receiver: mpsc::Receiver<()>,
}

/// Held by a task for as long as it runs.
#[derive(Clone)]
pub struct Token {
    _sender: mpsc::Sender<()>,
}

impl Alive {
    /// Without any token yet.
    pub fn new() -> Alive {
        let (sender, receiver) = mpsc::channel(1);
        Alive { sender, receiver }
    }

    /// One more to wait for.
    pub fn token(&self) -> Token {
        Token { _sender: self.sender.clone() }
    }

    /// Tokens there are now.
    pub fn count(&self) -> usize {
        // One sender is our own.
        self.sender.strong_count() - 1
    }

    /// Waits until the last token is gone.
    pub async fn all_gone(self) {
        let Alive { sender, mut receiver } = self;
        drop(sender);
        // Nothing is ever sent, so that this ends with the last sender.
        receiver.recv().await;
    }
}
