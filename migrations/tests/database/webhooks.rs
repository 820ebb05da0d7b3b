//! The outbox and the webhooks, over connections at the same time: each event is forked once and delivered once, and no
//! receiver has more in flight than it may.

use crate::support::{Database, call, demo, one, request};
use rolecall_database::set_relay_password;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tokio_postgres::Client;
use uuid::Uuid;

/// A connection of `rolecall_relay`.
async fn login(admin_url: &str) -> Client {
    let mut config: tokio_postgres::Config = admin_url.parse().expect("our own URL");
    config.user("rolecall_relay").password("relay's");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("the login has this password");
    tokio::spawn(connection);
    client
}

async fn logins(database: &Database, number: usize) -> Vec<Client> {
    set_relay_password(&database.admin_url, "relay's").await.expect("a superuser may");
    let mut clients = Vec::new();
    for _ in 0..number {
        clients.push(login(&database.admin_url).await);
    }
    clients
}

/// Calls an entry point of the relay; its data.
async fn relay(client: &Client, function: &str, request: &Value) -> Value {
    let row = client.query_one(&format!("select rolecall_relay.{function}($1)"), &[request]).await;
    let mut answer: Value = row.unwrap_or_else(|error| panic!("{function}: {error:?}")).get(0);
    assert_eq!(answer["ok"], true, "{function}: {answer}");
    answer["data"].take()
}

fn message(from: u32, to: u32, content: &str) -> Value {
    request(demo(from), json!({"recipient_id": demo(to), "content": content}))
}

/// A webhook that hears of messages; its id.
async fn webhook(edge: &Client, host: &str) -> String {
    let input = json!({"url": format!("https://{host}.example/hook"), "types": ["message.created"]});
    let call = json!({"claims": {"role": "service_role"}, "request_id": "r", "rollouts": {}, "input": input});
    let row = edge.query_one("select rolecall_edge.create_webhook($1)", &[&call]).await.expect("it answers");
    let answer: Value = row.get(0);
    answer["data"]["webhook"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Sends messages over each of these connections until `rounds` are sent; how many there are.
async fn write(edges: &[Client], rounds: usize) -> usize {
    let writing = edges.iter().enumerate().map(|(writer, edge)| async move {
        let mut sent = 0;
        for round in 0..rounds {
            let [from, to] = [[1, 4], [5, 1], [5, 4], [6, 2]][(writer + round) % 4];
            let answer = call(edge, "send_dm", &message(from, to, &format!("{writer} {round}"))).await;
            sent += usize::from(answer["ok"] == true);
        }
        sent
    });
    futures::future::join_all(writing).await.into_iter().sum()
}

/// While eight write, one relay takes and settles, and three fork at the same time, as when the broker comes and goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_event_is_forked_once_for_each_webhook_by_settle_and_fork_at_the_same_time() {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let relays = logins(&database, 4).await;
    let edges = database.edges(8).await;
    for host in ["one", "two"] {
        webhook(&edges[0], host).await;
    }
    // It leaves rows of less than a second to settle: here about half of them are older.
    admin
        .batch_execute(
            "alter table rolecall.outbox alter column made_at set default clock_timestamp() - random() * interval '2 seconds';
             update rolecall.webhooks set enabled_at = enabled_at - interval '1 minute'",
        )
        .await
        .expect("a superuser may");
    let name = Uuid::new_v4();
    relay(&relays[0], "lead", &json!({"relay": name, "version": "1"})).await;
    let (leader, forkers) = relays.split_first().expect("there are four");
    let is_done = AtomicBool::new(false);
    let settling = async {
        let mut settled = 0;
        loop {
            let was_done = is_done.load(SeqCst);
            relay(leader, "lead", &json!({"relay": name, "version": "1"})).await;
            let taken = relay(leader, "take", &json!({"limit": 5, "after": null})).await;
            let ids: Vec<&Value> = taken["rows"].as_array().expect("rows").iter().map(|row| &row["id"]).collect();
            settled += relay(leader, "settle", &json!({"ids": ids})).await["settled"].as_u64().expect("a number");
            if was_done && ids.is_empty() {
                return settled;
            }
        }
    };
    let forking = futures::future::join_all(forkers.iter().map(|forker| async {
        let mut forked = 0;
        while !is_done.load(SeqCst) {
            let answer = relay(forker, "fork", &json!({"limit": 7, "settle": false})).await;
            forked += answer["forked"].as_u64().expect("a number");
        }
        forked
    }));
    let writing = async {
        let sent = write(&edges, 40).await;
        is_done.store(true, SeqCst);
        sent
    };
    let (sent, settled, forked) = tokio::join!(writing, settling, forking);
    let forked: u64 = forked.into_iter().sum();
    assert_eq!(settled, u64::try_from(sent).expect("few"), "each row is settled once");
    assert!(forked > 0 && forked < settled, "both fork: {forked} of {settled} while they wait");
    let count = |sql: &'static str| one::<i64>(&admin, sql);
    assert_eq!(count("select count(*) from rolecall.webhook_deliveries").await, i64::try_from(2 * sent).expect("few"));
    let distinct = "select count(distinct (webhook_id, outbox_id, place)) from rolecall.webhook_deliveries";
    assert_eq!(count(distinct).await, i64::try_from(2 * sent).expect("few"));
    assert_eq!(count("select count(*) from rolecall.outbox").await, 0);
    assert_eq!(count("select sum(dropped)::bigint from rolecall.webhook_queues").await, 0);
}

/// Without a broker: four relays fork and delete at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_event_is_forked_once_by_relays_without_a_broker() {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let relays = logins(&database, 4).await;
    let edges = database.edges(4).await;
    webhook(&edges[0], "one").await;
    let mut leading = 0;
    for client in &relays {
        let request = json!({"relay": Uuid::new_v4(), "version": "1", "pushes": false});
        leading += usize::from(relay(client, "lead", &request).await["leads"] == true);
    }
    assert_eq!(leading, 1, "one of them leads");
    let is_done = AtomicBool::new(false);
    let forking = futures::future::join_all(relays.iter().map(|client| async {
        let mut settled = 0;
        loop {
            let was_done = is_done.load(SeqCst);
            let answer = relay(client, "fork", &json!({"limit": 3, "settle": true})).await;
            settled += answer["settled"].as_u64().expect("a number");
            if was_done && answer["settled"] == 0 {
                return settled;
            }
        }
    }));
    let writing = async {
        let sent = write(&edges, 40).await;
        is_done.store(true, SeqCst);
        sent
    };
    let (sent, settled) = tokio::join!(writing, forking);
    assert_eq!(settled.iter().sum::<u64>(), u64::try_from(sent).expect("few"));
    let distinct = "select count(distinct (outbox_id, place)) from rolecall.webhook_deliveries";
    assert_eq!(one::<i64>(&admin, distinct).await, i64::try_from(sent).expect("few"));
    assert_eq!(
        one::<i64>(&admin, "select count(*) from rolecall.webhook_deliveries").await,
        i64::try_from(sent).expect("few")
    );
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.outbox").await, 0);
}

