//! GET: the numbers of an organisation by class and load, each by its last four digits.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Verb},
    input,
    rules::{id::OrganizationId, limits::MAX_PAGE, vocabulary::NumberClass},
    wire::{cursor::Cursor, number::Limit},
};

/// The function.
pub struct List;

input! {
    /// A page of an organisation's numbers.
    pub struct Page {
        organization_id: OrganizationId,
        class: Option<NumberClass>,
        limit: Limit<MAX_PAGE>,
        cursor: Option<Cursor>,
    }
}

impl Function for List {
    const NAME: &'static str = "numbers.list";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "list_numbers";
    const VERB: Verb = Verb::Get;
    type Caller = Operator;
    type Input = Page;
}
