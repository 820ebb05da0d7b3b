//! The rehearsal on one machine: a first installation, and a replacement under steady requests.

use crate::support::{Machine, demo_user, is_alive};
use http::Method;
use rolecall_kit::{client::Client, until};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// From one request to the next, of reads and of writes each: 20 a second together.
const PACE: Duration = Duration::from_millis(100);

/// How often somebody new knocks at the port.
const KNOCK: Duration = Duration::from_millis(10);

/// What the clients saw.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    read: AtomicUsize,
    written: AtomicUsize,
    maintained: AtomicUsize,
}

/// Steady requests until they are told to stop; each is answered, or the task panics.
fn requests(machine: &Machine, seen: &Arc<Seen>) -> Vec<JoinHandle<()>> {
    let (client, token) = (machine.client(), machine.token(1));
    let reader = {
        let (client, token, seen) = (client.clone(), token.clone(), seen.clone());
        tokio::spawn(async move {
            while !seen.over.load(Ordering::SeqCst) {
                let call = client.call(Method::GET, "conversations").token(&token);
                let answer = call.try_send().await.unwrap_or_else(|error| panic!("a read was cut off: {error:#}"));
                assert_eq!(answer.status, 200, "{}", answer.body);
                seen.read.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(PACE).await;
            }
        })
    };
    let seen = seen.clone();
    let writer = tokio::spawn(async move {
        for number in 0.. {
            if seen.over.load(Ordering::SeqCst) {
                break;
            }
            let body = json!({"recipient_id": demo_user(4), "content": format!("message {number}")});
            let call = client.call(Method::POST, "send-dm").token(&token).json(&body);
            let answer = call.try_send().await.unwrap_or_else(|error| panic!("a write was cut off: {error:#}"));
            match answer.status {
                201 => seen.written.fetch_add(1, Ordering::SeqCst),
                503 if answer.body["code"] == "maintenance" => {
                    assert!(answer.headers.contains_key("retry-after"));
                    seen.maintained.fetch_add(1, Ordering::SeqCst)
                }
                status => panic!("{status}: {}", answer.body),
            };
            tokio::time::sleep(PACE).await;
        }
    });
    vec![reader, writer]
}

/// Knocks at the port all the time; gives the longest time in a row in which it was closed.
fn knock(address: SocketAddr, seen: &Arc<Seen>) -> JoinHandle<Duration> {
    let seen = seen.clone();
    tokio::spawn(async move {
        let (mut longest, mut closed_since) = (Duration::ZERO, None::<Instant>);
        while !seen.over.load(Ordering::SeqCst) {
            match TcpStream::connect(address).await {
                Ok(_) => closed_since = None,
                Err(_) => longest = longest.max(closed_since.get_or_insert_with(Instant::now).elapsed().max(KNOCK)),
            }
            tokio::time::sleep(KNOCK).await;
        }
        longest
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_steady_requests_a_deploy_and_its_undeploy_cut_nobody_off() {
    let machine = Machine::new().await;
    // A database that has no Rolecall yet: no flag, no login of the functions.
    machine.run("deploy", &[]).await.done().says(&["not installed yet", "no server runs; one is started"]);
    let (address, first) = machine.serving().unwrap();
    rolecall_database::load_demo(&machine.url()).await.unwrap();
    machine.sql(&["update rolecall.rate_limits set capacity = null"]).await;
    open(&machine).await;

    let seen = Arc::new(Seen::default());
    let clients = requests(&machine, &seen);
    let port = address.trim_start_matches("http://").parse().unwrap();
    let closed = knock(port, &seen);
    until("requests are answered", async || (seen.written.load(Ordering::SeqCst) > 3).then_some(())).await;
    machine.run("deploy", &[]).await.done().says(&["its port is taken over", "answered its last request and ended"]);
    let (now, second) = machine.serving().unwrap();
    assert_eq!(now, address, "the same port");
    assert!(second != first && !is_alive(first), "another process serves, the first has ended");
    assert!(seen.maintained.load(Ordering::SeqCst) > 0, "writes met maintenance");
    assert_eq!(machine.flag("maintenance").await.as_deref(), Some("disabled"));

    machine.run("undeploy", &[]).await.done().says(&["process", "the deploy applied none"]);
    let (now, third) = machine.serving().unwrap();
    assert_eq!(now, address, "the same port");
    assert!(third != second && !is_alive(second));
    let written = seen.written.load(Ordering::SeqCst);
    until("requests are answered after it", async || (seen.written.load(Ordering::SeqCst) > written + 3).then_some(()))
        .await;
    seen.over.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let closed = closed.await.unwrap();
    assert!(closed < Duration::from_secs(1), "the port was closed for {closed:?}");
    let stored = machine.number("select count(*) from rolecall.messages where content like 'message %'").await;
    assert_eq!(stored, seen.written.load(Ordering::SeqCst) as i64, "what was answered was written, and the reverse");

    let outcomes: Vec<String> =
        machine.records().iter().map(|record| record["outcome"]["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(outcomes, ["done", "taken_back"]);
    machine.run("history", &[]).await.done().says(&["local", "done", "taken back"]);
    println!(
        "{} reads, {} writes, {} in maintenance; the port was closed for {closed:?}",
        seen.read.load(Ordering::SeqCst),
        written,
        seen.maintained.load(Ordering::SeqCst)
    );
}

/// Switches the functions on, which a new installation has off.
async fn open(machine: &Machine) {
    machine
        .sql(&["update rolecall.feature_flags set rollout = 'enabled' where name <> 'maintenance' and rollout <> 'enabled'"])
        .await;
}

#[tokio::test]
async fn a_dry_run_says_what_each_step_finds_and_changes_nothing() {
    let machine = Machine::new().await;
    let said = machine.run("deploy", &[("DRY_RUN", "1")]).await.done();
    let said = said.says(&[
        "dry run",
        "not installed yet",
        "to apply: 0001_initial",
        "a server is started at",
        "Nothing was changed",
    ]);
    for step in ["preflight", "backup", "maintenance on", "migrate", "verify", "maintenance off", "publish", "smoke"] {
        assert!(said.text.contains(&format!("[  ok  ] {step}\n")), "{step}: {}", said.text);
    }
    assert_eq!((machine.migration().await, machine.records().len(), machine.serving()), (0, 0, None));
    assert!(!machine.state().join("deploys").exists());
    let databases = "select count(*) from pg_database where datname like 'rolecall_%'";
    assert_eq!(machine.number(databases).await, 0);
}

#[tokio::test]
async fn the_backup_restores_and_belongs_to_this_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new().await;
    machine
        .sql(&["create table public.mine (it int)", "insert into public.mine select generate_series(1, 1234)"])
        .await;
    machine.run("deploy", &[]).await.done().says(&["1 tables", "the same rows in each"]);
    let record = machine.records().remove(0);
    let backup = std::path::PathBuf::from(record["backup"].as_str().unwrap());
    let folder = std::fs::metadata(backup.parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(folder & 0o777, 0o700);
    assert_eq!(machine.number("select count(*) from pg_database where datname like 'rolecall_scratch%'").await, 0);
    // No argument of any program and no record has the password.
    assert!(!record.to_string().contains("postgres://"), "{record}");
    let health = Client::new(&machine.serving().unwrap().0).call(Method::GET, "/api/health").send().await;
    assert_eq!(health.status, 200);
}
