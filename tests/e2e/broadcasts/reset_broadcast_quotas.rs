//! The reset of the quotas at the turn of the quota day. A reset concerns every quota there is, so each test has a
//! database of its own.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Setup, Stand, User, fixtures::Starts, token, until};
use serde_json::{Value, json};
use uuid::Uuid;

/// An organizer who has spent everything before one show and after another, as of the last quota day.
async fn spent_yesterday(stand: &Stand) -> (User, Uuid, Uuid) {
    let organizer = stand.user(Role::ShowOrganizer).await;
    let upcoming = stand.show(&organizer, Starts::InAWeek).await;
    let past = stand.show(&organizer, Starts::ADayAgo).await;
    for show in [upcoming, upcoming, past] {
        stand.broadcast(&organizer, show, "Hello").expect(201).await;
    }
    stand.db.run("update rolecall.broadcast_quotas set period = period - 1", &[]).await;
    (organizer, upcoming, past)
}

async fn today(stand: &Stand) -> String {
    stand.db.one("select rolecall_internal.quota_day(now())::text", &[]).await
}

#[tokio::test]
async fn at_the_turn_of_the_quota_day_quotas_are_full_again_and_old_records_are_gone() {
    let stand = Stand::own(Setup::new()).await;
    let (organizer, upcoming, past) = spent_yesterday(&stand).await;
    stand
        .db
        .script(
            "insert into rolecall.idempotency_records (user_id, key, fingerprint, answer, created_at)
               values (gen_random_uuid(), 'old', '\\x00', '{}', now() - interval '25 hours'),
                      (gen_random_uuid(), 'young', '\\x00', '{}', now() - interval '23 hours');
             insert into rolecall.application_logs (level, service, event, \"timestamp\")
               values ('warn', 'old', 'x', now() - interval '31 days'), ('warn', 'young', 'x', now() - interval '29 days');
             insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
               values (now() - interval '8 days', 'old', 'ok', gen_random_uuid(), 1, 1, 1),
                      (now() - interval '6 days', 'young', 'ok', gen_random_uuid(), 1, 1, 1);
             insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
               values (gen_random_uuid(), 'old', 1, now() - interval '25 hours', 10, 60),
                      (gen_random_uuid(), 'young', 1, now() - interval '23 hours', 10, 60);",
        )
        .await;

    let run = stand.reset().expect(200).await;

    run.has_members(&["period", "reset", "pruned", "already_done"]);
    assert_eq!(run["period"], today(&stand).await);
    assert_eq!(run["reset"], json!({"pre_show": 1, "post_show": 1}));
    assert_eq!(run["already_done"], false);
    assert_eq!(run["pruned"]["idempotency_records"], 1);
    assert_eq!(run["pruned"]["application_logs"], 1);
    assert_eq!(stand.quota(&organizer, upcoming).await, Some((Some(2), Some(1))));
    assert_eq!(stand.quota(&organizer, past).await, Some((Some(2), Some(1))));
    assert_eq!(run["pruned"]["rate_buckets"], 1);
    for table in [
        "rolecall.idempotency_records where key",
        "rolecall.application_logs where service",
        "rolecall.rate_buckets where action",
    ] {
        assert_eq!(stand.db.count(&format!("{table} = 'old'"), &[]).await, 0, "{table}");
        assert_eq!(stand.db.count(&format!("{table} = 'young'"), &[]).await, 1, "{table}");
    }
    assert_eq!(stand.db.count("rolecall.request_metrics where function = 'old'", &[]).await, 0);
    assert_eq!(stand.db.count("rolecall.request_metrics where function = 'young'", &[]).await, 1);
    let [audit] = stand.audit(run.request_id()).await.try_into().unwrap();
    assert_eq!(audit.1, "quota_reset");
}

#[tokio::test]
async fn a_second_reset_of_the_period_reports_the_first_and_changes_nothing() {
    let stand = Stand::own(Setup::new()).await;
    let (organizer, upcoming, _) = spent_yesterday(&stand).await;
    let first = stand.reset().expect(200).await;
    stand.broadcast(&organizer, upcoming, "Hello").expect(201).await;
    let second = stand.reset().expect(200).await;
    assert_eq!(second["already_done"], true);
    for member in ["period", "reset", "pruned"] {
        assert_eq!(first[member], second[member]);
    }
    assert_eq!(stand.quota(&organizer, upcoming).await, Some((Some(1), Some(1))), "what was spent since stays spent");
    assert_eq!(stand.db.count("rolecall.application_logs where event = 'quota_reset'", &[]).await, 1);
}

#[tokio::test]
async fn ten_resets_at_once_reset_once_and_all_report_it() {
    let stand = Stand::own(Setup::new()).await;
    spent_yesterday(&stand).await;
    let runs = join_all((0..10).map(|_| stand.reset().expect(200))).await;
    let first: Vec<_> = runs.iter().filter(|run| run["already_done"] == false).collect();
    assert_eq!(first.len(), 1);
    for run in &runs {
        assert_eq!(run["reset"], json!({"pre_show": 1, "post_show": 1}));
        assert_eq!(run["period"], first[0]["period"]);
    }
    assert_eq!(stand.db.count("rolecall.quota_runs", &[]).await, 1);
    assert_eq!(stand.db.count("rolecall.application_logs where event = 'quota_reset'", &[]).await, 1);
}

#[tokio::test]
async fn what_was_spent_today_is_not_given_back() {
    let stand = Stand::own(Setup::new()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.broadcast(&organizer, show, "Hello").expect(201).await;
    let run = stand.reset().expect(200).await;
    assert_eq!(run["reset"], json!({"pre_show": 0, "post_show": 0}));
    assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))));
}

