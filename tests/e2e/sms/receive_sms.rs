//! Texts of clients: who signed them, where they go, and what is answered.

use super::support::{decision, reply, silence, traces};
use http::Method;
use rolecall_e2e::{
    Code, Setup, Stand,
    agency::{self, Agency, Number},
    carrier::{self, TOKEN, WEBHOOK, sid},
    token,
};
use serde_json::json;

const ALIAS: &str = "/api/messages/webhook/twilio";
const MISMATCH: &str = "Thanks for your message. Nobody answers at this number at the moment; we passed it on to our office, \
    which gets back to you.";
const BLOCKED: &str = "Sorry, your message was not delivered. To keep you safe, contact details, links and payments stay out \
    of these texts. Please send it again without them.";

/// A text's parameters, as the carrier sends them.
fn parameters<'a>(sid: &'a str, agency: &'a Agency) -> Vec<(&'a str, &'a str)> {
    vec![
        ("ToCountry", "US"),
        ("MessageSid", sid),
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("From", &agency.client.phone),
        ("To", &agency.front_desk.e164),
        ("Body", "Wie geht's Rex? 🐕 & Mia=1+1"),
        ("NumSegments", "1"),
        ("NumMedia", "0"),
        ("ApiVersion", "2010-04-01"),
    ]
}

// ---- signature ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_text_is_taken_at_both_paths_with_the_signature_of_the_one_address() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    for path in ["receive-sms", ALIAS, "receive-sms?foo=1&bar=a%20b"] {
        let sid = sid();
        let answer = stand.call(Method::POST, path).form(&parameters(&sid, &agency)).signed().expect(200).await;
        assert_eq!(answer.body, json!(silence()));
        assert_eq!(answer.header("content-type"), "text/xml; charset=utf-8");
        assert_eq!(decision(&stand, &sid).await, "owner_inbox no_window 0");
        let content: String =
            stand.db.one("select content from rolecall.thread_messages where carrier_sid = $1", &[&sid]).await;
        assert_eq!(content, "Wie geht's Rex? 🐕 & Mia=1+1");
    }
    // The address with its port is the same address.
    let sid = sid();
    let parameters = parameters(&sid, &agency);
    let url = WEBHOOK.replace("hooks.example", "hooks.example:443");
    let signature = carrier::signature(TOKEN, &url, &parameters);
    stand
        .call(Method::POST, "receive-sms")
        .form(&parameters)
        .header("x-twilio-signature", &signature)
        .expect(200)
        .await;
}

#[tokio::test]
async fn json_is_signed_through_its_digest() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let body = json!({
        "MessageSid": sid, "From": agency.client.phone, "To": agency.front_desk.e164, "Body": "Hello", "NumMedia": 1,
        "MediaUrl0": "https://media.example/1", "Another": {"a": [1]},
    });
    stand.post("receive-sms", &body).signed().expect(200).await;
    let media: Vec<String> =
        stand.db.one("select media_urls from rolecall.thread_messages where carrier_sid = $1", &[&sid]).await;
    assert_eq!(media, ["https://media.example/1"]);
    // Another body, or none in the query.
    let call = stand.post("receive-sms", &body).signed().json(&json!({"MessageSid": sid}));
    call.expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
    let signature = carrier::signature(TOKEN, WEBHOOK, &[]);
    let call = stand.post("receive-sms", &body).header("x-twilio-signature", &signature);
    call.expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
}

