//! The command line of rollouts: `rolecall rollout` of the runner, and `rolecall-migrate rollout`.
//!
//! It asks the database itself, so that the way back does not depend on the functions that are to be taken back.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Map, Value, json};

use crate::{command, connect};

const USAGE: &str = "\
Rolecall's rollouts

usage: rolecall rollout [<command>] [FLAG] [--reason TEXT] [--database-url URL] [--env-file FILE] [--json]

commands
  status [FLAG]            how it stands: stage, figures beside the criteria, last decisions (without a command, too)
  rollback [FLAG]          the way back: off for everybody, at once
  advance [FLAG]           begin the next stage, if this one has shown what it has to
  advance [FLAG] --force   the same, whatever it has shown
  set [FLAG] ROLLOUT       disabled, internal, percentage:0 to percentage:100, or enabled
  guard                    what the schedule does every 15 seconds

FLAG is start-conversation unless another one is named. What changes a rollout wants --reason, and is recorded with it and
with the name in USER. The database is that of an administrator: --database-url, DATABASE_URL, or the embedded one of a
running `make run` in this folder.";

#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Status,
    Rollback,
    Advance { force: bool },
    Set { rollout: String },
    Guard,
}

#[derive(Debug, PartialEq)]
struct Line {
    command: Command,
    flag: Option<String>,
    reason: Option<String>,
    url: Option<String>,
    env_file: Option<PathBuf>,
    json: bool,
}

/// Does what the arguments say, and prints how it went.
///
/// # Errors
/// When the arguments are wrong, the database cannot be reached, or it refuses what is asked; the message then has every
/// reason.
pub async fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let line = parse(arguments)?;
    if line.command == Command::Help {
        println!("{USAGE}");
        return Ok(());
    }
    let url = match line.url.clone() {
        None if !command::names_a_database(line.env_file.as_deref())? => embedded(Path::new(".rolecall/run.json")),
        given => given,
    };
    let address = command::address(url, line.env_file.as_deref())?;
    eprintln!("database: {address}");
    let client = connect(&address.to_url()).await?;
    let (entry, input) = line.call();
    let request = json!({
        "claims": {"role": "service_role"},
        "actor": std::env::var("USER").ok().filter(|name| !name.is_empty()),
        "request_id": "rolecall-rollout",
        "rollouts": {},
        "input": input,
    });
    let sql = format!("select rolecall_edge.{entry}($1::text::jsonb)::text");
    let row = client.query_one(&sql, &[&request.to_string()]).await;
    let text: String = row.map_err(|error| anyhow!(crate::failure(&error, &address)))?.get(0);
    let answer: Value = serde_json::from_str(&text).context("the database's answer does not parse")?;
    ensure!(answer["ok"] == true, "{}", refusal(&answer));
    let data = &answer["data"];
    if line.json {
        println!("{data:#}");
    } else {
        print!("{}", line.report(data));
    }
    Ok(())
}

/// The embedded database of the runner that says in this file that it runs.
fn embedded(file: &Path) -> Option<String> {
    let run: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
    run["admin_url"].as_str().map(str::to_owned)
}

impl Line {
    /// The entry point, and its input.
    fn call(&self) -> (&'static str, Map<String, Value>) {
        let mut input = Map::new();
        if let Some(flag) = &self.flag {
            input.insert("flag".to_owned(), json!(flag));
        }
        if let Some(reason) = &self.reason {
            input.insert("reason".to_owned(), json!(reason));
        }
        let entry = match &self.command {
            Command::Help | Command::Status => "rollout_status",
            Command::Rollback => "rollback_rollout",
            Command::Advance { force } => {
                input.insert("force".to_owned(), json!(force));
                "advance_rollout"
            }
            Command::Set { rollout } => {
                input.insert("rollout".to_owned(), json!(rollout));
                "set_rollout"
            }
            Command::Guard => "guard_rollouts",
        };
        (entry, input)
    }

