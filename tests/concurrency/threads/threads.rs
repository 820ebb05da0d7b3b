//! Messages of a thread, its owner inbox, and forced deliveries, many at once.

use crate::threads::support::{force, newest, send};
use futures::future::join_all;
use rolecall_e2e::Stand;

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
