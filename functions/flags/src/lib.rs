//! `flags`: which features are switched on for the caller, and by what, so that a client can fall back to what it had; and
//! the caller's role in their organisation.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Nothing, Verb},
};

/// The function.
pub struct Flags;

impl Function for Flags {
    const NAME: &'static str = "flags";
    /// It answers whatever is switched off.
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "flags";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = Nothing;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<Flags>(request).await
}