    /// What came of it, for people.
    fn report(&self, data: &Value) -> String {
        match self.command {
            Command::Help | Command::Status => state(data),
            Command::Guard => {
                let decisions = entries(&data["decisions"]);
                if decisions.is_empty() { "nothing to decide\n".to_owned() } else { history(decisions) }
            }
            _ if data["changed"] == false => {
                format!("{} is {} already\n", word(&data["flag"]), word(&data["rollout"]))
            }
            _ => {
                let (flag, from, to) = (word(&data["flag"]), word(&data["from_rollout"]), word(&data["rollout"]));
                format!("{flag}: {from} -> {to} ({})\n", word(&data["action"]))
            }
        }
    }
}

fn state(data: &Value) -> String {
    let mut text = format!("{}: {} since {}\n", word(&data["flag"]), word(&data["rollout"]), word(&data["since"]));
    if let Some(required) = data["requires"].as_str() {
        let _ = writeln!(text, "requires      {required}");
    }
    let users = &data["users"];
    let _ = writeln!(text, "users in      {} of {} examined", users["in"], users["examined"]);
    for criterion in entries(&data["criteria"]) {
        let figure = if criterion["figure"].is_null() { "none".to_owned() } else { criterion["figure"].to_string() };
        let relation = if matches!(word(&criterion["code"]), "p95_ms" | "errors") { "below" } else { "at least" };
        let verdict = if criterion["met"] == true { "met" } else { "NOT MET" };
        let (code, bound) = (word(&criterion["code"]), &criterion["bound"]);
        let _ = writeln!(text, "{code:<13} {figure:>10}   {relation} {bound}: {verdict}");
    }
    let next = data["next_rollout"].as_str().unwrap_or("none");
    let ready = if data["met"] == true { "all criteria are met" } else { "criteria are not met" };
    let _ = writeln!(text, "next stage    {next}; {ready}");
    if data["watched"] == true {
        let seen = data["guard_seen_at"].as_str();
        let _ = match seen {
            Some(at) => writeln!(text, "guard         last called in the minute {at}"),
            None => writeln!(text, "guard         NOT CALLED in the last two hours"),
        };
    }
    text + &history(entries(&data["decisions"]))
}

fn history(decisions: &[Value]) -> String {
    let mut text = String::new();
    for decision in decisions {
        let _ = writeln!(
            text,
            "{}  {} {}: {} -> {}  {}",
            word(&decision["at"]),
            word(&decision["actor"]),
            word(&decision["action"]),
            word(&decision["from_rollout"]),
            word(&decision["to_rollout"]),
            word(&decision["reason"]),
        );
    }
    text
}

