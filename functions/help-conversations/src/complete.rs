//! POST :id/complete: ends a help conversation: the help was given.

use rolecall_shared::{
    auth::caller::User, function::Function, input, rules::id::ConversationId, wire::path_id::PathId,
};

/// The function.
pub struct Complete;

input! {
    /// The help conversation to end.
    pub struct CompletedConversation {
        conversation_id: PathId<ConversationId>,
    }
}

impl Function for Complete {
    const NAME: &'static str = "help-conversations.complete";
    const ENTRY: &'static str = "complete_help_conversation";
    type Caller = User;
    type Input = CompletedConversation;
}
