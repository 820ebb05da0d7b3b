//! The database of a measurement: durable, with users; and pgbench on it.

use super::{
    figures::Figures,
    requests::{CONTENT, RECIPIENTS_OF_A_SENDER},
};
use anyhow::{Context, Result, ensure};
use rolecall_kit::{process::temporary_directory, stand::Db};
use rolecall_postgres::{Cluster, Options};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use uuid::Uuid;

/// The number of the first sender; with 12 digits the numbers of pgbench's random() are the last group of an id.
pub const FIRST_SENDER: u64 = 100_000_000_000;
/// The number of the first recipient.
pub const FIRST_RECIPIENT: u64 = 200_000_000_000;
/// What stands before the number in a user's id.
pub const ID_PREFIX: &str = "00000000-0000-4000-8000-";

/// A migrated database in a durable cluster of its own.
pub struct Database {
    /// An administrator's connection.
    pub db: Db,
    /// The server.
    pub cluster: Cluster,
    /// The functions' URL.
    pub edge_url: String,
    /// PostgreSQL's version.
    pub version: String,
    users: u64,
    directory: PathBuf,
}

/// Help requests to offer help on, and help conversations to write into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Help {
    /// Open help requests, about which there is no conversation yet.
    pub requests: Vec<Uuid>,
    /// Conversations about others, each with the number of the sender who helps.
    pub conversations: Vec<(Uuid, u64)>,
}

/// A client of an agency whose sitter's window is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextingClient {
    /// Their thread.
    pub thread: Uuid,
    /// The number of the sitter.
    pub sitter: u64,
    /// Their phone number.
    pub phone: String,
    /// The agency's number.
    pub number: String,
}

/// What was stored in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Direct messages that are about no show.
    pub messages: i64,
    /// Transactions that stored them.
    pub commits: i64,
}

impl Stored {
    /// How many messages share a commit; `None` if none was stored.
    pub fn per_commit(self) -> Option<f64> {
        (self.commits > 0).then(|| self.messages as f64 / self.commits as f64)
    }
}

