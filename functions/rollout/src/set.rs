//! POST set: sets a rollout, whatever its stages say.

use crate::FlagName;
use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::{limits::NOTE_CHARS, rollout::Rollout},
    wire::text::Text,
};

/// The function.
pub struct Set;

input! {
    /// A rollout.
    pub struct NewRollout {
        flag: Option<FlagName>,
        rollout: Rollout,
        reason: Text<1, NOTE_CHARS>,
    }
}

impl Function for Set {
    const NAME: &'static str = "rollout.set";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "set_rollout";
    type Caller = Operator;
    type Input = NewRollout;
}
