//! The runner on this machine: a new one takes the port over from the one that serves, so that no request is cut off.

use crate::login;
use crate::plan::{Said, Work};
use crate::server::{self, Running, Started};
use crate::steps::application::Application;
use crate::tools;
use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a server may take to start: the first one on a machine compiles the components.
const START: Duration = Duration::from_secs(300);

/// Where to listen where nothing says so.
const DEFAULT_LISTEN: &str = "127.0.0.1:3000";

/// Says what would be done.
///
/// # Errors
/// A file is missing.
pub fn look(work: &mut Work) -> Result<Said> {
    let settings = &work.settings;
    let before = server::running(&settings.state_dir);
    let what = match &before {
        Some(running) => format!("a new server takes {} over from process {}", running.address, running.pid),
        None => format!("a server is started at {}", listen(work, None)),
    };
    Ok(vec![what])
}

/// Copies what is built and serves the copy.
///
/// # Errors
/// The new server does not come up; then the one before still serves.
pub async fn publish(work: &mut Work) -> Result<Said> {
    let settings = &work.settings;
    let application = Application::read(&settings.manifest)?;
    let folder = work.store.of(&work.record.id)?.join("app");
    let runner = tools::find(&settings.runner.to_string_lossy())?;
    application.copy(&settings.manifest, &[&runner], &folder)?;
    let program = folder.join(runner.file_name().unwrap_or_default());
    work.record.application = Some(folder.clone());
    let connections = work.settings.connections;
    work.record.connections = connections;
    serve(work, &program, &folder.join("spin.toml"), connections).await
}

/// Starts a server that takes the place of the one that runs.
///
/// # Errors
/// It does not come up.
pub async fn serve(work: &mut Work, program: &Path, manifest: &Path, connections: Option<usize>) -> Result<Said> {
    let settings = &work.settings;
    let before = server::running(&settings.state_dir);
    let mut command = Command::new(program);
    command.args(["up", "--take-over", "--listen", &listen(work, before.as_ref())]);
    command.arg("--from").arg(manifest).arg("--state-dir").arg(&settings.state_dir);
    if let Some(connections) = connections {
        command.args(["--postgres-connections", &connections.to_string()]);
    }
    let env_file = settings.project.join(".env");
    if env_file.is_file() {
        command.arg("--env-file").arg(env_file);
    }
    // Not the administrator's login: a server does not need it, and with it an earlier build would refuse a newer schema.
    let edge = login::of_functions(settings).await?;
    command.env_remove("DATABASE_URL").env("SPIN_VARIABLE_DATABASE_URL", edge.function_url());
    let log = work.store.of(&work.record.id)?.join("server.log");
    let begun = Instant::now();
    let mut started = Started::start(command, &log)?;
    let pid = started.pid();
    let state_dir = settings.state_dir.clone();
    let now = started.until(START, async || server::running(&state_dir).filter(|running| running.pid == pid)).await?;
    work.record.pid = Some(pid);
    work.record.address = Some(now.address.clone());
    work.address = Some(now.address.clone());
    let seconds = begun.elapsed().as_secs_f64();
    let mut said = vec![format!("process {pid} serves {}, ready after {seconds:.1} s", now.address)];
    if let Some(before) = before {
        server::ended(before.pid).await.context("the server before still has requests in flight")?;
        said.push(format!("process {} has answered its last request and ended", before.pid));
    }
    Ok(said)
}

/// Where to listen: where it is asked for, or where the server before does, or did.
fn listen(work: &Work, before: Option<&Running>) -> String {
    let address = |address: &str| address.trim_start_matches("http://").to_owned();
    match (&work.settings.listen, before, &work.previous) {
        (Some(listen), _, _) => listen.to_string(),
        (None, Some(before), _) => address(&before.address),
        (None, None, Some(previous)) => previous.address.as_deref().map_or(DEFAULT_LISTEN.to_owned(), address),
        (None, None, None) => DEFAULT_LISTEN.to_owned(),
    }
}
