//! `reactions`: reacting to messages with emoji, taking that back, and who has reacted.

mod list;
mod react;
mod unreact;

pub use list::List;
pub use react::React;
pub use unreact::Unreact;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{function::spin_header, spin::serve};
    let route = spin_header(request.headers(), "spin-matched-route").unwrap_or_default();
    if route.ends_with("/messages/react") {
        return serve::<React>(request).await;
    }
    if route.ends_with("/messages/unreact") {
        return serve::<Unreact>(request).await;
    }
    serve::<List>(request).await
}
