//! One JSON object a line on standard output, and nothing in it that is nobody's business.

use rolecall_e2e::{Code, Role, Setup, Stand, User, fixtures::Starts, token};
use serde_json::{Value, json};
use uuid::Uuid;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[tokio::test]
async fn a_request_that_is_done_leaves_one_line_at_level_info() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let organization = stand.organization().await;
    stand.belongs(&admin, organization, None).await;
    let id = format!("test-{}", Uuid::new_v4());
    let call = stand.send_dm(&admin, &attendee, "Hello").header("x-request-id", &id).header("traceparent", TRACE);
    let sent = call.expect(201).await;
    let line = stand.runner().request_line(&id);
    assert_eq!(line["level"], "info");
    assert_eq!(line["service"], "send-dm");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["request_id"], id.as_str());
    assert_eq!(line["traceparent"], TRACE);
    assert_eq!(line["user_id"], json!(admin.id));
    assert_eq!(line["conversation_id"], sent["conversation_id"]);
    assert_eq!(line["org_id"], json!(organization));
    assert!(line["duration_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{line}");
    assert!(line.get("code").is_none(), "{line}");
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.ends_with('Z') && timestamp.contains('T'), "{timestamp}");
    let lines = stand.runner().lines();
    assert_eq!(lines.iter().filter(|line| line.contains(&id)).count(), 1, "one line for one request");
}

#[tokio::test]
async fn a_refusal_leaves_a_line_at_level_warn_with_its_code() {
    let stand = Stand::shared().await;
    let [attendee, dealer] = stand.users([Role::Attendee, Role::Dealer]).await;
    let refusal = stand.send_dm(&attendee, &dealer, "Hello").expect(403).await;
    let line = stand.runner().request_line(refusal.request_id());
    assert_eq!((&line["level"], &line["code"]), (&json!("warn"), &json!("permission_denied")));
    assert_eq!(line["user_id"], json!(attendee.id));

    let refusal = stand.post("send-broadcast", &json!({})).expect(401).await;
    let line = stand.runner().request_line(refusal.request_id());
    assert_eq!((&line["level"], &line["code"]), (&json!("warn"), &json!("unauthenticated")));
    assert!(line.get("user_id").is_none(), "{line}");

    let refusal = stand.get("/no/such/path").expect(404).await;
    let line = stand.runner().request_line(refusal.request_id());
    assert_eq!((&line["service"], &line["code"]), (&json!("health"), &json!("not_found")));
}

#[tokio::test]
async fn a_malformed_traceparent_is_not_passed_on() {
    let stand = Stand::shared().await;
    for malformed in ["junk", "00-0-0-0", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"] {
        let answer = stand.post("send-dm", &json!({})).header("traceparent", malformed).expect(401).await;
        let line = stand.runner().request_line(answer.request_id());
        assert!(line.get("traceparent").is_none(), "{line}");
    }
}

