//! POST :id/remove: removes a webhook, and what waits for it.

use crate::own::OneWebhook;
use rolecall_shared::{auth::caller::Operator, function::Function};

/// The function.
pub struct Remove;

impl Function for Remove {
    const NAME: &'static str = "webhooks.remove";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "remove_webhook";
    type Caller = Operator;
    type Input = OneWebhook;
}
