//! Servers on this machine: which one runs, and how one is started that outlives this program.

use crate::tools::last_lines;
use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde::Deserialize;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// How long a server may take to end: the runner lets requests finish for 30 seconds.
const END: Duration = Duration::from_secs(45);

/// The runner that serves with a state directory, as its `run.json` says.
#[derive(Clone, Debug, Deserialize)]
pub struct Running {
    /// Where it answers.
    pub address: String,
    /// Whether its database is its own.
    pub embedded: bool,
    /// Its process.
    pub pid: u32,
}

/// The runner that serves now, if one does.
pub fn running(state_dir: &Path) -> Option<Running> {
    let text = std::fs::read(state_dir.join("run.json")).ok()?;
    let running: Running = serde_json::from_slice(&text).ok()?;
    is_alive(running.pid).then_some(running)
}

/// Whether the runner would hand its port over.
pub fn offers_its_port(state_dir: &Path) -> bool {
    state_dir.join("takeover/socket").exists()
}

/// Whether a process runs. One that has ended and was not waited for does not.
pub fn is_alive(pid: u32) -> bool {
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    if test_kill_process(process) == Err(rustix::io::Errno::SRCH) {
        return false;
    }
    // The state stands behind the name, which is in parentheses.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()) != Some('Z')
}

/// Whether a process is a run of this program: a number is given to others in time.
pub fn is_run_of(pid: u32, program: &str) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let mut words = line.split(|byte| *byte == 0).map(String::from_utf8_lossy);
    let name = Path::new(program).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // A script's interpreter comes first.
    is_alive(pid) && words.by_ref().take(3).any(|word| Path::new(&*word).file_name().is_some_and(|word| *word == *name))
}

/// Asks a process to end, and waits until it has.
///
/// # Errors
/// It does not end.
pub async fn stop(pid: u32) -> Result<()> {
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    if is_alive(pid) {
        kill_process(process, Signal::TERM).with_context(|| format!("stopping process {pid}"))?;
    }
    ended(pid).await
}

/// Waits until a process has ended.
///
/// # Errors
/// It does not end.
pub async fn ended(pid: u32) -> Result<()> {
    let deadline = Instant::now() + END;
    while is_alive(pid) {
        if Instant::now() > deadline {
            bail!("process {pid} has not ended after {END:?}");
        }
        sleep(LOOK).await;
    }
    Ok(())
}

/// A server that was started.
pub struct Started {
    child: Child,
    log: PathBuf,
}

impl Started {
    /// Starts it in a process group of its own, with its output in a file, so that it outlives this program.
    ///
    /// # Errors
    /// There is no such program.
    pub fn start(mut command: Command, log: &Path) -> Result<Started> {
        let output = OpenOptions::new().create(true).append(true).mode(0o600).open(log)?;
        command.process_group(0).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child =
            command.spawn().with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))?;
        Ok(Started { child, log: log.to_owned() })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` has an answer.
    ///
    /// # Errors
    /// It ends before, or takes longer than `limit`, and is then stopped; the message ends with what it printed.
    pub async fn until<T>(&mut self, limit: Duration, mut ready: impl AsyncFnMut() -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status}) before it served:\n{}", self.printed());
            }
            if let Some(answer) = ready().await {
                return Ok(answer);
            }
            if Instant::now() > deadline {
                // It is of no use, and must not take the port later.
                let _ = self.child.kill();
                let _ = self.child.wait();
                bail!("the server does not serve after {limit:?}:\n{}", self.printed());
            }
            sleep(LOOK).await;
        }
    }

    fn printed(&self) -> String {
        last_lines(&std::fs::read_to_string(&self.log).unwrap_or_default())
    }
}
