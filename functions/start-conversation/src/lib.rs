//! `start-conversation`: offers help on a help request; makes the conversation and its first message in one step.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{
        id::{HelpRequestId, UserId},
        limits::{HELP_MESSAGE_MAX_CHARS, HELP_MESSAGE_MIN_CHARS},
        vocabulary::HelpMessageType,
    },
    wire::{path_id::PathId, text::Text},
};

/// The function.
pub struct StartConversation;

input! {
    /// The first message of a help conversation.
    pub struct Offer {
        help_request_id: PathId<HelpRequestId>,
        initial_message: Text<HELP_MESSAGE_MIN_CHARS, HELP_MESSAGE_MAX_CHARS>,
        /// The adopters' clients name the requester, and what a message is.
        recipient_id: Option<UserId>,
        message_type: Option<HelpMessageType>,
    }
}

impl Function for StartConversation {
    const NAME: &'static str = "start-conversation";
    const ENTRY: &'static str = "start_conversation";
    const CREATES: bool = true;
    type Caller = User;
    type Input = Offer;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<StartConversation>(request).await
}
