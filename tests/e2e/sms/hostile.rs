//! What a carrier should never send, signed all the same: it is refused or read as it is meant, and nothing breaks.

use super::support::{decision, report, silence, stands, traces};
use http::Method;
use rolecall_e2e::{
    Agency, Answer, Call, Code, Stand,
    agency::phone,
    carrier::{TOKEN, WEBHOOK, form, sid, signature},
};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";

/// A form of these bytes, signed as they are read.
fn bytes(stand: &Stand, body: impl Into<Vec<u8>>) -> Call {
    stand.client().call(Method::POST, "receive-sms").header("content-type", FORM).bytes(body.into()).signed()
}

/// The form of a text, as a body.
fn text(sid: &str, agency: &Agency, body: &str) -> String {
    form(&[
        ("MessageSid", sid),
        ("From", &agency.client.phone),
        ("To", &agency.front_desk.e164),
        ("Body", body),
        ("NumMedia", "0"),
    ])
}

async fn content(stand: &Stand, sid: &str) -> String {
    let sql = "select content from rolecall.thread_messages where carrier_sid = $1 and direction = 'inbound'";
    stand.db.one(sql, &[&sid]).await
}

#[tokio::test]
async fn bytes_that_are_no_text_are_read_as_well_as_they_can_be() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    for (written, read) in [
        ("a%00b", "a\u{fffd}b"),
        ("%FF%FE", "\u{fffd}\u{fffd}"),
        ("%F0%9F%90", "\u{fffd}"),
        ("%", "%"),
        ("%zz%4", "%zz%4"),
        ("%E2%80%AE%07", "\u{202e}\u{7}"),
    ] {
        let sid = sid();
        let body = text(&sid, &agency, "BODY").replace("BODY", written);
        bytes(&stand, format!("{body}&X=%00%FF&%00=%00")).expect(200).await;
        assert_eq!(content(&stand, &sid).await, read, "{written}");
    }
    // Raw bytes, too, and no form at all.
    let sid = sid();
    let mut raw = text(&sid, &agency, "x").into_bytes();
    raw.extend(b"&Raw=\xff\x00\xc3\x28&=&&&=&a=b=c");
    bytes(&stand, raw).expect(200).await;
    assert_eq!(decision(&stand, &sid).await, "owner_inbox no_window 0");
    for raw in [&b""[..], b"\0", b"\xff\xff", b"&&&&", b"{}", b"<xml/>"] {
        bytes(&stand, raw).expect(400).await.refused(Code::ValidationError);
    }
}

#[tokio::test]
async fn what_is_too_much_is_refused_and_what_is_many_is_read() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let before = traces(&stand, &agency).await;
    // Ten megabytes: refused before they are read, on a connection that may close.
    for body in ["x".repeat(10 << 20), format!("Body={}", "y".repeat(10 << 20)), "a&".repeat(5 << 20)] {
        let call = stand.client().call(Method::POST, "receive-sms").header("content-type", FORM).bytes(body);
        if let Ok(answer) = call.try_send().await {
            assert_eq!((answer.status, answer.code()), (413, "payload_too_large"));
        }
    }
    for sid in ["S".repeat(1000), "1".repeat(1000), "S".repeat(65)] {
        let answer = bytes(&stand, text(&sid, &agency, "Hello")).expect(400).await;
        assert_eq!(answer.refused(Code::ValidationError).faults(), [("MessageSid", "malformed_sid")]);
    }
    assert_eq!(traces(&stand, &agency).await, before);
    // Ten thousand parameters, each once, and one ten thousand times.
    let sid = sid();
    let mut many = text(&sid, &agency, "Hello");
    (0..10_000).for_each(|n| many += &format!("&{n:x}"));
    bytes(&stand, many).expect(200).await;
    assert_eq!(decision(&stand, &sid).await, "owner_inbox no_window 0");
    let again = text(&sid, &agency, "Hello") + &"&a=1".repeat(10_000);
    bytes(&stand, again).expect(200).await;
    assert_eq!(stand.db.count("rolecall.thread_messages where carrier_sid = $1", &[&sid]).await, 1);
}

