//! POST :id/read: marks a help conversation as read by the caller, up to its newest message.

use rolecall_shared::{
    auth::caller::User, function::Function, input, rules::id::ConversationId, wire::path_id::PathId,
};

/// The function.
pub struct MarkRead;

input! {
    /// The help conversation that the caller has read.
    pub struct ReadConversation {
        conversation_id: PathId<ConversationId>,
    }
}

impl Function for MarkRead {
    const NAME: &'static str = "help-conversations.read";
    const ENTRY: &'static str = "read_help_conversation";
    type Caller = User;
    type Input = ReadConversation;
}
