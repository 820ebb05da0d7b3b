//! Deploys Rolecall: `make deploy TARGET=local|spin|spinkube [DRY_RUN=1]` and `make undeploy`.
//!
//! A deploy is a row of steps, each a type of its own in [`steps`]: preflight, backup, maintenance, migrate, verify, publish,
//! smoke. The first that fails stops the row, names the way back and ends the program with 1. A dry run lets each step look
//! and say what it would do, and changes nothing. What was done is kept in `.rolecall/deploys` ([`record`]).

mod catalogue;
mod cli;
mod database;
mod flags;
mod http;
mod login;
mod plan;
mod record;
mod server;
mod settings;
mod steps;
mod tools;

use clap::Parser;
use cli::{Cli, Command};
use plan::Plan;
use std::process::ExitCode;
use steps::{Backup, Lift, Maintenance, Migrate, Preflight, Publish, Smoke, Verify, undo};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Cli { command, options } = Cli::parse();
    let done = match command {
        Command::Deploy => deploy(Plan::new("deploy", &options)).await,
        Command::Undeploy => undeploy(Plan::new("undeploy", &options)).await,
        Command::History => {
            print!("{}", record::history(&options.state_dir));
            true
        }
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn deploy(mut plan: Plan) -> bool {
    plan.take(Preflight).await;
    plan.take(Backup).await;
    plan.take(Maintenance).await;
    plan.take(Migrate).await;
    plan.take(Verify).await;
    plan.take(Lift).await;
    plan.take(Publish).await;
    plan.take(Smoke).await;
    plan.report().await
}

/// The earlier functions are published first: they work with the newer schema, the newer functions not with the earlier one.
async fn undeploy(mut plan: Plan) -> bool {
    plan.take(undo::Preflight).await;
    plan.take(Backup).await;
    plan.take(undo::Publish).await;
    plan.take(Maintenance).await;
    plan.take(undo::Flags).await;
    plan.take(undo::Migrations).await;
    plan.take(Verify).await;
    plan.take(Lift).await;
    plan.take(Smoke).await;
    plan.report().await
}
