//! A running application made of the fixture component.

use crate::client::{Answer, Client};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::time::{Duration, Instant};

/// How long anything may take that is not measured.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The fixture component, built once for all tests.
static FIXTURE: LazyLock<PathBuf> = LazyLock::new(|| {
    let arguments = ["build", "--quiet", "--profile=component", "--target=wasm32-wasip2", "--package=rolecall-fixture"];
    let status = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(status.success(), "building the fixture");
    target_directory().join("wasm32-wasip2/component/rolecall_fixture.wasm")
});

/// Compiled components are shared by all tests; each has its own of everything else.
static SHARED_CACHE: LazyLock<PathBuf> = LazyLock::new(|| target_directory().join("runner-test-cache"));

fn target_directory() -> PathBuf {
    // The program under test lies in <target>/<profile>.
    Path::new(env!("CARGO_BIN_EXE_rolecall")).ancestors().nth(2).unwrap().to_owned()
}

/// An application yet to be started.
pub struct App {
    directory: PathBuf,
    manifest: String,
    listen: String,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl App {
    /// The fixture behind `/...`, with no variables and nowhere to connect to.
    pub fn new() -> App {
        App::with(&format!("{}{}", trigger("/..."), component("")))
    }

    /// An application whose manifest goes on like this.
    pub fn with(manifest: &str) -> App {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("rolecall-runner-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        App {
            directory,
            manifest: format!("spin_manifest_version = 2\n[application]\nname = \"fixture\"\n{manifest}"),
            listen: "127.0.0.1:0".to_owned(),
            arguments: vec![],
            environment: BTreeMap::new(),
        }
    }

    /// At an address of one's own.
    pub fn listen(mut self, address: &str) -> App {
        self.listen = address.to_owned();
        self
    }

    /// With more on the command line.
    pub fn arguments(mut self, arguments: &[&str]) -> App {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// With this in the environment.
    pub fn environment(mut self, name: &str, value: &str) -> App {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With this file beside the manifest.
    pub fn file(self, name: &str, text: &str) -> App {
        fs::write(self.directory.join(name), text).unwrap();
        self
    }

    fn spawn(&self) -> Child {
        let manifest = self.directory.join("spin.toml");
        fs::write(&manifest, &self.manifest).unwrap();
        let state = self.directory.join("state");
        if !state.exists() {
            fs::create_dir_all(&state).unwrap();
            fs::create_dir_all(&*SHARED_CACHE).unwrap();
            std::os::unix::fs::symlink(&*SHARED_CACHE, state.join("cache")).unwrap();
        }
        Command::new(env!("CARGO_BIN_EXE_rolecall"))
            .args(["up", "--listen", &self.listen])
            .arg("--from")
            .arg(manifest)
            .arg("--state-dir")
            .arg(state)
            .args(&self.arguments)
            .env_remove("DATABASE_URL")
            .env_remove("EDGE_DATABASE_URL")
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts it and waits until it listens. A database is not wanted unless a test says otherwise.
    #[track_caller]
    pub fn start(self) -> Running {
        let mut child = self.spawn();
        let log = Log::default();
        let (ready, listening) = mpsc::channel();
        log.follow(child.stdout.take().unwrap(), ready);
        let mut stderr = child.stderr.take().unwrap();
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        });
        match listening.recv_timeout(PATIENCE) {
            Ok(address) => Running { app: self, child: Some(child), address, log },
            Err(_) => {
                let _ = child.kill();
                panic!("it does not start: {}", stderr.join().unwrap());
            }
        }
    }

    /// Starts it and expects that it refuses to; gives what it says.
    #[track_caller]
    pub fn refuses(self) -> String {
        let child = self.spawn();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "it starts: {said}");
        said
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A trigger of the fixture.
pub fn trigger(route: &str) -> String {
    format!("[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"fixture\"\n")
}

/// The fixture, with more in its table.
pub fn component(more: &str) -> String {
    format!("[component.fixture]\nsource = \"{}\"\n{more}\n", FIXTURE.display())
}

/// The fixture with a database, and tables for it where there are none.
pub fn with_database(url: &str) -> App {
    let manifest = format!(
        "[variables]\ndatabase_url = {{ required = true, secret = true }}\n{}{}",
        trigger("/..."),
        component(
            "allowed_outbound_hosts = [\"postgres://127.0.0.1:*\"]\n[component.fixture.variables]\ndatabase_url = \"{{ database_url }}\""
        )
    );
    App::with(&manifest).arguments(&["--variable", &format!("database_url={url}")])
}

/// A running application; it is killed when a test fails.
pub struct Running {
    app: App,
    child: Option<Child>,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it has printed.
    pub log: Log,
}

impl Running {
    /// A connection.
    #[track_caller]
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(path)
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.client().post(path, body.as_bytes())
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Where its files are.
    pub fn state(&self) -> PathBuf {
        self.app.directory.join("state")
    }

    /// Asks it to stop.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([&format!("-{signal}"), &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to stop and expects that it does so without complaint.
    #[track_caller]
    pub fn stop(mut self) {
        self.signal("TERM");
        let status = self.ended();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The lines on standard output.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Value>>>);

impl Log {
    fn follow(&self, stdout: impl Read + Send + 'static, ready: mpsc::Sender<SocketAddr>) {
        let lines = self.0.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { return };
                let line: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
                if line["event"] == "listening" {
                    let address = line["address"].as_str().unwrap().strip_prefix("http://").unwrap();
                    let _ = ready.send(address.parse().unwrap());
                }
                lines.lock().unwrap().push(line);
            }
        });
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }

    /// How often something happened so far.
    pub fn count(&self, event: &str) -> usize {
        self.lines().iter().filter(|line| line["event"] == event).count()
    }

    /// Waits until something has happened so often; it may not happen more often.
    #[track_caller]
    pub fn wait_for_number(&self, event: &str, number: usize) {
        let begun = Instant::now();
        while self.count(event) < number {
            assert!(begun.elapsed() < PATIENCE, "{} of {number} {event}", self.count(event));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(self.count(event), number, "{event}");
    }

    /// Waits until something has happened, and gives its line.
    #[track_caller]
    pub fn wait_for(&self, event: &str) -> Value {
        let begun = Instant::now();
        loop {
            if let Some(line) = self.lines().into_iter().find(|line| line["event"] == event) {
                return line;
            }
            assert!(begun.elapsed() < PATIENCE, "no {event} among {:?}", self.lines());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
