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

/// Statements that change many messages, found in whatever order, of the author and of the operator, beside messages and
/// endings: whoever waits does not wait in a circle (40P01).
#[tokio::test]
async fn edits_of_many_messages_at_once_do_not_wait_for_each_other_in_a_circle() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [requester, helper, other] = stand.users([Role::Attendee, Role::Attendee, Role::Attendee]).await;
    let first = stand.helped(&requester, &helper).await;
    let second = stand.helped(&other, &helper).await;
    for id in [first, second] {
        for _ in 0..5 {
            stand.say(&helper, id, "Hello").expect(201).await;
            stand.say(if id == first { &requester } else { &other }, id, "Hello").expect(201).await;
        }
    }
    let (as_helper, as_operator) = tokio::join!(
        join_all((0..6).map(|_| stand.postgrest(helper.id))),
        join_all((0..3).map(async |_| {
            let db = stand.connect().await;
            db.script("set role service_role").await;
            db
        }))
    );
    // By different indexes, so that the rows are found in different orders.
    let plans = [
        "set enable_seqscan = off; set enable_bitmapscan = off",
        "set enable_indexscan = off; set enable_bitmapscan = off",
    ];
    let edits = [
        "update public.messages_v2 set content = left(content, 900) || '!' where conversation_id = $1",
        "update public.messages_v2 set content = left(content, 900) || '!' where $1::uuid is not null",
        "update public.messages_v2 set content = left(content, 900) || '?' where id in (
           select id from public.messages_v2 where $1::uuid is not null order by random() limit 4)",
    ];
    let edit = async |db: &rolecall_e2e::Db, number: usize| {
        db.script(plans[number % 2]).await;
        for round in 0..8 {
            let id = if (number + round).is_multiple_of(2) { first } else { second };
            db.run(edits[(number + round) % 3], &[&id]).await;
        }
    };
    let authors = join_all(as_helper.iter().enumerate().map(|(number, db)| edit(db, number)));
    let operators = join_all(as_operator.iter().enumerate().map(|(number, db)| edit(db, number)));
    let writers = join_all((0..40).map(async |number| {
        let id = if number % 2 == 0 { first } else { second };
        stand.say(&helper, id, "Hello").expect(201).await;
    }));
    tokio::join!(authors, operators, writers);
    let copies = "public.conversations_v2 as conversation join rolecall.help_message_counts as counted
        on counted.conversation_id = conversation.id join public.messages_v2 as message
        on message.id = counted.first_message_id and message.content = conversation.initial_message";
    assert_eq!(stand.db.count(copies, &[]).await, 2);
}
