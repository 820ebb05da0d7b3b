//! The file `.env`: `NAME=value` lines, read by the runner, by `make migrate` and by `make rollback`.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// The entries of the file, by name.
///
/// # Errors
/// The file cannot be read, or has a line that is not `NAME=value`; the message names the line's number.
pub fn read(path: &Path) -> Result<HashMap<String, String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    match parse(&text) {
        Ok(entries) => Ok(entries),
        Err(line) => bail!("{}:{line}: expected NAME=value", path.display()),
    }
}

/// What the environment of the process says, or else the file.
///
/// # Errors
/// The value in the environment is not UTF-8.
pub fn setting(name: &str, file: &HashMap<String, String>) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(Some(value)),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{name} is not valid UTF-8"),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(file.get(name).filter(|value| !value.is_empty()).cloned()),
    }
}

/// The entries of a text, or the number of the first line that is not `NAME=value`.
fn parse(text: &str) -> Result<HashMap<String, String>, usize> {
    let mut entries = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or(index + 1)?;
        entries.insert(name.trim().to_owned(), unquoted(value.trim()));
    }
    Ok(entries)
}

/// A value without the quotes around it, or without the comment after it.
fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote)
            && let Some((inner, _)) = inner.split_once(quote)
        {
            return inner.to_owned();
        }
    }
    let value = value.split_once(" #").map_or(value, |(value, _)| value);
    value.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn env_files_have_comments_quotes_and_exports() {
        let text =
            "# comment\n\nA=1\nexport B = \"two # 2\" # two\nC='x=y'\nD=a b # c\nDATABASE_URL=postgres://u:p#q@h/d\n";
        let entries = parse(text).expect("valid");
        let get = |name: &str| entries.get(name).map(String::as_str);
        assert_eq!((get("A"), get("B"), get("C"), get("D")), (Some("1"), Some("two # 2"), Some("x=y"), Some("a b")));
        assert_eq!(get("DATABASE_URL"), Some("postgres://u:p#q@h/d"));
        assert_eq!(entries.len(), 5);
        assert_eq!(parse("A=1\nnonsense"), Err(2));
    }
}
