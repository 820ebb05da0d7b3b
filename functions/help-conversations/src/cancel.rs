//! POST :id/cancel: ends a help conversation: nothing came of it.

use rolecall_shared::{
    auth::caller::User, function::Function, input, rules::id::ConversationId, wire::path_id::PathId,
};

/// The function.
pub struct Cancel;

input! {
    /// The help conversation to end.
    pub struct CancelledConversation {
        conversation_id: PathId<ConversationId>,
    }
}

impl Function for Cancel {
    const NAME: &'static str = "help-conversations.cancel";
    const ENTRY: &'static str = "cancel_help_conversation";
    type Caller = User;
    type Input = CancelledConversation;
}
