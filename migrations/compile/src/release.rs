//! The migrations that are there, what they say of each file of the tree, and the checksums of what is released.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// What a migration says behind the path of a file that the tree has no more: what was in it lies elsewhere, or is dropped.
pub(crate) const GONE: &str = " is gone";

/// The newest text of each file of the tree in the migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Released {
    files: BTreeMap<String, String>,
}

impl Released {
    /// Reads the sections of migrations, in their order.
    pub fn read<'a>(migrations: impl IntoIterator<Item = &'a str>) -> Released {
        let mut files = BTreeMap::new();
        for text in migrations {
            let mut lines = text.lines().peekable();
            while let Some(line) = lines.next() {
                let Some(path) = line.strip_prefix("  -- schema/") else { continue };
                if let Some(path) = path.strip_suffix(GONE) {
                    files.remove(path);
                    continue;
                }
                if lines.peek() != Some(&"  execute $sql$") {
                    continue;
                }
                lines.next();
                let mut section = String::new();
                for line in lines.by_ref().take_while(|&line| line != "$sql$;") {
                    section.push_str(line);
                    section.push('\n');
                }
                files.insert(path.to_owned(), section);
            }
        }
        Released { files }
    }

    /// Whether there is no migration yet.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// What the last release says of a file of the tree.
    pub fn text_of(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The files of the last release's tree, as far as releases have spoken of them.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

/// Proves that every file that `folder/checksums` names is as it was released.
///
/// # Errors
/// A file that has changed or is gone.
pub fn checksums_hold(folder: &Path) -> Result<()> {
    let list = std::fs::read_to_string(folder.join("checksums")).context("reading migrations/checksums")?;
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (sum, file) = line.split_once("  ").with_context(|| format!("checksums: {line:?} is no line of it"))?;
        let text = std::fs::read(folder.join(file)).with_context(|| format!("{file} was released and is gone"))?;
        ensure!(sum == hex(&text), "{file} was released and has changed: what changes goes into a new migration");
    }
    Ok(())
}

/// Writes `folder/checksums` for these files, which are released by that.
///
/// # Errors
/// A file that cannot be read or written.
pub fn seal(folder: &Path, files: &[String]) -> Result<()> {
    let mut list = String::from("# SHA-256 of every released file; `make lint` proves that none has changed.\n");
    for file in files {
        let text = std::fs::read(folder.join(file)).with_context(|| format!("reading {file}"))?;
        writeln!(list, "{}  {file}", hex(&text))?;
    }
    std::fs::write(folder.join("checksums"), list).context("writing migrations/checksums")
}

/// The SHA-256 of `bytes`, in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    hmac_sha256::Hash::hash(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_back_and_the_newest_counts() {
        let old = "do $migration$\n\n  -- schema/a/b.sql\n  execute $sql$\nselect 1;\n\nselect 2;\n$sql$;\nend";
        let new = "  -- schema/a/b.sql\n  execute $sql$\nselect 3;\n$sql$;\n  -- schema/c.sql is spoken of only\n";
        assert_eq!(Released::read([old]).text_of("a/b.sql"), Some("select 1;\n\nselect 2;\n"));
        assert_eq!(Released::read([old, new]).text_of("a/b.sql"), Some("select 3;\n"));
        assert_eq!(Released::read([old, new]).paths().count(), 1);
        assert_eq!(Released::read([old, "  -- schema/a/b.sql is gone\n"]).paths().count(), 0);
    }
}
