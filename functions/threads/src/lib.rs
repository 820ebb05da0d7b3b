//! `threads`: the threads of an organisation with its clients: listing and reading them, and delivering what the filter held
//! back.

mod erase_client;
mod force_send;
mod list;
mod messages;
mod read;

pub use erase_client::EraseClient;
pub use force_send::ForceSend;
pub use list::List;
pub use messages::Messages;
pub use read::MarkRead;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::{SubPath, spin_header},
        spin::{serve, serve_at, serve_nothing},
    };
    let route = spin_header(request.headers(), "spin-matched-route").unwrap_or_default();
    if route.ends_with("/force-send") {
        return serve::<ForceSend>(request).await;
    }
    if route.ends_with("/erase-client") {
        return serve::<EraseClient>(request).await;
    }
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<List>(request).await,
        [id, "messages"] => serve_at::<Messages>(request, id).await,
        [id, "read"] => serve_at::<MarkRead>(request, id).await,
        _ => serve_nothing("threads", request).await,
    }
}
