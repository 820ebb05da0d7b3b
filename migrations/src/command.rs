//! The command line of the migrations: `rolecall-migrate`, and `rolecall migrate` of the runner.

use std::collections::HashMap;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rolecall_shared::postgres::Address;

use crate::rollback::{Loss, rollback_loss};
use crate::{
    Adoption, MIGRATIONS, adopt, apply, connect, env_file, is_adopted, load_demo, load_demo_conversation, rollback,
    rollback_last, serves_users, status, unadopt,
};

const USAGE: &str = "\
Rolecall's migrations

usage: rolecall-migrate <command> [--database-url URL] [--env-file FILE]

commands
  up             apply every migration the database does not have
  down           take back the newest migration, and its data with it
  down --to N    take back every migration newer than N; 0 takes back all
  down --yes     do not ask first
  status         list the migrations and when each was applied
  demo           load the demo users, shows and help requests
  adopt          keep Rolecall in step with your app's own tables, as the file adopt.toml says (docs/install.md)
  adopt --mapping FILE
                 the same, as another file says
  unadopt        take that back; all rows stay

The database is an administrator's URL, postgres://user:password@host:port/database?sslmode=..., given with
--database-url, in DATABASE_URL, or as DATABASE_URL in the file .env of this folder; the first of them counts. sslmode is
disable, prefer, require, verify-ca or verify-full, each as psql has it. The CA is given with sslrootcert or in
SPIN_VARIABLE_DATABASE_CA, as PEM text or as a file's name.";

#[derive(Debug, PartialEq)]
enum Command {
    Help,
    Up,
    Down { to: Option<i32>, yes: bool },
    Status,
    Demo,
    Adopt { mapping: PathBuf },
    Unadopt,
}

/// What a new database still needs.
const SWITCHED_OFF: &str = "\
Rolecall serves no user yet. To switch it on for everybody (docs/install.md, \"Switching it on\"):
  update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled';";

#[derive(Debug, PartialEq)]
struct Line {
    command: Command,
    url: Option<String>,
    env_file: Option<PathBuf>,
}

/// Does what the arguments say, and prints what was done.
///
/// # Errors
/// When the arguments are wrong, the database cannot be reached, or it refuses what is asked.
pub async fn run(arguments: impl Iterator<Item = String>) -> Result<()> {
    let Line { command, url, env_file } = parse(arguments)?;
    if command == Command::Help {
        println!("{USAGE}");
        return Ok(());
    }
    let address = address(url, env_file.as_deref())?;
    eprintln!("database: {address}");
    let url = address.to_url();
    match command {
        Command::Help => {}
        Command::Up => {
            report("applied", &apply(&url).await?);
            if !serves_users(&url).await? {
                eprintln!("{SWITCHED_OFF}");
            }
        }
        Command::Down { to, yes } => down(&url, to, yes).await?,
        Command::Status => {
            for step in status(&url).await? {
                let at = step.applied_at.as_deref().unwrap_or("not applied");
                println!("{:04}_{:<24} {at}", step.version, step.name);
            }
        }
        Command::Demo => {
            load_demo(&url).await?;
            load_demo_conversation(&url).await?;
            println!("demo data loaded");
        }
        Command::Adopt { mapping } => {
            let text = std::fs::read_to_string(&mapping)
                .with_context(|| format!("the mapping {} cannot be read", mapping.display()))?;
            let adopted = adopt(&url, &text).await.with_context(|| mapping.display().to_string())?;
            print!("{}", adoption_report(&adopted));
        }
        Command::Unadopt => {
            let done = unadopt(&url).await?;
            println!("{}", if done { "taken back; all rows stay" } else { "nothing to do" });
        }
    }
    Ok(())
}

/// The entries of the file that is named, or of `.env` where there is one.
fn settings_file(env_file: Option<&Path>) -> Result<HashMap<String, String>> {
    match env_file {
        Some(file) => env_file::read(file),
        None if Path::new(".env").is_file() => env_file::read(Path::new(".env")),
        None => Ok(HashMap::new()),
    }
}

/// Whether the environment or the file names a database.
pub(crate) fn names_a_database(env_file: Option<&Path>) -> Result<bool> {
    let file = settings_file(env_file)?;
    Ok(env_file::setting("DATABASE_URL", &file)?.is_some())
}

/// The database that is meant: that of the command line, or of the environment, or of the file.
pub(crate) fn address(url: Option<String>, env_file: Option<&Path>) -> Result<Address> {
    let file = settings_file(env_file)?;
    let url = match url {
        Some(url) => url,
        None => env_file::setting("DATABASE_URL", &file)?
            .context("no database: give --database-url, or set DATABASE_URL in the environment or in .env")?,
    };
    let ca = env_file::setting("SPIN_VARIABLE_DATABASE_CA", &file)?.unwrap_or_default();
    Address::parse(&url, &ca).map_err(|error| anyhow!("the database's address: {error}"))
}

/// Takes migrations back, once somebody has agreed to lose what they hold.
async fn down(url: &str, to: Option<i32>, yes: bool) -> Result<()> {
    let loss = rollback_loss(url, to).await?;
    if !loss.rows.is_empty() {
        eprint!("{}", announcement(&loss));
        if !yes {
            agree()?;
        }
    }
    match to {
        Some(to) => report("taken back", &rollback(url, to).await?),
        None => report("taken back", &rollback_last(url).await?.into_iter().collect::<Vec<_>>()),
    }
    if is_adopted(&connect(url).await?).await? {
        println!("the triggers on your app's tables stay and do nothing without Rolecall; `unadopt` removes them");
    }
    Ok(())
}

