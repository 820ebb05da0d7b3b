//! The database of Rolecall: its migrations with their rollbacks and demo data, and how they are applied.
//!
//! The SQL files lie beside this crate's `Cargo.toml` so that plain `psql -f` and `supabase db push` can apply them too;
//! here they are embedded, so that a binary carries the schema it was built for.

pub mod adopt;
mod apply;
pub mod command;
mod connection;
pub mod demo;
pub mod env_file;
mod failure;
mod files;
mod rollback;
pub mod rollout;
mod trust;

pub use adopt::{Adoption, adopt, is_adopted, unadopt};
pub use apply::{
    Step, apply, load_demo, load_demo_conversation, migrate, rollback, rollback_last, serves_users, set_edge_password,
    set_relay_password, status,
};
pub use connection::{connect, connect_to, connect_with_task};
pub use failure::failure;
pub use files::{MIGRATIONS, Migration};
pub use rollback::{Loss, rollback_loss};
pub use trust::{client_config, with_ca_text};
