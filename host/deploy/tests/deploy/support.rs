//! A machine to deploy to: a PostgreSQL with an empty database, and a state directory.

use rolecall_kit::{client::Client, process::temporary_directory, runner::workspace, runtime::Runtime, token, until};
use rolecall_postgres::{Cluster, Options};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use uuid::Uuid;

/// The machine; what runs on it ends with it.
pub struct Machine {
    /// The server of the database.
    pub cluster: Cluster,
    directory: PathBuf,
    variables: Vec<(String, String)>,
}

impl Machine {
    /// With an empty database.
    pub async fn new() -> Machine {
        let options = Options::for_tests();
        let cluster = tokio::task::spawn_blocking(|| Cluster::start(options)).await.unwrap().unwrap();
        cluster.create_database("app", None).await.unwrap();
        let directory = temporary_directory().unwrap();
        fs::create_dir(directory.join("state")).unwrap();
        share_compiled(&directory.join("state"));
        tokio::task::spawn_blocking(compile_once).await.unwrap();
        let mut machine = Machine { cluster, directory, variables: Vec::new() };
        let url = machine.url();
        machine.set("DATABASE_URL", &url);
        machine.set("TARGET", "local");
        machine.set("LISTEN", "127.0.0.1:0");
        machine.set("CONNECTIONS", "8");
        machine.set("FROM", &workspace().join("spin.toml").display().to_string());
        machine.set("RUNNER", &Runtime::Runner.program().display().to_string());
        machine
    }

    /// With the migrations up to this one.
    pub async fn with_migrations(version: i32) -> Machine {
        let machine = Machine::new().await;
        rolecall_database::apply(&machine.url()).await.unwrap();
        rolecall_database::rollback(&machine.url(), version).await.unwrap();
        machine
    }

    /// An administrator's URL.
    pub fn url(&self) -> String {
        self.cluster.admin_url("app")
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.directory.join("state")
    }

