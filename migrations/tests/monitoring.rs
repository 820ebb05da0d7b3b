//! The operator's figures at size: with seven days of metrics every view answers in less than 50 ms, and none reads the
//! conversations themselves, so that it does not matter how many there are.

mod support;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::explain::{explained, rows_read};
use support::{Database, call, list, one, operator_request};

/// What a view may take.
const LIMIT: Duration = Duration::from_millis(50);

/// How often each is read at most until one reading is quick enough: other tests run beside this one.
const MOST_READINGS: usize = 200;

/// Thirty operations in three organisations, each with two codes and four buckets, in every quarter of an hour and minute.
const SEVEN_DAYS: &str = "
    insert into rolecall.request_metrics (day_slot, slot, function, code, org_id, bucket, stripe, requests, minutes)
    select
      rolecall_internal.day_slot(slot, 12), slot, operation, code,
      ('00000000-0000-4000-8000-0000000000' || lpad(org::text, 2, '0'))::uuid, bucket, 0, 10, minutes
    from (
      select slot, 15 as minutes
      from generate_series(
        date_bin('15 minutes', now() - interval '7 days', '2000-01-01'), now() - interval '2 hours', interval '15 minutes'
      ) as slot
      union all
      select slot, 1
      from generate_series(date_bin('1 minute', now() - interval '2 hours', '2000-01-01'), now(), interval '1 minute') as slot
    ) as counted
    cross join (
      select 'operation-' || number as operation from generate_series(1, 28) as number
      union all
      values ('start-conversation'), ('send-dm')
    ) as operation
    cross join (values ('ok'), ('internal')) as answered (code)
    cross join generate_series(1, 3) as org
    cross join unnest(array[6, 8, 10, 12]) as bucket;
    insert into rolecall.help_conversation_counts (hour, status, stripe, conversations)
    select hour, status, stripe, 10
    from generate_series(now() - interval '10 days', now(), interval '1 hour') as hour
    cross join unnest(array['active', 'completed', 'cancelled']) as status
    cross join generate_series(0, 15) as stripe;
    analyze rolecall.request_metrics, rolecall.help_conversation_counts;";

#[tokio::test]
async fn every_view_is_quick_with_seven_days_of_metrics_and_reads_no_conversation() {
    let database = Database::demo().await;
    let client = database.admin().await;
    client.batch_execute(SEVEN_DAYS).await.expect("a superuser may");
    let views = "select viewname::text from pg_views where schemaname = 'rolecall_monitoring' order by 1";
    let views = list(&client, views).await;
    assert!(views.len() >= 15, "{views:?}");
    for view in views {
        let sql = format!("explain (analyze, format json) select * from rolecall_monitoring.{view}");
        let mut quickest = f64::INFINITY;
        for _ in 0..MOST_READINGS {
            let row = client.query_one(&sql, &[]).await.expect("a superuser may");
            let plan: Value = row.get(0);
            for table in ["conversations_v2", "messages_v2", "\"messages\"", "\"conversations\""] {
                assert!(!plan.to_string().contains(table), "{view} reads {table}: {plan}");
            }
            let took = plan[0]["Execution Time"].as_f64().expect("a number")
                + plan[0]["Planning Time"].as_f64().unwrap_or(0.0);
            quickest = quickest.min(took);
            if quickest < LIMIT.as_secs_f64() * 1000.0 {
                break;
            }
        }
        println!("{view}: {quickest:.1} ms");
        assert!(quickest < LIMIT.as_secs_f64() * 1000.0, "{view}: {quickest:.1} ms");
    }
}

/// A stage that is old enough to be left and has not shown what it must, with most requests of SEVEN_DAYS successful.
const STAGE_OF_FIVE_DAYS: &str = "
    update rolecall.rollout_stages set auto_advance = true;
    update rolecall.feature_flags set rollout = 'percentage:10' where name = 'start-conversation';
    update rolecall.rollout_states set since = now() - interval '5 days' where flag = 'start-conversation';
    update rolecall.request_metrics set requests = 1 where code = 'internal';
    vacuum analyze rolecall.request_metrics;";

