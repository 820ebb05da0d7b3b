//! The schema tree: its files, in an order in which they apply.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// When a file is applied, told by its name. Files of one phase follow each other by what they mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `schemas`: schemas and roles.
    Schemas,
    /// `limits.generated`, `columns`, `text`, `text.generated`: what tables' checks, defaults and columns call.
    Limits,
    /// `tables`, and `*_tables` for those of a later release: tables, their indexes and types.
    Tables,
    /// An operation: functions.
    Operations,
    /// `triggers`.
    Triggers,
    /// `views`.
    Views,
    /// `defaults`: rows that the first installation makes and that the operator changes.
    Defaults,
    /// `rules.generated`: rows that belong to the product.
    Rules,
    /// `policies`: row-level security.
    Policies,
    /// `access`: grants. They are given anew by every migration, after everything of ours was closed.
    Access,
    /// `operator`: what depends on the grants, by every migration.
    Operator,
}

impl Phase {
    pub(crate) fn of(stem: &str) -> Phase {
        match stem {
            "schemas" => Phase::Schemas,
            "limits.generated" | "columns" | "text" | "text.generated" => Phase::Limits,
            stem if stem == "tables" || stem.ends_with("_tables") => Phase::Tables,
            "triggers" => Phase::Triggers,
            "views" => Phase::Views,
            "defaults" => Phase::Defaults,
            "rules.generated" => Phase::Rules,
            "policies" => Phase::Policies,
            "access" => Phase::Access,
            "operator" => Phase::Operator,
            _ => Phase::Operations,
        }
    }

    /// Whether a changed file is applied again as it is. Tables and rows of the operator's are changed by hand, in
    /// `next.sql`.
    pub fn is_replaceable(self) -> bool {
        !matches!(self, Phase::Schemas | Phase::Tables | Phase::Defaults)
    }

    /// Whether every migration applies it.
    pub fn is_repeated(self) -> bool {
        matches!(self, Phase::Access | Phase::Operator)
    }
}

/// A file of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaFile {
    /// Below `schema/`: `messages/send_dm.sql`.
    pub path: String,
    /// When it is applied.
    pub phase: Phase,
    /// What it says.
    pub text: String,
}

/// All files, in the order in which they apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The files.
    pub files: Vec<SchemaFile>,
}

impl Tree {
    /// Reads every `.sql` file of `folder` and the folders in it.
    ///
    /// # Errors
    /// A file that cannot be read, or that lies elsewhere than in a folder of its domain.
    pub fn read(folder: &Path) -> Result<Tree> {
        let mut files = Vec::new();
        for domain in sorted(folder)? {
            ensure!(domain.is_dir(), "{} lies in no domain's folder", domain.display());
            for file in sorted(&domain)? {
                let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                let stem = name.strip_suffix(".sql").with_context(|| format!("{} is no SQL", file.display()))?;
                let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
                let domain = domain.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let text = format!("{}\n", text.trim_end());
                files.push(SchemaFile { path: format!("{domain}/{name}"), phase: Phase::of(stem), text });
            }
        }
        Ok(Tree::of(files))
    }

    /// Puts files into the order in which they apply: by phase, then after the files that make what they mention, then
    /// by path. Files that mention each other stand by path.
    pub fn of(mut files: Vec<SchemaFile>) -> Tree {
        files.sort_by(|a, b| (a.phase, &a.path).cmp(&(b.phase, &b.path)));
        let makers: BTreeMap<String, usize> = files
            .iter()
            .enumerate()
            .flat_map(|(number, file)| made_by(&file.text).into_iter().map(move |name| (name, number)))
            .collect();
        let needed: Vec<Vec<usize>> = files
            .iter()
            .enumerate()
            .map(|(number, file)| {
                let mentioned = names_in(&file.text).filter_map(|name| makers.get(name).copied());
                let mut before: Vec<usize> =
                    mentioned.filter(|&other| other != number && files[other].phase == file.phase).collect();
                before.sort_unstable();
                before.dedup();
                before
            })
            .collect();
        let mut order = Vec::with_capacity(files.len());
        let mut seen = vec![false; files.len()];
        for number in 0..files.len() {
            place(number, &needed, &mut seen, &mut order);
        }
        Tree { files: order.into_iter().map(|number| files[number].clone()).collect() }
    }

    /// The file at a path.
    pub fn get(&self, path: &str) -> Option<&SchemaFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn place(number: usize, needed: &[Vec<usize>], seen: &mut [bool], order: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[number], true) {
        return;
    }
    for &other in &needed[number] {
        place(other, needed, seen, order);
    }
    order.push(number);
}

fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// The qualified names in a text, also those in its comments: a file that only speaks of another may well follow it.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|each: char| !(each.is_ascii_alphanumeric() || each == '_' || each == '.'))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.contains('.'))
}

/// The qualified names of the tables, views, types and functions that a text makes.
fn made_by(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("create ") else { continue };
        let rest = rest.strip_prefix("or replace ").unwrap_or(rest);
        let kinds = ["table ", "unlogged table ", "view ", "type ", "function "];
        if let Some(named) = kinds.iter().find_map(|kind| rest.strip_prefix(kind)) {
            names.extend(names_in(named).next().map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SchemaFile {
        let stem = path.rsplit('/').next().unwrap().strip_suffix(".sql").unwrap();
        SchemaFile { path: path.to_owned(), phase: Phase::of(stem), text: text.to_owned() }
    }

    fn order(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files.iter().map(|(path, text)| file(path, text)).collect());
        tree.files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn phases_follow_from_names() {
        assert_eq!(
            order(&[
                ("a/access.sql", ""),
                ("a/act.sql", ""),
                ("a/policies.sql", ""),
                ("a/tables.sql", ""),
                ("base/operator.sql", ""),
                ("base/schemas.sql", ""),
            ]),
            ["base/schemas.sql", "a/tables.sql", "a/act.sql", "a/policies.sql", "a/access.sql", "base/operator.sql"]
        );
    }

    #[test]
    fn a_file_follows_the_files_that_make_what_it_mentions() {
        assert_eq!(
            order(&[
                ("a/tables.sql", "create table x.a (\n  b uuid references x.b (id)\n);"),
                ("b/tables.sql", "create table x.b (\n  c x.c\n);"),
                ("c/tables.sql", "create type x.c as enum ('one');"),
            ]),
            ["c/tables.sql", "b/tables.sql", "a/tables.sql"]
        );
    }

    #[test]
    fn files_that_mention_each_other_are_all_there() {
        let one = "create or replace function x.one() returns int as $$ select x.two() $$;";
        let two = "create or replace function x.two() returns int as $$ select x.one() $$;";
        assert_eq!(order(&[("a/one.sql", one), ("a/two.sql", two)]), ["a/two.sql", "a/one.sql"]);
    }
}
