//! Requests that Schemathesis makes up from `docs/openapi.yaml`, valid ones and broken ones: nothing is answered otherwise
//! than the document says. `make test` installs it (`make schemathesis`).

use rolecall_e2e::{Setup, Stand, process::temporary_directory, report, runner::workspace, token};
use std::process::Command;
use uuid::Uuid;

/// The operation that may delete the account of its caller.
const DELETION: &str = "own-data.delete";

/// Runs it for so many seconds as a demo user.
fn schemathesis(address: &str, user: u128, filter: &str, seconds: u32) -> String {
    let root = workspace();
    let program = root.join("target/schemathesis/bin/schemathesis");
    assert!(program.exists(), "Schemathesis is not installed: run `make schemathesis`");
    // It keeps what it finds in its working directory.
    let directory = temporary_directory().expect("a directory");
    let user = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0000 + user);
    let output = Command::new(program)
        .current_dir(&directory)
        .env("USER_TOKEN", token::user(user))
        .env("OPERATOR_TOKEN", token::operator())
        .arg("--config-file")
        .arg(root.join("tests/api/schemathesis.toml"))
        .arg("run")
        .arg(root.join("docs/openapi.yaml"))
        .args(["--url", address, filter, DELETION, "--max-time", &seconds.to_string()])
        // The same requests in every run, as far as the time reaches; a slow machine is no failure.
        .args(["--seed", "1", "--request-timeout", "60", "--suppress-health-check", "all", "--no-color"])
        .output()
        .expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = std::fs::remove_dir_all(directory);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed.lines().filter(|line| line.contains(" generated, ")).map(str::trim).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_answer_that_the_document_does_not_name() {
    // A limit on how often would answer nearly everything.
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    rolecall_database::load_demo(stand.admin_url()).await.unwrap();
    rolecall_database::load_demo_conversation(stand.admin_url()).await.unwrap();
    let address = stand.runner().address();
    // The admin, who may do the most; then Ada, whose account goes.
    for (user, filter, seconds) in [(8, "--exclude-operation-id", 40), (1, "--include-operation-id", 5)] {
        let generated = tokio::task::block_in_place(|| schemathesis(address, user, filter, seconds));
        report(&format!("Schemathesis: {generated}"));
    }
}
