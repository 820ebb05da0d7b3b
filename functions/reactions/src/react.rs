//! POST react: the caller reacts to a message with an emoji.

use rolecall_shared::{
    auth::caller::User,
    function::Function,
    input,
    rules::{emoji::Emoji, id::MessageId},
};

/// The function.
pub struct React;

input! {
    /// The message, and what the caller feels about it.
    pub struct Reaction {
        message_id: MessageId,
        emoji: Emoji,
    }
}

impl Function for React {
    const NAME: &'static str = "reactions.react";
    const ENTRY: &'static str = "react";
    const SHARES_STATEMENTS: bool = true;
    type Caller = User;
    type Input = Reaction;
}
