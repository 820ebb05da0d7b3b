//! `sync`: everything that has changed for the caller since they last asked, in one answer.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{
        id::ConversationId,
        limits::{MAX_KNOWN_CONVERSATIONS, MAX_SEQ, MAX_SYNC_PAGE},
    },
    wire::{
        cursor::SyncCursor,
        list::{Object, UpTo},
        number::{Integer, Limit},
    },
};

/// The function.
pub struct Sync;

input! {
    /// Where the caller stands.
    pub struct Standing {
        cursor: Option<SyncCursor>,
        limit: Limit<MAX_SYNC_PAGE>,
        have: UpTo<Object<Known>, MAX_KNOWN_CONVERSATIONS>,
    }
}

input! {
    /// How far the caller knows a conversation.
    pub struct Known {
        conversation_id: ConversationId,
        seq: Integer<0, MAX_SEQ>,
        revision: Integer<0, MAX_SEQ>,
    }
}

impl Function for Sync {
    const NAME: &'static str = "sync";
    const ENTRY: &'static str = "sync";
    // A body has room for what a client knows; nothing is written.
    const READS: bool = true;
    type Caller = User;
    type Input = Standing;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<Sync>(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::{rules::limits::MAX_BODY_BYTES, wire::fields::Fields};
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(body: &Value) -> Result<Value, Vec<(String, String)>> {
        match Fields::parse(body.to_string().as_bytes()).ok().unwrap().read::<Standing>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal
                .reasons
                .iter()
                .map(|reason| (reason.field.as_deref().unwrap_or("").to_owned(), reason.code.to_string()))
                .collect()),
        }
    }

    fn faults(body: Value) -> Vec<(String, String)> {
        read(&body).unwrap_err()
    }

    fn one(field: &str, code: &str) -> Vec<(String, String)> {
        vec![(field.to_owned(), code.to_owned())]
    }

    #[test]
    fn everything_may_be_left_out() {
        assert_eq!(read(&json!({})), Ok(json!({"limit": 50})));
        assert_eq!(read(&json!({"cursor": null, "have": []})), Ok(json!({"limit": 50})));
        let whole = json!({
            "cursor": "AdRMGPTpW3LGyhf6iC246EEBAAAAAAAAAyQAAAAAAAADJA",
            "limit": 200,
            "have": [{"conversation_id": ID, "seq": 0, "revision": 7}],
        });
        assert_eq!(read(&whole), Ok(whole.clone()));
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(faults(json!({"limit": 201})), one("limit", "out_of_range"));
        assert_eq!(faults(json!({"cursor": "1.2"})), one("cursor", "malformed_cursor"));
        assert_eq!(faults(json!({"since": 1})), one("since", "unknown_field"));
        assert_eq!(
            faults(json!({"have": [{"conversation_id": ID}, 1, {"conversation_id": "x", "seq": -1, "revision": 0}]})),
            [
                one("have[0].seq", "required"),
                one("have[0].revision", "required"),
                one("have[1]", "wrong_type"),
                one("have[2].conversation_id", "malformed_uuid"),
                one("have[2].seq", "out_of_range"),
            ]
            .concat()
        );
    }

    #[test]
    fn as_many_conversations_as_are_allowed_fit_into_a_body() {
        let known = json!({"conversation_id": ID, "seq": MAX_SEQ, "revision": MAX_SEQ});
        let body = json!({"have": vec![known.clone(); MAX_KNOWN_CONVERSATIONS]});
        assert!(body.to_string().len() < MAX_BODY_BYTES);
        assert!(read(&body).is_ok());
        let body = json!({"have": vec![known; MAX_KNOWN_CONVERSATIONS + 1]});
        assert_eq!(faults(body), one("have", "too_many"));
    }
}
