//! GET: the caller's conversations, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters, Verb},
    rules::{limits::MAX_PAGE, vocabulary::ConversationKind},
    wire::decode::{Cursor, Fields},
};
use serde::Serialize;

/// The function.
pub struct Inbox;

/// A page of the inbox.
#[derive(Serialize)]
pub struct InboxPage {
    limit: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<ConversationKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
}

impl Function for Inbox {
    const NAME: &'static str = "conversations";
    const STATEMENT: &'static str = "select edge.inbox($1)";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = InboxPage;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<InboxPage> {
        let limit = fields.limit(MAX_PAGE);
        let kind = fields.optional_choice("kind");
        let cursor = fields.cursor();
        Some(InboxPage { limit: limit?, kind: kind?, cursor: cursor? })
    }
}
