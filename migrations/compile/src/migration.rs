//! Writes a migration and its rollback.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::inventory::{Inventory, QUERY};
use crate::release::{GONE, Released, hex};
use crate::tree::{Phase, SchemaFile, Tree};

/// What a compilation needs to know beside the tree.
#[derive(Clone, Debug)]
pub struct NextRelease<'a> {
    /// The migration's number.
    pub version: i32,
    /// Its name, `help_conversations` for example.
    pub name: &'a str,
    /// What changes tables and rows, by hand (`next.sql`); empty where nothing does.
    pub by_hand: &'a str,
    /// What takes that back (`next_rollback.sql`).
    pub back_by_hand: &'a str,
    /// What the release before this one leaves in a database; empty for the first.
    pub before: &'a Inventory,
    /// What this release leaves.
    pub after: &'a Inventory,
}

/// A migration and its rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// What applies it: one statement.
    pub up: String,
    /// What takes it back: one statement.
    pub down: String,
}

/// Compiles the step from the last release to the tree.
///
/// # Errors
/// A table that is gone or changed without a word in `next.sql`, or a file that holds the quotes of a section.
pub fn compile(tree: &Tree, released: &Released, next: &NextRelease<'_>) -> Result<Compiled> {
    let is_first = released.is_empty();
    let mut up = Vec::new();
    let mut down = Vec::new();
    for file in &tree.files {
        let previous = released.text_of(&file.path);
        if is_first || previous.is_none() || file.phase.is_repeated() {
            up.push(file.clone());
        } else if previous != Some(file.text.as_str()) {
            if file.phase.is_replaceable() {
                up.push(file.clone());
            } else {
                ensure!(!next.by_hand.trim().is_empty(), "{} has changed, and next.sql says nothing", file.path);
            }
        }
    }
    for path in released.paths() {
        let previous = released.text_of(path).unwrap_or_default();
        let file = SchemaFile { path: path.to_owned(), phase: Phase::of_path(path), text: previous.to_owned() };
        let is_changed = tree.get(path).is_none_or(|now| now.text != previous);
        if !is_first && file.phase.is_replaceable() && (is_changed || file.phase.is_repeated()) {
            down.push(file);
        }
    }
    let down = Tree::of(down).files;
    let made = next.after.without(next.before);
    let gone = next.before.without(next.after);
    for table in gone.0.iter().filter(|object| object.starts_with("table ")) {
        let name = table.trim_start_matches("table ");
        ensure!(next.by_hand.contains(name), "{name} is gone, and next.sql does not drop it");
    }
    let gone_files: Vec<&str> = released.paths().filter(|path| tree.get(path).is_none()).collect();
    Ok(Compiled { up: up_text(next, &made, &gone, &up, &gone_files)?, down: down_text(next, is_first, &made, &down)? })
}

/// The whole tree as one installation, to be compared with what the migrations make.
///
/// # Errors
/// As [`compile`].
pub fn whole_tree(tree: &Tree, after: &Inventory) -> Result<String> {
    let before = Inventory::default();
    let next = NextRelease { version: 1, name: "tree", by_hand: "", back_by_hand: "", before: &before, after };
    Ok(compile(tree, &Released::default(), &next)?.up)
}

impl Phase {
    fn of_path(path: &str) -> Phase {
        Phase::of(path.rsplit('/').next().unwrap_or(path).trim_end_matches(".sql"))
    }
}