#[tokio::test]
async fn whatever_is_tampered_with_is_refused_and_leaves_nothing_behind() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let sid = sid();
    let all = parameters(&sid, &agency);
    let url = format!("{WEBHOOK}?a=1&b=2");
    let signature = carrier::signature(TOKEN, &url, &all);
    let before = traces(&stand, &agency).await;
    let send = |path: &str, form: &[(&str, &str)], signature: &str| {
        stand.call(Method::POST, path).form(form).header("x-twilio-signature", signature)
    };
    let refused = async |call: rolecall_e2e::Call| {
        call.expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
    };
    let path = "receive-sms?a=1&b=2";
    for at in 0..all.len() {
        let mut changed = all.clone();
        changed[at].1 = "x";
        refused(send(path, &changed, &signature)).await;
        changed.remove(at);
        refused(send(path, &changed, &signature)).await;
    }
    let mut more = all.clone();
    more.push(("Extra", "1"));
    refused(send(path, &more, &signature)).await;
    for path in
        ["receive-sms", "receive-sms?a=1", "receive-sms?b=2&a=1", "receive-sms?a=1&b=2&c=3", "receive-sms?a=1&b=%32"]
    {
        refused(send(path, &all, &signature)).await;
    }
    for wrong in ["", "x", &signature[1..], &signature.to_lowercase(), &format!("{signature}, {signature}")] {
        refused(send(path, &all, wrong)).await;
    }
    refused(stand.call(Method::POST, path).form(&all)).await;
    refused(send(path, &all, &carrier::signature("another token", &url, &all))).await;
    // The host is that of the variable, whatever the request says.
    let local = format!("http://127.0.0.1/functions/v1/{path}");
    for (host, name) in [("hooks.example", "x-forwarded-host"), ("127.0.0.1", "x-original-host")] {
        let call = send(path, &all, &carrier::signature(TOKEN, &local, &all));
        refused(call.header(name, host).header("x-forwarded-proto", "https")).await;
    }
    // Nor is a token of anybody one of the carrier.
    for token in [token::operator(), agency.owner.token.clone()] {
        refused(stand.call(Method::POST, path).form(&all).token(&token)).await;
    }
    // A text's signature is none for a status.
    refused(send("receive-sms/status/1?a=1&b=2", &all, &signature)).await;
    assert_eq!(traces(&stand, &agency).await, before);
    send(path, &all, &signature).expect(200).await;
    assert!(traces(&stand, &agency).await > before);
}

#[tokio::test]
async fn without_configuration_no_text_is_taken() {
    for (name, value) in [
        ("twilio_signature", "optional"),
        ("twilio_signature", ""),
        ("twilio_auth_token", ""),
        ("twilio_webhook_url", ""),
        ("twilio_webhook_url", "hooks.example/functions/v1/receive-sms"),
    ] {
        let stand = Stand::own(Setup::new().variable(name, value)).await;
        let agency = stand.agency().await;
        let before = traces(&stand, &agency).await;
        let text = |sid: &str| stand.text(sid, &agency.client.phone, &agency.front_desk, "Hello");
        let answer = text(&sid()).expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
        let line = stand.runner().request_line(answer.request_id());
        assert!(line["cause"].as_str().is_some_and(|cause| cause.starts_with(name)), "{line}");
        // Not even one that is signed with nothing.
        let call = stand.call(Method::POST, "receive-sms").form(&[("MessageSid", "SM1")]);
        let call = call.header("x-twilio-signature", &carrier::signature("", value, &[("MessageSid", "SM1")]));
        call.expect(403).await.refused_by(Code::PermissionDenied, "invalid_signature");
        assert_eq!(traces(&stand, &agency).await, before, "{name}={value}");
        // Nothing else stops working.
        stand.get("receive-sms").expect(200).await;
        stand.get("flags").by(&agency.owner).expect(200).await;
    }
}

#[tokio::test]
async fn either_token_of_the_carrier_signs() {
    let setup = Setup::new().variable("twilio_auth_token", "the new token");
    let stand = Stand::own(setup.variable("twilio_auth_token_secondary", TOKEN)).await;
    let agency = stand.agency().await;
    let parameters = parameters("SM1", &agency);
    for (token, status) in [("the new token", 200), (TOKEN, 200), ("the old token", 403)] {
        let signature = carrier::signature(token, WEBHOOK, &parameters);
        let call = stand.call(Method::POST, "receive-sms").form(&parameters);
        call.header("x-twilio-signature", &signature).expect(status).await;
    }
}

// ---- order ----------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_number_that_no_organisation_has_is_not_found_and_nothing_is_stored() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let before = traces(&stand, &agency).await;
    let unknown = Number { e164: agency::phone(), ..agency.pool.clone() };
    for content in ["Hello", "STOP", "HELP", "Call 202 555 0123"] {
        let call = stand.text(&sid(), &agency.client.phone, &unknown, content);
        call.expect(404).await.refused_by(Code::NotFound, "unknown_number");
    }
    stand.db.run("update rolecall.message_numbers set status = 'released' where id = $1", &[&agency.pool.id]).await;
    let call = stand.text(&sid(), &agency.client.phone, &agency.pool, "Hello");
    call.expect(404).await.refused_by(Code::NotFound, "unknown_number");
    assert_eq!(traces(&stand, &agency).await, before);
    let sql = "rolecall.application_logs as log where log::text ~ $1 or log::text ~ $2";
    let digits = |phone: &str| phone.trim_start_matches('+').to_owned();
    assert_eq!(stand.db.count(sql, &[&digits(&agency.client.phone), &digits(&unknown.e164)]).await, 0);
}

