//! Everything that a relay pushes to somebody, GET shows them: held against all that happens in the stand that most tests
//! share, for as long as they run.
//!
//! A thread leads there as a relay does and takes what the outbox holds. For each event and each of those whom it is for, it
//! asks the entry point behind GET as that user, and compares. Meanwhile tests block, suspend and delete: where the two
//! differ, both are asked anew. Only what differs again and again was pushed to somebody who may not see it.
//!
//! What was found is written below `target/tmp`; the program `rolecall-pushed` reads it after the run.

use anyhow::{Context, Result, ensure};
use rolecall_kit::runner::workspace;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};
use tokio::{runtime::Builder, time::sleep};
use tokio_postgres::Client;
use uuid::Uuid;

/// What asks the entry points, and compares; each question is taken back at once, and with it its locks.
const SQL: [&str; 3] = [
    include_str!("../../database/support/calls.psql"),
    include_str!("../../database/support/pushed.psql"),
    "create function pg_temp.differs_without_trace(p_user uuid, p_event jsonb)
     returns jsonb
     language plpgsql
     as $$
     declare
       v_answer jsonb;
     begin
       begin
         v_answer := pg_temp.differs(p_user, p_event);
         raise exception using errcode = 'RC001';
       exception
         when sqlstate 'RC001' then
           null;
       end;
       return v_answer;
     end
     $$;",
];

/// How many rows are taken at a time.
const ROWS: u32 = 20;

/// How often an event is asked for anew before it counts as wrong.
const ATTEMPTS: u32 = 8;

/// How often the thread says that it leads, and that everybody is online.
const LEAD: Duration = Duration::from_secs(5);

const IDLE: Duration = Duration::from_millis(25);

/// Watches the stand with this database from now on: one of each process, the first.
pub fn watch(admin_url: &str) {
    static WATCHED: OnceLock<()> = OnceLock::new();
    WATCHED.get_or_init(|| {
        let url = admin_url.to_owned();
        thread::spawn(move || {
            let mut notes = Notes::default();
            let runtime = Builder::new_current_thread().enable_all().build();
            let ended =
                runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(follow(&url, &mut notes)));
            // The server is gone with the process, not before.
            if let Err(error) = ended {
                notes.faults.push(format!("the watch has ended: {error:#}"));
                notes.write();
            }
        });
    });
}

/// How many events were looked at in all, and what was wrong with which.
///
/// # Errors
/// No end-to-end test has run.
pub fn noted() -> Result<(u64, Vec<String>)> {
    let (mut events, mut faults) = (0, Vec::new());
    for entry in fs::read_dir(directory()).context("no end-to-end test has run")? {
        let notes: Value = serde_json::from_str(&fs::read_to_string(entry?.path())?)?;
        events += notes["events"].as_u64().context("malformed notes")?;
        faults.extend(notes["faults"].as_array().context("malformed notes")?.iter().map(Value::to_string));
    }
    Ok((events, faults))
}

fn directory() -> PathBuf {
    workspace().join("target/tmp/pushed")
}

#[derive(Default)]
struct Notes {
    events: u64,
    faults: Vec<String>,
}

impl Notes {
    /// Keeps them where [`noted`] looks, whole at any moment.
    fn write(&self) {
        let keep = |folder: &Path| -> Result<()> {
            fs::create_dir_all(folder)?;
            let (file, new) =
                (folder.join(std::process::id().to_string()), folder.with_extension(std::process::id().to_string()));
            fs::write(&new, json!({"events": self.events, "faults": self.faults}).to_string())?;
            Ok(fs::rename(new, file)?)
        };
        keep(&directory()).unwrap_or_else(|error| panic!("what was pushed cannot be noted: {error:#}"));
    }
}

async fn follow(url: &str, notes: &mut Notes) -> Result<()> {
    let client = connect(url).await?;
    let relay = Uuid::new_v4();
    let mut led_at: Option<Instant> = None;
    loop {
        if led_at.is_none_or(|at| at.elapsed() >= LEAD) {
            call(&client, "lead", &json!({"relay": relay, "version": "watch"})).await?;
            // Broadcasts are for those who are online.
            let everybody =
                "insert into rolecall.presence (user_id) select id from rolecall.profiles on conflict do nothing";
            client.batch_execute(everybody).await?;
            notes.write();
            led_at = Some(Instant::now());
        }
        if !look(&client, notes).await? {
            sleep(IDLE).await;
        }
    }
}

/// An administrator's connection that can ask what [`differing`] asks.
///
/// # Errors
/// There is no such database.
pub async fn connect(url: &str) -> Result<Client> {
    let client = rolecall_database::connect(url).await?;
    client.batch_execute(&SQL.concat()).await?;
    Ok(client)
}

/// Looks at the oldest rows and settles them; whether there were any.
async fn look(client: &Client, notes: &mut Notes) -> Result<bool> {
    let mut attempt = 1;
    loop {
        let taken = call(client, "take", &json!({"limit": ROWS})).await?;
        let rows = taken["rows"].as_array().context("no rows")?;
        if rows.is_empty() {
            return Ok(false);
        }
        let pushed: Vec<Value> =
            rows.iter().flat_map(|row| row["events"].as_array().into_iter().flatten()).cloned().collect();
        let differing = differing(client, &json!(pushed)).await?;
        if differing.is_empty() || attempt == ATTEMPTS {
            notes.events += pushed.iter().map(|event| event["to"].as_array().map_or(0, Vec::len) as u64).sum::<u64>();
            notes.faults.extend(differing);
            let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
            call(client, "settle", &json!({"ids": ids})).await?;
            return Ok(true);
        }
        attempt += 1;
        sleep(IDLE).await;
    }
}

/// Of events as the relay takes them, `[{to, event}]`, those that GET does not show to those whom they are for, with its
/// answers. Asking changes nothing.
///
/// # Errors
/// The database does not answer.
pub async fn differing(client: &Client, pushed: &Value) -> Result<Vec<String>> {
    let sql = "select format('%s is told %s, and GET answers %s', who, event -> 'event', answer)
        from jsonb_array_elements($1) as event
        cross join jsonb_array_elements_text(event -> 'to') as who
        cross join lateral pg_temp.differs_without_trace(who::uuid, event -> 'event') as answer
        where answer is not null";
    let asked = client.query(sql, &[pushed]).await?;
    Ok(asked.iter().map(|row| row.get(0)).collect())
}

async fn call(client: &Client, function: &str, request: &Value) -> Result<Value> {
    let row = client.query_one(&format!("select rolecall_relay.{function}($1)"), &[request]).await?;
    let mut answer: Value = row.get(0);
    ensure!(answer["ok"] == true, "{function}: {answer}");
    Ok(answer["data"].take())
}
