//! Every field of every body: what is taken, what is just beyond, and what an attacker would send.

use http::Method;
use rolecall_e2e::{Code, Role, Stand, User, fixtures::Starts};
use rolecall_shared::rules::blank::is_blank;
use serde_json::{Value, json};
use uuid::Uuid;

/// A body with one field replaced.
fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

/// A body without one field.
fn without(body: &Value, field: &str) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().remove(field);
    body
}

/// Sends each body and wants exactly this fault, and nothing left behind.
async fn refuses(stand: &Stand, function: &str, user: &User, cases: &[(Value, &str, &str)]) {
    for (body, field, code) in cases {
        let refusal = stand.post(function, body).by(user).expect(400).await.refused(Code::ValidationError);
        let shown: String = body.to_string().chars().take(200).collect();
        assert_eq!(refusal.faults(), [(*field, *code)], "{shown}");
    }
    assert_eq!(stand.traces(user).await, 0);
}

/// What no uuid field takes.
fn no_uuids() -> Vec<(Value, &'static str)> {
    let id = Uuid::new_v4();
    vec![
        (json!(null), "required"),
        (json!(7), "wrong_type"),
        (json!(true), "wrong_type"),
        (json!([id]), "wrong_type"),
        (json!({"id": id}), "wrong_type"),
        (json!(""), "malformed_uuid"),
        (json!("me"), "malformed_uuid"),
        (json!(id.simple().to_string()), "malformed_uuid"),
        (json!(id.braced().to_string()), "malformed_uuid"),
        (json!(id.urn().to_string()), "malformed_uuid"),
        (json!(format!(" {id}")), "malformed_uuid"),
        (json!(format!("{id}' or true --")), "malformed_uuid"),
        (json!(id.to_string().replace('-', "_")), "malformed_uuid"),
        (json!(format!("{id}\0")), "malformed_uuid"),
        (json!("x".repeat(10_000)), "malformed_uuid"),
    ]
}

/// What no text field takes, whatever its length may be.
fn no_texts() -> Vec<(Value, &'static str)> {
    vec![
        (json!(null), "required"),
        (json!(7), "wrong_type"),
        (json!(false), "wrong_type"),
        (json!(["Hello"]), "wrong_type"),
        (json!({"text": "Hello"}), "wrong_type"),
        (json!(""), "empty"),
        (json!("   \n\t "), "empty"),
        (json!("\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}"), "empty"),
        // Issue 9: blank symbols, fillers, selectors, tags and what else shows nothing.
        (json!("\u{2800}\u{3164}\u{ffa0}\u{115f}\u{1160}\u{180e}\u{34f}\u{fe0f}\u{e0020}\u{17b4}\u{1d159}"), "empty"),
        (json!("\u{2800}".repeat(12)), "empty"),
        (json!("\u{202e}\u{2066}\u{e01ef}\u{fff0}\u{1bca0}\u{13441}\u{ad}\u{61c}\u{fffe}\u{2064}\u{3000}"), "empty"),
        (json!("Hello, you there\0"), "control_character"),
        (json!("\0"), "control_character"),
        (json!("Hello, you \u{7} there"), "control_character"),
        (json!("Hello, \u{1b}[31mred"), "control_character"),
        (json!("Hello, \u{85} there you"), "control_character"),
        (json!("Hello, \u{7f} there you"), "control_character"),
    ]
}

