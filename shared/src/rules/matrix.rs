//! The permission matrix: who may do what to whom, once.
//!
//! [`GUARDS`] and [`ROWS`] are the source of the tables `rolecall.permission_guards` and
//! `rolecall.permission_rules` (written by `make generate`) and of `docs/permissions.md`; a test compares
//! [`decide`] with the database for every combination. [`organization`] is the part for the roles of organisations.

mod decision;
mod facts;
mod marketplace;
pub mod organization;

pub use decision::Decision;
pub use facts::Facts;
pub use marketplace::{Action, Fact, GUARDS, Grant, Guard, ROWS, Role, Row, decide, guards_of, row_for};
