//! HTTP itself: methods, content types, bodies, request ids, paths.

use bytes::Bytes;
use http::Method;
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, endpoints::endpoints, token};
use serde_json::json;
use uuid::Uuid;

#[tokio::test]
async fn a_method_that_a_path_does_not_take_is_405_with_allow() {
    let stand = Stand::shared().await;
    for path in ["send-dm", "send-broadcast", "reset-broadcast-quotas", "start-conversation"] {
        for method in [Method::PUT, Method::DELETE, Method::PATCH] {
            let refusal = stand.call(method, path).expect(405).await.refused(Code::MethodNotAllowed);
            assert_eq!(refusal.header("allow"), "GET, HEAD, POST, OPTIONS", "{path}");
        }
    }
    for path in ["diagnostics", "/api/messages/diagnostics"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let refusal = stand.call(method, path).expect(405).await.refused(Code::MethodNotAllowed);
            assert_eq!(refusal.header("allow"), "GET, HEAD, OPTIONS", "{path}");
        }
    }
}

#[tokio::test]
async fn every_operation_takes_its_own_method_and_names_it() {
    let stand = Stand::shared().await;
    let endpoints = endpoints(Uuid::new_v4());
    for endpoint in &endpoints {
        // A path may have an operation that reads and one that writes.
        let posts = endpoints.iter().any(|other| other.path == endpoint.path && other.posts());
        let allow = if posts { "GET, HEAD, POST, OPTIONS" } else { "GET, HEAD, OPTIONS" };
        let other = if posts { None } else { Some(Method::POST) };
        for method in [Method::PUT, Method::DELETE, Method::PATCH].into_iter().chain(other) {
            let refusal = stand.call(method, &endpoint.path).expect(405).await.refused(Code::MethodNotAllowed);
            assert_eq!(refusal.header("allow"), allow, "{}", endpoint.path);
        }
        let options = stand.call(Method::OPTIONS, &endpoint.path).expect(204).await;
        assert_eq!(options.header("allow"), allow, "{}", endpoint.path);
    }
}

#[tokio::test]
async fn a_path_below_a_function_that_is_no_operation_is_404() {
    let stand = Stand::shared().await;
    let (user, id) = (stand.user(Role::Admin).await, Uuid::new_v4());
    for path in [
        "conversations/x".to_owned(),
        format!("conversations/{id}"),
        format!("conversations/{id}/messages/1"),
        format!("conversations/{id}/no-such"),
        "conversations/unread/x".to_owned(),
        "moderation/no-such".to_owned(),
        "moderation/report/x".to_owned(),
        "moderation//report".to_owned(),
        "blocks/no-such".to_owned(),
        "own-data/no-such".to_owned(),
        "own-data/export/x".to_owned(),
        "check-permission/x".to_owned(),
    ] {
        for method in [Method::GET, Method::POST] {
            stand.call(method, &path).by(&user).expect(404).await.refused(Code::NotFound);
        }
    }
}

#[tokio::test]
async fn what_is_no_uuid_in_a_path_is_named() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Admin).await;
    for segment in ["me", "%00", "..%2f..", "00000000000040008000000000000021", "'%20or%20true"] {
        for call in [
            stand.get(&format!("conversations/{segment}/messages")),
            stand.post(&format!("conversations/{segment}/read"), &json!({"up_to_seq": 1})),
        ] {
            let refusal = call.by(&user).expect(400).await.refused(Code::ValidationError);
            assert_eq!(refusal.faults(), [("conversation_id", "malformed_uuid")], "{segment}");
        }
    }
}

