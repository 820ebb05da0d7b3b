//! A block, a suspension and a switched-off flag hold from when they are answered: also for what waits for a lock at that
//! moment. Each way is taken: the lock is held, the message waits, the other is answered, the lock is let go, and the rows
//! are counted.

use std::time::{Duration, Instant};

use crate::support::{Database, call, demo, list, one, request};
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

/// What stops a writer, and the rule that refuses then.
const STOPS: [(&str, &str); 4] = [
    ("blocked by the other", "blocked"),
    ("having blocked the other", "blocked"),
    ("suspended", "suspended"),
    ("switched off", "feature_disabled"),
];

/// Stops `writer`, who writes to `other` by the function of `flag`, and returns when that is answered.
async fn stop(edge: &Client, admin: &Client, how: &str, writer: Uuid, other: Uuid, flag: &str) {
    let answer = match how {
        "blocked by the other" => call(edge, "block_user", &request(other, json!({"blocked_id": writer}))).await,
        "having blocked the other" => call(edge, "block_user", &request(writer, json!({"blocked_id": other}))).await,
        "suspended" => {
            let input = json!({"target_id": writer, "until": "2999-01-01T00:00:00Z"});
            call(edge, "suspend_user", &request(demo(6), input)).await
        }
        _ => {
            let sql = format!("update feature_flags set rollout = 'disabled' where name = '{flag}'");
            admin.batch_execute(&sql).await.expect("a superuser may");
            json!({"ok": true})
        }
    };
    assert_eq!(answer["ok"], true, "{how}: {answer}");
}

/// Takes back whatever has stopped anybody.
async fn start_again(admin: &Client) {
    admin
        .batch_execute(
            "delete from user_blocks; update profiles set suspended_until = null;
             update feature_flags set rollout = 'enabled' where name <> 'maintenance'",
        )
        .await
        .expect("a superuser may");
}

