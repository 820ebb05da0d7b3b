//! A conversation that somebody holds.

use futures::future::join_all;
use rolecall_e2e::{Call, Role, Setup, Stand};
use serde_json::json;

/// Who holds a conversation makes those wait who change it. So what is refused does not ask for it: a stranger who learnt an
/// id stops nobody.
#[tokio::test]
async fn strangers_hold_no_conversation_and_wait_for_none() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee, stranger] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let sent = stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    let (conversation, message) = (sent.id("conversation_id"), sent.id("message_id"));
    let db = stand.connect().await;
    let hold = format!("begin; select from rolecall.conversations where id = '{conversation}' for no key update");
    db.script(&hold).await;
    let named = json!({"message_id": message});
    let refused = [
        stand.react(&stranger, message, "👍"),
        stand.unreact(&stranger, message, "👍"),
        stand.edit(&stranger, message, "Goodbye"),
        stand.reply(&stranger, conversation, "Hello"),
        stand.mark_read(&stranger, conversation, 1),
        stand.post("moderation/delete", &named).by(&stranger),
        stand.post("moderation/restore", &named).by(&stranger),
        stand.report(&stranger, message, "Spam"),
    ];
    for answer in join_all(refused.map(Call::send)).await {
        assert!([403, 404].contains(&answer.status), "{} {}", answer.status, answer.body);
    }
    db.script("rollback").await;
    stand.react(&attendee, message, "👍").expect(200).await;
}
