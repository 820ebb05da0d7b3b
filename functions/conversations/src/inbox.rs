//! GET: the caller's conversations, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{limits::MAX_PAGE, vocabulary::ConversationKind},
    wire::{cursor::Cursor, number::Limit},
};

/// The function.
pub struct Inbox;

input! {
    /// A page of the inbox.
    pub struct InboxPage {
        limit: Limit<MAX_PAGE>,
        kind: Option<ConversationKind>,
        /// Those that are archived, in place of the others.
        archived: bool,
        cursor: Option<Cursor>,
    }
}

impl Function for Inbox {
    const NAME: &'static str = "conversations.inbox";
    const ENTRY: &'static str = "inbox";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = InboxPage;
}
