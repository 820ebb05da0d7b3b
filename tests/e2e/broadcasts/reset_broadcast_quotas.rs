//! The reset of the quotas at the turn of the quota day. A reset concerns every quota there is, so each test has a
//! database of its own.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Setup, Stand, User, fixtures::Starts, token, until};
use serde_json::{Value, json};
use uuid::Uuid;

/// An organizer who has spent everything before one show and after another, as of the last quota day.
pub async fn spent_yesterday(stand: &Stand) -> (User, Uuid, Uuid) {
    let organizer = stand.user(Role::ShowOrganizer).await;
    let upcoming = stand.show(&organizer, Starts::InAWeek).await;
    let past = stand.show(&organizer, Starts::ADayAgo).await;
    for show in [upcoming, upcoming, past] {
        stand.broadcast(&organizer, show, "Hello").expect(201).await;
    }
    stand.db.run("update rolecall.broadcast_quotas set period = period - 1", &[]).await;
    (organizer, upcoming, past)
}

/// What the run deleted where no organisation texts.
fn deleted(broadcast_quotas: u32, rate_buckets: u32) -> Value {
    json!({
        "broadcast_quotas": broadcast_quotas, "rate_buckets": rate_buckets,
        "sms_outbox": 0, "routing_decisions": 0, "anti_poaching_attempts": 0, "messages": 0,
    })
}

async fn today(stand: &Stand) -> String {
    stand.db.one("select rolecall_internal.quota_day(now())::text", &[]).await
}

