//! GET: the caller's blocks, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::limits::MAX_PAGE,
    wire::{cursor::Cursor, number::Limit},
};

/// The function.
pub struct List;

input! {
    /// A page of the list.
    pub struct BlocksPage {
        limit: Limit<MAX_PAGE>,
        cursor: Option<Cursor>,
    }
}

impl Function for List {
    const NAME: &'static str = "blocks.list";
    const ENTRY: &'static str = "blocks";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = BlocksPage;
}
