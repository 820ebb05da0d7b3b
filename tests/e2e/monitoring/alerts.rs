//! What began and ended reaches the receiver: nothing is lost while it is away, and nothing comes twice while it is there.

use super::support::{calm, cause, failures, free_port, json_of, program, send_alerts};
use futures::future::join_all;
use rolecall_e2e::{Code, Role, Setup, Stand, token, until};
use rolecall_kit::Receiver;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A stand whose alerts go to this address.
async fn stand(url: &str, format: &str) -> Stand {
    let setup = Setup::new().variable("alert_url", url).variable("alert_format", format);
    Stand::own(setup.variable("alert_host", "127.0.0.1").variable("alert_key", "the key")).await
}

#[tokio::test]
async fn without_a_receiver_nothing_is_sent_and_only_what_still_fires_waits_for_one() {
    let stand = Stand::own(Setup::new()).await;
    let answer = send_alerts(&stand).await;
    answer.has_members(&["firing", "began", "ended", "delivery", "sent", "waiting"]);
    assert_eq!((&answer["delivery"], &answer["firing"], &answer["sent"]), (&json!("off"), &json!([]), &json!(0)));
    for _ in 0..2 {
        cause(&stand.db).await;
        let firing = send_alerts(&stand).await;
        assert_eq!(firing["firing"][0]["name"], "connection_errors");
        assert_eq!(firing["firing"][0]["severity"], "critical");
        assert_eq!((&firing["firing"][0]["value"], &firing["firing"][0]["threshold"]), (&json!(11.0), &json!(10)));
        assert_eq!(stand.db.count("rolecall.alert_events where sent_at is null", &[]).await, 1);
        let again = send_alerts(&stand).await;
        assert_eq!(again["firing"][0]["since"], firing["firing"][0]["since"], "since is kept");
        calm(&stand.db).await;
        send_alerts(&stand).await;
        assert_eq!(stand.db.count("rolecall.alert_events", &[]).await, 0);
    }
}

