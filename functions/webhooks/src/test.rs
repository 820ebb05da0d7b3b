//! POST :id/test: sends a webhook an event that says nothing.

use crate::own::OneWebhook;
use rolecall_shared::{auth::caller::Operator, function::Function};

/// The function.
pub struct Test;

impl Function for Test {
    const NAME: &'static str = "webhooks.test";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "test_webhook";
    type Caller = Operator;
    type Input = OneWebhook;
}
