//! POST edit: gives a message new words.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{
        id::MessageId,
        limits::{DIRECT_MESSAGE_CHARS, MAX_MESSAGE_VERSIONS},
    },
    wire::{number::Integer, text::Text},
};

/// The function.
pub struct Edit;

input! {
    /// A message's new words. Those of a broadcast may be fewer, which the database knows.
    pub struct NewContent {
        message_id: MessageId,
        content: Text<1, DIRECT_MESSAGE_CHARS>,
        /// The version that the client has edited. Left out: whichever is there.
        base_version: Option<Integer<1, MAX_MESSAGE_VERSIONS>>,
    }
}

impl Function for Edit {
    const NAME: &'static str = "messages.edit";
    const ENTRY: &'static str = "edit_message";
    type Caller = User;
    type Input = NewContent;
}

#[cfg(test)]
mod tests {
    use super::*;
    use rolecall_shared::wire::fields::Fields;
    use serde_json::{Value, json};

    const ID: &str = "00000000-0000-4000-8000-000000000011";

    fn read(body: Value) -> Result<Value, Vec<String>> {
        match Fields::parse(body.to_string().as_bytes()).unwrap().read::<NewContent>() {
            Ok(input) => Ok(serde_json::to_value(input).unwrap()),
            Err(refusal) => Err(refusal.reasons.iter().map(|reason| reason.code.to_string()).collect()),
        }
    }

    #[test]
    fn an_edit_has_words_and_may_name_its_version() {
        let edit = json!({"message_id": ID, "content": "New words."});
        assert_eq!(read(edit.clone()), Ok(edit));
        let based = json!({"message_id": ID, "content": "New words.", "base_version": 3});
        assert_eq!(read(based.clone()), Ok(based));
        assert_eq!(read(json!({"message_id": ID})), Err(vec!["required".to_owned()]));
        let nothing = json!({"message_id": ID, "content": " ", "base_version": 0});
        assert_eq!(read(nothing), Err(vec!["empty".to_owned(), "out_of_range".to_owned()]));
        let other = json!({"message_id": ID, "content": "New words.", "sender_id": ID});
        assert_eq!(read(other), Err(vec!["unknown_field".to_owned()]));
    }
}
