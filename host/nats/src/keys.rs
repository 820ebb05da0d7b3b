//! The keys, made once. Everything else is made from them at each start, so that a newer Rolecall's rules apply at once.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use nkeys::{KeyPair, KeyPairType};
use uuid::Uuid;

use crate::claims;

/// The keys of one installation.
pub(crate) struct Keys {
    operator: KeyPair,
    system: KeyPair,
    account: KeyPair,
    signing: KeyPair,
    relay: KeyPair,
    watcher: KeyPair,
}

impl Keys {
    /// Reads the keys of a folder, and makes those that are missing.
    pub(crate) fn of(folder: &Path) -> Result<Keys> {
        Ok(Keys {
            operator: key(folder, "operator", KeyPairType::Operator)?,
            system: key(folder, "system", KeyPairType::Account)?,
            account: key(folder, "account", KeyPairType::Account)?,
            signing: key(folder, "signing", KeyPairType::Account)?,
            relay: key(folder, "relay", KeyPairType::User)?,
            watcher: key(folder, "watcher", KeyPairType::User)?,
        })
    }

    /// The public key of the users' account.
    pub(crate) fn account(&self) -> String {
        self.account.public_key()
    }

    /// The seed of the key that signs users' tokens.
    pub(crate) fn signing_seed(&self) -> Result<String> {
        self.signing.seed().map_err(|error| anyhow!("a key without its seed: {error}"))
    }

    /// The part of the server's configuration that says whom it believes. It has no secret.
    pub(crate) fn trust(&self) -> Result<String> {
        let operator = claims::operator(&self.operator, &self.system)?;
        let system = claims::system_account(&self.operator, &self.system)?;
        let account = claims::account(&self.operator, &self.account, &self.signing)?;
        let (system_key, account_key) = (self.system.public_key(), self.account());
        Ok(format!(
            "operator: \"{operator}\"\nsystem_account: \"{system_key}\"\nresolver: MEMORY\n\
             resolver_preload {{\n  {system_key}: \"{system}\"\n  {account_key}: \"{account}\"\n}}\n"
        ))
    }

    /// What the relay logs in with, as a file.
    pub(crate) fn relay_credentials(&self) -> Result<String> {
        claims::credentials(&claims::relay(&self.account, &self.relay)?, &self.relay)
    }

    /// What the relay hears of connections with, as a file.
    pub(crate) fn system_credentials(&self) -> Result<String> {
        claims::credentials(&claims::watcher(&self.system, &self.watcher)?, &self.watcher)
    }
}

/// Reads a key, or makes it.
fn key(folder: &Path, name: &str, kind: KeyPairType) -> Result<KeyPair> {
    let file = folder.join(format!("{name}.seed"));
    let seed = match fs::read_to_string(&file) {
        Ok(seed) => seed,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let seed = KeyPair::new(kind.clone()).seed().map_err(|error| anyhow!("{error}"))?;
            keep(&file, &seed)?
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let key = KeyPair::from_seed(seed.trim()).map_err(|error| anyhow!("{} holds no key: {error}", file.display()))?;
    ensure!(key.key_pair_type() == kind, "{} holds a key of another type", file.display());
    Ok(key)
}

/// Writes a seed that another process may write at this moment; gives the one that stays.
fn keep(file: &Path, seed: &str) -> Result<String> {
    let temporary = write_beside(file, &format!("{seed}\n"))?;
    // A link, unlike a new name, takes no other file's place.
    let linked = fs::hard_link(&temporary, file);
    fs::remove_file(&temporary)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot write {}", file.display()))
        }
        _ => fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// Writes a file that only this user can read, whole or not at all.
pub(crate) fn write_private(file: &Path, text: &str) -> Result<()> {
    let temporary = write_beside(file, text)?;
    fs::rename(&temporary, file).with_context(|| format!("cannot write {}", file.display()))
}

fn write_beside(file: &Path, text: &str) -> Result<std::path::PathBuf> {
    let temporary = file.with_extension(Uuid::new_v4().simple().to_string());
    let mut written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(|| format!("cannot write into {}", file.parent().unwrap_or(file).display()))?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn folder() -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("rolecall-nats-{}", Uuid::new_v4().simple()));
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn keys_are_made_once_and_private() {
        let path = folder();
        let first = Keys::of(&path).unwrap();
        let again = Keys::of(&path).unwrap();
        assert_eq!(first.account(), again.account());
        assert_eq!(first.signing_seed().unwrap(), again.signing_seed().unwrap());
        assert_ne!(first.account(), first.signing.public_key());
        let files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 6, "{files:?}");
        for file in files {
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_configuration_holds_no_secret() {
        let path = folder();
        let keys = Keys::of(&path).unwrap();
        let trust = keys.trust().unwrap();
        for name in ["operator", "system", "account", "signing", "relay", "watcher"] {
            let seed = fs::read_to_string(path.join(format!("{name}.seed"))).unwrap();
            assert!(!trust.contains(seed.trim()), "{name}");
        }
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn those_who_make_keys_at_once_have_the_same() {
        let path = folder();
        let makers: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || Keys::of(&path).unwrap().signing_seed().unwrap())
            })
            .collect();
        let mut seeds: Vec<_> = makers.into_iter().map(|maker| maker.join().unwrap()).collect();
        seeds.dedup();
        assert_eq!(seeds.len(), 1);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_file_that_is_no_key_is_named() {
        let path = folder();
        fs::write(path.join("account.seed"), "x\n").unwrap();
        let error = Keys::of(&path).err().unwrap().to_string();
        assert!(error.contains("account.seed holds no key"), "{error}");
        fs::write(path.join("account.seed"), KeyPair::new_user().seed().unwrap()).unwrap();
        let error = Keys::of(&path).err().unwrap().to_string();
        assert!(error.contains("another type"), "{error}");
        fs::remove_dir_all(path).unwrap();
    }
}