#[tokio::test]
async fn only_the_operator_sends_alerts_and_reads_figures() {
    let stand = Stand::own(Setup::new().variable("metrics_token", "a token for the scraper")).await;
    let user = stand.user(Role::Admin).await;
    cause(&stand.db).await;
    stand.post("alerts", &json!({})).expect(401).await.refused(Code::Unauthenticated);
    stand.post("alerts", &json!({})).by(&user).expect(403).await.refused_by(Code::PermissionDenied, "operators_only");
    stand
        .post("alerts", &json!({"url": "x"}))
        .token(&token::operator())
        .expect(400)
        .await
        .refused(Code::ValidationError);
    // It is the scraper's, for the figures alone.
    stand.post("alerts", &json!({})).token("a token for the scraper").expect(401).await.refused(Code::Unauthenticated);
    assert_eq!(stand.db.count("rolecall.alert_events", &[]).await, 0);
    stand.get("metrics").expect(401).await.refused(Code::Unauthenticated);
    stand.get("metrics").by(&user).expect(403).await.refused_by(Code::PermissionDenied, "operators_only");
    stand.get("metrics").token("a token for the scrapes").expect(401).await.refused(Code::Unauthenticated);
    stand.get("metrics").token("a token for the scraper").expect(200).await;
    stand.get("metrics").token(&token::operator()).expect(200).await;
    stand.post("metrics", &json!({})).token(&token::operator()).expect(405).await.refused(Code::MethodNotAllowed);
    stand.get("alerts").expect(200).await;
    // Without the variable no text is a token.
    let without = Stand::shared().await;
    without.get("metrics").token("a token for the scraper").expect(401).await.refused(Code::Unauthenticated);
    without.get("metrics").header("authorization", "Bearer ").expect(401).await.refused(Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_at_once_send_what_began_and_ended_once() {
    let receiver = Receiver::start().await;
    let stand = stand(&format!("http://{}/services/hook", receiver.address), "slack").await;
    send_alerts(&stand).await;
    assert_eq!(receiver.got().len(), 0);
    cause(&stand.db).await;
    let answers = join_all((0..12).map(|_| send_alerts(&stand))).await;
    let sent: i64 = answers.iter().map(|answer| answer["sent"].as_i64().unwrap()).sum();
    assert_eq!(sent, 1);
    assert!(answers.iter().all(|answer| answer["delivery"] == "ok" || answer["delivery"] == "busy"));
    send_alerts(&stand).await;
    calm(&stand.db).await;
    join_all((0..12).map(|_| send_alerts(&stand))).await;
    let got = receiver.got();
    let texts: Vec<&str> = got.iter().map(|got| got.body["text"].as_str().unwrap()).collect();
    let [began, ended] = texts[..] else { panic!("{texts:?}") };
    assert!(began.contains("*connection_errors* (critical)"), "{began}");
    assert!(ended.contains("*connection_errors* is over"), "{ended}");
    assert_eq!(got[0].path, "/services/hook");
    assert!(!got[0].head.contains("authorization"), "{}", got[0].head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_the_receiver_is_away_and_its_order_is_kept() {
    let receiver = Receiver::start().await;
    let stand = stand(&format!("http://{}/v2/enqueue", receiver.address), "pagerduty").await;
    receiver.answers(503);
    for _ in 0..2 {
        cause(&stand.db).await;
        let failed = send_alerts(&stand).await;
        assert_eq!((&failed["delivery"], &failed["sent"]), (&json!("failed"), &json!(0)));
        calm(&stand.db).await;
        send_alerts(&stand).await;
    }
    let waiting = send_alerts(&stand).await;
    assert_eq!(waiting["waiting"], 4);
    let line = stand.runner().line("why", |line| line["event"] == "alerts_not_sent");
    assert_eq!(line["cause"], "the receiver answered 503");
    receiver.answers(200);
    let back = send_alerts(&stand).await;
    assert_eq!((&back["delivery"], &back["sent"], &back["waiting"]), (&json!("ok"), &json!(4), &json!(0)));
    send_alerts(&stand).await;
    let got = receiver.got();
    let actions: Vec<&str> = got.iter().map(|got| got.body["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "resolve", "trigger", "resolve"]);
    for got in &got {
        assert_eq!(got.body["dedup_key"], "rolecall/connection_errors");
        assert_eq!(got.body["routing_key"], "the key");
        assert!(!got.head.contains("authorization"), "{}", got.head);
    }
    assert_eq!(got[0].body["payload"]["severity"], "critical");
}

#[tokio::test]
async fn who_dies_while_sending_holds_the_others_up_for_its_lease_alone() {
    let receiver = Receiver::start().await;
    let stand = stand(&format!("http://{}", receiver.address), "slack").await;
    cause(&stand.db).await;
    // A call that gets its lease and is never heard of again.
    let call = json!({"claims": {"role": "service_role"}, "rollouts": {}, "input": {"receiver": true}});
    let taken: Value = stand.db.one("select rolecall_edge.alerts($1)", &[&call]).await;
    assert_eq!(taken["data"]["events"].as_array().map(Vec::len), Some(1), "{taken}");
    let busy = send_alerts(&stand).await;
    assert_eq!((&busy["delivery"], &busy["sent"]), (&json!("busy"), &json!(0)));
    stand.db.run("update rolecall.alert_delivery set leased_until = now() - interval '1 second'", &[]).await;
    assert_eq!(send_alerts(&stand).await["sent"], 1);
    assert_eq!(receiver.got().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alertmanager_receives_groups_and_resolves() {
    let pager = Receiver::start().await;
    let port = free_port().await;
    let configuration = format!(
        "route: {{receiver: pager, group_by: [service], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: pager
    webhook_configs: [{{url: 'http://{}/page', send_resolved: true}}]
",
        pager.address
    );
    let arguments = [
        "--config.file=configuration.yml".to_owned(),
        "--storage.path=data".to_owned(),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--cluster.listen-address=".to_owned(),
    ];
    let _alertmanager = program("prometheus-alertmanager", &configuration, &arguments);
    json_of(port, "/api/v2/status").await;
    let stand = stand(&format!("http://127.0.0.1:{port}"), "alertmanager").await;

    cause(&stand.db).await;
    failures(&stand.db, "timeout", 1, 32).await;
    let sent = send_alerts(&stand).await;
    assert_eq!((&sent["delivery"], &sent["sent"]), (&json!("ok"), &json!(2)));
    let alerts = json_of(port, "/api/v2/alerts").await;
    let mut names: Vec<&str> =
        alerts.as_array().unwrap().iter().map(|alert| alert["labels"]["alertname"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["connection_errors", "statement_too_slow"]);
    let firing = until("a page has both alerts of the group", async || {
        let has_both = |page: &Value| page["alerts"].as_array().map(Vec::len) == Some(2);
        pager.got().into_iter().map(|got| got.body).find(has_both)
    })
    .await;
    assert_eq!((&firing["status"], &firing["groupLabels"]), (&json!("firing"), &json!({"service": "rolecall"})));

    // What is sent again is not resolved by Alertmanager itself, when its time would be over.
    let ends = |alerts: &Value| alerts[0]["endsAt"].as_str().map(str::to_owned);
    let first = ends(&alerts);
    until("what is sent again ends later", async || {
        send_alerts(&stand).await;
        let now = ends(&json_of(port, "/api/v2/alerts").await);
        (now > first).then_some(())
    })
    .await;
    assert!(pager.got().iter().all(|got| got.body["status"] == "firing"));

    calm(&stand.db).await;
    let over = send_alerts(&stand).await;
    assert_eq!((&over["firing"], &over["sent"]), (&json!([]), &json!(2)));
    until("a page says that all are resolved", async || {
        pager.got().iter().any(|got| got.body["status"] == "resolved").then_some(())
    })
    .await;
    let resolved: BTreeSet<String> = pager
        .got()
        .iter()
        .flat_map(|got| got.body["alerts"].as_array().cloned().unwrap_or_default())
        .filter(|alert| alert["status"] == "resolved")
        .map(|alert| alert["labels"]["alertname"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(resolved, BTreeSet::from(["connection_errors", "statement_too_slow"].map(str::to_owned)));
}
