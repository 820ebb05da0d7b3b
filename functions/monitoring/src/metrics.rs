//! `GET /functions/v1/metrics`: figures in Prometheus' text format 0.0.4.
#![cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "only the component answers; tests read"))]

use rolecall_shared::{
    auth::caller::Operator,
    function::{Function, Nothing, Verb},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, fmt::Write};

/// The content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The function. A scraper may come with the variable `metrics_token` in place of the operator's token.
pub struct Metrics;

impl Function for Metrics {
    const NAME: &'static str = "metrics";
    const FLAG: Option<&'static str> = None;
    const ENTRY: &'static str = "metrics";
    const VERB: Verb = Verb::Get;
    const TAKES_METRICS_TOKEN: bool = true;
    type Caller = Operator;
    type Input = Nothing;
}

/// What the statement answers.
#[derive(Deserialize)]
struct Figures {
    /// Operation, code, bucket, number.
    requests: Vec<(String, String, i32, u64)>,
    flags: BTreeMap<String, String>,
    /// Name, severity, whether it fires.
    alerts: Vec<(String, String, bool)>,
    pending_reports: PendingReports,
    conversations: BTreeMap<String, u64>,
    texts: Texts,
    unsent_alerts: u64,
    migration: i64,
}

#[derive(Deserialize)]
struct PendingReports {
    count: u64,
    oldest_age_seconds: Option<u64>,
}

#[derive(Deserialize)]
struct Texts {
    backlog: u64,
    oldest_age_seconds: Option<u64>,
    dead: u64,
    uncertain: u64,
}

/// The bounds of the histogram among those of the database's buckets, which are 0.1 ms times the square root of two to the
/// power of their number: 0.4 ms, 1.6 ms, 6.4 ms, 25.6 ms, 51.2 ms, 102.4 ms, 204.8 ms, 409.6 ms, 0.8 s, 1.6 s, 6.6 s, 26 s.
const BOUNDS: &[i32] = &[4, 8, 12, 16, 18, 20, 22, 24, 26, 28, 32, 36];

/// The figures as text; none where they cannot be read.
pub fn exposition(data: Map<String, Value>) -> Option<String> {
    let figures: Figures = serde_json::from_value(Value::Object(data)).ok()?;
    let mut text = Text(String::new());

    text.family("rolecall_build_info", "gauge", "The version that answers, and the newest migration of the database.");
    let version = env!("CARGO_PKG_VERSION");
    text.sample("rolecall_build_info", &[("version", version), ("migration", &figures.migration.to_string())], 1.0);

    let mut by_code: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut by_bucket: BTreeMap<&str, BTreeMap<i32, u64>> = BTreeMap::new();
    for (function, code, bucket, number) in &figures.requests {
        *by_code.entry((function, code)).or_default() += number;
        *by_bucket.entry(function).or_default().entry(*bucket).or_default() += number;
    }
    text.family("rolecall_requests_total", "counter", "Requests by operation and code; ok, a refusal or a failure.");
    for ((function, code), number) in by_code {
        text.sample("rolecall_requests_total", &[("function", function), ("code", code)], number as f64);
    }

    let name = "rolecall_request_duration_seconds";
    text.family(name, "histogram", "How long the database took, or until a request without an answer was given up.");
    for (function, buckets) in by_bucket {
        let mut sum = 0.0;
        for (&bucket, &number) in &buckets {
            sum += number as f64 * middle(bucket);
        }
        let up_to = |bound: i32| buckets.range(..=bound).map(|(_, number)| number).sum::<u64>() as f64;
        for &bound in BOUNDS {
            let le = format!("{}", round(end(bound)));
            text.sample(&format!("{name}_bucket"), &[("function", function), ("le", &le)], up_to(bound));
        }
        let all = up_to(i32::MAX);
        text.sample(&format!("{name}_bucket"), &[("function", function), ("le", "+Inf")], all);
        text.sample(&format!("{name}_sum"), &[("function", function)], round(sum));
        text.sample(&format!("{name}_count"), &[("function", function)], all);
    }

    text.family(
        "rolecall_rollout_ratio",
        "gauge",
        "The share of users that a flag's row includes; internal users count as none.",
    );
    for (flag, rollout) in &figures.flags {
        text.sample("rolecall_rollout_ratio", &[("flag", flag)], share(rollout));
    }
    text.family("rolecall_alert_firing", "gauge", "Whether an alert fires.");
    for (alert, severity, fires) in &figures.alerts {
        let labels = [("alert", alert.as_str()), ("severity", severity.as_str())];
        text.sample("rolecall_alert_firing", &labels, f64::from(u8::from(*fires)));
    }
    text.family(
        "rolecall_unsent_alert_events",
        "gauge",
        "Beginnings and ends of alerts that wait for alert_url to take them.",
    );
    text.sample("rolecall_unsent_alert_events", &[], figures.unsent_alerts as f64);
    text.family("rolecall_pending_reports", "gauge", "Reports that wait for a moderator.");
    text.sample("rolecall_pending_reports", &[], figures.pending_reports.count as f64);
    text.family("rolecall_oldest_pending_report_age_seconds", "gauge", "How long the oldest of them has been waiting.");
    let age = figures.pending_reports.oldest_age_seconds.unwrap_or(0);
    text.sample("rolecall_oldest_pending_report_age_seconds", &[], age as f64);
    let texts = &figures.texts;
    text.family("rolecall_texts", "gauge", "Texts by how they stand: waiting for the carrier, dead, uncertain.");
    for (state, number) in [("waiting", texts.backlog), ("dead", texts.dead), ("uncertain", texts.uncertain)] {
        text.sample("rolecall_texts", &[("state", state)], number as f64);
    }
    text.family("rolecall_oldest_waiting_text_age_seconds", "gauge", "How long the oldest of those has been waiting.");
    text.sample("rolecall_oldest_waiting_text_age_seconds", &[], texts.oldest_age_seconds.unwrap_or(0) as f64);
    text.family("rolecall_active_help_conversations", "gauge", "Help conversations that are active, by version.");
    for (version, number) in &figures.conversations {
        text.sample("rolecall_active_help_conversations", &[("version", version)], *number as f64);
    }
    Some(text.0)
}

