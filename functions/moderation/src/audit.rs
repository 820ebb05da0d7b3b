//! GET audit: who did what, and why, the newest first.

use crate::NAME;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters, Verb},
    rules::{
        id::{MessageId, UserId},
        limits::MAX_PAGE,
    },
    wire::decode::{Cursor, Fields},
};
use serde::Serialize;

/// The function.
pub struct Audit;

/// A page of the record.
#[derive(Serialize)]
pub struct AuditPage {
    limit: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_id: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<Cursor>,
}

impl Function for Audit {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.moderation_audit($1)";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = AuditPage;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<AuditPage> {
        let limit = fields.limit(MAX_PAGE);
        let message_id = fields.optional_id("message_id");
        let target_id = fields.optional_id("target_id");
        let cursor = fields.cursor();
        Some(AuditPage { limit: limit?, message_id: message_id?, target_id: target_id?, cursor: cursor? })
    }
}