#[tokio::test]
async fn a_query_is_checked_field_by_field() {
    let stand = Stand::shared().await;
    let (user, id) = (stand.user(Role::Admin).await, Uuid::new_v4());
    let below = format!("conversations/{id}/messages");
    for (path, query, field, code) in [
        ("conversations", "limit=0".to_owned(), "limit", "out_of_range"),
        ("conversations", "limit=101".to_owned(), "limit", "out_of_range"),
        ("conversations", "limit=-1".to_owned(), "limit", "out_of_range"),
        ("conversations", "limit=1.5".to_owned(), "limit", "wrong_type"),
        ("conversations", "limit=ten".to_owned(), "limit", "wrong_type"),
        ("conversations", "limit=".to_owned(), "limit", "wrong_type"),
        ("conversations", "limit=99999999999999999999".to_owned(), "limit", "out_of_range"),
        ("conversations", "kind=broadcast".to_owned(), "kind", "unknown_value"),
        ("conversations", "kind=Direct".to_owned(), "kind", "unknown_value"),
        ("conversations", "cursor=x".to_owned(), "cursor", "malformed_cursor"),
        ("conversations", "cursor=1.2".to_owned(), "cursor", "malformed_cursor"),
        ("conversations", format!("cursor=1.{id}%00"), "cursor", "malformed_cursor"),
        ("conversations", format!("cursor={}", "1".repeat(4000)), "cursor", "malformed_cursor"),
        ("conversations", "limit=1&limit=2".to_owned(), "limit", "duplicate"),
        ("conversations", "Limit=1".to_owned(), "Limit", "unknown_field"),
        ("conversations", "colour=red".to_owned(), "colour", "unknown_field"),
        ("conversations/unread", "limit=1".to_owned(), "limit", "unknown_field"),
        (&below, "limit=201".to_owned(), "limit", "out_of_range"),
        (&below, "before_seq=x".to_owned(), "before_seq", "wrong_type"),
        (&below, "before_seq=-1".to_owned(), "before_seq", "out_of_range"),
        (&below, "since_seq=-1".to_owned(), "since_seq", "out_of_range"),
        (&below, "since_seq=9223372036854775808".to_owned(), "since_seq", "out_of_range"),
        (&below, "cursor=1".to_owned(), "cursor", "unknown_field"),
        ("moderation/queue", "status=open".to_owned(), "status", "unknown_value"),
        ("moderation/queue", "show_id=x".to_owned(), "show_id", "malformed_uuid"),
        ("moderation/queue", "limit=101".to_owned(), "limit", "out_of_range"),
        ("moderation/audit", "message_id=x".to_owned(), "message_id", "malformed_uuid"),
        ("moderation/audit", "target_id=x".to_owned(), "target_id", "malformed_uuid"),
        ("moderation/audit", "cursor=x".to_owned(), "cursor", "malformed_cursor"),
        ("blocks", "limit=101".to_owned(), "limit", "out_of_range"),
        ("blocks", "cursor=%ff".to_owned(), "cursor", "malformed_cursor"),
    ] {
        let refusal = stand.get(&format!("{path}?{query}")).by(&user).expect(400).await;
        let refusal = refusal.refused(Code::ValidationError);
        assert_eq!(refusal.faults(), [(field, code)], "{path}?{query}: {}", refusal.body);
    }
    // What is percent-encoded means the same, and nothing is no parameter.
    stand.get("conversations?limit=%35").by(&user).expect(200).await;
    stand.get("conversations?").by(&user).expect(200).await;
}

/// Headers of an answer that two answers to the same request share.
fn lasting(answer: &Answer) -> Vec<(String, String)> {
    let passing = ["date", "x-request-id", "ratelimit", "content-length", "transfer-encoding"];
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .filter(|(name, _)| !passing.contains(&name.as_str()))
        .collect();
    headers.sort();
    headers
}

#[tokio::test]
async fn head_answers_as_get_does_without_a_body() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Admin).await;
    let anonymous = ["/api/health", "send-dm", "diagnostics", "conversations/unread", "/functions/v1/no-such"];
    let known = ["conversations", "conversations?limit=0", "conversations/unread", "diagnostics", "own-data/export"];
    let cases = anonymous.map(|path| (path, None)).into_iter().chain(known.map(|path| (path, Some(&user))));
    for (path, caller) in cases {
        let call = |method| {
            let call = stand.call(method, path).header("x-request-id", "head-or-get");
            if let Some(user) = caller { call.by(user) } else { call }
        };
        // The client refuses a body in the answer to HEAD, and on the same connection whatever would follow it.
        let [head, get] = [call(Method::HEAD).send().await, call(Method::GET).send().await];
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(lasting(&head), lasting(&get), "{path}");
        // A count in the body may have changed between the two; most have none.
        assert_eq!(head.header("content-length").len(), get.header("content-length").len(), "{path}");
        if caller.is_none() {
            assert_eq!(head.header("content-length"), get.header("content-length"), "{path}");
        }
    }
}

#[tokio::test]
async fn head_is_authenticated_and_limited_as_get_is() {
    let stand = Stand::own(Setup::new()).await;
    let user = stand.user(Role::Attendee).await;
    stand.call(Method::HEAD, "conversations").expect(401).await;
    let [head, get] = [
        stand.call(Method::HEAD, "conversations").by(&user).expect(200).await,
        stand.get("conversations").by(&user).expect(200).await,
    ];
    assert!(!head.header("ratelimit").is_empty());
    assert_eq!(head.header("ratelimit-policy"), get.header("ratelimit-policy"));
}

