//! Staged rollout in Rust and in SQL: the same users, whichever asks.

use rolecall_e2e::Stand;
use rolecall_shared::{
    id::UserId,
    rollout::{Inclusion, Rollout},
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
