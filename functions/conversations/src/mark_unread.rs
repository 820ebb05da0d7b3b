//! POST :id/unread: makes the messages of a conversation new to the caller again, from one of them on.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::ConversationId, limits::MAX_SEQ},
    wire::{number::Integer, path_id::PathId},
};

/// The function.
pub struct MarkUnread;

input! {
    /// From where on it is new again.
    pub struct UnreadFrom {
        conversation_id: PathId<ConversationId>,
        /// Left out: the newest message of somebody else.
        from_seq: Option<Integer<1, MAX_SEQ>>,
    }
}

impl Function for MarkUnread {
    const NAME: &'static str = "conversations.mark-unread";
    const ENTRY: &'static str = "mark_unread";
    type Caller = User;
    type Input = UnreadFrom;
}
