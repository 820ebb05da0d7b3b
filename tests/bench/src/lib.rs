//! What the programs that measure stand on: a durable database with users, pgbench on the SQL of `send-dm`, ready-made
//! requests, connections that cost little to serve, and figures.
//!
//! The load generator shares the machine with what it measures. So it is one thread, writes requests that were made
//! beforehand, and reads no more of an answer than its status and where it ends.

pub mod closed_loop;
pub mod database;
pub mod figures;
pub mod filter;
pub mod open_loop;
pub mod outbox;
pub mod realtime;
pub mod requests;
pub mod system;
pub mod texting;

pub use rolecall_kit::connection;

pub use closed_loop::Clients;
pub use connection::{Answer, Connection};
pub use database::{Database, Stored};
pub use figures::{Figures, Tally};
pub use filter::FilterFigures;
pub use outbox::{OutboxFigures, OutboxLoad};
pub use requests::{Random, Requests};
pub use system::{Surroundings, peak_memory_mib};
pub use texting::{TextingFigures, TextingLoad};

use anyhow::Result;
use rolecall_kit::{Runner, token::SECRET};

/// The variable that says how many requests may share a statement.
pub const GROUP_COMMIT: &str = "group_commit";

/// Starts a runner on this database, with these application variables and flags.
///
/// # Errors
/// When it does not start.
pub fn start_runner(edge_url: &str, more: &[(&str, &str)], flags: &[String]) -> Result<Runner> {
    let base = [("database_url", edge_url), ("jwt_secret", SECRET)];
    let variables: Vec<_> = base.iter().chain(more).map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    // All clients have one address.
    let flags = &[flags, &["--max-per-address".to_owned(), "1000000".to_owned()]].concat();
    // The first start after a build compiles, and the memory that this takes is not what serving takes.
    let first = Runner::start(&variables, flags)?;
    first.terminate();
    first.wait();
    let runner = Runner::start(&variables, flags)?;
    runner.forget_lines();
    Ok(runner)
}

/// `host:port` of a runner.
pub fn address(runner: &Runner) -> &str {
    runner.address().trim_start_matches("http://")
}
