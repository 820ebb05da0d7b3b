//! GET presence: which of these users are online.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{id::UserId, limits::MAX_PRESENCE},
    wire::list::Several,
};

/// The function.
pub struct Presence;

input! {
    /// Of whom the caller wants to know it.
    pub struct Whom {
        user_ids: Several<UserId, MAX_PRESENCE>,
    }
}

impl Function for Presence {
    const NAME: &'static str = "realtime.presence";
    const ENTRY: &'static str = "presence";
    const VERB: Verb = Verb::Get;
    const NEEDS_REALTIME: bool = true;
    type Caller = User;
    type Input = Whom;
}
