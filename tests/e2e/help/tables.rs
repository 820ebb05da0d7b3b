//! Help messages past the functions: what PostgREST reaches is decided by the same facts, and leaves a history.

use rolecall_e2e::{Code, Db, Role, Setup, Stand, User};
use serde_json::Value;
use uuid::Uuid;

const OFFER: &str = "I can drive you there on Thursday.";

/// A help conversation, and both sides' connections through PostgREST.
struct Talk {
    requester: User,
    helper: User,
    id: Uuid,
    as_requester: Db,
    as_helper: Db,
}

impl Talk {
    async fn new(stand: &Stand) -> Talk {
        let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
        let request = stand.help_request(&requester).await;
        let id = stand.offer(&helper, request, OFFER).expect(201).await.id("conversation_id");
        let (as_requester, as_helper) = (stand.postgrest(requester.id).await, stand.postgrest(helper.id).await);
        Talk { requester, helper, id, as_requester, as_helper }
    }

    /// Rewrites all that the helper has said; how many messages that changed.
    async fn rewrite(&self, content: &str) -> u64 {
        self.as_helper
            .run("update public.messages_v2 set content = $1 where conversation_id = $2", &[&content, &self.id])
            .await
    }

    async fn mark(db: &Db, id: Uuid, status: &str) -> u64 {
        db.run("update public.conversations_v2 set status = $1 where id = $2", &[&status, &id]).await
    }

    /// What the requester reads.
    async fn read(&self) -> Vec<String> {
        let sql = "select coalesce(array_agg(content order by created_at), '{}') from public.messages_v2 where conversation_id = $1";
        self.as_requester.one(sql, &[&self.id]).await
    }

    async fn say(&self, content: &str) -> Value {
        self.as_helper.one("select public.send_message_v2($1, $2, $3)", &[&self.id, &self.helper.id, &content]).await
    }
}

fn code(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn after_a_block_no_old_message_is_rewritten() {
    let stand = Stand::shared().await;
    let talk = Talk::new(&stand).await;
    stand.block_user(&talk.requester, talk.helper.id).expect(201).await;
    assert_eq!(talk.rewrite("You will be sorry for that.").await, 0);
    assert_eq!(code(&talk.say("You will be sorry").await), "permission_denied");
    let other = stand.help_request(&talk.requester).await;
    stand.offer(&talk.helper, other, OFFER).expect(403).await.refused_by(Code::PermissionDenied, "blocked");
    assert_eq!(talk.read().await, [OFFER]);
}

#[tokio::test]
async fn in_a_closed_conversation_nothing_is_rewritten_and_who_closed_it_opens_it() {
    let stand = Stand::shared().await;
    let talk = Talk::new(&stand).await;
    assert_eq!(Talk::mark(&talk.as_requester, talk.id, "closed").await, 1);
    assert_eq!(talk.rewrite("You will be sorry for that.").await, 0);
    assert_eq!(code(&talk.say("You will be sorry").await), "conversation_read_only");
    assert_eq!(Talk::mark(&talk.as_helper, talk.id, "active").await, 0, "the other side does not open it");
    assert_eq!(Talk::mark(&talk.as_helper, talk.id, "closed").await, 0, "nor closes it in its own name");
    assert_eq!(talk.read().await, [OFFER]);
    assert_eq!(Talk::mark(&talk.as_requester, talk.id, "active").await, 1);
    assert_eq!(talk.rewrite("I can drive you on Friday.").await, 1);
    assert_eq!(talk.read().await, ["I can drive you on Friday."]);
}

#[tokio::test]
async fn a_suspended_user_rewrites_and_opens_nothing_and_what_they_delete_is_kept() {
    let stand = Stand::shared().await;
    let talk = Talk::new(&stand).await;
    assert_eq!(talk.rewrite("Give me your money or else.").await, 1);
    assert_eq!(Talk::mark(&talk.as_helper, talk.id, "closed").await, 1);
    stand.suspend(&talk.helper, 1).await;
    assert_eq!(talk.rewrite("I can drive you there.").await, 0);
    assert_eq!(Talk::mark(&talk.as_helper, talk.id, "active").await, 0);
    assert_eq!(talk.as_helper.run("delete from public.messages_v2", &[]).await, 1);
    assert_eq!(talk.read().await, [] as [&str; 0]);
    let kept: Vec<String> = stand
        .db
        .one(
            "select array_agg(content order by at) from (
               select content, replaced_at as at from rolecall.help_message_edits where sender_id = $1
               union all select content, deleted_at from rolecall.removed_help_messages where sender_id = $1
             ) as kept",
            &[&talk.helper.id],
        )
        .await;
    assert_eq!(kept.len(), 2);
    assert!(kept.contains(&OFFER.to_owned()) && kept.contains(&"Give me your money or else.".to_owned()), "{kept:?}");
    let shown: String =
        stand.db.one("select initial_message from public.conversations_v2 where id = $1", &[&talk.id]).await;
    assert_eq!(shown, "[deleted by its author]", "the copy of the first message is gone, too");
}

