//! `realtime`: what a client needs to hear of what is new at once. Events come over NATS, not through this function.

mod presence;
mod token;
mod typing;

pub use presence::Presence;
pub use token::Token;
pub use typing::Typing;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_nothing},
    };
    const COMPONENT: &str = "realtime";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        ["presence"] => serve::<Presence>(request).await,
        ["typing"] => serve::<Typing>(request).await,
        ["token"] => serve::<Token>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