impl Database {
    /// A new one, with so many senders (attendees) and as many recipients (MVP dealers), for programs that open at most
    /// `connections` connections to it beside those of the runner.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub async fn start(users: u64, connections: u64) -> Result<Database> {
        let cluster = start_cluster(connections)?;
        cluster.create_database("bench", None).await?;
        let admin_url = cluster.admin_url("bench");
        rolecall_database::apply(&admin_url).await?;
        let db = Db::connect(&admin_url).await;
        // A new database serves nobody yet.
        db.script("update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled'").await;
        make_users(&db, users).await;
        let edge_url = cluster.edge_url("bench").await?;
        let version = db.one("select current_setting('server_version')", &[]).await;
        let directory = temporary_directory()?;
        std::fs::write(directory.join("send_dm.sql"), pgbench_script(users))?;
        Ok(Database { db, cluster, edge_url, version, users, directory })
    }

    /// How many senders there are, and how many recipients.
    pub fn users(&self) -> u64 {
        self.users
    }

    /// Gives every rate limit a capacity that nobody uses up: every message still takes its token, as in production.
    pub async fn lift_rate_limits(&self) {
        self.db.run("update rolecall.rate_limits set capacity = 1000000000", &[]).await;
    }

    /// Runs pgbench on the SQL of `send-dm` over so many connections: after so many seconds of warm-up, if any.
    ///
    /// # Errors
    /// When pgbench is not installed, fails, or does not come to any transaction.
    pub fn pgbench(&self, connections: u64, warm_up: u64, seconds: u64) -> Result<Figures> {
        let (program, script) = (self.cluster.program("pgbench"), self.directory.join("send_dm.sql"));
        if warm_up > 0 {
            // On a busy machine all the time may go into connecting.
            run_pgbench(&program, &self.edge_url, &script, connections, warm_up)?;
        }
        let figures = run_pgbench(&program, &self.edge_url, &script, connections, seconds)?;
        figures.with_context(|| {
            format!(
                "pgbench finished no transaction in {seconds} s over {connections} connections: is the machine busy?"
            )
        })
    }

    /// Makes `requests` open help requests of recipients, and one conversation of each sender about a further one.
    pub async fn make_help(&self, requests: u64) -> Help {
        let sql = "insert into rolecall.help_requests (requester_id, title)
            select ($1::text || ($2::int8 + n % $3::int8))::uuid, 'A ride on day ' || n
            from generate_series(0, $4::int8 - 1) as n
            returning id";
        let (users, first) = (self.users as i64, FIRST_RECIPIENT as i64);
        let made = async |count: i64| -> Vec<Uuid> {
            let rows = self.db.query(sql, &[&ID_PREFIX, &first, &users, &count]).await;
            rows.unwrap_or_else(|error| panic!("{sql}: {error:?}")).iter().map(|row| row.get(0)).collect()
        };
        let open = made(requests as i64).await;
        let discussed = made(users).await;
        let sql = "with started as (
              insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
              select asked.id, request.requester_id, ($1::text || ($2::int8 + asked.number - 1))::uuid, $3::text
              from unnest($4::uuid[]) with ordinality as asked (id, number)
              join rolecall.help_requests as request on request.id = asked.id
              returning id, helper_id
            ),
            said as (
              insert into public.messages_v2 (conversation_id, sender_id, content)
              select id, helper_id, $3::text from started
            )
            select id, right(helper_id::text, 12)::int8 from started";
        let rows = self.db.query(sql, &[&ID_PREFIX, &(FIRST_SENDER as i64), &CONTENT, &discussed]).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let conversations = rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1) as u64)).collect();
        self.db.script("vacuum analyze").await;
        Help { requests: open, conversations }
    }

    /// Makes as many threads of clients as there are direct conversations: as many sitters as senders, each with as many
    /// clients as a sender has recipients. Texting is on for their agencies, and every window is open.
    pub async fn make_texting_clients(&self) -> Vec<TextingClient> {
        self.db.script(&include_str!("texting.sql").replace("{users}", &self.users.to_string())).await;
        let sql = "select thread_id, right(texting.sitter_id::text, 12)::int8, client.phone, number.e164
            from texting
            join rolecall.clients as client on client.id = client_id
            join rolecall.message_numbers as number on number.id = texting.organization_id
            order by n";
        let rows = self.db.query(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        self.db.script("vacuum analyze").await;
        rows.iter()
            .map(|row| TextingClient {
                thread: row.get(0),
                sitter: row.get::<_, i64>(1) as u64,
                phone: row.get(2),
                number: row.get(3),
            })
            .collect()
    }

    /// All messages between sitters and clients that went one way, `outbound` or `inbound`, and were not held back.
    pub async fn count_thread_messages(&self, direction: &str) -> i64 {
        let sql = "select count(*) from rolecall.thread_messages where direction = $1 and delivery in ('queued', 'received') and inbox_seq is null";
        self.db.one(sql, &[&direction]).await
    }

    /// All messages there are, whoever sent them.
    pub async fn count_messages(&self) -> i64 {
        self.db.count("rolecall.messages", &[]).await
    }

    /// The server's clock, as text: a border of [`Database::stored`].
    pub async fn clock(&self) -> String {
        self.db.one("select clock_timestamp()::text", &[]).await
    }

    /// What was stored from `since` until `until`. Every transaction has a number, which its rows carry (xmin).
    pub async fn stored(&self, since: &str, until: &str) -> Stored {
        let sql = "select coalesce(sum(n), 0)::int8, count(*) from (
              select count(*) as n from rolecall.messages
              where show_id is null and created_at between $1::text::timestamptz and $2::text::timestamptz
              group by xmin::text
            ) as commits";
        let row = self.db.query_one(sql, &[&since, &until]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        Stored { messages: row.get(0), commits: row.get(1) }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The cluster removes its own; a folder that is left behind in the temporary one does no harm.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The cluster: with settings that a machine of this size would be given.
fn start_cluster(connections: u64) -> Result<Cluster> {
    // PostgreSQL's connections of pgbench, of every component of the runner, and a few of our own.
    let max_connections = (connections + 300).to_string();
    let settings = [
        ("max_connections", max_connections.as_str()),
        ("shared_buffers", "512MB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
        ("wal_compression", "on"),
        ("random_page_cost", "1.1"),
    ];
    let options = settings.iter().fold(Options::default(), |options, (name, value)| options.setting(name, value));
    Cluster::start(options)
}

async fn make_users(db: &Db, users: u64) {
    let sql = "insert into rolecall.profiles (id, display_name, role)
        select ($1::text || ($2::int8 + n))::uuid, 'User ' || n, $4::text::rolecall.app_role
        from generate_series(0, $3::int8 - 1) as n";
    for (first, role) in [(FIRST_SENDER, "attendee"), (FIRST_RECIPIENT, "mvp_dealer")] {
        db.run(sql, &[&ID_PREFIX, &(first as i64), &(users as i64), &role]).await;
    }
    db.script("vacuum analyze").await;
}

/// pgbench's script: the envelope that the function sends, with a random sender and one of that sender's recipients.
fn pgbench_script(users: u64) -> String {
    format!(
        r#"\set n random(0, {last})
\set k random(0, {last_recipient})
\set sender {FIRST_SENDER} + :n
\set recipient {FIRST_RECIPIENT} + (:n + :k) % {users}
select rolecall_edge.send_dm(('{{"claims":{{"sub":"{ID_PREFIX}' || :sender || '","role":"authenticated"}},"request_id":"{ID_PREFIX}' || :recipient || '","rollouts":{{}},"input":{{"recipient_id":"{ID_PREFIX}' || :recipient || '","content":"{CONTENT}"}}}}')::jsonb);
"#,
        last = users - 1,
        last_recipient = RECIPIENTS_OF_A_SENDER - 1,
    )
}

fn run_pgbench(program: &Path, url: &str, script: &Path, connections: u64, seconds: u64) -> Result<Option<Figures>> {
    let directory = temporary_directory()?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(connections as usize);
    let output = Command::new(program)
        .current_dir(&directory)
        .args(["-n", "-M", "prepared", "-l", "-c", &connections.to_string(), "-j", &threads.to_string()])
        .args(["-T", &seconds.to_string(), "-f"])
        .arg(script)
        .arg(url)
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "pgbench: {}{text}", String::from_utf8_lossy(&output.stderr));
    let Some((per_second, errors)) = summary(&text) else {
        std::fs::remove_dir_all(&directory)?;
        return Ok(None);
    };
    let mut latencies = Vec::new();
    for file in std::fs::read_dir(&directory)? {
        latencies.extend(std::fs::read_to_string(file?.path())?.lines().filter_map(latency));
    }
    std::fs::remove_dir_all(&directory)?;
    let figures = Figures::of(latencies, errors, Duration::from_secs(seconds));
    Ok(Some(Figures { per_second, ..figures }))
}

/// Transactions a second and failed transactions, of what pgbench prints at its end; nothing if it did not finish any.
fn summary(text: &str) -> Option<(f64, u64)> {
    let number = |line: &str| {
        let rest = text.lines().find_map(|text| text.strip_prefix(line))?;
        rest.trim().split([' ', '/']).next()?.parse::<f64>().ok()
    };
    Some((number("tps =")?, number("number of failed transactions:").unwrap_or(0.0) as u64))
}

/// The microseconds in a line of pgbench's log: client, transaction, latency, …
fn latency(line: &str) -> Option<u32> {
    line.split(' ').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pgbench_is_understood() {
        let text = "pgbench (15.20)\ntransaction type: send_dm.sql\nnumber of transactions actually processed: 42\n\
                    number of failed transactions: 3 (0.1%)\nlatency average = 25.1 ms\n\
                    tps = 2103.456 (without initial connection time)\n";
        assert_eq!(summary(text), Some((2103.456, 3)));
        assert_eq!(summary("number of transactions actually processed: 0\n"), None);
        assert_eq!(latency("0 199 2241 0 1175850568 995598"), Some(2241));
        // A failed transaction has a word where the latency would be.
        assert_eq!(latency("0 9 failed 0 1 2"), None);
        assert_eq!(latency(""), None);
    }

    #[test]
    fn the_script_sends_what_the_requests_say() {
        let script = pgbench_script(1000);
        assert!(script.starts_with("\\set n random(0, 999)\n\\set k random(0, 7)\n"), "{script}");
        assert!(script.contains("% 1000\n") && script.contains(CONTENT), "{script}");
    }

    #[test]
    fn requests_per_commit_need_a_commit() {
        assert_eq!(Stored { messages: 30, commits: 4 }.per_commit(), Some(7.5));
        assert_eq!(Stored { messages: 0, commits: 0 }.per_commit(), None);
    }
}
