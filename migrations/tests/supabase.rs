//! Supabase's own CLI pushes the migrations, beside those of an app, into a database as Supabase hands it out.
//!
//! Which versions: `SUPABASE_VERSIONS`, separated by blanks, else the newest. `make test-supabase` has all of them. npm
//! brings the CLI for Linux on x64 alone, so elsewhere there is no such test.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

#[path = "support/hosted.rs"]
mod hosted;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hosted::{Hosted, catalogue, supabase};
use rolecall_database::{MIGRATIONS, load_demo};
use rolecall_postgres::{Cluster, Options};
use serde_json::{Value, json};
use support::{call, demo, list, one, request};

/// A day behind every release.
const LATER: &str = "20990101";

fn package_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/supabase")
}

/// The versions to test, oldest first.
fn versions() -> Vec<String> {
    if let Ok(wanted) = std::env::var("SUPABASE_VERSIONS") {
        return wanted.split_whitespace().map(str::to_owned).collect();
    }
    let text = std::fs::read_to_string(package_folder().join("package.json")).expect("it is checked in");
    let package: Value = serde_json::from_str(&text).expect("it is JSON");
    let newest = package["dependencies"].as_object().expect("it has some");
    newest.keys().map(|name| name.trim_start_matches("supabase-").to_owned()).collect()
}

/// A project folder with one version of the CLI and a database to push to.
struct Project<'a> {
    version: &'a str,
    database_url: &'a str,
    folder: PathBuf,
}

impl<'a> Project<'a> {
    fn new(version: &'a str, hosted: &'a Hosted, name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("supabase-{version}-{name}"));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).expect("it is ours");
        }
        std::fs::create_dir_all(folder.join("supabase/migrations")).expect("the folder can be made");
        std::fs::write(folder.join("supabase/config.toml"), "project_id = \"app\"\n").expect("it can be written");
        Self { version, database_url: &hosted.owner_url, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join("supabase/migrations").join(name)
    }

    /// A migration of the app's own.
    fn write(&self, name: &str, sql: &str) {
        std::fs::write(self.file(name), sql).expect("it can be written");
    }

    /// Puts Rolecall's migrations among the app's, under the names of their release or of `day`.
    fn copy(&self, day: Option<&str>) {
        for migration in MIGRATIONS {
            self.write(&name_on(migration.file, migration.version, day), migration.up);
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let program = package_folder().join(format!("node_modules/supabase-{}/bin/supabase", self.version));
        assert!(
            program.is_file(),
            "{} is not installed: run `make supabase-cli` or `make test-supabase`",
            self.version
        );
        let mut command = Command::new(program);
        command.args(arguments).args(["--yes", "--db-url", self.database_url, "--workdir"]).arg(&self.folder);
        if before(self.version, 2, 116) {
            // They speak TLS alone, but for when they show what they say; the server of the test has no certificate.
            command.arg("--debug");
        }
        command
            .env("HOME", &self.folder)
            .env("DO_NOT_TRACK", "1")
            .env("SUPABASE_TELEMETRY_DISABLED", "1")
            .env_remove("SUPABASE_ACCESS_TOKEN")
            .current_dir(&self.folder)
            .stdin(std::process::Stdio::null())
            .output()
            .expect("it runs")
    }

    fn push(&self) -> Output {
        self.run(&["db", "push"])
    }

    fn pushes(&self) {
        succeeds(&self.push());
    }

    async fn pushes_nothing_of_rolecall(&self, hosted: &Hosted) {
        self.pushes();
        assert!(!one::<bool>(&hosted.admin().await, "select to_regnamespace('rolecall') is not null").await);
    }
}

/// Whether a version is older than `major.minor`.
fn before(version: &str, major: u32, minor: u32) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().expect("a number"));
    (parts.next(), parts.next()) < (Some(major), Some(minor))
}

/// The name of a migration's file when it is put among an app's migrations on another day.
fn name_on(file: &str, version: i32, day: Option<&str>) -> String {
    match (day, file.split_once('_')) {
        (Some(day), Some((_, rest))) => format!("{day}{version:06}_{rest}"),
        _ => file.to_owned(),
    }
}

/// What it says, without what `--debug` shows of the protocol.
fn said(output: &Output) -> String {
    let all = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&all).into_owned();
    text.lines()
        .filter(|line| !line.contains("PG Send") && !line.contains("PG Recv"))
        .fold(String::new(), |text, line| text + line + "\n")
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// The versions in Supabase's own table of migrations.
async fn history(hosted: &Hosted) -> Vec<String> {
    list(&hosted.admin().await, "select version from supabase_migrations.schema_migrations order by version").await
}

/// What the app and Rolecall have; Supabase's own table aside.
async fn objects(hosted: &Hosted) -> Vec<String> {
    let mut objects = catalogue(&hosted.admin_url).await;
    objects.retain(|object| !object.contains("supabase_migrations"));
    objects
}

fn timestamp(name: &str) -> &str {
    name.split('_').next().unwrap_or(name)
}

fn releases() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| timestamp(migration.file)).collect()
}