    /// Sets a variable of every command from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Runs the program to its end, with some variables of its own.
    pub async fn run(&self, command: &str, variables: &[(&str, &str)]) -> Said {
        let mut program = Command::new(env!("CARGO_BIN_EXE_rolecall-deploy"));
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("SPIN") || name == "EDGE_DATABASE_URL") {
                program.env_remove(name);
            }
        }
        program.arg(command).current_dir(&self.directory).stdin(Stdio::null());
        program.env("STATE_DIR", "state").envs(self.variables.iter().map(|(name, value)| (name, value)));
        program.envs(variables.iter().copied());
        let output = tokio::task::spawn_blocking(move || program.output()).await.unwrap().unwrap();
        Said::of(output)
    }

    /// Runs statements as an administrator, each by itself.
    pub async fn sql(&self, statements: &[&str]) {
        let client = rolecall_database::connect(&self.url()).await.unwrap();
        for statement in statements {
            client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
    }

    /// One number that a query answers.
    pub async fn number(&self, query: &str) -> i64 {
        let client = rolecall_database::connect(&self.url()).await.unwrap();
        client.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
    }

    /// The newest migration of the database.
    pub async fn migration(&self) -> i32 {
        let steps = rolecall_database::status(&self.url()).await.unwrap();
        steps.iter().filter(|step| step.applied_at.is_some()).map(|step| step.version).max().unwrap_or(0)
    }

    /// How far a flag is rolled out; none where there is no such flag.
    pub async fn flag(&self, name: &str) -> Option<String> {
        let client = rolecall_database::connect(&self.url()).await.unwrap();
        let row =
            client.query_opt("select rollout from rolecall.feature_flags where name = $1", &[&name]).await.unwrap();
        row.map(|row| row.get(0))
    }

    /// The deploys that are recorded, the oldest first.
    pub fn records(&self) -> Vec<Value> {
        let mut folders: Vec<PathBuf> = fs::read_dir(self.state().join("deploys"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        let files = folders.iter().map(|folder| folder.join("deploy.json")).filter(|file| file.is_file());
        files.map(|file| serde_json::from_slice(&fs::read(file).unwrap()).unwrap()).collect()
    }

    /// The runner that serves: its address and its process.
    pub fn serving(&self) -> Option<(String, u32)> {
        serving(&self.state())
    }

    /// A client of the runner that serves.
    pub fn client(&self) -> Client {
        Client::new(&self.serving().expect("a server").0)
    }

    /// A token of somebody of the demo data, by number.
    pub fn token(&self, number: u128) -> String {
        let secret = fs::read_to_string(self.state().join("jwt_secret")).unwrap();
        token::hs256(&token::user_claims(demo_user(number)), secret.trim().as_bytes())
    }

    /// A program that is a shell script, on this machine alone.
    pub fn program(&self, name: &str, script: &str) -> String {
        let file = self.directory.join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file.display().to_string()
    }

    /// A file of this machine.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Stops the runner that serves, and waits until it has ended.
    pub async fn stop(&self) {
        let Some((_, pid)) = self.serving() else { return };
        signal(pid, "TERM");
        until("the server has ended", async || (!is_alive(pid)).then_some(())).await;
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let of_records = self.records().into_iter().filter_map(|record| u32::try_from(record["pid"].as_u64()?).ok());
        let of_runners = [self.state(), self.state().join("spin")].into_iter().filter_map(|state| serving(&state));
        for pid in of_records.chain(of_runners.map(|(_, pid)| pid)) {
            // A number may be somebody else's by now; ours has our directory on its command line, or works in it.
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let directory = self.directory.to_string_lossy();
            let is_named =
                line.split(|byte| *byte == 0).any(|word| String::from_utf8_lossy(word).starts_with(&*directory));
            let works_here =
                fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder.starts_with(&self.directory));
            if is_named || works_here {
                signal(pid, "KILL");
            }
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Compiled components are the same for every runner of this workspace.
fn share_compiled(state: &Path) {
    let cache = workspace().join("target/test-cache");
    fs::create_dir_all(&cache).unwrap();
    std::os::unix::fs::symlink(cache, state.join("cache")).unwrap();
}

/// Compiles the components once, before several servers start at a time and each would.
fn compile_once() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        let directory = temporary_directory().unwrap();
        share_compiled(&directory);
        let mut command = Command::new(Runtime::Runner.program());
        command.arg("compile").arg("--from").arg(workspace().join("spin.toml")).arg("--state-dir").arg(&directory);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::remove_dir_all(directory).unwrap();
    });
}

/// The runner that serves with a state directory: its address and its process.
fn serving(state: &Path) -> Option<(String, u32)> {
    let run: Value = serde_json::from_slice(&fs::read(state.join("run.json")).ok()?).ok()?;
    Some((run["address"].as_str()?.to_owned(), u32::try_from(run["pid"].as_u64()?).ok()?))
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    /// Both of its outputs.
    pub text: String,
    status: Option<i32>,
}

impl Said {
    fn of(output: Output) -> Said {
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Said { text, status: output.status.code() }
    }

    /// It is done.
    #[track_caller]
    pub fn done(self) -> Said {
        assert_eq!(self.status, Some(0), "{}", self.text);
        self
    }

    /// It stopped at a step, with an exit code, and named the way back.
    #[track_caller]
    pub fn failed_at(self, step: &str) -> Said {
        assert_eq!(self.status, Some(1), "{}", self.text);
        assert!(self.text.contains(&format!("[FAILED] {step}\n")), "{}", self.text);
        let (_, way_back) = self.text.split_once("The way back:\n").unwrap_or_else(|| panic!("{}", self.text));
        assert!(!way_back.trim().is_empty(), "{}", self.text);
        self
    }

    /// It says all of this.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Said {
        for text in texts {
            assert!(self.text.contains(text), "{text:?}: {}", self.text);
        }
        self
    }
}

/// Somebody of the demo data.
pub fn demo_user(number: u128) -> Uuid {
    Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0000 + number)
}

/// Sends a signal to a process.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Whether a process runs.
pub fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next()).is_some_and(|state| state != 'Z')
}

/// The lines of a file that a stand-in has noted.
pub fn noted(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}
