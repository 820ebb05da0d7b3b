//! What the functions of one webhook take that take nothing else.

use rolecall_shared::{input, rules::id::WebhookId, wire::path_id::PathId};

input! {
    /// A webhook.
    pub struct OneWebhook {
        webhook_id: PathId<WebhookId>,
    }
}
