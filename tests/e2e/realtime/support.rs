//! What a relay would publish, taken from the database by a test.

use rolecall_e2e::{Db, Stand};
use serde_json::{Value, json};
use uuid::Uuid;

/// A relay that leads: it takes what happens, and publishes nothing.
pub struct Relay(Db);

impl Relay {
    /// Leads from here on. The stand must be the test's own, without a relay in the runner.
    pub async fn leads(stand: &Stand) -> Relay {
        let relay = Relay(stand.connect().await);
        let led = relay.call("lead", &json!({"relay": Uuid::new_v4(), "version": "e2e"})).await;
        assert_eq!(led, json!({"leads": true}));
        relay
    }

    /// Calls an entry point of the relay; its data.
    pub async fn call(&self, function: &str, request: &Value) -> Value {
        let mut answer: Value = self.0.one(&format!("select rolecall_relay.{function}($1)"), &[request]).await;
        assert_eq!(answer["ok"], true, "{answer}");
        answer["data"].take()
    }

    /// Says who is online, and nobody else.
    pub async fn online(&self, users: &[Uuid]) {
        self.call("presence", &json!({"online": users, "whole": true})).await;
    }

    /// The events of a type since the last call, each with whom it is told.
    pub async fn events(&self, kind: &str) -> Vec<(Vec<Uuid>, Value)> {
        let mut events = Vec::new();
        loop {
            let taken = self.call("take", &json!({"limit": 500, "after": null})).await;
            let rows = taken["rows"].as_array().expect("rows are an array");
            if rows.is_empty() {
                return events;
            }
            for event in rows.iter().flat_map(|row| row["events"].as_array().expect("events are an array")) {
                if event["event"]["type"] == kind {
                    let to = serde_json::from_value(event["to"].clone()).expect("ids");
                    events.push((to, event["event"].clone()));
                }
            }
            let ids: Vec<&Value> = rows.iter().map(|row| &row["id"]).collect();
            self.call("settle", &json!({"ids": ids})).await;
        }
    }
}
