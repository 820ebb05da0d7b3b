//! The schedule in the manifest's `tool` table, which Spin passes over.

use crate::broadcasts::reset_broadcast_quotas::spent_yesterday;
use rolecall_e2e::{Setup, Stand, until};
use serde_json::json;

/// The manifest says 02:00 UTC; here it is every second.
#[tokio::test]
async fn the_schedule_of_the_manifest_makes_the_nightly_run_by_itself() {
    let stand = Stand::own(Setup::new().cron("* * * * * *")).await;
    let (organizer, _, past) = spent_yesterday(&stand).await;
    stand.db.run("update rolecall.shows set ends_at = now() where id = $1", &[&past]).await;
    stand.db.run("delete from rolecall.quota_runs", &[]).await;
    until("the schedule has deleted the quota of the show that is over", async || {
        stand.quota(&organizer, past).await.is_none().then_some(())
    })
    .await;
    let line = stand.runner().line("the schedule's line", |line| line["event"] == "scheduled_request");
    assert_eq!((&line["level"], &line["status"]), (&json!("info"), &json!(200)));
    let done = "rolecall.quota_runs where finished_at is not null";
    until("the run is done", async || (stand.db.count(done, &[]).await == 1).then_some(())).await;
    assert_eq!(stand.reset().expect(200).await["already_done"], true);
}
