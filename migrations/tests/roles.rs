//! docs/roles.md, carried out: its changes are made in a copy of the tree, its commands are run there, and the new role and
//! action decide as the page says, in Rust and in SQL, in a new database and in one that exists.

mod support;

use rolecall_database::{MIGRATIONS, connect, load_demo};
use rolecall_postgres::{Cluster, Options};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{call, demo, list, one, request};

/// As the Makefile builds, so that the dependencies are there.
const BUILD: &str = "cargo build --locked --release --workspace -q";

/// Prints what Rust decides for the roles and actions that are new: a line for each, with a word for each set of the facts that
/// the action looks at.
const DECIDE: &str = r#"
use rolecall_shared::rules::matrix::{Action, Decision, Domain, Facts, Marketplace, Role, decide};

fn main() {
    for &action in Action::ALL {
        let facts = Marketplace::looks_at(action);
        let names: Vec<&str> = facts.iter().map(|fact| fact.as_str()).collect();
        for &actor in Role::ALL {
            for &target in Role::ALL {
                let new = [action.as_str(), actor.as_str(), target.as_str()];
                if !new.iter().any(|name| ["endorse", "volunteer"].contains(name)) {
                    continue;
                }
                let sets = Facts::every_combination_of(facts);
                let decisions = sets.map(|facts| match decide(actor, action, target, facts) {
                    Decision::Allowed { rule } => format!("{rule}/"),
                    Decision::Refused { code, rule, .. } => format!("{rule}/{}", code.as_str()),
                });
                println!("{} {} {}", new.join(" "), names.join(","), decisions.collect::<Vec<_>>().join(","));
            }
        }
    }
}
"#;

/// The same in SQL.
const DECIDED: &str = "
    select string_agg(d.rule || '/' || coalesce(d.code, ''), ',' order by mask)
    from generate_series(0, (1 << cardinality($4::text[])) - 1) as mask
    cross join lateral rolecall_internal.decide(
      $1, $2::text::rolecall.app_role, $3::text::rolecall.app_role,
      array(
        select fact
        from unnest($4::text[]) with ordinality as f (fact, place)
        where mask & (1 << (place::int - 1)) <> 0
      )
    ) as d";

/// A copy of the tree, built with what the tree's own build has in its cache.
struct TreeCopy {
    root: PathBuf,
    workspace: PathBuf,
}

impl TreeCopy {
    fn make() -> TreeCopy {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the tree is there");
        let root = workspace.join("target/tmp/roles");
        let _ = fs::remove_dir_all(&root);
        copy(&workspace, &root);
        let copy = TreeCopy { root, workspace };
        // Cargo keeps what it built of a package by the package's name and version. With another version the copy shares the
        // dependencies of the tree and leaves the tree's own packages alone.
        copy.change("Cargo.toml", "\nversion = \"0.1.0\"\n", "\nversion = \"0.1.0-copy\"\n");
        let lock = fs::read_to_string(copy.root.join("Cargo.lock")).expect("it is there");
        let packages = lock.split("\n[[package]]\n").map(|package| match package.contains("\nsource = ") {
            false => package.replacen("\nversion = \"0.1.0\"\n", "\nversion = \"0.1.0-copy\"\n", 1),
            true => package.to_owned(),
        });
        fs::write(copy.root.join("Cargo.lock"), packages.collect::<Vec<_>>().join("\n[[package]]\n")).expect("written");
        copy
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Replaces a text that is there once.
    fn change(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "{path} should have once:\n{from}");
        fs::write(self.root.join(path), text.replacen(from, to, 1)).expect("it is written");
    }

