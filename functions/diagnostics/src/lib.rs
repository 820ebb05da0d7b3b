//! `diagnostics`: an organisation's figures, for its owners and admins.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Nothing, Verb},
};

/// The function.
pub struct Diagnostics;

impl Function for Diagnostics {
    const NAME: &'static str = "diagnostics";
    const ENTRY: &'static str = "diagnostics";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    /// The organisation is the caller's own.
    type Input = Nothing;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<Diagnostics>(request).await
}
