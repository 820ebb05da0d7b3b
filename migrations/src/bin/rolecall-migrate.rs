//! `rolecall-migrate`: applies Rolecall's migrations to a database, takes them back, and loads the demo data; and
//! `rolecall-migrate rollout`, which is `rolecall rollout` without the runner.

use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let done = if arguments.next_if(|first| first == "rollout").is_some() {
        rolecall_database::rollout::run(arguments).await
    } else {
        rolecall_database::command::run(arguments).await
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rolecall-migrate: {error:#}");
            ExitCode::FAILURE
        }
    }
}