fn refusal(answer: &Value) -> String {
    let mut text = format!("{} ({})", word(&answer["detail"]), word(&answer["code"]));
    for reason in entries(&answer["reasons"]) {
        let _ = write!(text, "\n  {}", word(&reason["message"]));
    }
    text
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn entries(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Line> {
    let mut words = Vec::new();
    let mut force = false;
    let mut line = Line { command: Command::Help, flag: None, reason: None, url: None, env_file: None, json: false };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "help" | "-h" | "--help" => return Ok(line),
            "--reason" => line.reason = Some(arguments.next().context("--reason needs a text")?),
            "--database-url" => line.url = Some(arguments.next().context("--database-url needs a value")?),
            "--env-file" => line.env_file = Some(arguments.next().context("--env-file needs a file")?.into()),
            "--force" => force = true,
            "--json" => line.json = true,
            option if option.starts_with('-') => bail!("unknown argument {option:?}\n\n{USAGE}"),
            _ => words.push(argument),
        }
    }
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_else(|| "status".to_owned());
    let mut rest: Vec<String> = words.collect();
    line.command = match command.as_str() {
        "status" => Command::Status,
        "rollback" => Command::Rollback,
        "advance" => Command::Advance { force: std::mem::take(&mut force) },
        "set" => Command::Set { rollout: rest.pop().context("set needs a rollout")? },
        "guard" => Command::Guard,
        other => bail!("unknown command {other:?}\n\n{USAGE}"),
    };
    ensure!(!force, "--force belongs to advance");
    line.flag = rest.pop().filter(|_| line.command != Command::Guard);
    ensure!(rest.is_empty(), "{command} takes one flag, not {}", rest.len() + 1);
    let changes = matches!(line.command, Command::Rollback | Command::Advance { .. } | Command::Set { .. });
    ensure!(
        !changes || line.reason.is_some(),
        "{command} needs --reason TEXT (make rollout ... REASON=...): why, for who reads it later"
    );
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Line> {
        parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn commands_are_read() {
        let line = |command| Line { command, flag: None, reason: None, url: None, env_file: None, json: false };
        let flag = || Some("send-dm".to_owned());
        let reason = || Some("Offers are lost.".to_owned());
        assert_eq!(parsed(&[]).unwrap(), line(Command::Status));
        assert_eq!(
            parsed(&["status", "send-dm", "--json"]).unwrap(),
            Line { flag: flag(), json: true, ..line(Command::Status) }
        );
        assert_eq!(
            parsed(&["rollback", "send-dm", "--reason", "Offers are lost."]).unwrap(),
            Line { flag: flag(), reason: reason(), ..line(Command::Rollback) }
        );
        assert_eq!(
            parsed(&["set", "internal", "--reason", "Offers are lost."]).unwrap(),
            Line { reason: reason(), ..line(Command::Set { rollout: "internal".to_owned() }) }
        );
        assert_eq!(
            parsed(&["advance", "--force", "--reason", "Offers are lost."]).unwrap(),
            Line { reason: reason(), ..line(Command::Advance { force: true }) }
        );
        assert_eq!(parsed(&["guard"]).unwrap(), line(Command::Guard));
        assert_eq!(parsed(&["rollback", "--help"]).unwrap(), line(Command::Help));
    }

    #[test]
    fn mistakes_are_named() {
        for (words, part) in [
            (vec!["back"], "unknown command \"back\""),
            (vec!["rollback"], "needs --reason"),
            (vec!["advance", "send-dm"], "needs --reason"),
            (vec!["set", "--reason", "x"], "set needs a rollout"),
            (vec!["status", "--force"], "--force belongs to advance"),
            (vec!["status", "send-dm", "blocks"], "one flag, not 2"),
            (vec!["status", "--reason"], "--reason needs a text"),
            (vec!["status", "--loud"], "unknown argument"),
        ] {
            let error = parsed(&words).expect_err(&format!("{words:?}")).to_string();
            assert!(error.contains(part), "{words:?}: {error}");
        }
    }

    #[test]
    fn a_state_is_told_line_by_line() {
        let data = json!({
            "flag": "start-conversation", "rollout": "internal", "since": "2026-11-25T00:00:00.000000Z",
            "requires": "messaging_v2_enabled", "users": {"in": 3, "examined": 1000}, "next_rollout": "percentage:10",
            "met": false, "watched": true,
            "criteria": [
                {"code": "attempts", "figure": 7, "bound": 20, "met": false},
                {"code": "p95_ms", "figure": null, "bound": 500, "met": false},
            ],
            "decisions": [{
                "at": "2026-11-25T00:00:00.000000Z", "actor": "operator ada", "action": "set", "from_rollout": "disabled",
                "to_rollout": "internal", "reason": "Begin.",
            }],
        });
        assert_eq!(
            state(&data),
            "start-conversation: internal since 2026-11-25T00:00:00.000000Z\n\
             requires      messaging_v2_enabled\n\
             users in      3 of 1000 examined\n\
             attempts               7   at least 20: NOT MET\n\
             p95_ms              none   below 500: NOT MET\n\
             next stage    percentage:10; criteria are not met\n\
             guard         NOT CALLED in the last two hours\n\
             2026-11-25T00:00:00.000000Z  operator ada set: disabled -> internal  Begin.\n"
        );
    }
}