fn up_text(
    next: &NextRelease<'_>,
    made: &Inventory,
    gone: &Inventory,
    files: &[SchemaFile],
    gone_files: &[&str],
) -> Result<String> {
    let (version, name) = (next.version, next.name);
    let mut text = format!(
        "-- {version:04} {name}. Compiled from migrations/schema by `make migration`; what to change is there.\n\
         --\n\
         -- One statement, so that it applies whole or not at all, whoever runs it. It does nothing where it was applied, and\n\
         -- raises before its first change where a name is taken by something that is not Rolecall's.\n\
         do $migration$\n\
         declare\n{}{}{}{PREAMBLE_UP}",
        list("v_made", "The objects that it makes", made),
        if made == next.after {
            "  -- All objects of Rolecall behind it.\n  v_ours constant text[] := v_made;\n".to_owned()
        } else {
            list("v_ours", "All objects of Rolecall behind it", next.after)
        },
        list("v_gone", "The objects that are no more", gone),
    )
    .replace("{version}", &version.to_string())
    .replace("{name}", name)
    .replace("{previous}", &(version - 1).to_string())
    .replace("{inventory}", QUERY.trim_end());
    let mut is_closed = false;
    let mut sections = String::new();
    section(&mut sections, "next.sql", next.by_hand)?;
    for file in files {
        if file.phase.is_repeated() && !std::mem::replace(&mut is_closed, true) {
            sections.push_str(CLOSE);
        }
        section(&mut sections, &format!("schema/{}", file.path), &file.text)?;
    }
    if !is_closed {
        sections.push_str(CLOSE);
    }
    for path in gone_files {
        write!(sections, "\n  -- schema/{path}{GONE}\n")?;
    }
    let digest = hex(sections.as_bytes());
    text = text.replace("{digest}", &digest) + &sections;
    write!(
        text,
        "\n  insert into rolecall.schema_migrations (version, name, digest)\n  values ({version}, '{name}', '{digest}');\n\
         \x20 perform set_config('client_min_messages', v_messages, true);\n\
         \x20 perform set_config('search_path', v_search_path, true);\nend\n$migration$;\n"
    )?;
    Ok(text)
}

fn down_text(next: &NextRelease<'_>, is_first: bool, made: &Inventory, files: &[SchemaFile]) -> Result<String> {
    let (version, name) = (next.version, next.name);
    let mut text = format!(
        "-- Takes back {version:04} {name}, and the data of what it made. Compiled by `make migration`.\n\
         --\n\
         -- One statement: whole or not at all. It drops what Rolecall made and marked, and nothing else; where something of\n\
         -- somebody else's depends on it, it raises.\n\
         do $migration$\n\
         declare\n{}{}{}{PREAMBLE_DOWN}",
        list("v_made", "The objects that it made", made),
        list("v_ours", "All objects of Rolecall before it", next.before),
        list("v_gone", "The objects that are no more without it", &Inventory::default()),
    )
    .replace("{version}", &version.to_string())
    .replace("{inventory}", QUERY.trim_end());
    if is_first {
        text.push_str(DROP);
        text.push_str(DROP_SCHEMAS);
    } else {
        // What was replaced comes back first: nothing of it may hold on to what is dropped behind it.
        let (repeated, replaced): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.phase.is_repeated());
        for file in replaced {
            section(&mut text, &format!("schema/{}", file.path), &file.text)?;
        }
        text.push_str(DROP);
        section(&mut text, "next_rollback.sql", next.back_by_hand)?;
        text.push_str(CLOSE);
        for file in repeated {
            section(&mut text, &format!("schema/{}", file.path), &file.text)?;
        }
        write!(text, "\n  delete from rolecall.schema_migrations\n  where version = {version};\n")?;
    }
    text.push_str("  perform set_config('search_path', v_search_path, true);\nend\n$migration$;\n");
    Ok(text)
}

/// A section that [`Released`] finds again.
fn section(text: &mut String, path: &str, sql: &str) -> Result<()> {
    if sql.trim().is_empty() {
        return Ok(());
    }
    ensure!(!sql.contains("$sql$") && !sql.contains("$migration$"), "{path} holds the quotes of a section");
    write!(text, "\n  -- {path}\n  execute $sql$\n{}\n$sql$;\n", sql.trim_end())?;
    Ok(())
}

fn list(variable: &str, about: &str, inventory: &Inventory) -> String {
    if inventory.0.is_empty() {
        return format!("  -- {about}: none.\n  {variable} constant text[] := '{{}}';\n");
    }
    let objects: Vec<String> = inventory.0.iter().map(|object| format!("    '{object}'")).collect();
    format!("  -- {about}.\n  {variable} constant text[] := array[\n{}\n  ];\n", objects.join(",\n"))
}

const PREAMBLE_UP: &str = include_str!("preamble_up.sql");
const PREAMBLE_DOWN: &str = include_str!("preamble_down.sql");
const CLOSE: &str = include_str!("close.sql");
const DROP: &str = include_str!("drop.sql");
const DROP_SCHEMAS: &str = include_str!("drop_schemas.sql");
