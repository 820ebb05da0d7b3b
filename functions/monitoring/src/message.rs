//! What receivers are sent: Alertmanager (API v2), Slack (incoming webhook), PagerDuty (Events API v2).
//!
//! None of it holds anything of anybody: names of alerts, shares and times.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only the component sends; tests read"))]

use rolecall_shared::settings::{AlertFormat, Receiver};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An alert that fires.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Alert {
    /// Its name, of `rolecall.alert_rules`.
    pub name: String,
    /// `critical` or `warning`.
    pub severity: String,
    /// The figure that is beyond the threshold.
    pub value: Value,
    /// The bound.
    pub threshold: Value,
    /// When it was first seen.
    pub since: String,
    /// A sentence.
    pub summary: String,
}

/// The beginning or the end of an alert.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// Its number; they are sent in the order of their numbers.
    pub id: i64,
    /// `began` or `ended`.
    pub event: String,
    /// When it was seen.
    pub at: String,
    /// The alert's name.
    pub name: String,
    severity: String,
    value: Value,
    threshold: Value,
    since: String,
    summary: String,
}

/// A request to the receiver.
#[derive(Debug, PartialEq)]
pub struct Message {
    /// Where it goes.
    pub url: String,
    /// Whether the receiver's key is its bearer token.
    pub is_authorized: bool,
    /// What it says.
    pub body: Value,
}

impl Event {
    fn has_ended(&self) -> bool {
        self.event == "ended"
    }

    fn alert(&self) -> Alert {
        Alert {
            name: self.name.clone(),
            severity: self.severity.clone(),
            value: self.value.clone(),
            threshold: self.threshold.clone(),
            since: self.since.clone(),
            summary: self.summary.clone(),
        }
    }
}

/// The message about an event.
pub fn of_event(receiver: &Receiver, event: &Event) -> Message {
    let body = match receiver.format {
        AlertFormat::Alertmanager => {
            let mut alert = alertmanager(&event.alert());
            if event.has_ended() {
                alert["endsAt"] = event.at.as_str().into();
            }
            json!([alert])
        }
        AlertFormat::Slack => slack(event),
        AlertFormat::PagerDuty => pagerduty(receiver, event),
    };
    message(receiver, body)
}

/// The message that repeats to Alertmanager what fires.
pub fn of_firing(receiver: &Receiver, firing: &[Alert]) -> Message {
    message(receiver, firing.iter().map(alertmanager).collect())
}

fn message(receiver: &Receiver, body: Value) -> Message {
    let url = receiver.url.trim_end_matches('/');
    let path = "/api/v2/alerts";
    let url = match receiver.format {
        AlertFormat::Alertmanager if !url.ends_with(path) => format!("{url}{path}"),
        AlertFormat::Alertmanager => url.to_owned(),
        AlertFormat::Slack | AlertFormat::PagerDuty => receiver.url.clone(),
    };
    Message { url, is_authorized: receiver.format == AlertFormat::Alertmanager, body }
}

/// A `postableAlert`. The labels are its identity, so the figures are annotations. Without `endsAt` it is resolved after
/// Alertmanager's `resolve_timeout`, unless it is sent again.
fn alertmanager(alert: &Alert) -> Value {
    let mut posted = json!({
        "labels": {"alertname": alert.name, "severity": alert.severity, "service": "rolecall"},
        "annotations": {"summary": alert.summary, "threshold": alert.threshold.to_string()},
        "startsAt": alert.since,
    });
    // What has ended has none.
    if !alert.value.is_null() {
        posted["annotations"]["value"] = alert.value.to_string().into();
    }
    posted
}

fn slack(event: &Event) -> Value {
    let text = if event.has_ended() {
        format!(":white_check_mark: *{}* is over (since {}).", event.name, event.since)
    } else {
        let mark = if event.severity == "critical" { ":rotating_light:" } else { ":warning:" };
        format!(
            "{mark} *{}* ({}): {} Value {}, threshold {}.",
            event.name, event.severity, event.summary, event.value, event.threshold
        )
    };
    json!({"text": text})
}

