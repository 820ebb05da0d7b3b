//! Proves on a live server that the migrations make what the tree says, and that they can be taken back.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rolecall_database::{MIGRATIONS, connect};
use rolecall_postgres::Cluster;

use crate::inventory::Inventory;
use crate::migration::whole_tree;
use crate::tree::Tree;

/// Runs SQL text in a database.
///
/// # Errors
/// When it cannot be reached or refuses the text.
pub async fn apply_sql(url: &str, sql: &str) -> Result<()> {
    let client = connect(url).await?;
    client.batch_execute(sql).await.map_err(|error| {
        let said = error.as_db_error().map(|error| {
            format!(
                "{} ({}; {})",
                error.message(),
                error.detail().unwrap_or_default(),
                error.where_().unwrap_or_default()
            )
        });
        anyhow::anyhow!("{}", said.unwrap_or_else(|| error.to_string()))
    })
}

/// Lists the objects of a database where its server comes without `pg_dump`, as the packages of npm do.
const CATALOGUE: &str = include_str!("catalogue.sql");

/// The schema of a database with its privileges and comments, without what differs from run to run, and the rows that
/// belong to the product.
///
/// # Errors
/// When the database cannot be reached or `pg_dump` fails.
pub async fn dump(cluster: &Cluster, url: &str) -> Result<String> {
    let client = connect(url).await?;
    let pg_dump = cluster.program("pg_dump");
    let mut dump = if pg_dump.is_file() {
        dumped(&pg_dump, url)?
    } else {
        let lines = client.query(CATALOGUE, &[]).await.context("reading the catalogue")?;
        lines.iter().fold(String::new(), |text, line| text + line.get::<_, &str>(0) + "\n")
    };
    for table in ["matrix_actions", "matrix_guards", "matrix_rows"] {
        let exists: bool =
            client.query_one("select to_regclass($1::text) is not null", &[&format!("rolecall.{table}")]).await?.get(0);
        if exists {
            let query = format!("select to_jsonb(t)::text from rolecall.{table} as t order by 1");
            for row in client.query(&query, &[]).await? {
                dump.push_str(row.get::<_, &str>(0));
                dump.push('\n');
            }
        }
    }
    Ok(dump)
}

/// What `pg_dump` writes of a schema, without what differs from run to run.
fn dumped(pg_dump: &Path, url: &str) -> Result<String> {
    let output =
        Command::new(pg_dump).args(["--schema-only", "--no-owner", url]).output().context("running pg_dump")?;
    ensure!(output.status.success(), "pg_dump: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).context("pg_dump writes UTF-8")?;
    // Comments of pg_dump's own, settings, and the key against injected commands say nothing about the schema.
    let mut dump = String::new();
    let mut inside_function = false;
    for line in text.lines() {
        let is_noise = line.is_empty()
            || line.starts_with("--")
            || line.starts_with("SET ")
            || line.starts_with("SELECT pg_catalog.set_config")
            || line.starts_with('\\');
        if inside_function || !is_noise {
            dump.push_str(line);
            dump.push('\n');
        }
        if line.matches("$$").count() % 2 == 1 {
            inside_function = !inside_function;
        }
    }
    Ok(dump)
}

/// What the whole tree leaves in a database of `cluster`, found by applying it there.
///
/// # Errors
/// When it does not apply.
pub async fn inventory_of(cluster: &Cluster, tree: &Tree, database: &str) -> Result<Inventory> {
    cluster.create_database(database, None).await?;
    let url = cluster.admin_url(database);
    let before = Inventory::of(&connect(&url).await?, &Inventory::default()).await?;
    apply_sql(&url, &whole_tree(tree, &Inventory::default())?).await.context("applying the schema tree")?;
    Inventory::of(&connect(&url).await?, &before).await
}

/// Proves that dump(all migrations) = dump(tree), and that each can be taken back and applied again.
///
/// # Errors
/// The first difference.
pub async fn prove(cluster: &Cluster, tree: &Tree) -> Result<()> {
    let after = inventory_of(cluster, tree, "tree_inventory").await?;
    cluster.create_database("tree", None).await?;
    apply_sql(&cluster.admin_url("tree"), &whole_tree(tree, &after)?).await.context("applying the schema tree")?;
    let of_tree = dump(cluster, &cluster.admin_url("tree")).await?;

    cluster.create_database("migrated", None).await?;
    let url = cluster.admin_url("migrated");
    let mut stages = vec![dump(cluster, &url).await?];
    for migration in MIGRATIONS {
        apply_sql(&url, migration.up).await.with_context(|| format!("applying {}", migration.file))?;
        stages.push(dump(cluster, &url).await?);
    }
    equal(&of_tree, stages.last().map_or("", String::as_str)).context(
        "the migrations do not make what migrations/schema says; `make migration NAME=...` compiles it (or next.sql is missing)",
    )?;
    for (number, migration) in MIGRATIONS.iter().enumerate().rev() {
        apply_sql(&url, migration.down).await.with_context(|| format!("taking back {}", migration.file))?;
        let stage = dump(cluster, &url).await?;
        equal(&without_labels(&stages[number]), &without_labels(&stage))
            .with_context(|| format!("{} is not taken back whole", migration.file))?;
    }
    for migration in MIGRATIONS {
        apply_sql(&url, migration.up).await.with_context(|| format!("applying {} again", migration.file))?;
    }
    equal(&of_tree, &dump(cluster, &url).await?).context("applied again, the migrations make something else")
}

/// A dump without the labels of enumerations: PostgreSQL cannot take one back.
fn without_labels(dump: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in dump.lines() {
        let is_label = inside && line.starts_with("    '");
        inside = is_label || line.starts_with("CREATE TYPE ") && line.ends_with(" AS ENUM (");
        if !is_label {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Names the first line in which two dumps differ.
fn equal(expected: &str, found: &str) -> Result<()> {
    let mut expected_lines = expected.lines();
    let mut found_lines = found.lines();
    loop {
        match (expected_lines.next(), found_lines.next()) {
            (None, None) => return Ok(()),
            (expected, found) => ensure!(
                expected == found,
                "expected: {}\nfound:    {}",
                expected.unwrap_or("(the end)"),
                found.unwrap_or("(the end)")
            ),
        }
    }
}
