//! Programs beside this one: found, asked for their version, and run with what they say kept.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tokio::task::spawn_blocking;

/// The end of a failed program's output that is shown, in lines.
const SHOWN_LINES: usize = 12;

/// A program of PostgreSQL: in PG_BIN_DIR, on the PATH, or where Debian keeps them.
///
/// # Errors
/// There is none.
pub fn of_postgres(name: &str) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("PG_BIN_DIR").filter(|folder| !folder.is_empty()) {
        let program = Path::new(&folder).join(name);
        if program.is_file() {
            return Ok(program);
        }
    }
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(|entry| {
        let path = entry.ok()?.path();
        let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
        Some((version, path.join("bin").join(name))).filter(|(_, program)| program.is_file())
    });
    if let Some((_, program)) = debian.max() {
        return Ok(program);
    }
    find(name)
        .with_context(|| format!("{name} is missing: install postgresql-client, or name its folder in PG_BIN_DIR"))
}

/// A program on the PATH, or at the path that is given.
///
/// # Errors
/// There is none.
pub fn find(name: &str) -> Result<PathBuf> {
    if name.contains('/') {
        let program = PathBuf::from(name);
        return if program.is_file() { Ok(program.canonicalize()?) } else { bail!("{name} is missing") };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
        .with_context(|| format!("{name} is missing: it is not on the PATH"))
}

/// The first line that a program says about its version.
///
/// # Errors
/// It cannot be run.
pub async fn version(program: &Path) -> Result<String> {
    let mut command = Command::new(program);
    command.arg("--version");
    let said = run(command).await?;
    Ok(said.lines().next().unwrap_or_default().trim().to_owned())
}

/// Runs a program to its end and gives its standard output.
///
/// # Errors
/// It cannot be run, or ends with an error; the message ends with what it said. Arguments are named, the environment is not.
pub async fn run(mut command: Command) -> Result<String> {
    let shown = shown(&command);
    command.stdin(Stdio::null());
    let output = spawn_blocking(move || command.output()).await?.with_context(|| format!("cannot run {shown}"))?;
    if !output.status.success() {
        let (errors, said) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
        let text = if errors.trim().is_empty() { said } else { errors };
        bail!("{shown}: {}\n{}", output.status, last_lines(&text));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A command as a person would type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The end of a text.
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

/// The first number of a version: 15 of "pg_dump (PostgreSQL) 15.8".
pub fn major(version: &str) -> Option<u32> {
    let digits = version.find(|c: char| c.is_ascii_digit())?;
    version[digits..].split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The commit of the tree in a folder, or that of the CI; none where neither knows one.
pub fn commit(folder: &Path) -> Option<String> {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=12", "HEAD"]).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::null());
    let asked = git.output().ok().filter(|output| output.status.success());
    let said = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let from_ci = || std::env::var("GITHUB_SHA").or_else(|_| std::env::var("CI_COMMIT_SHA")).ok();
    said.or_else(from_ci).filter(|commit| !commit.is_empty()).map(|commit| commit.chars().take(12).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_print_them() {
        assert_eq!(major("pg_dump (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)"), Some(15));
        assert_eq!(major("spin 4.1.0-pre0 (abc)"), Some(4));
        assert_eq!(major("none"), None);
    }

    #[tokio::test]
    async fn a_program_that_fails_says_how() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo reason >&2; exit 3"]);
        let error = run(command).await.unwrap_err().to_string();
        assert!(error.contains("reason") && error.contains('3'), "{error}");
        assert!(find("rolecall-no-such-program").unwrap_err().to_string().contains("is missing"));
        assert!(find("/no/such/program").is_err());
    }
}
