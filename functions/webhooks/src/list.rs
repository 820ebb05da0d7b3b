//! GET: the webhooks with their figures.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing, Verb},
};

/// The function.
pub struct List;

impl Function for List {
    const NAME: &'static str = "webhooks.list";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "list_webhooks";
    const VERB: Verb = Verb::Get;
    type Caller = Operator;
    type Input = Nothing;
}
