//! Broadcasts at once, counted.

use futures::future::join_all;
use rolecall_e2e::{Role, Stand, fixtures::Starts};

#[tokio::test]
async fn of_fifty_broadcasts_at_once_two_are_sent_and_forty_eight_refused() {
    let stand = Stand::shared().await;
    for starts in [Starts::InAWeek, Starts::ADayAgo] {
        let quota = if starts == Starts::InAWeek { 2 } else { 1 };
        let organizer = stand.user(Role::ShowOrganizer).await;
        let show = stand.show(&organizer, starts).await;
        let answers = join_all((0..50).map(|n| stand.broadcast(&organizer, show, &format!("Hello {n}")).send())).await;
        let sent = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.code() == "quota_exceeded").count();
        assert_eq!((sent, refused), (quota, 50 - quota));
        let left = if starts == Starts::InAWeek { (Some(0), Some(1)) } else { (Some(2), Some(0)) };
        assert_eq!(stand.quota(&organizer, show).await, Some(left));
        for table in ["rolecall.broadcasts", "rolecall.messages"] {
            let rows = stand.db.count(&format!("{table} where sender_id = $1"), &[&organizer.id]).await;
            assert_eq!(rows, quota as i64, "{table}");
        }
        let refusals = "select sum(refusals)::bigint from rolecall.refusal_counts where user_id = $1";
        assert_eq!(stand.db.one::<i64>(refusals, &[&organizer.id]).await, 50 - quota as i64);
        let logged = "select sum(least(refusals, rolecall_internal.limit_logged_refusals()))::bigint
            from rolecall.refusal_counts where user_id = $1";
        let logged: i64 = stand.db.one(logged, &[&organizer.id]).await;
        let audits = "rolecall.application_logs where user_id = $1 and code = 'quota_exceeded'";
        assert_eq!(stand.db.count(audits, &[&organizer.id]).await, logged);
    }
}

#[tokio::test]
async fn a_broadcast_that_waits_while_the_conversation_is_closed_is_refused() {
    let stand = Stand::shared().await;
    let admin = stand.user(Role::Admin).await;
    let show = stand.show(&stand.user(Role::ShowOrganizer).await, Starts::InAWeek).await;
    let conversation = stand.broadcast(&admin, show, "One").expect(201).await.id("conversation_id");
    let operator = stand.connect().await;
    operator.script("begin").await;
    operator.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    let sending = tokio::spawn(join_all((0..4).map(|n| stand.broadcast(&admin, show, &format!("Hello {n}")).send())));
    let waiting = "pg_stat_activity where wait_event_type = 'Lock' and query like '%send_broadcast%'
        and datname = current_database()";
    rolecall_e2e::until("a broadcast waits", async || (stand.db.count(waiting, &[]).await > 0).then_some(())).await;
    operator.script("commit").await;
    for answer in sending.await.unwrap() {
        answer.refused_by(rolecall_e2e::Code::ConversationReadOnly, "conversation_read_only");
    }
    assert_eq!(stand.db.count("rolecall.messages where conversation_id = $1", &[&conversation]).await, 1);
    assert_eq!(stand.db.count("rolecall.broadcasts where conversation_id = $1", &[&conversation]).await, 1);
}
