//! The application as its manifest and components lie on this machine.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// What is published.
pub struct Application {
    /// The components' files, relative to the manifest's folder.
    pub files: Vec<PathBuf>,
    /// How many components use the database, each with a pool of its own.
    pub with_database: usize,
}

impl Application {
    /// Reads a manifest.
    ///
    /// # Errors
    /// It is no manifest, or a component is not built.
    pub fn read(manifest: &Path) -> Result<Application> {
        let text = fs::read_to_string(manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
        let table: toml::Table = text.parse().with_context(|| format!("{} is not TOML", manifest.display()))?;
        let components =
            table.get("component").and_then(toml::Value::as_table).context("the manifest has no component")?;
        let folder = manifest.parent().unwrap_or(Path::new("/"));
        let mut application = Application { files: Vec::new(), with_database: 0 };
        let mut missing = Vec::new();
        for (name, component) in components {
            let file = component.get("source").and_then(toml::Value::as_str);
            let file = file.with_context(|| format!("component {name} has no file as its source"))?;
            if !folder.join(file).is_file() {
                missing.push(file);
            }
            application.files.push(PathBuf::from(file));
            let variables = component.get("variables").and_then(toml::Value::as_table);
            application.with_database += usize::from(variables.is_some_and(|all| all.contains_key("database_url")));
        }
        ensure!(missing.is_empty(), "not built: {}; run make build", missing.join(", "));
        Ok(application)
    }

    /// Copies the manifest, the components and `programs` to a folder, so that a later build does not change what runs and
    /// an undeploy finds it.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn copy(&self, manifest: &Path, programs: &[&Path], to: &Path) -> Result<()> {
        let folder = manifest.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(to)?;
        let copy = |from: &Path, to: &Path| {
            fs::copy(from, to).map(|_| ()).with_context(|| format!("copying {} to {}", from.display(), to.display()))
        };
        copy(manifest, &to.join("spin.toml"))?;
        for file in &self.files {
            let place = to.join(file.strip_prefix("/").unwrap_or(file));
            fs::create_dir_all(place.parent().unwrap_or(to))?;
            copy(&folder.join(file), &place)?;
        }
        for program in programs {
            copy(program, &to.join(program.file_name().unwrap_or_default()))?;
        }
        Ok(())
    }
}