#[tokio::test]
async fn a_signature_is_of_the_parameters_in_whatever_order_and_is_replayed_for_nothing() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let all = [
        ("MessageSid", sid.as_str()),
        ("From", &agency.client.phone),
        ("To", &agency.front_desk.e164),
        ("Body", "Hello"),
        ("NumMedia", "0"),
        ("Zone", "b"),
        ("Zone", "a"),
    ];
    let signature = signature(TOKEN, WEBHOOK, &all);
    let send = |pairs: &[(&str, &str)]| {
        let call = stand.client().call(Method::POST, "receive-sms").form(pairs);
        call.header("x-twilio-signature", &signature)
    };
    let first = send(&all).expect(200).await;
    let before = traces(&stand, &agency).await;
    let mut turned = all;
    for _ in 0..all.len() {
        turned.rotate_left(1);
        assert_eq!(send(&turned).expect(200).await.body, first.body);
    }
    turned.reverse();
    assert_eq!(send(&turned).expect(200).await.body, first.body);
    // Repeated parameters are a set.
    let twice: Vec<_> = all.iter().chain(&all).copied().collect();
    assert_eq!(send(&twice).expect(200).await.body, first.body);
    assert_eq!(traces(&stand, &agency).await, before, "stored once");
    // A value may not move to another name, nor across the border between them.
    for (at, pair) in [(3, ("Body", "Hell")), (3, ("Bod", "yHello")), (4, ("NumMedia0", ""))] {
        let mut moved = all;
        moved[at] = pair;
        let is_alike = moved[at].0.len() + moved[at].1.len() == all[at].0.len() + all[at].1.len();
        let answer = send(&moved).send().await;
        // Twilio's scheme joins names and values without a border: what then is not a text is no text all the same.
        let is_refused = answer.status == 403 || (is_alike && answer.status == 400) || answer.body == first.body;
        assert!(is_refused, "{pair:?}: {} {}", answer.status, answer.body);
    }
    assert_eq!(traces(&stand, &agency).await, before);
}

#[tokio::test]
async fn a_number_of_the_organisation_itself_is_no_client() {
    let stand = Stand::shared().await;
    let [here, there] = [stand.agency().await, stand.agency().await];
    let before = [traces(&stand, &here).await, traces(&stand, &there).await];
    for content in ["Hello", "STOP", "HELP", "Call 202 555 0143"] {
        for to in [&here.front_desk, &here.pool, &here.sitter_number] {
            let answer = stand.text(&sid(), &here.pool.e164, to, content).expect(400).await;
            assert_eq!(answer.refused(Code::ValidationError).faults(), [("From", "own_number")]);
        }
    }
    assert_eq!([traces(&stand, &here).await, traces(&stand, &there).await], before);
    // Another organisation's number is a stranger's.
    let sid = sid();
    stand.text(&sid, &there.pool.e164, &here.front_desk, "Hello").expect(200).await;
    assert_eq!(decision(&stand, &sid).await, "owner_inbox no_window 0");
    assert_eq!(traces(&stand, &there).await, before[1]);
}

