//! Compiles the schema tree (`migrations/schema`) into migrations, and proves the two equal.
//!
//! The tree is what people read and change. A migration is what a database is given: it is written by this crate, in one
//! statement that applies whole or not at all, and is never changed once `migrations/checksums` names it.

mod inventory;
mod migration;
mod prove;
mod release;
mod tree;

pub use inventory::{Inventory, Object};
pub use migration::{NextRelease, compile, whole_tree};
pub use prove::{apply_sql, dump, inventory_of, prove};
pub use release::{Released, checksums_hold, seal};
pub use tree::{Phase, SchemaFile, Tree};
