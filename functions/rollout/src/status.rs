//! GET: the stage of a flag, its figures beside the criteria, and the last decisions.

use crate::FlagName;
use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Verb},
    input,
};

/// The function.
pub struct Status;

input! {
    /// Whose rollout: `start-conversation`'s if it is left out.
    pub struct Watched {
        flag: Option<FlagName>,
    }
}

impl Function for Status {
    const NAME: &'static str = "rollout.status";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "rollout_status";
    const VERB: Verb = Verb::Get;
    type Caller = Operator;
    type Input = Watched;
}
