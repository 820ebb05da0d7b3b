//! The plans of statements, also of those inside functions, as PostgreSQL ran them.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::Database;

/// A connection of the superuser on which every statement, also inside a function, says how it was run.
pub async fn explained(database: &Database) -> (Client, Arc<Mutex<Vec<Value>>>) {
    let (client, mut connection) = tokio_postgres::connect(&database.admin_url, NoTls).await.expect("the server runs");
    let plans = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&plans);
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|context| connection.poll_message(context)).await {
            let AsyncMessage::Notice(notice) = message else { continue };
            // duration: 0.123 ms  plan: {"Query Text": ..., "Plan": {...}}
            if let Some((_, plan)) = notice.message().split_once("plan:\n") {
                collected.lock().expect("nobody panics with it").push(serde_json::from_str(plan).expect("JSON"));
            }
        }
    });
    client
        .batch_execute(
            "load 'auto_explain';
             set auto_explain.log_min_duration = 0;
             set auto_explain.log_nested_statements = on;
             set auto_explain.log_analyze = on;
             set auto_explain.log_timing = off;
             set auto_explain.log_format = json;
             set auto_explain.log_level = notice;
             set client_min_messages = notice;",
        )
        .await
        .expect("a superuser may");
    (client, plans)
}

/// How many rows of the tables named `prefix...` a plan read: those that it returned and those that it threw away.
pub fn rows_read(plan: &Value, prefix: &str) -> u64 {
    let number = |name: &str| plan[name].as_u64().unwrap_or(0);
    let read = match plan["Relation Name"].as_str() {
        Some(relation) if relation.starts_with(prefix) => {
            number("Actual Loops")
                * (number("Actual Rows") + number("Rows Removed by Filter") + number("Rows Removed by Index Recheck"))
        }
        _ => 0,
    };
    let inner = plan["Plans"].as_array().map(Vec::as_slice).unwrap_or_default();
    read + inner.iter().map(|plan| rows_read(plan, prefix)).sum::<u64>()
}
