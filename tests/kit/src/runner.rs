//! The runner (`rolecall up`), or Spin in its place, as a child process with everything it prints.

use crate::{
    process::{Process, temporary_directory},
    runtime::Runtime,
    wait::DEADLINE,
};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
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
#[derive(Debug)]
struct Output {
    runtime: Runtime,
    lines: Mutex<Lines>,
    changed: Condvar,
    /// Whether the lines of the log are read and forgotten.
    forget: AtomicBool,
}

#[derive(Debug, Default)]
struct Lines {
    log: Vec<String>,
    other: Vec<String>,
    /// How many of its two outputs have ended.
    ended: u8,
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one of its two outputs to the end, line by line, on a thread; what `is_log` says yes to is the log. If the log
    /// is in it, nothing is kept once the log is not wanted.
    fn follow(self: &Arc<Self>, pipe: impl Read + Send + 'static, has_log: bool, is_log: fn(Runtime, &str) -> bool) {
        let output = Arc::clone(self);
        let runtime = self.runtime;
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            let forget = || has_log && output.forget.load(Ordering::Relaxed);
            while !forget() && matches!(pipe.read_until(b'\n', &mut line), Ok(1..)) {
                let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
                let mut lines = output.lock();
                if is_log(runtime, &text) {
                    lines.log.push(text)
                } else {
                    lines.other.push(text)
                }
                drop(lines);
                output.changed.notify_all();
                line.clear();
            }
            // Either it has ended, or the rest does not matter; a pipe that breaks has ended too.
            let _ = io::copy(&mut pipe, &mut io::sink());
            output.end();
        });
    }

    fn end(&self) {
        self.lock().ended += 1;
        self.changed.notify_all();
    }
}

/// A running `rolecall up`, or `spin up`.
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

/// How to start a runner.
#[derive(Clone, Debug)]
pub struct Start {
    runtime: Runtime,
    manifest: PathBuf,
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    environment: Vec<(String, String)>,
    env_file: Option<String>,
    state_dir: Option<PathBuf>,
}

impl Default for Start {
    fn default() -> Start {
        Start::new()
    }
}

impl Start {
    /// On a free port, with the application's manifest, nothing from the shell and no `.env`.
    pub fn new() -> Start {
        Start {
            runtime: Runtime::Runner,
            manifest: workspace().join("spin.toml"),
            variables: Vec::new(),
            flags: Vec::new(),
            environment: Vec::new(),
            env_file: None,
            state_dir: None,
        }
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
        std::fs::create_dir_all(&state_dir)?;
        let env_file = match self.env_file {
            None => PathBuf::from("/dev/null"),
            Some(text) => {
                std::fs::write(directory.join("env"), text)?;
                directory.join("env")
            }
        };
        let runtime = self.runtime;
        let mut command = runtime.command(&self.manifest, &state_dir, &env_file)?;
        for (name, value) in &self.variables {
            command.arg("--variable").arg(format!("{name}={value}"));
        }
        command.args(self.flags).envs(self.environment).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(command, &directory).with_context(|| runtime.advice())?;
        let output = Arc::new(Output {
            runtime,
            lines: Mutex::default(),
            changed: Condvar::new(),
            forget: AtomicBool::new(false),
        });
        let (stdout, stderr) = (process.child().stdout.take(), process.child().stderr.take());
        output.follow(stderr.context("no stderr")?, runtime == Runtime::Spin, Runtime::logs_to_stderr);
        output.follow(stdout.context("no stdout")?, runtime == Runtime::Runner, Runtime::logs_to_stdout);
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
        let mut start = Start { runtime: Runtime::chosen(), ..Start::new().manifest(manifest) };
        start.variables.extend_from_slice(variables);
        start.flags.extend_from_slice(flags);
        start.runner()
    }

    fn wait_until_listening(&self) -> Result<String> {
        let deadline = Instant::now() + START_TIMEOUT;
        let mut lines = self.output.lock();
        loop {
            let address = lines.log.iter().chain(&lines.other).find_map(|line| self.output.runtime.address_in(line));
            if let Some(address) = address {
                return Ok(address);
            }
            if lines.ended == 2 || Instant::now() > deadline {
                bail!("the runner does not listen: {}{}", lines.other.join("\n"), lines.log.join("\n"));
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

    /// The number of the process that serves: Spin's first process starts another for it.
    pub fn id(&self) -> u32 {
        let children = || std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.id)).ok();
        let child = || children()?.split_whitespace().next()?.parse().ok();
        if self.is_spin() { child().unwrap_or(self.id) } else { self.id }
    }

    /// Whether it is Spin.
    pub fn is_spin(&self) -> bool {
        self.output.runtime == Runtime::Spin
    }

    /// Reads the log from now on without keeping it: a measurement makes a line for every request.
    pub fn forget_lines(&self) {
        self.output.forget.store(true, Ordering::Relaxed);
    }

    /// Every line of the log so far: of the runner's standard output, of the components on Spin.
    pub fn lines(&self) -> Vec<String> {
        self.output.lock().log.clone()
    }

    /// Everything else that it printed so far.
    pub fn errors(&self) -> String {
        self.output.lock().other.join("\n")
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
            let new = lines.log[seen..].iter().filter_map(|line| serde_json::from_str(line).ok());
            if let Some(line) = new.into_iter().find(|line| wanted(line)) {
                return line;
            }
            seen = lines.log.len();
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
