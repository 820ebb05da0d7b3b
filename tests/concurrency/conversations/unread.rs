//! Everything at once that changes what is unread, and what clients are told of changes.

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use rolecall_e2e::{Role, Stand, User};
use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};
use uuid::Uuid;

/// How many people's count of what is unread is not what is new to them.
const MISCOUNTED: &str = "rolecall.conversation_participants as own
    join rolecall.conversations as conversation on conversation.id = own.conversation_id
    where own.conversation_id = $1
      and (own.skipped < 0 or conversation.last_seq - own.last_read_seq - own.skipped <> (
        select count(*) from rolecall.messages as message
        where message.conversation_id = own.conversation_id and message.seq > own.last_read_seq
          and message.deleted_at is null and message.sender_id is distinct from own.user_id))";

#[tokio::test]
async fn whatever_happens_at_once_unread_is_what_is_new() {
    let stand = Stand::shared().await;
    let [one, two, moderator] = stand.users([Role::Admin, Role::Admin, Role::Moderator]).await;
    let conversation = stand.history(&one, &two, 20).await;
    let messages = join_all((1..=20).map(|seq| stand.message(conversation, seq))).await;
    for round in 0..4 {
        let mut calls: Vec<BoxFuture<'_, ()>> = Vec::new();
        for n in 0..20_usize {
            let (person, message) = (if n % 2 == 0 { &one } else { &two }, messages[(n * 7 + round) % 20]);
            let seq = (n * 11 % 30) as i64 + 1;
            calls.push(stand.reply(person, conversation, "On").expect(201).map(drop).boxed());
            calls.push(stand.mark_read(person, conversation, seq).expect(200).map(drop).boxed());
            calls.push(stand.mark_unread(person, conversation, seq).expect(200).map(drop).boxed());
            calls.push(stand.delete_message(&moderator, message).expect(200).map(drop).boxed());
            calls.push(stand.restore_message(&moderator, message).expect(200).map(drop).boxed());
        }
        join_all(calls).await;
        assert_eq!(stand.db.count(MISCOUNTED, &[&conversation]).await, 0);
    }
    let erased = async |user: &User| stand.delete_own_data(user).expect(200).await;
    let (_, _, ()) = tokio::join!(erased(&one), erased(&two), async {
        let replies =
            (0..20).map(|n| stand.reply(if n % 2 == 0 { &one } else { &two }, conversation, "On").expect(201));
        join_all(replies).await;
    });
    assert_eq!(stand.db.count(MISCOUNTED, &[&conversation]).await, 0);
}

#[tokio::test]
async fn who_asks_for_changes_while_they_happen_misses_none() {
    let stand = Stand::shared().await;
    let [reader, writer] = stand.users([Role::Attendee, Role::Admin]).await;
    let moderators = stand.many(Role::Moderator, 4).await;
    let conversation = stand.history(&reader, &writer, 40).await;
    let messages: Vec<Uuid> = join_all((1..=40).map(|seq| stand.message(conversation, seq))).await;
    let over = AtomicBool::new(false);
    let change = async {
        for round in 0..3 {
            let calls = messages.iter().enumerate().map(|(n, &message)| {
                let by = &moderators[n % 4];
                let restores = round == 1 && n % 3 == 0;
                let call =
                    if restores { stand.restore_message(by, message) } else { stand.delete_message(by, message) };
                call.expect(200)
            });
            join_all(calls).await;
        }
        over.store(true, Ordering::SeqCst);
    };
    let follow = async {
        let (mut known, mut revision) = (HashMap::new(), 0);
        loop {
            let last_round = over.load(Ordering::SeqCst);
            let query = format!("limit=7&changed_since={revision}");
            let page = stand.messages(&reader, conversation, &query).expect(200).await;
            for message in page.items("messages") {
                known.insert(message["seq"].as_i64().unwrap(), !message["deleted"].is_null());
            }
            revision = page["revision"].as_i64().unwrap();
            if last_round && page["has_more_after"] == false {
                return known;
            }
        }
    };
    let ((), known) = tokio::join!(change, follow);
    assert_eq!(known.len(), 40);
    assert!(known.values().all(|&deleted| deleted), "in the end all of them are deleted: {known:?}");
    let twice = "(select revision from rolecall.messages where conversation_id = $1 and revision is not null
        group by revision having count(*) > 1) as twice";
    assert_eq!(stand.db.count(twice, &[&conversation]).await, 0, "each change has a revision of its own");
    let behind = "rolecall.conversations as conversation where id = $1 and revision <> (
        select max(message.revision) from rolecall.messages as message where message.conversation_id = conversation.id)";
    assert_eq!(stand.db.count(behind, &[&conversation]).await, 0);
}
