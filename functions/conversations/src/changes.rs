//! GET :id/changes: what has changed in a conversation since a revision that the client knows: messages as they are now, the
//! card, and how far its people have read.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{
        id::ConversationId,
        limits::{MAX_MESSAGES_PAGE, MAX_SEQ},
    },
    wire::{
        number::{Integer, Limit},
        path_id::PathId,
    },
};

/// The function.
pub struct Changes;

input! {
    /// Since when.
    pub struct ChangesSince {
        conversation_id: PathId<ConversationId>,
        since_revision: Integer<0, MAX_SEQ>,
        limit: Limit<MAX_MESSAGES_PAGE>,
    }
}

impl Function for Changes {
    const NAME: &'static str = "conversations.changes";
    const ENTRY: &'static str = "conversation_changes";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = ChangesSince;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(query: &str) -> Result<Value, Vec<String>> {
        match Fields::of_query(Some(query)).with_path_id(Some(ID)).read::<ChangesSince>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal.reasons.iter().map(|reason| reason.code.to_string()).collect()),
        }
    }

    #[test]
    fn the_revision_is_required() {
        let read_since = |revision: i64| json!({"conversation_id": ID, "since_revision": revision, "limit": 50});
        assert_eq!(read("since_revision=0"), Ok(read_since(0)));
        assert_eq!(read("since_revision=7"), Ok(read_since(7)));
        assert_eq!(read(""), Err(vec!["required".to_owned()]));
        assert_eq!(read("since_revision=-1"), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("since_revision=0&limit=201"), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("since_revision=0&since_seq=1"), Err(vec!["unknown_field".to_owned()]));
    }
}
