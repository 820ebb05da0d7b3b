//! POST suspend: a user cannot write until some time.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::UserId, limits::NOTE_CHARS},
    wire::{text::Text, timestamp::Timestamp},
};

/// The function.
pub struct Suspend;

input! {
    /// The user to suspend, until when, and why.
    pub struct Suspension {
        target_id: UserId,
        until: Timestamp,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for Suspend {
    const NAME: &'static str = "moderation.suspend";
    const ENTRY: &'static str = "suspend_user";
    type Caller = User;
    type Input = Suspension;
}
