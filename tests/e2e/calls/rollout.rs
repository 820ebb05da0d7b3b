//! Staged rollout in Rust and in SQL: the same users, whichever asks.

use rolecall_e2e::Stand;
use rolecall_shared::rules::{
    id::UserId,
    rollout::{Inclusion, Rollout, bucket},
};
use uuid::Uuid;

#[tokio::test]
async fn rust_and_sql_include_the_same_of_10_000_users() {
    let stand = Stand::shared().await;
    let ids: Vec<Uuid> = (0..10_000).map(|_| Uuid::new_v4()).collect();
    let sql = "select array_agg(rolecall_internal.rollout_includes($1, $2, id, $4) order by place)
        from unnest($3::uuid[]) with ordinality as asked (id, place)";
    let mut compared = 0;
    for text in [
        "disabled",
        "internal",
        "percentage:0",
        "percentage:1",
        "percentage:50",
        "percentage:99",
        "percentage:100",
        "enabled",
    ] {
        let rollout: Rollout = text.parse().unwrap();
        for flag in ["send-dm", "start-conversation"] {
            for internal in [false, true] {
                let in_sql: Vec<bool> = stand.db.one(sql, &[&text, &flag, &ids, &internal]).await;
                let in_rust: Vec<bool> = ids
                    .iter()
                    .map(|&id| match rollout.includes(flag, UserId::from(id)) {
                        Inclusion::Included => true,
                        Inclusion::IfInternal => internal,
                        Inclusion::Excluded => false,
                    })
                    .collect();
                assert!(in_sql == in_rust, "{text} {flag} internal {internal}");
                compared += in_sql.len();
            }
        }
    }
    println!("{compared} answers of Rust and SQL compared");
}

#[tokio::test]
async fn rust_and_sql_put_1_000_000_users_into_the_same_buckets() {
    const USERS: u32 = 1_000_000;
    let stand = Stand::shared().await;
    let parts = (0..4).map(|part| {
        let stand = &stand;
        async move {
        let db = stand.connect().await;
        let sql = "select array_agg(
                rolecall_internal.rollout_bucket('send-dm', ('5eed0000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid)
                order by n
            )
            from generate_series($1::int, $2::int) as n";
        let first = part * (USERS / 4);
        let (from, to) = (first as i32, (first + USERS / 4 - 1) as i32);
        let buckets: Vec<i32> = db.one(sql, &[&from, &to]).await;
        (first..).zip(buckets).collect::<Vec<_>>()
        }
    });
    let mut compared = 0;
    for (number, in_sql) in futures::future::join_all(parts).await.concat() {
        let id = Uuid::from_u128(0x5eed_0000_0000_4000_8000_0000_0000_0000 + u128::from(number));
        assert_eq!(i64::from(bucket("send-dm", UserId::from(id))), i64::from(in_sql), "{id}");
        compared += 1;
    }
    assert_eq!(compared, USERS);
}

#[tokio::test]
async fn sql_includes_nobody_for_a_rollout_it_does_not_know() {
    let stand = Stand::shared().await;
    let sql = "select coalesce(rolecall_internal.rollout_includes($1, $2, $3, $4), false)";
    for rollout in [None, Some(""), Some("on"), Some("percentage:"), Some("percentage:101"), Some("percentage:-5")] {
        for internal in [Some(true), Some(false), None] {
            let included: bool = stand.db.one(sql, &[&rollout, &"send-dm", &Some(Uuid::new_v4()), &internal]).await;
            assert!(!included, "{rollout:?} {internal:?}");
        }
    }
    let included: bool = stand.db.one(sql, &[&"percentage:100", &"send-dm", &None::<Uuid>, &None::<bool>]).await;
    assert!(!included, "a percentage of nobody");
}
