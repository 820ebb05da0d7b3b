//! Texting at size: with 1,000,000 messages in 100,000 threads of 1,000 organisations, of which one has 10,000 threads, what
//! people read comes off an index and is quick. The plans are those of the statements inside the functions, as PostgreSQL
//! ran them.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::explain::{explained, faults, rows_read};
use crate::support::pace::{CALLS, Pace};
use crate::support::{Database, call};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The largest tables: none of them may be read from end to end.
const LARGE: &[&str] = &[
    "assignment_windows",
    "bookings",
    "clients",
    "message_threads",
    "thread_messages",
    "routing_decisions",
    "anti_poaching_attempts",
    "sms_outbox",
    "profiles",
];

/// What a page or a text may take.
const PAGE_LIMIT: Duration = Duration::from_millis(20);

/// What the diagnostics may take.
const DIAGNOSTICS_LIMIT: Duration = Duration::from_millis(50);

/// A page, and the threads of the hour in which it ends: a thread each 50 s.
const PAGE_SORTED: u64 = 101 + 2 * 72;

/// The threads of a sitter of organisation 1, which are all looked at for a page of them.
const SITTERS_THREADS: u64 = 2000;

/// The windows that decide about a message: those of its thread.
const MOST_WINDOWS: u64 = 10;

/// The database of these tests, which is made once.
static LARGE_DATABASE: OnceCell<Database> = OnceCell::const_new();

async fn large() -> &'static Database {
    LARGE_DATABASE
        .get_or_init(|| async {
            let database = Database::demo().await;
            let admin = database.admin().await;
            admin.batch_execute(include_str!("../support/texting_million.sql")).await.expect("it can be made");
            admin.batch_execute("vacuum analyze").await.expect("a superuser may");
            database
        })
        .await
}

/// The owner (place 0) or a sitter (1 to 5) of an organisation.
fn person(organization: u32, place: u32) -> Uuid {
    format!("71000000-0000-4000-8000-{:012}", 10 * organization + place).parse().expect("a uuid")
}

/// What is asked, how many rows a statement may sort for it and read of the windows, and how long it may take.
struct Case {
    what: &'static str,
    entry: &'static str,
    claims: Value,
    input: Value,
    most_sorted: Option<u64>,
    most_windows: Option<u64>,
    limit: Duration,
    /// What is decided about a text.
    decision: Option<&'static str>,
}

impl Case {
    /// Somebody's page.
    fn read(what: &'static str, entry: &'static str, who: Uuid, input: Value, most_sorted: Option<u64>) -> Case {
        let claims = json!({"sub": who, "role": "authenticated"});
        Case { what, entry, claims, input, most_sorted, most_windows: None, limit: PAGE_LIMIT, decision: None }
    }

    /// The diagnostics of somebody's organisation.
    fn diagnostics(what: &'static str, who: Uuid) -> Case {
        Case { limit: DIAGNOSTICS_LIMIT, ..Case::read(what, "diagnostics", who, json!({}), None) }
    }

    /// A text of a client of organisation 1 to its front desk.
    fn text(what: &'static str, client: u32, decision: &'static str) -> Case {
        let (from, to) = (format!("+1666{client:07}"), "+15550000100");
        let input = json!({
            "from": from, "to": to, "content": "Is Rex well?", "media_urls": [], "silent": false,
            "filter": {"violations": [], "redacted": "Is Rex well?"},
        });
        let claims = json!({"role": "service_role"});
        Case {
            what,
            entry: "receive_sms",
            claims,
            input,
            most_sorted: Some(MOST_WINDOWS),
            most_windows: Some(MOST_WINDOWS),
            limit: PAGE_LIMIT,
            decision: Some(decision),
        }
    }

