//! Maintenance: while the schema changes, the POSTs of users answer 503 `maintenance` with `Retry-After`, and reads go on.

use crate::database::live;
use crate::flags::{self, MAINTENANCE};
use crate::plan::{Said, Step, Work};
use crate::record::Outcome;
use anyhow::Result;

/// The step that switches it on.
pub struct Maintenance;

impl Step for Maintenance {
    const NAME: &'static str = "maintenance on";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let all = flags::all(&live(&work.settings).await?).await?;
        if all.contains_key(MAINTENANCE) {
            return Ok(Vec::new());
        }
        // Each migration is one transaction, and the functions of the release before go on working with it.
        Ok(vec!["the database has no flag `maintenance` yet: writes go on".to_owned()])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        // Whoever comes after a deploy that is killed from here on finds that it has begun.
        if work.record.outcome == Outcome::Begun {
            work.store.write(&work.record)?;
        }
        // Set before: if the answer is lost, the flag may be on.
        work.maintenance = true;
        let reason = format!("deploy {}", work.record.id);
        work.maintenance = flags::set_maintenance(&work.settings, true, &reason).await?;
        work.maintenance_was_on = work.maintenance;
        Ok(if work.maintenance { vec!["writes answer 503, reads go on".to_owned()] } else { Vec::new() })
    }

    fn way_back(&self, _: &Work) -> Said {
        vec!["the schema was not changed, and the server before goes on".to_owned()]
    }
}

/// The step that switches it off.
pub struct Lift;

impl Step for Lift {
    const NAME: &'static str = "maintenance off";

    async fn look(&self, _: &mut Work) -> Result<Said> {
        Ok(Vec::new())
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        // A deploy before may have left it on, or a migration may have brought the flag.
        flags::set_maintenance(&work.settings, false, &format!("deploy {}", work.record.id)).await?;
        work.maintenance = false;
        work.schema_changed = false;
        Ok(Vec::new())
    }

    fn way_back(&self, work: &Work) -> Said {
        vec![format!("switch it off: {}", work.settings.psql(&flags::statement(false, "back to work")))]
    }
}
