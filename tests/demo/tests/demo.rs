//! `make demo`, both ways: with a runner that is running, and by itself.

use rolecall_kit::{Setup, Stand, process::temporary_directory, token::SECRET};
use serde_json::json;
use std::process::{Command, Output};

async fn demo(state_dir: &std::path::Path) -> Output {
    demo_with(state_dir, &[]).await
}

async fn demo_with(state_dir: &std::path::Path, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall-demo"));
    command.arg("--state-dir").arg(state_dir).args(flags).env_remove("SPIN_VARIABLE_JWT_SECRET");
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// What is shown where there is NATS.
const LIVE: [&str; 6] = [
    "Act two",
    "Permissions Violation",
    "message.created",
    "\"typing\"",
    "\"last_read_seq\"",
    "Shown on Mia's phone: [",
];

fn assert_all_right(output: &Output) -> String {
    let text = assert_right(output, 31);
    for shown in LIVE {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    text
}

fn assert_right(output: &Output, checks: usize) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains(&format!("{checks} of {checks} checks passed.")), "{text}");
    assert!(!text.contains("WRONG"), "{text}");
    assert!(!text.contains("eyJ"), "no token is printed: {text}");
    let numbers = text.split('+').skip(1).filter(|rest| rest.bytes().take(8).all(|byte| byte.is_ascii_digit())).count();
    assert!(numbers == 0 && !text.contains("202-555-0143"), "no phone number is printed whole: {text}");
    text
}

/// Writes what a runner with this stand's database would.
fn announce(directory: &std::path::Path, stand: &Stand, embedded: bool) {
    let (address, admin_url, pid) = (stand.runner().address(), stand.admin_url(), stand.runner().id());
    let run = json!({"address": address, "admin_url": admin_url, "embedded": embedded, "pid": pid});
    std::fs::write(directory.join("run.json"), run.to_string()).unwrap();
}

#[tokio::test]
async fn the_demo_leaves_a_database_of_somebodys_alone() {
    let stand = Stand::own(Setup::new()).await;
    rolecall_database::load_demo(stand.admin_url()).await.unwrap();
    let directory = temporary_directory().unwrap();
    announce(&directory, &stand, false);
    let shows = stand.db.count("rolecall.shows", &[]).await;
    let texts = stand.db.count("rolecall.thread_messages", &[]).await;
    let text = assert_all_right(&demo(&directory).await);
    assert!(text.contains("serves a database that is not its own") && text.contains("temporary PostgreSQL"), "{text}");
    for shown in ["Legacy Conversation", "percentage:10", "rollout_criteria_unmet", "rollback", "feature_disabled"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    for shown in [
        "Act three",
        "outside_assignment_window",
        "anti_poaching_blocked",
        "already_sent",
        "client_opted_out",
        "no_window",
        "The carrier gets",
        "[phone …",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert_eq!(stand.db.count("rolecall.shows", &[]).await, shows);
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 0);
    assert_eq!(stand.db.count("rolecall.thread_messages", &[]).await, texts);
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn the_demo_walks_every_flow_by_itself() {
    let directory = temporary_directory().unwrap();
    let text = assert_all_right(&demo(&directory).await);
    assert!(text.contains("temporary"), "{text}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn without_nats_it_says_so_and_shows_sync() {
    let directory = temporary_directory().unwrap();
    let text = assert_right(&demo_with(&directory, &["--no-realtime"]).await, 27);
    assert!(text.contains("nats-server is missing") && !text.contains("message.created"), "{text}");
    std::fs::remove_dir_all(&directory).unwrap();

    // The same of a runner that has none.
    let stand = Stand::own(Setup::new()).await;
    rolecall_database::load_demo(stand.admin_url()).await.unwrap();
    let directory = temporary_directory().unwrap();
    announce(&directory, &stand, true);
    std::fs::write(directory.join("jwt_secret"), SECRET).unwrap();
    let text = assert_right(&demo(&directory).await, 27);
    assert!(text.contains("Using the runner at") && text.contains("nats-server is missing"), "{text}");
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn the_demo_walks_every_flow_on_a_runner_that_is_running_as_often_as_one_likes() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let _relay = stand.relay().await;
    rolecall_database::load_demo(stand.admin_url()).await.unwrap();
    let directory = temporary_directory().unwrap();
    announce(&directory, &stand, true);
    std::fs::write(directory.join("jwt_secret"), SECRET).unwrap();
    for _ in 0..2 {
        let text = assert_all_right(&demo(&directory).await);
        assert!(text.contains("Using the runner at"), "{text}");
    }
    stand.db.run("update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm'", &[]).await;
    let output = demo(&directory).await;
    assert_eq!(output.status.code(), Some(1), "a wrong verdict is an exit code of 1");
    assert!(String::from_utf8_lossy(&output.stdout).contains("WRONG"));
    std::fs::remove_dir_all(directory).unwrap();
}
