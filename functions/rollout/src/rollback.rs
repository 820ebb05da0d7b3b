//! POST rollback: the way back, off for everybody.

use crate::FlagName;
use rolecall_shared::{auth::caller::Operator, function::Function, input, rules::limits::NOTE_CHARS, wire::text::Text};

/// The function.
pub struct Rollback;

input! {
    /// What is taken back, and why.
    pub struct WayBack {
        flag: Option<FlagName>,
        reason: Text<1, NOTE_CHARS>,
    }
}

impl Function for Rollback {
    const NAME: &'static str = "rollout.rollback";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "rollback_rollout";
    type Caller = Operator;
    type Input = WayBack;
}
