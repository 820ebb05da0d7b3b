//! The runner (`rolecall up`) as a child process, with everything it prints.

use crate::{
    process::{Process, temporary_directory},
    wait::DEADLINE,
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a start may take: the first one on a machine compiles every component.
const START_TIMEOUT: Duration = Duration::from_secs(300);

/// What the runner printed so far.
#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Lines>,
    changed: Condvar,
    /// Whether the lines of its standard output are read and forgotten.
    forget: AtomicBool,
}

#[derive(Debug, Default)]
struct Lines {
    stdout: Vec<String>,
    stderr: Vec<String>,
    /// How many of the two have ended.
    ended: u8,
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the standard output to its end, line by line, on a thread; without keeping anything once that is wanted.
    fn follow_stdout(self: &Arc<Self>, pipe: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while !output.forget.load(Ordering::Relaxed) && matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
                output.lock().stdout.push(text);
                output.changed.notify_all();
                line.clear();
            }
            // Either it has ended, or the rest does not matter; a pipe that breaks has ended too.
            let _ = io::copy(&mut pipe, &mut io::sink());
            output.end();
        });
    }

    /// Reads the standard error to its end, line by line, on a thread.
    fn follow_stderr(self: &Arc<Self>, pipe: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                output.lock().stderr.push(String::from_utf8_lossy(&line).into_owned());
                output.changed.notify_all();
            }
            output.end();
        });
    }

    fn end(&self) {
        self.lock().ended += 1;
        self.changed.notify_all();
    }
}

/// A running `rolecall up`.
#[derive(Debug)]
pub struct Runner {
    process: Mutex<Process>,
    output: Arc<Output>,
    id: u32,
    address: String,
    state_dir: PathBuf,
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    // This package stands two folders below it.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/")).to_owned()
}

/// The runner's program: `$ROLECALL_BIN`, or the release build of the workspace.
pub fn program() -> PathBuf {
    std::env::var_os("ROLECALL_BIN").map_or_else(|| workspace().join("target/release/rolecall"), PathBuf::from)
}

impl Runner {
    /// Starts it on a free port with these variables and flags, and returns when it listens.
    ///
    /// # Errors
    /// When it does not start; the message then ends with what it printed.
    pub fn start(variables: &[(String, String)], flags: &[String]) -> Result<Runner> {
        Runner::start_with(&workspace().join("spin.toml"), variables, flags)
    }

    /// The same with a manifest of one's own.
    ///
    /// # Errors
    /// When it does not start; the message then ends with what it printed.
    pub fn start_with(manifest: &Path, variables: &[(String, String)], flags: &[String]) -> Result<Runner> {
        let directory = temporary_directory()?;
        // Compiled components are the same for every runner of this workspace.
        let cache = workspace().join("target/test-cache");
        std::fs::create_dir_all(&cache)?;
        std::os::unix::fs::symlink(cache, directory.join("cache"))?;
        let program = program();
        let mut command = Command::new(&program);
        command
            .args(["up", "--listen", "127.0.0.1:0", "--env-file", "/dev/null", "--from"])
            .arg(manifest)
            .arg("--state-dir")
            .arg(&directory);
        for (name, value) in variables {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        // What is set in the developer's shell must not decide what a test sees.
        for (name, _) in std::env::vars_os() {
            let configures = name.to_str().is_some_and(|name| {
                name.starts_with("SPIN_VARIABLE_") || matches!(name, "DATABASE_URL" | "EDGE_DATABASE_URL")
            });
            if configures {
                command.env_remove(&name);
            }
        }
        command.args(flags).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(command, &directory).with_context(|| {
            format!("the runner is built by `cargo build --release -p rolecall-host`; looked for {}", program.display())
        })?;
        let output = Arc::new(Output::default());
        let (stdout, stderr) = (process.child().stdout.take(), process.child().stderr.take());
        output.follow_stderr(stderr.context("no stderr")?);
        output.follow_stdout(stdout.context("no stdout")?);
        let id = process.id();
        let mut runner =
            Runner { process: Mutex::new(process), output, id, address: String::new(), state_dir: directory };
        runner.address = runner.wait_until_listening()?;
        Ok(runner)
    }

    fn wait_until_listening(&self) -> Result<String> {
        let deadline = Instant::now() + START_TIMEOUT;
        let mut lines = self.output.lock();
        loop {
            let address = lines.stdout.iter().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["event"] == "listening").then(|| line["address"].as_str().map(str::to_owned))?
            });
            if let Some(address) = address {
                return Ok(address);
            }
            if lines.ended == 2 || Instant::now() > deadline {
                bail!("the runner does not listen: {}{}", lines.stderr.join("\n"), lines.stdout.join("\n"));
            }
            lines = self
                .output
                .changed
                .wait_timeout(lines, Duration::from_millis(100))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its state directory, which goes with it.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Reads what it prints from now on without keeping it: a measurement makes a line for every request.
    pub fn forget_lines(&self) {
        self.output.forget.store(true, Ordering::Relaxed);
    }

    /// Every line on its standard output so far.
    pub fn lines(&self) -> Vec<String> {
        self.output.lock().stdout.clone()
    }

    /// Everything on its standard error so far.
    pub fn errors(&self) -> String {
        self.output.lock().stderr.join("\n")
    }

    /// The log lines of a request, once there is one of the function itself (event `request`).
    ///
    /// # Panics
    /// When none comes.
    pub fn request_line(&self, request_id: &str) -> Value {
        self.line(&format!("the line of request {request_id}"), |line| {
            line["request_id"] == request_id && line["event"] == "request"
        })
    }

    /// The first JSON line that is wanted; waits for it.
    ///
    /// # Panics
    /// When none comes; the message names `what` was awaited.
    pub fn line(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = 0;
        let mut lines = self.output.lock();
        loop {
            let new = lines.stdout[seen..].iter().filter_map(|line| serde_json::from_str(line).ok());
            if let Some(line) = new.into_iter().find(|line| wanted(line)) {
                return line;
            }
            seen = lines.stdout.len();
            let over = lines.ended == 2 || Instant::now() > deadline;
            assert!(!over, "{what} was not printed");
            lines = self
                .output
                .changed
                .wait_timeout(lines, Duration::from_millis(100))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Asks it to stop (SIGTERM).
    ///
    /// # Panics
    /// When it has ended already.
    pub fn terminate(&self) {
        self.process().terminate().unwrap_or_else(|error| panic!("{error}: {}", self.errors()));
    }

    /// Ends it without asking (SIGKILL).
    ///
    /// # Panics
    /// When it has ended already.
    pub fn kill(&self) {
        self.process().kill().unwrap_or_else(|error| panic!("{error}: {}", self.errors()));
    }

    /// Waits for its end. Blocks.
    ///
    /// # Panics
    /// When it does not end.
    pub fn wait(&self) -> ExitStatus {
        self.process().wait(DEADLINE).unwrap_or_else(|error| panic!("{error}: {}", self.errors()))
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
