//! A child process that ends with this one, whatever ends this one.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Waits for the end of its input, then ends the process `$1` and those that it started, if its working directory is still
/// `$2` (a number may by then be somebody else's), and removes the directory.
const REAPER: &str = r#"
read -r _
is_ours() {
    [ ! -e /proc/self/cwd ] || [ "$(readlink "/proc/$1/cwd")" = "$2" ]
}
is_ours "$1" "$2" && kill -s KILL -- "-$1" 2>/dev/null
tries=0
rm -rf -- "$2" 2>/dev/null
while [ -e "$2" ] && [ "$tries" -lt 50 ]; do
    sleep 0.1
    rm -rf -- "$2" 2>/dev/null
    tries=$((tries + 1))
done
"#;

/// A running child in a temporary directory of its own. Dropping it kills it and removes the directory; so does the
/// end of this process, even by `kill -9`.
#[derive(Debug)]
pub struct Process {
    child: Child,
    directory: PathBuf,
    reaper: Child,
}

/// A fresh directory for a process and its state.
///
/// # Errors
/// When it cannot be made.
pub fn temporary_directory() -> Result<PathBuf> {
    let directory = std::env::temp_dir().join(format!("rolecall-test-{}", Uuid::new_v4().simple()));
    fs::create_dir(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    // The reaper compares it with what /proc says, which has no links in it.
    Ok(directory.canonicalize()?)
}

impl Process {
    /// Starts `command` in `directory`, which is the process's from then on.
    ///
    /// # Errors
    /// When the program or `sh` cannot be run.
    pub fn start(mut command: Command, directory: &Path) -> Result<Process> {
        // A group of its own: Ctrl-C in a terminal reaches us alone, and the reaper ends it when we end.
        let child = command
            .current_dir(directory)
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().to_string_lossy()))?;
        let reaper = Command::new("sh")
            .args(["-c", REAPER, "sh", &child.id().to_string()])
            .arg(directory)
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run sh")?;
        Ok(Process { child, directory: directory.to_owned(), reaper })
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Asks it to stop (SIGTERM).
    ///
    /// # Errors
    /// When it has ended already.
    pub fn terminate(&mut self) -> Result<()> {
        Ok(kill_process(self.running()?, Signal::TERM)?)
    }

    /// Ends it and what it started without asking (SIGKILL).
    ///
    /// # Errors
    /// When it has ended already.
    pub fn kill(&mut self) -> Result<()> {
        Ok(kill_process_group(self.running()?, Signal::KILL)?)
    }

    /// The number of the process, which is that of its group. A child that was not waited for keeps it, so a signal cannot
    /// reach anybody else.
    fn running(&mut self) -> Result<Pid> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the process has ended already: {status}");
        }
        Ok(Pid::from_child(&self.child))
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it has not ended within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("the process {} has not ended after {} seconds", self.child.id(), limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to kill.
        let _ = self.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};

    fn runs(id: u32) -> bool {
        // A process that has ended and is not yet waited for has no working directory.
        fs::read_link(format!("/proc/{id}/cwd")).is_ok()
    }

    #[test]
    fn the_end_of_this_process_ends_the_child_and_what_it_started() {
        let directory = temporary_directory().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped());
        let mut process = Process::start(command, &directory).unwrap();
        let mut line = String::new();
        BufReader::new(process.child().stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (child, grandchild) = (process.id(), line.trim().parse().unwrap());
        assert!(runs(child) && runs(grandchild));
        // What the end of this process does: its end of the pipe is closed.
        drop(process.reaper.stdin.take());
        process.reaper.wait().unwrap();
        process.wait(Duration::from_secs(60)).unwrap();
        assert!(!runs(child));
        let deadline = Instant::now() + Duration::from_secs(60);
        while runs(grandchild) {
            assert!(Instant::now() < deadline, "{grandchild} still runs");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!directory.exists());
    }
}
