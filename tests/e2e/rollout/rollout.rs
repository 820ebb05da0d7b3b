//! Rollouts by the operator's requests: how they stand, the next stage, any stage, the way back, and trying one on users.

use super::support::{begun, counted, decisions, operate, rollout, status};
use rolecall_e2e::{Code, Role, Setup, Stand, User, token};
use serde_json::{Value, json};
use uuid::Uuid;

const POSTS: [&str; 5] = ["advance", "set", "rollback", "simulate", "guard"];

/// A body with which each of [`POSTS`] goes through.
fn body(operation: &str) -> Value {
    match operation {
        "set" => json!({"rollout": "internal", "reason": "A test."}),
        "simulate" => json!({"rollout": "internal", "sample": 10}),
        "guard" => json!({}),
        _ => json!({"reason": "A test."}),
    }
}

#[tokio::test]
async fn a_rollout_goes_through_its_stages_and_back() {
    let stand = Stand::own(Setup::new()).await;
    operate(&stand, "set", &json!({"rollout": "internal", "reason": "Begin."})).expect(200).await;

    let new = status(&stand, "").expect(200).await;
    assert_eq!((&new["flag"], &new["rollout"]), (&json!("start-conversation"), &json!("internal")));
    assert_eq!(
        (&new["next_rollout"], &new["met"], &new["watched"]),
        (&json!("percentage:10"), &json!(false), &json!(true))
    );
    assert_eq!(new["stage"]["min_attempts"], 20);
    let unmet = operate(&stand, "advance", &json!({"reason": "Too early."})).expect(409).await;
    let unmet = unmet.refused(Code::RolloutCriteriaUnmet);
    assert_eq!(unmet.reasons(), ["age_seconds", "attempts", "success", "p95_ms", "errors"]);
    assert_eq!(unmet["reasons"][1]["figure"], 0);
    assert_eq!(unmet["reasons"][1]["bound"], 20);
    assert_eq!(rollout(&stand).await, "internal");

    for (days, attempts, next) in [(2, 20, "percentage:10"), (4, 100, "percentage:50"), (7, 500, "enabled")] {
        begun(&stand, days).await;
        counted(&stand, "ok", attempts).await;
        // Double clicks are refusals.
        counted(&stand, "conversation_exists", 10 * attempts).await;
        assert_eq!(status(&stand, "").expect(200).await["met"], true);
        let advanced = operate(&stand, "advance", &json!({"reason": "As planned."})).expect(200).await;
        assert_eq!((&advanced["action"], &advanced["rollout"]), (&json!("advance"), &json!(next)));
        assert_eq!(advanced["changed"], true);
        assert_eq!(status(&stand, "").expect(200).await["figures"]["attempts"], 0, "a stage begins with nothing");
    }
    let last = operate(&stand, "advance", &json!({"reason": "More.", "force": true})).expect(409).await;
    last.refused_by(Code::RolloutCriteriaUnmet, "no_further_stage");

    let back = operate(&stand, "rollback", &json!({"reason": "Offers are lost."})).expect(200).await;
    assert_eq!((&back["from_rollout"], &back["rollout"]), (&json!("enabled"), &json!("disabled")));
    let again = operate(&stand, "rollback", &json!({"reason": "Offers are lost."})).expect(200).await;
    assert_eq!((&again["changed"], &again["decision_id"]), (&json!(false), &json!(null)));
    let operated = [
        "operator set enabled internal",
        "operator advance internal percentage:10",
        "operator advance percentage:10 percentage:50",
        "operator advance percentage:50 enabled",
        "operator rollback enabled disabled",
    ];
    assert_eq!(decisions(&stand).await, operated);
    let end = status(&stand, "?flag=start-conversation").expect(200).await;
    assert_eq!(end.items("decisions")[0]["reason"], "Offers are lost.");
    assert_eq!((&end["users"]["in"], &end["watched"]), (&json!(0), &json!(false)));
    let forced = operate(&stand, "advance", &json!({"reason": "Mended."})).expect(200).await;
    assert_eq!((&forced["action"], &forced["rollout"]), (&json!("advance"), &json!("internal")));
    let forced = operate(&stand, "advance", &json!({"reason": "In a hurry.", "force": true})).expect(200).await;
    assert_eq!((&forced["action"], &forced["rollout"]), (&json!("force"), &json!("percentage:10")));
}