#[tokio::test]
async fn json_is_read_as_a_form_is_or_refused() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let before = traces(&stand, &agency).await;
    let call = |body: String| {
        let call = stand.client().call(Method::POST, "receive-sms").header("content-type", "application/json");
        call.bytes(body).signed()
    };
    let with = |name: &str, value: Value| {
        let mut body = json!({
            "MessageSid": sid(), "From": agency.client.phone, "To": agency.front_desk.e164, "Body": "Hello", "NumMedia": 0,
        });
        body[name] = value;
        body.to_string()
    };
    for (name, value) in [
        ("MessageSid", json!(7)),
        ("MessageSid", json!({"a": 1})),
        ("MessageSid", Value::Null),
        ("From", json!(12_025_550_101_u64)),
        ("From", json!([])),
        ("To", json!(["+12025550101"])),
        ("Body", json!(["Hello"])),
        ("Body", json!(7)),
        ("NumMedia", json!(-1)),
        ("NumMedia", json!(1.5)),
        ("NumMedia", json!("many")),
    ] {
        let answer = call(with(name, value.clone())).expect(400).await;
        assert_eq!(answer.code(), "validation_error", "{name} {value}: {}", answer.body);
    }
    for body in
        ["", "[]", "null", "7", "{", "\"x\"", "{\"a\":1,}", "\0", &"[".repeat(20_000), &"{\"a\":".repeat(10_000)]
    {
        let answer = call(body.to_owned()).expect(400).await;
        assert!(matches!(answer.code(), "validation_error" | "invalid_input"), "{}", answer.body);
    }
    assert_eq!(traces(&stand, &agency).await, before);
    let answer = call(with("Body", json!("a\0b"))).expect(200).await;
    assert_eq!(answer.body, json!(silence()));
    // The digest is of these bytes, and is in the query once.
    let body = with("Body", json!("Hello"));
    let digest: String = rolecall_e2e::carrier::digest(body.as_bytes());
    let send = async |query: &str| -> Answer {
        let url = format!("{WEBHOOK}?{query}");
        let call = stand.client().call(Method::POST, &format!("receive-sms?{query}"));
        let call = call.header("content-type", "application/json").bytes(body.clone());
        call.header("x-twilio-signature", &signature(TOKEN, &url, &[])).send().await
    };
    for query in [
        format!("bodySHA256={}", "0".repeat(64)),
        "bodySHA256=".to_owned(),
        "a=1".to_owned(),
        format!("bodysha256={digest}"),
        format!("bodySHA256={}&bodySHA256={digest}", "0".repeat(64)),
    ] {
        send(&query).await.refused_by(Code::PermissionDenied, "invalid_signature");
    }
    assert_eq!(send(&format!("a=1&bodySHA256={digest}")).await.status, 200);
}

#[tokio::test]
async fn a_status_of_nonsense_changes_nothing() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let row = super::support::outbox(&stand, &agency, "sent", Some(&sid)).await;
    for place in ["x".repeat(1000), "..".to_owned(), "%00".to_owned(), "%2F".to_owned(), phone(), format!("{row}%20")] {
        let call = stand.client().call(Method::POST, &format!("receive-sms/status/{place}"));
        let answer = call.form(&[("MessageSid", &sid), ("MessageStatus", "failed")]).signed().send().await;
        assert!(answer.status < 500 && answer.status != 204, "{place}: {} {}", answer.status, answer.body);
    }
    for (name, value) in [("MessageStatus", "delivered\0"), ("MessageStatus", ""), ("MessageSid", &"1".repeat(1000))] {
        let mut form = vec![("MessageSid", sid.as_str()), ("MessageStatus", "failed")];
        form.retain(|(other, _)| *other != name);
        form.push((name, value));
        let call = stand.client().call(Method::POST, &format!("receive-sms/status/{row}")).form(&form).signed();
        call.expect(400).await.refused(Code::ValidationError);
    }
    assert_eq!(stands(&stand, row).await, format!("sent sent {sid}"));
    // An error that may be a phone number is none, and the status counts.
    for error in ["2025550143", "5550143", "-1", "30003x", "٣٠٠٠٣"] {
        let row = super::support::outbox(&stand, &agency, "sent", Some(&sid)).await;
        report(&stand, &row.to_string(), &sid, "undelivered", &[("ErrorCode", error)]).expect(200).await;
        assert_eq!(stands(&stand, row).await, format!("undelivered undelivered {sid}"), "{error}");
    }
}
