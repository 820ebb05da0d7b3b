//! GET :id/reactions: who has reacted to a message, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{emoji::Emoji, id::MessageId, limits::MAX_PAGE},
    wire::{cursor::Cursor, number::Limit, path_id::PathId},
};

/// The function.
pub struct List;

input! {
    /// A page of the list, of all kinds of reactions or of one.
    pub struct ReactionsPage {
        message_id: PathId<MessageId>,
        emoji: Option<Emoji>,
        limit: Limit<MAX_PAGE>,
        cursor: Option<Cursor>,
    }
}

impl Function for List {
    const NAME: &'static str = "reactions.list";
    const ENTRY: &'static str = "message_reactions";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = ReactionsPage;
}
