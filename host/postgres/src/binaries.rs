//! Finding PostgreSQL's programs. A Debian machine has `initdb` and `postgres` outside PATH.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The oldest major version that the migrations run on.
const OLDEST: u32 = 15;

/// A folder with PostgreSQL's server programs.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    /// Their major version.
    pub(super) major: u32,
}

impl Binaries {
    /// Looks in `$PG_BIN_DIR`, on PATH and under /usr/lib/postgresql, and takes the newest of at least version 15;
    /// or, for data that exists, those of the version that made it.
    pub(super) fn find(wanted_major: Option<u32>) -> Result<Self> {
        let found = match std::env::var_os("PG_BIN_DIR") {
            Some(folder) => vec![
                Self::at(PathBuf::from(folder))
                    .context("PG_BIN_DIR does not hold the programs initdb and postgres of a PostgreSQL server")?,
            ],
            None => folders().into_iter().filter_map(Self::at).collect(),
        };
        let fits = |each: &&Self| match wanted_major {
            Some(major) => each.major == major,
            None => each.major >= OLDEST,
        };
        match found.iter().filter(fits).max_by_key(|each| each.major) {
            Some(binaries) => Ok(binaries.clone()),
            None => bail!(
                "no PostgreSQL {} server found; install it (Debian and Ubuntu: apt-get install postgresql) \
                 or set PG_BIN_DIR to the folder with initdb and postgres",
                wanted_major.map_or_else(|| format!("{OLDEST} or newer"), |major| major.to_string())
            ),
        }
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let major = major_of(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { folder, major })
    }
}

/// The major version in `postgres (PostgreSQL) 15.20 (Debian …)`, also of a beta such as `18beta1`.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    if let Ok(versions) = Path::new("/usr/lib/postgresql").read_dir() {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major_of("something else"), None);
    }

    #[test]
    fn a_version_that_nobody_has_is_named() {
        let error = Binaries::find(Some(3)).expect_err("there is no such version");
        assert!(error.to_string().contains("PostgreSQL 3 server"), "{error}");
    }
}
