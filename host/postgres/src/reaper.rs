//! A small shell process that outlives this one: when the pipe to it closes, for whatever reason, it stops PostgreSQL
//! and removes a temporary cluster. So nothing is left behind even by a program that was killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

/// Waits for the end of its input, then stops the server of the home `$1` with signal `$2`, waits for it, and removes
/// the home when `$3` says so. The removal is repeated because a killed `initdb` may still be writing.
const SCRIPT: &str = r#"
read -r _
home=$1
is_server() {
    # A server's working directory is its data; a number left over from a crash may be another program's by now.
    [ -n "$1" ] && { [ ! -e /proc/self/cwd ] || [ "$(readlink "/proc/$1/cwd")" = "$home/data" ]; }
}
if pid=$(head -n 1 "$home/data/postmaster.pid" 2>/dev/null) && is_server "$pid"; then
    kill -s "$2" "$pid" 2>/dev/null
    tries=0
    while is_server "$pid" && kill -s 0 "$pid" 2>/dev/null && [ "$tries" -lt 600 ]; do
        sleep 0.05
        tries=$((tries + 1))
    done
fi
if [ "$3" = remove ]; then
    tries=0
    rm -rf -- "$home" 2>/dev/null
    while [ -e "$home" ] && [ "$tries" -lt 50 ]; do
        sleep 0.1
        rm -rf -- "$home" 2>/dev/null
        tries=$((tries + 1))
    done
fi
"#;

/// The running shell. Dropping it closes the pipe and waits until the shell is done.
#[derive(Debug)]
pub(super) struct Reaper {
    child: Child,
}

impl Reaper {
    /// Starts the shell for the cluster in `home`; with `remove` the home is temporary.
    pub(super) fn start(home: &Path, remove: bool) -> Result<Self> {
        // A temporary cluster is thrown away, so it need not shut down in order.
        let (signal, removal) = if remove { ("QUIT", "remove") } else { ("INT", "keep") };
        let child = Command::new("sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(home)
            .args([signal, removal])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot run sh")?;
        Ok(Self { child })
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}
