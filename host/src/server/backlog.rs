//! The end of a listening socket.
//!
//! The system makes connections by itself and keeps them in the socket's queue until they are accepted. Closing the socket
//! resets those in the queue, although their clients have been told that they are connected, and may have sent a request. So
//! first no new connections are let in, then the queue is emptied, and only then is the socket closed.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use tokio::net::{TcpListener, TcpStream};

/// Lets nobody begin a connection any more, whereas those that have begun one come into the queue: the first packet of a
/// connection (SYN) is dropped. Its client sends it again a second later, and is refused if the socket is closed by then.
///
/// The filter belongs to the socket, not to the descriptor: another process that has the same socket gets no connections
/// either.
///
/// # Errors
/// The system has no such filter; then only [`take_queue`] stands between the queue and its reset.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn let_in_no_more(listener: &impl AsFd) -> io::Result<()> {
    use std::mem::size_of;
    use std::os::fd::AsRawFd;

    /// Where the flags of a TCP segment are, in bytes from its beginning, and the flag SYN among them.
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    let step = |code: u32, if_so: u8, if_not: u8, operand: u32| libc::sock_filter {
        code: code as u16,
        jt: if_so,
        jf: if_not,
        k: operand,
    };
    let mut steps = [
        step(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS, 0, 0, FLAGS),
        step(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 0, 1, SYN),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, 0),
        step(libc::BPF_RET | libc::BPF_K, 0, 0, u32::MAX),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    let length = size_of::<libc::sock_fprog>() as libc::socklen_t;
    let socket = listener.as_fd().as_raw_fd();
    #[allow(unsafe_code, reason = "no crate that is used here has a safe way to set a filter")]
    // SAFETY: the system copies the program, which outlives the call with all its steps, and `length` is its size.
    let answer = unsafe {
        let program: *const libc::sock_fprog = &raw const program;
        libc::setsockopt(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program.cast(), length)
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Lets nobody begin a connection any more.
///
/// # Errors
/// Always: this system has no filter for it.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn let_in_no_more(_: &impl AsFd) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Takes the connections that are in the queue at this moment and closes the socket with nothing in between. The runtime is
/// not asked: it hears of a connection some time after it is in the queue.
///
/// # Errors
/// The runtime does not give the socket back.
pub fn take_queue(listener: TcpListener) -> io::Result<Vec<(TcpStream, SocketAddr)>> {
    let listener = listener.into_std()?;
    let mut taken = Vec::new();
    // An error other than an empty queue is that of one connection (accept(2)), or the system has no descriptor left.
    while let Ok((socket, address)) = listener.accept() {
        taken.push((socket, address));
    }
    drop(listener);
    let ready = |(socket, address): (std::net::TcpStream, SocketAddr)| {
        socket.set_nonblocking(true)?;
        Ok((TcpStream::from_std(socket)?, address))
    };
    Ok(taken.into_iter().filter_map(|taken| ready(taken).map_err(|_: io::Error| ()).ok()).collect())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::TcpStream as Client;
    use std::time::Duration;

    #[tokio::test]
    async fn who_is_in_the_queue_is_served_and_nobody_comes_after() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let queued: Vec<_> = (0..3).map(|_| Client::connect(address).unwrap().local_addr().unwrap()).collect();
        let_in_no_more(&listener).unwrap();
        // Not refused yet, and not connected either.
        let late = Client::connect_timeout(&address, Duration::from_millis(50)).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        let waits = std::thread::spawn(move || Client::connect(address));
        let taken = take_queue(listener).unwrap();
        assert_eq!(taken.iter().map(|(_, address)| *address).collect::<Vec<_>>(), queued);
        // Whoever knocked meanwhile is told so when it knocks again.
        assert_eq!(waits.join().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
