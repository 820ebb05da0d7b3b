//! What the end-to-end tests, the demo and the benchmark stand on: a real PostgreSQL, the real components on the real
//! runner, and a client that checks every answer's form.
//!
//! A test asks for a [`Stand`]: [`Stand::shared`] for most, [`Stand::own`] where it restarts, slows down or configures
//! something. Fixtures have fresh ids, so that tests share a stand without meeting each other. Helpers panic with a
//! sentence where something does not hold: they are for tests.

use std::io::Write;

pub mod agency;
pub mod carrier;
pub mod carrier_api;
pub mod client;
pub mod connection;
pub mod fixtures;
pub mod process;
pub mod receiver;
pub mod relay;
pub mod runner;
pub mod runtime;
pub mod socket;
pub mod stand;
pub mod token;
pub mod wait;

pub use agency::Agency;
pub use client::{Answer, Call};
pub use fixtures::User;
pub use receiver::Receiver;
pub use rolecall_shared::rules::{code::Code, matrix::Role};
pub use runner::Runner;
pub use runtime::Runtime;
pub use stand::{Db, Setup, Stand};
pub use wait::until;

/// Prints a figure that whoever reads the run of a passing test wants to see: past the harness, which keeps what tests
/// print to itself unless they fail.
pub fn report(figure: &str) {
    // A closed standard error must not fail the test.
    let _ = writeln!(std::io::stderr(), "{figure}");
}
