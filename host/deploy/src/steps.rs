//! The steps, a file each.

mod application;
mod backup;
mod maintenance;
pub mod migrate;
mod preflight;
mod publish;
pub mod smoke;
pub mod undo;
mod verify;

pub use backup::Backup;
pub use maintenance::{Lift, Maintenance};
pub use migrate::Migrate;
pub use preflight::Preflight;
pub use publish::Publish;
pub use smoke::Smoke;
pub use verify::Verify;
