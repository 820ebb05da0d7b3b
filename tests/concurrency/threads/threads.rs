//! Messages of a thread, its owner inbox, and forced deliveries, many at once.

use crate::threads::support::{force, mark, newest, send};
use futures::future::join_all;
use rolecall_e2e::Stand;
use serde_json::json;

#[tokio::test]
async fn fifty_messages_at_once_are_numbered_without_a_gap_and_each_is_queued() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    stand.window(agency.organization, thread, &agency.sitter, -10, 60).await;
    let writers = [&agency.owner, &agency.admin, &agency.sitter];
    join_all((0..50).map(|n| send(&stand, writers[n % 3], thread, &format!("Number {n}")).expect(201))).await;
    let sql = "select array_agg(seq order by seq) from rolecall.thread_messages where thread_id = $1";
    assert_eq!(stand.db.one::<Vec<i64>>(sql, &[&thread]).await, (1..=50).collect::<Vec<_>>());
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1", &[&thread]).await, 50);
}

#[tokio::test]
async fn fifty_messages_held_back_at_once_make_one_owner_inbox() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let mut threads = Vec::new();
    for _ in 0..10 {
        let client = stand.client_of(agency.organization, None).await;
        threads.push(stand.thread(agency.organization, &client, &agency.front_desk).await);
    }
    let call = |n: usize| send(&stand, &agency.owner, threads[n % 10], "Call 202-555-0143").expect(403);
    join_all((0..50).map(call)).await;
    let inbox = "rolecall.message_threads where organization_id = $1 and scope = 'owner_inbox'";
    assert_eq!(stand.db.count(inbox, &[&agency.organization]).await, 1);
    let sql = "select array_agg(inbox_seq order by inbox_seq) from rolecall.thread_messages
        where organization_id = $1 and kind = 'notice'";
    assert_eq!(stand.db.one::<Vec<i64>>(sql, &[&agency.organization]).await, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_fifty_at_once_one_forces_a_message() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    send(&stand, &agency.owner, thread, "Call 202-555-0143").expect(403).await;
    let message = newest(&stand, thread).await;
    let users = [&agency.owner, &agency.admin];
    let answers = join_all((0..50).map(|n| force(&stand, users[n % 2], message, "It is the vet's").send())).await;
    let forced = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.code() == "already_sent").count();
    assert_eq!((forced, refused), (1, 49));
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1", &[&thread]).await, 1);
}

#[tokio::test]
async fn of_fifty_at_once_under_one_key_one_is_held_back() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    for (user, held) in [(&agency.owner, 1), (&agency.client_user, 2)] {
        let call = |_| send(&stand, user, thread, "Call 202-555-0143").key("once").expect(403);
        let answers = join_all((0..50).map(call)).await;
        let replayed = answers.iter().filter(|answer| answer.headers.contains_key("idempotency-replayed")).count();
        assert_eq!(replayed, 49);
        for from in [
            "thread_messages where organization_id = $1 and delivery = 'blocked'",
            "thread_messages where organization_id = $1 and kind = 'notice'",
            "anti_poaching_attempts where organization_id = $1",
        ] {
            assert_eq!(stand.db.count(&format!("rolecall.{from}"), &[&agency.organization]).await, held, "{from}");
        }
    }
}

#[tokio::test]
async fn flags_of_other_organisations_that_change_all_the_time_stop_no_message() {
    let stand = Stand::shared().await;
    let (agency, other) = (stand.agency().await, stand.agency().await);
    let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
    let (done, mut stop) = tokio::sync::oneshot::channel::<()>();
    let switching = async {
        let mut switches = 0;
        while stop.try_recv().is_err() {
            let rollout = if switches % 2 == 0 { "disabled" } else { "enabled" };
            stand.switch(&other, "messaging_v1", rollout).await;
            switches += 1;
        }
        switches
    };
    let sending = async {
        for round in 0..4 {
            let call = |n| send(&stand, &agency.owner, thread, &format!("Number {round}.{n}")).expect(201);
            join_all((0..50).map(call)).await;
        }
        send(&stand, &agency.owner, thread, "Call 202-555-0143").expect(403).await;
        let message = newest(&stand, thread).await;
        force(&stand, &agency.owner, message, "It is the vet's").expect(200).await;
        let _ = done.send(());
    };
    let (switches, ()) = tokio::join!(switching, sending);
    assert!(switches > 10, "{switches}");
    assert_eq!(stand.db.count("rolecall.sms_outbox where thread_id = $1", &[&thread]).await, 201);
}

#[tokio::test]
async fn who_leaves_while_they_read_has_read_nothing_afterwards() {
    let stand = Stand::shared().await;
    for round in 0..4 {
        let agency = stand.agency().await;
        let thread = stand.thread(agency.organization, &agency.client, &agency.front_desk).await;
        send(&stand, &agency.owner, thread, "Hello").expect(201).await;
        let leaves = match round % 2 {
            0 => "update rolecall.profiles set organization_id = null, organization_role = null where id = $1",
            _ => "delete from rolecall.profiles where id = $1",
        };
        let reads = join_all((0..10).map(|_| mark(&stand, &agency.admin, thread, &json!({})).send()));
        let leave = async { stand.db.run(leaves, &[&agency.admin.id]).await };
        let (answers, _) = tokio::join!(reads, leave);
        for answer in answers {
            assert!([200, 403, 404].contains(&answer.status), "{} {}", answer.status, answer.body);
        }
        assert_eq!(stand.db.count("rolecall.thread_reads where user_id = $1", &[&agency.admin.id]).await, 0);
    }
}
