//! What the tests of rollouts share. A rollout concerns everybody, so each test has a database of its own.

use rolecall_e2e::{Call, Stand, token};
use serde_json::Value;

/// A POST to the operator's rollout, below its path.
pub fn operate(stand: &Stand, operation: &str, body: &Value) -> Call {
    stand.post(&format!("rollout/{operation}"), body).token(&token::operator())
}

/// The state of a flag's rollout.
pub fn status(stand: &Stand, query: &str) -> Call {
    stand.get(&format!("/functions/v1/rollout{query}")).token(&token::operator())
}

/// Counts requests of start-conversation in this minute, as if they had been made.
pub async fn counted(stand: &Stand, code: &str, requests: i64) {
    stand
        .db
        .run(
            "insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
             values (
               date_bin('1 minute', now(), '2000-01-01 00:00:00+00'), 'start-conversation', $1,
               '00000000-0000-0000-0000-000000000000', 10, 0, $2
             )
             on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
             set requests = metric.requests + excluded.requests",
            &[&code, &requests],
        )
        .await;
}

/// The stage began so many days ago.
pub async fn begun(stand: &Stand, days: i32) {
    let sql = "update rolecall.rollout_states set since = now() - $1 * interval '1 day'";
    stand.db.run(sql, &[&f64::from(days)]).await;
}

/// The rollout of start-conversation.
pub async fn rollout(stand: &Stand) -> String {
    stand.db.one("select rollout from rolecall.feature_flags where name = 'start-conversation'", &[]).await
}

/// The decisions about start-conversation, oldest first: actor, action, from, to.
pub async fn decisions(stand: &Stand) -> Vec<String> {
    stand
        .db
        .one(
            "select coalesce(array_agg(concat_ws(' ', actor, action, from_rollout, to_rollout) order by id), '{}')
             from rolecall.rollout_decisions where flag = 'start-conversation'",
            &[],
        )
        .await
}
