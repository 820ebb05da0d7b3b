//! Deletions and restorations at once.

use crate::moderation::support::*;
use futures::future::join_all;
use rolecall_e2e::{Role, Stand};

#[tokio::test]
async fn deletions_and_restorations_at_once_end_whole() {
    let stand = Stand::shared().await;
    let [author, reader, moderator] = stand.users([Role::Admin, Role::Attendee, Role::Moderator]).await;
    let (message, _) = message(&stand, &author, &reader).await;
    let calls = (0..40).map(|n| {
        let call = if n % 2 == 0 {
            stand.delete_message(&moderator, message)
        } else {
            stand.restore_message(&moderator, message)
        };
        call.expect(200)
    });
    join_all(calls).await;
    let sql = "select (m.content is null) = (m.deleted_at is not null)
          and (m.content is null) = exists (
            select from rolecall.removed_contents as r where r.conversation_id = m.conversation_id and r.seq = m.seq)
        from rolecall.messages as m where m.id = $1";
    assert!(stand.db.one::<bool>(sql, &[&message]).await);
    stand.restore_message(&moderator, message).expect(200).await;
    let content: String = stand.db.one("select content from rolecall.messages where id = $1", &[&message]).await;
    assert_eq!(content, "You are a cheat");
}
