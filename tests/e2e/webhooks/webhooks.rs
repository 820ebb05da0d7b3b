//! Webhooks: the operator makes, changes, rotates, tests and removes them, and nobody else does.

use http::Method;
use rolecall_e2e::{Answer, Call, Code, Role, Setup, Stand, token};
use serde_json::{Value, json};
use uuid::Uuid;

/// A request of the operator to `webhooks`, or below it.
fn operate(stand: &Stand, below: &str, body: &Value) -> Call {
    stand.post(&format!("webhooks{below}"), body).token(&token::operator())
}

fn list(stand: &Stand) -> Call {
    stand.get("webhooks").token(&token::operator())
}

async fn create(stand: &Stand) -> Answer {
    operate(stand, "", &json!({"url": "https://push.example/token-1"})).expect(201).await
}

fn id(answer: &Answer) -> String {
    answer["webhook"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_webhook_is_made_listed_changed_and_removed() {
    let stand = Stand::own(Setup::new()).await;
    assert_eq!(list(&stand).expect(200).await.items("webhooks").len(), 0);
    let new = json!({
        "url": "https://push.example/token-1", "types": ["read", "message.created"], "description": "  Push  ",
    });
    let made = operate(&stand, "", &new).expect(201).await;
    let webhook = &made["webhook"];
    assert_eq!(
        (&webhook["url"], &webhook["types"], &webhook["description"], &webhook["is_enabled"]),
        (&new["url"], &json!(["message.created", "read"]), &json!("Push"), &json!(true))
    );
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "32 bytes in base64");
    let listed = list(&stand).expect(200).await;
    assert_eq!(listed["webhooks"], json!([webhook]));
    assert!(!listed.body.to_string().contains("whsec_"), "no secret is shown again");

    let own = format!("/{}", id(&made));
    let changed =
        operate(&stand, &format!("{own}/update"), &json!({"is_enabled": false, "types": []})).expect(200).await;
    assert_eq!(
        (&changed["webhook"]["is_enabled"], &changed["webhook"]["types"], &changed["webhook"]["url"]),
        (&json!(false), &Value::Null, &new["url"])
    );
    let removed = operate(&stand, &format!("{own}/remove"), &json!({})).expect(200).await;
    assert_eq!(removed["webhook_id"], webhook["id"]);
    assert_eq!(list(&stand).expect(200).await.items("webhooks").len(), 0);
    for (below, body) in [
        ("update", json!({"is_enabled": true})),
        ("rotate", json!({})),
        ("remove", json!({})),
        ("test", json!({})),
        ("redeliver", json!({})),
    ] {
        operate(&stand, &format!("{own}/{below}"), &body).expect(404).await.refused(Code::NotFound);
    }
    let deliveries = stand.get(&format!("webhooks{own}/deliveries")).token(&token::operator());
    deliveries.expect(404).await.refused(Code::NotFound);
    let logged = stand.db.count("rolecall.application_logs where details::text ~ 'token-1|whsec_'", &[]).await;
    assert_eq!(logged, 0, "neither the address nor the secret is logged");
    let logged = stand.db.count("rolecall.application_logs where event like 'webhook%'", &[]).await;
    assert_eq!(logged, 3, "but who did what");
}

#[tokio::test]
async fn a_repetition_with_its_key_is_answered_with_the_same_secret() {
    let stand = Stand::own(Setup::new()).await;
    let body = json!({"url": "https://push.example/hook"});
    let first = operate(&stand, "", &body).key("a webhook").expect(201).await;
    let again = operate(&stand, "", &body).key("a webhook").expect(201).await;
    assert_eq!((&first["webhook"]["id"], &first["secret"]), (&again["webhook"]["id"], &again["secret"]));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = json!({"url": "https://push.example/other"});
    operate(&stand, "", &other).key("a webhook").expect(422).await.refused(Code::IdempotencyConflict);
    assert_eq!(stand.db.count("rolecall.webhooks", &[]).await, 1);
    let rotate = format!("/{}/rotate", id(&first));
    let rotated = operate(&stand, &rotate, &json!({})).key("a rotation").expect(200).await;
    let again = operate(&stand, &rotate, &json!({})).key("a rotation").expect(200).await;
    assert_eq!(rotated["secret"], again["secret"], "a repetition does not rotate again");
    assert_ne!(rotated["secret"], first["secret"]);
    assert!(rotated["webhook"]["former_secret_until"].is_string());
}

#[tokio::test]
async fn there_are_twenty_at_most() {
    let stand = Stand::own(Setup::new()).await;
    let mut first = None;
    for _ in 0..20 {
        first = Some(create(&stand).await);
    }
    let more = json!({"url": "https://push.example/more"});
    operate(&stand, "", &more).expect(400).await.refused_by(Code::InvalidInput, "too_many_webhooks");
    operate(&stand, &format!("/{}/remove", id(&first.unwrap())), &json!({})).expect(200).await;
    operate(&stand, "", &more).expect(201).await;
}

#[tokio::test]
async fn what_has_another_form_is_refused() {
    let stand = Stand::shared().await;
    let url = "https://push.example/hook";
    let faults = [
        (json!({}), "url", "required"),
        (json!({"url": 1}), "url", "wrong_type"),
        (json!({"url": "http://push.example/hook"}), "url", "malformed_url"),
        (json!({"url": "https://user:secret@push.example/hook"}), "url", "malformed_url"),
        (json!({"url": "https://push.example/hook#a"}), "url", "malformed_url"),
        (json!({"url": "file:///etc/passwd"}), "url", "malformed_url"),
        (json!({"url": format!("https://push.example/{}", "a".repeat(1980))}), "url", "too_long"),
        (json!({"url": url, "types": "read"}), "types", "wrong_type"),
        (json!({"url": url, "types": ["resync"]}), "types[0]", "unknown_value"),
        (json!({"url": url, "types": ["read", "read"]}), "types[1]", "duplicate"),
        (json!({"url": url, "description": "a".repeat(201)}), "description", "too_long"),
        (json!({"url": url, "description": " "}), "description", "empty"),
        (json!({"url": url, "secret": "whsec_mine"}), "secret", "unknown_field"),
    ];
    let before = stand.db.count("rolecall.webhooks where url = 'https://push.example/hook'", &[]).await;
    for (body, field, code) in faults {
        let refusal = operate(&stand, "", &body).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [(field, code)], "{body}");
    }
    assert_eq!(stand.db.count("rolecall.webhooks where url = 'https://push.example/hook'", &[]).await, before);

    let nobody = Uuid::new_v4();
    for (below, body, field, code) in [
        ("update", json!({"is_enabled": "yes"}), "is_enabled", "wrong_type"),
        ("update", json!({"url": "x"}), "url", "malformed_url"),
        ("rotate", json!({"webhook_id": Uuid::new_v4()}), "webhook_id", "contradiction"),
        ("remove", json!({"all": true}), "all", "unknown_field"),
        ("test", json!({"type": "read"}), "type", "unknown_field"),
        ("redeliver", json!({"since": "yesterday"}), "since", "malformed_timestamp"),
    ] {
        let refusal = operate(&stand, &format!("/{nobody}/{below}"), &body).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [(field, code)], "{below} {body}");
    }
    for query in ["?state=delivered", "?cursor=x", "?limit=101", "?since=0"] {
        let call = stand.get(&format!("webhooks/{nobody}/deliveries{query}")).token(&token::operator());
        call.expect(400).await.refused(Code::ValidationError);
    }
    operate(&stand, "/x/rotate", &json!({})).expect(400).await.refused(Code::ValidationError);
    stand.get("webhooks?limit=1").token(&token::operator()).expect(400).await.refused(Code::ValidationError);
}