#[tokio::test]
async fn a_body_with_a_content_coding_is_415_and_says_which_is_taken() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let body = json!({"recipient_id": attendee.id, "content": "Hello"}).to_string();
    let call = |coding: &str| {
        let call = stand.call(Method::POST, "send-dm").by(&admin).header("content-type", "application/json");
        call.header("content-encoding", coding)
    };
    for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip", "x"] {
        let refusal = call(coding).bytes(body.clone()).expect(415).await.refused(Code::UnsupportedMediaType);
        assert_eq!(refusal.header("accept-encoding"), "identity", "{coding}");
    }
    let gzip: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    call("gzip").bytes(gzip).expect(415).await.refused(Code::UnsupportedMediaType);
    assert_eq!(stand.traces(&admin).await, 0);
    // Without a body there is nothing that is encoded.
    call("gzip").expect(400).await.refused(Code::ValidationError);
    call("identity").bytes(body.clone()).expect(201).await;
    // What is not JSON is not said to have a wrong coding.
    let text = stand.call(Method::POST, "send-dm").by(&admin).header("content-type", "text/plain");
    assert_eq!(text.bytes(body).expect(415).await.header("accept-encoding"), "");
}

#[tokio::test]
async fn a_path_without_a_function_is_404_in_the_same_form() {
    let stand = Stand::shared().await;
    for path in ["/functions", "/functions/v1/", "/functions/v1/no-such", "/api", "/functions/v1/send-dm/x"] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let answer = stand.call(method, path).header("x-request-id", "lost-1").expect(404).await;
            assert_eq!(answer.refused(Code::NotFound).request_id(), "lost-1", "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_in_utf8_is_415() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let body = json!({"recipient_id": attendee.id, "content": "Hello"}).to_string();
    let call = || stand.call(Method::POST, "send-dm").by(&admin).bytes(body.clone());
    for wrong in
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonp"]
    {
        call().header("content-type", wrong).expect(415).await.refused(Code::UnsupportedMediaType);
    }
    call().expect(415).await.refused(Code::UnsupportedMediaType);
    assert_eq!(stand.traces(&admin).await, 0);
    call().header("content-type", "Application/JSON; charset=\"UTF-8\"").expect(201).await;
}

#[tokio::test]
async fn what_is_not_one_json_object_is_a_validation_error() {
    let stand = Stand::shared().await;
    let admin = stand.user(Role::Admin).await;
    let nested = |open: &str, close: &str| format!("{{\"content\":{}{}}}", open.repeat(9_000), close.repeat(9_000));
    let bodies: Vec<Bytes> = vec![
        "[{}".into(),
        "null".into(),
        "\"text\"".into(),
        "42".into(),
        "true".into(),
        "{".into(),
        "{\"content\":\"x\"}{}".into(),
        "{'content':'x'}".into(),
        "{\"content\":NaN}".into(),
        "{\"content\":\"\\ud800\"}".into(),
        "{\"\\u0000\":1}".into(),
        "\u{feff}{}".into(),
        Bytes::from_static(b"{\"content\":\"\xff\xfe\"}"),
        Bytes::from_static(b"\x00\x01\x02"),
        "<xml/>".into(),
        nested("[", "]").into(),
        nested("{\"a\":", "}").replacen("}}", "1}}", 1).into(),
        "[".repeat(60_000).into(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let call = stand.call(Method::POST, "send-dm").by(&admin).header("content-type", "application/json");
        let refusal = call.bytes(body).expect(400).await.refused(Code::ValidationError);
        assert_eq!(refusal.reasons(), ["malformed_json"], "{shown}");
    }
    assert_eq!(stand.traces(&admin).await, 0);
}

#[tokio::test]
async fn an_empty_body_misses_every_field() {
    let stand = Stand::shared().await;
    let admin = stand.user(Role::Admin).await;
    let refusal = stand.call(Method::POST, "send-dm").by(&admin).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refusal.faults(), [("recipient_id", "required"), ("content", "required")]);
}

#[tokio::test]
async fn a_body_of_64_kib_is_read_and_one_byte_more_is_413() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let padded = |length: usize| {
        let body = json!({"recipient_id": attendee.id, "content": "Hello"}).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let call = || stand.call(Method::POST, "send-dm").by(&admin).header("content-type", "application/json");
    call().bytes(padded(64 * 1024)).expect(201).await;
    call().bytes(padded(64 * 1024 + 1)).expect(413).await.refused(Code::PayloadTooLarge);
    let chunks = |length: usize| padded(length).into_bytes().chunks(8_000).map(Bytes::copy_from_slice).collect();
    call().chunks(chunks(64 * 1024)).expect(201).await;
    call().chunks(chunks(64 * 1024 + 1)).expect(413).await.refused(Code::PayloadTooLarge);
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&admin.id]).await, 2);
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_413_and_the_server_goes_on() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let ten_megabytes = Bytes::from(vec![b' '; 10 << 20]);
    let call = || stand.call(Method::POST, "send-dm").by(&admin).header("content-type", "application/json");
    let pieces = (0..160).map(|piece| ten_megabytes.slice(piece << 16..(piece + 1) << 16)).collect();
    for call in [call().bytes(ten_megabytes.clone()), call().chunks(pieces)] {
        match call.try_send().await {
            Ok(answer) => assert_eq!((answer.status, answer.code()), (413, "payload_too_large")),
            // Spin may close the connection while the client is still sending.
            Err(error) => assert!(stand.runs_on_spin(), "{error:#}"),
        }
    }
    stand.send_dm(&admin, &attendee, "Still there?").expect(201).await;
}