#[tokio::test]
async fn a_reset_may_be_repeated_with_its_idempotency_key() {
    let stand = Stand::own(Setup::new()).await;
    spent_yesterday(&stand).await;
    let first = stand.reset().key("cron of today").expect(200).await;
    let again = stand.reset().key("cron of today").expect(200).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((&first["already_done"], &again["already_done"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn only_an_operator_resets() {
    let stand = Stand::own(Setup::new()).await;
    let (organizer, upcoming, _) = spent_yesterday(&stand).await;
    let admin = stand.user(Role::Admin).await;
    for user in [&organizer, &admin] {
        let refusal = stand.post("reset-broadcast-quotas", &json!({})).by(user).expect(403).await;
        refusal.refused_by(Code::PermissionDenied, "operators_only");
    }
    let anon = token::hs256(&token::claims(None, "anon"), token::SECRET.as_bytes());
    let refusal = stand.post("reset-broadcast-quotas", &json!({})).token(&anon).expect(403).await;
    refusal.refused_by(Code::PermissionDenied, "operators_only");
    stand.post("reset-broadcast-quotas", &json!({})).expect(401).await.refused(Code::Unauthenticated);
    assert_eq!(stand.db.count("rolecall.quota_runs", &[]).await, 0);
    assert_eq!(stand.quota(&organizer, upcoming).await, Some((Some(0), Some(1))));
}

#[tokio::test]
async fn a_reset_takes_an_empty_body_and_no_field() {
    let stand = Stand::own(Setup::new()).await;
    let call = |body: &Value| stand.post("reset-broadcast-quotas", body).token(&token::operator());
    let refusal = call(&json!({"period": "2026-01-01"})).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refusal.faults(), [("period", "unknown_field")]);
    assert_eq!(stand.db.count("rolecall.quota_runs", &[]).await, 0);
    let empty = stand.call(http::Method::POST, "reset-broadcast-quotas").token(&token::operator());
    empty.expect(200).await;
}

/// The manifest says 02:00 UTC; here it is every second.
#[tokio::test]
async fn the_schedule_of_the_manifest_resets_the_quotas_by_itself() {
    let stand = Stand::own(Setup::new().cron("* * * * * *")).await;
    let (organizer, upcoming, _) = spent_yesterday(&stand).await;
    stand.db.run("delete from rolecall.quota_runs", &[]).await;
    until("the schedule has reset the quota", async || {
        (stand.quota(&organizer, upcoming).await == Some((Some(2), Some(1)))).then_some(())
    })
    .await;
    let line = stand.runner().line("the schedule's line", |line| line["event"] == "scheduled_request");
    assert_eq!((&line["level"], &line["status"]), (&json!("info"), &json!(200)));
    assert_eq!(stand.reset().expect(200).await["already_done"], true);
}
