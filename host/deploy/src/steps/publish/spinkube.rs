//! SpinKube: the image goes to a registry, and the manifests, with its name in them, to the cluster. The operator replaces
//! pod after pod, and one that is not ready gets no requests.

use super::spin::push;
use crate::plan::{Said, Work};
use crate::tools;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Never applied: it holds no secret, only the form of one.
const SECRET: &str = "secret.yaml";

/// How long the pods may take.
const ROLLOUT: &str = "--timeout=300s";

/// Says what would be done.
///
/// # Errors
/// A manifest is missing.
pub fn look(work: &mut Work) -> Result<Said> {
    let image = work.settings.image.clone().unwrap_or_default();
    let (spin, kubectl) = (&work.settings.spin, &work.settings.kubectl);
    let names: Vec<String> = rendered(&work.settings.manifests, &image)?.into_iter().map(|(name, _)| name).collect();
    Ok(vec![format!("{spin} registry push {image}"), format!("{kubectl} apply -f {}", names.join(" -f "))])
}

/// Pushes and applies.
///
/// # Errors
/// Spin or kubectl refuses, the Secret is missing, or the pods do not become ready.
pub async fn publish(work: &mut Work) -> Result<Said> {
    let image = work.settings.image.clone().context("IMAGE is missing")?;
    secret_exists(work).await?;
    push(work, &image).await?;
    let folder = work.store.of(&work.record.id)?.join("app");
    fs::create_dir_all(&folder)?;
    for (name, text) in rendered(&work.settings.manifests, &image)? {
        fs::write(folder.join(name), text)?;
    }
    work.record.image = Some(image.clone());
    work.record.application = Some(folder.clone());
    let mut said = vec![format!("pushed {image}")];
    said.extend(apply(work, &folder).await?);
    Ok(said)
}

/// Applies the manifests of a folder, and waits for the pods.
///
/// # Errors
/// kubectl refuses, or the pods do not become ready.
pub async fn apply(work: &mut Work, folder: &Path) -> Result<Said> {
    let mut command = kubectl(work)?;
    command.args(["apply", "-f"]).arg(folder);
    let mut said: Said = tools::run(command).await?.lines().map(str::to_owned).collect();
    let mut command = kubectl(work)?;
    command.args(["rollout", "status", "deployment/rolecall", ROLLOUT]);
    said.extend(tools::run(command).await?.lines().last().map(str::to_owned));
    work.address = work.settings.url.clone();
    work.record.address = work.settings.url.clone();
    Ok(said)
}

async fn secret_exists(work: &Work) -> Result<()> {
    let mut command = kubectl(work)?;
    command.args(["get", "secret", "rolecall", "--output=name"]);
    tools::run(command).await.map(|_| ()).with_context(|| {
        format!("the Secret rolecall is missing: fill in a copy of {SECRET} and apply it once with kubectl apply -f")
    })
}

fn kubectl(work: &Work) -> Result<Command> {
    Ok(Command::new(tools::find(&work.settings.kubectl)?))
}

/// The manifests with the image in the SpinApp.
fn rendered(manifests: &Path, image: &str) -> Result<Vec<(String, String)>> {
    let entries = fs::read_dir(manifests).with_context(|| format!("no manifests in {}", manifests.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut rendered = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.ends_with(".yaml") || name == SECRET {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let text = if name == "spinapp.yaml" { with_image(&text, image)? } else { text };
        rendered.push((name, text));
    }
    Ok(rendered)
}

/// Replaces the one line `  image: …` of a SpinApp.
fn with_image(text: &str, image: &str) -> Result<String> {
    let is_image = |line: &&str| line.starts_with("  image: ");
    ensure!(
        text.lines().filter(is_image).count() == 1,
        "spinapp.yaml has not exactly one line `  image: …` under spec"
    );
    let lines =
        text.lines().map(|line| if is_image(&line) { format!("  image: {image}\n") } else { format!("{line}\n") });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_put_into_the_spinapp_and_nowhere_else() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/spinkube");
        let rendered = rendered(&folder, "example.org/app:1").unwrap();
        assert!(rendered.iter().all(|(name, _)| name != SECRET));
        let with: Vec<&String> =
            rendered.iter().filter(|(_, text)| text.contains("example.org/app:1")).map(|(name, _)| name).collect();
        assert_eq!(with, ["spinapp.yaml"]);
        assert!(with_image("spec:\n", "x").is_err());
    }
}
