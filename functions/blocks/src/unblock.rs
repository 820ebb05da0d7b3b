//! POST unblock: the caller lifts a block.

use rolecall_shared::{auth::caller::User, function::Function, input, rules::id::UserId};

/// The function.
pub struct Unblock;

input! {
    /// The user whose block ends.
    pub struct LiftedBlock {
        blocked_id: UserId,
    }
}

impl Function for Unblock {
    const NAME: &'static str = "blocks.unblock";
    const ENTRY: &'static str = "unblock_user";
    type Caller = User;
    type Input = LiftedBlock;
}
