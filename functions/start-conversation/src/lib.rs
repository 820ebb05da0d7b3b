//! `start-conversation`: offers help on a help request; conversation and first message in one step.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{
        id::HelpRequestId,
        limits::{HELP_MESSAGE_MAX_CHARS, HELP_MESSAGE_MIN_CHARS},
    },
    wire::decode::{Fields, Text},
};
use serde::Serialize;

/// The function.
pub struct StartConversation;

/// The first message of a help conversation.
#[derive(Serialize)]
pub struct Offer {
    help_request_id: HelpRequestId,
    initial_message: Text<HELP_MESSAGE_MIN_CHARS, HELP_MESSAGE_MAX_CHARS>,
}

impl Function for StartConversation {
    const NAME: &'static str = "start-conversation";
    const STATEMENT: &'static str = "select edge.start_conversation($1)";
    const CREATES: bool = true;
    type Caller = User;
    type Input = Offer;

    fn decode(fields: &mut Fields, path: PathParameters<'_>) -> Option<Offer> {
        let help_request_id = fields.path_id("help_request_id", path.id);
        let initial_message = fields.text("initial_message");
        Some(Offer { help_request_id: help_request_id?, initial_message: initial_message? })
    }
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<StartConversation>(request).await
}
