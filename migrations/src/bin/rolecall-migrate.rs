//! `rolecall-migrate`: applies Rolecall's migrations to a database, takes them back, and loads the demo data.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
rolecall-migrate: Rolecall's migrations

usage: rolecall-migrate <command> [--database-url URL]

commands
  up             apply every migration the database does not have
  down           take back the newest migration, and its data with it
  down --to N    take back every migration newer than N; 0 takes back all
  status         list the migrations and when each was applied
  demo           load the demo users, shows and help requests

The database is an administrator's URL, postgres://user:password@host:port/database?sslmode=..., given with
--database-url or in DATABASE_URL. sslmode is disable, prefer, require or verify-full (then also sslrootcert).";

#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Up,
    Down { to: Option<i32> },
    Status,
    Demo,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rolecall-migrate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let (command, url) = parse(std::env::args().skip(1))?;
    if command == Command::Help {
        println!("{USAGE}");
        return Ok(());
    }
    let url = url
        .or_else(|| std::env::var("DATABASE_URL").ok())
        .context("no database: give --database-url or set DATABASE_URL")?;
    match command {
        Command::Help => {}
        Command::Up => report("applied", &rolecall_database::apply(&url).await?),
        Command::Down { to: Some(to) } => {
            report("taken back", &rolecall_database::rollback(&url, to).await?);
        }
        Command::Down { to: None } => {
            let last = rolecall_database::rollback_last(&url).await?;
            report("taken back", &last.into_iter().collect::<Vec<_>>());
        }
        Command::Status => {
            for step in rolecall_database::status(&url).await? {
                let at = step.applied_at.as_deref().unwrap_or("not applied");
                println!("{:04}_{:<24} {at}", step.version, step.name);
            }
        }
        Command::Demo => {
            rolecall_database::load_demo(&url).await?;
            rolecall_database::load_demo_conversation(&url).await?;
            println!("demo data loaded");
        }
    }
    Ok(())
}

fn report(done: &str, versions: &[i32]) {
    if versions.is_empty() {
        println!("nothing to do");
    }
    for version in versions {
        let name = rolecall_database::MIGRATIONS
            .iter()
            .find(|migration| migration.version == *version)
            .map_or("", |migration| migration.name);
        println!("{done}: {version:04}_{name}");
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<(Command, Option<String>)> {
    let mut command = None;
    let mut to = None;
    let mut url = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "help" | "-h" | "--help" => return Ok((Command::Help, None)),
            "up" | "down" | "status" | "demo" if command.is_none() => command = Some(argument),
            "--to" => {
                let value = arguments.next().context("--to needs a version")?;
                let version: i32 = value.parse().with_context(|| format!("--to needs a version, not {value:?}"))?;
                anyhow::ensure!(version >= 0, "--to needs a version of 0 or more");
                to = Some(version);
            }
            "--database-url" => {
                url = Some(arguments.next().context("--database-url needs a value")?);
            }
            other => bail!("unknown argument {other:?}\n\n{USAGE}"),
        }
    }
    let command = match command.as_deref() {
        Some("up") => Command::Up,
        Some("down") => Command::Down { to: to.take() },
        Some("status") => Command::Status,
        Some("demo") => Command::Demo,
        _ => bail!("no command\n\n{USAGE}"),
    };
    anyhow::ensure!(to.is_none(), "--to belongs to down");
    Ok((command, url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<(Command, Option<String>)> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_are_read() {
        let url = Some("postgres://x".to_owned());
        assert_eq!(parsed("up --database-url postgres://x").expect("valid"), (Command::Up, url));
        assert_eq!(parsed("down --to 3").expect("valid"), (Command::Down { to: Some(3) }, None));
        assert_eq!(parsed("down").expect("valid"), (Command::Down { to: None }, None));
    }

    #[test]
    fn mistakes_are_named() {
        for (line, part) in [
            ("", "no command"),
            ("sideways", "sideways"),
            ("up --to 3", "--to belongs to down"),
            ("down --to", "--to needs"),
            ("down --to x", "not \"x\""),
            ("down --to -1", "0 or more"),
            ("up --database-url", "needs a value"),
            ("up down", "down"),
        ] {
            let error = parsed(line).expect_err(line).to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
