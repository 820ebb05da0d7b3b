//! `reset-broadcast-quotas`: fills the quotas at the turn of the quota day and prunes what has expired.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing},
};

/// The function.
pub struct ResetBroadcastQuotas;

impl Function for ResetBroadcastQuotas {
    const NAME: &'static str = "reset-broadcast-quotas";
    const ENTRY: &'static str = "reset_broadcast_quotas";
    type Caller = Operator;
    /// The period follows from the database's clock.
    type Input = Nothing;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<ResetBroadcastQuotas>(request).await
}
