//! POST :id/rotate: gives a webhook a new secret; the one before signs as well for a day.

use crate::own::OneWebhook;
use rolecall_shared::{auth::caller::Operator, function::Function};

/// The function.
pub struct Rotate;

impl Function for Rotate {
    const NAME: &'static str = "webhooks.rotate";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "rotate_webhook";
    type Caller = Operator;
    type Input = OneWebhook;
}
