//! Publishing: the new functions take the place of those before.

pub mod local;
pub mod spin;
pub mod spinkube;

use crate::cli::Target;
use crate::plan::{Said, Step, Work};
use anyhow::Result;

/// The step.
pub struct Publish;

impl Step for Publish {
    const NAME: &'static str = "publish";

    async fn look(&self, work: &mut Work) -> Result<Said> {
        match work.settings.target {
            Target::Local => local::look(work),
            Target::Spin => spin::look(work),
            Target::Spinkube => spinkube::look(work),
        }
    }

    async fn act(&self, work: &mut Work) -> Result<Said> {
        match work.settings.target {
            Target::Local => local::publish(work).await,
            Target::Spin => spin::publish(work).await,
            Target::Spinkube => spinkube::publish(work).await,
        }
    }

    fn way_back(&self, work: &Work) -> Said {
        let mut said = match work.settings.target {
            Target::Local => vec![
                "a server that ran before still serves: it stops only when the new one is ready".to_owned(),
                "once the cause is mended: make deploy TARGET=local".to_owned(),
            ],
            Target::Spin => match &work.previous {
                Some(previous) => {
                    vec![format!("back to the deploy {}: {}", previous.id, spin::start_line(work, previous))]
                }
                None => vec!["no server runs; once the cause is mended: make deploy TARGET=spin".to_owned()],
            },
            Target::Spinkube => vec![
                "pods that ran before go on until new ones are ready".to_owned(),
                format!("back to them: {} rollout undo deployment/rolecall", work.settings.kubectl),
            ],
        };
        if !work.record.migrations.is_empty() {
            said.push("the functions of the release before go on working with the newer schema".to_owned());
        }
        said
    }
}
