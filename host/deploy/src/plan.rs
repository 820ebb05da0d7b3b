//! The row of steps: what each said, the first failure, and the report.

use crate::cli::{Options, is_on};
use crate::flags;
use crate::record::{Outcome, Record, Store};
use crate::settings::Settings;
use crate::steps::migrate;
use anyhow::Result;
use std::time::Instant;

/// Lines that a step says.
pub type Said = Vec<String>;

/// One step.
pub trait Step {
    /// Its name in the report.
    const NAME: &'static str;

    /// Finds out what there is to do, and what speaks against it. Changes nothing.
    ///
    /// # Errors
    /// Something speaks against it.
    async fn look(&self, work: &mut Work) -> Result<Said>;

    /// Does it. Never called in a dry run.
    ///
    /// # Errors
    /// It could not be done.
    async fn act(&self, work: &mut Work) -> Result<Said>;

    /// How to get back to where things were, if this step fails: sentences and exact commands.
    fn way_back(&self, work: &Work) -> Said;
}

/// What the steps work on and hand on to each other.
pub struct Work {
    /// Where and with what.
    pub settings: Settings,
    /// Where deploys are recorded.
    pub store: Store,
    /// This deploy, or the one that is taken back.
    pub record: Record,
    /// The deploy before it that is still in force.
    pub previous: Option<Record>,
    /// Whether this program has switched maintenance on and not off again.
    pub maintenance: bool,
    /// Whether this program has switched it at all.
    pub maintenance_was_on: bool,
    /// The newest migration that the database is to have after the step `migrate`.
    pub version: i32,
    /// Whether this run has changed the schema.
    pub schema_changed: bool,
    /// Where the application answers, once it is published.
    pub address: Option<String>,
    /// The version that health is to name.
    pub expected_version: String,
}

/// The row.
pub struct Plan {
    what: &'static str,
    is_dry: bool,
    begun: Instant,
    work: Option<Work>,
    failed: Option<&'static str>,
}

impl Plan {
    /// Reads the settings; what is wrong with them is the first failure.
    pub fn new(what: &'static str, options: &Options) -> Plan {
        let is_dry = is_on(&options.dry_run);
        let mut plan = Plan { what, is_dry, begun: Instant::now(), work: None, failed: None };
        match Work::new(what, options) {
            Ok(work) => {
                let dry = if is_dry { ", dry run: nothing is changed" } else { "" };
                let (id, target) = (&work.record.id, work.settings.target.as_str());
                println!("{what} {id} to {target}, version {}{dry}", work.record.version);
                plan.work = Some(work);
            }
            Err(error) => {
                plan.fail("preflight", &error, &["nothing was changed".to_owned()]);
            }
        }
        plan
    }

    /// Takes a step, unless one before has failed.
    pub async fn take<S: Step>(&mut self, step: S) {
        let (None, Some(work)) = (self.failed, self.work.as_mut()) else { return };
        let mut done = step.look(work).await;
        if let Ok(said) = &mut done
            && !self.is_dry
        {
            match step.act(work).await {
                Ok(more) => said.extend(more),
                Err(error) => done = Err(error),
            }
        }
        match done {
            Ok(said) => print_step("ok", S::NAME, &said),
            Err(error) => {
                let mut way_back = step.way_back(work);
                if !self.is_dry {
                    way_back.extend(work.settle().await);
                    work.record.outcome = Outcome::Failed { step: S::NAME.to_owned(), maintenance: work.maintenance };
                    if let Err(error) = work.keep(self.what) {
                        way_back.push(format!("this failure could not be recorded: {error:#}"));
                    }
                }
                self.fail(S::NAME, &error, &way_back);
            }
        }
    }

    fn fail(&mut self, step: &'static str, error: &anyhow::Error, way_back: &[String]) {
        print_step("FAILED", step, &[format!("{error:#}")]);
        println!("\nThe {} stopped at the step {step}. The way back:", self.what);
        for line in way_back {
            println!("  {line}");
        }
        self.failed = Some(step);
    }

