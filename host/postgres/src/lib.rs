//! The PostgreSQL of one machine: a server that the program starts for itself. `make run` without a database and the
//! tests use it.

mod account;
mod binaries;
mod home;
mod reaper;

use std::fmt;
use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::sync::Mutex;

use account::Account;
use binaries::Binaries;
use home::{Home, random_word};
use reaper::Reaper;

/// How long a start may take; replaying the log of a big crashed cluster is the longest part.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a stop may take before it counts as failed.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// How often another free port is tried when somebody took the one that was free a moment ago.
const PORT_ATTEMPTS: usize = 5;

/// How to start a [`Cluster`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where the data lives and stays. `None`: a temporary folder that is removed with the cluster.
    pub data_dir: Option<PathBuf>,
    /// The port on 127.0.0.1. `None`: a free one.
    pub port: Option<u16>,
    /// Settings of `postgresql.conf`, given on the command line, for example `("max_connections", "200")`.
    pub settings: Vec<(String, String)>,
    /// The user that runs PostgreSQL when this process is root's. `None`: `postgres`, or without that `nobody`.
    pub unprivileged_user: Option<String>,
}

impl Options {
    /// A cluster for tests: temporary, with room for the connections of a few runners, each with some for each component, and without waiting for the disk. A crash of the
    /// server loses nothing (that needs a crash of the machine), so restart tests can use it too.
    #[must_use]
    pub fn for_tests() -> Self {
        Self::default().setting("fsync", "off").setting("full_page_writes", "off").setting("max_connections", "600")
    }

    /// The same with one more setting.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// How a running server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Waits until every client has gone.
    Smart,
    /// Breaks the clients' connections and rolls back their transactions.
    Fast,
    /// Stops at once, as a crash would; the next start recovers.
    Immediate,
}

impl Mode {
    fn signal(self) -> Signal {
        match self {
            Self::Smart => Signal::TERM,
            Self::Fast => Signal::INT,
            Self::Immediate => Signal::QUIT,
        }
    }
}

/// A PostgreSQL server that this program started, on 127.0.0.1 alone, every login by password. Dropping it stops the
/// server, and removes it when it is temporary; so does the end of the program, even by `kill -9`.
///
/// Its methods that start and stop block; in a server call them where blocking is allowed.
pub struct Cluster {
    // Fields are dropped in this order: the reaper stops and removes, only then is the lock let go.
    _reaper: Reaper,
    server: Option<Child>,
    home: Home,
    account: Account,
    binaries: Binaries,
    settings: Vec<(String, String)>,
    port: u16,
    password: String,
    edge_password: Mutex<Option<String>>,
    relay_password: Mutex<Option<String>>,
}

impl Cluster {
    /// Makes the cluster if its data does not exist yet, and starts it; returns when it takes connections.
    ///
    /// # Errors
    /// When no PostgreSQL of at least version 15 is installed, another program uses the same data, or the server does
    /// not start; the message then ends with what the server said.
    pub fn start(options: Options) -> Result<Self> {
        let account = Account::choose(options.unprivileged_user.as_deref())?;
        let home = match &options.data_dir {
            Some(wanted) => Home::persistent(wanted, &account)?,
            None => Home::temporary(&account)?,
        };
        let reaper = Reaper::start(&home.path, home.temporary)?;
        let binaries = Binaries::find(home.major())?;
        let password = home.password(&account)?;
        let mut cluster = Self {
            _reaper: reaper,
            server: None,
            home,
            account,
            binaries,
            settings: options.settings,
            port: options.port.unwrap_or(0),
            password,
            edge_password: Mutex::new(None),
            relay_password: Mutex::new(None),
        };
        cluster.make_data()?;
        cluster.clear_stale_lock_file()?;
        if options.port.is_some() {
            cluster.start_again()?;
            return Ok(cluster);
        }
        for attempt in 1.. {
            cluster.port = free_port()?;
            match cluster.start_again() {
                Ok(()) => break,
                Err(error) if attempt == PORT_ATTEMPTS => return Err(error),
                Err(error) => {
                    let taken = TcpListener::bind(("127.0.0.1", cluster.port)).is_err();
                    if !taken {
                        return Err(error);
                    }
                }
            }
        }
        Ok(cluster)
    }