fn adoption_report(adopted: &Adoption) -> String {
    let mut text = String::new();
    for (name, rows) in [("profiles", adopted.profiles), ("help requests", adopted.help_requests)] {
        if let Some(rows) = rows {
            text.push_str(&format!("{name}: {rows} rows taken over; from now on your table is followed\n"));
        }
    }
    if let Some(conversations) = adopted.conversations {
        text.push_str(&format!("conversations (V1): {conversations} can be read where they are\n"));
    }
    if adopted.missed > 0 {
        text.push_str(&format!("missed: {} rows; see rolecall_adopted.missed\n", adopted.missed));
    }
    for hint in &adopted.hints {
        text.push_str(&format!("note: {hint}\n"));
    }
    text
}

fn announcement(loss: &Loss) -> String {
    let mut text = format!("Taking back {} deletes for good\n", loss.migrations.join(", "));
    let width = loss.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, count) in &loss.rows {
        let rows = if *count == 1 { "row" } else { "rows" };
        text.push_str(&format!("  {name:<width$}  {count:>9} {rows}\n"));
    }
    text
}

/// Asks at the terminal; only `yes` goes on.
fn agree() -> Result<()> {
    ensure!(
        std::io::stdin().is_terminal(),
        "nothing was taken back: there is no terminal to ask at. Make a backup (pg_dump), then say --yes (make rollback \
         YES=1)"
    );
    eprint!("Type yes to go on: ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    ensure!(answer.trim() == "yes", "nothing was taken back");
    Ok(())
}

fn report(done: &str, versions: &[i32]) {
    if versions.is_empty() {
        println!("nothing to do");
    }
    for version in versions {
        let name =
            MIGRATIONS.iter().find(|migration| migration.version == *version).map_or("", |migration| migration.name);
        println!("{done}: {version:04}_{name}");
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Line> {
    let mut command = None;
    let mut to = None;
    let mut yes = false;
    let mut url = None;
    let mut env_file = None;
    let mut mapping: Option<PathBuf> = None;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "help" | "-h" | "--help" => return Ok(Line { command: Command::Help, url: None, env_file: None }),
            "up" | "down" | "status" | "demo" | "adopt" | "unadopt" if command.is_none() => command = Some(argument),
            "--to" => {
                let value = arguments.next().context("--to needs a version")?;
                let version: i32 = value.parse().with_context(|| format!("--to needs a version, not {value:?}"))?;
                ensure!(version >= 0, "--to needs a version of 0 or more");
                to = Some(version);
            }
            "--yes" => yes = true,
            "--database-url" => {
                url = Some(arguments.next().context("--database-url needs a value")?);
            }
            "--mapping" => mapping = Some(arguments.next().context("--mapping needs a file")?.into()),
            "--env-file" => env_file = Some(arguments.next().context("--env-file needs a file")?.into()),
            other => bail!("unknown argument {other:?}\n\n{USAGE}"),
        }
    }
    let command = match command.as_deref() {
        Some("up") => Command::Up,
        Some("down") => Command::Down { to: to.take(), yes: std::mem::take(&mut yes) },
        Some("status") => Command::Status,
        Some("demo") => Command::Demo,
        Some("adopt") => Command::Adopt { mapping: mapping.take().unwrap_or_else(|| "adopt.toml".into()) },
        Some("unadopt") => Command::Unadopt,
        _ => bail!("no command\n\n{USAGE}"),
    };
    ensure!(to.is_none(), "--to belongs to down");
    ensure!(!yes, "--yes belongs to down");
    ensure!(mapping.is_none(), "--mapping belongs to adopt");
    Ok(Line { command, url, env_file })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Line> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_are_read() {
        let line = |command| Line { command, url: None, env_file: None };
        let url = Some("postgres://x".to_owned());
        assert_eq!(parsed("up --database-url postgres://x").expect("valid"), Line { url, ..line(Command::Up) });
        assert_eq!(parsed("down --to 3").expect("valid"), line(Command::Down { to: Some(3), yes: false }));
        assert_eq!(parsed("down --yes").expect("valid"), line(Command::Down { to: None, yes: true }));
        let env_file = Some("x/.env".into());
        let adopt = |mapping: &str| line(Command::Adopt { mapping: mapping.into() });
        assert_eq!(parsed("adopt").expect("valid"), adopt("adopt.toml"));
        assert_eq!(parsed("adopt --mapping a/b.toml").expect("valid"), adopt("a/b.toml"));
        assert_eq!(parsed("unadopt").expect("valid"), line(Command::Unadopt));
        assert_eq!(parsed("status --env-file x/.env").expect("valid"), Line { env_file, ..line(Command::Status) });
    }

    #[test]
    fn mistakes_are_named() {
        for (line, part) in [
            ("", "no command"),
            ("sideways", "sideways"),
            ("up --to 3", "--to belongs to down"),
            ("up --yes", "--yes belongs to down"),
            ("down --to", "--to needs"),
            ("down --to x", "not \"x\""),
            ("down --to -1", "0 or more"),
            ("up --database-url", "needs a value"),
            ("up --env-file", "needs a file"),
            ("adopt --mapping", "needs a file"),
            ("unadopt --mapping x", "--mapping belongs to adopt"),
            ("up down", "down"),
        ] {
            let error = parsed(line).expect_err(line).to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    #[test]
    fn what_is_lost_is_a_table() {
        let rows = vec![("rolecall.messages".to_owned(), 12), ("rolecall.blocks".to_owned(), 1)];
        let text = announcement(&Loss { migrations: vec!["0002_b".into(), "0001_a".into()], rows });
        assert_eq!(
            text,
            "Taking back 0002_b, 0001_a deletes for good\n  rolecall.messages         12 rows\n  rolecall.blocks            1 row\n"
        );
    }
}
