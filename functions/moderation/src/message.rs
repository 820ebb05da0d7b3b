//! POST delete and restore: a message becomes a placeholder, or comes back.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::MessageId, limits::NOTE_CHARS},
    wire::text::Text,
};

/// Deletes a message.
pub struct Delete;

/// Restores a message.
pub struct Restore;

input! {
    /// A message, and why it is deleted or restored.
    pub struct MessageAndNote {
        message_id: MessageId,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for Delete {
    const NAME: &'static str = "moderation.delete";
    const ENTRY: &'static str = "delete_message";
    type Caller = User;
    type Input = MessageAndNote;
}

impl Function for Restore {
    const NAME: &'static str = "moderation.restore";
    const ENTRY: &'static str = "restore_message";
    type Caller = User;
    type Input = MessageAndNote;
}
