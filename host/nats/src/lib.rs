//! The NATS of one machine: keys, configuration and a server that the program starts for itself. `make run` and the tests
//! use it. `docs/realtime.md` has the same for a cluster.

mod account;
mod claims;
mod cluster;
mod keys;
mod reaper;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use uuid::Uuid;

use cluster::Member;
use keys::{Keys, write_private};
use reaper::Reaper;

/// The server's program.
pub const PROGRAM: &str = "nats-server";

/// Where Debian and others put it, beside the PATH.
const FOLDERS: [&str; 3] = ["/usr/local/bin", "/usr/sbin", "/usr/local/sbin"];

/// How long a start may take.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a stop may take before the server is ended without asking.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// How often other free ports are tried when somebody took one that was free a moment ago.
const PORT_ATTEMPTS: usize = 5;

/// The longest event, in bytes. Contents above 4 KiB are not in an event; the rest is a card.
const MAX_PAYLOAD: usize = 64 * 1024;

/// How to start a [`Nats`].
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where keys, credentials and the log are kept. `None`: a temporary folder that is removed with the server.
    pub home: Option<PathBuf>,
    /// The server's program. `None`: the one on the PATH.
    pub program: Option<PathBuf>,
    /// The port for the relay, on 127.0.0.1. `None`: a free one.
    pub port: Option<u16>,
    /// The port for clients (WebSocket), on 127.0.0.1. `None`: a free one.
    pub websocket_port: Option<u16>,
}

/// A NATS server that this program starts, on 127.0.0.1 alone. Dropping it stops the server; so does the end of the
/// program, even by `kill -9`.
///
/// Its methods that start and stop block; in a server call them where blocking is allowed.
pub struct Nats {
    options: Options,
    home: PathBuf,
    program: PathBuf,
    port: u16,
    websocket_port: u16,
    keys: Keys,
    signing_seed: String,
    member: Option<Member>,
    server: Option<Running>,
    has_run: bool,
}

struct Running {
    child: Child,
    reaper: Reaper,
}

/// The program on the PATH, or where packages put it.
#[must_use]
pub fn find_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

impl Nats {
    /// Makes keys and credentials where they are missing. The server does not run yet.
    ///
    /// # Errors
    /// There is no such program, or the folder cannot be written.
    pub fn new(options: Options) -> Result<Self> {
        let home = options.home.clone().unwrap_or_else(temporary_home);
        Self::in_folder(options, home, None)
    }

