//! `make generate`: writes the files derived from the Rust sources into the tree.
//!
//! With `--check` it writes nothing and fails if one of them is not current.

mod digits;
mod docs;
mod matrix_sql;
mod openapi;
mod openapi_json;
#[cfg(test)]
mod pages;
mod roles_sql;
mod schemas;
mod score;
mod spin_toml;
mod sql;
mod text;
mod typescript;

use anyhow::{Context, bail};
use std::{fs, path::Path};

/// A derived file: its path from the root of the tree, and what it should say.
struct Generated {
    path: &'static str,
    text: String,
}

fn generated(root: &Path) -> anyhow::Result<Vec<Generated>> {
    let openapi = openapi::document(root)?;
    let types = schemas::types(&openapi).context("the types of docs/openapi.yaml")?;
    Ok(vec![
        Generated { path: "spin.toml", text: spin_toml::spin_toml(root)? },
        Generated { path: "migrations/schema/base/limits.generated.sql", text: sql::limits() },
        Generated { path: "migrations/schema/calls/failures.generated.sql", text: sql::failures() },
        Generated { path: "migrations/schema/base/text.generated.sql", text: text::sql()? },
        Generated { path: "migrations/schema/base/digits.generated.sql", text: digits::sql()? },
        Generated { path: "shared/src/rules/digits.generated.rs", text: digits::table()? },
        Generated { path: "shared/src/rules/blank.generated.rs", text: text::table()? },
        Generated { path: "shared/src/rules/poaching/letters.generated.rs", text: text::letters() },
        Generated { path: "shared/src/rules/poaching/score.generated.rs", text: score::table(root)? },
        Generated { path: "migrations/schema/permissions/rules.generated.sql", text: matrix_sql::rows() },
        Generated { path: "migrations/schema/permissions/roles.generated.sql", text: roles_sql::roles() },
        Generated { path: "clients/typescript/src/rules.generated.ts", text: typescript::rules() },
        Generated { path: "clients/typescript/src/types.generated.ts", text: types },
        Generated { path: "docs/permissions.md", text: docs::permissions() },
        Generated { path: "docs/errors.md", text: docs::errors() },
        Generated { path: "functions/home/assets/openapi.generated.json", text: openapi_json::json(&openapi)? },
        Generated { path: "docs/openapi.yaml", text: openapi },
    ])
}

fn main() -> anyhow::Result<()> {
    let check = std::env::args().any(|argument| argument == "--check");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut stale = Vec::new();
    for Generated { path, text } in generated(&root)? {
        let file = root.join(path);
        if fs::read_to_string(&file).is_ok_and(|current| current == text) {
            continue;
        }
        if check {
            stale.push(path);
        } else {
            fs::write(&file, text).with_context(|| format!("cannot write {path}"))?;
            println!("wrote {path}");
        }
    }
    if !stale.is_empty() {
        bail!("not current, run `make generate`: {}", stale.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generated_file_is_current() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for Generated { path, text } in generated(&root).unwrap() {
            let current = fs::read_to_string(root.join(path)).unwrap();
            assert!(current == text, "{path} is not current: run `make generate`");
        }
    }
}
