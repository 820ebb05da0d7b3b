//! POST deletion: the caller's messages become placeholders, or the whole account goes.

use rolecall_shared::{auth::caller::User, function::Function, input, wire::flag::Confirmed};

/// The function.
pub struct Delete;

input! {
    /// The confirmation: a deletion cannot be undone, so an empty body is not enough.
    pub struct DeletionRequest {
        confirm: Confirmed,
        account: bool,
    }
}

impl Function for Delete {
    const NAME: &'static str = "own-data.delete";
    const ENTRY: &'static str = "delete_own_data";
    type Caller = User;
    type Input = DeletionRequest;
}