#[tokio::test]
async fn send_dm_names_each_field_that_is_wrong() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let body = json!({"recipient_id": attendee.id, "content": "Hello, you there"});
    let reply = json!({"conversation_id": Uuid::new_v4(), "content": "Hello, you there"});
    let mut cases = vec![
        (without(&body, "recipient_id"), "recipient_id", "required"),
        (without(&body, "content"), "content", "required"),
        (with(&body, "content", json!("x".repeat(2001))), "content", "too_long"),
        (with(&body, "content", json!("é".repeat(2001))), "content", "too_long"),
        (with(&body, "colour", json!("red")), "colour", "unknown_field"),
        (with(&body, "Content", json!("Hello")), "Content", "unknown_field"),
        (with(&body, "__proto__", json!({})), "__proto__", "unknown_field"),
        (with(&reply, "recipient_id", json!(attendee.id)), "recipient_id", "unknown_field"),
        (with(&reply, "show_id", json!(attendee.id)), "show_id", "unknown_field"),
    ];
    for (value, code) in no_texts() {
        cases.push((with(&body, "content", value.clone()), "content", code));
        cases.push((with(&reply, "content", value), "content", code));
    }
    for (value, code) in no_uuids() {
        cases.push((with(&body, "recipient_id", value.clone()), "recipient_id", code));
        cases.push((with(&reply, "conversation_id", value.clone()), "conversation_id", code));
        if !value.is_null() {
            cases.push((with(&body, "show_id", value), "show_id", code));
        }
    }
    refuses(&stand, "send-dm", &admin, &cases).await;
}

#[tokio::test]
async fn send_broadcast_names_each_field_that_is_wrong() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let body = json!({"show_id": show, "recipient_roles": ["attendee"], "message": "Doors open at nine"});
    let mut cases = vec![
        (without(&body, "show_id"), "show_id", "required"),
        (without(&body, "message"), "message", "required"),
        (without(&body, "recipient_roles"), "recipient_roles", "required"),
        (with(&body, "message", json!("x".repeat(1001))), "message", "too_long"),
        (with(&body, "message", json!("日".repeat(1001))), "message", "too_long"),
        (with(&body, "recipient_roles", json!(null)), "recipient_roles", "required"),
        (with(&body, "recipient_roles", json!([])), "recipient_roles", "empty"),
        (with(&body, "recipient_roles", json!("attendee")), "recipient_roles", "wrong_type"),
        (with(&body, "recipient_roles", json!({"attendee": true})), "recipient_roles", "wrong_type"),
        (with(&body, "recipient_roles", json!([null])), "recipient_roles[0]", "wrong_type"),
        (with(&body, "recipient_roles", json!(["attendee", 1])), "recipient_roles[1]", "wrong_type"),
        (with(&body, "recipient_roles", json!([["attendee"]])), "recipient_roles[0]", "wrong_type"),
        (with(&body, "recipient_roles", json!(["Attendee"])), "recipient_roles[0]", "unknown_value"),
        (with(&body, "recipient_roles", json!(["attendee", "king"])), "recipient_roles[1]", "unknown_value"),
        (with(&body, "recipient_roles", json!(["attendee'); --"])), "recipient_roles[0]", "unknown_value"),
        (with(&body, "recipient_roles", json!(["dealer", "dealer"])), "recipient_roles[1]", "duplicate"),
        (with(&body, "recipient_roles", json!(vec!["attendee"; 5_000])), "recipient_roles[1]", "duplicate"),
        (with(&body, "dry_run", json!("true")), "dry_run", "wrong_type"),
        (with(&body, "dry_run", json!(1)), "dry_run", "wrong_type"),
        (with(&body, "dryRun", json!(true)), "dryRun", "unknown_field"),
        (with(&body, "phase", json!("post_show")), "phase", "unknown_field"),
        (with(&body, "quota_remaining", json!(99)), "quota_remaining", "unknown_field"),
    ];
    cases.extend(no_texts().into_iter().map(|(value, code)| (with(&body, "message", value), "message", code)));
    cases.extend(no_uuids().into_iter().map(|(value, code)| (with(&body, "show_id", value), "show_id", code)));
    refuses(&stand, "send-broadcast", &organizer, &cases).await;
}

