//! `moderation`: reports and their review, deleting and restoring messages, suspending users, and the audit record.

mod audit;
mod message;
mod queue;
mod report;
mod review;
mod suspension;

pub use audit::Audit;
pub use message::{Delete, Restore};
pub use queue::Queue;
pub use report::Report;
pub use review::Review;
pub use suspension::{LiftSuspension, Suspend};

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_health, serve_nothing},
    };
    const COMPONENT: &str = "moderation";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve_health(COMPONENT, request).await,
        ["report"] => serve::<Report>(request).await,
        ["queue"] => serve::<Queue>(request).await,
        ["review"] => serve::<Review>(request).await,
        ["delete"] => serve::<Delete>(request).await,
        ["restore"] => serve::<Restore>(request).await,
        ["suspend"] => serve::<Suspend>(request).await,
        ["lift-suspension"] => serve::<LiftSuspension>(request).await,
        ["audit"] => serve::<Audit>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
