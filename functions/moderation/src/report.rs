//! POST report: a reader of a message says what is wrong with it.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::MessageId, limits::REPORT_REASON_CHARS},
    wire::text::Text,
};

/// The function.
pub struct Report;

input! {
    /// A message and what is wrong with it.
    pub struct MessageReport {
        message_id: MessageId,
        reason: Text<1, REPORT_REASON_CHARS>,
    }
}

impl Function for Report {
    const NAME: &'static str = "moderation.report";
    const ENTRY: &'static str = "report_message";
    const CREATES: bool = true;
    type Caller = User;
    type Input = MessageReport;
}