/// One `dedup_key` for each alert: what began and what ended are one incident.
fn pagerduty(receiver: &Receiver, event: &Event) -> Value {
    let mut body = json!({
        "routing_key": receiver.key.as_deref().unwrap_or_default(),
        "event_action": if event.has_ended() { "resolve" } else { "trigger" },
        "dedup_key": format!("rolecall/{}", event.name),
    });
    if !event.has_ended() {
        body["payload"] = json!({
            "summary": format!("{}: {}", event.name, event.summary),
            "source": "rolecall",
            "severity": event.severity,
            "timestamp": event.since,
            "class": event.name,
            "custom_details": {"value": event.value, "threshold": event.threshold},
        });
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver(format: AlertFormat, url: &str) -> Receiver {
        Receiver { url: url.into(), format, key: Some("the key".into()) }
    }

    fn event(event: &str) -> Event {
        serde_json::from_value(json!({
            "id": 7, "name": "connection_errors", "event": event, "severity": "critical", "value": 12, "threshold": 10,
            "since": "2026-11-25T10:00:00.000000Z", "at": "2026-11-25T10:05:00.000000Z", "summary": "Too many.",
        }))
        .unwrap()
    }

    #[test]
    fn alertmanager_gets_labels_that_do_not_change_and_the_end() {
        let receiver = receiver(AlertFormat::Alertmanager, "http://alerts.example:9093/");
        let began = of_event(&receiver, &event("began"));
        assert_eq!(began.url, "http://alerts.example:9093/api/v2/alerts");
        assert!(began.is_authorized);
        assert_eq!(
            began.body,
            json!([{
                "labels": {"alertname": "connection_errors", "severity": "critical", "service": "rolecall"},
                "annotations": {"summary": "Too many.", "value": "12", "threshold": "10"},
                "startsAt": "2026-11-25T10:00:00.000000Z",
            }])
        );
        let ended = of_event(&receiver, &event("ended"));
        assert_eq!(ended.body[0]["labels"], began.body[0]["labels"]);
        assert_eq!(ended.body[0]["endsAt"], "2026-11-25T10:05:00.000000Z");
        let again = of_firing(&receiver, &[event("began").alert()]);
        assert_eq!(again.body, began.body);
        let whole = Receiver { url: "http://alerts.example/prefix/api/v2/alerts".into(), ..receiver };
        assert_eq!(of_event(&whole, &event("began")).url, "http://alerts.example/prefix/api/v2/alerts");
    }

    #[test]
    fn pagerduty_gets_one_incident_for_each_alert() {
        let receiver = receiver(AlertFormat::PagerDuty, "https://events.pagerduty.com/v2/enqueue");
        let began = of_event(&receiver, &event("began"));
        assert_eq!((began.url.as_str(), began.is_authorized), ("https://events.pagerduty.com/v2/enqueue", false));
        assert_eq!(began.body["event_action"], "trigger");
        assert_eq!(began.body["routing_key"], "the key");
        assert_eq!(began.body["payload"]["severity"], "critical");
        assert_eq!(began.body["payload"]["timestamp"], "2026-11-25T10:00:00.000000Z");
        let ended = of_event(&receiver, &event("ended"));
        let resolve = json!({
            "routing_key": "the key", "event_action": "resolve", "dedup_key": "rolecall/connection_errors",
        });
        assert_eq!(ended.body, resolve);
        assert_eq!(began.body["dedup_key"], ended.body["dedup_key"]);
    }

    #[test]
    fn slack_gets_a_sentence() {
        let receiver = receiver(AlertFormat::Slack, "https://hooks.slack.com/services/x");
        let began = of_event(&receiver, &event("began"));
        assert_eq!(began.url, "https://hooks.slack.com/services/x");
        let text = ":rotating_light: *connection_errors* (critical): Too many. Value 12, threshold 10.";
        assert_eq!(began.body, json!({"text": text}));
        let ended = of_event(&receiver, &event("ended")).body;
        assert!(ended["text"].as_str().unwrap().contains("*connection_errors* is over"), "{ended}");
    }
}
