//! Requests that left nothing in the database are counted all the same: by code, each once, soon after the database answers
//! again.

use futures::future::join_all;
use rolecall_e2e::{Code, Db, Role, Setup, Stand, until};
use rolecall_postgres::Mode;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How soon failures are in the metrics once the database answers: what is promised.
const SOON: Duration = Duration::from_secs(10);

async fn failures(db: &Db, function: &str, code: Code) -> i64 {
    let sql = "select coalesce(sum(requests), 0)::bigint from rolecall.request_metrics
        where function = $1 and code = $2 and org_id = '00000000-0000-0000-0000-000000000000'
          and slot between now() - interval '10 minutes' and now()";
    db.one(sql, &[&function, &code.as_str()]).await
}

async fn counted(db: &Db, function: &str, code: Code, number: i64) {
    until(&format!("{number} of {function} are counted as {}", code.as_str()), async || {
        let counted = failures(db, function, code).await;
        assert!(counted <= number, "counted twice: {counted} of {number}");
        (counted == number).then_some(())
    })
    .await;
}

/// Has each write to a table end like this.
async fn sabotage(db: &Db, table: &str, body: &str) {
    db.script(&format!(
        "create or replace function public.sabotage() returns trigger language plpgsql as $$ begin {body} return new; end $$;
         create or replace trigger sabotage before insert on {table} for each row execute function public.sabotage()"
    ))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_raise_or_time_out_are_counted_once_each() {
    let stand = Arc::new(Stand::own(Setup::new().without_rate_limits()).await);
    let [helper, requester] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    sabotage(&stand.db, "public.conversations_v2", "raise exception 'sabotage';").await;
    for _ in 0..3 {
        stand.offer(&helper, request, "I can drive you.").expect(500).await.refused(Code::Internal);
    }
    counted(&stand.db, "start-conversation", Code::Internal, 3).await;

    // A statement of many: each of its requests counts once, in whichever statement it fails.
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    let others = stand.users([Role::Admin; 12]).await;
    sabotage(&stand.db, "rolecall.messages", "raise exception 'sabotage';").await;
    let sent = join_all(others.iter().map(|other| stand.send_dm(other, &to, "Hello").expect(500))).await;
    for answer in sent {
        answer.refused(Code::Internal);
    }
    counted(&stand.db, "send-dm", Code::Internal, 12).await;

    sabotage(&stand.db, "public.conversations_v2", "perform pg_sleep(30);").await;
    let slow = [(); 2].map(|()| stand.offer(&helper, request, "I can drive you.").expect(504));
    for answer in join_all(slow).await {
        answer.refused(Code::Timeout);
    }
    counted(&stand.db, "start-conversation", Code::Timeout, 2).await;
    let slow = "select max(bucket) from rolecall.request_metrics where code = 'timeout'";
    let slow: i16 = stand.db.one(slow, &[]).await;
    // From 4.6 s on; the other one may have waited for a lock, which ends before that.
    assert!(slow >= 32, "{slow}");

    // What the database has counted itself is not counted again, and a refusal is no failure.
    stand.db.script("drop trigger sabotage on rolecall.messages").await;
    stand.send_dm(&from, &to, "Hello").expect(201).await;
    stand.send_dm(&from, &from, "Hello").expect(403).await;
    let by_code = "select string_agg(code || ' ' || requests, ', ' order by code) from (
        select code, sum(requests) as requests from rolecall.request_metrics where function = 'send-dm' group by code) as c";
    let by_code: String = stand.db.one(by_code, &[]).await;
    assert_eq!(by_code, "internal 12, ok 1, permission_denied 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_of_an_outage_are_counted_soon_after_it() {
    let stand = Stand::own(Setup::new().own_cluster().without_rate_limits()).await;
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    let request = stand.help_request(&to).await;
    let cluster = stand.cluster.clone().unwrap();
    let mut cluster = cluster.lock().await;
    tokio::task::block_in_place(|| cluster.stop(Mode::Immediate)).unwrap();
    for _ in 0..4 {
        stand.send_dm(&from, &to, "Hello").expect(503).await.refused(Code::DatabaseUnavailable);
        stand.offer(&from, request, "I can drive you.").expect(503).await.refused(Code::DatabaseUnavailable);
    }
    // The functions try to hand the failures in meanwhile, in vain.
    stand.runner().line("a try that fails", |line| line["service"] == "failures" && line["event"] == "not_recorded");
    tokio::task::block_in_place(|| cluster.start_again()).unwrap();
    let db = stand.connect().await;
    let answers = Instant::now();
    counted(&db, "send-dm", Code::DatabaseUnavailable, 4).await;
    counted(&db, "start-conversation", Code::DatabaseUnavailable, 4).await;
    assert!(answers.elapsed() < SOON, "{:?}", answers.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_are_replaced_and_a_runner_that_stops_lose_no_failure() {
    let stand = Stand::own(Setup::new().without_rate_limits().flag("--instance-requests", "3")).await;
    let [helper, requester] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    sabotage(&stand.db, "public.conversations_v2", "raise exception 'sabotage';").await;
    for _ in 0..5 {
        for answer in join_all([(); 4].map(|()| stand.offer(&helper, request, "Hello there").expect(500))).await {
            answer.refused(Code::Internal);
        }
    }
    if stand.runs_on_spin() {
        // It ends at once, whatever its instances are still at.
        counted(&stand.db, "start-conversation", Code::Internal, 20).await;
        return;
    }
    stand.runner().terminate();
    assert!(stand.runner().wait().success());
    assert_eq!(failures(&stand.db, "start-conversation", Code::Internal).await, 20);
}