#[tokio::test]
async fn bad_input_is_refused_and_leaves_nothing_behind() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let before = traces(&stand, &agency).await;
    let long = "x".repeat(1601);
    for (name, value, reason) in [
        ("MessageSid", "SM 1", "malformed_sid"),
        ("MessageSid", "", "malformed_sid"),
        ("From", "12345", "malformed_phone"),
        ("From", "whatsapp:+12025550101", "malformed_phone"),
        ("To", "+1202555010a", "malformed_phone"),
        ("Body", &long, "too_long"),
        ("NumMedia", "-1", "malformed_number"),
    ] {
        let mut form = parameters("SM1", &agency);
        form.iter_mut().filter(|pair| pair.0 == name).for_each(|pair| pair.1 = value);
        let answer = stand.call(Method::POST, "receive-sms").form(&form).signed().expect(400).await;
        assert_eq!(answer.refused(Code::ValidationError).faults(), [(name, reason)]);
        // A parameter that is there twice with different values has none.
        if name != "NumMedia" {
            let mut form = parameters("SM1", &agency);
            form.push((name, "y"));
            let answer = stand.call(Method::POST, "receive-sms").form(&form).signed().expect(400).await;
            assert_eq!(answer.faults(), [(name, "wrong_type")]);
        }
    }
    let mut form = parameters("SM1", &agency);
    form.retain(|pair| !matches!(pair.0, "MessageSid" | "From" | "To" | "Body" | "NumMedia"));
    form.extend([("NumMedia", "2"), ("MediaUrl0", "http://media.example/1")]);
    let answer = stand.call(Method::POST, "receive-sms").form(&form).signed().expect(400).await;
    let faults = [
        ("MessageSid", "required"),
        ("From", "required"),
        ("To", "required"),
        ("MediaUrl0", "malformed_link"),
        ("MediaUrl1", "required"),
    ];
    assert_eq!(answer.faults(), faults);
    let text = || stand.call(Method::POST, "receive-sms").header("content-type", "multipart/form-data");
    text().bytes("x").expect(415).await.refused(Code::UnsupportedMediaType);
    let form = || stand.call(Method::POST, "receive-sms").header("content-type", "application/x-www-form-urlencoded");
    form().bytes("x".repeat(64 * 1024 + 1)).expect(413).await.refused(Code::PayloadTooLarge);
    assert_eq!(traces(&stand, &agency).await, before);
}

#[tokio::test]
async fn words_opt_out_and_in_whether_texting_is_on_or_off() {
    let stand = Stand::shared().await;
    let [on, off] = [stand.agency().await, stand.agency_without_flags().await];
    for agency in [&on, &off] {
        let out = async || {
            let of = "rolecall.opt_outs where client_id = $1";
            stand.db.count(of, &[&agency.client.id]).await == 1
        };
        let name: String =
            stand.db.one("select name from rolecall.organizations where id = $1", &[&agency.organization]).await;
        let text = async |content: &str| {
            stand.text(&sid(), &agency.client.phone, &agency.front_desk, content).expect(200).await.body
        };
        for word in ["STOP", "stopall", "Unsubscribe", " cancel\n", "END", "quit", "REVOKE", "OptOut"] {
            stand.db.run("delete from rolecall.automatic_replies where client_id = $1", &[&agency.client.id]).await;
            let answer = text(word).await;
            assert_eq!(
                answer,
                json!(reply(&format!("You get no more messages from {name}. Reply START to get them again.")))
            );
            assert!(out().await, "{word}");
            assert!(text("Yes").await.as_str().unwrap().contains("again. Reply STOP"));
            assert!(!out().await);
        }
        for word in ["HELP", "info"] {
            stand.db.run("delete from rolecall.automatic_replies where client_id = $1", &[&agency.client.id]).await;
            let answer = text(word).await;
            assert_eq!(
                answer,
                json!(reply(&format!("This is {name}. Text us here, and we answer. Reply STOP to end messages.")))
            );
            assert_eq!(text(word).await, json!(silence()), "once in an hour");
        }
        let texts = "rolecall.thread_messages where organization_id = $1";
        assert_eq!(stand.db.count(texts, &[&agency.organization]).await, 0, "no word is a message");
        // Not alone on the message, or of somebody who is in: ordinary texts.
        for content in ["Stop it", "STOP.", "yes", "Start", "UNSTOP"] {
            text(content).await;
            assert!(!out().await, "{content}");
        }
        let messages = stand.db.count(texts, &[&agency.organization]).await;
        assert_eq!(messages, if agency.organization == on.organization { 5 } else { 0 });
    }
}

