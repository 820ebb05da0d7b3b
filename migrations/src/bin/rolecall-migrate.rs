//! `rolecall-migrate`: applies Rolecall's migrations to a database, takes them back, and loads the demo data.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match rolecall_database::command::run(std::env::args().skip(1)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rolecall-migrate: {error:#}");
            ExitCode::FAILURE
        }
    }
}
