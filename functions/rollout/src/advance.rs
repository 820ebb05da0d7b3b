//! POST advance: begins the next stage, if this one has shown what it has to.

use crate::FlagName;
use rolecall_shared::{auth::caller::Operator, function::Function, input, rules::limits::NOTE_CHARS, wire::text::Text};

/// The function.
pub struct Advance;

input! {
    /// The next stage.
    pub struct NextStage {
        flag: Option<FlagName>,
        reason: Text<1, NOTE_CHARS>,
        /// Whether to go on with criteria that are not met.
        force: bool,
    }
}

impl Function for Advance {
    const NAME: &'static str = "rollout.advance";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "advance_rollout";
    type Caller = Operator;
    type Input = NextStage;
}
