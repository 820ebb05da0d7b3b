//! The one-machine runner: serves the application of a `spin.toml` without Spin, for development, tests and one machine.
//!
//! It runs the same WebAssembly components unmodified, on wasmtime's own crates. Past one machine, it is
//! Spin or SpinKube.

mod cli;
mod configuration;
mod database;
mod embedded;
mod greeting;
mod guest;
mod log;
mod manifest;
mod postman;
mod realtime;
mod relay;
mod schedule;
mod server;
mod state_dir;
mod takeover;
mod token;
mod up;

use clap::Parser;
use cli::{Cli, Command, Compile, Up};
use guest::application::Loaded;
use log::Log;
use manifest::Manifest;
use state_dir::StateDir;
use std::process::ExitCode;
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Up(up) => run(*up),
        Command::Compile(compile) => run_compile(&compile),
        Command::Migrate { arguments } => run_migrate(arguments),
        Command::Relay(relay) => run_relay(relay),
        Command::Rollout { arguments } => run_rollout(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rolecall: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(up: Up) -> anyhow::Result<()> {
    raise_descriptor_limit();
    let threads = Log::start()?;
    runtime(up.threads)?.block_on(up::up(up, threads.log()))
}

fn run_compile(compile: &Compile) -> anyhow::Result<()> {
    let manifest = Manifest::read(&compile.from)?;
    let state = StateDir::open(&compile.state_dir)?;
    Loaded::load(&manifest, &state.cache())?;
    Ok(())
}

fn run_migrate(arguments: Vec<String>) -> anyhow::Result<()> {
    runtime(1)?.block_on(rolecall_database::command::run(arguments.into_iter()))
}

fn run_relay(settings: cli::Relay) -> anyhow::Result<()> {
    let threads = Log::start()?;
    runtime(1)?.block_on(relay::relay(settings, threads.log()))
}

fn run_rollout(arguments: Vec<String>) -> anyhow::Result<()> {
    runtime(1)?.block_on(rolecall_database::rollout::run(arguments.into_iter()))
}

/// One thread serves best where the database has the other processors; see `--threads`.
fn runtime(threads: usize) -> std::io::Result<Runtime> {
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(threads).enable_all().build()
}

/// Allows as many connections as the system lets us have.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What we have is enough for most, and where it is not, accepting says so.
    let _ = setrlimit(Resource::Nofile, limit);
}
