//! What was deployed: one folder a deploy in `.rolecall/deploys`, named by its moment, with `deploy.json`, the backup, the
//! files that were published and the server's output.

use crate::cli::Target;
use crate::settings::Settings;
use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// How many deploys keep the files that they published: what an undeploy goes back to, and one more.
const KEPT_APPLICATIONS: usize = 3;

/// How a deploy ended.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Outcome {
    /// It has begun.
    Begun,
    /// It is in force, or was.
    Done,
    /// It stopped.
    Failed {
        /// At which step.
        step: String,
        /// Whether it has left maintenance on.
        maintenance: bool,
    },
    /// It was taken back.
    TakenBack,
}

impl Outcome {
    /// Whether maintenance may still be on because of it: it failed and says so, or it was killed.
    pub fn may_have_left_maintenance(&self) -> bool {
        matches!(self, Outcome::Begun | Outcome::Failed { maintenance: true, .. })
    }
}

/// One deploy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Its moment: `20261125T120000Z`.
    pub id: String,
    target: String,
    /// The version of Rolecall.
    pub version: String,
    /// The commit, where git knows it.
    pub commit: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// The deploy that was in force before it.
    pub previous: Option<String>,
    /// The database's dump from before it.
    pub backup: Option<PathBuf>,
    /// The newest migration of the database before it; 0: none.
    pub migration_before: i32,
    /// The migrations that it applied.
    pub migrations: Vec<i32>,
    /// The flags before it: name and rollout.
    pub flags_before: BTreeMap<String, String>,
    /// What the applied migrations hold that a rollback of them would delete, as it was when the deploy ended.
    pub brought: Vec<Brought>,
    /// Where its files are.
    pub application: Option<PathBuf>,
    /// Its image in the registry.
    pub image: Option<String>,
    /// Connections of each component, on one machine.
    pub connections: Option<usize>,
    /// Where it answers.
    pub address: Option<String>,
    /// The process that serves it on this machine.
    pub pid: Option<u32>,
}

/// A table, or a column of one, that a rollback would delete.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Brought {
    /// `schema.table` or `schema.table.column`.
    pub place: String,
    /// Its rows.
    pub rows: i64,
    /// A digest of them.
    pub digest: String,
}

impl Record {
    /// A deploy that begins.
    pub fn new(settings: &Settings, previous: Option<&Record>) -> Record {
        Record {
            id: chrono::Utc::now().format("%Y%m%dT%H%M%S%3fZ").to_string(),
            target: settings.target.as_str().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: settings.commit.clone(),
            outcome: Outcome::Begun,
            previous: previous.map(|previous| previous.id.clone()),
            backup: None,
            migration_before: 0,
            migrations: Vec::new(),
            flags_before: BTreeMap::new(),
            brought: Vec::new(),
            application: None,
            image: None,
            connections: None,
            address: None,
            pid: None,
        }
    }

    /// Where it went.
    ///
    /// # Errors
    /// The record names a target that this build does not know.
    pub fn target(&self) -> Result<Target> {
        Target::from_str(&self.target, true)
            .map_err(|_| anyhow::anyhow!("deploy {} went to {:?}, which is no target", self.id, self.target))
    }
}

/// The folder of deploys.
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// That of a state directory.
    pub fn at(state_dir: &Path) -> Store {
        Store { folder: state_dir.join("deploys") }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of one deploy, made if it is missing; its files are this user's alone.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn of(&self, id: &str) -> Result<PathBuf> {
        let folder = self.folder.join(id);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(folder.canonicalize()?)
    }

    /// One deploy.
    ///
    /// # Errors
    /// Its file is missing or malformed.
    pub fn read(&self, id: &str) -> Result<Record> {
        let file = self.folder.join(id).join("deploy.json");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is malformed", file.display()))
    }

    /// All deploys, the oldest first.
    ///
    /// # Errors
    /// A record is malformed.
    pub fn all(&self) -> Result<Vec<Record>> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Ok(Vec::new()) };
        let mut ids: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|id| self.folder.join(id).join("deploy.json").is_file())
            .collect();
        ids.sort();
        ids.iter().map(|id| self.read(id)).collect()
    }

    /// The newest deploy that was done and not taken back.
    ///
    /// # Errors
    /// A record is malformed.
    pub fn last_in_force(&self) -> Result<Option<Record>> {
        Ok(self.all()?.into_iter().rfind(|record| record.outcome == Outcome::Done))
    }

    /// Keeps a record, whole or not at all, and clears away the files of old ones.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, record: &Record) -> Result<()> {
        let folder = self.of(&record.id)?;
        let (file, temporary) = (folder.join("deploy.json"), folder.join("deploy.json.tmp"));
        let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        written.write_all(&serde_json::to_vec_pretty(record)?)?;
        written.sync_all()?;
        fs::rename(temporary, file)?;
        let with_files: Vec<Record> =
            self.all()?.into_iter().filter(|record| self.folder.join(&record.id).join("app").is_dir()).collect();
        for old in with_files.iter().rev().skip(KEPT_APPLICATIONS) {
            // What stays behind costs room and nothing else.
            let _ = fs::remove_dir_all(self.folder.join(&old.id).join("app"));
        }
        Ok(())
    }
}

/// The deploys, a line each.
pub fn history(state_dir: &Path) -> String {
    let records = match Store::at(state_dir).all() {
        Ok(records) if records.is_empty() => return "no deploys yet\n".to_owned(),
        Ok(records) => records,
        Err(error) => return format!("{error:#}\n"),
    };
    let mut text = String::new();
    for record in records {
        let outcome = match &record.outcome {
            Outcome::Begun => "begun".to_owned(),
            Outcome::Done => "done".to_owned(),
            Outcome::Failed { step, .. } => format!("failed at {step}"),
            Outcome::TakenBack => "taken back".to_owned(),
        };
        let commit = record.commit.as_deref().unwrap_or("-");
        let migrations: Vec<String> = record.migrations.iter().map(|number| format!("{number:04}")).collect();
        let migrations = if migrations.is_empty() { "no migrations".to_owned() } else { migrations.join(", ") };
        let (id, target, version) = (&record.id, &record.target, &record.version);
        text.push_str(&format!("{id}  {target:<8}  {version} ({commit})  {migrations}  {outcome}\n"));
    }
    text
}
