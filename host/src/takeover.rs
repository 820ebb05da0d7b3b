//! Replacing a running runner without closing its port: the new one is handed the listening socket itself, so that no
//! connection meets a closed port, and none in the socket's queue is lost.
//!
//! Who serves listens on a Unix socket in its state directory. A successor connects, is sent the listening socket, starts,
//! and says [`READY`] once it can serve; only then does the predecessor stop, as on SIGTERM. A successor that fails to start
//! closes the connection, and nothing has happened.

use anyhow::Context;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::UnixListener;

/// The byte that goes with the listening socket, because a message without one carries no socket.
const SOCKET: u8 = b'S';

/// The byte by which a successor says that it serves.
const READY: u8 = b'R';

/// How long a predecessor may take to hand its socket over.
const PATIENCE: Duration = Duration::from_secs(5);

/// The offer to hand the listening socket over; it ends when it is dropped.
pub struct Offer {
    path: PathBuf,
    /// Device and inode of our socket's file: a successor puts its own file in the same place.
    identity: (u64, u64),
    offered: UnixListener,
    listening: OwnedFd,
    is_out: AtomicBool,
}

impl Offer {
    /// Offers `listener` in a directory of this user's own, in place of an offer that is there.
    ///
    /// # Errors
    /// The directory or the socket cannot be made, for example because its path is too long (107 bytes).
    pub fn make(directory: &Path, listener: &impl AsFd) -> io::Result<Offer> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let path = place(directory);
        let temporary = directory.join(std::process::id().to_string());
        let _ = fs::remove_file(&temporary);
        let offered = UnixListener::bind(&temporary)?;
        let file = fs::symlink_metadata(&temporary)?;
        fs::rename(&temporary, &path)?;
        let listening = listener.as_fd().try_clone_to_owned()?;
        let identity = (file.dev(), file.ino());
        Ok(Offer { path, identity, offered, listening, is_out: AtomicBool::new(false) })
    }

    /// Returns when a successor has the socket and serves.
    pub async fn taken(&self) {
        loop {
            // One that goes away, or does not keep to the form, has taken nothing; the next one may.
            if let Ok((successor, _)) = self.offered.accept().await {
                if self.hand_over(&successor).await.is_ok() {
                    return;
                }
                self.is_out.store(false, Ordering::Relaxed);
            }
        }
    }

    /// Whether a successor has the socket, even one that does not serve yet.
    pub fn is_out(&self) -> bool {
        self.is_out.load(Ordering::Relaxed)
    }

    async fn hand_over(&self, successor: &tokio::net::UnixStream) -> io::Result<()> {
        successor.writable().await?;
        let sockets = [self.listening.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&sockets));
        self.is_out.store(true, Ordering::Relaxed);
        sendmsg(successor, &[IoSlice::new(&[SOCKET])], &mut ancillary, SendFlags::empty())?;
        loop {
            successor.readable().await?;
            let mut said = [0];
            match successor.try_read(&mut said) {
                Ok(1) if said == [READY] => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(_) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|file| (file.dev(), file.ino()) == self.identity);
        if is_ours {
            // A file that is left behind leads nowhere, which a successor notices.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The runner that serves now, and its listening socket.
pub struct Predecessor {
    connection: UnixStream,
    listener: TcpListener,
}

impl Predecessor {
    /// The runner that makes an offer in this directory; none if there is no such runner.
    ///
    /// # Errors
    /// It does not hand its socket over.
    pub fn find(directory: &Path) -> anyhow::Result<Option<Predecessor>> {
        let connection = match UnixStream::connect(place(directory)) {
            Ok(connection) => connection,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Err(error) => return Err(error).context("asking the running runner for its listening socket"),
        };
        connection.set_read_timeout(Some(PATIENCE))?;
        let listener = receive(&connection).context("the running runner does not hand its listening socket over")?;
        listener.set_nonblocking(true)?;
        Ok(Some(Predecessor { connection, listener }))
    }

    /// Its listening socket, if that is where this runner is to listen. Port 0 takes any.
    pub fn listener(&self, wanted: SocketAddr) -> io::Result<Option<TcpListener>> {
        let address = self.listener.local_addr()?;
        let is_wanted = address == wanted || wanted.port() == 0 && address.ip() == wanted.ip();
        is_wanted.then(|| self.listener.try_clone()).transpose()
    }

    /// Tells it that it is no longer needed.
    ///
    /// # Errors
    /// It has ended already.
    pub fn dismiss(mut self) -> io::Result<()> {
        self.connection.write_all(&[READY])
    }
}

fn place(directory: &Path) -> PathBuf {
    directory.join("socket")
}

fn receive(connection: &UnixStream) -> io::Result<TcpListener> {
    let mut said = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    recvmsg(connection, &mut [IoSliceMut::new(&mut said)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let sockets = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut sockets) => sockets.next(),
        _ => None,
    });
    match sockets {
        Some(socket) if said == [SOCKET] => Ok(TcpListener::from(socket)),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use tokio::task::spawn_blocking;
    use tokio::time::timeout;

    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Directory {
            let path = std::env::temp_dir().join(format!("rolecall-takeover-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Directory(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    async fn find(directory: &Directory) -> Option<Predecessor> {
        let path = directory.0.clone();
        spawn_blocking(move || Predecessor::find(&path)).await.unwrap().unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_successor_gets_the_same_socket_and_only_its_word_ends_the_offer() {
        let directory = Directory::new("word");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let offer = Offer::make(&directory.0, &listener).unwrap();
        let taken = tokio::spawn(async move {
            offer.taken().await;
            offer
        });
        // One that goes away again has taken nothing.
        drop(find(&directory).await.unwrap());
        // One that says something else neither.
        let mut stranger = UnixStream::connect(place(&directory.0)).unwrap();
        stranger.write_all(b"x").unwrap();
        assert_eq!(stranger.read(&mut [0; 8]).unwrap(), 1);
        drop(stranger);
        assert!(!taken.is_finished());

        let successor = find(&directory).await.unwrap();
        let same = successor.listener(address).unwrap().unwrap();
        assert_eq!(same.local_addr().unwrap(), address);
        assert!(successor.listener("127.0.0.1:1".parse().unwrap()).unwrap().is_none());
        assert!(successor.listener("127.0.0.1:0".parse().unwrap()).unwrap().is_some());
        assert!(!taken.is_finished());
        // A connection that was queued before the predecessor closed is the successor's to accept.
        let queued = std::net::TcpStream::connect(address).unwrap();
        let own = Offer::make(&directory.0, &same).unwrap();
        successor.dismiss().unwrap();
        let old = timeout(PATIENCE, taken).await.unwrap().unwrap();
        drop((old, listener));
        same.set_nonblocking(false).unwrap();
        assert_eq!(same.accept().unwrap().1, queued.local_addr().unwrap());
        // The predecessor has left the successor's offer alone.
        assert!(place(&directory.0).exists());
        drop(own);
        assert!(find(&directory).await.is_none());
    }

    #[tokio::test]
    async fn without_a_runner_there_is_no_predecessor() {
        let directory = Directory::new("none");
        assert!(find(&directory).await.is_none());
        // Nor after one that was killed, whose file is left.
        fs::create_dir_all(&directory.0).unwrap();
        drop(std::os::unix::net::UnixListener::bind(place(&directory.0)).unwrap());
        assert!(place(&directory.0).exists());
        assert!(find(&directory).await.is_none());
    }
}
