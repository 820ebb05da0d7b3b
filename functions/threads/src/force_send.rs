//! POST: delivers a message that the anti-poaching filter held back. Owner and admin alone do, and once.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::MessageId, limits::FORCE_REASON_CHARS},
    wire::{path_id::PathId, text::Text},
};

/// The function.
pub struct ForceSend;

input! {
    /// The message, and why it is harmless.
    pub struct HeldMessage {
        message_id: PathId<MessageId>,
        reason: Text<1, FORCE_REASON_CHARS>,
    }
}

impl Function for ForceSend {
    const NAME: &'static str = "threads.force-send";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "force_send";
    type Caller = User;
    type Input = HeldMessage;
}
