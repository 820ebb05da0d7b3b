//! What the tests of own data share.

use rolecall_e2e::{Role, Stand, User};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The lines by their type; the last one must say how many there were.
pub(crate) fn by_type(lines: &[Value]) -> HashMap<&str, Vec<&Value>> {
    let (end, rest) = lines.split_last().expect("a line");
    assert_eq!(*end, json!({"type": "end", "lines": rest.len()}));
    let mut types: HashMap<&str, Vec<&Value>> = HashMap::new();
    for line in rest {
        types.entry(line["type"].as_str().unwrap()).or_default().push(line);
    }
    types
}

/// The resident memory of a process, in MiB.
pub(crate) fn memory_mib(process: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<i64>().unwrap() / 1024
}

/// Somebody with a conversation of this many messages, each 2,000 letters long.
pub(crate) async fn with_much_to_read(stand: &Stand, messages: i64) -> User {
    let [user, other] = stand.users([Role::Attendee, Role::Admin]).await;
    let conversation = stand.history(&user, &other, messages).await;
    let sql = "update rolecall.messages set content = repeat('x', 2000) where conversation_id = $1";
    stand.db.run(sql, &[&conversation]).await;
    user
}