/// Returns when a session of this database waits for a lock.
async fn until_somebody_waits(client: &Client) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let deadline = Instant::now() + Duration::from_secs(30);
    while one::<i64>(client, sql).await == 0 {
        assert!(Instant::now() < deadline, "nobody waits");
        // Whoever shall come to wait needs the processor, too.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Calls an entry point as the functions do: a statement that was undone for a passing reason is sent once more. Whether it
/// was, and the answer.
async fn call_as_functions_do(edge: &Client, function: &str, request: &Value) -> (bool, Value) {
    let sql = format!("select rolecall_edge.{function}($1)");
    match edge.query_one(&sql, &[request]).await {
        Ok(row) => (false, row.get(0)),
        Err(error) => {
            let code = error.code().map(|code| code.code().to_owned());
            assert_eq!(code.as_deref(), Some("40001"), "{function}: {error:?}");
            (true, call(edge, function, request).await)
        }
    }
}

/// Everything that a message leaves behind, but for the refusal's own traces.
async fn traces(client: &Client) -> Vec<String> {
    list(
        client,
        "select t::text from conversations t union all select t::text from messages t
         union all select t::text from conversation_participants t union all select t::text from broadcasts t
         union all select t::text from show_threads t union all select t::text from broadcast_quotas t
         union all select t::text from public.conversations_v2 t union all select t::text from public.messages_v2 t
         union all select t::text from rolecall.idempotency_records t where t.key <> 'first'
         order by 1",
    )
    .await
}

/// The databases' sessions that a way needs.
struct Sessions {
    /// Holds the lock.
    holder: Client,
    admin: Client,
    edge: Client,
    /// Blocks and suspends.
    other_edge: Client,
}

impl Sessions {
    async fn of(database: &Database) -> Sessions {
        Sessions {
            holder: database.admin().await,
            admin: database.admin().await,
            edge: database.edge().await,
            other_edge: database.edge().await,
        }
    }

    /// Holds `lock`, sends, stops the writer when the request waits, and lets go: the answer, and whether it was sent twice.
    async fn held(&mut self, lock: &str, how: &str, pair: (Uuid, Uuid), sent: (&str, &str, &Value)) -> (bool, Value) {
        let ((writer, other), (flag, function, request)) = (pair, sent);
        let transaction = self.holder.transaction().await.expect("it is idle");
        transaction.batch_execute(lock).await.expect("a superuser may");
        let (answer, ()) = tokio::join!(call_as_functions_do(&self.edge, function, request), async {
            until_somebody_waits(&self.admin).await;
            stop(&self.other_edge, &self.admin, how, writer, other, flag).await;
            transaction.rollback().await.expect("it is open");
        });
        answer
    }
}

/// The refusal's rule; a flat answer has its sentence alone.
fn rule(answer: &Value) -> &str {
    match answer["message"].as_str() {
        Some(message) if message.starts_with("There is a block ") => "blocked",
        Some(message) if message.starts_with("Your account is suspended ") => "suspended",
        Some(message) if message.starts_with("This function is switched off") => "feature_disabled",
        _ => answer["reasons"][0]["code"].as_str().unwrap_or("none"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_message_that_waits_does_not_arrive_after_what_stops_it() {
    let database = Database::demo().await;
    let mut sessions = Sessions::of(&database).await;
    sessions
        .admin
        .batch_execute("update rate_limits set capacity = 1000000, window_seconds = 1000000 where action = 'send_dm'")
        .await
        .expect("a superuser may");
    // Mia writes to Anna; the organizer and Ben are in the same array.
    let (writer, other) = (demo(4), demo(1));
    let edge = database.edge().await;
    let mut first = request(writer, json!({"recipient_id": other, "content": "First"}));
    first["idempotency_key"] = json!("first");
    let first = call(&edge, "send_dm", &first).await;
    let conversation = &first["data"]["conversation_id"];
    call(&edge, "send_dm", &request(demo(5), json!({"recipient_id": demo(2), "content": "First"}))).await;
    let locks = [
        ("conversation", "select from conversations where id = $c for update"),
        ("participant", "select from conversation_participants where conversation_id = $c and user_id = $w for update"),
        ("bucket", "update rolecall.rate_buckets set tokens = tokens where user_id = $w and action = 'send_dm'"),
        ("key", "insert into rolecall.idempotency_records (user_id, key, fingerprint) values ($w, 'late', '')"),
    ];
    let id = |value: &Value| format!("'{}'", value.as_str().expect("an id"));
    let start = json!({"recipient_id": other, "content": "Too late"});
    let reply = json!({"conversation_id": conversation, "content": "Too late"});
    for (name, lock) in locks {
        let lock = lock.replace("$c", &id(conversation)).replace("$w", &id(&json!(writer)));
        for (how, expected) in STOPS {
            for (form, input) in [("start", &start), ("reply", &reply)] {
                let way = format!("{form}, waiting for the {name}, {how}");
                let mut late = request(writer, input.clone());
                late["idempotency_key"] = json!("late");
                let before = traces(&sessions.admin).await;
                let sent = ("send-dm", "send_dm", &late);
                let (twice, answer) = sessions.held(&lock, how, (writer, other), sent).await;
                assert_eq!(rule(&answer), expected, "{way}: {answer}");
                assert_eq!(twice, matches!(name, "conversation" | "participant"), "{way}");
                assert_eq!(traces(&sessions.admin).await, before, "{way}: no message, no number, no key");
                start_again(&sessions.admin).await;

                // An array is undone as a whole, and its requests are sent one by one. Who is not stopped gets through.
                let good = request(demo(5), json!({"recipient_id": demo(2), "content": "In time"}));
                let (twice, answers) =
                    sessions.held(&lock, how, (writer, other), ("none", "send_dm", &json!([good, late]))).await;
                let stopped = how != "switched off";
                let waits_last = matches!(name, "conversation" | "participant");
                assert_eq!((twice, &answers[0]["ok"]), (stopped && waits_last, &json!(true)), "{way}: {answers}");
                assert_eq!(answers[1]["ok"], !stopped, "{way}: {answers}");
                if stopped {
                    assert_eq!(rule(&answers[1]), expected, "{way}: {answers}");
                }
                sessions
                    .admin
                    .batch_execute("delete from rolecall.idempotency_records where key = 'late'")
                    .await
                    .expect("a superuser may");
                start_again(&sessions.admin).await;
            }
        }
    }
    // A flag stops the whole array.
    let lock = format!("select from conversations where id = {} for update", id(conversation));
    let requests = json!([
        request(writer, reply.clone()),
        request(demo(5), json!({"recipient_id": demo(2), "content": "Too late"})),
    ]);
    let before = traces(&sessions.admin).await;
    let sent = ("send-dm", "send_dm", &requests);
    let (twice, answers) = sessions.held(&lock, "switched off", (writer, other), sent).await;
    assert!(twice, "{answers}");
    assert_eq!((rule(&answers[0]), rule(&answers[1])), ("feature_disabled", "feature_disabled"), "{answers}");
    assert_eq!(traces(&sessions.admin).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_time_arrives() {
    let database = Database::unlimited().await;
    let sessions = Sessions::of(&database).await;
    let (writer, other) = (demo(4), demo(1));
    for (how, expected) in STOPS {
        let message = request(writer, json!({"recipient_id": other, "content": "In time"}));
        assert_eq!(call(&sessions.edge, "send_dm", &message).await["ok"], true, "{how}");
        stop(&sessions.edge, &sessions.admin, how, writer, other, "send-dm").await;
        let answer = call(&sessions.edge, "send_dm", &message).await;
        assert_eq!(rule(&answer), expected, "{how}: {answer}");
        start_again(&sessions.admin).await;
    }
    assert_eq!(one::<i64>(&sessions.admin, "select count(*) from messages").await, STOPS.len() as i64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_that_waits_does_not_arrive_after_what_stops_it() {
    let database = Database::unlimited().await;
    let mut sessions = Sessions::of(&database).await;
    sessions.admin.batch_execute("update broadcast_limits set per_quota_day = 1000").await.expect("a superuser may");
    let writer = demo(5);
    let late =
        request(writer, json!({"show_id": demo(11), "recipient_roles": ["attendee"], "message": "Doors at nine."}));
    assert_eq!(call(&sessions.edge, "send_broadcast", &late).await["ok"], true);
    let locks = [
        ("conversation", "select from conversations where kind = 'show' for update"),
        ("participant", "select from conversation_participants for update"),
        ("quota", "select from broadcast_quotas for update"),
    ];
    for (name, lock) in locks {
        for (how, expected) in STOPS.into_iter().skip(2) {
            let way = format!("waiting for the {name}, {how}");
            let before = traces(&sessions.admin).await;
            let sent = ("send-broadcast", "send_broadcast", &late);
            let (twice, answer) = sessions.held(lock, how, (writer, demo(1)), sent).await;
            assert!(twice, "{way}: {answer}");
            assert_eq!(rule(&answer), expected, "{way}: {answer}");
            assert_eq!(traces(&sessions.admin).await, before, "{way}: no broadcast, and no quota taken");
            start_again(&sessions.admin).await;
        }
    }
    assert_eq!(call(&sessions.edge, "send_broadcast", &late).await["ok"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_help_conversation_that_waits_does_not_begin_after_what_stops_it() {
    let database = Database::unlimited().await;
    let mut sessions = Sessions::of(&database).await;
    let writer = demo(4);
    let sql = format!("select requester_id from help_requests where id = '{}'", demo(21));
    let other: Uuid = one(&sessions.admin, &sql).await;
    let late = request(writer, json!({"help_request_id": demo(21), "initial_message": "I can drive you there."}));
    let request_row = format!("select from help_requests where id = '{}' for update", demo(21));
    let pair = format!(
        "insert into conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
         values ('{}', '{other}', '{writer}', 'I can drive you there, too.')",
        demo(21)
    );
    for (name, lock) in [("request", &request_row), ("pair", &pair)] {
        for (how, expected) in STOPS {
            let way = format!("waiting for the {name}, {how}");
            let before = traces(&sessions.admin).await;
            let sent = ("start-conversation", "start_conversation", &late);
            let (_, answer) = sessions.held(lock, how, (writer, other), sent).await;
            assert_eq!(rule(&answer), expected, "{way}: {answer}");
            assert_eq!(traces(&sessions.admin).await, before, "{way}: no conversation and no message");
            start_again(&sessions.admin).await;
        }
    }
    let answer = call(&sessions.edge, "start_conversation", &late).await;
    assert_eq!(answer["ok"], true, "{answer}");

    // The messages in it are sent through the RPC, with the sender's rights.
    let conversation: Uuid = answer["data"]["conversation_id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let user = database.admin().await;
    let claims = format!(
        "set role authenticated; set request.jwt.claims = '{}'",
        json!({"sub": writer, "role": "authenticated"})
    );
    user.batch_execute(&claims).await.expect("a superuser may");
    let lock = format!("select from conversations_v2 where id = '{conversation}' for update");
    // A block is not answered before whoever holds the conversation is done.
    for (how, expected) in STOPS.into_iter().skip(2) {
        let before = traces(&sessions.admin).await;
        let transaction = sessions.holder.transaction().await.expect("it is idle");
        transaction.batch_execute(&lock).await.expect("a superuser may");
        let (row, ()) = tokio::join!(
            async {
                user.query_one("select public.send_message_v2($1, $2, 'Too late')", &[&conversation, &writer]).await
            },
            async {
                until_somebody_waits(&sessions.admin).await;
                stop(&sessions.other_edge, &sessions.admin, how, writer, other, "help-conversations").await;
                transaction.rollback().await.expect("it is open");
            }
        );
        let answer: Value = row.expect("it answers").get(0);
        assert_eq!(rule(&answer), expected, "{how}: {answer}");
        assert_eq!(traces(&sessions.admin).await, before, "{how}: no message");
        start_again(&sessions.admin).await;
    }
}
