//! Messages that are older than they are kept. The nightly run concerns all of them, so each test has a database of its own.

use futures::future::join_all;
use rolecall_e2e::{Code, Role, Setup, Stand};
use serde_json::json;

#[tokio::test]
async fn the_nightly_run_erases_what_is_too_old_and_nobody_brings_it_back() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let old = stand.send_dm(&admin, &attendee, "Old").expect(201).await;
    let young = stand.send_dm(&admin, &attendee, "Young").expect(201).await;
    let (conversation, message) = (old.id("conversation_id"), old.id("message_id"));
    stand.react(&attendee, message, "👍").expect(200).await;
    stand.age_message(message, 31 * 86_400).await;
    stand.age_message(young.id("message_id"), 29 * 86_400).await;
    let before = stand.sync(&attendee, &json!({})).expect(200).await;
    assert_eq!(stand.reset().expect(200).await["deleted"]["messages"], 0, "off, as it is delivered");

    stand.db.script("update retention set days = 30 where kind = 'direct'; delete from quota_runs").await;
    let runs = join_all((0..10).map(|_| stand.reset().expect(200))).await;
    assert!(runs.iter().all(|run| run["deleted"]["messages"] == 1), "ten at once are one run");

    let page = stand.messages(&attendee, conversation, "").expect(200).await;
    let [gone, left] = page.items("messages") else { panic!("{}", page.body) };
    assert_eq!((&gone["content"], &gone["deleted"]["by"]), (&json!(null), &json!("retention")));
    assert_eq!((&gone["reactions"], &left["content"]), (&json!([]), &json!("Young")));
    let changed = stand.sync(&attendee, &json!({"cursor": before["cursor"]})).expect(200).await;
    assert_eq!(changed.items("conversations")[0]["id"], json!(conversation), "devices hear of it");
    let refused = stand.restore_message(&moderator, message).expect(403).await;
    refused.refused_by(Code::PermissionDenied, "erased_by_retention");
    stand.react(&attendee, message, "👍").expect(404).await.refused_by(Code::NotFound, "message_deleted");
}

#[tokio::test]
async fn what_a_pending_report_is_about_is_kept_until_its_review() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let message = stand.send_dm(&admin, &attendee, "Evidence").expect(201).await.id("message_id");
    let report = stand.report(&attendee, message, "Spam").expect(201).await.id("report_id");
    stand.age_message(message, 31 * 86_400).await;
    stand.db.script("update retention set days = 30 where kind = 'direct'").await;
    stand.reset().expect(200).await;

    let queue = stand.queue(&moderator, "").expect(200).await;
    assert_eq!(queue.items("reports")[0]["message"]["content"], "Evidence");
    stand.review(&moderator, report, "dismiss").expect(200).await;
    assert_eq!(stand.db.count("removed_contents", &[]).await, 0);
}
