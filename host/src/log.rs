//! Standard output and standard error: whole lines only, written by a thread of their own.
//!
//! Components print one JSON object a line (docs/contract.md, section 6), and the host does the same. Several instances print at
//! the same time, so a line is put together here before it is passed on; and a reader of the log that does not keep up
//! must not hold up requests, so lines beyond a bound are counted instead of kept.

use bytes::Bytes;
use rolecall_shared::wire::log::Line;
use serde::Serialize;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes waiting to be written beyond which lines are dropped and counted.
const MAX_PENDING_BYTES: usize = 16 << 20;

/// The longest line kept together; a longer one is passed on in pieces.
const MAX_LINE_BYTES: usize = 64 << 10;

/// What one write of a guest may carry.
const WRITE_PERMIT_BYTES: usize = 64 << 10;

/// How long the first line waits for others to be written with; waking the thread for every line would cost more than
/// anything else the host does for a request.
const GATHERING_TIME: Duration = Duration::from_millis(2);

/// Both outputs of the process.
#[derive(Clone)]
pub struct Log {
    stdout: Arc<Output>,
    stderr: Arc<Output>,
}

/// Ends the log at the end of the process, with everything written.
pub struct LogThreads {
    log: Log,
    threads: Vec<JoinHandle<()>>,
}

/// An output of a guest.
#[derive(Clone, Copy)]
pub enum Stream {
    /// Log lines.
    Stdout,
    /// The text that a panic prints.
    Stderr,
}

impl Log {
    /// Starts the threads that write.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start() -> std::io::Result<LogThreads> {
        let log = Log { stdout: Arc::default(), stderr: Arc::default() };
        let (stdout, stderr) = (log.stdout.clone(), log.stderr.clone());
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let threads = vec![
            named("stdout").spawn(move || stdout.write_to(&mut std::io::stdout()))?,
            named("stderr").spawn(move || stderr.write_to(&mut std::io::stderr()))?,
        ];
        Ok(LogThreads { log, threads })
    }

    /// Prints a line of the host with further members.
    pub fn print(&self, line: &Line, details: &impl Serialize) {
        #[derive(Serialize)]
        struct Detailed<'a, D> {
            #[serde(flatten)]
            line: &'a Line<'a>,
            #[serde(flatten)]
            details: &'a D,
        }
        // Serialising fails for nothing that the host prints, and a log line must not fail what it is about.
        if let Ok(mut line) = serde_json::to_vec(&Detailed { line, details }) {
            line.push(b'\n');
            self.stdout.push(&line);
        }
    }

    /// Prints text for people on standard error.
    pub fn tell(&self, text: &str) {
        self.stderr.push(format!("{text}\n").as_bytes());
    }

    /// An output for one instance of a component.
    pub fn guest(&self, stream: Stream) -> GuestOutput {
        let output = match stream {
            Stream::Stdout => self.stdout.clone(),
            Stream::Stderr => self.stderr.clone(),
        };
        GuestOutput(Arc::new(Lines { output, unfinished: Mutex::default() }))
    }
}

impl LogThreads {
    /// The log itself.
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for LogThreads {
    fn drop(&mut self) {
        for output in [&self.log.stdout, &self.log.stderr] {
            output.lock().closed = true;
            output.changed.notify_all();
        }
        for thread in self.threads.drain(..) {
            // A panic of the writer has already been reported by the panic itself.
            let _ = thread.join();
        }
    }
}

#[derive(Default)]
struct Output {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    dropped_lines: u64,
    /// Whether the thread that writes is waiting to be woken.
    writer_waits: bool,
    closed: bool,
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        // Nothing panics while it holds the lock, and the bytes are whole lines at every moment.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut pending = self.lock();
        if pending.bytes.len() + line.len() > MAX_PENDING_BYTES {
            pending.dropped_lines += 1;
            return;
        }
        pending.bytes.extend_from_slice(line);
        let wake = std::mem::take(&mut pending.writer_waits);
        drop(pending);
        if wake {
            self.changed.notify_one();
        }
    }

