//! `messages`: edits of messages, and what they said before.

mod edit;
mod history;

pub use edit::Edit;
pub use history::History;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_at, serve_nothing},
    };
    let path = SubPath::of(request.headers());
    match *path.segments() {
        ["edit"] => serve::<Edit>(request).await,
        [id, "history"] => serve_at::<History>(request, id).await,
        _ => serve_nothing("messages", request).await,
    }
}
