//! POST: makes a webhook; the answer shows its secret.

use crate::url::WebhookUrl;
use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::{limits::WEBHOOK_DESCRIPTION_CHARS, vocabulary::EventType},
    wire::{list::Names, text::Text},
};

/// The function.
pub struct Create;

input! {
    /// An address, and what is posted to it.
    pub struct NewWebhook {
        url: WebhookUrl,
        types: Option<Names<EventType>>,
        description: Option<Text<1, WEBHOOK_DESCRIPTION_CHARS>>,
    }
}

impl Function for Create {
    const NAME: &'static str = "webhooks.create";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "create_webhook";
    const CREATES: bool = true;
    type Caller = Operator;
    type Input = NewWebhook;
}