#[tokio::test]
async fn where_the_carrier_answers_a_word_itself_nothing_is_answered() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    for (word, kind, is_out) in [("STOP", "STOP", 1), ("arret", "STOP", 1), ("START", "START", 0), ("HELP", "HELP", 0)]
    {
        let sid = sid();
        let mut form = parameters(&sid, &agency);
        form.retain(|pair| pair.0 != "Body");
        form.extend([("Body", word), ("OptOutType", kind)]);
        let answer = stand.call(Method::POST, "receive-sms").form(&form).signed().expect(200).await;
        assert_eq!(answer.body, json!(silence()), "{word}");
        let of = "rolecall.opt_outs where client_id = $1 and source = 'keyword'";
        assert_eq!(stand.db.count(of, &[&agency.client.id]).await, is_out, "{word}");
    }
    // Whatever else stands there says nothing.
    for kind in ["", "FORWARD"] {
        stand.db.run("delete from rolecall.automatic_replies where client_id = $1", &[&agency.client.id]).await;
        let sid = sid();
        let mut form = parameters(&sid, &agency);
        form.retain(|pair| pair.0 != "Body");
        form.extend([("Body", "HELP"), ("OptOutType", kind)]);
        let answer = stand.call(Method::POST, "receive-sms").form(&form).signed().expect(200).await;
        assert_ne!(answer.body, json!(silence()), "{kind}");
    }
}

#[tokio::test]
async fn a_text_is_accepted_and_counted_where_texting_is_off_and_nothing_more() {
    let stand = Stand::shared().await;
    let agency = stand.agency_without_flags().await;
    let before = traces(&stand, &agency).await;
    for from in [&agency.client.phone, &agency::phone()] {
        let call = stand.text(&sid(), from, &agency.front_desk, "Call 202 555 0123");
        let answer = call.expect(200).await;
        assert_eq!(answer.body, json!(silence()));
        let line = stand.runner().request_line(answer.request_id());
        assert_eq!(line["decision"], "feature_disabled");
        assert_eq!(line["org_id"], json!(agency.organization));
    }
    assert_eq!(traces(&stand, &agency).await, before);
    let counted: i64 = stand
        .db
        .one(
            "select sum(requests)::bigint from rolecall.request_metrics
            where function = 'receive-sms.text' and code = 'ok' and org_id = $1",
            &[&agency.organization],
        )
        .await;
    assert_eq!(counted, 2);
}

#[tokio::test]
async fn a_text_that_was_seen_before_gets_the_same_bytes_and_is_stored_once() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let blocked = "Call me at 202 555 0123";
    for (content, number) in
        [("Hello", &agency.front_desk), ("Hello", &agency.pool), (blocked, &agency.front_desk), ("STOP", &agency.pool)]
    {
        let sid = sid();
        let text = || stand.text(&sid, &agency.client.phone, number, content);
        let first = text().expect(200).await.body;
        let before = traces(&stand, &agency).await;
        for _ in 0..2 {
            assert_eq!(text().expect(200).await.body, first, "{content}");
        }
        assert_eq!(traces(&stand, &agency).await, before, "{content}");
    }
}

// ---- routes ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_text_is_routed_by_the_windows_of_its_moment_and_the_log_says_so() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.pool).await;
    let text = async |expected: &str| {
        let sid = sid();
        let answer = stand.text(&sid, &agency.client.phone, &agency.pool, "Is Rex fine?").expect(200).await;
        assert_eq!(answer.body, json!(silence()));
        assert_eq!(decision(&stand, &sid).await, expected);
        let line = stand.runner().request_line(answer.request_id());
        assert_eq!((&line["org_id"], &line["thread_id"]), (&json!(agency.organization), &json!(thread)));
        assert_eq!((&line["service"], &line["operation"]), (&json!("receive-sms"), &json!("receive-sms.text")));
        assert_eq!(line["number_class"], "pool");
        assert_eq!(line["decision"].as_str(), expected.split(' ').nth(1));
        for secret in [&agency.client.phone[1..], &agency.pool.e164[1..], "Is Rex fine?"] {
            assert!(!line.to_string().contains(secret), "{line}");
        }
        let sql = "select sitter_id from rolecall.thread_messages where carrier_sid = $1";
        stand.db.one::<Option<uuid::Uuid>>(sql, &[&sid]).await
    };
    assert_eq!(text("owner_inbox no_window 0").await, None);
    stand.window(agency.organization, thread, &agency.sitter, -60, -1).await;
    stand.window(agency.organization, thread, &agency.other_sitter, 1, 60).await;
    assert_eq!(text("owner_inbox no_window 0").await, None, "over, or not begun");
    stand.window(agency.organization, thread, &agency.sitter, -5, 60).await;
    assert_eq!(text("sitter one_sitter 1").await, Some(agency.sitter.id));
    stand.window(agency.organization, thread, &agency.sitter, -60, 30).await;
    assert_eq!(text("sitter one_sitter 2").await, Some(agency.sitter.id));
    let other = stand.window(agency.organization, thread, &agency.other_sitter, -1, 60).await;
    assert_eq!(text("owner_inbox several_sitters 3").await, None);
    stand.db.run("update rolecall.assignment_windows set closed_at = now() where id = $1", &[&other.id]).await;
    assert_eq!(text("sitter one_sitter 2").await, Some(agency.sitter.id));
    let of = "rolecall.thread_messages where thread_id = $1 and inbox_seq is not null";
    assert_eq!(stand.db.count(of, &[&thread]).await, 3, "three of them stand in the owner inbox, too");
}