#[tokio::test]
async fn a_webhook_is_the_operators_alone() {
    let stand = Stand::own(Setup::new()).await;
    let own = id(&create(&stand).await);
    let admin = stand.user(Role::Admin).await;
    let calls = |stand: &Stand| {
        let mut calls = vec![
            stand.get("webhooks"),
            stand.post("webhooks", &json!({"url": "https://evil.example"})),
            stand.get(&format!("webhooks/{own}/deliveries")),
        ];
        for below in ["rotate", "remove", "test", "redeliver"] {
            calls.push(stand.post(&format!("webhooks/{own}/{below}"), &json!({})));
        }
        calls.push(stand.post(&format!("webhooks/{own}/update"), &json!({"url": "https://evil.example"})));
        calls
    };
    for call in calls(&stand) {
        call.by(&admin).expect(403).await.refused_by(Code::PermissionDenied, "operators_only");
    }
    for call in calls(&stand) {
        call.expect(401).await.refused(Code::Unauthenticated);
    }
    let url = "select string_agg(url, ' ') from rolecall.webhooks";
    assert_eq!(stand.db.one::<String>(url, &[]).await, "https://push.example/token-1");
    assert_eq!(stand.traces(&admin).await, 0);
}

#[tokio::test]
async fn another_method_is_told_which_there_are() {
    let stand = Stand::shared().await;
    let refusal = stand.call(Method::DELETE, "webhooks").token(&token::operator()).expect(405).await;
    assert_eq!(refusal.header("allow"), "GET, HEAD, POST, OPTIONS");
    stand.get("webhooks/a/b/c").token(&token::operator()).expect(404).await;
}
