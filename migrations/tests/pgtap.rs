//! Runs the pgTAP files of tests/database/<domain>, each in a database of its own with the demo data.

mod support;

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::Command;

use support::{Database, cluster};

#[tokio::test]
async fn the_pgtap_files_pass() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/database");
    let inside = |folder: &PathBuf| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("tests/database has folders and files");
        entries.map(|entry| entry.expect("readable").path()).collect()
    };
    let mut files: Vec<PathBuf> = inside(&folder)
        .iter()
        .filter(|domain| domain.is_dir())
        .flat_map(inside)
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no pgTAP file in {}", folder.display());
    let mut failed = Vec::new();
    for file in &files {
        let database = Database::demo().await;
        let install = "pgTAP is missing: install it (Debian and Ubuntu: apt-get install postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl, with the version of your server)";
        database
            .admin()
            .await
            .batch_execute("create schema tap; create extension pgtap schema tap;")
            .await
            .expect(install);
        // pg_prove hands psql no URL, so the login goes by the environment.
        let login: tokio_postgres::Config = database.admin_url.parse().expect("our own URL");
        let password = login.get_password().expect("our own URL").to_vec();
        let output = Command::new("pg_prove")
            .arg("--verbose")
            .arg("--psql-bin")
            .arg(cluster().await.program("psql"))
            .arg(file)
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", cluster().await.port().to_string())
            .env("PGUSER", "postgres")
            .env("PGPASSWORD", OsString::from_vec(password))
            .env("PGDATABASE", &database.name)
            .env("PGOPTIONS", "-c search_path=rolecall,public,tap")
            .output()
            .expect(install);
        if !output.status.success() {
            failed.push(format!(
                "{}\n{}\n{}",
                file.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
