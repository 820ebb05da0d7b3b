//! `reset-broadcast-quotas`: the nightly run. A quota resets itself; this drops and deletes what is over.

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing},
};

/// The function.
pub struct ResetBroadcastQuotas;

impl Function for ResetBroadcastQuotas {
    const NAME: &'static str = "reset-broadcast-quotas";
    const ENTRY: &'static str = "reset_broadcast_quotas";
    /// Each statement is one short step.
    const REPEATS: bool = true;
    type Caller = Operator;
    /// The period follows from the database's clock.
    type Input = Nothing;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<ResetBroadcastQuotas>(request).await
}
