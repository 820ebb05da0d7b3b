//! A well-formed request to every operation of the marketplace, for what holds for all of them alike.

use http::Method;
use rolecall_kit::{Call, Stand};
use serde_json::{Value, json};
use uuid::Uuid;

/// A request to an operation.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The flag that switches it.
    pub flag: &'static str,
    /// The method.
    pub method: Method,
    /// The path, behind `/functions/v1/`.
    pub path: String,
    /// The body of a POST.
    pub body: Value,
}

impl Endpoint {
    /// The request, without a token.
    pub fn call(&self, stand: &Stand) -> Call {
        let call = stand.call(self.method.clone(), &self.path);
        if self.posts() { call.json(&self.body) } else { call }
    }

    /// Whether it is a POST.
    pub fn posts(&self) -> bool {
        self.method == Method::POST
    }
}

/// A request to each operation of the functions with which clients of the marketplace read, moderate and ask; what it
/// is about has this id, and need not exist.
pub fn endpoints(id: Uuid) -> Vec<Endpoint> {
    let get = |flag, path: &str| Endpoint { flag, method: Method::GET, path: path.to_owned(), body: Value::Null };
    let post = |flag, path: &str, body| Endpoint { flag, method: Method::POST, path: path.to_owned(), body };
    vec![
        post("check-permission", "check-permission", json!({"action": "start_dm", "recipient_id": id})),
        get("conversations", "conversations"),
        get("conversations", "conversations/unread"),
        get("conversations", &format!("conversations/{id}/messages")),
        post("conversations", &format!("conversations/{id}/read"), json!({"up_to_seq": 1})),
        post("moderation", "moderation/report", json!({"message_id": id, "reason": "Rude"})),
        get("moderation", "moderation/queue"),
        post("moderation", "moderation/review", json!({"report_id": id, "decision": "dismiss"})),
        post("moderation", "moderation/delete", json!({"message_id": id})),
        post("moderation", "moderation/restore", json!({"message_id": id})),
        post("moderation", "moderation/suspend", json!({"target_id": id, "until": "2999-01-01T00:00:00Z"})),
        post("moderation", "moderation/lift-suspension", json!({"target_id": id})),
        get("moderation", "moderation/audit"),
        get("blocks", "blocks"),
        post("blocks", "blocks/block", json!({"blocked_id": id})),
        post("blocks", "blocks/unblock", json!({"blocked_id": id})),
        get("own-data", "own-data/export"),
        post("own-data", "own-data/deletion", json!({"confirm": true})),
    ]
}