    /// The URL of `database` for the superuser `postgres`.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        self.url("postgres", &self.password, database)
    }

    /// The URL of `database` for `rolecall_edge`, the login of the functions. The login exists once any database of the
    /// cluster is migrated.
    ///
    /// # Errors
    /// When the login does not exist or the server does not answer.
    pub async fn edge_url(&self, database: &str) -> Result<String> {
        // Set anew each time, because a rollback may have dropped the login meanwhile; to the same value, so that
        // URLs handed out before stay right.
        let mut known = self.edge_password.lock().await;
        let password = known.get_or_insert_with(random_word).clone();
        rolecall_database::set_edge_password(&self.admin_url("postgres"), &password).await?;
        Ok(self.url("rolecall_edge", &password, database))
    }

    /// The URL of `database` for `rolecall_relay`, the login of the relay, as [`Cluster::edge_url`] is for the functions.
    ///
    /// # Errors
    /// When the login does not exist or the server does not answer.
    pub async fn relay_url(&self, database: &str) -> Result<String> {
        let mut known = self.relay_password.lock().await;
        let password = known.get_or_insert_with(random_word).clone();
        rolecall_database::set_relay_password(&self.admin_url("postgres"), &password).await?;
        Ok(self.url("rolecall_relay", &password, database))
    }

    /// Makes an empty database, or one like `template`, to which nobody may be connected at that moment.
    ///
    /// # Errors
    /// When the server refuses, for example because the database exists.
    pub async fn create_database(&self, name: &str, template: Option<&str>) -> Result<()> {
        let client = rolecall_database::connect(&self.admin_url("postgres")).await?;
        let template = template.unwrap_or("template0");
        let statement = format!("create database {} template {}", quoted(name), quoted(template));
        client.batch_execute(&statement).await.with_context(|| format!("cannot make the database {name}"))
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The program of PostgreSQL's with this name, such as `psql`, of the version that runs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.binaries.program(name)
    }

    /// Stops the server; the data stays. A stopped one stays stopped.
    ///
    /// # Errors
    /// When it has not stopped after 60 seconds.
    pub fn stop(&mut self, mode: Mode) -> Result<()> {
        let Some(server) = &mut self.server else {
            return Ok(());
        };
        // A child that was not waited for keeps its number, so the signal cannot reach anybody else.
        if server.try_wait()?.is_none() {
            kill_process(Pid::from_child(server), mode.signal()).context("cannot signal PostgreSQL")?;
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        while server.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "PostgreSQL has not stopped after {} seconds", STOP_TIMEOUT.as_secs());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.server = None;
        Ok(())
    }

    /// How the server has ended by itself, if it has; [`Cluster::start_again`] may then be called.
    pub fn ended(&mut self) -> Option<String> {
        let server = self.server.as_mut()?;
        // What cannot be waited for is no child that runs.
        let cause = match server.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => format!("ended ({status})"),
            Err(error) => format!("cannot be looked at ({error})"),
        };
        self.server = None;
        Some(cause)
    }

    /// Starts a server again that was stopped or has ended, on the same port. What a killed one left is PostgreSQL's to
    /// judge: its `postmaster.pid` tells whether processes of it are still at the data, and until none is the start fails.
    ///
    /// # Errors
    /// When it is running, or does not start.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "PostgreSQL is already running");
        let log = self.home.log();
        // One earlier log is kept, so that what a crash left can be read after the next start.
        if log.exists() {
            std::fs::rename(&log, log.with_extension("log.1"))?;
        }
        let output = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = self.account.command(self.binaries.program("postgres"));
        command
            .arg("-D")
            .arg(self.home.data())
            .args(["-p", &self.port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            // Socket paths have a short limit that a deep project folder exceeds; TCP does.
            .args(["-c", "unix_socket_directories="])
            .args(["-c", "timezone=UTC", "-c", "log_timezone=UTC"]);
        for (name, value) in &self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let server = command
            .stdout(Stdio::from(output.try_clone()?))
            .stderr(Stdio::from(output))
            .spawn()
            .context("cannot run postgres")?;
        self.server = Some(server);
        self.wait_until_ready()
    }

    /// The server writes its state into the eighth line of `postmaster.pid`; `pg_ctl` waits for the same word.
    fn wait_until_ready(&mut self) -> Result<()> {
        let state = self.home.data().join("postmaster.pid");
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let Some(server) = &mut self.server else {
                bail!("PostgreSQL is not running");
            };
            let pid = server.id().to_string();
            if server.try_wait()?.is_some() {
                self.server = None;
                bail!("PostgreSQL did not start: {}", last_lines(&self.home.log()));
            }
            let text = std::fs::read_to_string(&state).unwrap_or_default();
            let mut lines = text.lines();
            if lines.next() == Some(pid.as_str()) && lines.nth(6).map(str::trim) == Some("ready") {
                return Ok(());
            }
            if Instant::now() > deadline {
                self.stop(Mode::Immediate)?;
                bail!(
                    "PostgreSQL was not ready after {} seconds: {}",
                    START_TIMEOUT.as_secs(),
                    last_lines(&self.home.log())
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs `initdb` beside the final place, so that an interrupted one is never taken for a database.
    fn make_data(&self) -> Result<()> {
        if self.home.major().is_some() {
            return Ok(());
        }
        let unfinished = self.home.path.join("data.new");
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)?;
        }
        let mut command = self.account.command(self.binaries.program("initdb"));
        command
            .arg("-D")
            .arg(&unfinished)
            .arg(format!("--pwfile={}", self.home.password_file().display()))
            .args(["--username=postgres", "--auth=scram-sha-256"])
            .args(["--encoding=UTF8", "--locale=C"]);
        if self.home.temporary {
            command.arg("--no-sync");
        }
        let output = command.output().context("cannot run initdb")?;
        ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        std::fs::rename(&unfinished, self.home.data())?;
        Ok(())
    }

    /// We hold the lock on the home, so a `postmaster.pid` was left by a program that was killed: its server is being
    /// stopped at this moment, or it is gone and its number may by now be somebody else's.
    fn clear_stale_lock_file(&self) -> Result<()> {
        let file = self.home.data().join("postmaster.pid");
        let deadline = Instant::now() + STOP_TIMEOUT;
        while let Some(pid) = pid_in(&file) {
            // Of a process that is gone, PostgreSQL itself clears the file away, once no other process of the server is left.
            if test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
                return Ok(());
            }
            if !is_server_of(pid, &self.home.data()) {
                std::fs::remove_file(&file)?;
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "PostgreSQL still runs on {} (process {}); stop it first",
                self.home.path.display(),
                pid.as_raw_nonzero()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }
}

/// Without the passwords.
impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Cluster")
            .field("home", &self.home.path)
            .field("port", &self.port)
            .field("running", &self.server.is_some())
            .finish_non_exhaustive()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mode = if self.home.temporary { Mode::Immediate } else { Mode::Fast };
        // The reaper runs next and stops a server that does not stop here.
        self.stop(mode).ok();
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn pid_in(file: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(file).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

/// Whether `pid` is a running server on `data`. Where /proc does not say, a running process counts as one.
fn is_server_of(pid: Pid, data: &Path) -> bool {
    match test_kill_process(pid) {
        // This also holds for another user's process, which may not be signalled.
        Err(error) if error == rustix::io::Errno::SRCH => return false,
        _ => {}
    }
    // A server's working directory is its data directory.
    match std::fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())) {
        Ok(folder) => Some(folder) == data.canonicalize().ok(),
        // A process that has ended without being waited for has no working directory.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => !Path::new("/proc/self/cwd").exists(),
        Err(_) => true,
    }
}

/// The end of the server's log, for an error message.
fn last_lines(log: &Path) -> String {
    let text = File::open(log).and_then(std::io::read_to_string).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
