//! What waits for a webhook, or was given up, as the operator sees it; here the relay is played by its calls.

use rolecall_e2e::{Answer, Code, Db, Role, Setup, Stand, token};
use serde_json::{Value, json};
use uuid::Uuid;

/// Calls an entry point of the relay; its data.
async fn relay(db: &Db, function: &str, request: &Value) -> Value {
    let mut answer: Value = db.one(&format!("select rolecall_relay.{function}($1)"), &[request]).await;
    assert_eq!(answer["ok"], true, "{function}: {answer}");
    answer["data"].take()
}

async fn operate(stand: &Stand, path: &str, body: &Value, status: u16) -> Answer {
    stand.post(&format!("webhooks{path}"), body).token(&token::operator()).expect(status).await
}

async fn deliveries(stand: &Stand, webhook: &str, query: &str) -> Answer {
    stand.get(&format!("webhooks/{webhook}/deliveries{query}")).token(&token::operator()).expect(200).await
}

async fn figures(stand: &Stand) -> Value {
    let list = stand.get("webhooks").token(&token::operator()).expect(200).await;
    list["webhooks"][0].clone()
}

fn result(delivery: &Value, outcome: &str, status: u16) -> Value {
    json!({"results": [{"id": delivery["id"], "attempt": delivery["attempt"], "outcome": outcome, "status": status}]})
}

#[tokio::test]
async fn a_message_is_taken_delivered_or_given_up_and_brought_back() {
    let stand = Stand::own(Setup::new()).await;
    let db = Db::connect(stand.admin_url()).await;
    let [alice, bob] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let made = operate(&stand, "", &json!({"url": "https://push.example/hook"}), 201).await;
    let webhook = made["webhook"]["id"].as_str().unwrap().to_owned();
    relay(&db, "lead", &json!({"relay": Uuid::new_v4(), "version": "e2e", "pushes": false})).await;
    stand.send_dm(&alice, &bob, "Only they read this").expect(201).await;
    assert_eq!(relay(&db, "fork", &json!({"settle": true})).await["deliveries"], 1);

    let waiting = deliveries(&stand, &webhook, "").await;
    let one = &waiting["deliveries"][0];
    assert_eq!(
        (&one["type"], &one["state"], &one["attempts"], &one["in_flight"]),
        (&json!("message.created"), &json!("pending"), &json!(0), &json!(false))
    );
    assert!(!waiting.body.to_string().contains("Only they"), "it says nothing of what was written");
    let taken = relay(&db, "webhooks_take", &json!({"limit": 10})).await;
    let delivery = &taken["deliveries"][0];
    assert_eq!(delivery["payload"]["data"]["events"][0]["event"]["message"]["content"], "Only they read this");
    assert_eq!(delivery["secrets"], json!([made["secret"]]));
    assert_eq!(delivery["message_id"], one["message_id"]);
    assert_eq!(deliveries(&stand, &webhook, "?state=pending").await["deliveries"][0]["in_flight"], true);

    relay(&db, "webhooks_settle", &result(delivery, "failed", 500)).await;
    let failing = figures(&stand).await;
    assert_eq!((&failing["pending"], &failing["dead"]), (&json!(1), &json!(0)));
    assert!(failing["failing_since"].is_string());
    assert_eq!(deliveries(&stand, &webhook, "").await["deliveries"][0]["last_status"], 500);

    // The receiver goes, and comes back.
    stand.db.run("update rolecall.webhook_deliveries set due_at = now()", &[]).await;
    stand.db.run("update rolecall.webhooks set paused_until = null", &[]).await;
    let taken = relay(&db, "webhooks_take", &json!({"limit": 10})).await;
    relay(&db, "webhooks_settle", &result(&taken["deliveries"][0], "gone", 410)).await;
    let gone = figures(&stand).await;
    assert_eq!((&gone["is_enabled"], &gone["dead"]), (&json!(false), &json!(1)));
    assert!(gone["disabled_reason"].as_str().unwrap().contains("410"));
    let dead = deliveries(&stand, &webhook, "?state=dead").await;
    assert_eq!((&dead["deliveries"][0]["last_status"], &dead["next_cursor"]), (&json!(410), &Value::Null));
    let refusal = operate(&stand, &format!("/{webhook}/test"), &json!({}), 400).await;
    refusal.refused_by(Code::InvalidInput, "webhook_disabled");
    operate(&stand, &format!("/{webhook}/update"), &json!({"is_enabled": true}), 200).await;
    let tomorrow = json!({"since": "2099-01-01T00:00:00Z"});
    assert_eq!(operate(&stand, &format!("/{webhook}/redeliver"), &tomorrow, 200).await["redelivered"], 0);
    let brought = operate(&stand, &format!("/{webhook}/redeliver"), &json!({}), 200).await;
    assert_eq!((&brought["redelivered"], &brought["more"]), (&json!(1), &json!(false)));
    let tested = operate(&stand, &format!("/{webhook}/test"), &json!({}), 200).await;

    let taken = relay(&db, "webhooks_take", &json!({"limit": 10})).await;
    let types: Vec<&Value> =
        taken["deliveries"].as_array().unwrap().iter().map(|delivery| &delivery["payload"]["type"]).collect();
    assert_eq!(types, ["message.created", "webhook.test"]);
    assert_eq!(taken["deliveries"][1]["id"], tested["delivery_id"]);
    for delivery in taken["deliveries"].as_array().unwrap() {
        assert_eq!(relay(&db, "webhooks_settle", &result(delivery, "delivered", 204)).await["settled"], 1);
    }
    let well = figures(&stand).await;
    assert_eq!((&well["pending"], &well["dead"], &well["failing_since"]), (&json!(0), &json!(0), &Value::Null));
    assert!(well["last_delivered_at"].is_string());
}

#[tokio::test]
async fn deliveries_are_listed_page_by_page() {
    let stand = Stand::own(Setup::new()).await;
    let made = operate(&stand, "", &json!({"url": "https://push.example/hook"}), 201).await;
    let webhook = made["webhook"]["id"].as_str().unwrap().to_owned();
    let mut expected = Vec::new();
    for _ in 0..5 {
        let tested = operate(&stand, &format!("/{webhook}/test"), &json!({}), 200).await;
        expected.push(tested["delivery_id"].clone());
    }
    let mut listed = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = deliveries(&stand, &webhook, &format!("?limit=2{cursor}")).await;
        listed.extend(page.items("deliveries").iter().map(|delivery| delivery["id"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, expected);
}
