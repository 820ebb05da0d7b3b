//! `moderation`: reports and their review, deleting and restoring messages, suspending users, and the audit record.

mod audit;
mod delete;
mod lift_suspension;
mod queue;
mod report;
mod restore;
mod review;
mod suspend;

pub use audit::Audit;
pub use delete::Delete;
pub use lift_suspension::LiftSuspension;
pub use queue::Queue;
pub use report::Report;
pub use restore::Restore;
pub use review::Review;
pub use suspend::Suspend;

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