    /// The request; each text has an id of its own.
    fn request(&self) -> Value {
        let mut input = self.input.clone();
        if self.entry == "receive_sms" {
            input["message_sid"] = json!(format!("SM{}", Uuid::new_v4().simple()));
        }
        json!({"claims": self.claims, "request_id": "test", "rollouts": {}, "input": input})
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_million_texts_everything_that_is_read_comes_off_an_index() {
    let database = large().await;
    let (owner, sitter) = (person(1, 0), person(1, 1));
    let long = "74000000-0000-4000-8000-000000000001";
    let cases = [
        Case::diagnostics("the diagnostics of a large organisation", owner),
        Case::diagnostics("the diagnostics of a small organisation", person(500, 0)),
        Case::read(
            "the threads of a large organisation",
            "list_threads",
            owner,
            json!({"limit": 50}),
            Some(PAGE_SORTED),
        ),
        Case::read(
            "the unread threads of a large organisation",
            "list_threads",
            owner,
            json!({"limit": 50, "unread": true}),
            Some(PAGE_SORTED),
        ),
        Case::read(
            "a sitter's threads, for the owner",
            "list_threads",
            owner,
            json!({"limit": 50, "sitter_id": sitter}),
            Some(SITTERS_THREADS),
        ),
        Case::read(
            "the 2,000 threads of a sitter",
            "list_threads",
            sitter,
            json!({"limit": 100}),
            Some(SITTERS_THREADS),
        ),
        Case::read(
            "the unread ones of the 2,000 threads of a sitter",
            "list_threads",
            sitter,
            json!({"limit": 100, "unread": true}),
            Some(SITTERS_THREADS),
        ),
        Case::read(
            "the threads of a small organisation",
            "list_threads",
            person(500, 0),
            json!({"limit": 100}),
            Some(PAGE_SORTED),
        ),
        Case::read(
            "the newest messages of a long thread",
            "thread_messages",
            owner,
            json!({"thread_id": long, "limit": 50}),
            Some(51),
        ),
        Case::read(
            "messages in the middle of a long thread",
            "thread_messages",
            owner,
            json!({"thread_id": long, "limit": 50, "before_seq": 2500}),
            Some(51),
        ),
        Case::text("the routing of a text to a sitter", 1, "one_sitter"),
        Case::text("the routing of a text to the owner inbox", 3, "no_window"),
        Case {
            most_windows: Some(MOST_WINDOWS),
            ..Case::read(
                "a message of a sitter with 2,000 threads",
                "send_thread_message",
                person(1, 2),
                json!({
                    "thread_id": long, "content": "He is well.", "encoding": "gsm_7", "segments": 1,
                    "filter": {"violations": [], "redacted": "He is well."},
                }),
                Some(MOST_WINDOWS),
            )
        },
    ];
    let admin = database.admin().await;
    admin.batch_execute("delete from rolecall.rate_limits").await.expect("a superuser may");
    let mut report = String::new();
    let mut wrong = Vec::new();
    for case in cases {
        let (explaining, plans) = explained(database).await;
        for _ in 0..CALLS {
            let answer = call(&explaining, case.entry, &case.request()).await;
            assert_eq!(answer["ok"], true, "{}: {answer}", case.what);
            assert_eq!(answer["data"]["decision"].as_str(), case.decision, "{}: {answer}", case.what);
        }
        for plan in plans.lock().expect("nobody panics with it").drain(..) {
            let mut found = Vec::new();
            faults(&plan["Plan"], LARGE, case.most_sorted, &mut found);
            let windows = rows_read(&plan["Plan"], "assignment_windows");
            if case.most_windows.is_some_and(|most| windows > most) {
                found.push(format!("{windows} windows are read"));
            }
            if !found.is_empty() {
                let query = plan["Query Text"].as_str().unwrap_or_default();
                wrong.push(format!("{}: {found:?} in {query}\n{:#}", case.what, plan["Plan"]));
                break;
            }
        }

        // Without the explaining, which costs as much again.
        let pace = Pace::of(&admin, case.limit, async || {
            call(&admin, case.entry, &case.request()).await;
        })
        .await;
        writeln!(report, "{}: {:.1} ms", case.what, pace.millis()).expect("a string can be written");
        wrong.extend(pace.fault(case.what));
    }
    // Past the harness, which shows what a test prints only when it fails.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), report.as_bytes());
    assert!(wrong.is_empty(), "{report}\n{}", wrong.join("\n\n"));
}
