//! Reports at once.

use crate::moderation::support::*;
use futures::future::join_all;
use rolecall_e2e::{Role, Stand};

#[tokio::test]
async fn fifty_reports_of_one_user_at_once_are_one() {
    let stand = Stand::shared().await;
    let [author, reader] = stand.users([Role::Admin, Role::Attendee]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    let answers = join_all((0..50).map(|n| stand.report(&reader, message, &format!("Reason {n}")).send())).await;
    let new: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    let [report] = &new[..] else { panic!("{} reports", new.len()) };
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((refused.code(), refused.id("report_id")), ("already_reported", report.id("report_id")));
    }
    assert_eq!(stand.db.count("rolecall.reported_messages where message_id = $1", &[&message]).await, 1);
}
