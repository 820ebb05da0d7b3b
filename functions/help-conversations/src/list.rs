//! GET: the caller's help conversations, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{limits::MAX_PAGE, vocabulary::HelpConversationStatus},
    wire::{cursor::Cursor, number::Limit},
};

/// The function.
pub struct List;

input! {
    /// A page of the list.
    pub struct ListPage {
        limit: Limit<MAX_PAGE>,
        status: Option<HelpConversationStatus>,
        cursor: Option<Cursor>,
    }
}

impl Function for List {
    const NAME: &'static str = "help-conversations.list";
    const ENTRY: &'static str = "help_conversations";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = ListPage;
}