#[tokio::test]
async fn start_conversation_names_each_field_that_is_wrong() {
    let stand = Stand::shared().await;
    let [requester, helper] = stand.users([Role::Attendee, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let body = json!({"help_request_id": request, "initial_message": "I can drive you."});
    let mut cases = vec![
        (without(&body, "help_request_id"), "help_request_id", "required"),
        (without(&body, "initial_message"), "initial_message", "required"),
        (with(&body, "initial_message", json!("x".repeat(9))), "initial_message", "too_short"),
        (with(&body, "initial_message", json!("é".repeat(9))), "initial_message", "too_short"),
        (with(&body, "initial_message", json!(format!("    {}    ", "x".repeat(9)))), "initial_message", "too_short"),
        (with(&body, "initial_message", json!("x".repeat(1001))), "initial_message", "too_long"),
        (with(&body, "initial_message", json!("👋".repeat(1001))), "initial_message", "too_long"),
        (with(&body, "status", json!("closed")), "status", "unknown_field"),
        (with(&body, "version", json!("v1")), "version", "unknown_field"),
    ];
    let texts =
        no_texts().into_iter().map(|(value, code)| (with(&body, "initial_message", value), "initial_message", code));
    cases.extend(texts);
    let ids =
        no_uuids().into_iter().map(|(value, code)| (with(&body, "help_request_id", value), "help_request_id", code));
    cases.extend(ids);
    refuses(&stand, "start-conversation", &helper, &cases).await;
}

#[tokio::test]
async fn text_of_the_greatest_length_is_taken_in_any_script() {
    let stand = Stand::shared().await;
    for letter in ["x", "é", "日", "👋"] {
        let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
        let show = stand.show(&admin, Starts::InAWeek).await;
        let request = stand.help_request(&attendee).await;
        stand.send_dm(&admin, &attendee, &letter.repeat(2000)).expect(201).await;
        stand.send_dm(&admin, &attendee, &format!("\n {} \t", letter.repeat(2000))).expect(201).await;
        stand.send_dm(&admin, &attendee, letter).expect(201).await;
        stand.broadcast(&admin, show, &letter.repeat(1000)).expect(201).await;
        stand.broadcast(&admin, show, letter).expect(201).await;
        stand.offer(&admin, request, &letter.repeat(1000)).expect(201).await;
        let [helper] = stand.users([Role::Attendee]).await;
        stand.offer(&helper, request, &letter.repeat(10)).expect(201).await;
    }
}

#[tokio::test]
async fn text_with_something_to_see_may_have_joiners_and_selectors() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    for text in
        ["❤\u{fe0f}", "👨\u{200d}👩\u{200d}👧", "1\u{fe0f}\u{20e3}", "می\u{200c}خواهم", "क्\u{200d}ष", "\u{2800}é"]
    {
        stand.send_dm(&admin, &attendee, text).expect(201).await;
    }
}

#[tokio::test]
async fn a_length_counts_code_points_and_its_error_says_so() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    // Five code points each, where a person sees one character.
    let family = "👨\u{200d}👩\u{200d}👧";
    stand.send_dm(&admin, &attendee, &family.repeat(400)).expect(201).await;
    let refusal =
        stand.send_dm(&admin, &attendee, &family.repeat(401)).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refusal.faults(), [("content", "too_long")]);
    assert_eq!(
        refusal["reasons"][0]["message"],
        "At most 2000 characters after trimming; this has 2005. Each Unicode code point counts: an emoji may be several."
    );
}

#[tokio::test]
async fn functions_and_database_agree_on_every_character_that_shows_nothing() {
    let stand = Stand::shared().await;
    // No text of PostgreSQL has the null character, and no character is a surrogate.
    let blank: Vec<i32> = stand
        .db
        .query(
            "select code from generate_series(1, x'10ffff'::int) as code
             where code not between x'd800'::int and x'dfff'::int
               and not rolecall_internal.has_visible(chr(code))
             order by code",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let expected: Vec<i32> = ('\u{1}'..=char::MAX).filter(|&c| is_blank(c)).map(|c| c as i32).collect();
    assert_eq!(blank, expected);
    assert!(blank.len() > 4000, "{}", blank.len());
}

#[tokio::test]
async fn every_fault_of_a_body_is_told_at_once() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let body = json!({"show_id": "x", "recipient_roles": [], "dry_run": 0, "colour": "red"});
    let refusal = stand.post("send-broadcast", &body).by(&organizer).expect(400).await.refused(Code::ValidationError);
    let mut faults = refusal.faults();
    faults.sort_unstable();
    let expected = [
        ("colour", "unknown_field"),
        ("dry_run", "wrong_type"),
        ("message", "required"),
        ("recipient_roles", "empty"),
        ("show_id", "malformed_uuid"),
    ];
    assert_eq!(faults, expected);
}

