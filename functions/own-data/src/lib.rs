//! `own-data`: exports everything about the caller, and deletes the caller's messages.

use rolecall_shared::{
    auth::caller::User,
    function::{Function, Verb},
    input,
    wire::{flag::Confirmed, lines::Page},
};

/// GET export: one line for each row about the caller, page by page.
pub struct Export;

/// POST deletion: the caller's messages become placeholders.
pub struct Deletion;

input! {
    /// The confirmation: a deletion cannot be undone, so an empty body is not enough.
    pub struct DeletionRequest {
        confirm: Confirmed,
    }
}

impl Function for Export {
    const NAME: &'static str = "own-data.export";
    const ENTRY: &'static str = "export_own_data";
    const VERB: Verb = Verb::Get;
    type Caller = User;
    type Input = Page;
}

impl Function for Deletion {
    const NAME: &'static str = "own-data.delete";
    const ENTRY: &'static str = "delete_own_data";
    type Caller = User;
    type Input = DeletionRequest;
}

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_health, serve_lines, serve_nothing},
    };
    const COMPONENT: &str = "own-data";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve_health(COMPONENT, request).await,
        ["export"] => serve_lines::<Export>(request).await,
        ["deletion"] => serve::<Deletion>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
