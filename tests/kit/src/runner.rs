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

/// How to start a runner.
#[derive(Clone, Debug, Default)]
pub struct Start {
    manifest: PathBuf,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
    env_file: Option<String>,
    state_dir: Option<PathBuf>,
}

impl Start {
    /// On a free port, with the application's manifest, nothing from the shell and no `.env`.
    pub fn new() -> Start {
        Start { manifest: workspace().join("spin.toml"), ..Start::default() }
    }

    /// With a manifest of one's own.
    #[must_use]
    pub fn manifest(mut self, manifest: &Path) -> Start {
        self.manifest = manifest.to_owned();
        self
    }

    /// With an application variable on the command line.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Start {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a flag.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &str) -> Start {
        self.flags.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// With this in the environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Start {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this text as the `.env` file.
    #[must_use]
    pub fn env_file(mut self, text: &str) -> Start {
        self.env_file = Some(text.to_owned());
        self
    }

    /// With a state directory that stays.
    #[must_use]
    pub fn state_dir(mut self, directory: &Path) -> Start {
        self.state_dir = Some(directory.to_owned());
        self
    }

    /// Starts it, and returns when it listens.
    ///
    /// # Errors
    /// When it does not start; the message then ends with what it printed.
    pub fn runner(self) -> Result<Runner> {
        let mut runner = self.spawn()?;
        runner.address = runner.wait_until_listening()?;
        Ok(runner)
    }

    /// Starts it without waiting for anything; its address is not known then.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn spawn(self) -> Result<Runner> {
        let directory = temporary_directory()?;
        let state_dir = self.state_dir.unwrap_or_else(|| directory.clone());
        // Compiled components are the same for every runner of this workspace.
        let cache = workspace().join("target/test-cache");
        std::fs::create_dir_all(&cache)?;
        std::fs::create_dir_all(&state_dir)?;
        if !state_dir.join("cache").exists() {
            std::os::unix::fs::symlink(cache, state_dir.join("cache"))?;
        }
        let env_file = match self.env_file {
            None => PathBuf::from("/dev/null"),
            Some(text) => {
                std::fs::write(directory.join("env"), text)?;
                directory.join("env")
            }
        };
        let program = program();
        let mut command = Command::new(&program);
        command.args(["up", "--listen", "127.0.0.1:0", "--env-file"]).arg(env_file);
        command.arg("--from").arg(self.manifest).arg("--state-dir").arg(&state_dir);
        for (name, value) in &self.variables {
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
        command.args(self.flags).envs(self.environment).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(command, &directory).with_context(|| {
            format!("the runner is built by `cargo build --release -p rolecall-host`; looked for {}", program.display())
        })?;
        let output = Arc::new(Output::default());
        let (stdout, stderr) = (process.child().stdout.take(), process.child().stderr.take());
        output.follow_stderr(stderr.context("no stderr")?);
        output.follow_stdout(stdout.context("no stdout")?);
        let id = process.id();
        Ok(Runner { process: Mutex::new(process), output, id, address: String::new(), state_dir })
    }

    /// Starts it and expects that it ends with an error before it listens; gives what it says then.
    ///
    /// # Panics
    /// When it listens, or ends otherwise.
    pub fn refused(self) -> String {
        let runner = self.spawn().unwrap_or_else(|error| panic!("{error:#}"));
        if let Ok(address) = runner.wait_until_listening() {
            panic!("it listens at {address}: {}", runner.errors());
        }
        let status = runner.wait();
        assert_eq!(status.code(), Some(1), "{}", runner.errors());
        assert!(!runner.errors().contains("is ready"), "{}", runner.errors());
        runner.errors()
    }
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
        let mut start = Start::new().manifest(manifest);
        start.variables.extend_from_slice(variables);
        start.flags.extend_from_slice(flags);
        start.runner()
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

    /// Waits until it listens, and gives its address: for one that was only spawned. Blocks.
    ///
    /// # Errors
    /// When it ends before.
    pub fn listening(&self) -> Result<String> {
        self.wait_until_listening()
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
