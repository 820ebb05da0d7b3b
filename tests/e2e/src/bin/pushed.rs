//! Says how much of what the end-to-end tests made happen would have been pushed to whom, and fails if GET had not shown it
//! to them, or if nobody looked.
//!
//! `make test` empties `target/tmp/pushed` before the end-to-end tests and runs this after them.

use anyhow::{Result, ensure};
use rolecall_e2e::pushed::noted;

fn main() -> Result<()> {
    let (events, faults) = noted()?;
    for fault in &faults {
        println!("  {fault}");
    }
    println!("pushed: {events} events, {} of them otherwise than GET answers", faults.len());
    ensure!(faults.is_empty(), "what is pushed to somebody is what GET shows them");
    ensure!(events > 0, "no end-to-end test has made anything happen");
    Ok(())
}
