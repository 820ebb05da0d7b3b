//! The user that PostgreSQL runs as. PostgreSQL refuses to run as root, so root hands it to another user.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The user that PostgreSQL's programs run as.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Account {
    /// The user of this process, who is not root.
    Same,
    /// Another user, because this process runs as root.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    /// This process's own user, or for root `wanted`, else `postgres`, else `nobody`.
    pub(super) fn choose(wanted: Option<&str>) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Same);
        }
        let users = std::fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let candidates = match wanted {
            Some(name) => vec![name],
            None => vec!["postgres", "nobody"],
        };
        match candidates.iter().find_map(|name| find(&users, name)) {
            Some(account) => Ok(account),
            None => bail!(
                "PostgreSQL refuses to run as root, and there is no user {} to run it as",
                candidates.join(" or ")
            ),
        }
    }

    /// A command that will run as this user, with no variable of libpq's or a locale's to change what it does.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Self::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || text.starts_with("LC_") || text == "LANG" {
                command.env_remove(&name);
            }
        }
        // Of its own process group: Ctrl-C in the terminal is for the program, which then stops PostgreSQL in order.
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        command
    }

    /// Gives `path` to this user.
    pub(super) fn own(&self, path: &Path) -> Result<()> {
        if let Self::Other { uid, gid, .. } = self {
            chown(path, Some(*uid), Some(*gid))
                .with_context(|| format!("cannot hand {} to PostgreSQL's user", path.display()))?;
        }
        Ok(())
    }

    /// Whether this user can enter the folder `path`, all folders above it included.
    pub(super) fn can_enter(&self, path: &Path) -> Result<bool> {
        // Asked of the system itself, so that groups and access lists count too.
        let status = self
            .command("sh")
            .args(["-c", "cd -- \"$1\" 2>/dev/null", "sh"])
            .arg(path)
            .status()
            .context("cannot run sh")?;
        Ok(status.success())
    }
}

fn find(users: &str, name: &str) -> Option<Account> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account::Other { name: name.to_owned(), uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres2:x:9:9::/:\npostgres:x:101:104:a,b:/var:/bin/sh\n";
        assert_eq!(find(users, "postgres"), Some(Account::Other { name: "postgres".to_owned(), uid: 101, gid: 104 }));
        assert_eq!(find(users, "nobody"), None);
        assert_eq!(find("broken", "broken"), None);
    }
}