#[tokio::test]
async fn neither_messages_nor_tokens_nor_secrets_nor_phone_numbers_are_printed() {
    let stand = Stand::own(Setup::new()).await;
    let [organizer, attendee, dealer] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Dealer]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let request = stand.help_request(&attendee).await;
    let secret = "xyzzy-is-a-secret";
    let phones = ["+1 555 123 4567", "+15551234567", "(555) 123-4567", "+49 170 1234567"];
    let moderator = stand.user(Role::Moderator).await;
    let sent = stand.send_dm(&organizer, &attendee, secret).expect(201).await;
    let (message, conversation) = (sent.id("message_id"), sent.id("conversation_id"));
    let mut answers = Vec::new();
    for phone in phones {
        let text = format!("{secret} call me on {phone}");
        answers.push(stand.send_dm(&organizer, &attendee, &text).key(&text).send().await);
        answers.push(stand.send_dm(&dealer, &attendee, &text).send().await);
        answers.push(stand.broadcast(&organizer, show, &text).send().await);
        answers.push(stand.offer(&organizer, request, &text).send().await);
        answers.push(stand.offer(&attendee, request, &text).send().await);
        answers.push(stand.report(&attendee, message, &text).send().await);
        let note = json!({"message_id": message, "note": text});
        answers.push(stand.post("moderation/delete", &note).by(&moderator).send().await);
        answers.push(stand.post("moderation/restore", &note).by(&moderator).send().await);
        let query = format!("cursor={0}&kind={0}&{0}=1", phone.replace([' ', '+', '(', ')'], "%20"));
        answers.push(stand.inbox(&attendee, &query).send().await);
        answers.push(stand.messages(&moderator, conversation, "").send().await);
        answers.push(
            stand
                .post("send-dm", &json!({"content": text, &text: text, "recipient_id": text}))
                .by(&organizer)
                .send()
                .await,
        );
        let body = json!({"recipient_id": attendee.id, "content": text, "sender_id": text});
        answers.push(stand.post("send-dm", &body).by(&organizer).send().await);
        let header = stand.post("send-dm", &json!({})).header("x-request-id", &text).header("traceparent", &text);
        answers.push(header.header("origin", &text).by(&organizer).send().await);
        let path = format!("/functions/v1/{}?q={}", phone.replace(' ', "%20"), phone.replace(' ', "%20"));
        answers.push(stand.get(&path).send().await);
    }
    let exported = stand.export(&attendee).expect(200).await;
    assert!(exported.body.to_string().contains(secret));
    answers.push(exported);
    // A statement that fails in the database quotes the row in PostgreSQL's DETAIL.
    stand
        .db
        .script("alter table rolecall.messages add constraint no_xyzzy check (content not like 'xyzzy%') not valid")
        .await;
    let broken = stand.send_dm(&organizer, &attendee, &format!("{secret} +1 555 123 4567")).expect(500).await;
    answers.push(broken.refused(Code::Internal));
    let stranger = User::stranger();
    let expired =
        token::hs256(&json!({"sub": stranger.id, "role": "authenticated", "exp": 1}), token::SECRET.as_bytes());
    answers.push(stand.post("send-dm", &json!({})).token(&expired).expect(401).await);

    for answer in &answers {
        let id = answer.request_id().to_owned();
        stand.runner().line("the line of each request", |line| line["request_id"] == id.as_str());
    }
    let everything = format!("{}\n{}", stand.runner().lines().join("\n"), stand.runner().errors());
    let password = stand.edge_url().split(':').nth(2).unwrap().split('@').next().unwrap().to_owned();
    let digits = ["5551234567", "555 123 4567", "123-4567", "1701234567", "170 1234567"];
    let forbidden = [secret, token::SECRET, &password, &organizer.token, &attendee.token, &expired, "of-no-key"];
    for word in forbidden.into_iter().chain(digits) {
        let line = everything.lines().find(|line| line.contains(word));
        assert_eq!(line, None, "{word} was printed");
    }
    let signature = organizer.token.rsplit('.').next().unwrap();
    assert!(!everything.contains(signature));
    let audited: String = stand
        .db
        .one("select coalesce(string_agg(to_jsonb(l)::text, ' '), '') from rolecall.application_logs l", &[])
        .await;
    for word in [secret, "555 123 4567", "5551234567"] {
        assert!(!audited.contains(word), "{word} is in application_logs");
    }
}

#[tokio::test]
async fn every_line_is_a_json_object_with_a_timestamp_level_service_and_event() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    stand.reset().expect(200).await;
    stand.get("/api/health").expect(200).await;
    let last = stand.get("/no/such/path").expect(404).await;
    let id = last.request_id().to_owned();
    stand.runner().line("the last line", |line| line["request_id"] == id.as_str());
    for line in stand.runner().lines() {
        let parsed: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for member in ["timestamp", "level", "service", "event"] {
            assert!(parsed[member].is_string(), "{member}: {line}");
        }
        assert!(matches!(parsed["level"].as_str(), Some("info" | "warn" | "error")), "{line}");
    }
}

#[tokio::test]
async fn what_broke_is_in_the_log_at_level_error_and_not_in_the_answer() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    stand.db.script("alter table rolecall.messages add constraint never check (false) not valid").await;
    let broken = stand.send_dm(&admin, &attendee, "Hello").expect(500).await.refused(Code::Internal);
    let line = stand.runner().request_line(broken.request_id());
    assert_eq!((&line["level"], &line["code"]), (&json!("error"), &json!("internal")));
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("23514")), "{line}");
    assert!(!broken.words().contains("23514"));
    assert_eq!(stand.traces(&admin).await, 0);
}
