//! POST delete and restore: a message becomes a placeholder, or comes back.

use crate::NAME;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{id::MessageId, limits::NOTE_CHARS},
    wire::decode::{Fields, Text},
};
use serde::Serialize;

/// Deletes a message.
pub struct Delete;

/// Restores a message.
pub struct Restore;

/// A message, and why.
#[derive(Serialize)]
pub struct MessageAndNote {
    message_id: MessageId,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Text<1, NOTE_CHARS>>,
}

fn decode(fields: &mut Fields) -> Option<MessageAndNote> {
    let message_id = fields.id("message_id");
    let note = fields.optional_text("note");
    Some(MessageAndNote { message_id: message_id?, note: note? })
}

impl Function for Delete {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.delete_message($1)";
    type Caller = User;
    type Input = MessageAndNote;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<MessageAndNote> {
        decode(fields)
    }
}

impl Function for Restore {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.restore_message($1)";
    type Caller = User;
    type Input = MessageAndNote;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<MessageAndNote> {
        decode(fields)
    }
}
