//! `rolecall-compile`: the schema tree into migrations.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use rolecall_compile::{Inventory, NextRelease, Released, Tree, checksums_hold, compile, inventory_of, prove, seal};
use rolecall_database::MIGRATIONS;
use rolecall_postgres::{Cluster, Options};

const USAGE: &str = "\
rolecall-compile: the schema tree (migrations/schema) into migrations

usage: rolecall-compile <command>

commands
  migration NAME   compile the tree and migrations/next.sql into the newest migration that is not released yet; NAME is
                   that of a new one
  check            prove on a PostgreSQL server of its own that the migrations make what the tree says, that they can be
                   taken back, and that no released file has changed
  seal             release every migration: from then on none of them may change, and next.sql begins anew";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rolecall-compile: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["migration", name] => migration(&folder, name).await,
        ["check"] => {
            checksums_hold(&folder)?;
            let cluster = Cluster::start(Options::for_tests())?;
            prove(&cluster, &Tree::read(&folder.join("schema"))?).await?;
            println!("migrations: equal to the schema tree, taken back and applied again");
            Ok(())
        }
        ["seal"] => {
            let released = MIGRATIONS.iter().flat_map(|each| [each.file.to_owned(), format!("rollback/{}", each.file)]);
            seal(&folder, &released.collect::<Vec<_>>())?;
            // They are part of what is released; the next migration begins without.
            for file in ["next.sql", "next_rollback.sql"] {
                match std::fs::remove_file(folder.join(file)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
            }
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

async fn migration(folder: &Path, name: &str) -> Result<()> {
    ensure!(
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
        "the name of a migration has lower-case letters, digits and underscores"
    );
    let files = sql_files(folder)?;
    let sealed = std::fs::read_to_string(folder.join("checksums")).unwrap_or_default();
    let mut released: Vec<String> = files.clone();
    // A migration that is not released is compiled anew, under its name.
    let current = match released.last() {
        Some(last) if !sealed.contains(last.as_str()) => released.pop(),
        _ => None,
    };
    let texts = released
        .iter()
        .map(|file| std::fs::read_to_string(folder.join(file)).with_context(|| format!("reading {file}")))
        .collect::<Result<Vec<_>>>()?;
    let version = i32::try_from(released.len() + 1)?;
    let file = match current {
        Some(file) if file.ends_with(&format!("_rolecall_{version:04}_{name}.sql")) => file,
        Some(file) => bail!("{file} is not released yet: compile it under its own name, or release it"),
        None => format!("{}_rolecall_{version:04}_{name}.sql", now()?),
    };
    let by_hand = std::fs::read_to_string(folder.join("next.sql")).unwrap_or_default();
    let back_by_hand = std::fs::read_to_string(folder.join("next_rollback.sql")).unwrap_or_default();

    let cluster = Cluster::start(Options::for_tests())?;
    let tree = Tree::read(&folder.join("schema"))?;
    let after = inventory_of(&cluster, &tree, "after").await?;
    cluster.create_database("before", None).await?;
    let url = cluster.admin_url("before");
    let empty = Inventory::of(&rolecall_database::connect(&url).await?, &Inventory::default()).await?;
    for text in &texts {
        rolecall_compile::apply_sql(&url, text).await?;
    }
    let before = Inventory::of(&rolecall_database::connect(&url).await?, &empty).await?;

    let next =
        NextRelease { version, name, by_hand: &by_hand, back_by_hand: &back_by_hand, before: &before, after: &after };
    let compiled = compile(&tree, &Released::read(texts.iter().map(String::as_str)), &next)?;
    std::fs::create_dir_all(folder.join("rollback"))?;
    std::fs::write(folder.join(&file), compiled.up)?;
    std::fs::write(folder.join("rollback").join(&file), compiled.down)?;
    println!("migrations/{file}");
    Ok(())
}

/// The migrations, oldest first.
fn sql_files(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().into_string().unwrap_or_default();
        if name.contains("_rolecall_") && name.ends_with(".sql") {
            files.push(name);
        }
    }
    files.sort();
    Ok(files)
}

/// The moment as Supabase's file names write it: `20261125120000`.
fn now() -> Result<String> {
    let output = std::process::Command::new("date").args(["-u", "+%Y%m%d%H%M%S"]).output().context("running date")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
