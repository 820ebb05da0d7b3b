//! Application variables: where their values come from, and what a component sees of them.
//!
//! A value given with `--variable` beats one in the environment (`SPIN_VARIABLE_NAME`), which beats one in the `.env` file,
//! which beats one the runner provides (the embedded database), which beats the manifest's default.

use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What stands before a variable's name in the environment.
pub const PREFIX: &str = "SPIN_VARIABLE_";

/// Why the variables cannot be settled.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum VariableError {
    /// A required variable has no value.
    #[error(
        "variable {name} is required and has no value; give it with --variable {name}=… or {PREFIX}{} in the environment or in .env",
        name.to_uppercase()
    )]
    Missing {
        /// The variable.
        name: String,
    },
    /// A value is given for a variable that the manifest does not declare.
    #[error("--variable {0}: the manifest declares no such variable")]
    Undeclared(String),
    /// A template names a variable that the manifest does not declare.
    #[error("{place}: the template names {name:?}, which the manifest does not declare")]
    UnknownInTemplate {
        /// Where the template stands.
        place: String,
        /// The name in it.
        name: String,
    },
    /// A template has `{{` without `}}`.
    #[error("{place}: the template opens {{{{ and does not close it")]
    Unclosed {
        /// Where the template stands.
        place: String,
    },
    /// The `.env` file cannot be read or understood.
    #[error("{0}")]
    EnvFile(String),
}

/// An application variable of the manifest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableDeclaration {
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
    /// Its value when it is not given.
    pub default: Option<String>,
    /// Whether it must not be shown.
    #[serde(default)]
    pub secret: bool,
    /// What it is for.
    #[serde(rename = "description")]
    pub _description: Option<String>,
}

/// Whether `name` may name an application variable.
pub fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Where values come from, the strongest first.
#[derive(Debug, Default)]
pub struct Sources {
    /// What the runner has made of a value, such as the text of a file that was named.
    pub replaced: HashMap<String, String>,
    /// `--variable`.
    pub command_line: HashMap<String, String>,
    /// The environment of the process.
    pub environment: HashMap<String, String>,
    /// The `.env` file.
    pub file: HashMap<String, String>,
    /// What the runner itself provides.
    pub provided: HashMap<String, String>,
    /// Every entry of the `.env` file under its own name, for what is no variable, such as `DATABASE_URL`.
    pub settings: HashMap<String, String>,
}

impl Sources {
    /// The sources of a process, without the runner's own.
    ///
    /// # Errors
    /// The file cannot be read or understood. Without an explicit `env_file` the one in `directory` is read if there is one.
    pub fn of_process(
        command_line: &[(String, String)],
        env_file: Option<&Path>,
        directory: &Path,
    ) -> Result<Sources, VariableError> {
        let settings = match env_file {
            Some(path) => read_env_file(path)?,
            None if directory.join(".env").is_file() => read_env_file(&directory.join(".env"))?,
            None => HashMap::new(),
        };
        Ok(Sources {
            replaced: HashMap::new(),
            command_line: command_line.iter().cloned().collect(),
            environment: std::env::vars_os()
                .filter_map(|(name, value)| variable_of(&name.into_string().ok()?, value.into_string().ok()?))
                .collect(),
            file: settings.iter().filter_map(|(name, value)| variable_of(name, value.clone())).collect(),
            provided: HashMap::new(),
            settings,
        })
    }

    /// The value that a source gives for a variable. The manifest's default is no source.
    pub fn get(&self, name: &str) -> Option<&str> {
        [&self.replaced, &self.command_line, &self.environment, &self.file, &self.provided]
            .into_iter()
            .find_map(|source| source.get(name))
            .map(String::as_str)
    }

    /// Every reason why [`Sources::settle`] would fail, but for variables that the runner is yet to provide.
    pub fn faults(&self, declared: &BTreeMap<String, VariableDeclaration>, to_provide: &[&str]) -> Vec<VariableError> {
        let undeclared = self.command_line.keys().filter(|name| !declared.contains_key(*name));
        let mut undeclared: Vec<_> = undeclared.cloned().map(VariableError::Undeclared).collect();
        undeclared.sort_by_key(ToString::to_string);
        let is_missing = |(name, declaration): &(&String, &VariableDeclaration)| {
            declaration.default.is_none() && self.get(name).is_none() && !to_provide.contains(&name.as_str())
        };
        let missing = declared.iter().filter(is_missing).map(|(name, _)| VariableError::Missing { name: name.clone() });
        undeclared.into_iter().chain(missing).collect()
    }

    /// The values of all declared variables.
    ///
    /// # Errors
    /// A required variable has no value, or the command line names one that does not exist.
    pub fn settle(&self, declared: &BTreeMap<String, VariableDeclaration>) -> Result<Variables, VariableError> {
        if let Some(name) = self.command_line.keys().find(|name| !declared.contains_key(*name)) {
            return Err(VariableError::Undeclared(name.clone()));
        }
        let mut values = HashMap::new();
        for (name, declaration) in declared {
            let value = self.get(name).or(declaration.default.as_deref());
            let value = value.ok_or_else(|| VariableError::Missing { name: name.clone() })?;
            values.insert(name.clone(), value.to_owned());
        }
        Ok(Variables { values })
    }
}

