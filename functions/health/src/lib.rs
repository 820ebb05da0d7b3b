//! `health`: whether the application and its database answer, for load balancers and people. A path without a function is
//! answered here too: no runtime then answers it in a form of its own.

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::spin_header,
        spin::{serve_health, serve_nothing},
    };
    const COMPONENT: &str = "health";
    match spin_header(request.headers(), "spin-matched-route") {
        Some("/...") => serve_nothing(COMPONENT, request).await,
        _ => serve_health(COMPONENT, request).await,
    }
}
