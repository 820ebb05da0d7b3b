//! POST delete: a message becomes a placeholder.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::MessageId, limits::NOTE_CHARS},
    wire::text::Text,
};

/// The function.
pub struct Delete;

input! {
    /// The message to delete, and why.
    pub struct Deletion {
        message_id: MessageId,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for Delete {
    const NAME: &'static str = "moderation.delete";
    const ENTRY: &'static str = "delete_message";
    type Caller = User;
    type Input = Deletion;
}
