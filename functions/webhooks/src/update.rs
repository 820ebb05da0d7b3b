//! POST :id/update: changes a webhook; what is not given stays.

use crate::url::WebhookUrl;
use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::{id::WebhookId, limits::WEBHOOK_DESCRIPTION_CHARS, vocabulary::EventType},
    wire::{list::Names, path_id::PathId, text::Text},
};

/// The function.
pub struct Update;

input! {
    /// A webhook, and what is to change.
    pub struct WebhookChange {
        webhook_id: PathId<WebhookId>,
        url: Option<WebhookUrl>,
        types: Option<Names<EventType>>,
        is_enabled: Option<bool>,
        description: Option<Text<1, WEBHOOK_DESCRIPTION_CHARS>>,
    }
}

impl Function for Update {
    const NAME: &'static str = "webhooks.update";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "update_webhook";
    type Caller = Operator;
    type Input = WebhookChange;
}
