//! POST :id/messages: writes into a help conversation.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{
        id::{ConversationId, UserId},
        limits::HELP_MESSAGE_MAX_CHARS,
        vocabulary::HelpMessageType,
    },
    wire::{path_id::PathId, text::Text},
};

/// The function.
pub struct SendMessage;

input! {
    /// A message.
    pub struct HelpMessage {
        conversation_id: PathId<ConversationId>,
        content: Text<1, HELP_MESSAGE_MAX_CHARS>,
        /// The adopters' clients name the other person, and what a message is.
        recipient_id: Option<UserId>,
        message_type: Option<HelpMessageType>,
    }
}

impl Function for SendMessage {
    const NAME: &'static str = "help-conversations.send";
    const ENTRY: &'static str = "send_help_message";
    const CREATES: bool = true;
    type Caller = User;
    type Input = HelpMessage;
}
