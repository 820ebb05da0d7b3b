//! GET unread: the number of messages that the caller has not read.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Nothing, Verb},
};

/// The function.
pub struct Unread;

impl Function for Unread {
    const NAME: &'static str = "conversations.unread";
    const ENTRY: &'static str = "unread";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = Nothing;
}
