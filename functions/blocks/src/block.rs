//! POST block: the caller blocks a user.

use rolecall_shared::{auth::caller::User, function::Function, input, rules::id::UserId};

/// The function.
pub struct Block;

input! {
    /// The user to block.
    pub struct NewBlock {
        blocked_id: UserId,
    }
}

impl Function for Block {
    const NAME: &'static str = "blocks.block";
    const ENTRY: &'static str = "block_user";
    const CREATES: bool = true;
    type Caller = User;
    type Input = NewBlock;
}