    fn in_folder(options: Options, home: PathBuf, member: Option<Member>) -> Result<Self> {
        let program = match &options.program {
            Some(program) => program.clone(),
            None => find_program().with_context(|| {
                format!("no {PROGRAM} found; install it (Debian and Ubuntu: apt-get install nats-server)")
            })?,
        };
        ensure!(program.is_file(), "there is no {}", program.display());
        let make = || DirBuilder::new().recursive(true).mode(0o700).create(&home);
        make().with_context(|| format!("cannot make {}", home.display()))?;
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700))?;
        let keys = Keys::of(member.as_ref().map_or(&home, Member::keys))?;
        let signing_seed = keys.signing_seed()?;
        write_private(&home.join("relay.creds"), &keys.relay_credentials()?)?;
        write_private(&home.join("system.creds"), &keys.system_credentials()?)?;
        let (port, websocket_port) = ports(&options)?;
        Ok(Self {
            options,
            home,
            program,
            port,
            websocket_port,
            keys,
            signing_seed,
            member,
            server: None,
            has_run: false,
        })
    }

    /// Makes it and starts the server.
    ///
    /// # Errors
    /// As of [`Nats::new`] and [`Nats::start`].
    pub fn started(options: Options) -> Result<Self> {
        let mut nats = Self::new(options)?;
        nats.start()?;
        Ok(nats)
    }

    /// Where the relay connects to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where clients of this machine connect to.
    #[must_use]
    pub fn websocket_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.websocket_port)
    }

    /// The public key of the users' account: the variable `realtime_account`.
    #[must_use]
    pub fn account(&self) -> String {
        self.keys.account()
    }

    /// The seed of the key that signs users' tokens: the variable `realtime_signing_key`.
    #[must_use]
    pub fn signing_key(&self) -> &str {
        &self.signing_seed
    }

    /// The file with which the relay publishes.
    #[must_use]
    pub fn relay_credentials(&self) -> PathBuf {
        self.home.join("relay.creds")
    }

    /// The file with which the relay hears who is connected.
    #[must_use]
    pub fn system_credentials(&self) -> PathBuf {
        self.home.join("system.creds")
    }

    /// What the server prints.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.home.join("nats.log")
    }

    /// The number of the running server.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.server.as_ref().map(|server| server.child.id())
    }

    /// Starts the server, the first time or again; returns when it takes connections.
    ///
    /// # Errors
    /// It is running, or does not start; the message then ends with what the server said.
    pub fn start(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "NATS is already running");
        for attempt in 1.. {
            let Err(error) = self.start_once() else { break };
            let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            let is_taken = !(is_free(self.port) && is_free(self.websocket_port));
            // Clients know the ports of a server that has run once.
            if self.has_run || !is_taken || attempt == PORT_ATTEMPTS {
                return Err(error);
            }
            (self.port, self.websocket_port) = ports(&self.options)?;
        }
        self.has_run = true;
        Ok(())
    }

    /// How the server has ended by itself, if it has; [`Nats::start`] may then be called.
    pub fn ended(&mut self) -> Option<String> {
        let server = self.server.as_mut()?;
        // What cannot be waited for is no child that runs.
        let cause = match server.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => format!("ended ({status})"),
            Err(error) => format!("cannot be looked at ({error})"),
        };
        if let Some(server) = self.server.take() {
            server.reaper.dismiss();
        }
        Some(cause)
    }

    /// Stops the server. A stopped one stays stopped.
    ///
    /// # Errors
    /// It cannot be ended.
    pub fn stop(&mut self) -> Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        let deadline = Instant::now() + STOP_TIMEOUT;
        // A child that was not waited for keeps its number, so the signal cannot reach anybody else.
        if server.child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&server.child), Signal::TERM).context("cannot signal NATS")?;
        }
        while server.child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                server.child.kill()?;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        server.reaper.dismiss();
        Ok(())
    }

    fn is_temporary(&self) -> bool {
        self.options.home.is_none()
    }

    fn start_once(&mut self) -> Result<()> {
        let name = format!("rolecall-{}", &Uuid::new_v4().simple().to_string()[..8]);
        let configuration = self.home.join("nats.conf");
        write_private(&configuration, &self.configuration(&name)?)?;
        // The server reads it through the open file, so that another user need not reach it.
        fs::set_permissions(&configuration, fs::Permissions::from_mode(0o644))?;
        let log = self.log();
        // One earlier log is kept, so that what a crash left can be read after the next start.
        if log.exists() {
            fs::rename(&log, log.with_extension("log.1"))?;
        }
        let output = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = account::command(&self.program)
            .args(["-c", "/dev/stdin"])
            .stdin(Stdio::from(File::open(&configuration)?))
            .stdout(Stdio::from(output.try_clone()?))
            .stderr(Stdio::from(output))
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let program = self.program.file_name().unwrap_or_default().to_string_lossy();
        let temporary = self.is_temporary().then_some(self.home.as_path());
        let reaper = match Reaper::start(child.id(), &program, temporary) {
            Ok(reaper) => reaper,
            Err(error) => {
                child.kill()?;
                child.wait()?;
                return Err(error);
            }
        };
        self.server = Some(Running { child, reaper });
        self.wait_until_ready(&name)
    }

    fn wait_until_ready(&mut self, name: &str) -> Result<()> {
        let deadline = Instant::now() + START_TIMEOUT;
        while !(greets(self.port, name) && connect(self.websocket_port).is_some()) {
            if self.ended().is_some() {
                bail!("NATS did not start: {}", last_lines(&self.log()));
            }
            if Instant::now() > deadline {
                self.stop()?;
                bail!("NATS was not ready after {} seconds: {}", START_TIMEOUT.as_secs(), last_lines(&self.log()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// The server's configuration. Everything that is not here is off: monitoring, `JetStream`, leaf nodes.
    fn configuration(&self, name: &str) -> Result<String> {
        let (port, websocket_port) = (self.port, self.websocket_port);
        let trust = self.keys.trust()?;
        let cluster = self.member.as_ref().map(Member::configuration).unwrap_or_default();
        Ok(format!(
            "# Written by Rolecall at each start.\n\
             server_name: \"{name}\"\n\
             host: \"127.0.0.1\"\n\
             port: {port}\n\
             websocket {{ host: \"127.0.0.1\", port: {websocket_port}, no_tls: true }}\n\
             max_payload: {MAX_PAYLOAD}\n\
             # What waits for one client that does not read.\n\
             max_pending: 8388608\n\
             # A phone that is gone is offline after a minute and a half.\n\
             ping_interval: \"30s\"\n\
             ping_max: 2\n\
             {cluster}{trust}"
        ))
    }
}

/// Without the keys.
impl fmt::Debug for Nats {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Nats")
            .field("home", &self.home)
            .field("port", &self.port)
            .field("websocket_port", &self.websocket_port)
            .field("running", &self.server.is_some())
            .finish_non_exhaustive()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        // The reaper stops one that does not stop here.
        self.stop().ok();
        if self.is_temporary() {
            fs::remove_dir_all(&self.home).ok();
        }
    }
}

fn temporary_home() -> PathBuf {
    std::env::temp_dir().join(format!("rolecall-nats-{}", Uuid::new_v4().simple()))
}

/// The ports that are wanted, and free ones for those that are not.
fn ports(options: &Options) -> Result<(u16, u16)> {
    // Both are held until both are known, so that they differ.
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1");
    let (one, other) = (free()?, free()?);
    let port = options.port.unwrap_or(one.local_addr()?.port());
    let websocket_port = options.websocket_port.unwrap_or(other.local_addr()?.port());
    ensure!(port != websocket_port, "the two ports of NATS are the same: {port}");
    Ok((port, websocket_port))
}

fn connect(port: u16) -> Option<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()
}

/// Whether the server with this name listens on the port, and not somebody else.
fn greets(port: u16, name: &str) -> bool {
    let Some(stream) = connect(port) else { return false };
    let mut line = String::new();
    stream.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && BufReader::new(stream).read_line(&mut line).is_ok()
        && line.starts_with("INFO ")
        && line.contains(name)
}

/// The end of the server's log, for an error message.
fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