#[tokio::test]
async fn a_field_that_stands_twice_is_refused_whichever_would_win() {
    let stand = Stand::shared().await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let body = format!("{{\"recipient_id\":\"{}\",\"content\":\"Hello\",\"recipient_id\":\"{}\"}}", one.id, two.id);
    let call = stand.call(Method::POST, "send-dm").header("content-type", "application/json").bytes(body);
    let refusal = call.by(&admin).expect(400).await.refused(Code::ValidationError);
    assert_eq!(refusal.faults(), [("recipient_id", "duplicate")]);
    assert_eq!(stand.traces(&admin).await, 0);
}

#[tokio::test]
async fn upper_case_uuids_and_null_for_an_optional_field_are_taken() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let body = json!({"recipient_id": attendee.id.to_string().to_uppercase(), "content": "Hello", "show_id": null});
    stand.post("send-dm", &body).by(&admin).expect(201).await;
}

#[tokio::test]
async fn the_name_of_an_unknown_field_comes_back_harmless() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let name = format!("\u{1b}[31m\r\nx-evil: 1{}", "z".repeat(1000));
    let body = with(&json!({"recipient_id": attendee.id, "content": "Hello"}), &name, json!(1));
    let refusal = stand.post("send-dm", &body).by(&admin).expect(400).await.refused(Code::ValidationError);
    let [(field, "unknown_field")] = refusal.faults()[..] else { panic!("{}", refusal.body) };
    assert!(field.chars().count() <= 64 && !field.chars().any(char::is_control), "{field:?}");
}

#[tokio::test]
async fn the_error_does_not_grow_with_the_faults_of_a_request() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::ShowOrganizer).await;
    let unknown = |n: usize| (0..n).map(|i| (format!("f{i:05}"), json!(1))).collect::<serde_json::Map<_, _>>();
    let long =
        |n: usize| (0..n).map(|i| (format!("{}{i}", "é".repeat(700)), json!(1))).collect::<serde_json::Map<_, _>>();
    let checks = |n: usize| json!({"checks": vec![unknown(20); n]}).to_string();
    let deep = format!("{}{{\"b\":1,\"b\":2}}{}", "{\"a\":".repeat(100), "}".repeat(100));
    let bodies = [
        ("send-dm", Value::Object(unknown(5_000)).to_string(), 5_002),
        ("send-dm", Value::Object(unknown(18)).to_string(), 20),
        ("send-dm", Value::Object(unknown(19)).to_string(), 21),
        ("send-dm", Value::Object(long(40)).to_string(), 42),
        ("send-dm", format!("{{{}}}", vec!["\"content\":\"Hello\""; 3_000].join(",")), 3_000),
        ("check-permission", checks(200), 200 * 21),
        ("check-permission", format!("{{\"checks\":[{}]}}", vec![deep; 80].join(",")), 80 * 3),
        ("send-broadcast", json!({"recipient_roles": vec![json!({}); 20_000]}).to_string(), 3),
    ];
    for (function, body, total) in bodies {
        let call = stand.call(Method::POST, function).by(&user).header("content-type", "application/json");
        let refusal = call.bytes(body).expect(400).await.refused(Code::ValidationError);
        let listed = refusal.reasons().len();
        assert_eq!(listed, total.min(20), "{function}: {total}");
        let counted = refusal.body.get("reasons_total").and_then(Value::as_u64);
        assert_eq!(counted, (total > 20).then_some(total as u64), "{function}");
        assert!(refusal.body.to_string().len() < 8 * 1024, "{function}: {}", refusal.body.to_string().len());
    }
    let query: Vec<String> = (0..500).map(|i| format!("p{i}=1")).collect();
    let refusal = stand.get(&format!("conversations?{}", query.join("&"))).by(&user).expect(400).await;
    assert_eq!((refusal.reasons().len(), &refusal["reasons_total"]), (20, &json!(500)));
    assert_eq!(refusal["detail"], "500 parameters are not valid.");
    assert_eq!(stand.traces(&user).await, 0);
}