/// Four relays take at the same time: what one has no other gets, and a receiver never has more than sixteen in flight.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn relays_that_take_at_the_same_time_share_what_is_due_and_its_bound() {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let relays = logins(&database, 4).await;
    let edges = database.edges(4).await;
    let webhooks = [webhook(&edges[0], "one").await, webhook(&edges[0], "two").await];
    let lead = json!({"relay": Uuid::new_v4(), "version": "1", "pushes": false});
    relay(&relays[0], "lead", &lead).await;
    let sent = write(&edges, 50).await;
    while relay(&relays[0], "fork", &json!({"limit": 500, "settle": true})).await["more"] == true {}

    // At first nobody settles: each webhook gets sixteen in all.
    let takes = futures::future::join_all(relays.iter().map(|client| async {
        let mut taken = Vec::new();
        for _ in 0..10 {
            let answer = relay(client, "webhooks_take", &json!({"limit": 50})).await;
            taken.extend(answer["deliveries"].as_array().expect("a list").clone());
        }
        taken
    }))
    .await;
    let taken: Vec<Value> = takes.into_iter().flatten().collect();
    let mut of_each: HashMap<&str, usize> = HashMap::new();
    for delivery in &taken {
        *of_each.entry(delivery["webhook"].as_str().expect("an id")).or_default() += 1;
    }
    assert_eq!(of_each.values().copied().collect::<Vec<_>>(), [16, 16], "{of_each:?}");
    let settle = |deliveries: &[Value]| {
        let results: Vec<Value> = deliveries
            .iter()
            .map(|one| json!({"id": one["id"], "attempt": one["attempt"], "outcome": "delivered", "status": 200}))
            .collect();
        json!({ "results": results })
    };
    assert_eq!(relay(&relays[0], "webhooks_settle", &settle(&taken)).await["settled"], 32);

    // Then all deliver; every answer is given twice, by two relays, and counts once.
    let delivered = futures::future::join_all(relays.iter().enumerate().map(|(number, client)| {
        let relays = &relays;
        async move {
            let mut ids = Vec::new();
            let mut settled = 0;
            loop {
                let answer = relay(client, "webhooks_take", &json!({"limit": 10})).await;
                let deliveries = answer["deliveries"].as_array().expect("a list");
                if deliveries.is_empty() && answer["next_due_ms"].is_null() {
                    return (ids, settled);
                }
                ids.extend(deliveries.iter().map(|one| (one["id"].clone(), one["attempt"].clone())));
                let results = settle(deliveries);
                let other = &relays[(number + 1) % relays.len()];
                let (one, again) =
                    tokio::join!(relay(client, "webhooks_settle", &results), relay(other, "webhooks_settle", &results));
                settled += one["settled"].as_u64().expect("a number") + again["settled"].as_u64().expect("a number");
            }
        }
    }))
    .await;
    let settled: u64 = delivered.iter().map(|(_, settled)| settled).sum();
    let ids: Vec<String> = delivered.iter().flat_map(|(ids, _)| ids).map(|(id, _)| id.to_string()).collect();
    assert!(delivered.iter().flat_map(|(ids, _)| ids).all(|(_, attempt)| attempt == 1), "nobody tries twice");
    assert_eq!(ids.len(), 2 * sent - 32);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "nobody gets what another one has");
    assert_eq!(settled, u64::try_from(ids.len()).expect("few"));
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.webhook_deliveries").await, 0);
    assert_eq!(webhooks.len(), 2);
}

/// Twenty creations at the same time where there is room for three.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_are_never_more_webhooks_than_the_limit() {
    let database = Database::unlimited().await;
    let admin = database.admin().await;
    let edges = database.edges(20).await;
    for number in 0..17 {
        webhook(&edges[0], &format!("host-{number}")).await;
    }
    let call = json!({
        "claims": {"role": "service_role"}, "request_id": "r", "rollouts": {}, "input": {"url": "https://one-more.example"},
    });
    let made = futures::future::join_all(edges.iter().map(|edge| async {
        let row = edge.query_one("select rolecall_edge.create_webhook($1)", &[&call]).await.expect("it answers");
        row.get::<_, Value>(0)["ok"] == true
    }))
    .await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 3);
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.webhooks").await, 20);
    assert_eq!(one::<i64>(&admin, "select count(*) from rolecall.webhook_queues").await, 20);
}
