//! POST restore: a deleted message comes back.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::MessageId, limits::NOTE_CHARS},
    wire::text::Text,
};

/// The function.
pub struct Restore;

input! {
    /// The message to restore, and why.
    pub struct Restoration {
        message_id: MessageId,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for Restore {
    const NAME: &'static str = "moderation.restore";
    const ENTRY: &'static str = "restore_message";
    type Caller = User;
    type Input = Restoration;
}
