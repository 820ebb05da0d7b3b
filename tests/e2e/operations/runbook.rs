//! docs/operations.md, as somebody on call uses it: every command is run, and every alert has its section.

use rolecall_e2e::{Setup, Stand};
use rolecall_kit::{runner::workspace, token};
use std::collections::BTreeSet;
use std::process::{Command, Stdio};

fn page() -> String {
    std::fs::read_to_string(workspace().join("docs/operations.md")).unwrap()
}

/// The blocks of code with their languages, in the page's order.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => text.push_str(&format!("{line}\n")),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

/// The newest programs of PostgreSQL, where Debian does not put them on the PATH.
fn path() -> String {
    let newest = || {
        let folders = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        folders.filter_map(|folder| Some(folder.ok()?.path().join("bin"))).max()
    };
    let folder = std::env::var("PG_BIN_DIR").ok().filter(|folder| !folder.is_empty());
    let folder = folder.or_else(|| newest().map(|folder| folder.display().to_string())).unwrap_or_default();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// Runs a command as it is pasted, with the variables that the page names.
fn paste(stand: &Stand, language: &str, text: &str) {
    let mut command = match language {
        "sh" => {
            let mut command = Command::new("bash");
            command.args(["-euo", "pipefail", "-c", text]);
            command
        }
        "sql" => {
            let mut command = Command::new("psql");
            command.args(["-X", "-v", "ON_ERROR_STOP=1", "-d", stand.admin_url(), "-c", text]);
            command
        }
        other => panic!("a block of {other:?} cannot be run"),
    };
    command.env("DATABASE_URL", stand.admin_url()).env("ROLECALL", stand.runner().address());
    command.env("OPERATOR_TOKEN", token::operator()).env("PATH", path()).stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| panic!("{text}: {error}"));
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_runbook_works_as_it_is_pasted() {
    let stand = Stand::own(Setup::new()).await;
    let blocks = blocks(&page());
    assert!(blocks.len() > 20, "commands are found");
    for (language, text) in &blocks {
        tokio::task::block_in_place(|| paste(&stand, language, text));
    }
    // What the ways back switch is switched, and has its reason.
    let rollout = "select rollout from rolecall.feature_flags where name = $1";
    assert_eq!(stand.db.one::<String>(rollout, &[&"start-conversation"]).await, "disabled");
    assert_eq!(stand.db.one::<String>(rollout, &[&"maintenance"]).await, "disabled");
    let reasons = stand.db.count("rolecall.feature_flag_changes where reason like 'on call: %'", &[]).await;
    assert_eq!(reasons, 3);
}

#[tokio::test]
async fn every_alert_has_a_section_that_says_what_to_do_and_no_other_has() {
    let stand = Stand::shared().await;
    let rows = stand.db.query("select name, severity from rolecall.alert_rules", &[]).await.unwrap();
    let alerts: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let page = page();
    let (_, sections) = page.split_once("\n## Alerts\n").unwrap();
    let sections = sections.split("\n## ").next().unwrap();
    let sections: Vec<(&str, &str)> =
        sections.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    let named: BTreeSet<String> = sections.iter().map(|(name, _)| name.trim().to_owned()).collect();
    assert_eq!((named, sections.len()), (alerts.clone(), alerts.len()));
    for (name, text) in sections {
        let severity = rows.iter().find(|row| row.get::<_, String>(0) == name).unwrap().get::<_, String>(1);
        let severity = format!("**{}{}.**", severity[..1].to_uppercase(), &severity[1..]);
        assert!(text.trim_start().starts_with(&severity), "{name} is {severity}");
        for part in ["\nLook: ", "\nAct: ", "\nWay back: ", "```"] {
            assert!(text.contains(part), "{name}: {part:?}");
        }
    }
}
