//! Writes to the tables at once, counted.

use futures::future::join_all;
use rolecall_e2e::{Role, Setup, Stand};

#[tokio::test]
async fn of_fifty_rows_at_once_exactly_the_capacity_are_written() {
    let stand = Stand::own(Setup::new()).await;
    let user = stand.user(Role::Attendee).await;
    stand.limit(Role::Attendee, "block_user", 20, 36_000).await;
    let others = stand.many(Role::Attendee, 50).await;
    let sessions = join_all((0..10).map(|_| stand.postgrest(user.id))).await;
    for (table, columns, written) in [
        ("rolecall.help_requests", "(requester_id, title) select auth.uid(), $1::uuid::text", "requester_id"),
        ("rolecall.user_blocks", "(blocker_id, blocked_id) select auth.uid(), $1::uuid", "blocker_id"),
    ] {
        let sql = format!("insert into {table} {columns}");
        let refused: usize = join_all(sessions.iter().enumerate().map(async |(n, db)| {
            let mut refused = 0;
            for other in &others[n * 5..n * 5 + 5] {
                if let Err(error) = db.execute(&sql, &[&other.id]).await {
                    assert_eq!(error.code().map(|code| code.code()), Some("PT429"), "{error:?}");
                    refused += 1;
                }
            }
            refused
        }))
        .await
        .into_iter()
        .sum();
        assert_eq!(refused, 30, "{table}");
        assert_eq!(stand.db.count(&format!("{table} where {written} = $1"), &[&user.id]).await, 20, "{table}");
    }
}

#[tokio::test]
async fn edits_at_once_are_all_in_the_history() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let id = stand.offer(&helper, request, "I can drive you there.").expect(201).await.id("conversation_id");
    let sessions = join_all((0..10).map(|_| stand.postgrest(helper.id))).await;
    join_all(sessions.iter().map(async |db| {
        let edit = "update public.messages_v2 set content = content || '!' where conversation_id = $1";
        assert_eq!(db.run(edit, &[&id]).await, 1);
    }))
    .await;
    let kept: Vec<String> = stand
        .db
        .one(
            "select array_agg(content order by id) from rolecall.help_message_edits where conversation_id = $1",
            &[&id],
        )
        .await;
    let expected: Vec<String> = (0..10).map(|n| format!("I can drive you there.{}", "!".repeat(n))).collect();
    assert_eq!(kept, expected);
}
