//! The flags as a deploy meets them: `maintenance`, which it switches, and the others, which it only lowers.

use crate::database::live;
use crate::settings::Settings;
use anyhow::Result;
use std::collections::BTreeMap;
use tokio_postgres::Client;

/// The flag that has the POSTs of users answered with 503.
pub const MAINTENANCE: &str = "maintenance";

/// Who changes flags here, as the list of changes names it.
pub const ACTOR: &str = "rolecall-deploy";

/// The statement by which a person switches maintenance.
pub fn statement(on: bool, reason: &str) -> String {
    format!(
        "select set_config('rolecall.reason', '{reason}', true); \
         update rolecall.feature_flags set rollout = '{}' where name = '{MAINTENANCE}'",
        rollout(on)
    )
}

fn rollout(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

/// Every flag with its rollout; none where Rolecall is not installed.
///
/// # Errors
/// The database refuses.
pub async fn all(client: &Client) -> Result<BTreeMap<String, String>> {
    let exists: bool = client.query_one("select to_regclass('rolecall.feature_flags') is not null", &[]).await?.get(0);
    if !exists {
        return Ok(BTreeMap::new());
    }
    let rows = client.query("select name, rollout from rolecall.feature_flags", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Sets a flag, with the reason in the list of changes; false where there is no such flag.
///
/// # Errors
/// The database refuses.
pub async fn set(client: &mut Client, name: &str, rollout: &str, reason: &str) -> Result<bool> {
    let transaction = client.transaction().await?;
    transaction
        .execute(
            "select set_config('rolecall.reason', $1, true), set_config('rolecall.actor', $2, true)",
            &[&reason, &ACTOR],
        )
        .await?;
    let changed = transaction
        .execute("update rolecall.feature_flags set rollout = $2 where name = $1 and rollout <> $2", &[&name, &rollout])
        .await?;
    transaction.commit().await?;
    Ok(changed > 0)
}

/// Switches maintenance; false where the database has no such flag.
///
/// # Errors
/// The database cannot be reached, or refuses.
pub async fn set_maintenance(settings: &Settings, on: bool, reason: &str) -> Result<bool> {
    let mut client = live(settings).await?;
    if !all(&client).await?.contains_key(MAINTENANCE) {
        return Ok(false);
    }
    set(&mut client, MAINTENANCE, rollout(on), reason).await?;
    Ok(true)
}

/// Whether a flag is on for some and off for others.
pub fn is_partial(rollout: &str) -> bool {
    rollout == "internal" || rollout.starts_with("percentage:")
}

/// How far a rollout reaches, to compare two.
pub fn reach(rollout: &str) -> u32 {
    match rollout {
        "disabled" => 0,
        "internal" => 1,
        "enabled" => 103,
        _ => {
            rollout.strip_prefix("percentage:").and_then(|share| share.parse().ok()).map_or(103, |share: u32| 2 + share)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_reaches_further_from_nobody_to_everybody() {
        let order = ["disabled", "internal", "percentage:0", "percentage:10", "percentage:100", "enabled"];
        assert!(order.windows(2).all(|pair| reach(pair[0]) < reach(pair[1])));
        assert!(is_partial("internal") && is_partial("percentage:50"));
        assert!(!is_partial("enabled") && !is_partial("disabled"));
    }
}
