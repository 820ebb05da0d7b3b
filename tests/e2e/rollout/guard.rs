//! The guard: a feature that fails is off within a minute, by itself, while its own component is stuck.

use super::support::{decisions, operate, rollout};
use rolecall_e2e::{Code, Role, Setup, Stand, User};
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::interval};
use uuid::Uuid;

/// How long a feature may go on failing.
const BOUND: Duration = Duration::from_secs(60);

/// Offers of help, 20 in a second, each by another helper, until one is told that the feature is off. When the first failed.
async fn offer_until_it_is_off(stand: &Arc<Stand>, request: Uuid, helpers: Vec<User>) -> Instant {
    let mut clock = interval(Duration::from_millis(50));
    let mut offers = JoinSet::new();
    let mut first_failure = None;
    for helper in helpers {
        clock.tick().await;
        let stand = Arc::clone(stand);
        offers.spawn(async move { stand.offer(&helper, request, "I can drive you there.").send().await });
        while let Some(answer) = offers.try_join_next() {
            let answer = answer.unwrap();
            match answer.status {
                500 | 503 | 504 => _ = first_failure.get_or_insert_with(Instant::now),
                404 => {
                    answer.refused(Code::FeatureDisabled);
                    return first_failure.expect("nothing has failed");
                }
                status => panic!("{status}: {}", answer.body),
            }
        }
    }
    panic!("it is still on after as many offers as there are helpers");
}

/// A feature in which `fault` happens with every message goes back. The reasons that the decision may give.
async fn goes_back(fault: &str, reasons: &[&str]) {
    let stand = Arc::new(Stand::own(Setup::new().whole_schedule().without_rate_limits()).await);
    if stand.runs_on_spin() {
        // Spin has no schedule: something else makes the requests.
        let stand = Arc::clone(&stand);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(15)).await;
                operate(&stand, "guard", &json!({})).send().await;
            }
        });
    }
    let requester = stand.user(Role::Attendee).await;
    let request = stand.help_request(&requester).await;
    let mut helpers = stand.many(Role::Attendee, 3_000).await;
    // While it works, nothing happens: some offers, and ten times as many double clicks.
    for helper in helpers.drain(..5) {
        stand.offer(&helper, request, "I can drive you there.").expect(201).await;
        for _ in 0..10 {
            stand.offer(&helper, request, "I can drive you there.").expect(409).await;
        }
    }
    assert_eq!(rollout(&stand).await, "enabled");
    let written = stand.db.count("public.conversations_v2", &[]).await;

    stand
        .db
        .script(&format!(
            "create function public.fault() returns trigger language plpgsql as $$ begin {fault} return new; end $$;
             create trigger fault before insert on public.messages_v2 for each row execute function public.fault();"
        ))
        .await;
    let first_failure = offer_until_it_is_off(&stand, request, helpers).await;
    let took = first_failure.elapsed();
    println!("off {took:?} after the first failure");
    assert!(took < BOUND, "{took:?}");

    assert_eq!(rollout(&stand).await, "disabled");
    assert_eq!(stand.db.count("public.conversations_v2", &[]).await, written, "half a conversation");
    assert_eq!(decisions(&stand).await, ["guard rollback enabled disabled"]);
    let reason: String = stand.db.one("select reason from rolecall.rollout_decisions", &[]).await;
    assert!(reasons.iter().any(|part| reason.contains(part)), "{reason}");
    // After the guard only the operator goes on.
    stand.db.script("drop trigger fault on public.messages_v2").await;
    assert_eq!(operate(&stand, "guard", &json!({})).expect(200).await["decisions"], json!([]));
    operate(&stand, "set", &json!({"rollout": "enabled", "reason": "Mended."})).expect(200).await;
    let helper = stand.user(Role::Attendee).await;
    stand.offer(&helper, request, "I can drive you there.").expect(201).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feature_whose_statements_hang_is_off_within_a_minute() {
    goes_back("perform pg_sleep(6);", &["took too long", "found no database", "attempts succeeded"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feature_whose_statements_fail_is_off_within_a_minute() {
    goes_back("raise exception 'broken';", &["attempts succeeded"]).await;
}
