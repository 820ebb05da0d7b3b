//! GET :id/deliveries: what waits for a webhook, or was given up.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Verb},
    input,
    rules::{id::WebhookId, limits::MAX_PAGE, vocabulary::DeliveryState},
    wire::{cursor::Cursor, number::Limit, path_id::PathId},
};

/// The function.
pub struct Deliveries;

input! {
    /// A page of a webhook's deliveries.
    pub struct DeliveryPage {
        webhook_id: PathId<WebhookId>,
        state: Option<DeliveryState>,
        limit: Limit<MAX_PAGE>,
        cursor: Option<Cursor>,
    }
}

impl Function for Deliveries {
    const NAME: &'static str = "webhooks.deliveries";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "list_webhook_deliveries";
    const VERB: Verb = Verb::Get;
    type Caller = Operator;
    type Input = DeliveryPage;
}
