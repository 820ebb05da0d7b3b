//! Where a cluster lives: `<home>/data` is PostgreSQL's own folder; the superuser's password, the server's log and the
//! lock that keeps a second program out lie beside it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use uuid::Uuid;

use crate::account::Account;

/// A folder that belongs to PostgreSQL's user, and the lock on it.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) path: PathBuf,
    pub(super) temporary: bool,
    /// Held, never read: the lock ends with the file.
    _lock: File,
}

impl Home {
    /// A new temporary folder.
    pub(super) fn temporary(account: &Account) -> Result<Self> {
        let bases = [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()];
        let path = make_enterable(&bases, account)?;
        Self::lock(path, true, account)
    }

    /// The folder `wanted`, made if it is missing; when PostgreSQL's user cannot get there, a folder elsewhere to which
    /// `wanted` then is a symbolic link.
    pub(super) fn persistent(wanted: &Path, account: &Account) -> Result<Self> {
        let path = match wanted.canonicalize() {
            Ok(path) => path,
            Err(_) => make_persistent(wanted, account)?,
        };
        if !account.can_enter(&path)? {
            bail!(
                "PostgreSQL's user cannot enter {}; remove it to start with an empty database, or give it to that user",
                path.display()
            );
        }
        Self::lock(path, false, account)
    }

    fn lock(path: PathBuf, temporary: bool, account: &Account) -> Result<Self> {
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .with_context(|| format!("cannot write into {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                lock.read_to_string(&mut pid).ok();
                bail!(
                    "the database in {} is already in use by the process {}; stop that one first",
                    path.display(),
                    pid.trim()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        account.own(&path.join("lock"))?;
        Ok(Self { path, temporary, _lock: lock })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("postgres.log")
    }

    pub(super) fn password_file(&self) -> PathBuf {
        self.path.join("password")
    }

    /// The superuser's password; made on the first call for this home.
    pub(super) fn password(&self, account: &Account) -> Result<String> {
        let file = self.password_file();
        if let Ok(password) = std::fs::read_to_string(&file)
            && !password.trim().is_empty()
        {
            return Ok(password.trim().to_owned());
        }
        let password = random_word();
        let mut writer = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&file)
            .with_context(|| format!("cannot write {}", file.display()))?;
        writeln!(writer, "{password}")?;
        account.own(&file)?;
        Ok(password)
    }

    /// The major version of PostgreSQL that made the data, `None` when there is none yet.
    pub(super) fn major(&self) -> Option<u32> {
        let version = std::fs::read_to_string(self.data().join("PG_VERSION")).ok()?;
        version.trim().parse().ok()
    }
}

/// 244 random bits from the system, as 64 hexadecimal digits.
pub(super) fn random_word() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

fn make_persistent(wanted: &Path, account: &Account) -> Result<PathBuf> {
    let parent = wanted.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let parent = parent.canonicalize()?;
    let name = wanted.file_name().with_context(|| format!("{} names no folder", wanted.display()))?;
    let place = parent.join(name);
    // What stands there now is at most a link to a folder that somebody has removed.
    if place.is_symlink() {
        std::fs::remove_file(&place)?;
    }
    if account.can_enter(&parent)? {
        make(&place, account)?;
        return Ok(place);
    }
    let bases = ["/var/lib/rolecall".into(), "/var/tmp".into(), std::env::temp_dir()];
    // Only root comes here, who may make the first; 0711 lets PostgreSQL's user through and shows nobody the names.
    DirBuilder::new().mode(0o711).create(&bases[0]).ok();
    let path = make_enterable(&bases, account)?;
    symlink(&path, &place).with_context(|| format!("cannot make the symbolic link {}", place.display()))?;
    Ok(path)
}

/// Makes a folder with a random name in the first of `bases` where `account` can enter it.
fn make_enterable(bases: &[PathBuf], account: &Account) -> Result<PathBuf> {
    for base in bases.iter().filter_map(|base| base.canonicalize().ok()) {
        let path = base.join(format!("rolecall-{}", &random_word()[..16]));
        if make(&path, account).is_err() {
            continue;
        }
        if account.can_enter(&path)? {
            return Ok(path);
        }
        std::fs::remove_dir(&path)?;
    }
    bail!("no folder for temporary files that PostgreSQL's user can enter")
}

fn make(path: &Path, account: &Account) -> Result<()> {
    DirBuilder::new().mode(0o700).create(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
    account.own(path)
}
