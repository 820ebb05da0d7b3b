//! GET export: one line for each row about the caller, page by page.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    wire::lines::Page,
};

/// The function.
pub struct Export;

impl Function for Export {
    const NAME: &'static str = "own-data.export";
    const ENTRY: &'static str = "export_own_data";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = Page;
}
