//! POST :id/read: the caller has read a conversation up to a message.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{id::ConversationId, limits::MAX_SEQ},
    wire::decode::Fields,
};
use serde::Serialize;

/// The function.
pub struct MarkRead;

/// How far the caller has read.
#[derive(Serialize)]
pub struct ReadUpTo {
    conversation_id: ConversationId,
    up_to_seq: i64,
}

impl Function for MarkRead {
    const NAME: &'static str = "mark-read";
    const FLAG: &'static str = "conversations";
    const STATEMENT: &'static str = "select edge.mark_read($1)";
    const SHARES_STATEMENTS: bool = true;
    type Caller = User;
    type Input = ReadUpTo;

    fn decode(fields: &mut Fields, path: PathParameters<'_>) -> Option<ReadUpTo> {
        let conversation_id = fields.path_id("conversation_id", path.id);
        let up_to_seq = fields.integer("up_to_seq", 0..=MAX_SEQ);
        Some(ReadUpTo { conversation_id: conversation_id?, up_to_seq: up_to_seq? })
    }
}
