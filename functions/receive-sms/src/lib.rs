//! `receive-sms`: the webhooks of the carrier. Clients' texts are routed; what became of a message settles its row of the
//! outbox.

mod status;
mod text;

pub use status::Status;
pub use text::Text;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{function::spin_header, spin::serve};
    let route = spin_header(request.headers(), "spin-matched-route").unwrap_or_default();
    if route.ends_with("/status/:id") { serve::<Status>(request).await } else { serve::<Text>(request).await }
}
