//! GET :id and :id/messages: a help conversation with a page of its messages.

use crate::position::Position;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{form::Fault, id::ConversationId, limits::MAX_MESSAGES_PAGE},
    wire::{number::Limit, path_id::PathId},
};

/// The function.
pub struct Conversation;

input! {
    /// A page of a help conversation: its newest messages, those before one, or those after one.
    pub struct ConversationPage {
        conversation_id: PathId<ConversationId>,
        limit: Limit<MAX_MESSAGES_PAGE>,
        before: Option<Position>,
        since: Option<Position>,
    }
    check since: one_direction(before, since);
}

fn one_direction(before: &Option<Position>, since: &Option<Position>) -> Result<(), Fault> {
    match (before, since) {
        (Some(_), Some(_)) => Err(Fault::new("contradiction", "Give before or since, not both.")),
        _ => Ok(()),
    }
}

impl Function for Conversation {
    const NAME: &'static str = "help-conversations.get";
    const ENTRY: &'static str = "help_conversation";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = ConversationPage;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(query: &str, id: &str) -> Result<Value, Vec<String>> {
        match Fields::of_query(Some(query)).with_path_id(Some(id)).read::<ConversationPage>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal.reasons.iter().map(|reason| reason.code.to_string()).collect()),
        }
    }

    #[test]
    fn a_page_has_one_direction_from_a_message_or_a_moment() {
        assert_eq!(read("", ID), Ok(json!({"conversation_id": ID, "limit": 50})));
        let before = json!({"conversation_id": ID, "limit": 50, "before": ID});
        assert_eq!(read(&format!("before={ID}"), ID), Ok(before));
        let since = json!({"conversation_id": ID, "limit": 200, "since": "2030-01-31T09:00:00.25Z"});
        assert_eq!(read("since=2030-01-31T10:00:00.25%2B01:00&limit=200", ID), Ok(since));
        let one = |code: &str| Err(vec![code.to_owned()]);
        assert_eq!(read(&format!("before={ID}&since={ID}"), ID), one("contradiction"));
        assert_eq!(read("before=yesterday", ID), one("malformed_position"));
        assert_eq!(read("since=", ID), one("malformed_position"));
        assert_eq!(read("limit=201", ID), one("out_of_range"));
        assert_eq!(read("limit=0", ID), one("out_of_range"));
        assert_eq!(read("", "nonsense"), one("malformed_uuid"));
        assert_eq!(read("page=2", ID), one("unknown_field"));
    }
}
