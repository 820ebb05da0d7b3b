//! `monitoring`: figures in Prometheus' text format, and the alerts that began and ended for whoever is on call.

mod alerts;
mod message;
mod metrics;

pub use alerts::Alerts;
pub use metrics::Metrics;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::spin_header,
        spin::{serve_job, serve_text},
    };
    let route = spin_header(request.headers(), "spin-matched-route").unwrap_or_default();
    if route.ends_with("/metrics") {
        serve_text::<Metrics>(request, metrics::CONTENT_TYPE, metrics::exposition).await
    } else {
        serve_job::<Alerts>(request, alerts::deliver).await
    }
}
