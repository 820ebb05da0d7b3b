//! Runs the pgTAP files of tests/database/<domain>, each in a database of its own with the demo data.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Database, cluster};
use futures::{StreamExt, stream};

/// How many files run at once: each keeps one processor busy.
const AT_ONCE: usize = 2;

#[tokio::test(flavor = "multi_thread")]
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
    let failed: Vec<String> = stream::iter(files)
        .map(|file| tokio::spawn(refusal_of(file)))
        .buffer_unordered(AT_ONCE)
        .filter_map(async |refusal| refusal.expect("pg_prove can be run"))
        .collect()
        .await;
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Runs a file; what it says if it does not pass.
async fn refusal_of(file: PathBuf) -> Option<String> {
    let database = Database::demo().await;
    let install = "pgTAP is missing: install it (Debian and Ubuntu: apt-get install postgresql-15-pgtap libtap-parser-sourcehandler-pgtap-perl, with the version of your server)";
    database.admin().await.batch_execute("create schema tap; create extension pgtap schema tap;").await.expect(install);
    // pg_prove hands psql no URL, so the login goes by the environment.
    let login: tokio_postgres::Config = database.admin_url.parse().expect("our own URL");
    let password = login.get_password().expect("our own URL").to_vec();
    let mut prove = Command::new("pg_prove");
    prove
        .arg("--verbose")
        .arg("--psql-bin")
        .arg(cluster().await.program("psql"))
        .arg(&file)
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", cluster().await.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", OsString::from_vec(password))
        .env("PGDATABASE", &database.name)
        .env("PGOPTIONS", "-c search_path=rolecall,public,tap");
    let output = tokio::task::spawn_blocking(move || prove.output()).await.expect("it does not panic").expect(install);
    (!output.status.success()).then(|| {
        format!(
            "{}\n{}\n{}",
            file.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}
