//! The user that the server runs as. It needs no rights: it is handed its configuration and its log.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Users whom root hands the server to: Debian's own, or nobody.
const CANDIDATES: [&str; 2] = ["nats", "nobody"];

/// A command that will run as this process's own user, or as another where this one is root.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        if let Some((user, group)) = CANDIDATES.iter().find_map(|name| find(&users, name)) {
            command.uid(user).gid(group);
        }
    }
    // Of its own process group: Ctrl-C in the terminal is for the program, which then stops the server in order.
    command.current_dir("/").process_group(0);
    command
}

fn find(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\nnats2:x:9:9::/:\nnats:x:101:104:a,b:/var:/bin/sh\n";
        assert_eq!(find(users, "nats"), Some((101, 104)));
        assert_eq!(find(users, "nobody"), None);
        assert_eq!(find("broken", "broken"), None);
    }
}
