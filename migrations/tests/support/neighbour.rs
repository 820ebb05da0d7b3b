//! Somebody else's app in the same database, and what pg_dump says of it, to the byte.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::process::{Command, Output};

use rolecall_database::connect;
use rolecall_postgres::Cluster;

/// The app, with its data.
pub const APP: &str = include_str!("neighbour.sql");

/// The names that Rolecall has in `public`.
const OURS_IN_PUBLIC: [&str; 10] = [
    "application_logs",
    "broadcast_quotas",
    "can_user_reply",
    "can_user_send_dm",
    "conversations_v2",
    "create_conversation_atomic",
    "get_conversation_v2",
    "messages_v2",
    "reported_messages",
    "send_message_v2",
];

/// Everything in a database, schema and data and the database's own settings, as pg_dump writes it, and a trace of
/// every row of the app that shows whether anything has written it again.
pub async fn everything(cluster: &Cluster, url: &str) -> String {
    let mut text = dump(cluster, url).join("\n");
    text.push_str(&traces(url).await);
    text
}

/// As [`everything`], without what is Rolecall's: schemas, and names in `public` that are not in `kept`.
pub async fn everything_else(cluster: &Cluster, url: &str, kept: &[&str]) -> String {
    let mut entries = dump(cluster, url);
    entries.retain(|entry| !is_ours(entry, kept));
    let mut text = entries.join("\n");
    text.push_str(&traces(url).await);
    text
}

/// The entries of pg_dump's text, each with the comment that heads it.
fn dump(cluster: &Cluster, url: &str) -> Vec<String> {
    let output =
        Command::new(cluster.program("pg_dump")).args(["--create", url]).output().expect("pg_dump is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    // The key against injected commands differs from run to run.
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('\\') || *line == "\\.").collect();
    let text = lines.join("\n");
    text.split("\n--\n-- ").map(|entry| entry.trim_end().to_owned()).collect()
}

fn is_ours(entry: &str, kept: &[&str]) -> bool {
    let header = entry.lines().next().unwrap_or_default();
    let field = |name: &str| {
        header.split("; ").find_map(|part| part.trim_start_matches("Data for ").strip_prefix(name)).unwrap_or_default()
    };
    let (name, kind, schema) = (field("Name: "), field("Type: "), field("Schema: "));
    if schema.starts_with("rolecall") || schema == "auth" {
        return true;
    }
    // "profiles rolecall_profile_follows": what `adopt` puts on a table of the app.
    if kind == "TRIGGER" && name.contains(" rolecall_") {
        return true;
    }
    let is_ours_by_name = |name: &str| {
        let word = name.split(|each: char| !(each.is_ascii_alphanumeric() || each == '_')).next().unwrap_or_default();
        !kept.contains(&word)
            && OURS_IN_PUBLIC.iter().any(|ours| word == *ours || word.starts_with(&format!("{ours}_")))
    };
    if schema == "-" {
        let named = name.strip_prefix("SCHEMA ").unwrap_or(name);
        return named.starts_with("rolecall") || named == "auth";
    }
    // "TABLE messages_v2", "FUNCTION send_message_v2(...)", "COLUMN messages_v2.created_at", "messages_v2 messages_v2_pkey".
    let kinds = ["TABLE ", "FUNCTION ", "COLUMN ", "VIEW "];
    let named = kinds.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    schema == "public" && !kind.is_empty() && is_ours_by_name(named)
}

/// The rows of the app, each with the transaction that wrote it and its place: a row that was written again shows even
/// where it says the same.
async fn traces(url: &str) -> String {
    let client = connect(url).await.expect("the server runs");
    let rows = client
        .query(
            "select format('%I.%I %s', nspname, relname, (xpath('/table/row/traces/text()', query_to_xml(format(
               'select md5(string_agg(format(''%%s %%s %%s %%s'', t.ctid, t.xmin, t.xmax, t), '','' order by t.ctid)) as traces
                from %I.%I as t', nspname, relname), true, false, '')))[1])
             from pg_class join pg_namespace on pg_namespace.oid = relnamespace
             where relkind in ('r', 'm')
               and nspname in ('public', 'monitoring', 'edge')
               and relname not in ('conversations_v2', 'messages_v2')
             order by 1",
            &[],
        )
        .await
        .expect("a superuser may");
    let mut text = String::new();
    for row in rows {
        text.push('\n');
        text.push_str(row.get(0));
    }
    text
}

/// Runs a file as `psql -f` does without another word: it goes on after errors.
pub fn psql(cluster: &Cluster, url: &str, file: &std::path::Path) -> Output {
    Command::new(cluster.program("psql"))
        .args(["--no-psqlrc", "--quiet", "--file"])
        .arg(file)
        .arg(url)
        .output()
        .expect("psql is installed")
}