    fn write_to(&self, writer: &mut impl Write) {
        let mut bytes = Vec::new();
        let mut pending = self.lock();
        loop {
            if pending.bytes.is_empty() {
                if pending.closed {
                    return;
                }
                pending.writer_waits = true;
                pending = self.changed.wait(pending).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if !pending.closed {
                drop(pending);
                std::thread::sleep(GATHERING_TIME);
                pending = self.lock();
            }
            std::mem::swap(&mut bytes, &mut pending.bytes);
            let dropped = std::mem::take(&mut pending.dropped_lines);
            drop(pending);
            // Nobody is left to be told when the output itself is gone.
            let _ = writer.write_all(&bytes);
            if dropped > 0 {
                let _ = writeln!(
                    writer,
                    r#"{{"level":"warn","service":"host","event":"log_lines_dropped","lines":{dropped}}}"#
                );
            }
            let _ = writer.flush();
            bytes.clear();
            pending = self.lock();
        }
    }
}

/// Standard output or standard error of one instance.
#[derive(Clone)]
pub struct GuestOutput(Arc<Lines>);

struct Lines {
    output: Arc<Output>,
    unfinished: Mutex<Vec<u8>>,
}

impl Lines {
    fn write(&self, bytes: &[u8]) {
        let mut unfinished = self.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(end) = bytes.iter().rposition(|&byte| byte == b'\n') else {
            unfinished.extend_from_slice(bytes);
            if unfinished.len() > MAX_LINE_BYTES {
                unfinished.push(b'\n');
                self.output.push(&unfinished);
                unfinished.clear();
            }
            return;
        };
        let (finished, rest) = bytes.split_at(end + 1);
        if unfinished.is_empty() {
            self.output.push(finished);
        } else {
            unfinished.extend_from_slice(finished);
            self.output.push(&unfinished);
            unfinished.clear();
        }
        unfinished.extend_from_slice(rest);
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let unfinished = self.unfinished.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !unfinished.is_empty() {
            unfinished.push(b'\n');
            self.output.push(unfinished);
        }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for GuestOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_PERMIT_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for GuestOutput {
    async fn ready(&mut self) {}
}

impl AsyncWrite for GuestOutput {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> (Arc<Output>, Lines) {
        let output: Arc<Output> = Arc::default();
        (output.clone(), Lines { output, unfinished: Mutex::default() })
    }

    fn written(output: &Output) -> String {
        String::from_utf8(output.lock().bytes.clone()).unwrap()
    }

    #[test]
    fn only_whole_lines_are_passed_on() {
        let (output, guest) = lines();
        guest.write(b"{\"a\"");
        assert_eq!(written(&output), "");
        guest.write(b":1}\n{\"b\":2}\n{\"c\"");
        assert_eq!(written(&output), "{\"a\":1}\n{\"b\":2}\n");
        guest.write(b":3}\n");
        assert_eq!(written(&output), "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n");
        guest.write(b"end");
        drop(guest);
        assert!(written(&output).ends_with("\nend\n"));
    }

    #[test]
    fn an_endless_line_does_not_grow_for_ever() {
        let (output, guest) = lines();
        for _ in 0..20 {
            guest.write(&[b'x'; 10 << 10]);
        }
        assert!(guest.unfinished.lock().unwrap().len() <= MAX_LINE_BYTES);
        assert!(!output.lock().bytes.is_empty());
    }

    #[test]
    fn lines_beyond_the_bound_are_counted_and_the_rest_is_written() {
        let output = Arc::new(Output::default());
        let line = vec![b'\n'; MAX_PENDING_BYTES / 2];
        for _ in 0..3 {
            output.push(&line);
        }
        output.lock().closed = true;
        let mut written = Vec::new();
        output.write_to(&mut written);
        let text = String::from_utf8(written.split_off(MAX_PENDING_BYTES)).unwrap();
        assert!(text.contains("\"log_lines_dropped\",\"lines\":1"), "{text}");
    }
}
