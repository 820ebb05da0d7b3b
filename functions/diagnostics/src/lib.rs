//! `diagnostics`: an organisation's figures, for its owners and admins.

use http::StatusCode;
use rolecall_shared::{
    decode::Fields,
    function::{Function, PathParameters, Verb},
    token::User,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The function.
pub struct Diagnostics;

/// It takes nothing: the organisation is the caller's own.
#[derive(Serialize)]
pub struct Nothing {}

impl Function for Diagnostics {
    const NAME: &'static str = "diagnostics";
    const STATEMENT: &'static str = "select edge.diagnostics($1)";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = Nothing;

    fn decode(_: &mut Fields, _: PathParameters<'_>) -> Option<Nothing> {
        Some(Nothing {})
    }

    fn status(_: &Map<String, Value>) -> StatusCode {
        StatusCode::OK
    }
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve::<Diagnostics>(request).await
}
