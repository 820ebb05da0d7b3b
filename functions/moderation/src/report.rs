//! POST report: somebody who can read a message says what is wrong with it.

use crate::NAME;
use rolecall_shared::{
    auth::caller::User,
    function::{Function, PathParameters},
    rules::{id::MessageId, limits::REPORT_REASON_CHARS},
    wire::decode::{Fields, Text},
};
use serde::Serialize;

/// The function.
pub struct Report;

/// A message and what is wrong with it.
#[derive(Serialize)]
pub struct Complaint {
    message_id: MessageId,
    reason: Text<1, REPORT_REASON_CHARS>,
}

impl Function for Report {
    const NAME: &'static str = NAME;
    const STATEMENT: &'static str = "select edge.report_message($1)";
    const CREATES: bool = true;
    type Caller = User;
    type Input = Complaint;

    fn decode(fields: &mut Fields, _: PathParameters<'_>) -> Option<Complaint> {
        let message_id = fields.id("message_id");
        let reason = fields.text("reason");
        Some(Complaint { message_id: message_id?, reason: reason? })
    }
}
