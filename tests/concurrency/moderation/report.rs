//! Reports at once.

use crate::moderation::support::*;
use futures::future::join_all;
use rolecall_e2e::{Role, Stand, until};
use serde_json::{Value, json};

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

#[tokio::test]
async fn an_author_who_deletes_while_it_is_reported_deletes_what_was_reported() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::MvpDealer, Role::Attendee, Role::Moderator]).await;
    let (message, conversation) = message(&stand, &reader, &author).await;
    // The report is not committed yet when its author takes the message back.
    let db = stand.connect().await;
    db.script("begin").await;
    let request = json!({
        "claims": {"sub": author.id, "role": "authenticated"}, "rollouts": {},
        "input": {"message_id": message, "reason": "Rude"},
    });
    let filed: Value = db.one("select rolecall_edge.report_message($1)", &[&request]).await;
    assert_eq!(filed["ok"], true, "{filed}");
    let deletion = tokio::spawn(stand.delete_message(&reader, message).send());
    let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
        and query like '%delete_message%'";
    until("the deletion waits", async || (stand.db.count(waiting, &[]).await > 0).then_some(())).await;
    db.script("commit").await;
    assert_eq!(deletion.await.unwrap().status, 200);
    let page = stand.messages(&moderator, conversation, "").expect(200).await;
    assert_eq!(page.items("messages")[0]["content"], "You are a cheat", "moderators see what was reported");
}