    /// Makes the changes of a block of the page: a file, then hunks without numbers.
    fn patch(&self, diff: &str) {
        let mut lines = diff.lines();
        let path = lines.next().and_then(|line| line.strip_prefix("--- ")).expect("a diff begins with its file");
        let (mut from, mut to) = (String::new(), String::new());
        for line in lines.chain(["@@"]) {
            if line.starts_with("@@") {
                if !from.is_empty() {
                    self.change(path, &from, &to);
                }
                (from, to) = (String::new(), String::new());
                continue;
            }
            let (sign, text) = line.split_at_checked(1).unwrap_or((" ", ""));
            assert!([" ", "+", "-"].contains(&sign), "{line}");
            let text = format!("{text}\n");
            if sign != "+" {
                from.push_str(&text);
            }
            if sign != "-" {
                to.push_str(&text);
            }
        }
    }

    fn run(&self, command: &str) -> String {
        let mut shell = Command::new("bash");
        // What Cargo tells this test about its package, its build script's OUT_DIR included, would look to the inner Cargo like a
        // changed environment, for which some dependencies are built anew, and again by the next Cargo outside.
        for (name, _) in std::env::vars_os() {
            if (name.to_string_lossy().starts_with("CARGO_") && name != "CARGO_HOME") || name == "OUT_DIR" {
                shell.env_remove(name);
            }
        }
        let output = shell
            .args(["-euo", "pipefail", "-c", command])
            .current_dir(&self.root)
            // What is built in between is shared with the tree; the programs are the copy's own.
            .env("CARGO_BUILD_BUILD_DIR", self.workspace.join("target"))
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .output()
            .expect("bash is installed");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
        String::from_utf8(output.stdout).expect("it is text")
    }
}

/// Copies the sources: what is built, installed or kept locally stays behind.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("it can be read") {
        let entry = entry.expect("it can be read");
        let name = entry.file_name();
        if ["target", "node_modules", ".git", ".rolecall", ".env", "dist"].iter().any(|left_out| name == *left_out) {
            continue;
        }
        if entry.file_type().expect("it has one").is_dir() {
            copy(&entry.path(), &to.join(name));
        } else {
            fs::copy(entry.path(), to.join(name)).expect("it can be copied");
        }
    }
}

/// The code blocks of the page in their order: the language, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|&line| line != "```").map(|line| format!("{line}\n")).collect();
            blocks.push((language.to_owned(), text));
        }
    }
    blocks
}