#[tokio::test]
async fn the_guard_adds_a_stage_up_quickly_and_reads_the_operations_of_its_flag_alone() {
    let database = Database::demo().await;
    let (admin, plans) = explained(&database).await;
    admin.batch_execute(SEVEN_DAYS).await.expect("a superuser may");
    for statement in STAGE_OF_FIVE_DAYS.split_inclusive(';') {
        admin.batch_execute(statement).await.expect("a superuser may");
    }
    let rows = async |condition: &str| {
        let sql = format!("select count(*) from rolecall.request_metrics where minutes = 1 and {condition}");
        u64::try_from(one::<i64>(&admin, &sql).await).expect("not negative")
    };
    let of_flag = rows("function = 'start-conversation'").await;
    // Those of the last minutes are found by their time, whatever the operation.
    let recent = rows("slot > now() - interval '6 minutes'").await;
    // One of each operation in each of twelve partitions is looked at to find the flag's own, twice.
    let bound = of_flag + recent + 2 * 12 * 31;
    assert!(rows("true").await > 8 * bound, "the bound shows something");
    // The first plans are for these parameters, later ones for any.
    for _ in 0..12 {
        plans.lock().expect("nobody panics with it").clear();
        let decisions: Value = one(&admin, "select rolecall_internal.guard_rollouts()").await;
        assert_eq!(decisions, json!([]));
        let plans = plans.lock().expect("nobody panics with it");
        let read = plans.iter().map(|plan| rows_read(&plan["Plan"], "request_metrics_")).sum::<u64>();
        assert!(read >= of_flag, "it reads {read} rows of {of_flag}");
        assert!(read <= bound, "it reads {read} rows; {of_flag} are the flag's, {recent} of the last minutes");
    }

    let edge = database.edge().await;
    let mut quickest = Duration::MAX;
    for _ in 0..MOST_READINGS {
        let begun = Instant::now();
        let answer = call(&edge, "guard_rollouts", &operator_request()).await;
        quickest = quickest.min(begun.elapsed());
        assert_eq!(answer["data"], json!({"decisions": []}), "{answer}");
        if quickest < LIMIT {
            break;
        }
    }
    println!("the guard: {quickest:?}");
    assert!(quickest < LIMIT, "{quickest:?}");
}

#[tokio::test]
async fn conversations_that_change_at_once_are_counted_exactly() {
    let database = Database::demo().await;
    let client = database.admin().await;
    let writers = (0..8).map(|writer: i32| {
        let database = &database;
        async move {
            let client = database.admin().await;
            for number in 0..25_i32 {
                let sql = "with request as (
                      insert into rolecall.help_requests (requester_id, title)
                      values ('00000000-0000-4000-8000-000000000001', format('%s of %s', $1::int, $2::int)) returning id
                    )
                    insert into public.conversations_v2 (help_request_id, requester_id, helper_id, initial_message)
                    select id, '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', 'I can help you.'
                    from request returning id";
                let id: uuid::Uuid = client.query_one(sql, &[&number, &writer]).await.expect("a superuser may").get(0);
                if number % 5 == 0 {
                    let sql = "delete from public.conversations_v2 where id = $1";
                    client.execute(sql, &[&id]).await.expect("a superuser may");
                } else {
                    client.execute("select rolecall_internal.fold_help_conversation_counts()", &[]).await.expect("it may");
                }
            }
        }
    });
    futures::future::join_all(writers).await;
    let counted: i64 = one(&client, "select sum(conversations)::bigint from rolecall.help_conversation_counts").await;
    let there: i64 = one(&client, "select count(*) from public.conversations_v2").await;
    assert_eq!((counted, there), (160, 160));
}
