//! POST :id/read: marks a conversation as read by the caller, up to a message.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::ConversationId, limits::MAX_SEQ},
    wire::{number::Integer, path_id::PathId},
};

/// The function.
pub struct MarkRead;

input! {
    /// How far the caller has read.
    pub struct ReadUpTo {
        conversation_id: PathId<ConversationId>,
        up_to_seq: Integer<0, MAX_SEQ>,
    }
}

impl Function for MarkRead {
    const NAME: &'static str = "conversations.mark-read";
    const ENTRY: &'static str = "mark_read";
    const SHARES_STATEMENTS: bool = true;
    type Caller = User;
    type Input = ReadUpTo;
}
