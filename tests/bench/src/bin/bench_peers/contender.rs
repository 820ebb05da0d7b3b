//! Who is measured: Rolecall with and without group commit, and the same endpoint as one would write it for Bun, axum,
//! Node and Deno (`tests/bench/peers`). One process each.

use anyhow::{Context, Result, bail, ensure};
use rolecall_bench::{GROUP_COMMIT, address, peak_memory_mib, start_runner, system::cpu_seconds};
use rolecall_kit::{
    Runner,
    process::{Process, temporary_directory},
    runner::workspace,
    token::SECRET,
};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long a peer may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Contender {
    /// Rolecall as it is
    Rolecall,
    /// Rolecall with one statement for each request
    OneByOne,
    /// Bun with jose and postgres.js
    Bun,
    /// axum with sqlx
    Axum,
    /// Node with Fastify, fast-jwt and postgres.js
    Node,
    /// Deno with jose and postgres.js
    Deno,
}

impl Contender {
    /// All of them, in the order of the first round.
    pub const ALL: [Contender; 6] =
        [Contender::Rolecall, Contender::Bun, Contender::Axum, Contender::OneByOne, Contender::Node, Contender::Deno];

    /// What it is called in the table and in the chart.
    pub const fn name(self) -> &'static str {
        match self {
            Contender::Rolecall => "Rolecall",
            Contender::OneByOne => "Rolecall, group_commit=1",
            Contender::Bun => "Bun",
            Contender::Axum => "axum",
            Contender::Node => "Node",
            Contender::Deno => "Deno",
        }
    }

    /// Starts it on this database, with at most so many connections to it, and returns when it listens.
    ///
    /// # Errors
    /// When it is not built or installed, or does not start; a peer says why on standard error.
    pub fn start(self, edge_url: &str, pool: u64, runner_flags: &[String]) -> Result<Server> {
        let program = match self {
            Contender::Rolecall => return rolecall(edge_url, &[], runner_flags),
            Contender::OneByOne => return rolecall(edge_url, &[(GROUP_COMMIT, "1")], runner_flags),
            Contender::Bun => Command::new(bun()),
            Contender::Axum => Command::new(axum()),
            Contender::Node => Command::new("node"),
            Contender::Deno => Command::new(deno()),
        };
        self.peer(program, edge_url, pool).with_context(|| format!("{} does not start", self.name()))
    }

    fn peer(self, mut command: Command, edge_url: &str, pool: u64) -> Result<Server> {
        let directory = temporary_directory()?;
        match self {
            Contender::Bun => command.arg(peers().join("bun.mjs")),
            Contender::Node => command.arg(peers().join("node.mjs")),
            Contender::Deno => command.args(["run", "--allow-all", "--no-lock"]).arg(peers().join("deno.mjs")),
            _ => &mut command,
        };
        command
            .env("PORT", "0")
            .env("DATABASE_URL", edge_url)
            .env("JWT_SECRET", SECRET)
            .env("POSTGRES_CONNECTIONS", pool.to_string())
            .env("NODE_ENV", "production")
            .env("DENO_DIR", &directory)
            .env("DENO_NO_UPDATE_CHECK", "1")
            .stdout(Stdio::piped());
        let mut process = Process::start(command, &directory)?;
        let stdout = process.child().stdout.take().context("no stdout")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // To the end, so that nobody who prints has to wait.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(port) = line.strip_prefix("listening on ").and_then(|port| port.parse::<u16>().ok()) {
                    // The receiver is gone once it has the first one.
                    let _ = sender.send(port);
                }
            }
        });
        let port = receiver.recv_timeout(PATIENCE).context("it does not say that it listens")?;
        Ok(Server { address: format!("127.0.0.1:{port}"), id: process.id(), running: Running::Peer(process) })
    }
}

fn rolecall(edge_url: &str, variables: &[(&str, &str)], flags: &[String]) -> Result<Server> {
    let runner = start_runner(edge_url, variables, flags)?;
    Ok(Server { address: address(&runner).to_owned(), id: runner.id(), running: Running::Rolecall(runner) })
}

