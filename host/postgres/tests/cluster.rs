//! The server of one machine: it starts, restarts, keeps its data, keeps others out, and leaves nothing behind.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rolecall_database::connect;
use rolecall_postgres::{Cluster, Mode, Options};

/// A folder of this test's own, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("rolecall-test-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&path).expect("the folder can be made");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn home_of(cluster: &Cluster) -> PathBuf {
    let text = format!("{cluster:?}");
    let path = text.split('"').nth(1).expect("the debug form names the home");
    PathBuf::from(path)
}

async fn answer(url: &str, sql: &str) -> String {
    let client = connect(url).await.expect("the server answers");
    client.query_one(sql, &[]).await.expect(sql).get(0)
}

fn persistent(data_dir: &Path) -> Options {
    Options { data_dir: Some(data_dir.to_owned()), ..Options::for_tests() }
}

// Several threads, so that dropped connections close while this one waits for the server to stop.
#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_cluster_restarts_on_its_port_and_leaves_nothing_behind() {
    let mut cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    let url = cluster.admin_url("postgres");
    answer(&url, "select pg_catalog.version()").await;
    let client = connect(&url).await.expect("the server answers");
    client
        .batch_execute("create table kept (it text); insert into kept values ('here')")
        .await
        .expect("a superuser may");
    for mode in [Mode::Fast, Mode::Immediate] {
        cluster.stop(mode).expect("it stops");
        connect(&url).await.expect_err("it is stopped");
        cluster.start_again().expect("it starts");
        cluster.start_again().expect_err("it runs already");
        assert_eq!(answer(&url, "select it from kept").await, "here");
    }
    drop(client);
    cluster.stop(Mode::Smart).expect("nobody is connected");
    cluster.stop(Mode::Smart).expect("a stopped one stays stopped");
    let home = home_of(&cluster);
    assert!(home.exists());
    drop(cluster);
    assert!(!home.exists(), "{} is left", home.display());
}

#[tokio::test]
async fn a_persistent_cluster_keeps_its_data_and_its_password() {
    let folder = Folder::new();
    let data = folder.0.join("state/pg");
    let first = Cluster::start(persistent(&data)).expect("PostgreSQL is installed");
    first.create_database("kept", None).await.expect("a superuser may");
    let error = Cluster::start(persistent(&data)).expect_err("the first one runs");
    assert!(error.to_string().contains("already in use by the process"), "{error}");
    let secret = std::fs::metadata(home_of(&first).join("password")).expect("it exists");
    assert_eq!(secret.permissions().mode() & 0o777, 0o600);
    drop(first);
    assert!(data.exists());
    let second = Cluster::start(persistent(&data)).expect("the first one has stopped");
    answer(&second.admin_url("kept"), "select pg_catalog.version()").await;
}

#[tokio::test]
async fn a_project_that_postgres_cannot_enter_gets_its_data_elsewhere() {
    if !rustix_is_root() {
        // Only root runs PostgreSQL as somebody else.
        return;
    }
    let folder = Folder::new();
    std::fs::set_permissions(&folder.0, std::fs::Permissions::from_mode(0o700)).expect("it is ours");
    let data = folder.0.join("pg");
    let home = {
        let cluster = Cluster::start(persistent(&data)).expect("the data goes elsewhere");
        home_of(&cluster)
    };
    assert!(data.is_symlink());
    assert_eq!(data.canonicalize().expect("the link leads somewhere"), home);
    Cluster::start(persistent(&data)).expect("the second start follows the link");
    std::fs::remove_dir_all(&home).expect("root may");
    Cluster::start(persistent(&data)).expect("a link that leads nowhere is replaced");
    std::fs::remove_dir_all(data.canonicalize().expect("replaced")).expect("root may");
}

fn rustix_is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

#[tokio::test]
async fn a_stale_lock_file_does_not_stop_a_start() {
    let folder = Folder::new();
    let data = folder.0.join("pg");
    let mut cluster = Cluster::start(persistent(&data)).expect("PostgreSQL is installed");
    cluster.stop(Mode::Fast).expect("it stops");
    let lock = home_of(&cluster).join("data/postmaster.pid");
    // The number of a process that runs and is no PostgreSQL: this one.
    std::fs::write(&lock, format!("{}\n", std::process::id())).expect("the folder can be written");
    drop(cluster);
    std::fs::write(&lock, format!("{}\n", std::process::id())).expect("the folder can be written");
    Cluster::start(persistent(&data)).expect("the number is not a server's");
}

#[tokio::test]
async fn a_failed_start_says_what_the_server_said() {
    let options = Options::for_tests().setting("shared_buffers", "much");
    let error = Cluster::start(options).expect_err("that is not a size");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
    let error = Cluster::start(Options { unprivileged_user: Some("no-such-user".to_owned()), ..Options::for_tests() });
    if rustix_is_root() {
        let error = error.expect_err("there is no such user");
        assert!(error.to_string().contains("no-such-user"), "{error}");
    }
}

/// Runs itself again as the program that owns a cluster, and kills it.
#[tokio::test]
async fn a_killed_program_leaves_no_server_and_no_temporary_folder() {
    if let Some(said) = std::env::var_os("ROLECALL_TEST_SAY") {
        return own_a_cluster_until_killed(Path::new(&said));
    }
    let folder = Folder::new();
    for data in ["", folder.0.join("pg").to_str().expect("UTF-8")] {
        let said = folder.0.join(format!("said{}", data.len()));
        let mut program = Command::new(std::env::current_exe().expect("a test runs"))
            .args(["a_killed_program_leaves_no_server_and_no_temporary_folder", "--exact"])
            .env("ROLECALL_TEST_SAY", &said)
            .env("ROLECALL_TEST_DATA", data)
            .spawn()
            .expect("it runs");
        let text = within(30, || {
            let text = std::fs::read_to_string(&said).ok()?;
            text.ends_with('\n').then_some(text)
        });
        program.kill().expect("it is ours");
        program.wait().expect("it is ours");
        let mut lines = text.lines();
        let home = PathBuf::from(lines.next().expect("the home"));
        let port = lines.next().expect("the port").to_owned();
        within(30, || std::net::TcpStream::connect(format!("127.0.0.1:{port}")).is_err().then_some(()));
        if data.is_empty() {
            within(30, || (!home.exists()).then_some(()));
        } else {
            Cluster::start(persistent(Path::new(data))).expect("its data is whole");
        }
    }
}

/// What the program does that is killed.
fn own_a_cluster_until_killed(said: &Path) {
    let data = std::env::var("ROLECALL_TEST_DATA").expect("set beside it");
    let cluster =
        Cluster::start(Options { data_dir: (!data.is_empty()).then(|| PathBuf::from(&data)), ..Options::for_tests() })
            .expect("PostgreSQL is installed");
    let text = format!("{}\n{}\n", home_of(&cluster).display(), cluster.port());
    std::fs::write(said, text).expect("the folder can be written");
    std::thread::sleep(Duration::from_secs(60));
}

fn within<T>(seconds: u64, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {seconds} s");
        std::thread::sleep(Duration::from_millis(20));
    }
}
