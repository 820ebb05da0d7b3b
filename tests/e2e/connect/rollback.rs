//! `make rollback` asks before it takes back what holds data, and neither it nor `make migrate` compiles what is built.

use super::support::Server;
use rolecall_kit::{process::temporary_directory, runner::workspace, runtime::Runtime};
use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

/// The migrations' command line on a server.
fn migrate(server: &Server, arguments: &[&str]) -> Output {
    let mut command = Command::new(Runtime::Runner.program());
    command.arg("migrate").args(arguments).env("DATABASE_URL", server.admin_url());
    command.current_dir(std::env::temp_dir()).stdin(Stdio::null()).output().unwrap()
}

/// The same at a terminal (of util-linux' `script`), where somebody types this.
fn migrate_at_a_terminal(server: &Server, arguments: &str, typed: &str) -> Output {
    let line = format!("'{}' migrate {arguments}", Runtime::Runner.program().display());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env("DATABASE_URL", server.admin_url())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

async fn is_applied(server: &Server) -> bool {
    rolecall_database::status(&server.admin_url()).await.unwrap().iter().any(|step| step.applied_at.is_some())
}

#[tokio::test]
async fn data_is_taken_back_only_when_somebody_agrees() {
    let server = Server::start().await;
    let applied = migrate(&server, &["up"]);
    assert!(applied.status.success() && text(&applied).contains("applied: 0001_initial"), "{}", text(&applied));
    assert!(text(&applied).contains("database: postgres@127.0.0.1"), "{}", text(&applied));
    assert!(migrate(&server, &["demo"]).status.success());

    // Without a terminal there is nobody to ask.
    let refused = migrate(&server, &["down", "--to", "0"]);
    assert_eq!(refused.status.code(), Some(1));
    let all = "Taking back 0006_social, 0005_live, 0004_member, 0003_organisations, 0002_staged_rollout, 0001_initial deletes for good";
    for says in [all, "rolecall.profiles", " 11 rows", "--yes"] {
        assert!(text(&refused).contains(says), "{says}: {}", text(&refused));
    }
    assert!(is_applied(&server).await);

    for typed in ["no\n", "y\n", "\n", "YES\n"] {
        let refused = migrate_at_a_terminal(&server, "down", typed);
        assert!(text(&refused).contains("nothing was taken back"), "{typed:?}: {}", text(&refused));
        assert!(is_applied(&server).await, "{typed:?}");
    }
    // The newest goes first, each by itself.
    for newest in
        ["0006_social", "0005_live", "0004_member", "0003_organisations", "0002_staged_rollout", "0001_initial"]
    {
        assert!(is_applied(&server).await);
        let agreed = migrate_at_a_terminal(&server, "down", "yes\n");
        assert!(text(&agreed).contains(&format!("taken back: {newest}")), "{}", text(&agreed));
    }
    assert!(!is_applied(&server).await);

    // Nothing is asked where nothing is lost, or where somebody has agreed before.
    let nothing = migrate(&server, &["down"]);
    assert!(nothing.status.success() && text(&nothing).contains("nothing to do"), "{}", text(&nothing));
    assert!(migrate(&server, &["up"]).status.success());
    let agreed = migrate(&server, &["down", "--to", "0", "--yes"]);
    assert!(agreed.status.success() && text(&agreed).contains("taken back: 0001_initial"), "{}", text(&agreed));
}

#[tokio::test]
async fn looking_at_what_would_be_lost_changes_nothing() {
    let server = Server::start().await;
    assert!(migrate(&server, &["up"]).status.success());
    server.run(&["create table public.mine (it int)", "insert into public.mine values (1)"]).await;
    let newest = rolecall_database::rollback_loss(&server.admin_url(), None).await.unwrap();
    assert_eq!(newest.migrations, ["0006_social"]);
    let loss = rolecall_database::rollback_loss(&server.admin_url(), Some(0)).await.unwrap();
    let all = ["0006_social", "0005_live", "0004_member", "0003_organisations", "0002_staged_rollout", "0001_initial"];
    assert_eq!(loss.migrations, all);
    assert!(!loss.rows.iter().any(|(name, _)| name.contains("mine")), "{loss:?}");
    assert!(loss.rows.iter().any(|(name, _)| name == "rolecall.feature_flags"), "{loss:?}");
    assert!(is_applied(&server).await);
    let none = rolecall_database::rollback_loss(&server.admin_url(), Some(6)).await.unwrap();
    assert_eq!((none.migrations.len(), none.rows.len()), (0, 0));
}

/// Runs make with a Cargo that only notes what it is asked, and with this runner.
fn make(arguments: &[&str], host: &std::path::Path) -> (Output, String) {
    let directory = temporary_directory().unwrap();
    let (cargo, note) = (directory.join("cargo"), directory.join("note"));
    std::fs::write(&cargo, format!("#!/bin/sh\necho \"cargo $*\" >> '{}'\n", note.display())).unwrap();
    let mode = Command::new("chmod").arg("755").arg(&cargo).status().unwrap();
    assert!(mode.success());
    let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("make");
    command.args(["--no-print-directory", &format!("HOST={}", host.display())]).args(arguments);
    let output = command.current_dir(workspace()).env("PATH", path).env_remove("DATABASE_URL").output().unwrap();
    let asked = std::fs::read_to_string(&note).unwrap_or_default();
    std::fs::remove_dir_all(directory).unwrap();
    (output, asked)
}

#[test]
fn make_migrate_and_rollback_use_the_runner_that_is_built() {
    let directory = temporary_directory().unwrap();
    let host = directory.join("rolecall");
    std::fs::write(&host, "#!/bin/sh\necho \"rolecall $*\"\n").unwrap();
    assert!(Command::new("chmod").arg("755").arg(&host).status().unwrap().success());
    for (arguments, expected) in [
        (&["migrate"][..], "rolecall migrate up"),
        (&["rollback"], "rolecall migrate down"),
        (&["rollback", "TO=0"], "rolecall migrate down --to 0"),
        (&["rollback", "YES=1"], "rolecall migrate down --yes"),
    ] {
        let (output, asked) = make(arguments, &host);
        let said = text(&output);
        assert!(output.status.success() && said.lines().any(|line| line.trim() == expected), "{arguments:?}: {said}");
        // The build of the runner as `make build` has it, which then has nothing to do.
        assert_eq!(asked.trim(), "cargo build --locked --release --workspace -q --bin rolecall", "{arguments:?}");
    }
    let (_, asked) = make(&["migrate"], &directory.join("not-built"));
    assert_eq!(asked.trim(), "cargo run --locked --release -q -p rolecall-database --bin rolecall-migrate -- up");
    std::fs::remove_dir_all(directory).unwrap();
}