/// The folder of the peers.
pub fn peers() -> PathBuf {
    workspace().join("tests/bench/peers")
}

/// Bun's program. The npm package puts it in the place of its own launcher.
pub fn bun() -> PathBuf {
    peers().join("node_modules/bun/bin/bun.exe")
}

/// Deno's program.
pub fn deno() -> PathBuf {
    peers().join("node_modules/deno/deno")
}

/// The axum peer: `$ROLECALL_BENCH_AXUM`, or where `make bench-peers` builds it.
pub fn axum() -> PathBuf {
    std::env::var_os("ROLECALL_BENCH_AXUM")
        .map_or_else(|| workspace().join("target/peers/release/rolecall-bench-axum"), PathBuf::from)
}

/// A contender that listens. Dropping it ends it.
pub struct Server {
    /// `host:port`.
    pub address: String,
    id: u32,
    running: Running,
}

enum Running {
    Rolecall(Runner),
    Peer(Process),
}

impl Server {
    /// The most memory it has had, in MiB: the peaks of the process and its children together.
    pub fn peak_memory_mib(&self) -> Option<f64> {
        family(self.id).into_iter().map(peak_memory_mib).sum()
    }

    /// Seconds of processor time that the process and its children have used.
    pub fn cpu_seconds(&self) -> Option<f64> {
        family(self.id).into_iter().map(cpu_seconds).sum()
    }

    /// Asks it to end and waits until it has.
    ///
    /// # Errors
    /// When it has ended before, or does not end.
    pub fn stop(self) -> Result<()> {
        match self.running {
            Running::Rolecall(runner) => {
                runner.terminate();
                let status = runner.wait();
                ensure!(status.success(), "the runner ended with {status}: {}", runner.errors());
            }
            // How a peer ends is its own affair: not all of them answer a signal.
            Running::Peer(mut process) => {
                process.terminate()?;
                process.wait(PATIENCE)?;
            }
        }
        Ok(())
    }
}

/// A process and all that descend from it, as far as /proc tells.
fn family(id: u32) -> Vec<u32> {
    let processes: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let id = path.file_name()?.to_str()?.parse().ok()?;
            Some((id, parent(&fs::read_to_string(path.join("stat")).ok()?)?))
        })
        .collect();
    descendants(id, &processes)
}

/// The parent in a line of /proc/PID/stat; the name is in brackets and may have anything in it.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn descendants(id: u32, processes: &[(u32, u32)]) -> Vec<u32> {
    let mut family = vec![id];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(processes.iter().filter(|(_, its)| *its == parent).map(|(child, _)| child));
        next += 1;
    }
    family
}

/// The first word with a digit of what a program says of its version.
///
/// # Errors
/// When the program cannot be run.
pub fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run {}: `make bench-peers` installs what it needs", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let word = text.split_whitespace().map(|word| word.trim_start_matches('v'));
    match word.into_iter().find(|word| word.starts_with(|c: char| c.is_ascii_digit())) {
        Some(word) => Ok(word.to_owned()),
        None => bail!("{} does not say its version: {text}", program.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_process_and_its_descendants() {
        let processes = [(1, 0), (7, 1), (8, 7), (9, 8), (10, 7), (11, 1)];
        assert_eq!(descendants(7, &processes), [7, 8, 10, 9]);
        assert_eq!(descendants(11, &processes), [11]);
        assert_eq!(parent("8 (a (b) c) S 7 8 8 0 -1"), Some(7));
        assert_eq!(parent("8"), None);
    }

    #[test]
    fn this_process_is_of_its_own_family() {
        let own = std::process::id();
        assert_eq!(family(own)[0], own);
        let stat = fs::read_to_string("/proc/self/stat").unwrap();
        assert!(family(parent(&stat).unwrap()).contains(&own));
    }
}
