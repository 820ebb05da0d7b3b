//! `spin up` on this machine. Spin does not share its port, so the server before is stopped first; clients meet a closed port
//! until the new one listens, for a second or so.

use crate::plan::{Said, Work};
use crate::record::Record;
use crate::server::{self, Started};
use crate::steps::application::Application;
use crate::steps::smoke::serves;
use crate::tools;
use anyhow::Result;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long a server may take to start: the first one on a machine compiles the components.
const START: Duration = Duration::from_secs(300);

/// Says what would be done.
///
/// # Errors
/// None so far.
pub fn look(work: &mut Work) -> Result<Said> {
    let mut said = Vec::new();
    if let Some(image) = &work.settings.image {
        said.push(format!("{} registry push {image}", work.settings.spin));
    }
    said.push(tools::shown(&up(work, &source(work, work.settings.image.as_deref(), None))));
    Ok(said)
}

/// Pushes the image, if there is one, and serves it, or a copy of what is built.
///
/// # Errors
/// Spin refuses.
pub async fn publish(work: &mut Work) -> Result<Said> {
    let mut said = Vec::new();
    match work.settings.image.clone() {
        Some(image) => {
            push(work, &image).await?;
            said.push(format!("pushed {image}"));
            work.record.image = Some(image);
        }
        None => {
            let folder = work.store.of(&work.record.id)?.join("app");
            Application::read(&work.settings.manifest)?.copy(&work.settings.manifest, &[], &folder)?;
            work.record.application = Some(folder);
        }
    }
    let source = source(work, work.record.image.as_deref(), work.record.application.clone());
    said.extend(serve(work, &source).await?);
    Ok(said)
}

/// Publishes the application under a name.
///
/// # Errors
/// Spin refuses.
pub async fn push(work: &Work, image: &str) -> Result<()> {
    let mut command = Command::new(tools::find(&work.settings.spin)?);
    command.args(["registry", "push", image, "--from"]).arg(&work.settings.manifest);
    tools::run(command).await.map(|_| ())
}

/// Stops the server of the deploy before, and starts the new one.
///
/// # Errors
/// One does not stop, or the other does not start.
pub async fn serve(work: &mut Work, source: &str) -> Result<Said> {
    let mut said = Vec::new();
    let closed = Instant::now();
    // The record of the deploy that is taken back names the server that runs now; else that before does.
    let before = [work.record.pid, work.previous.as_ref().and_then(|previous| previous.pid)];
    for pid in before.into_iter().flatten().filter(|pid| server::is_run_of(*pid, &work.settings.spin)) {
        server::stop(pid).await?;
        said.push(format!("process {pid} has ended"));
    }
    let log = work.store.of(&work.record.id)?.join("server.log");
    let mut command = up(work, source);
    command.current_dir(&work.settings.project);
    let mut started = Started::start(command, &log)?;
    let address = format!("http://{}", listen(work));
    started.until(START, async || serves(&address).await.ok()).await?;
    work.record.pid = Some(started.pid());
    work.record.address = Some(address.clone());
    work.address = Some(address.clone());
    let seconds = closed.elapsed().as_secs_f64();
    said.push(format!("process {} serves {address}, after {seconds:.1} s", started.pid()));
    Ok(said)
}

/// The line by which a person starts the server of a deploy.
pub fn start_line(work: &Work, record: &Record) -> String {
    tools::shown(&up(work, &source(work, record.image.as_deref(), record.application.clone())))
}

/// What Spin serves: the image, or the manifest of the copy.
pub fn source(work: &Work, image: Option<&str>, application: Option<PathBuf>) -> String {
    match (image, application) {
        (Some(image), _) => image.to_owned(),
        (None, Some(folder)) => folder.join("spin.toml").display().to_string(),
        (None, None) => work.settings.manifest.display().to_string(),
    }
}

fn up(work: &Work, source: &str) -> Command {
    let program = tools::find(&work.settings.spin).unwrap_or_else(|_| PathBuf::from(&work.settings.spin));
    let mut command = Command::new(program);
    command.args(["up", "--listen", &listen(work), "--from", source, "--state-dir"]);
    command.arg(absolute(work).join("spin"));
    command
}

/// Spin runs in the project's folder.
fn absolute(work: &Work) -> PathBuf {
    std::path::absolute(&work.settings.state_dir).unwrap_or_else(|_| work.settings.state_dir.clone())
}

fn listen(work: &Work) -> String {
    work.settings.listen.map_or_else(|| "127.0.0.1:3000".to_owned(), |listen| listen.to_string())
}
