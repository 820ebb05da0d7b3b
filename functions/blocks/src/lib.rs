//! `blocks`: the users that the caller has blocked. A block stops direct messages both ways, from the next request on.

mod block;
mod list;
mod unblock;

pub use block::Block;
pub use list::List;
pub use unblock::Unblock;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_nothing},
    };
    const COMPONENT: &str = "blocks";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<List>(request).await,
        ["block"] => serve::<Block>(request).await,
        ["unblock"] => serve::<Unblock>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
