//! `numbers`: the masked numbers of organisations. For operators, also while messaging is switched off.

mod add;
mod list;
mod release;

pub use add::Add;
pub use list::List;
pub use release::Release;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_nothing},
    };
    const COMPONENT: &str = "numbers";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<List>(request).await,
        ["add"] => serve::<Add>(request).await,
        ["release"] => serve::<Release>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
