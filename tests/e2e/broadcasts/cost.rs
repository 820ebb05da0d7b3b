//! The cost of a broadcast does not grow with its audience.

use rolecall_e2e::{Db, Stand};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a statement did, as PostgreSQL counts it.
#[derive(Debug)]
struct Work {
    pages: i64,
    wal_records: i64,
    rows: i64,
}

const ROWS: &str = "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::int8 from pg_stat_xact_user_tables";

/// Sends a broadcast and takes it back.
async fn work_of_a_broadcast(db: &Db, sender: Uuid, show: Uuid, audience: i64) -> Work {
    let call = json!({
        "claims": {"sub": sender, "role": "authenticated"}, "request_id": "r", "rollouts": {},
        "input": {"show_id": show, "recipient_roles": ["attendee"], "message": "Doors open at nine"},
    });
    let sent: Value = db.one("select rolecall_edge.send_broadcast($1)", &[&call]).await;
    assert_eq!(sent["data"]["audience_count"], audience, "{sent}");
    db.script("begin").await;
    let before: i64 = db.one(ROWS, &[]).await;
    let plan: Value = db
        .one(
            "explain (analyze, buffers, wal, timing off, format json) select rolecall_edge.send_broadcast($1)",
            &[&call],
        )
        .await;
    let after: i64 = db.one(ROWS, &[]).await;
    db.script("rollback").await;
    let number = |name: &str| plan[0]["Plan"][name].as_i64().unwrap();
    Work {
        pages: number("Shared Hit Blocks") + number("Shared Read Blocks"),
        wal_records: number("WAL Records"),
        rows: after - before,
    }
}

#[tokio::test]
async fn an_audience_of_100_000_costs_what_one_of_ten_costs() {
    let url = Stand::database().await;
    let db = Db::connect(&url).await;
    let sender = Uuid::new_v4();
    db.run("insert into rolecall.profiles (id, role) values ($1, 'admin')", &[&sender]).await;
    let mut shows = Vec::new();
    for audience in [10_i64, 100_000] {
        let show: Uuid = db
            .one(
                "insert into rolecall.shows (organizer_id, title, starts_at, ends_at)
                 values ($1, 'A show', now() + interval '7 days', now() + interval '8 days') returning id",
                &[&sender],
            )
            .await;
        let people = "with people as (
              insert into rolecall.profiles (id) select gen_random_uuid() from generate_series(1, $2::int8) returning id
            )
            insert into rolecall.show_participants (show_id, user_id) select $1, id from people";
        assert_eq!(db.run(people, &[&show, &audience]).await, audience as u64);
        shows.push((show, audience));
    }
    db.script("vacuum analyze").await;
    let mut works = Vec::new();
    for (show, audience) in shows {
        works.push(work_of_a_broadcast(&db, sender, show, audience).await);
    }
    let [small, large] = &works[..] else { unreachable!() };
    println!("an audience of ten: {small:?}; of 100,000: {large:?}");
    assert_eq!(small.rows, large.rows, "rows written");
    assert!(small.rows <= 8, "rows written: {}", small.rows);
    // An index over more rows may be a level or two deeper, and a page may happen to be full.
    assert!((small.pages - large.pages).abs() <= 30, "pages touched: {} and {}", small.pages, large.pages);
    assert!(
        (small.wal_records - large.wal_records).abs() <= 10,
        "records: {} and {}",
        small.wal_records,
        large.wal_records
    );
}
