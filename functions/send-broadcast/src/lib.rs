//! `send-broadcast`: one message to everybody of some roles at a show, within the quota of the day.

use http::StatusCode;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{id::ShowId, limits::BROADCAST_CHARS, matrix::Role},
    wire::decode::{Fields, Text},
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The function.
pub struct SendBroadcast;

/// A broadcast and its audience.
#[derive(Serialize)]
pub struct Broadcast {
    show_id: ShowId,
    recipient_roles: Vec<Role>,
    message: Text<1, BROADCAST_CHARS>,
    dry_run: bool,
}

impl Function for SendBroadcast {
    const NAME: &'static str = "send-broadcast";
    const STATEMENT: &'static str = "select edge.send_broadcast($1)";
    type Caller = User;
    type Input = Broadcast;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<Broadcast> {
        let show_id = fields.id("show_id");
        let recipient_roles = fields.choices("recipient_roles");
        let message = fields.text("message");
        let dry_run = fields.flag("dry_run");
        Some(Broadcast { show_id: show_id?, recipient_roles: recipient_roles?, message: message?, dry_run: dry_run? })
    }

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
