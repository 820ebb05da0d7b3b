//! POST lift-suspension: a suspended user can write again.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::UserId, limits::NOTE_CHARS},
    wire::text::Text,
};

/// The function.
pub struct LiftSuspension;

input! {
    /// The user whose suspension ends, and why.
    pub struct LiftedSuspension {
        target_id: UserId,
        note: Option<Text<1, NOTE_CHARS>>,
    }
}

impl Function for LiftSuspension {
    const NAME: &'static str = "moderation.lift-suspension";
    const ENTRY: &'static str = "lift_suspension";
    type Caller = User;
    type Input = LiftedSuspension;
}
