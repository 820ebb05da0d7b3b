//! Figures for Prometheus: its text format, what Prometheus makes of it, and counters that never fall.

use super::support::{cause, free_port, json_of, program};
use rolecall_e2e::{Role, Setup, Stand, token, until};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

async fn exposition(stand: &Stand) -> String {
    let answer = stand.get("metrics").token(&token::operator()).expect(200).await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.body.as_str().unwrap().to_owned()
}

/// The samples of what only ever grows.
fn counters(text: &str) -> BTreeMap<String, f64> {
    let grows = |name: &str| {
        ["rolecall_requests_total", "rolecall_request_duration_seconds_"].iter().any(|prefix| name.starts_with(prefix))
    };
    let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
    samples.filter(|(name, _)| grows(name)).map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// Asserts that nothing has fallen, and nothing has gone.
fn has_not_fallen(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) {
    for (name, value) in before {
        let now = after.get(name).unwrap_or_else(|| panic!("{name} has gone"));
        // A sum of seconds is rounded.
        assert!(*now >= value - 1e-6, "{name} has fallen from {value} to {now}");
    }
}

#[tokio::test]
async fn promtool_finds_no_fault_and_the_figures_are_those_of_the_requests() {
    let stand = Stand::own(Setup::new()).await;
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    for _ in 0..3 {
        stand.send_dm(&from, &to, "Hello").expect(201).await;
    }
    let message = stand.send_dm(&from, &to, "Hello").expect(201).await.id("message_id");
    stand.send_dm(&from, &from, "Hello").expect(403).await;
    stand.report(&to, message, "Rude").expect(201).await;
    cause(&stand.db).await;
    let text = exposition(&stand).await;
    for line in [
        "rolecall_requests_total{function=\"send-dm\",code=\"ok\"} 4",
        "rolecall_requests_total{function=\"send-dm\",code=\"permission_denied\"} 1",
        "rolecall_request_duration_seconds_count{function=\"send-dm\"} 5",
        "rolecall_rollout_ratio{flag=\"send-dm\"} 1",
        "rolecall_alert_firing{alert=\"connection_errors\",severity=\"critical\"} 1",
        "rolecall_alert_firing{alert=\"rollout_rolled_back\",severity=\"critical\"} 0",
        "rolecall_pending_reports 1",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    stand.db.run("update rolecall.feature_flags set rollout = 'percentage:25' where name = 'send-dm'", &[]).await;
    assert!(exposition(&stand).await.contains("rolecall_rollout_ratio{flag=\"send-dm\"} 0.25\n"));

    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed: run `make need-prometheus`");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let checked = promtool.wait_with_output().unwrap();
    let said = [checked.stdout, checked.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(checked.status.success() && said.trim().is_empty(), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_scrapes_it() {
    let stand = Stand::own(Setup::new().variable("metrics_token", "a token for the scraper")).await;
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.send_dm(&from, &to, "Hello").expect(201).await;
    let port = free_port().await;
    let address = stand.runner().address().trim_start_matches("http://").to_owned();
    let configuration = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: rolecall
    metrics_path: /functions/v1/metrics
    authorization: {{credentials: a token for the scraper}}
    static_configs: [{{targets: ['{address}']}}]
"
    );
    let arguments = [
        "--config.file=configuration.yml".to_owned(),
        "--storage.tsdb.path=data".to_owned(),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    let _prometheus = program("prometheus", &configuration, &arguments);
    let value = async |query: &str| {
        let answer = json_of(port, &format!("/api/v1/query?query={query}")).await;
        answer["data"]["result"][0]["value"][1].as_str().map(str::to_owned)
    };
    until("Prometheus has scraped", async || (value("up").await.as_deref() == Some("1")).then_some(())).await;
    let sent =
        until("it knows the requests", async || value("rolecall_requests_total%7Bfunction%3D%22send-dm%22%7D").await)
            .await;
    assert_eq!(sent, "1");
    let quantile = "histogram_quantile(0.5,rolecall_request_duration_seconds_bucket%7Bfunction%3D%22send-dm%22%7D)";
    assert!(value(quantile).await.unwrap().parse::<f64>().unwrap() < 10.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_never_fall_through_merging_pruning_and_restart_while_requests_are_counted() {
    let mut stand = Stand::own(Setup::new().without_rate_limits()).await;
    // What was counted nine days ago and three hours ago, before anybody merged it.
    let old = "insert into rolecall.request_metrics (day_slot, slot, function, code, org_id, bucket, stripe, requests)
        select rolecall_internal.day_slot(slot, 12), slot, 'old', 'ok', '00000000-0000-0000-0000-000000000000', 5, stripe, 1
        from (values (interval '9 days'), (interval '3 hours')) as past (age)
        cross join lateral (
          select date_bin('1 minute', now() - age, '2000-01-01 00:00:00+00') - number * interval '1 minute' as slot
          from generate_series(0, 59) as number
        ) as minute
        cross join generate_series(0, 31) as stripe";
    stand.db.run(old, &[]).await;
    let mut before = counters(&exposition(&stand).await);
    assert_eq!(before["rolecall_requests_total{function=\"old\",code=\"ok\"}"], 3840.0);

    let is_over = Arc::new(AtomicBool::new(false));
    let [from, to] = stand.users([Role::Admin, Role::Attendee]).await;
    let writer = {
        let (client, is_over) = (stand.client(), Arc::clone(&is_over));
        let body = json!({"recipient_id": to.id, "content": "Hello"});
        tokio::spawn(async move {
            let mut sent = 0_u32;
            while !is_over.load(Ordering::SeqCst) {
                client.call(http::Method::POST, "send-dm").json(&body).by(&from).expect(201).await;
                sent += 1;
            }
            sent
        })
    };
    let merged = "rolecall.request_metrics where function = 'old' and minutes = 1";
    until("everything is merged", async || {
        stand.post("alerts", &json!({})).token(&token::operator()).expect(200).await;
        let after = counters(&exposition(&stand).await);
        has_not_fallen(&before, &after);
        before = after;
        (stand.db.count(merged, &[]).await == 0).then_some(())
    })
    .await;
    until("the night is over", async || {
        let night = stand.reset().expect(200).await;
        let after = counters(&exposition(&stand).await);
        has_not_fallen(&before, &after);
        before = after;
        (night["more"] == false).then_some(())
    })
    .await;
    let past = "rolecall.request_metrics where slot < now() - interval '8 days'";
    assert_eq!(stand.db.count(past, &[]).await, 0, "old days are gone");
    is_over.store(true, Ordering::SeqCst);
    let sent = writer.await.unwrap();
    let after = counters(&exposition(&stand).await);
    has_not_fallen(&before, &after);
    assert_eq!(after["rolecall_requests_total{function=\"old\",code=\"ok\"}"], 3840.0);
    assert_eq!(after["rolecall_requests_total{function=\"send-dm\",code=\"ok\"}"], f64::from(sent));

    stand.runner().terminate();
    stand.runner().wait();
    stand.start_runner_again().await;
    has_not_fallen(&after, &counters(&exposition(&stand).await));
}
