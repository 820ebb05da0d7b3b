//! `deliver-sms`: hands the texts of organisations to the carrier (Twilio's Messages API).

mod deliver;
mod outcome;
mod text;

pub use deliver::DeliverSms;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    rolecall_shared::spin::serve_job::<DeliverSms>(request, deliver::deliver).await
}
