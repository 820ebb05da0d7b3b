//! What the tests of waiting requests share.

use rolecall_e2e::{Db, Stand, until};

/// Keeps every request that writes a message waiting in the database until the result is rolled back.
pub async fn hold_messages(stand: &Stand) -> Db {
    let blocker = stand.connect().await;
    blocker.script("begin; lock table rolecall.messages in share mode").await;
    blocker
}

/// Waits until so many requests wait for a lock.
pub async fn until_waiting(stand: &Stand, number: i64) {
    let waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("requests wait in the database", async || (stand.db.count(waiting, &[]).await >= number).then_some(())).await;
}