/// Text of the format.
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (position, (label, value)) in labels.iter().enumerate() {
            let opens = if position == 0 { '{' } else { ',' };
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{opens}{label}=\"{value}\"");
        }
        let closes = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{closes} {value}");
    }
}

/// The end of a bucket, in seconds.
fn end(bucket: i32) -> f64 {
    1e-4 * 2f64.powf(f64::from(bucket) / 2.0)
}

/// The middle of a bucket, in seconds.
fn middle(bucket: i32) -> f64 {
    let begin = if bucket > 0 { end(bucket - 1) } else { 0.0 };
    (begin + end(bucket)) / 2.0
}

fn round(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

/// The share of users that a rollout includes.
fn share(rollout: &str) -> f64 {
    match rollout.strip_prefix("percentage:") {
        Some(number) => number.parse::<f64>().unwrap_or(0.0) / 100.0,
        None => f64::from(u8::from(rollout == "enabled")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn figures_are_families_of_samples() {
        let Value::Object(data) = json!({
            "requests": [["send-dm", "ok", 3, 10], ["send-dm", "ok", 20, 5], ["send-dm", "timeout", 32, 1], ["f\"\\\n", "ok", 40, 2]],
            "flags": {"send-dm": "percentage:25", "moderation": "enabled", "x": "internal", "y": "disabled"},
            "alerts": [["connection_errors", "critical", true], ["latency_high", "warning", false]],
            "pending_reports": {"count": 3, "oldest_age_seconds": null},
            "conversations": {"v1": 16, "v2": 4},
            "texts": {"backlog": 7, "oldest_age_seconds": 4, "dead": 2, "uncertain": 1},
            "unsent_alerts": 1,
            "migration": 2,
        }) else {
            panic!("an object")
        };
        let text = exposition(data).unwrap();
        for line in [
            "# TYPE rolecall_requests_total counter",
            "rolecall_requests_total{function=\"send-dm\",code=\"ok\"} 15",
            "rolecall_requests_total{function=\"send-dm\",code=\"timeout\"} 1",
            "rolecall_requests_total{function=\"f\\\"\\\\\\n\",code=\"ok\"} 2",
            "# TYPE rolecall_request_duration_seconds histogram",
            "rolecall_request_duration_seconds_bucket{function=\"send-dm\",le=\"0.0004\"} 10",
            "rolecall_request_duration_seconds_bucket{function=\"send-dm\",le=\"0.0512\"} 10",
            "rolecall_request_duration_seconds_bucket{function=\"send-dm\",le=\"0.1024\"} 15",
            "rolecall_request_duration_seconds_bucket{function=\"send-dm\",le=\"6.5536\"} 16",
            "rolecall_request_duration_seconds_bucket{function=\"send-dm\",le=\"+Inf\"} 16",
            "rolecall_request_duration_seconds_count{function=\"send-dm\"} 16",
            "rolecall_rollout_ratio{flag=\"send-dm\"} 0.25",
            "rolecall_rollout_ratio{flag=\"moderation\"} 1",
            "rolecall_rollout_ratio{flag=\"x\"} 0",
            "rolecall_alert_firing{alert=\"connection_errors\",severity=\"critical\"} 1",
            "rolecall_alert_firing{alert=\"latency_high\",severity=\"warning\"} 0",
            "rolecall_unsent_alert_events 1",
            "rolecall_pending_reports 3",
            "rolecall_texts{state=\"waiting\"} 7",
            "rolecall_texts{state=\"uncertain\"} 1",
            "rolecall_oldest_waiting_text_age_seconds 4",
            "rolecall_active_help_conversations{version=\"v1\"} 16",
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        assert!(text.ends_with('\n'));
        assert_eq!(exposition(Map::new()), None);
    }
}
