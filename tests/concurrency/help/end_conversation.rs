//! The end of a help conversation, and what is written meanwhile.

use futures::future::join_all;
use rolecall_e2e::{Role, Setup, Stand};
use serde_json::Value;

/// Messages through the function and the RPC, 50 at once with `complete`: those before the end are there, and none after it.
#[tokio::test]
async fn no_message_follows_the_end_of_a_conversation() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let written =
        "select coalesce(string_agg(id::text, ',' order by id), '') from public.messages_v2 where conversation_id = $1";
    for round in 0..6 {
        let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
        let id = stand.helped(&requester, &helper).await;
        let sessions = join_all((0..10).map(|_| stand.postgrest(helper.id))).await;
        let through_http = join_all((0..40).map(|_| stand.say(&helper, id, "Hello").send()));
        let through_rpc = join_all(sessions.iter().map(async |db| {
            db.one::<Value>("select public.send_message_v2($1, $2, 'Hello')", &[&id, &helper.id]).await
        }));
        let action = ["complete", "cancel"][round % 2];
        let end = async {
            stand.act(&requester, id, action).expect(200).await;
            stand.db.one::<String>(written, &[&id]).await
        };
        let (http, rpc, at_the_end) = tokio::join!(through_http, through_rpc, end);
        assert_eq!(stand.db.one::<String>(written, &[&id]).await, at_the_end, "round {round}");
        let sent = http.iter().filter(|answer| answer.status == 201).count()
            + rpc.iter().filter(|answer| answer["success"] == true).count();
        let refused =
            http.iter().filter(|answer| answer.status == 409 && answer.code() == "conversation_read_only").count()
                + rpc.iter().filter(|answer| answer["error"] == "conversation_read_only").count();
        assert_eq!(sent + refused, 50, "round {round}");
        assert_eq!(at_the_end.split(',').count(), sent + 1, "round {round}");
    }
}

/// Both sides end it, in both ways, many times at once: it ends once, and who ended it is one of them.
#[tokio::test]
async fn a_conversation_ends_once() {
    let stand = Stand::shared().await;
    for _ in 0..6 {
        let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
        let id = stand.helped(&requester, &helper).await;
        let answers = join_all((0..20).map(async |number| {
            let (user, action) = ([&requester, &helper][number % 2], ["complete", "cancel"][number / 2 % 2]);
            (action, stand.act(user, id, action).send().await.status)
        }))
        .await;
        let status: String = stand.db.one("select status from public.conversations_v2 where id = $1", &[&id]).await;
        for (action, answer) in answers {
            let ended_so = status.starts_with(action);
            assert_eq!(answer, if ended_so { 200 } else { 409 }, "{action} of what is {status}");
        }
        let both = [requester.id, helper.id];
        let by: uuid::Uuid =
            stand.db.one("select closed_by from rolecall.help_closings where conversation_id = $1", &[&id]).await;
        assert!(both.contains(&by));
    }
}

/// Whoever reads and whoever writes at once: what is new is what is behind the mark.
#[tokio::test]
async fn what_is_new_is_counted_exactly() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let id = stand.helped(&requester, &helper).await;
    let as_helper = stand.postgrest(helper.id).await;
    for _ in 0..5 {
        let writes = join_all((0..20).map(|_| stand.say(&helper, id, "Hello").expect(201)));
        let reads = join_all((0..10).map(|_| stand.act(&requester, id, "read").expect(200)));
        let deletes = async {
            let delete = "delete from public.messages_v2 where id in (
                select id from public.messages_v2 where content = 'Hello' order by random() limit 3)";
            for _ in 0..3 {
                as_helper.run(delete, &[]).await;
            }
        };
        tokio::join!(writes, reads, deletes);
        let sql = "select thread.requester_unread = count(message.id) from rolecall.help_threads as thread
            left join public.messages_v2 as message
              on message.conversation_id = thread.conversation_id and message.sender_id = thread.helper_id
              and message.created_at > thread.requester_read_at
            where thread.conversation_id = $1 group by thread.requester_unread";
        assert!(stand.db.one::<bool>(sql, &[&id]).await);
    }
    stand.act(&requester, id, "read").expect(200).await;
    let page = stand.help_conversation(&requester, id, "").expect(200).await;
    assert_eq!(page["conversation"]["unread_count"], 0);
}