#[tokio::test]
async fn a_well_formed_request_id_comes_back_and_another_is_replaced() {
    let stand = Stand::shared().await;
    let longest = "a".repeat(128);
    for id in ["Job-7:retry.2_x", longest.as_str()] {
        let answer = stand.post("send-dm", &json!({})).header("x-request-id", id).expect(401).await;
        assert_eq!(answer.request_id(), id);
        assert_eq!(answer["request_id"], id);
    }
    let too_long = "a".repeat(129);
    for id in ["two words", "quote\"", "{json}", "a,b", too_long.as_str(), "\u{e9}"] {
        let answer = stand.post("send-dm", &json!({})).header("x-request-id", id).expect(401).await;
        assert_ne!(answer.request_id(), id);
        assert!(Uuid::parse_str(answer.request_id()).is_ok(), "{id:?} became {}", answer.request_id());
    }
    let [one, two] = [stand.get("/api/health").expect(200).await, stand.get("/api/health").expect(200).await];
    assert_ne!(one.request_id(), two.request_id());
}

#[tokio::test]
async fn a_query_string_and_spin_headers_from_outside_change_nothing() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let body = json!({"initial_message": "I can drive you."});
    let refusal = stand
        .post("/functions/v1/start-conversation?help_request_id=1", &body)
        .header("spin-path-match-id", &request.to_string())
        .header("spin-matched-route", "/api/messaging/help-requests/:id/start-conversation")
        .by(&helper)
        .expect(400)
        .await;
    assert_eq!(refusal.refused(Code::ValidationError).faults(), [("help_request_id", "required")]);
    // Nor do they lead to another function of a component, or to another id than that in the path.
    let forged = stand.get("own-data/no-such").header("spin-path-info", "/export").by(&helper);
    forged.expect(404).await.refused(Code::NotFound);
    let forged = stand.get("/no/such/path").header("spin-matched-route", "/api/health");
    forged.expect(404).await.refused(Code::NotFound);
    let path = format!("/api/messaging/help-requests/{}/start-conversation", Uuid::new_v4());
    let forged = stand.post(&path, &body).header("spin-path-match-id", &request.to_string()).by(&helper);
    forged.expect(404).await.refused(Code::HelpRequestNotFound);
}

#[tokio::test]
async fn an_idempotency_key_must_be_well_formed() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let too_long = "k".repeat(256);
    for key in ["", "\"\"", too_long.as_str(), "schlüssel"] {
        let refusal = stand.send_dm(&admin, &attendee, "Hello").key(key).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [("Idempotency-Key", "malformed_header")], "{key}");
    }
    assert_eq!(stand.traces(&admin).await, 0);
    stand.send_dm(&admin, &attendee, "Hello").key(&"k".repeat(255)).expect(201).await;
}

#[tokio::test]
async fn a_token_that_is_too_long_is_refused() {
    let stand = Stand::shared().await;
    let mut claims = token::user_claims(Uuid::new_v4());
    claims["padding"] = json!("x".repeat(9_000));
    let token = token::hs256(&claims, token::SECRET.as_bytes());
    stand.post("send-dm", &json!({})).token(&token).expect(401).await.refused(Code::Unauthenticated);
}
