//! POST suspend and lift-suspension: a user cannot write until some time, or can write again.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::UserId, limits::NOTE_CHARS},
    wire::{text::Text, timestamp::Timestamp},
};

/// Suspends a user.
pub struct Suspend;

/// Lifts a suspension.
pub struct LiftSuspension;

input! {
    /// The user to suspend, until when, and why.
    pub struct Suspension {
        target_id: UserId,
        until: Timestamp,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

input! {
    /// The user whose suspension ends, and why.
    pub struct LiftedSuspension {
        target_id: UserId,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for Suspend {
    const NAME: &'static str = "moderation.suspend";
    const ENTRY: &'static str = "suspend_user";
    type Caller = User;
    type Input = Suspension;
}

impl Function for LiftSuspension {
    const NAME: &'static str = "moderation.lift-suspension";
    const ENTRY: &'static str = "lift_suspension";
    type Caller = User;
    type Input = LiftedSuspension;
}
