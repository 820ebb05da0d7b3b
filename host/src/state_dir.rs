//! The runner's own directory: the embedded database, compiled components, generated secrets, and what runs now.

use serde::Serialize;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The length of a generated secret: that of the hash it is used with.
const SECRET_BYTES: usize = 32;

/// A directory whose files are this user's alone. Others may pass through it: the embedded database belongs to another
/// account when the runner is root.
pub struct StateDir {
    path: PathBuf,
}

/// What runs now, for tools beside the runner: `run.json`, there from the start to the stop.
#[derive(Serialize)]
pub struct Run<'a> {
    /// Where the application is served.
    pub address: &'a str,
    /// An administrator's login to the database, if the runner manages one.
    pub admin_url: Option<&'a str>,
    /// Whether the database is the runner's own.
    pub embedded: bool,
    /// How a relay reaches NATS, if it is the runner's own.
    pub nats: Option<NatsAccess<'a>>,
    /// The process.
    pub pid: u32,
}

/// How a relay reaches NATS: the values of its variables `NATS_URL`, `NATS_CREDS` and `NATS_SYSTEM_CREDS`.
#[derive(Serialize)]
pub struct NatsAccess<'a> {
    /// The server.
    pub url: &'a str,
    /// The file with which it publishes.
    pub creds: &'a Path,
    /// The file with which it hears who is connected.
    pub system_creds: &'a Path,
}

impl StateDir {
    /// Creates the directory where it is missing, and keeps everyone else from listing it.
    ///
    /// # Errors
    /// It cannot be created, or belongs to somebody else.
    pub fn open(path: &Path) -> io::Result<StateDir> {
        DirBuilder::new().recursive(true).mode(0o711).create(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o711))?;
        let path = path.canonicalize()?;
        DirBuilder::new().recursive(true).mode(0o700).create(path.join("cache"))?;
        Ok(StateDir { path })
    }

    /// Where compiled components are kept.
    pub fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// Where the embedded database is kept.
    pub fn database(&self) -> PathBuf {
        self.path.join("pg")
    }

    /// Where keys, credentials and the log of NATS are kept.
    pub fn nats(&self) -> PathBuf {
        self.path.join("nats")
    }

    /// Where the runner that serves offers its listening socket to a successor.
    pub fn takeover(&self) -> PathBuf {
        self.path.join("takeover")
    }

    /// A secret of 32 random bytes in hexadecimal, made once and the same ever after.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn secret(&self, name: &str) -> io::Result<String> {
        let file = self.path.join(name);
        match fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(secret) if !secret.trim().is_empty() => return Ok(secret.trim().to_owned()),
            Ok(_) => fs::remove_file(&file)?,
        }
        let mut bytes = [0; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        let secret: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        write_private(&file, format!("{secret}\n").as_bytes())?;
        Ok(secret)
    }

    /// Says what runs now, until the result is dropped.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn announce(&self, run: &Run) -> io::Result<Announcement> {
        self.announce_as("run.json", serde_json::to_vec_pretty(run)?)
    }

    /// Writes a private file that is there until the result is dropped.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn announce_as(&self, name: &str, text: Vec<u8>) -> io::Result<Announcement> {
        let file = self.path.join(name);
        write_private(&file, &text)?;
        Ok(Announcement { file, text })
    }

    /// Removes a file that may be missing.
    ///
    /// # Errors
    /// The file is there and cannot be removed.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Writes a file that only this user can read, whole or not at all.
fn write_private(file: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = file.with_extension(format!("{}.tmp", std::process::id()));
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    written.write_all(text)?;
    written.sync_all()?;
    fs::rename(temporary, file)
}

/// A file about what runs now.
pub struct Announcement {
    file: PathBuf,
    text: Vec<u8>,
}

impl Announcement {
    /// Where the file is.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Another runner may have been started with the same directory since; then the file is its own.
        if fs::read(&self.file).is_ok_and(|text| text == self.text) {
            // What is left behind names a process that is no more, which its readers check.
            let _ = fs::remove_file(&self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("rolecall-state-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn secrets_are_made_once_and_private() {
        let path = directory("secret");
        let state = StateDir::open(&path).unwrap();
        let secret = state.secret("jwt_secret").unwrap();
        assert_eq!(secret.len(), 64);
        assert_eq!(StateDir::open(&path).unwrap().secret("jwt_secret").unwrap(), secret);
        assert_ne!(state.secret("other").unwrap(), secret);
        assert_eq!((mode(&path), mode(&path.join("jwt_secret")), mode(&state.cache())), (0o711, 0o600, 0o700));
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn an_empty_secret_is_made_anew() {
        let path = directory("empty");
        let state = StateDir::open(&path).unwrap();
        fs::write(path.join("jwt_secret"), "\n").unwrap();
        assert_eq!(state.secret("jwt_secret").unwrap().len(), 64);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_announcement_goes_with_its_owner() {
        let path = directory("run");
        let state = StateDir::open(&path).unwrap();
        let run = |pid| Run { address: "http://127.0.0.1:1", admin_url: None, embedded: false, nats: None, pid };
        let first = state.announce(&run(1)).unwrap();
        let second = state.announce(&run(2)).unwrap();
        drop(first);
        assert!(path.join("run.json").exists());
        drop(second);
        assert!(!path.join("run.json").exists());
        fs::remove_dir_all(path).unwrap();
    }
}
