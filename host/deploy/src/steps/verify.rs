//! The live catalogue beside that of a database which the migrations alone have made: tables, columns, constraints, indexes,
//! row security, policies, triggers, views, functions, types and privileges.

use crate::catalogue::Catalogue;
use crate::database::live;
use crate::plan::{Said, Step, Work};
use anyhow::{Result, bail};

/// Differences that are shown.
const SHOWN: usize = 20;

/// The step.
pub struct Verify;

impl Step for Verify {
    const NAME: &'static str = "verify";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        let objects = Catalogue::of(&live(&work.settings).await?).await?.len();
        Ok(vec![format!("{objects} objects are there now, to be compared with what the migrations make")])
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        let client = live(&work.settings).await?;
        let expected = Catalogue::expected(&work.settings, work.version, &client).await?;
        let differences = Catalogue::of(&client).await?.differences(&expected);
        if differences.is_empty() {
            return Ok(vec![format!("{} objects are as the migrations make them", expected.len())]);
        }
        let more = differences.len().saturating_sub(SHOWN);
        let mut shown = differences;
        shown.truncate(SHOWN);
        if more > 0 {
            shown.push(format!("and {more} more"));
        }
        bail!("the database is not what the migrations make:\n{}", shown.join("\n"))
    }

    fn way_back(&self, work: &Work) -> Said {
        let before = work.record.migration_before;
        let mut said = vec!["the server before goes on; nothing was published".to_owned()];
        if work.record.migrations.is_empty() {
            said.push(
                "the schema was not changed by this deploy: somebody changed it before. Put it right, and deploy again"
                    .to_owned(),
            );
        } else {
            said.push(format!(
                "put the schema right and deploy again, or take the migrations back: make rollback TO={before}"
            ));
        }
        if let Some(backup) = &work.record.backup {
            said.push(format!(
                "the database as it was: pg_restore --no-owner --dbname=<an empty database> {}",
                backup.display()
            ));
        }
        said
    }
}
