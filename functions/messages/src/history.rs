//! GET :id/history: every version of a message.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    rules::id::MessageId,
    wire::path_id::PathId,
};

/// The function.
pub struct History;

input! {
    /// The message.
    pub struct OfMessage {
        message_id: PathId<MessageId>,
    }
}

impl Function for History {
    const NAME: &'static str = "messages.history";
    const ENTRY: &'static str = "message_history";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = OfMessage;
}
