//! Sockets in processes of their own, one for each server.

use super::Ledger;
use anyhow::{Context, Result, ensure};
use rolecall_nats::Nats;
use std::{
    process::Stdio,
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Processes that hold sockets. They end with it.
#[derive(Debug)]
pub struct Holders {
    _processes: Vec<(Child, ChildStdin)>,
}

impl Holders {
    /// Opens so many sockets, shared out over the servers, for the users from `first` on; returns when all are open, and
    /// notes what they hear from then on.
    ///
    /// # Errors
    /// A socket cannot be opened.
    pub async fn open(host: &str, servers: &[Nats], first: u64, sockets: u64, ledger: &Rc<Ledger>) -> Result<Holders> {
        let (number, mut next) = (servers.len() as u64, first);
        let mut started = Vec::new();
        for (place, server) in (0..).zip(servers) {
            let own = sockets / number + u64::from(place < sockets % number);
            started.push(start(host, &server.websocket_url(), next, own)?);
            next += own;
        }
        let mut processes = Vec::new();
        for (child, input, mut lines) in started {
            ensure!(lines.next_line().await?.as_deref() == Some("open"), "the sockets of a server cannot be opened");
            let ledger = Rc::clone(ledger);
            tokio::task::spawn_local(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    note(&ledger, &line);
                }
            });
            processes.push((child, input));
        }
        Ok(Holders { _processes: processes })
    }
}

fn start(
    host: &str,
    server: &str,
    first: u64,
    sockets: u64,
) -> Result<(Child, ChildStdin, Lines<BufReader<ChildStdout>>)> {
    let program = std::env::current_exe()?.with_file_name("rolecall-bench-sockets");
    let mut child = Command::new(&program)
        .args(["--host", host, "--server", server])
        .args(["--first", &first.to_string(), "--sockets", &sockets.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run {}: build it (make bench-realtime does)", program.display()))?;
    let input = child.stdin.take().context("no standard input")?;
    let output = child.stdout.take().context("no standard output")?;
    Ok((child, input, BufReader::new(output).lines()))
}

/// `number micros`: both processes read the same clock.
fn note(ledger: &Ledger, line: &str) {
    let Some((number, micros)) = line.split_once(' ') else { return };
    let (Ok(number), Ok(micros)) = (number.parse(), micros.parse()) else { return };
    let heard = SystemTime::UNIX_EPOCH + Duration::from_micros(micros);
    let ago = SystemTime::now().duration_since(heard).unwrap_or_default();
    ledger.hear_at(number, Instant::now().checked_sub(ago).unwrap_or_else(Instant::now));
}
