//! `rollout`: how a feature is rolled out, its stages one after the other, and the way back. For operators.

mod advance;
mod guard;
mod rollback;
mod set;
mod simulate;
mod status;

pub use advance::Advance;
pub use guard::Guard;
pub use rollback::Rollback;
pub use set::Set;
pub use simulate::Simulate;
pub use status::Status;

use rolecall_shared::wire::text::Text;

/// The name of a flag; whether there is one of this name, the database knows.
type FlagName = Text<1, 100>;

#[cfg(target_family = "wasm")]
#[spin_sdk::http_service]
async fn handle(request: spin_sdk::http::Request) -> impl spin_sdk::http::IntoResponse {
    use rolecall_shared::{
        function::SubPath,
        spin::{serve, serve_nothing},
    };
    const COMPONENT: &str = "rollout";
    let path = SubPath::of(request.headers());
    match *path.segments() {
        [] => serve::<Status>(request).await,
        ["advance"] => serve::<Advance>(request).await,
        ["guard"] => serve::<Guard>(request).await,
        ["rollback"] => serve::<Rollback>(request).await,
        ["set"] => serve::<Set>(request).await,
        ["simulate"] => serve::<Simulate>(request).await,
        _ => serve_nothing(COMPONENT, request).await,
    }
}
