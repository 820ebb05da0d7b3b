//! `own-data`: exports everything about the caller, and deletes the caller's messages or account.

mod delete;
mod export;

pub use delete::Delete;
pub use export::Export;

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
        ["deletion"] => serve::<Delete>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
