//! POST unreact: the caller takes a reaction back.

use crate::react::Reaction;
use rolecall_shared::{auth::caller::User, function::Function};

/// The function.
pub struct Unreact;

impl Function for Unreact {
    const NAME: &'static str = "reactions.unreact";
    const ENTRY: &'static str = "unreact";
    const SHARES_STATEMENTS: bool = true;
    type Caller = User;
    type Input = Reaction;
}
