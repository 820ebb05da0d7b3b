//! A place between the messages of a help conversation.

use rolecall_shared::{
    rules::{
        form::{Fault, FromText},
        id::MessageId,
    },
    wire::timestamp::Timestamp,
};
use serde::Serialize;

/// A message, or a moment. Help messages have no number: a client names the first or last message that it has, by its id
/// or by its `created_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Position {
    /// The message with this id.
    Message(MessageId),
    /// This moment.
    Moment(Timestamp),
}

impl FromText for Position {
    const WRONG_TYPE: &'static str = "Expected the id or the created_at of a message, in a string.";

    fn from_text(text: &str) -> Result<Position, Fault> {
        MessageId::from_text(text)
            .map(Position::Message)
            .or_else(|_| Timestamp::from_text(text).map(Position::Moment))
            .map_err(|_| Fault::new("malformed_position", "Expected the id or the created_at of a message."))
    }
}
