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
        let audits = "rolecall.application_logs where user_id = $1 and code = 'quota_exceeded'";
        assert_eq!(stand.db.count(audits, &[&organizer.id]).await, 50 - quota as i64);
    }
}
