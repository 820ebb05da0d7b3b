//! From a request to an operator's URL: the same event that the sockets get, signed, with those whom it concerns.

use super::delivery::{device, next, relay_leads};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac_sha256::HMAC;
use rolecall_e2e::{Role, Setup, Stand, token, until};
use rolecall_kit::receiver::{Got, Receiver};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

/// The first request about this type of event.
pub async fn posted(receiver: &Receiver, kind: &str) -> Got {
    until("it is posted", async || receiver.got().into_iter().find(|got| got.body["type"] == kind)).await
}

/// Whether a request is signed by this secret, just now.
pub fn is_signed(got: &Got, secret: &str) -> bool {
    let header = |name| got.header(name).unwrap_or_else(|| panic!("no {name} in {}", got.text));
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let (_, body) = got.text.split_once("\r\n\r\n").unwrap();
    let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
    let signature = format!("v1,{}", STANDARD.encode(HMAC::mac(format!("{id}.{at}.{body}").as_bytes(), &key)));
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at.parse().unwrap());
    let is_now = at.elapsed().unwrap_or_default() < Duration::from_secs(60);
    is_now && header("webhook-signature") == signature
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_url_gets_what_the_sockets_get_with_those_whom_it_concerns() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    relay_leads(&stand).await;
    let receiver = Receiver::start().await;
    let url = format!("http://{}/push?key=of-the-operator", receiver.address);
    let made = stand.post("webhooks", &json!({"url": url})).token(&token::operator()).expect(201).await;
    let secret = made["secret"].as_str().unwrap();
    let [organizer, attendee, stranger] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Attendee]).await;
    let mut socket = device(&stand, &attendee).await;

    stand.send_dm(&organizer, &attendee, "The doors open at nine.").expect(201).await;
    let heard = next(&mut socket, "message.created").await;
    let got = posted(&receiver, "message.created").await;
    assert_eq!(got.path, "/push?key=of-the-operator");
    assert!(is_signed(&got, secret), "{}", got.text);
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert!(got.header("user-agent").unwrap().starts_with("rolecall/"), "{}", got.text);
    assert_eq!(got.body["timestamp"], heard["at"]);
    let events = got.body["data"]["events"].as_array().unwrap();
    let told = |event: &Value| serde_json::from_value::<Vec<uuid::Uuid>>(event["to"].clone()).unwrap();
    let own: Vec<&Value> = events.iter().filter(|event| told(event).contains(&attendee.id)).collect();
    assert_eq!(own.len(), 1, "{events:?}");
    assert_eq!(own[0]["event"], heard, "to the letter");
    let all: BTreeSet<_> = events.iter().flat_map(told).collect();
    assert_eq!(all, BTreeSet::from([organizer.id, attendee.id]));
    assert!(!all.contains(&stranger.id));

    // Its list says that it works, and shows neither secret.
    let list = until("it is noted", async || {
        let list = stand.get("webhooks").token(&token::operator()).expect(200).await;
        (list.body["webhooks"][0]["last_delivered_at"] != Value::Null).then_some(list)
    })
    .await;
    assert_eq!(list.body["webhooks"][0]["pending"], 0);
    assert!(!list.body.to_string().contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_of_the_operator_takes_the_same_way() {
    let stand = Stand::own(Setup::new().without_rate_limits().realtime()).await;
    let _relay = stand.relay().await;
    relay_leads(&stand).await;
    let receiver = Receiver::start().await;
    receiver.answers(500);
    let input = json!({"url": format!("http://{}/", receiver.address), "types": ["read"]});
    let made = stand.post("webhooks", &input).token(&token::operator()).expect(201).await;
    let path = format!("webhooks/{}", made["webhook"]["id"].as_str().unwrap());
    let tried = stand.post(&format!("{path}/test"), &json!({})).token(&token::operator()).expect(200).await;
    let waits = until("it has failed", async || {
        let page = stand.get(&format!("{path}/deliveries")).token(&token::operator()).expect(200).await;
        page.body["deliveries"].as_array().unwrap().iter().find(|row| row["last_status"] == 500).cloned()
    })
    .await;
    assert_eq!((&waits["id"], &waits["type"]), (&tried["delivery_id"], &json!("webhook.test")));
    receiver.answers(200);
    let got = posted(&receiver, "webhook.test").await;
    assert!(is_signed(&got, made["secret"].as_str().unwrap()));
    assert_eq!(got.header("webhook-id"), waits["message_id"].as_str());
}
