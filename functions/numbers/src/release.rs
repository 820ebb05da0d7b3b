//! POST release: takes a number from its organisation, whose open threads get another.

use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::id::{NumberId, OrganizationId},
};

/// The function.
pub struct Release;

input! {
    /// A number of an organisation.
    pub struct OwnNumber {
        organization_id: OrganizationId,
        number_id: NumberId,
    }
}

impl Function for Release {
    const NAME: &'static str = "numbers.release";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "release_number";
    type Caller = Operator;
    type Input = OwnNumber;
}
