//! One organisation and the threads of another: 404 on every path, never 403, and no row.

use super::support::{force, history, list, mark, newest, send};
use rolecall_e2e::{Code, Stand};
use serde_json::json;

#[tokio::test]
async fn nobody_reaches_into_another_organisation() {
    let stand = Stand::shared().await;
    let (here, there) = (stand.agency().await, stand.agency().await);
    let thread = stand.thread(there.organization, &there.client, &there.front_desk).await;
    stand.window(there.organization, thread, &there.sitter, -10, 60).await;
    send(&stand, &there.owner, thread, "Hello").expect(201).await;
    send(&stand, &there.owner, thread, "Call 202-555-0143").expect(403).await;
    let message = newest(&stand, thread).await;
    let sql = "select id from rolecall.message_threads where organization_id = $1 and scope = 'owner_inbox'";
    let inbox = stand.db.one(sql, &[&there.organization]).await;
    for user in [&here.owner, &here.admin, &here.sitter, &here.client_user] {
        for id in [thread, inbox] {
            for call in
                [send(&stand, user, id, "Hello"), history(&stand, user, id, ""), mark(&stand, user, id, &json!({}))]
            {
                call.expect(404).await.refused_by(Code::NotFound, "no_such_thread");
            }
            for action in ["read_thread", "send_to_thread"] {
                let check = stand.check(user, &json!({"action": action, "thread_id": id})).expect(200).await;
                assert_eq!((&check["allowed"], &check["code"]), (&json!(false), &json!("not_found")));
            }
        }
        force(&stand, user, message, "Why not").expect(404).await.refused_by(Code::NotFound, "no_such_message");
        let page = list(&stand, user, &format!("?client_id={}", there.client.id)).expect(200).await;
        assert_eq!(page["threads"], json!([]));
        let page = list(&stand, user, &format!("?sitter_id={}", there.sitter.id)).expect(200).await;
        assert_eq!(page["threads"], json!([]));
        let said = list(&stand, user, "").expect(200).await.body.to_string();
        assert!(!said.contains(&thread.to_string()) && !said.contains(&there.client.id.to_string()), "{said}");
    }
    assert_eq!(stand.db.count("rolecall.thread_messages where thread_id = $1", &[&thread]).await, 2);
    let read = "rolecall.thread_reads where organization_id = $1";
    assert_eq!(stand.db.count(read, &[&there.organization]).await, 0);
    let forced = "rolecall.anti_poaching_attempts where message_id = $1 and forced_at is not null";
    assert_eq!(stand.db.count(forced, &[&message]).await, 0);
}
