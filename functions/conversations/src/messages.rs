//! GET :id/messages: the messages of a conversation, backwards from the newest or forwards from what the client has.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters, Verb},
    rules::{
        id::ConversationId,
        limits::{MAX_MESSAGES_PAGE, MAX_SEQ},
    },
    wire::decode::Fields,
};
use serde::Serialize;

/// The function.
pub struct Messages;

/// A page of a conversation.
#[derive(Serialize)]
pub struct MessagesPage {
    conversation_id: ConversationId,
    limit: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    before_seq: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since_seq: Option<i64>,
}

impl Function for Messages {
    const NAME: &'static str = "conversations";
    const STATEMENT: &'static str = "select edge.messages($1)";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = MessagesPage;

    fn decode(fields: &mut Fields, path: PathParameters<'_>) -> Option<MessagesPage> {
        let conversation_id = fields.path_id("conversation_id", path.id);
        let limit = fields.limit(MAX_MESSAGES_PAGE);
        let before_seq = fields.optional_integer("before_seq", 1..=MAX_SEQ);
        let since_seq = fields.optional_integer("since_seq", 0..=MAX_SEQ);
        if let (Some(Some(_)), Some(Some(_))) = (before_seq, since_seq) {
            return fields.refuse("since_seq", "contradiction", "Give before_seq or since_seq, not both.");
        }
        Some(MessagesPage {
            conversation_id: conversation_id?,
            limit: limit?,
            before_seq: before_seq?,
            since_seq: since_seq?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(query: &str, id: &str) -> Result<Value, Vec<String>> {
        let mut fields = Fields::of_query(Some(query));
        let input = Messages::decode(&mut fields, PathParameters { id: Some(id) });
        match fields.finish(input) {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal.reasons.iter().map(|reason| reason.code.to_string()).collect()),
        }
    }

    #[test]
    fn a_page_has_one_direction() {
        assert_eq!(read("", ID), Ok(json!({"conversation_id": ID, "limit": 50})));
        assert_eq!(read("before_seq=1", ID), Ok(json!({"conversation_id": ID, "limit": 50, "before_seq": 1})));
        assert_eq!(read("since_seq=0&limit=200", ID), Ok(json!({"conversation_id": ID, "limit": 200, "since_seq": 0})));
        assert_eq!(read("before_seq=9&since_seq=1", ID), Err(vec!["contradiction".to_owned()]));
        assert_eq!(read("before_seq=0", ID), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("limit=201", ID), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("", "nonsense"), Err(vec!["malformed_uuid".to_owned()]));
    }
}
