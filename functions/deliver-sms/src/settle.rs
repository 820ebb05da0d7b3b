//! POST settle: an owner says whether the carrier had a text of which nobody knows.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{id::MessageId, vocabulary::TextOutcome},
};

/// The function.
pub struct Settle;

input! {
    /// The message, and whether the carrier had it.
    pub struct SettledText {
        message_id: MessageId,
        outcome: TextOutcome,
    }
}

impl Function for Settle {
    const NAME: &'static str = "deliver-sms.settle";
    const FLAG: Option<&'static str> = Some("messaging_v1");
    const ENTRY: &'static str = "settle_text";
    type Caller = User;
    type Input = SettledText;
}
