//! POST erase-client: erases a client's number, name and contents.

use rolecall_shared::{
    auth::caller::Operator,
    function::Function,
    input,
    rules::id::{ClientId, OrganizationId},
};

/// The function.
pub struct EraseClient;

input! {
    /// A client of an organisation.
    pub struct ErasedClient {
        organization_id: OrganizationId,
        client_id: ClientId,
    }
}

impl Function for EraseClient {
    const NAME: &'static str = "threads.erase-client";
    // Switching messaging off must not keep a client from being erased.
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "erase_client";
    type Caller = Operator;
    type Input = ErasedClient;
}