/// Pushes, is pushed again under other names, and is taken out.
async fn lives_among_the_migrations_of_an_app(version: &str, cluster: &Cluster, number: usize) {
    let name = format!("app_{number}");
    let hosted = supabase(cluster, &name).await;
    let project = Project::new(version, &hosted, "app");
    project.write("20250101000000_older.sql", "create schema app; create table app.older (id int primary key);");
    project.write("20980101000000_newer.sql", "create table app.newer (id int primary key);");
    project.pushes_nothing_of_rolecall(&hosted).await;
    let bare = objects(&hosted).await;

    // The app has pushed something newer than the release: the CLI says so, and nothing happens.
    project.copy(None);
    let refused = project.push();
    assert!(!refused.status.success(), "{version}");
    assert!(said(&refused).contains("--include-all"), "{version}: {}", said(&refused));
    assert_eq!(objects(&hosted).await, bare, "{version}");

    // Under names of today they go behind it.
    for migration in MIGRATIONS {
        std::fs::rename(
            project.file(migration.file),
            project.file(&name_on(migration.file, migration.version, Some(LATER))),
        )
        .expect("it can be renamed");
    }
    project.pushes();
    let admin = hosted.admin().await;
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.schema_migrations").await, MIGRATIONS.len() as i64);
    admin.batch_execute("set search_path = rolecall, public").await.expect("anybody may");
    support::assert_nothing_is_open(&admin).await;
    load_demo(&hosted.owner_url).await.expect("the owner can load it");
    let edge = rolecall_database::connect(&cluster.edge_url(&name).await.expect("it exists")).await.expect("it runs");
    let answer = call(&edge, "send_dm", &request(demo(1), json!({"recipient_id": demo(4), "content": "Hello"}))).await;
    assert_eq!(answer["data"]["seq"], 1, "{version}: {answer}");
    drop(edge);
    let installed = objects(&hosted).await;

    // Renamed once more, they are pushed once more, and do nothing.
    let mut reverted = vec!["migration", "repair", "--status", "reverted"];
    let names: Vec<String> = MIGRATIONS.iter().map(|each| name_on(each.file, each.version, Some(LATER))).collect();
    reverted.extend(names.iter().map(|name| timestamp(name)));
    succeeds(&project.run(&reverted));
    for migration in MIGRATIONS {
        let again = name_on(migration.file, migration.version, Some("20990201"));
        std::fs::rename(project.file(&name_on(migration.file, migration.version, Some(LATER))), project.file(&again))
            .expect("it can be renamed");
    }
    project.pushes();
    assert_eq!(objects(&hosted).await, installed, "{version}");
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.messages").await, 1, "{version}");

    // A rollback is pushed as a migration, the newest first.
    for (place, migration) in MIGRATIONS.iter().rev().enumerate() {
        project.write(&format!("20990301{place:06}_without_rolecall_{:04}.sql", migration.version), migration.down);
    }
    project.pushes();
    assert_eq!(objects(&hosted).await, bare, "{version}");
    assert_eq!(history(&hosted).await.len(), 2 + 2 * MIGRATIONS.len(), "{version}");
}

/// Under the names of the release, between older and newer migrations of an app that are pushed with them.
async fn keeps_its_place_among_what_is_pushed_with_it(version: &str, cluster: &Cluster, number: usize) {
    let hosted = supabase(cluster, &format!("fresh_{number}")).await;
    let project = Project::new(version, &hosted, "fresh");
    project.write("20250101000000_older.sql", "create table public.older (id int primary key);");
    project.copy(None);
    project.write("20980101000000_newer.sql", include_str!("../../docs/install/profiles_from_auth_users.sql"));
    project.pushes();
    let expected = [&["20250101000000"], &releases()[..], &["20980101000000"]].concat();
    assert_eq!(history(&hosted).await, expected, "{version}");
    let admin = hosted.admin().await;
    admin.batch_execute("insert into auth.users (id) values (gen_random_uuid())").await.expect("a superuser may");
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.profiles").await, 1, "{version}");
}

/// Where the app has one of the names, the push ends there: with what was before it, and nothing of Rolecall.
async fn refuses_a_taken_name(version: &str, cluster: &Cluster, number: usize) {
    let hosted = supabase(cluster, &format!("taken_{number}")).await;
    let project = Project::new(version, &hosted, "taken");
    project.write("20250101000000_older.sql", "create table public.messages_v2 (id int primary key);");
    project.pushes_nothing_of_rolecall(&hosted).await;
    let bare = objects(&hosted).await;
    project.copy(None);
    let refused = project.push();
    assert!(!refused.status.success(), "{version}");
    let text = said(&refused);
    assert!(text.contains("table public.messages_v2"), "{version}: {text}");
    assert_eq!(objects(&hosted).await, bare, "{version}");
    assert_eq!(history(&hosted).await, ["20250101000000"], "{version}");
}

#[tokio::test]
async fn supabases_cli_pushes_the_migrations() {
    let cluster = Cluster::start(Options::for_tests()).expect("PostgreSQL is installed");
    for (number, version) in versions().iter().enumerate() {
        keeps_its_place_among_what_is_pushed_with_it(version, &cluster, number).await;
        lives_among_the_migrations_of_an_app(version, &cluster, number).await;
        refuses_a_taken_name(version, &cluster, number).await;
        println!("supabase {version}: pushed");
    }
}

/// The CLI reads 14 digits as a file's version.
#[test]
fn the_names_are_supabases() {
    for migration in MIGRATIONS {
        let timestamp = timestamp(migration.file);
        assert!(timestamp.len() == 14 && timestamp.bytes().all(|byte| byte.is_ascii_digit()), "{}", migration.file);
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(migration.file).is_file(), "{}", migration.file);
    }
}
