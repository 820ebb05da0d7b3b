//! Sending a batch is the same function as sending each of its items alone.

mod mix;
mod twins;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::{Database, call, demo, list, log_every_refusal, one, request};
use mix::{Random, Scenario, Step};
use serde_json::{Value, json};
use tokio_postgres::Client;
use twins::{Fault, SEND, Tally, Twins};
use uuid::Uuid;

/// How many requests are compared at least.
const ENOUGH: usize = 12_000;

/// How long a failing mix is made smaller.
const SHRINKING: Duration = Duration::from_secs(60);

/// Prints past the harness, which keeps what passing tests print to itself.
fn report(figure: &str) {
    // A closed standard error must not fail the test.
    let _ = writeln!(std::io::stderr(), "{figure}");
}

/// The seed of this run: `GROUP_COMMIT_SEED`, or another one each time.
fn seed() -> u64 {
    match std::env::var("GROUP_COMMIT_SEED") {
        Ok(text) => text.parse().expect("GROUP_COMMIT_SEED is a number"),
        Err(_) => Uuid::new_v4().as_u64_pair().0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arrays_and_single_requests_answer_and_leave_the_same() {
    let first = seed();
    let started = Instant::now();
    let mut twins = Twins::new().await;
    let mut total = Tally::default();
    let mut mixes = 0;
    while total.items < ENOUGH {
        let seed = first.wrapping_add(mixes);
        mixes += 1;
        let scenario = mix::scenario(&mut Random::new(seed));
        match twins.play(&scenario).await {
            Ok(tally) => total.add(tally),
            Err(Fault::Scenario(text)) => panic!("GROUP_COMMIT_SEED={seed}: the mix is at fault: {text}"),
            Err(Fault::Difference(text)) => {
                let (smallest, text) = shrunk(&mut twins, scenario, text).await;
                panic!("GROUP_COMMIT_SEED={seed}: {text}\n{}", told(&smallest));
            }
        }
    }
    // What the mixes are about must really have happened in them.
    assert!(total.sent * 8 > total.items && total.replayed * 200 > total.items, "{total:?}");
    report(&format!(
        "{} requests ({} sent, {} replayed) in {} arrays, {} answers put off: the same as one by one \
         ({mixes} mixes, {:.1} s)",
        total.items,
        total.sent,
        total.replayed,
        total.arrays,
        total.deferred,
        started.elapsed().as_secs_f64()
    ));
}

/// The scenario without what it does not need to fail.
async fn shrunk(twins: &mut Twins, mut scenario: Scenario, mut text: String) -> (Scenario, String) {
    let started = Instant::now();
    let mut smaller = true;
    while smaller && started.elapsed() < SHRINKING {
        smaller = false;
        let mut size = scenario.len().max(scenario.setup.len()).max(1);
        while size >= 1 && started.elapsed() < SHRINKING {
            let mut place = 0;
            while let Some(candidate) = without(&scenario, place, size) {
                if started.elapsed() > SHRINKING {
                    break;
                }
                if let Err(Fault::Difference(fault)) = twins.play(&candidate).await {
                    (scenario, text, smaller) = (candidate, fault, true);
                } else {
                    place += size;
                }
            }
            size /= 2;
        }
    }
    (scenario, text)
}

/// The scenario without `size` of its pieces from `place` on: steps that are no requests, requests, and setup.
fn without(scenario: &Scenario, place: usize, size: usize) -> Option<Scenario> {
    let mut at = 0;
    let mut removed = 0;
    let mut keep = || {
        let gone = (place..place + size).contains(&at);
        at += 1;
        removed += usize::from(gone);
        !gone
    };
    let mut steps = Vec::new();
    for step in &scenario.steps {
        match step {
            Step::Requests { function, items, plain } => {
                let items: Vec<String> = items.iter().filter(|_| keep()).cloned().collect();
                if !items.is_empty() || keep() {
                    steps.push(Step::Requests { function, items, plain: *plain });
                }
            }
            other if keep() => steps.push(other.clone()),
            _ => {}
        }
    }
    let setup = scenario.setup.iter().filter(|_| keep()).cloned().collect();
    (removed > 0).then_some(Scenario { setup, steps })
}

/// The scenario to be read.
fn told(scenario: &Scenario) -> String {
    let mut text = String::new();
    for statement in &scenario.setup {
        text.push_str(&format!("setup     {}\n", statement.split_whitespace().collect::<Vec<_>>().join(" ")));
    }
    for step in &scenario.steps {
        match step {
            Step::Reconnect => text.push_str("reconnect\n"),
            Step::Change(statement) => {
                text.push_str(&format!("change    {}\n", statement.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            Step::Broadcast(request) => text.push_str(&format!("broadcast {request}\n")),
            Step::Requests { function, items, plain } => {
                let form = if *plain && items.len() == 1 { "object" } else { "array" };
                text.push_str(&format!("{form} of {function}\n"));
                for item in items {
                    let cut: String = item.chars().take(600).collect();
                    text.push_str(&format!("          {cut}\n"));
                }
            }
        }
    }
    text
}

/// The user with this number, with a profile of the database.
fn person(number: usize) -> Uuid {
    Uuid::from_u128((0xa000_0000 << 96) | number as u128)
}

/// A demo database with so many users, of whom anybody may write to anybody.
async fn people(number: usize) -> (Database, Client) {
    let database = Database::unlimited().await;
    let client = database.admin().await;
    let sql = "insert into profiles (id, role) select unnest($1::uuid[]), 'admin'";
    let ids: Vec<Uuid> = (0..number).map(person).collect();
    client.execute(sql, &[&ids]).await.expect("a superuser may");
    (database, client)
}

/// A message from one to another, with a request id of its own.
fn dm(from: usize, to: usize, content: &str) -> Value {
    let mut request = request(person(from), json!({"recipient_id": person(to), "content": content}));
    request["request_id"] = json!(Uuid::new_v4());
    request
}

/// The array that these are.
fn array(requests: &[Value]) -> Value {
    Value::Array(requests.to_vec())
}

/// The SQLSTATE that a statement fails with.
async fn sqlstate(client: &Client, request: &Value) -> String {
    let error = client.query_one(SEND, &[request]).await.expect_err("it must fail");
    error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned())
}

/// Every row that sending can write, as text.
async fn everything(client: &Client) -> Vec<String> {
    list(
        client,
        "select t::text from messages t union all select t::text from conversations t
         union all select t::text from conversation_participants t union all select t::text from application_logs t
         union all select t::text from rolecall.idempotency_records t
         union all select t::text from rolecall.rate_buckets t
         union all select t::text from rolecall.request_metrics t order by 1",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_messages_of_an_array_share_their_commit_and_their_time() {
    let (database, client) = people(130).await;
    let edge = database.edge().await;
    for round in 0..8 {
        let requests: Vec<Value> = (0..128).map(|from| dm(from, (from + 1 + round) % 130, "Hello")).collect();
        let answers = call(&edge, "send_dm", &array(&requests)).await;
        let sent = answers.as_array().expect("a list").iter().filter(|answer| answer["ok"] == true).count();
        let put_off = answers.as_array().expect("a list").iter().filter(|answer| answer["deferred"] == true).count();
        assert_eq!(sent + put_off, 128, "{answers}");
        assert_eq!(put_off, 0, "each is of another pair: {answers}");
        let shared =
            list(&client, "select count(*) || ' ' || count(distinct created_at) from messages group by xmin::text")
                .await;
        assert_eq!(shared, vec!["128 1"; round + 1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_array_of_none_of_one_and_of_a_thousand() {
    let (database, client) = people(40).await;
    let edge = database.edge().await;
    assert_eq!(call(&edge, "send_dm", &json!([])).await, json!([]));
    assert_eq!(everything(&client).await, [] as [String; 0]);

    let answer = call(&edge, "send_dm", &json!([dm(1, 2, "Hello")])).await;
    assert_eq!((answer.as_array().map(Vec::len), &answer[0]["data"]["seq"]), (Some(1), &json!(1)), "{answer}");
    // An array is no request, wherever it stands.
    for nested in [json!([[dm(1, 2, "Hello")]]), json!([[[]], []])] {
        let answers = call(&edge, "send_dm", &nested).await;
        for answer in answers.as_array().expect("a list") {
            assert_eq!(answer["code"], "unauthenticated", "{nested}: {answers}");
        }
    }

    let requests: Vec<Value> =
        (0..1000).map(|number| dm(number % 40, (number + 1) % 40, &format!("{number}"))).collect();
    let answers = resent(&edge, requests).await;
    assert_eq!(answers.iter().filter(|answer| answer["ok"] == true).count(), 1000);
    assert_eq!(one::<i64>(&client, "select count(*) from messages").await, 1001);
    assert_eq!(faults(&client).await, [] as [String; 0]);
}

/// Sends these in one array, what is put off again at the front of the next, and returns the answers in their order.
async fn resent(client: &Client, requests: Vec<Value>) -> Vec<Value> {
    let mut answers = vec![Value::Null; requests.len()];
    let mut waiting: Vec<(usize, Value)> = requests.into_iter().enumerate().collect();
    while !waiting.is_empty() {
        let sent: Value = waiting.iter().map(|(_, request)| request.clone()).collect();
        let answer = call(client, "send_dm", &sent).await;
        let before = waiting.len();
        let mut place = 0;
        waiting.retain(|(number, _)| {
            answers[*number] = answer[place].clone();
            place += 1;
            answers[*number] == json!({"deferred": true})
        });
        assert!(waiting.len() < before, "nothing gets on: {answer}");
    }
    answers
}

/// Conversations whose messages are not numbered from 1 to the last without a gap, that lack a participant, or where what
/// somebody has unread is not what is new to them.
async fn faults(client: &Client) -> Vec<String> {
    list(
        client,
        "select c.id::text from conversations c left join messages m on m.conversation_id = c.id
         group by c.id
         having count(m.*) <> c.last_seq or max(m.seq) <> c.last_seq or min(m.seq) <> 1
           or (select count(*) from conversation_participants p where p.conversation_id = c.id) <> 2
           or exists (
             select from conversation_participants p where p.conversation_id = c.id
               and c.last_seq - p.last_read_seq - p.skipped <> (
                 select count(*) from messages n where n.conversation_id = c.id and n.seq > p.last_read_seq
                   and n.deleted_at is null and n.sender_id <> p.user_id))",
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_depends_on_another_is_put_off() {
    let (database, client) = people(20).await;
    let edge = database.edge().await;
    let put_off = async |requests: &[Value]| {
        let answers = call(&edge, "send_dm", &array(requests)).await;
        let list = answers.as_array().expect("a list");
        assert_eq!(list.len(), requests.len());
        let places = list.iter().enumerate().filter(|(_, answer)| **answer == json!({"deferred": true}));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        let answered = list.iter().filter(|answer| answer["ok"] == true).count();
        assert_eq!(answered + places.len(), list.len(), "{answers}");
        places
    };
    let none: [usize; 0] = [];
    let keyed = |mut request: Value, key: &str| {
        request["idempotency_key"] = json!(key);
        request
    };

    // Several first messages of one sender, to one person and to several.
    assert_eq!(put_off(&[dm(0, 1, "a"), dm(0, 1, "b"), dm(0, 2, "c"), dm(3, 4, "d"), dm(0, 1, "e")]).await, none);
    // A conversation that is there, from both sides, by recipient and by id, with a show named and without.
    let id: Uuid = one(&client, "select conversation_id from messages where content = 'a'").await;
    // Both take part in it; of a foreign one nobody writes.
    let joins = format!(
        "insert into show_participants (show_id, user_id) values ('{0}', '{1}'), ('{0}', '{2}')",
        demo(11),
        person(0),
        person(1)
    );
    client.batch_execute(&joins).await.expect("a superuser may");
    let mut with_show = dm(1, 0, "f");
    with_show["input"]["show_id"] = json!(demo(11));
    let reply = request(person(1), json!({"conversation_id": id, "content": "g"}));
    let both = [dm(0, 1, "h"), with_show, dm(1, 0, "i"), reply.clone(), dm(0, 1, "j"), reply];
    assert_eq!(put_off(&both).await, none);
    let contents = list(&client, "select content from messages where seq > 3 order by conversation_id, seq").await;
    assert_eq!(contents, ["h", "f", "i", "g", "j", "g"], "in the order of the array");
    // Different keys of one user, one key of different users.
    let keys = [keyed(dm(0, 1, "k"), "one"), keyed(dm(0, 1, "l"), "two"), keyed(dm(1, 0, "m"), "one")];
    assert_eq!(put_off(&keys).await, none);

    // One key of one user twice, and what the same user sends after that; nobody else.
    let again = [
        keyed(dm(5, 6, "n"), "three"),
        keyed(dm(5, 6, "n"), "three"),
        dm(7, 8, "o"),
        dm(5, 9, "p"),
        keyed(dm(10, 11, "q"), "three"),
    ];
    let places = put_off(&again).await;
    assert!(places == [1, 3], "the second, and the later one of the same sender: {places:?}");
    // A first contact from both sides, and what else the two send.
    let contact = [dm(12, 13, "r"), dm(13, 12, "s"), dm(12, 13, "t"), dm(14, 15, "u"), dm(13, 16, "v")];
    let places = put_off(&contact).await;
    assert!(places.contains(&1) && places.contains(&4) && !places.contains(&0) && !places.contains(&3), "{places:?}");
    // Half a thousand of two who have a conversation: one statement.
    let hot: Vec<Value> = (0..500).map(|number| dm(number % 2, 1 - number % 2, "hot")).collect();
    assert_eq!(put_off(&hot).await, none);
    assert_eq!(faults(&client).await, none.map(|_| String::new()));
}

/// A lock that a second session holds ends an array after half a second, without effect; the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn an_array_waits_half_a_second_for_a_lock_and_no_longer() {
    let (database, client) = people(130).await;
    client
        .batch_execute("update rate_limits set capacity = 1000000, window_seconds = 1000000 where action = 'send_dm'")
        .await
        .expect("a superuser may");
    let edge = database.edge().await;
    let mut first = dm(0, 1, "First");
    first["idempotency_key"] = json!("held");
    call(&edge, "send_dm", &first).await;
    let user = person(0);
    let held = [
        format!("select from conversations where participant_low = '{user}' for update"),
        format!("select from conversation_participants where user_id = '{user}' for update"),
        format!("update rolecall.rate_buckets set tokens = tokens where user_id = '{user}'"),
        format!("update rolecall.idempotency_records set answer = answer where user_id = '{user}'"),
    ];
    for lock in &held {
        let mut holder = database.admin().await;
        let transaction = holder.transaction().await.expect("a superuser may");
        transaction.batch_execute(lock).await.expect("a superuser may");
        let before = everything(&client).await;
        let mut requests: Vec<Value> = (2..65).map(|from| dm(from, from + 64, "Good")).collect();
        let mut guilty = dm(0, 1, "Waits");
        guilty["idempotency_key"] = json!(if lock.contains("records") { "held" } else { "another" });
        requests.insert(31, guilty);
        let started = Instant::now();
        assert_eq!(sqlstate(&edge, &array(&requests)).await, "55P03", "{lock}");
        let waited = started.elapsed();
        assert!(waited >= Duration::from_millis(450) && waited < Duration::from_secs(3), "{lock}: {waited:?}");
        assert_eq!(everything(&client).await, before, "{lock}");

        let started = Instant::now();
        assert_eq!(sqlstate(&edge, &array(&requests[31..32])).await, "55P03", "an array of one: {lock}");
        assert!(started.elapsed() < Duration::from_secs(3), "an array of one: {lock}");
        assert_eq!(everything(&client).await, before, "{lock}");

        // The others by themselves do not wait, and the limit is that of the array alone.
        requests.remove(31);
        let answers = call(&edge, "send_dm", &array(&requests)).await;
        assert!(answers.as_array().is_some_and(|list| list.iter().all(|answer| answer["ok"] == true)), "{answers}");
        assert_eq!(one::<String>(&edge, "select current_setting('lock_timeout')").await, "4s");
        transaction.rollback().await.expect("it is open");
    }
    // One that waits a little less gets through.
    let mut holder = database.admin().await;
    let transaction = holder.transaction().await.expect("a superuser may");
    transaction.batch_execute(&held[0]).await.expect("a superuser may");
    let requests = array(&[dm(0, 1, "Waits"), dm(2, 3, "Good")]);
    let (answers, ()) = tokio::join!(call(&edge, "send_dm", &requests), async {
        until_somebody_waits(&client).await;
        transaction.rollback().await.expect("it is open");
    });
    assert_eq!((&answers[0]["ok"], &answers[1]["ok"]), (&json!(true), &json!(true)), "{answers}");
}

/// Returns when a session of this database waits for a lock.
async fn until_somebody_waits(client: &Client) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let deadline = Instant::now() + Duration::from_secs(30);
    while one::<i64>(client, sql).await == 0 {
        assert!(Instant::now() < deadline, "nobody waits");
    }
}

/// Rows that the requests of an array lock, one for each sender.
struct Locks {
    table: &'static str,
    /// Which of its rows.
    rows: &'static str,
    /// What tells one sender's from another's; they are locked in its order.
    owner: &'static str,
}

const LOCKS: [Locks; 5] = [
    Locks { table: "rolecall.idempotency_records", rows: "true", owner: "user_id" },
    Locks { table: "rolecall.rate_buckets", rows: "action = 'send_dm'", owner: "user_id" },
    Locks { table: "rolecall.conversations", rows: "true", owner: "participant_low" },
    Locks {
        table: "rolecall.conversation_participants",
        rows: "user_id in (select user_id from rolecall.idempotency_records)",
        owner: "conversation_id",
    },
    Locks { table: "rolecall.request_metrics", rows: "true", owner: "org_id" },
];

/// Arrays that lock the same rows in different orders could wait for each other for ever. So whatever the order of its
/// requests, an array that waits for the last row has locked all others, and one that waits for the first has none.
#[tokio::test(flavor = "multi_thread")]
async fn every_array_takes_its_locks_in_the_same_order() {
    const SENDERS: usize = 8;
    let (database, client) = people(2 * SENDERS).await;
    // Not as rolecall_edge, which may not wait this long.
    let edge = database.admin().await;
    edge.batch_execute("set statement_timeout = '60s'").await.expect("a session may");
    let stripe: i32 = one(&edge, "select pg_backend_pid() % 32").await;
    let senders: Vec<Uuid> = (0..SENDERS).map(person).collect();
    client
        .batch_execute(
            "update rate_limits set capacity = 1000000, window_seconds = 1000000 where action = 'send_dm';
             -- Long enough to look at what is locked.
             alter function rolecall_internal.send_dm_many(jsonb) set lock_timeout = '60s'",
        )
        .await
        .expect("a superuser may");
    for sql in [
        "insert into organizations (id, name) select unnest($1::uuid[]), 'Of one'",
        "update profiles set organization_id = id where id = any ($1)",
    ] {
        client.execute(sql, &[&senders]).await.expect("a superuser may");
    }
    let requests: Vec<Value> = [3, 0, 6, 1, 7, 2, 5, 4]
        .map(|from| {
            let mut request = dm(from, from + SENDERS, "Hello");
            request["idempotency_key"] = json!("key");
            request
        })
        .to_vec();
    let requests = array(&requests);
    call(&edge, "send_dm", &requests).await;
    // Whatever time the statement takes, and whichever minute it falls into, its counters are there.
    client
        .execute(
            "insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
             select date_bin('1 minute', now(), '2000-01-01 00:00:00+00') + later * interval '1 minute',
               'send-dm', 'ok', org_id, bucket, $2::int, 0
             from unnest($1::uuid[]) as org_id, generate_series(0, 40) as bucket, generate_series(0, 15) as later
             on conflict do nothing",
            &[&senders, &stripe],
        )
        .await
        .expect("a superuser may");

    for Locks { table, rows, owner } in LOCKS {
        for (end, locked) in [("desc", SENDERS), ("asc", 1)] {
            let aged = "update rolecall.idempotency_records set created_at = now() - interval '2 days'";
            client.batch_execute(aged).await.expect("a superuser may");
            let mut holder = database.admin().await;
            let transaction = holder.transaction().await.expect("a superuser may");
            let hold = format!(
                "select from {table} where {rows}
                 and {owner} = (select {owner} from {table} where {rows} order by {owner} {end} limit 1) for update"
            );
            transaction.batch_execute(&hold).await.expect("a superuser may");
            let (answers, ()) = tokio::join!(call(&edge, "send_dm", &requests), async {
                until_somebody_waits(&client).await;
                let held = format!(
                    "with free as materialized (select ctid from {table} for update skip locked)
                     select count(distinct {owner}) from {table}
                     where {rows} and ctid not in (select ctid from free)"
                );
                assert_eq!(one::<i64>(&client, &held).await, locked as i64, "{table} {end}");
                transaction.rollback().await.expect("it is open");
            });
            let sent = answers.as_array().is_some_and(|list| list.iter().all(|answer| answer["ok"] == true));
            assert!(sent, "{table} {end}: {answers}");
        }
    }
}

/// The slots of ids come before everything else, in their order.
#[tokio::test(flavor = "multi_thread")]
async fn every_array_takes_the_slots_of_its_ids_in_one_order_and_first() {
    const SENDERS: usize = 8;
    let (database, client) = people(2 * SENDERS).await;
    let edge = database.admin().await;
    edge.batch_execute("set statement_timeout = '60s'").await.expect("a session may");
    client
        .batch_execute("alter function rolecall_internal.send_dm_many(jsonb) set lock_timeout = '60s'")
        .await
        .expect("a superuser may");
    let requests = |round: u128| {
        let numbers = [3, 0, 6, 1, 7, 2, 5, 4].into_iter();
        let named = numbers.map(|from| {
            let mut request = dm(from, from + SENDERS, "Hello");
            request["idempotency_key"] = json!(format!("key {round}"));
            // The same slots in each round: the replays of the first one leave their locks, too.
            request["input"]["message_id"] = json!(Uuid::from_u128((0xb000_0000 << 96) | (from as u128 + 1)));
            request
        });
        array(&named.collect::<Vec<_>>())
    };
    call(&edge, "send_dm", &requests(0)).await;
    let slots: Vec<i32> = client
        .query_one("select array_agg(slot order by slot) from message_id_slots", &[])
        .await
        .expect("slots")
        .get(0);
    assert_eq!(slots.len(), SENDERS);
    for (round, slot, locked) in [(1, slots[SENDERS - 1], SENDERS), (2, slots[0], 1)] {
        let mut holder = database.admin().await;
        let transaction = holder.transaction().await.expect("a superuser may");
        transaction
            .batch_execute(&format!("select from rolecall.message_id_slots where slot = {slot} for update"))
            .await
            .expect("a superuser may");
        let requests = requests(round);
        let (answers, ()) = tokio::join!(call(&edge, "send_dm", &requests), async {
            until_somebody_waits(&client).await;
            let held = "with free as materialized (select ctid from rolecall.message_id_slots for update skip locked)
                 select count(*) from rolecall.message_id_slots where ctid not in (select ctid from free)";
            assert_eq!(one::<i64>(&client, held).await, locked as i64, "slot {slot}");
            let keys = "with free as materialized (select from rolecall.idempotency_records for update skip locked)
                 select count(*) from free";
            let records = "select count(*) from rolecall.idempotency_records";
            assert_eq!(one::<i64>(&client, keys).await, one::<i64>(&client, records).await, "slot {slot}");
            transaction.rollback().await.expect("it is open");
        });
        let replayed = answers.as_array().is_some_and(|list| list.iter().all(|answer| answer["replayed"] == true));
        assert!(replayed, "{answers}");
    }
    assert_eq!(one::<i64>(&client, "select count(*) from messages").await, SENDERS as i64);
}

/// A request that cannot be stored fails the statement, and nothing of the others is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_item_fails_the_statement_and_leaves_nothing() {
    let (database, client) = people(130).await;
    client
        .batch_execute(
            "update rate_limits set capacity = 1000000, window_seconds = 1000000 where action = 'send_dm';
             alter table messages add constraint no_poison check (content <> 'poison') not valid;
             create function fail() returns trigger language plpgsql as $$
             begin raise exception 'no' using errcode = 'P0001'; end $$;
             create trigger fail before insert on messages for each row
             when (new.content = 'trigger') execute function fail();
             create trigger fail before insert on application_logs
             for each row when (new.request_id = 'log') execute function fail();",
        )
        .await
        .expect("a superuser may");
    let keyed = |key: &str| {
        let mut request = dm(0, 1, "A key");
        request["idempotency_key"] = json!(key);
        request
    };
    let mut without_input = keyed("key");
    without_input.as_object_mut().expect("an object").remove("input");
    let mut logged = dm(0, 0, "Refused");
    logged["request_id"] = json!("log");
    let broken = [
        (dm(0, 1, "poison"), "23514"),
        (dm(0, 1, "trigger"), "P0001"),
        (logged, "P0001"),
        // The function lets none of these through.
        (keyed(""), "23514"),
        (keyed(&"k".repeat(256)), "23514"),
        (without_input, "23502"),
    ];
    let edge = database.edge().await;
    for (poison, code) in broken {
        let before = everything(&client).await;
        assert_eq!(sqlstate(&edge, &poison).await, code, "alone: {poison}");
        for place in [0, 20, 63] {
            let mut requests: Vec<Value> = (2..65).map(|from| dm(from, from + 64, "Good")).collect();
            requests.insert(place, poison.clone());
            for (number, request) in
                requests.iter_mut().enumerate().filter(|(number, _)| number % 3 == 0 && *number != place)
            {
                request["idempotency_key"] = json!(format!("key {number}"));
            }
            assert_eq!(sqlstate(&edge, &array(&requests)).await, code, "{poison}");
            assert_eq!(everything(&client).await, before, "{poison}");
        }
    }
    let good: Vec<Value> = (2..65).map(|from| dm(from, from + 64, "Good")).collect();
    let answers = call(&edge, "send_dm", &array(&good)).await;
    assert!(answers.as_array().is_some_and(|list| list.iter().all(|answer| answer["ok"] == true)), "{answers}");
}

/// A statement of many callers runs for none of them: a trigger that asks who calls hears of nobody, not of another.
#[tokio::test(flavor = "multi_thread")]
async fn in_an_array_the_caller_is_nobody_and_the_sender_is_in_the_row() {
    let (database, client) = people(64).await;
    client
        .batch_execute(
            "create table public.seen (message uuid, uid uuid, role text, claims text);
             create function public.see() returns trigger language plpgsql security definer as $$
             begin
               insert into public.seen
               values (new.id, auth.uid(), auth.role(), current_setting('request.jwt.claims', true));
               return new;
             end $$;
             create trigger see before insert on messages for each row execute function public.see();",
        )
        .await
        .expect("a superuser may");
    let edge = database.edge().await;
    let requests: Vec<Value> = (0..64).map(|from| dm(from, (from + 1) % 64, &format!("of {}", person(from)))).collect();
    // Neither what the session had before nor what an earlier statement left is believed.
    let others = json!({"sub": demo(1), "role": "service_role"}).to_string();
    edge.execute("select set_config('request.jwt.claims', $1, false)", &[&others]).await.expect("anybody may");
    for round in 1..=8_i64 {
        let answers = call(&edge, "send_dm", &array(&requests)).await;
        for (from, answer) in answers.as_array().expect("a list").iter().enumerate() {
            let id: Uuid = answer["data"]["message_id"].as_str().expect("an id").parse().expect("a uuid");
            let row = client.query_one("select sender_id, content from messages where id = $1", &[&id]).await;
            let row = row.expect("there is one");
            assert_eq!(row.get::<_, Uuid>(0), person(from));
            assert_eq!(row.get::<_, String>(1), format!("of {}", person(from)));
        }
        assert_eq!(one::<i64>(&client, "select count(*) from seen").await, 64 * round);
        assert_eq!(list(&client, "select distinct concat_ws(' ', uid, role) from seen").await, [""]);
        assert_eq!(one::<String>(&edge, "select current_setting('request.jwt.claims', true)").await, others);
    }
    // Alone it is the sender.
    call(&edge, "send_dm", &requests[5]).await;
    let seen = list(&client, "select concat_ws(' ', uid, role) from seen where uid is not null").await;
    assert_eq!(seen, [format!("{} authenticated", person(5))]);
}

/// How long sessions get into each other's way.
const TUMULT: Duration = Duration::from_secs(3);

/// How many requests each session sends at least: an organizer, of whom there are twelve, sends one in 48 and may send 50.
const LEAST_SENT: usize = 500;

/// How many sessions do.
const SESSIONS: usize = 10;

/// What one session saw.
#[derive(Default)]
struct Seen {
    taken: BTreeMap<Uuid, i64>,
    sent: i64,
    /// The message that each key of a user stands for.
    keys: HashMap<(Uuid, String), String>,
    retried: usize,
    arrays: usize,
    requests: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn overlapping_arrays_at_once_neither_deadlock_nor_lose_nor_double() {
    overlap(true).await;
}

/// Without buckets, which whoever shares a sender waits for, arrays meet at the rows that come after them.
#[tokio::test(flavor = "multi_thread")]
async fn nor_do_they_where_nobody_is_limited() {
    overlap(false).await;
}

async fn overlap(limited: bool) {
    let seed = seed();
    let (database, client) = people(24).await;
    client
        .batch_execute(&format!(
            "update rate_limits set capacity = 1000000, window_seconds = 1000000000 where action = 'send_dm';
             -- Half of the users run out of tokens on the way.
             update profiles set role = 'show_organizer' where id > '{}';
             update rate_limits set capacity = 50 where role = 'show_organizer' and action = 'send_dm';
             insert into organizations (id, name) select gen_random_uuid(), 'One of six' from generate_series(1, 6);
             update profiles set organization_id = (
               select id from organizations order by md5(organizations.id::text || profiles.id::text) limit 1
             );
             -- A deadlock is to be found before an array gives up waiting.
             alter database {} set deadlock_timeout = '20ms'",
            person(11),
            database.name
        ))
        .await
        .expect("a superuser may");
    if !limited {
        client.batch_execute("update rate_limits set capacity = null").await.expect("a superuser may");
    }
    // Counters are spread by the number of the session's process: of many connections those are kept that share one.
    let mut stripes: BTreeMap<i32, Vec<Client>> = BTreeMap::new();
    for _ in 0..32 + SESSIONS {
        let edge = database.edge().await;
        let stripe = one::<i32>(&edge, "select pg_backend_pid() % 32").await;
        stripes.entry(stripe).or_default().push(edge);
    }
    let mut shared: Vec<Vec<Client>> = stripes.into_values().collect();
    shared.sort_by_key(|clients| std::cmp::Reverse(clients.len()));
    let sessions: Vec<Client> = shared.into_iter().flatten().take(SESSIONS).collect();
    assert_eq!(sessions.len(), SESSIONS);

    let mut tasks = Vec::new();
    for (number, session) in sessions.into_iter().enumerate() {
        let random = Random::new(seed.wrapping_add(number as u64));
        tasks.push(tokio::spawn(tumult(session, random, number)));
    }
    let mut total = Seen::default();
    for task in tasks {
        let seen = task.await.unwrap_or_else(|error| panic!("GROUP_COMMIT_SEED={seed}: {error}"));
        for (user, taken) in seen.taken {
            *total.taken.entry(user).or_default() += taken;
        }
        for (key, message) in seen.keys {
            let first = total.keys.entry(key).or_insert_with(|| message.clone());
            assert_eq!(*first, message, "GROUP_COMMIT_SEED={seed}: one key, two messages");
        }
        total.sent += seen.sent;
        total.retried += seen.retried;
        total.arrays += seen.arrays;
        total.requests += seen.requests;
    }
    let said = format!("GROUP_COMMIT_SEED={seed}");
    assert_eq!(one::<i64>(&client, "select count(*) from messages").await, total.sent, "{said}");
    assert_eq!(faults(&client).await, [] as [String; 0], "{said}");
    let rows = client
        .query("select user_id, round(capacity - tokens)::bigint, tokens from rolecall.rate_buckets", &[])
        .await
        .expect("a superuser may");
    let taken: BTreeMap<Uuid, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(rows.iter().all(|row| row.get::<_, f64>(2) >= 0.0), "{said}");
    if limited {
        assert_eq!(taken, total.taken, "{said}: tokens taken are requests that took one");
        assert!(taken.values().any(|taken| *taken == 50), "{said}: somebody ran out");
    } else {
        assert!(taken.is_empty(), "{said}: {taken:?}");
    }
    let counted: i64 =
        one(&client, "select sum(requests)::bigint from rolecall.request_metrics where function = 'send-dm'").await;
    assert_eq!(counted, total.requests as i64, "{said}");
    // What a session counted is there for all once it has ended.
    let others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    let deadline = Instant::now() + Duration::from_secs(60);
    while one::<i64>(&client, others).await > 0 {
        assert!(Instant::now() < deadline, "a session does not end");
    }
    let deadlocks: i64 =
        one(&client, "select deadlocks from pg_stat_database where datname = current_database()").await;
    assert_eq!(deadlocks, 0, "{said}");
    report(&format!(
        "{} requests in {} arrays of {SESSIONS} sessions at once: {} messages, {} arrays gave up waiting, no deadlock",
        total.requests, total.arrays, total.sent, total.retried
    ));
}

/// Sends arrays and single requests of the same few people as everybody else does.
async fn tumult(session: Client, mut random: Random, number: usize) -> Seen {
    let mut seen = Seen::default();
    let send = session.prepare(SEND).await.expect("the function exists");
    let started = Instant::now();
    let mut waiting: Vec<Value> = Vec::new();
    // On a slow machine the time is not enough to have anybody run out of tokens.
    let goes_on = |seen: &Seen| started.elapsed() < TUMULT || seen.requests < LEAST_SENT;
    while goes_on(&seen) || !waiting.is_empty() {
        if goes_on(&seen) {
            for _ in 0..1 + random.below(40) {
                let from = random.below(24);
                let to = (from + 1 + random.below(23)) % 24;
                // A few pairs are hot, and nobody knows who begins.
                let (from, to) = if random.chance(50) { (from % 4, (from + 1 + to % 3) % 4) } else { (from, to) };
                let (from, to) = if from == to { (from, to + 1) } else { (from, to) };
                let mut request = dm(from, to, &format!("Of {from} to {to}"));
                if random.chance(20) {
                    // Some keys of everybody, others of this session alone.
                    let whose = if random.chance(50) { 0 } else { number };
                    let many = if whose == 0 { 4 } else { 200 };
                    request["idempotency_key"] = json!(format!("{whose} {to} {}", random.below(many)));
                }
                waiting.push(request);
            }
        }
        if random.chance(20) {
            mark_some(&session, &mut random).await;
        }
        let single = random.chance(15);
        let sent: Vec<Value> = if single { vec![waiting.remove(0)] } else { std::mem::take(&mut waiting) };
        let body = if single { sent[0].clone() } else { array(&sent) };
        match session.query_one(&send, &[&body]).await {
            Ok(row) => {
                let answer: Value = row.get(0);
                let answers = if single { vec![answer] } else { answer.as_array().expect("a list").clone() };
                assert_eq!(answers.len(), sent.len());
                seen.arrays += usize::from(!single);
                let mut put_off = Vec::new();
                for (request, answer) in sent.into_iter().zip(answers) {
                    if answer == json!({"deferred": true}) {
                        put_off.push(request);
                        continue;
                    }
                    seen.note(&request, &answer);
                }
                put_off.append(&mut waiting);
                waiting = put_off;
            }
            Err(error) => {
                // Under load the queue for a hot conversation may be longer than an array waits; nothing has happened.
                let code = error.code().map(|code| code.code().to_owned());
                assert_eq!(code.as_deref(), Some("55P03"), "{error:?}");
                seen.retried += 1;
                let mut again = sent;
                again.append(&mut waiting);
                waiting = again;
            }
        }
    }
    seen
}

/// Marks some conversations as read, in no order.
async fn mark_some(session: &Client, random: &mut Random) {
    let input = json!({"conversation_id": Uuid::nil(), "up_to_seq": 1});
    let mut requests = Vec::new();
    for _ in 0..1 + random.below(12) {
        let user = random.below(4);
        let mut marked = request(person(user), input.clone());
        let inbox = call(session, "inbox", &request(person(user), json!({"limit": 20}))).await;
        let Some(cards) = inbox["data"]["conversations"].as_array().filter(|cards| !cards.is_empty()) else { return };
        marked["input"]["conversation_id"] = cards[random.below(cards.len())]["id"].clone();
        requests.push(marked);
    }
    let marked = session.query_one("select rolecall_edge.mark_read($1)", &[&array(&requests)]).await;
    match marked {
        Ok(row) => {
            let answers: Value = row.get(0);
            assert!(answers.as_array().is_some_and(|list| list.iter().all(|answer| answer["ok"] == true)), "{answers}");
        }
        Err(error) => {
            let code = error.code().map(|code| code.code().to_owned());
            assert_eq!(code.as_deref(), Some("55P03"), "{error:?}");
        }
    }
}

impl Seen {
    fn note(&mut self, request: &Value, answer: &Value) {
        self.requests += 1;
        let user: Uuid = request["claims"]["sub"].as_str().expect("a user").parse().expect("a uuid");
        let replayed = answer["replayed"] == true;
        match answer["code"].as_str() {
            None => {
                let message = answer["data"]["message_id"].as_str().expect("an id").to_owned();
                if let Some(key) = request["idempotency_key"].as_str() {
                    let first = self.keys.entry((user, key.to_owned())).or_insert_with(|| message.clone());
                    assert_eq!(*first, message, "one key, two messages");
                }
                if !replayed {
                    self.sent += 1;
                    *self.taken.entry(user).or_default() += 1;
                }
            }
            Some("rate_limited") => {
                self.taken.entry(user).or_default();
            }
            Some(other) => panic!("{other}: {request} {answer}"),
        }
    }
}

/// Everybody in an array gets the answer to the own request, whatever the array looks like.
#[tokio::test(flavor = "multi_thread")]
async fn in_an_array_of_many_users_nothing_carries_the_id_of_another() {
    let (database, client) = people(128).await;
    let edge = database.edge().await;
    client
        .batch_execute(
            "insert into organizations (id, name) select id, 'Of one' from profiles where role = 'admin';
             update profiles set organization_id = id where role = 'admin'",
        )
        .await
        .expect("a superuser may");
    log_every_refusal(&client).await;
    let mut random = Random::new(seed());
    for _ in 0..60 {
        let mut order: Vec<usize> = (0..128).collect();
        for place in (1..128).rev() {
            order.swap(place, random.below(place + 1));
        }
        let requests: Vec<Value> = order
            .iter()
            .map(|&from| {
                // Some are refused: a message to oneself, one without an end, one to nobody.
                let mut request = match random.below(8) {
                    0 => dm(from, from, "To myself"),
                    1 => dm(from, (from + 1) % 128, ""),
                    2 => dm(from, 1_000_000, "To nobody"),
                    _ => dm(from, (from + 1) % 128, &format!("Of {from}")),
                };
                request["request_id"] = json!(format!("{from} {}", Uuid::new_v4()));
                request
            })
            .collect();
        for (request, answer) in requests.iter().zip(resent(&edge, requests.clone()).await) {
            let sub = request["claims"]["sub"].as_str().expect("a user");
            assert_eq!(answer["org_id"], sub, "{request} {answer}");
        }
    }
    let wrong = list(
        &client,
        "select id::text from messages where content <> 'Of '
           || (('x' || right(sender_id::text, 8))::bit(32)::int)::text
         union all
         select id::text from application_logs
         where user_id is distinct from org_id
           or split_part(request_id, ' ', 1)::int <> ('x' || right(user_id::text, 8))::bit(32)::int",
    )
    .await;
    assert_eq!(wrong, [] as [String; 0]);
    let rows: i64 =
        one(&client, "select (select count(*) from messages) + (select count(*) from application_logs)").await;
    assert_eq!(rows, 60 * 128);
    let codes: HashSet<String> =
        list(&client, "select distinct code from application_logs").await.into_iter().collect();
    assert_eq!(codes.len(), 3, "{codes:?}");
}
