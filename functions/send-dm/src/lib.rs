//! `send-dm`: starts or continues the one direct conversation of two people, or replies in a conversation.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{
        id::{ConversationId, ShowId, UserId},
        limits::DIRECT_MESSAGE_CHARS,
    },
    wire::decode::{Fields, Text},
};
use serde::Serialize;

/// The function.
pub struct SendDm;

/// A message and where it goes.
#[derive(Serialize)]
pub struct DirectMessage {
    #[serde(flatten)]
    to: To,
    content: Text<1, DIRECT_MESSAGE_CHARS>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum To {
    Person {
        recipient_id: UserId,
        #[serde(skip_serializing_if = "Option::is_none")]
        show_id: Option<ShowId>,
    },
    Conversation {
        conversation_id: ConversationId,
    },
}

impl Function for SendDm {
    const NAME: &'static str = "send-dm";
    const STATEMENT: &'static str = "select edge.send_dm($1)";
    const CREATES: bool = true;
    const SHARES_STATEMENTS: bool = true;
    type Caller = User;
    type Input = DirectMessage;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<DirectMessage> {
        let to = if fields.has("conversation_id") {
            fields.id("conversation_id").map(|conversation_id| To::Conversation { conversation_id })
        } else {
            let recipient = fields.id("recipient_id");
            let show = fields.optional_id("show_id");
            recipient.zip(show).map(|(recipient_id, show_id)| To::Person { recipient_id, show_id })
        };
        let content = fields.text("content");
        Some(DirectMessage { to: to?, content: content? })
    }
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<SendDm>(request).await
}
