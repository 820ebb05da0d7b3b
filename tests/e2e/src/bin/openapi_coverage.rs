//! Says which answers that `docs/openapi.yaml` names no end-to-end test has seen, and fails if there are any.
//!
//! `make test` empties `target/tmp/openapi` before the end-to-end tests and runs this after them.

use anyhow::{Result, bail};
use rolecall_e2e::openapi::{document, noted};

fn main() -> Result<()> {
    let (document, seen) = (document(), noted()?);
    let missing = document.missing(&seen);
    let documented = document.documented().len();
    println!(
        "docs/openapi.yaml: {} operations; of {documented} documented answers {} were seen",
        document.operations().len(),
        documented - missing.len()
    );
    for answer in &missing {
        println!("  never seen: {} {} {} {}", answer.method, answer.path, answer.status, answer.code);
    }
    if !missing.is_empty() {
        bail!("{} documented answers were never seen", missing.len());
    }
    Ok(())
}
