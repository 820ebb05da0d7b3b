//! GET audit: the record of who did what and why, the newest first.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::{
        id::{MessageId, UserId},
        limits::MAX_PAGE,
    },
    wire::{cursor::Cursor, number::Limit},
};

/// The function.
pub struct Audit;

input! {
    /// A page of the record.
    pub struct AuditPage {
        limit: Limit<MAX_PAGE>,
        message_id: Option<MessageId>,
        target_id: Option<UserId>,
        cursor: Option<Cursor>,
    }
}

impl Function for Audit {
    const NAME: &'static str = "moderation.audit";
    const ENTRY: &'static str = "moderation_audit";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = AuditPage;
}