#[tokio::test]
async fn the_nightly_run_drops_and_deletes_what_is_over_and_touches_no_quota() {
    let stand = Stand::own(Setup::new()).await;
    let (organizer, upcoming, past) = spent_yesterday(&stand).await;
    stand.db.run("update rolecall.shows set ends_at = now() where id = $1", &[&past]).await;
    stand
        .db
        .script(
            "insert into rolecall.idempotency_records (day_slot, user_id, key, fingerprint, answer, created_at)
               select rolecall_internal.day_slot(at, 4), gen_random_uuid(), key, '\\x00', '{}', at
               from (values ('old', now() - interval '48 hours'), ('young', now() - interval '23 hours')) as r (key, at);
             insert into rolecall.application_logs (day_slot, level, service, event, \"timestamp\")
               select rolecall_internal.day_slot(at, 40), 'warn', key, 'x', at
               from (values ('old', now() - interval '31 days'), ('young', now() - interval '29 days')) as r (key, at);
             insert into rolecall.request_metrics (day_slot, slot, function, code, org_id, bucket, stripe, requests)
               select rolecall_internal.day_slot(at, 12), at, key, 'ok', gen_random_uuid(), 1, 1, 1
               from (values ('old', now() - interval '8 days'), ('young', now() - interval '6 days')) as r (key, at);
             insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
               values (gen_random_uuid(), 'old', 1, now() - interval '25 hours', 10, 60),
                      (gen_random_uuid(), 'young', 1, now() - interval '23 hours', 10, 60);",
        )
        .await;

    let run = stand.reset().expect(200).await;

    run.has_members(&["period", "dropped", "deleted", "left", "more", "already_done"]);
    assert_eq!(run["period"], today(&stand).await);
    assert_eq!((&run["more"], &run["already_done"]), (&json!(false), &json!(false)));
    assert_eq!(
        run["dropped"],
        json!({"application_logs": 1, "idempotency_records": 1, "refusal_counts": 0, "request_metrics": 1})
    );
    assert_eq!(run["deleted"], deleted(1, 1));
    assert_eq!(
        run["left"],
        json!({"application_logs": 0, "idempotency_records": 0, "refusal_counts": 0, "request_metrics": 0})
    );
    for table in [
        "rolecall.idempotency_records where key",
        "rolecall.application_logs where service",
        "rolecall.rate_buckets where action",
        "rolecall.request_metrics where function",
    ] {
        assert_eq!(stand.db.count(&format!("{table} = 'old'"), &[]).await, 0, "{table}");
        assert_eq!(stand.db.count(&format!("{table} = 'young'"), &[]).await, 1, "{table}");
    }
    assert_eq!(stand.quota(&organizer, upcoming).await, Some((Some(0), Some(1))), "a row resets itself");
    assert_eq!(stand.quota(&organizer, past).await, None, "the show is over");
    let [audit] = stand.audit(run.request_id()).await.try_into().unwrap();
    assert_eq!(audit.1, "quota_reset");
    // The new day's quota is there, whatever the row says.
    let sent = stand.broadcast(&organizer, upcoming, "Hello").expect(201).await;
    assert_eq!(sent["quota_remaining"], json!({"pre_show": 1, "post_show": 1}));
}

#[tokio::test]
async fn a_second_run_of_the_period_reports_the_first_and_changes_nothing() {
    let stand = Stand::own(Setup::new()).await;
    let (organizer, upcoming, _) = spent_yesterday(&stand).await;
    let first = stand.reset().expect(200).await;
    stand.broadcast(&organizer, upcoming, "Hello").expect(201).await;
    let second = stand.reset().expect(200).await;
    assert_eq!(second["already_done"], true);
    for member in ["period", "dropped", "deleted", "left", "more"] {
        assert_eq!(first[member], second[member]);
    }
    assert_eq!(stand.quota(&organizer, upcoming).await, Some((Some(1), Some(1))), "what was spent since stays spent");
    assert_eq!(stand.db.count("rolecall.application_logs where event = 'quota_reset'", &[]).await, 1);
}

#[tokio::test]
async fn ten_runs_at_once_are_one_run_and_all_report_it() {
    let stand = Stand::own(Setup::new()).await;
    let (_, _, past) = spent_yesterday(&stand).await;
    stand.db.run("update rolecall.shows set ends_at = now() where id = $1", &[&past]).await;
    let runs = join_all((0..10).map(|_| stand.reset().expect(200))).await;
    let first: Vec<_> = runs.iter().filter(|run| run["already_done"] == false).collect();
    assert_eq!(first.len(), 1);
    for run in &runs {
        assert_eq!(run["deleted"], deleted(1, 0));
        assert_eq!((&run["period"], &run["more"]), (&first[0]["period"], &json!(false)));
    }
    assert_eq!(stand.db.count("rolecall.quota_runs", &[]).await, 1);
    assert_eq!(stand.db.count("rolecall.application_logs where event = 'quota_reset'", &[]).await, 1);
}

/// A step that cannot be done does not undo the others, nor keep them from being done.
#[tokio::test]
async fn a_step_that_fails_leaves_the_others_done() {
    let stand = Stand::own(Setup::new()).await;
    let (_, _, past) = spent_yesterday(&stand).await;
    stand.db.run("update rolecall.shows set ends_at = now() where id = $1", &[&past]).await;
    stand
        .db
        .script(
            "insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
               values (gen_random_uuid(), 'old', 1, now() - interval '25 hours', 10, 60);
             create function fail() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$;
             create trigger fail before delete on rolecall.rate_buckets for each row execute function fail();",
        )
        .await;
    let done = "select coalesce(array_agg(name order by name), '{}') from rolecall.quota_runs, unnest(done) as name";
    let others = [
        "anti_poaching_attempts",
        "application_logs",
        "broadcast_quotas",
        "idempotency_records",
        "messages",
        "refusal_counts",
        "request_metrics",
        "routing_decisions",
        "sms_outbox",
    ];
    until("all the others are done", async || {
        stand.reset().expect(500).await.refused(Code::Internal);
        let done: Vec<String> = stand.db.one(done, &[]).await;
        (done == others).then_some(())
    })
    .await;
    stand.db.script("drop trigger fail on rolecall.rate_buckets").await;
    let run = stand.reset().expect(200).await;
    assert_eq!((&run["more"], &run["already_done"]), (&json!(false), &json!(false)));
    assert_eq!(run["deleted"], deleted(1, 1));
}

/// Whoever reads a slot that is to be dropped is neither waited for nor disturbed, and holds nobody up.
#[tokio::test]
async fn a_slot_that_somebody_reads_is_left_for_the_next_night() {
    let stand = Stand::own(Setup::new()).await;
    let old = "insert into rolecall.application_logs (day_slot, level, service, event, \"timestamp\")
        select rolecall_internal.day_slot(at, 40), 'warn', 'old', 'x', at
        from (select now() - interval '31 days' as at) as r";
    stand.db.script(old).await;
    let reader = stand.connect().await;
    reader.script("begin; select count(*) from rolecall.application_logs").await;
    let run = stand.reset().expect(200).await;
    assert_eq!((&run["left"]["application_logs"], &run["dropped"]["application_logs"]), (&json!(1), &json!(0)));
    assert_eq!(run["more"], false);
    reader.script("commit").await;
    stand.db.script("update rolecall.quota_runs set period = period - 1").await;
    let run = stand.reset().expect(200).await;
    assert_eq!((&run["left"]["application_logs"], &run["dropped"]["application_logs"]), (&json!(0), &json!(1)));
    assert_eq!(stand.db.count("rolecall.application_logs where service = 'old'", &[]).await, 0);
}

#[tokio::test]
async fn what_was_spent_today_is_not_given_back() {
    let stand = Stand::own(Setup::new()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.broadcast(&organizer, show, "Hello").expect(201).await;
    stand.db.run("update rolecall.shows set starts_at = now(), ends_at = now() where id = $1", &[&show]).await;
    let run = stand.reset().expect(200).await;
    assert_eq!(run["deleted"]["broadcast_quotas"], 0, "not even of a show that is over");
    assert_eq!(stand.quota(&organizer, show).await, Some((Some(1), Some(1))));
}

#[tokio::test]
async fn a_run_may_be_repeated_with_its_idempotency_key() {
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
