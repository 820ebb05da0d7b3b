//! What the tests of threads share.

use rolecall_e2e::{Call, Stand, User};
use serde_json::{Value, json};
use uuid::Uuid;

/// Writes into a thread.
pub fn send(stand: &Stand, user: &User, thread: Uuid, content: &str) -> Call {
    stand.post("send-thread-message", &json!({"thread_id": thread, "content": content})).by(user)
}

/// A page of somebody's threads.
pub fn list(stand: &Stand, user: &User, query: &str) -> Call {
    stand.get(&format!("threads{query}")).by(user)
}

/// A page of a thread.
pub fn history(stand: &Stand, user: &User, thread: Uuid, query: &str) -> Call {
    stand.get(&format!("threads/{thread}/messages{query}")).by(user)
}

/// Marks a thread as read.
pub fn mark(stand: &Stand, user: &User, thread: Uuid, body: &Value) -> Call {
    stand.post(&format!("threads/{thread}/read"), body).by(user)
}

/// Delivers what the filter held back.
pub fn force(stand: &Stand, user: &User, message: Uuid, reason: &str) -> Call {
    stand.post("force-send", &json!({"message_id": message, "reason": reason})).by(user)
}

/// The message of a thread that was written last.
pub async fn newest(stand: &Stand, thread: Uuid) -> Uuid {
    let sql = "select id from rolecall.thread_messages where thread_id = $1 order by seq desc limit 1";
    stand.db.one(sql, &[&thread]).await
}