#[tokio::test]
async fn the_page_about_roles_adds_a_role_and_an_action_that_decide_alike_in_rust_and_in_sql() {
    let page = include_str!("../../docs/roles.md");
    let copy = TreeCopy::make();
    let mut examples = Vec::new();
    for (language, text) in blocks(page) {
        match (language.as_str(), text.split_once('\n')) {
            ("diff", _) => copy.patch(&text),
            ("sh", _) if text == "make lint test\n" => {}
            ("sh", _) => drop(copy.run(&text)),
            ("sql", Some(("-- example", sql))) => examples.push(sql.to_owned()),
            ("sql", Some((file, sql))) => {
                let path = file.strip_prefix("-- ").expect("a block of SQL begins with its file");
                fs::write(copy.root.join(path), sql).expect("it is written");
            }
            _ => panic!("what is a block of {language:?} for?"),
        }
    }
    // Of `make lint`, what is about the database, and whether the function builds.
    copy.run(&format!("{BUILD} --bin rolecall-compile; target/release/rolecall-compile check"));
    copy.run("cargo check --locked -q --profile component --target wasm32-wasip2 -p check-permission");

    let mut files: Vec<String> = fs::read_dir(copy.root.join("migrations"))
        .expect("it can be read")
        .map(|entry| entry.expect("it can be read").file_name().into_string().expect("it is text"))
        .filter(|name| name.contains("_rolecall_"))
        .collect();
    files.sort();
    assert_eq!(files.len(), MIGRATIONS.len() + 2, "{files:?}");

    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    for database in ["fresh", "existing"] {
        cluster.create_database(database, None).await.expect("a superuser may");
    }
    let (fresh, existing) = (cluster.admin_url("fresh"), cluster.admin_url("existing"));
    rolecall_database::apply(&existing).await.expect("the last release applies");
    load_demo(&existing).await.expect("it is loaded");
    for url in [&fresh, &existing] {
        let client = connect(url).await.expect("it runs");
        for file in &files {
            let sql = copy.read(&format!("migrations/{file}"));
            client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{file}: {error:?}"));
        }
    }

    // Every combination with the new role or action.
    let program = copy.root.join("shared/generate/src/bin/decide.rs");
    fs::create_dir_all(program.parent().expect("it has one")).expect("a folder can be made");
    fs::write(program, DECIDE).expect("it is written");
    let in_rust = copy.run(&format!("{BUILD} --bin decide; target/release/decide"));
    let (client, upgraded) = (connect(&fresh).await.expect("it runs"), connect(&existing).await.expect("it runs"));
    let mut compared = 0;
    for line in in_rust.lines() {
        let [action, actor, target, facts, decisions] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let facts: Vec<&str> = facts.split(',').collect();
        let row = client.query_one(DECIDED, &[&action, &actor, &target, &facts]).await.expect("it decides");
        assert_eq!(row.get::<_, &str>(0), decisions, "{action} {actor} {target}");
        compared += 1;
    }
    assert_eq!(compared, 8 * 8 + 9 * (8 + 7), "the new action for all roles, and the others for the new role");
    for table in ["matrix_actions", "matrix_guards", "matrix_rows"] {
        let rows = format!("select row_to_json(t)::text from rolecall.{table} as t order by 1");
        assert_eq!(list(&upgraded, &rows).await, list(&client, &rows).await, "both databases have the same rules");
    }

    // As the page says, by real rows: Ben of the demo data becomes a volunteer.
    upgraded.batch_execute(&examples[1].replace("000000000001", "000000000002")).await.expect("the operator may");
    let edge = connect(&cluster.edge_url("existing").await.expect("the login exists")).await.expect("it runs");
    let answer = call(&edge, "send_dm", &request(demo(2), json!({"recipient_id": demo(1), "content": "Hello"}))).await;
    assert_eq!(answer["ok"], true, "a volunteer writes to an attendee of the same show: {answer}");
    let answer = call(&edge, "send_dm", &request(demo(2), json!({"recipient_id": demo(3), "content": "Hello"}))).await;
    assert_eq!(answer["reasons"][0]["code"], "volunteer_writes_to_show_contacts_only", "{answer}");
    let answer = call(&edge, "send_dm", &request(demo(1), json!({"recipient_id": demo(5), "content": "Hello"}))).await;
    assert_eq!(answer["ok"], true, "the rule that was changed: {answer}");
    let pair = json!({"action": "endorse", "actor_role": "volunteer", "target_role": "dealer",
        "facts": ["feature_enabled", "shares_show"]});
    let answer = call(&edge, "check_permission", &request(demo(1), pair)).await;
    assert_eq!(answer["data"]["rule"], "endorsed_within_a_shared_show", "{answer}");
    let decided: Vec<String> = list(
        &client,
        &format!(
            "select rule from ({}) as d",
            examples[0].trim_end_matches(";\n").replace("select allowed, code, rule, allowed_if", "select rule")
        ),
    )
    .await;
    assert_eq!(decided, ["endorsed_within_a_shared_show"]);
    for database in [&client, &upgraded] {
        let limited: bool = one(
            database,
            "select count(*) filter (where role = 'volunteer') = count(*) filter (where role = 'attendee')
               and (select seconds from rolecall.edit_windows where role = 'volunteer') = 900
             from rolecall.rate_limits",
        )
        .await;
        assert!(limited, "the new role has the limits of attendees");
    }
    // The generated files say so, too.
    assert!(copy.read("clients/typescript/src/rules.generated.ts").contains("'volunteer'"));
    assert!(copy.read("docs/permissions.md").contains("## Endorsing (`endorse`)"));
    fs::remove_dir_all(&copy.root).expect("nothing is left behind");
}
