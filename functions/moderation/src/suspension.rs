//! POST suspend and lift-suspension: a user cannot write until a moment, or can again.

use crate::NAME;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{id::UserId, limits::NOTE_CHARS},
    wire::decode::{Fields, Text, Timestamp},
};
use serde::Serialize;

/// Suspends a user.
pub struct Suspend;

/// Lifts a suspension.
pub struct LiftSuspension;

/// Who, until when, and why.
#[derive(Serialize)]
pub struct Suspension {
    target_id: UserId,
    until: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Text<1, NOTE_CHARS>>,
}

/// Who, and why.
#[derive(Serialize)]
pub struct Lifting {
    target_id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Text<1, NOTE_CHARS>>,
}

impl Function for Suspend {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.suspend_user($1)";
    type Caller = User;
    type Input = Suspension;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<Suspension> {
        let target_id = fields.id("target_id");
        let until = fields.timestamp("until");
        let note = fields.optional_text("note");
        Some(Suspension { target_id: target_id?, until: until?, note: note? })
    }
}

impl Function for LiftSuspension {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.lift_suspension($1)";
    type Caller = User;
    type Input = Lifting;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<Lifting> {
        let target_id = fields.id("target_id");
        let note = fields.optional_text("note");
        Some(Lifting { target_id: target_id?, note: note? })
    }
}