#[tokio::test]
async fn a_stranger_at_the_front_desk_becomes_a_client_without_name_and_elsewhere_is_passed_on() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let stranger = agency::phone();
    let first = sid();
    let answer = stand.text(&first, &stranger, &agency.front_desk, "Do you sit cats?").expect(200).await;
    assert_eq!(answer.body, json!(silence()));
    assert_eq!(decision(&stand, &first).await, "owner_inbox no_window 0");
    let sql = "rolecall.clients as client
        join rolecall.message_threads as thread on thread.client_id = client.id and thread.status = 'open'
        where client.organization_id = $1 and client.phone = $2 and client.display_name is null";
    assert_eq!(stand.db.count(sql, &[&agency.organization, &stranger]).await, 1);

    for (number, class) in [(&agency.pool, "pool"), (&agency.sitter_number, "sitter")] {
        let from = agency::phone();
        let sid = sid();
        let answer = stand.text(&sid, &from, number, "Hello").expect(200).await;
        assert_eq!(answer.body, json!(reply(MISMATCH)));
        assert_eq!(decision(&stand, &sid).await, "owner_inbox number_mismatch 0");
        assert_eq!(stand.runner().request_line(answer.request_id())["number_class"], class);
        assert_eq!(stand.db.count(sql, &[&agency.organization, &from]).await, 0, "it makes no thread");
    }
}

#[tokio::test]
async fn a_text_that_asks_to_move_elsewhere_is_held_back_kindly() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let thread = stand.thread(agency.organization, &agency.client, &agency.pool).await;
    stand.window(agency.organization, thread, &agency.sitter, -5, 60).await;
    let sid = sid();
    let content = "Call me at 202 555 0123 and pay me in cash";
    let answer = stand.text(&sid, &agency.client.phone, &agency.pool, content).expect(200).await;
    assert_eq!(answer.body, json!(reply(BLOCKED)));
    assert_eq!(decision(&stand, &sid).await, "nobody blocked 1");
    let sql = "select delivery from rolecall.thread_messages where carrier_sid = $1 and direction = 'inbound'";
    assert_eq!(stand.db.one::<String>(sql, &[&sid]).await, "blocked");
    let sql = "select content from rolecall.thread_messages where organization_id = $1 and kind = 'notice'";
    let notice: String = stand.db.one(sql, &[&agency.organization]).await;
    assert!(notice.contains("phone") && !notice.contains("0123"), "{notice}");
    let sql = "select array_to_string(violations, ',') || redacted_content
        from rolecall.anti_poaching_attempts where organization_id = $1 and direction = 'inbound'";
    let attempt: String = stand.db.one(sql, &[&agency.organization]).await;
    assert!(attempt.contains("phone") && !attempt.contains("0123"), "{attempt}");
    // Within the hour it is answered once, whatever was held back.
    let answer =
        stand.text(&carrier::sid(), &agency.client.phone, &agency.pool, "mail me: a@b.example").expect(200).await;
    assert_eq!(answer.body, json!(silence()));
}

#[tokio::test]
async fn the_organisation_of_the_number_alone_gets_a_text() {
    let stand = Stand::shared().await;
    let [ours, theirs] = [stand.agency().await, stand.agency().await];
    let before = traces(&stand, &theirs).await;
    let sid = sid();
    // A client of theirs texts us: to us they are a stranger.
    stand.text(&sid, &theirs.client.phone, &ours.front_desk, "Hello").expect(200).await;
    assert_eq!(traces(&stand, &theirs).await, before);
    // The same id of the carrier is another text for them.
    stand.text(&sid, &theirs.client.phone, &theirs.front_desk, "Hello").expect(200).await;
    let of = "rolecall.thread_messages where carrier_sid = $1";
    assert_eq!(stand.db.count(of, &[&sid]).await, 2);
}