/// The settled values of the application's variables.
pub struct Variables {
    values: HashMap<String, String>,
}

impl Variables {
    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Gives a variable that the runner alone decides this value, whatever was given; one that is not declared stays away.
    pub fn decide(&mut self, name: &str, value: String) {
        if let Some(given) = self.values.get_mut(name) {
            *given = value;
        }
    }

    /// A template with `{{ name }}` replaced by the values; `place` is named in errors.
    ///
    /// # Errors
    /// An unknown name, or an expression that does not end.
    pub fn resolve(&self, template: &str, place: &str) -> Result<String, VariableError> {
        let mut resolved = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) =
                after.split_once("}}").ok_or_else(|| VariableError::Unclosed { place: place.to_owned() })?;
            let name = name.trim();
            let value = self
                .get(name)
                .ok_or_else(|| VariableError::UnknownInTemplate { place: place.to_owned(), name: name.to_owned() })?;
            resolved.push_str(before);
            resolved.push_str(value);
            rest = after;
        }
        resolved.push_str(rest);
        Ok(resolved)
    }
}

/// The variable that an entry of the environment sets, with its value; `None` for any other entry.
fn variable_of(name: &str, value: String) -> Option<(String, String)> {
    let name = name.strip_prefix(PREFIX)?;
    // As in Spin, the name in the environment is the upper-case form.
    let upper_case = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    upper_case.then(|| (name.to_ascii_lowercase(), value))
}

fn read_env_file(path: &Path) -> Result<HashMap<String, String>, VariableError> {
    rolecall_database::env_file::read(path).map_err(|error| VariableError::EnvFile(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(entries: &[(&str, &str)]) -> HashMap<String, String> {
        entries.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn declared() -> BTreeMap<String, VariableDeclaration> {
        let with_default = |value: &str| VariableDeclaration { default: Some(value.to_owned()), ..Default::default() };
        let required = VariableDeclaration { required: true, ..Default::default() };
        BTreeMap::from([
            ("url".to_owned(), required),
            ("host".to_owned(), with_default("127.0.0.1")),
            ("port".to_owned(), with_default("")),
        ])
    }

    #[test]
    fn the_stronger_source_wins() {
        let mut sources = Sources::default();
        let settled =
            |sources: &Sources| sources.settle(&declared()).map(|variables| variables.get("url").map(str::to_owned));
        assert_eq!(settled(&sources).unwrap_err(), VariableError::Missing { name: "url".into() });
        sources.provided = map(&[("url", "provided")]);
        assert_eq!(settled(&sources).unwrap().as_deref(), Some("provided"));
        sources.file = map(&[("url", "file")]);
        assert_eq!(settled(&sources).unwrap().as_deref(), Some("file"));
        sources.environment = map(&[("url", "environment")]);
        assert_eq!(settled(&sources).unwrap().as_deref(), Some("environment"));
        sources.command_line = map(&[("url", "command line")]);
        assert_eq!(settled(&sources).unwrap().as_deref(), Some("command line"));
        assert_eq!(sources.settle(&declared()).unwrap().get("host"), Some("127.0.0.1"));
    }

    #[test]
    fn what_the_runner_decides_beats_every_source() {
        let sources = Sources { command_line: map(&[("url", "given")]), ..Default::default() };
        let mut variables = sources.settle(&declared()).unwrap();
        variables.decide("url", "decided".into());
        variables.decide("undeclared", "decided".into());
        assert_eq!((variables.get("url"), variables.get("undeclared")), (Some("decided"), None));
    }

    #[test]
    fn the_command_line_may_not_name_what_is_not_declared() {
        let sources = Sources { command_line: map(&[("url", ""), ("ulr", "x")]), ..Default::default() };
        assert_eq!(sources.settle(&declared()).err(), Some(VariableError::Undeclared("ulr".into())));
    }

    #[test]
    fn the_missing_variable_is_named_with_what_to_do() {
        let error = Sources::default().settle(&declared()).err().unwrap().to_string();
        assert!(error.contains("--variable url=") && error.contains("SPIN_VARIABLE_URL"), "{error}");
    }

    #[test]
    fn templates_are_resolved() {
        let variables = Variables { values: map(&[("host", "db.example"), ("port", "")]) };
        let resolve = |template| variables.resolve(template, "here");
        assert_eq!(resolve("postgres://{{ host }}:{{port}}5432").unwrap(), "postgres://db.example:5432");
        assert_eq!(resolve("plain {text}").unwrap(), "plain {text}");
        assert_eq!(resolve("").unwrap(), "");
        let unknown = VariableError::UnknownInTemplate { place: "here".into(), name: "nobody".into() };
        assert_eq!(resolve("{{ nobody }}").unwrap_err(), unknown);
        assert_eq!(resolve("{{ host").unwrap_err(), VariableError::Unclosed { place: "here".into() });
    }

    #[test]
    fn only_the_upper_case_prefix_counts() {
        assert_eq!(variable_of("SPIN_VARIABLE_DATABASE_URL", "u".into()), Some(("database_url".into(), "u".into())));
        assert_eq!(variable_of("SPIN_VARIABLE_database_url", "u".into()), None);
        assert_eq!(variable_of("DATABASE_URL", "u".into()), None);
    }
}
