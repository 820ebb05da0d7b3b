//! GET :id/messages: the messages of a conversation, backwards from the newest, forwards from one that the client has,
//! or those that have changed since.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{
        form::Fault,
        id::ConversationId,
        limits::{MAX_MESSAGES_PAGE, MAX_SEQ},
    },
    wire::{
        number::{Integer, Limit},
        path_id::PathId,
    },
};

/// The function.
pub struct Messages;

input! {
    /// A page of a conversation.
    pub struct MessagesPage {
        conversation_id: PathId<ConversationId>,
        limit: Limit<MAX_MESSAGES_PAGE>,
        before_seq: Option<Before>,
        since_seq: Option<Since>,
        changed_since: Option<Revision>,
    }
    check since_seq: one_direction(before_seq, since_seq);
    check changed_since: changes_alone(before_seq, since_seq, changed_since);
}

/// The messages before this one.
type Before = Integer<1, MAX_SEQ>;
/// The messages after this one; 0: from the first.
type Since = Integer<0, MAX_SEQ>;

/// The messages deleted, restored, erased or changed after this revision of the conversation.
type Revision = Integer<0, MAX_SEQ>;

fn one_direction(before: &Option<Before>, since: &Option<Since>) -> Result<(), Fault> {
    match (before, since) {
        (Some(_), Some(_)) => Err(Fault::new("contradiction", "Give before_seq or since_seq, not both.")),
        _ => Ok(()),
    }
}

fn changes_alone(before: &Option<Before>, since: &Option<Since>, changed: &Option<Revision>) -> Result<(), Fault> {
    match (before, since, changed) {
        (Some(_), _, Some(_)) => Err(Fault::new("contradiction", "Give before_seq or changed_since, not both.")),
        (_, Some(_), Some(_)) => Err(Fault::new("contradiction", "Give since_seq or changed_since, not both.")),
        _ => Ok(()),
    }
}

impl Function for Messages {
    const NAME: &'static str = "conversations.messages";
    const ENTRY: &'static str = "messages";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = MessagesPage;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(query: &str, id: &str) -> Result<Value, Vec<String>> {
        match Fields::of_query(Some(query)).with_path_id(Some(id)).read::<MessagesPage>() {
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
        let changes = json!({"conversation_id": ID, "limit": 7, "changed_since": 0});
        assert_eq!(read("changed_since=0&limit=7", ID), Ok(changes));
        assert_eq!(read("before_seq=9&changed_since=1", ID), Err(vec!["contradiction".to_owned()]));
        assert_eq!(read("since_seq=9&changed_since=1", ID), Err(vec!["contradiction".to_owned()]));
        assert_eq!(read("changed_since=-1", ID), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("before_seq=0", ID), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("limit=201", ID), Err(vec!["out_of_range".to_owned()]));
        assert_eq!(read("", "nonsense"), Err(vec!["malformed_uuid".to_owned()]));
    }
}
