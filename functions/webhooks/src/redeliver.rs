//! POST :id/redeliver: brings back what was given up.

use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::id::WebhookId,
    wire::{path_id::PathId, timestamp::Timestamp},
};

/// The function.
pub struct Redeliver;

input! {
    /// A webhook, and since when what happened is brought back.
    pub struct Redelivery {
        webhook_id: PathId<WebhookId>,
        since: Option<Timestamp>,
    }
}

impl Function for Redeliver {
    const NAME: &'static str = "webhooks.redeliver";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "redeliver_webhook";
    type Caller = Operator;
    type Input = Redelivery;
}
