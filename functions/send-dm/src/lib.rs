//! `send-dm`: writes to a person, in their one direct conversation, or replies in a conversation; one message or several.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{
        id::{ConversationId, NewMessageId, ShowId, UserId},
        limits::{DIRECT_MESSAGE_CHARS, MAX_DIRECT_MESSAGES},
    },
    wire::{fields::Fields, input::Input, text::Text},
};
use serde::Serialize;

/// The function.
pub struct SendDm;

/// A message and where it goes.
#[derive(Serialize)]
#[serde(untagged)]
pub enum DirectMessage {
    /// Into a conversation that exists.
    Reply(Reply),
    /// To a person.
    Opening(Opening),
}

input! {
    /// A message to a conversation.
    pub struct Reply {
        conversation_id: ConversationId,
        content: Text<1, DIRECT_MESSAGE_CHARS>,
        message_id: Option<NewMessageId>,
    }
}

input! {
    /// A message to a person.
    pub struct Opening {
        recipient_id: UserId,
        show_id: Option<ShowId>,
        content: Text<1, DIRECT_MESSAGE_CHARS>,
        message_id: Option<NewMessageId>,
    }
}

impl Input for DirectMessage {
    fn decode(fields: &mut Fields) -> Option<DirectMessage> {
        if fields.has_any(&["conversation_id"]) {
            Reply::decode(fields).map(DirectMessage::Reply)
        } else {
            Opening::decode(fields).map(DirectMessage::Opening)
        }
    }
}

impl Function for SendDm {
    const NAME: &'static str = "send-dm";
    const ENTRY: &'static str = "send_dm";
    const CREATES: bool = true;
    const SHARES_STATEMENTS: bool = true;
    const MAX_ITEMS: usize = MAX_DIRECT_MESSAGES;
    type Caller = User;
    type Input = DirectMessage;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<SendDm>(request).await
}
