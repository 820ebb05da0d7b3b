//! A small shell process that outlives this one: when the pipe to it closes, for whatever reason, it stops the server and
//! removes a temporary home. So nothing is left behind even by a program that was killed.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Waits for the end of its input, then stops the server `$1`, after five seconds without asking, and removes the folder
/// `$3` if there is one.
const SCRIPT: &str = r#"
read -r _
is_server() {
    # The number of a server that has ended may be another program's by now.
    kill -s 0 "$1" 2>/dev/null && { [ ! -e /proc/self/comm ] || [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ]; }
}
is_server "$1" "$2" && kill -s TERM "$1"
tries=0
while is_server "$1" "$2" && [ "$tries" -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
is_server "$1" "$2" && kill -s KILL "$1"
[ -z "$3" ] || rm -rf -- "$3"
"#;

/// The running shell.
#[derive(Debug)]
pub(crate) struct Reaper {
    child: Child,
}

impl Reaper {
    /// Starts the shell for a server whose program has this name, and for its home if that is temporary.
    pub(crate) fn start(server: u32, name: &str, temporary: Option<&Path>) -> Result<Self> {
        // What the system calls a process is cut off.
        let name: String = name.chars().take(15).collect();
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "sh", &server.to_string(), &name])
            .arg(temporary.unwrap_or(Path::new("")))
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run sh")?;
        Ok(Self { child })
    }

    /// Ends the shell, because the server has ended.
    pub(crate) fn dismiss(mut self) {
        // A child that was not waited for keeps its number, so the signal cannot reach anybody else.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
