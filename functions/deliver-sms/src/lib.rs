//! `deliver-sms`: hands the texts of organisations to the carrier (Twilio's Messages API).

mod deliver;
mod outcome;
mod settle;
mod text;

pub use deliver::DeliverSms;
pub use settle::Settle;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::spin_header,
        spin::{serve, serve_job},
    };
    let route = spin_header(request.headers(), "spin-matched-route").unwrap_or_default();
    if route.ends_with("/settle") {
        serve::<Settle>(request).await
    } else {
        serve_job::<DeliverSms>(request, deliver::deliver).await
    }
}
