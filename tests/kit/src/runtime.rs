//! The two programs that serve the functions: the runner of this repository, and Spin with `RUNTIME=spin`.

use crate::runner::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The environment variable that names the runtime: `spin`, or none for the runner.
const RUNTIME: &str = "RUNTIME";
/// The environment variable with Spin's program; `spin` on the `PATH` without it.
const SPIN: &str = "SPIN";
/// One instance of each component that lives as long as Spin lets it. Requests that come one after the other all reach it;
/// of those that come at once Spin may pass some to further instances.
const KEPT_INSTANCE: [&str; 6] = [
    "--max-instance-reuse-count",
    "1000000",
    "--max-instance-concurrent-reuse-count",
    "1000",
    "--idle-instance-timeout",
    "600s",
];

/// A program that serves the functions over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `rolecall up`.
    Runner,
    /// `spin up`.
    Spin,
}

impl Runtime {
    /// The runtime that `$RUNTIME` names.
    pub fn chosen() -> Runtime {
        match std::env::var(RUNTIME).as_deref() {
            Ok("spin") => Runtime::Spin,
            _ => Runtime::Runner,
        }
    }

    /// Its program: `$ROLECALL_BIN` or the release build of the workspace, `$SPIN` or `spin` on the `PATH`.
    pub fn program(self) -> PathBuf {
        let (variable, other) = match self {
            Runtime::Runner => ("ROLECALL_BIN", workspace().join("target/release/rolecall")),
            Runtime::Spin => (SPIN, PathBuf::from("spin")),
        };
        std::env::var_os(variable).map_or(other, PathBuf::from)
    }

    /// What to do where the program is missing.
    pub fn advice(self) -> String {
        let program = self.program().display().to_string();
        match self {
            Runtime::Runner => format!("make build makes the runner; looked for {program}"),
            Runtime::Spin => format!(
                "RUNTIME=spin needs Spin 4.1 or newer (https://spinframework.dev) on the PATH or named by SPIN; looked \
                 for {program}"
            ),
        }
    }

    /// The command that serves the manifest's application on a free port and keeps its state in `state_dir`; the runner reads
    /// `env_file`.
    ///
    /// # Errors
    /// When the directory cannot be prepared.
    pub fn command(self, manifest: &Path, state_dir: &Path, env_file: &Path) -> Result<Command> {
        let mut command = Command::new(self.program());
        command.args(["up", "--listen", "127.0.0.1:0", "--from"]).arg(manifest).arg("--state-dir").arg(state_dir);
        if self == Runtime::Runner {
            // Compiled components are the same for every runner of this workspace; `make build` has compiled them. Spin has a cache
            // of its own.
            let built = workspace().join(".rolecall/cache");
            let cache = if built.exists() { built } else { workspace().join("target/test-cache") };
            std::fs::create_dir_all(&cache)?;
            if !state_dir.join("cache").exists() {
                std::os::unix::fs::symlink(cache, state_dir.join("cache"))?;
            }
            command.arg("--env-file").arg(env_file);
        }
        // What is set in the developer's shell must not decide what a test sees.
        for (name, _) in std::env::vars_os() {
            let configures = name.to_str().is_some_and(|name| {
                name.starts_with("SPIN_")
                    || matches!(name, "DATABASE_URL" | "EDGE_DATABASE_URL" | "RUNTIME_CONFIG_FILE")
            });
            if configures {
                command.env_remove(&name);
            }
        }
        Ok(command)
    }

    /// The flags of this program that mean what these flags of the runner do.
    ///
    /// # Errors
    /// When Spin has nothing like one of them: only the runner can be tested for it.
    pub fn flags(self, flags: &[String]) -> Result<Vec<String>> {
        if self == Runtime::Runner {
            return Ok(flags.to_vec());
        }
        let mut own = Vec::new();
        for pair in flags.chunks(2) {
            let value = pair.get(1).context("a flag without its value")?.as_str();
            match (pair[0].as_str(), value) {
                ("--instances", "1") => own.extend(KEPT_INSTANCE),
                // Spin starts as many as it has a use for, and a component has up to 64 connections.
                ("--instances" | "--postgres-connections", _) => {}
                ("--instance-concurrency", number) => own.extend(["--max-instance-concurrent-reuse-count", number]),
                ("--instance-requests", number) => own.extend(["--max-instance-reuse-count", number]),
                (flag, _) => bail!(
                    "{flag} is a flag of the runner, and Spin has nothing like it: a test of it stands in \
                     tests/e2e/runner, which RUNTIME=spin leaves out"
                ),
            }
        }
        Ok(own.into_iter().map(str::to_owned).collect())
    }

    /// The address in a line that tells where the program listens.
    pub fn address_in(self, line: &str) -> Option<String> {
        match self {
            Runtime::Runner => {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["event"] == "listening").then(|| line["address"].as_str().map(str::to_owned))?
            }
            Runtime::Spin => {
                // "Serving http://127.0.0.1:3000", coloured on a terminal.
                let (_, after) = line.split_once("Serving")?;
                let address = &after[after.find("http://")?..];
                let end = address.find(|character: char| character.is_whitespace() || character.is_control());
                Some(address[..end.unwrap_or(address.len())].trim_end_matches('/').to_owned())
            }
        }
    }

    /// Whether a line of its standard output is one of the log. Spin prints there where it listens and the routes.
    pub fn logs_to_stdout(self, _: &str) -> bool {
        self == Runtime::Runner
    }

    /// Whether a line of its standard error is one of the log: Spin prints there what components write to either.
    pub fn logs_to_stderr(self, line: &str) -> bool {
        self == Runtime::Spin && line.starts_with('{')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(flags: &[&str]) -> Result<Vec<String>> {
        Runtime::Spin.flags(&flags.iter().map(|&flag| flag.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn flags_that_spin_has_too_are_translated_and_the_runners_own_are_refused() {
        assert_eq!(flags(&["--instances", "1"]).unwrap(), KEPT_INSTANCE);
        assert_eq!(
            flags(&["--instances", "8", "--instance-concurrency", "4"]).unwrap(),
            ["--max-instance-concurrent-reuse-count", "4"]
        );
        assert_eq!(flags(&["--instance-requests", "3"]).unwrap(), ["--max-instance-reuse-count", "3"]);
        assert!(flags(&["--max-in-flight", "1"]).unwrap_err().to_string().contains("tests/e2e/runner"));
        assert!(flags(&["--instances"]).is_err());
    }

    #[test]
    fn the_address_is_found_in_what_either_prints() {
        let line = r#"{"event":"listening","address":"http://127.0.0.1:4000"}"#;
        assert_eq!(Runtime::Runner.address_in(line).unwrap(), "http://127.0.0.1:4000");
        assert_eq!(Runtime::Runner.address_in("Serving http://127.0.0.1:4000"), None);
        for line in ["Serving http://127.0.0.1:4000", "\u{1b}[1mServing\u{1b}[0m http://127.0.0.1:4000\u{1b}[0m"] {
            assert_eq!(Runtime::Spin.address_in(line).unwrap(), "http://127.0.0.1:4000");
        }
        assert_eq!(Runtime::Spin.address_in("  health: http://127.0.0.1:4000/api/health"), None);
    }
}
