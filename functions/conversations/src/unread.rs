//! GET unread: how many messages wait for the caller.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Nothing, PathParameters, Verb},
    wire::decode::Fields,
};

/// The function.
pub struct Unread;

impl Function for Unread {
    const NAME: &'static str = "conversations";
    const STATEMENT: &'static str = "select edge.unread($1)";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = Nothing;

    fn decode(_: &mut Fields, _: PathParameters<'_>) -> Option<Nothing> {
        Some(Nothing {})
    }
}
