//! POST suspend and lift-suspension: a user cannot write until a moment, or can again.

use crate::NAME;
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
    /// Who, until when, and why.
    pub struct Suspension {
        target_id: UserId,
        until: Timestamp,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

input! {
    /// Who, and why.
    pub struct Lifting {
        target_id: UserId,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for Suspend {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.suspend_user($1)";
    type Caller = User;
    type Input = Suspension;
}

impl Function for LiftSuspension {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.lift_suspension($1)";
    type Caller = User;
    type Input = Lifting;
}
