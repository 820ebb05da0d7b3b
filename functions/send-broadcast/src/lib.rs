//! `send-broadcast`: one message to everybody of some roles at a show, within the quota of the day.

use http::StatusCode;
use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::ShowId, limits::BROADCAST_CHARS, matrix::Role},
    wire::{list::OneOrMore, text::Text},
};
use serde_json::{Map, Value};

/// The function.
pub struct SendBroadcast;

input! {
    /// A broadcast and its audience.
    pub struct Broadcast {
        show_id: ShowId,
        recipient_roles: OneOrMore<Role>,
        message: Text<1, BROADCAST_CHARS>,
        dry_run: bool,
    }
}

impl Function for SendBroadcast {
    const NAME: &'static str = "send-broadcast";
    const ENTRY: &'static str = "send_broadcast";
    type Caller = User;
    type Input = Broadcast;

    /// A dry run creates nothing.
    fn status(data: &Map<String, Value>) -> StatusCode {
        if data.get("dry_run") == Some(&Value::Bool(true)) { StatusCode::OK } else { StatusCode::CREATED }
    }
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<SendBroadcast>(request).await
}