    /// The last words; whether all steps were taken.
    pub async fn report(mut self) -> bool {
        let (None, Some(work)) = (self.failed, self.work.as_mut()) else { return false };
        let seconds = self.begun.elapsed().as_secs_f64();
        if self.is_dry {
            println!("\nNothing was changed. Every step can be taken as far as can be seen now ({seconds:.1} s).");
            return true;
        }
        if let Err(error) = work.conclude(self.what).await {
            println!("\nAll is done, but could not be recorded: {error:#}");
            return false;
        }
        let served =
            work.address.as_ref().map_or("nothing is served".to_owned(), |address| format!("served at {address}"));
        println!("\nThe {} {} is done in {seconds:.1} s; {served}.", self.what, work.record.id);
        if self.what == "deploy" {
            println!("To take it back: make undeploy");
        }
        true
    }
}

fn print_step(mark: &str, name: &str, said: &[String]) {
    println!("[{mark:^6}] {name}");
    for line in said.iter().flat_map(|said| said.lines()) {
        println!("         {line}");
    }
}

impl Work {
    fn new(what: &str, options: &Options) -> Result<Work> {
        let store = Store::at(&options.state_dir);
        let last = store.last_in_force()?;
        let (record, previous, target) = if what == "deploy" {
            (None, last, options.target)
        } else {
            let last = last.ok_or_else(|| {
                anyhow::anyhow!("no deploy is recorded in {}: there is nothing to take back", store.folder().display())
            })?;
            let previous = last.previous.as_deref().map(|id| store.read(id)).transpose()?;
            let target = options.target.or(Some(last.target()?));
            (Some(last), previous, target)
        };
        let settings = Settings::read(options, target)?;
        let record = record.unwrap_or_else(|| Record::new(&settings, previous.as_ref()));
        let version = if what == "deploy" { newest() } else { 0 };
        let expected_version = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Work {
            settings,
            store,
            record,
            previous,
            maintenance: false,
            maintenance_was_on: false,
            version,
            schema_changed: false,
            address: None,
            expected_version,
        })
    }

    /// Brings maintenance to an end after a failure, unless the schema is in a state that nobody expected.
    async fn settle(&mut self) -> Said {
        if !self.maintenance {
            return self.maintenance_was_on.then(|| "maintenance is off again".to_owned()).into_iter().collect();
        }
        let command = self.settings.psql(&flags::statement(false, "back to work"));
        if self.schema_changed {
            return vec![
                "maintenance is ON: the schema was changed and is not what this build expects. Reads go on, writes answer 503."
                    .to_owned(),
                format!("once you have looked at it, switch it off: {command}"),
            ];
        }
        match flags::set_maintenance(&self.settings, false, &format!("{} failed", self.record.id)).await {
            Ok(_) => {
                self.maintenance = false;
                vec!["maintenance is off again".to_owned()]
            }
            Err(error) => {
                vec![format!("maintenance is ON and could not be switched off ({error:#}): {command}")]
            }
        }
    }

    /// Records the end. What the migrations hold is noted last: the requests of the smoke test are counted in them.
    async fn conclude(&mut self, what: &str) -> Result<()> {
        if what == "deploy" {
            migrate::note_brought(self).await?;
            self.record.outcome = Outcome::Done;
        } else {
            self.record.outcome = Outcome::TakenBack;
            if let Some(previous) = &mut self.previous {
                previous.pid = self.record.pid;
                previous.address.clone_from(&self.record.address);
                self.store.write(previous)?;
            }
        }
        self.keep(what)
    }

    fn keep(&mut self, what: &str) -> Result<()> {
        // A failed undeploy leaves the deploy in force, to be taken back once more.
        if what == "undeploy" && matches!(self.record.outcome, Outcome::Failed { .. }) {
            self.record.outcome = Outcome::Done;
        }
        self.store.write(&self.record)
    }
}

/// The newest migration of this build.
pub fn newest() -> i32 {
    rolecall_database::MIGRATIONS.last().map_or(0, |migration| migration.version)
}