#[tokio::test]
async fn the_history_is_nobodys_to_change() {
    let stand = Stand::shared().await;
    let talk = Talk::new(&stand).await;
    assert_eq!(talk.rewrite("I can drive you on Friday.").await, 1);
    let as_operator = stand.connect().await;
    as_operator.script("set role service_role").await;
    for db in [&talk.as_helper, &talk.as_requester, &as_operator, &stand.db] {
        for sql in [
            "update rolecall.help_message_edits set content = 'I was never rude'",
            "delete from rolecall.help_message_edits",
            "truncate rolecall.help_message_edits",
        ] {
            let error = db.batch_execute(sql).await.expect_err(sql);
            assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{sql}: {error}");
        }
    }
}

#[tokio::test]
async fn what_postgrest_reaches_asks_the_flag() {
    let stand = Stand::own(Setup::new()).await;
    let talk = Talk::new(&stand).await;
    stand.db.run("update rolecall.feature_flags set rollout = 'disabled'", &[]).await;
    assert_eq!(code(&talk.say("Hello").await), "feature_disabled");
    assert_eq!(talk.rewrite("I can drive you on Friday.").await, 0);
    assert_eq!(Talk::mark(&talk.as_requester, talk.id, "closed").await, 0);
    for sql in [
        "insert into rolecall.help_requests (requester_id, title) values (auth.uid(), 'A ride')",
        "insert into rolecall.user_blocks (blocker_id, blocked_id) values (auth.uid(), gen_random_uuid())",
    ] {
        let error = talk.as_helper.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{sql}: {error}");
    }
    assert_eq!(talk.read().await, [OFFER]);
}

#[tokio::test]
async fn one_statement_of_ten_thousand_help_requests_makes_none() {
    let stand = Stand::own(Setup::new()).await;
    let user = stand.user(Role::Attendee).await;
    let db = stand.postgrest(user.id).await;
    let insert = |rows: i32| {
        format!(
            "insert into rolecall.help_requests (requester_id, title)
             select auth.uid(), 'A ride' from generate_series(1, {rows})"
        )
    };
    for rows in [10_000, 21] {
        let error = db.execute(&insert(rows), &[]).await.expect_err("too many");
        assert_eq!(error.code().map(|code| code.code()), Some("PT429"), "{error:?}");
    }
    assert_eq!(stand.db.count("rolecall.help_requests", &[]).await, 0);
    assert_eq!(db.run(&insert(20), &[]).await, 20);
    let error = db.execute(&insert(1), &[]).await.expect_err("the bucket is empty");
    let error = error.as_db_error().unwrap();
    let refusal: Value = serde_json::from_str(error.detail().unwrap()).unwrap();
    assert_eq!(refusal["code"], "rate_limited");
    assert!(refusal["data"]["retry_after_seconds"].as_i64().unwrap() > 0, "{refusal}");
    assert_eq!(stand.db.count("rolecall.help_requests", &[]).await, 20);
}

#[tokio::test]
async fn a_block_takes_no_forged_time() {
    let stand = Stand::shared().await;
    let [one, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    let db = stand.postgrest(one.id).await;
    let forged = format!(
        "insert into rolecall.user_blocks (blocker_id, blocked_id, created_at) values (auth.uid(), '{}', '1999-01-01')",
        other.id
    );
    let error = db.batch_execute(&forged).await.expect_err("forged");
    assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{error}");
    db.run("insert into rolecall.user_blocks (blocker_id, blocked_id) values (auth.uid(), $1)", &[&other.id]).await;
    let fresh = "rolecall.user_blocks where blocker_id = $1 and created_at > now() - interval '1 minute'";
    assert_eq!(stand.db.count(fresh, &[&one.id]).await, 1);
}
