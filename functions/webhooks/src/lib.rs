//! `webhooks`: the addresses to which events are posted. For operators, also while messaging is switched off.

mod create;
mod deliveries;
mod list;
mod own;
mod redeliver;
mod remove;
mod rotate;
mod test;
mod update;
mod url;

pub use create::Create;
pub use deliveries::Deliveries;
pub use list::List;
pub use redeliver::Redeliver;
pub use remove::Remove;
pub use rotate::Rotate;
pub use test::Test;
pub use update::Update;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::{Intent, SubPath, Verb},
        spin::{serve, serve_at, serve_nothing},
    };
    let path = SubPath::of(request.headers());
    match *path.segments() {
        // One path for reading and writing; the answer to any other method names both.
        [] if matches!(Verb::Get.intent(request.method()), Intent::Call) => serve::<List>(request).await,
        [] => serve::<Create>(request).await,
        [id, "update"] => serve_at::<Update>(request, id).await,
        [id, "rotate"] => serve_at::<Rotate>(request, id).await,
        [id, "remove"] => serve_at::<Remove>(request, id).await,
        [id, "test"] => serve_at::<Test>(request, id).await,
        [id, "deliveries"] => serve_at::<Deliveries>(request, id).await,
        [id, "redeliver"] => serve_at::<Redeliver>(request, id).await,
        _ => serve_nothing("webhooks", request).await,
    }
}