/// What is set is what requests meet at once, on every instance.
#[tokio::test]
async fn a_way_back_is_met_by_the_next_request() {
    let stand = Stand::own(Setup::new()).await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    stand.offer(&helper, request, "I can drive you there.").expect(201).await;
    operate(&stand, "rollback", &json!({"reason": "A test."})).expect(200).await;
    stand.offer(&other, request, "I can drive you there.").expect(404).await.refused(Code::FeatureDisabled);
    operate(&stand, "set", &json!({"rollout": "enabled", "reason": "A test."})).expect(200).await;
    stand.offer(&other, request, "I can drive you there.").expect(201).await;
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    let stand = Stand::own(Setup::new()).await;
    let admin = stand.user(Role::Admin).await;
    for operation in POSTS {
        let path = format!("rollout/{operation}");
        stand
            .post(&path, &body(operation))
            .by(&admin)
            .expect(403)
            .await
            .refused_by(Code::PermissionDenied, "operators_only");
        stand.post(&path, &body(operation)).expect(401).await.refused(Code::Unauthenticated);
        operate(&stand, operation, &json!({"no_such_field": 1})).expect(400).await.refused(Code::ValidationError);
        if operation == "guard" {
            continue;
        }
        let mut unknown = body(operation);
        unknown["flag"] = json!("no-such-flag");
        operate(&stand, operation, &unknown).expect(404).await.refused(Code::NotFound);
        unknown["flag"] = json!("");
        let refusal = operate(&stand, operation, &unknown).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [("flag", "empty")]);
    }
    for operation in ["advance", "set", "rollback"] {
        for (reason, fault) in [(json!(null), "required"), (json!(" "), "empty"), (json!("x".repeat(1001)), "too_long")]
        {
            let mut body = body(operation);
            body["reason"] = reason;
            let refusal = operate(&stand, operation, &body).expect(400).await.refused(Code::ValidationError);
            assert_eq!(refusal.faults(), [("reason", fault)], "{operation}");
        }
    }
    for operation in ["set", "simulate"] {
        for rollout in ["", "on", "Enabled", "percentage:101", "percentage:1.5", "percentage:007"] {
            let mut body = body(operation);
            body["rollout"] = json!(rollout);
            let refusal = operate(&stand, operation, &body).expect(400).await.refused(Code::ValidationError);
            assert_eq!(refusal.faults(), [("rollout", "malformed_rollout")], "{operation} {rollout}");
        }
    }
    stand.get("/functions/v1/rollout").by(&admin).expect(403).await.refused(Code::PermissionDenied);
    status(&stand, "?flag=no-such-flag").expect(404).await.refused(Code::NotFound);
    status(&stand, "?flags=x").expect(400).await.refused(Code::ValidationError);
    operate(&stand, "no-such-operation", &json!({})).expect(404).await.refused(Code::NotFound);
    assert_eq!(decisions(&stand).await, Vec::<String>::new());
    assert_eq!(rollout(&stand).await, "enabled");
}

#[tokio::test]
async fn a_repeated_request_is_answered_and_not_repeated() {
    let stand = Stand::own(Setup::new()).await;
    let set = |key: &str, rollout: &str| {
        operate(&stand, "set", &json!({"rollout": rollout, "reason": "A secret reason."})).key(key)
    };
    let first = set("night", "internal").expect(200).await;
    set("other", "enabled").expect(200).await;
    let again = set("night", "internal").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((&first["decision_id"], rollout(&stand).await.as_str()), (&again["decision_id"], "enabled"));
    set("night", "disabled").expect(422).await.refused(Code::IdempotencyConflict);
    let kept = "rolecall.idempotency_records where answer::text like '%secret%'";
    assert_eq!(stand.db.count(kept, &[]).await, 0);
}

#[tokio::test]
async fn a_rollout_is_tried_on_ten_thousand_users_and_nothing_is_written() {
    let stand = Stand::own(Setup::new()).await;
    let known: Vec<User> = stand.many(Role::Attendee, 20).await;
    operate(&stand, "set", &json!({"rollout": "internal", "reason": "A test."})).expect(200).await;
    // The requests themselves are counted.
    let written = async || {
        let mut tables = stand.fingerprint().await;
        tables.retain(|table| !table.starts_with("request_metrics "));
        tables
    };
    let before = written().await;
    let mut ids: Vec<Uuid> = known.iter().map(|user| user.id).collect();
    ids.extend((ids.len()..10_000).map(|_| Uuid::new_v4()));
    let trial = |rollout: &str| json!({"rollout": rollout, "user_ids": ids});

    let tenth = operate(&stand, "simulate", &trial("percentage:10")).expect(200).await;
    let number = |answer: &rolecall_e2e::Answer, member: &str| answer[member].as_i64().unwrap();
    assert_eq!((number(&tenth, "users"), number(&tenth, "without_profile")), (10_000, 9_980));
    assert_eq!(number(&tenth, "in") + number(&tenth, "out"), 10_000);
    // Six standard deviations of a binomial distribution.
    assert!((number(&tenth, "in") - 1_000).abs() < 180, "{}", tenth.body);
    assert_eq!((number(&tenth, "would_enter"), number(&tenth, "would_leave")), (number(&tenth, "in"), 0));
    let everybody = operate(&stand, "simulate", &trial("enabled")).expect(200).await;
    assert_eq!((number(&everybody, "in"), number(&everybody, "would_change")), (10_000, 10_000));

    ids.push(Uuid::new_v4());
    let refusal = operate(&stand, "simulate", &json!({"rollout": "internal", "user_ids": ids})).expect(400).await;
    assert_eq!(refusal.refused(Code::ValidationError).faults(), [("user_ids", "too_many")]);
    let large = json!({"rollout": "internal", "user_ids": vec!["x".repeat(1000); 600]});
    operate(&stand, "simulate", &large).expect(413).await.refused(Code::PayloadTooLarge);
    assert_eq!(written().await, before);
    assert_eq!(rollout(&stand).await, "internal");
}

/// A guard that has decided nothing leaves no line in the log; one that has, and any other request, does.
#[tokio::test]
async fn only_a_guard_that_decides_is_logged() {
    let stand = Stand::own(Setup::new()).await;
    let quiet = operate(&stand, "guard", &json!({})).expect(200).await;
    assert_eq!(quiet["decisions"], json!([]));
    counted(&stand, "internal", 20).await;
    let decided = operate(&stand, "guard", &json!({})).expect(200).await;
    assert_eq!(decided.items("decisions").len(), 1);
    let line = stand.runner().request_line(decided.request_id());
    assert_eq!((&line["operation"], &line["level"]), (&json!("rollout.guard"), &json!("info")));
    let refused = stand.post("rollout/guard", &json!({})).token(&token::user(Uuid::new_v4())).expect(403).await;
    stand.runner().request_line(refused.request_id());
    let lines = stand.runner().lines();
    assert!(!lines.iter().any(|line| line.contains(quiet.request_id())), "{lines:?}");
}
