//! Texting at size: with 1,000,000 messages in 100,000 threads of 1,000 organisations, of which one has 10,000 threads, what
//! people read comes off an index and is quick. The plans are those of the statements inside the functions, as PostgreSQL
//! ran them.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::explain::{explained, faults};
use support::{Database, call};
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

/// How often each is called on one connection: PostgreSQL goes over to plans for any parameters after five.
const CALLS: usize = 12;

/// How often each is called at most until one call is quick enough.
const MOST_CALLS: usize = 200;

/// The database of these tests, which is made once.
static LARGE_DATABASE: OnceCell<Database> = OnceCell::const_new();

async fn large() -> &'static Database {
    LARGE_DATABASE
        .get_or_init(|| async {
            let database = Database::demo().await;
            let admin = database.admin().await;
            admin.batch_execute(include_str!("support/texting_million.sql")).await.expect("it can be made");
            admin.batch_execute("vacuum analyze").await.expect("a superuser may");
            database
        })
        .await
}

/// The owner (place 0) or a sitter (1 to 5) of an organisation.
fn person(organization: u32, place: u32) -> Uuid {
    format!("71000000-0000-4000-8000-{:012}", 10 * organization + place).parse().expect("a uuid")
}

/// What is asked, how many rows may be sorted for it, and how long it may take.
struct Case {
    what: &'static str,
    entry: &'static str,
    who: Uuid,
    input: Value,
    most_sorted: Option<u64>,
    limit: Duration,
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_million_texts_everything_that_is_read_comes_off_an_index() {
    let database = large().await;
    let cases = [
        Case {
            what: "the diagnostics of a large organisation",
            entry: "diagnostics",
            who: person(1, 0),
            input: json!({}),
            most_sorted: None,
            limit: Duration::from_millis(50),
        },
        Case {
            what: "the diagnostics of a small organisation",
            entry: "diagnostics",
            who: person(500, 0),
            input: json!({}),
            most_sorted: None,
            limit: Duration::from_millis(50),
        },
        Case {
            what: "the threads of a large organisation",
            entry: "list_threads",
            who: person(1, 0),
            input: json!({"limit": 50}),
            most_sorted: None,
            limit: Duration::from_millis(20),
        },
        Case {
            what: "the unread threads of a large organisation",
            entry: "list_threads",
            who: person(1, 0),
            input: json!({"limit": 50, "unread": true}),
            most_sorted: None,
            limit: Duration::from_millis(20),
        },
        Case {
            what: "the threads of a sitter",
            entry: "list_threads",
            who: person(1, 1),
            input: json!({"limit": 50}),
            most_sorted: None,
            limit: Duration::from_millis(20),
        },
        Case {
            what: "the threads of a small organisation",
            entry: "list_threads",
            who: person(500, 0),
            input: json!({"limit": 100}),
            most_sorted: None,
            limit: Duration::from_millis(20),
        },
        Case {
            what: "the newest messages of a long thread",
            entry: "thread_messages",
            who: person(1, 0),
            input: json!({"thread_id": "74000000-0000-4000-8000-000000000001", "limit": 50}),
            most_sorted: None,
            limit: Duration::from_millis(20),
        },
        Case {
            what: "messages in the middle of a long thread",
            entry: "thread_messages",
            who: person(1, 0),
            input: json!({"thread_id": "74000000-0000-4000-8000-000000000001", "limit": 50, "before_seq": 2500}),
            most_sorted: None,
            limit: Duration::from_millis(20),
        },
    ];
    for case in cases {
        let request = json!({
            "claims": {"sub": case.who, "role": "authenticated"},
            "request_id": "test",
            "rollouts": {},
            "reads": true,
            "input": case.input,
        });
        let (client, plans) = explained(database).await;
        for _ in 0..CALLS {
            let answer = call(&client, case.entry, &request).await;
            assert_eq!(answer["ok"], true, "{}: {answer}", case.what);
        }
        let mut found = Vec::new();
        for plan in plans.lock().expect("nobody panics with it").drain(..) {
            faults(&plan["Plan"], LARGE, case.most_sorted, &mut found);
        }
        assert!(found.is_empty(), "{}: {found:#?}", case.what);

        // Without the explaining, which costs as much again. On a busy machine some call is quick all the same.
        let client = database.admin().await;
        let mut best = Duration::MAX;
        for _ in 0..MOST_CALLS {
            let begun = Instant::now();
            call(&client, case.entry, &request).await;
            best = best.min(begun.elapsed());
            if best < case.limit {
                break;
            }
        }
        println!("{}: {best:?}", case.what);
        assert!(best < case.limit, "{}: {best:?} at best", case.what);
    }
}
