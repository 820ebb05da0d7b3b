//! Messages through the RPC at once, and with what stops them.

use futures::future::join_all;
use rolecall_e2e::{Db, Role, Setup, Stand, User};
use serde_json::Value;
use uuid::Uuid;

const SEND: &str = "select public.send_message_v2($1, $2, $3)";

async fn talk(stand: &Stand) -> (User, User, Uuid) {
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let id = stand.offer(&helper, request, "I can drive you there.").expect(201).await.id("conversation_id");
    (requester, helper, id)
}

async fn sessions(stand: &Stand, user: &User, number: usize) -> Vec<Db> {
    join_all((0..number).map(|_| stand.postgrest(user.id))).await
}

#[tokio::test]
async fn of_a_hundred_messages_at_once_exactly_the_capacity_are_sent() {
    let stand = Stand::own(Setup::new()).await;
    let (_, helper, id) = talk(&stand).await;
    stand.limit(Role::Attendee, "send_help_message", 60, 36_000).await;
    let sessions = sessions(&stand, &helper, 20).await;
    let answers: Vec<Value> = join_all(sessions.iter().map(async |db| {
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(db.one::<Value>(SEND, &[&id, &helper.id, &"Hello"]).await);
        }
        answers
    }))
    .await
    .concat();
    let sent = answers.iter().filter(|answer| answer["success"] == true).count();
    let refused = answers.iter().filter(|answer| answer["error"] == "rate_limited").count();
    assert_eq!((sent, refused), (60, 40));
    assert_eq!(stand.db.count("public.messages_v2 where content = 'Hello'", &[]).await, 60);
}

#[tokio::test]
async fn a_message_with_a_key_is_sent_once_however_many_ask() {
    let stand = Stand::shared().await;
    let (_, helper, id) = talk(&stand).await;
    let sessions = sessions(&stand, &helper, 20).await;
    let answers = join_all(sessions.iter().map(async |db| {
        db.script("select set_config('request.headers', '{\"idempotency-key\": \"once\"}', false)").await;
        db.one::<Value>(SEND, &[&id, &helper.id, &"Only once"]).await
    }))
    .await;
    assert!(answers.iter().all(|answer| answer["success"] == true && answer == &answers[0]), "{answers:?}");
    assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&id]).await, 2);
}

/// Whatever the order: when the block or the closing is answered, nothing follows.
#[tokio::test]
async fn no_message_and_no_edit_follows_the_answer_of_a_block_or_a_closing() {
    let stand = Stand::shared().await;
    for round in 0..12 {
        let (requester, helper, id) = talk(&stand).await;
        let sessions = sessions(&stand, &helper, 8).await;
        let as_requester = stand.postgrest(requester.id).await;
        let sending = join_all(sessions.iter().enumerate().map(async |(n, db)| {
            for _ in 0..3 {
                if n % 2 == 0 {
                    db.one::<Value>(SEND, &[&id, &helper.id, &"Hello"]).await;
                } else {
                    let edit = "update public.messages_v2 set content = content || '!' where conversation_id = $1";
                    if let Err(error) = db.execute(edit, &[&id]).await {
                        // Who waited for the row is refused by the trigger, not by the policy.
                        assert!(matches!(error.code().map(|code| code.code()), Some("42501" | "PT409")), "{error:?}");
                    }
                }
            }
        }));
        let written = "select string_agg(content, ' ' order by created_at, id) from public.messages_v2 where conversation_id = $1";
        let stopping = async {
            match round % 3 {
                0 => drop(stand.block_user(&requester, helper.id).expect(201).await),
                1 => {
                    let block = "insert into rolecall.user_blocks (blocker_id, blocked_id) values ($1, $2)";
                    as_requester.run(block, &[&requester.id, &helper.id]).await;
                }
                _ => {
                    let close = "update public.conversations_v2 set status = 'closed' where id = $1";
                    assert_eq!(as_requester.run(close, &[&id]).await, 1);
                }
            }
            stand.db.one::<String>(written, &[&id]).await
        };
        let (_, at_the_answer) = tokio::join!(sending, stopping);
        assert_eq!(stand.db.one::<String>(written, &[&id]).await, at_the_answer, "round {round}");
    }
}
