//! POST typing: the caller is typing in a conversation, which the others there are told.

use rolecall_shared::{auth::caller::User, function::Function, input, rules::id::ConversationId};

/// The function.
pub struct Typing;

input! {
    /// Where the caller types.
    pub struct TypingIn {
        conversation_id: ConversationId,
    }
}

impl Function for Typing {
    const NAME: &'static str = "realtime.typing";
    const ENTRY: &'static str = "typing";
    const NEEDS_REALTIME: bool = true;
    type Caller = User;
    type Input = TypingIn;
}
