//! Several direct messages in one request: each is judged, limited, audited and answered as if it had come alone.

use rolecall_e2e::{Answer, Call, Code, Role, Setup, Stand, User};
use rolecall_postgres::Mode;
use rolecall_shared::rules::limits::{MAX_BODY_BYTES, MAX_DIRECT_MESSAGES};
use serde_json::{Value, json};
use uuid::Uuid;

fn to(user: &User, content: &str) -> Value {
    json!({"recipient_id": user.id, "content": content})
}

fn with(mut item: Value, member: &str, value: impl Into<Value>) -> Value {
    item[member] = value.into();
    item
}

fn send(stand: &Stand, user: &User, items: &[Value]) -> Call {
    stand.post("send-dm", &Value::Array(items.to_vec())).by(user)
}

/// The status of each result, and its code: `ok`, or `again` for one that was sent before.
fn verdicts(answer: &Answer) -> Vec<String> {
    let verdict = |result: &Value| {
        let code = match (result["success"] == true, result["replayed"] == true) {
            (true, true) => "again",
            (true, false) => "ok",
            _ => result["code"].as_str().unwrap(),
        };
        format!("{} {code}", result["status"])
    };
    answer.items("results").iter().map(verdict).collect()
}

async fn contents(stand: &Stand, user: &User) -> Vec<String> {
    let sql = "select coalesce(array_agg(content order by conversation_id, seq), '{}')
        from rolecall.messages where sender_id = $1";
    stand.db.one(sql, &[&user.id]).await
}

#[tokio::test]
async fn an_array_is_sent_in_its_order_and_answered_in_it() {
    let stand = Stand::shared().await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let begun = stand.send_dm(&admin, &one, "0").expect(201).await;
    let conversation = begun.id("conversation_id");

    let items = [
        to(&one, "1"),
        to(&two, "a"),
        json!({"conversation_id": conversation, "content": "2"}),
        to(&one, "3"),
        to(&two, "b"),
    ];
    let answer = send(&stand, &admin, &items).expect(200).await;

    assert_eq!(verdicts(&answer), ["201 ok"; 5]);
    let seqs: Vec<_> = answer.items("results").iter().map(|result| result["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [2, 1, 3, 4, 2]);
    for result in answer.items("results") {
        assert_eq!(result["request_id"], answer.request_id());
        let sql = "select seq from rolecall.messages where id = $1 and conversation_id = $2";
        let id = |member: &str| -> Uuid { result[member].as_str().unwrap().parse().unwrap() };
        let stored: i64 = stand.db.one(sql, &[&id("message_id"), &id("conversation_id")]).await;
        assert_eq!(result["seq"], stored);
    }
    // One statement, so one commit.
    let commits = "(select distinct xmin::text from rolecall.messages where sender_id = $1) as written";
    assert_eq!(stand.db.count(commits, &[&admin.id]).await, 2);
    let line = stand.runner().request_line(answer.request_id());
    assert_eq!((&line["level"], &line["user_id"]), (&json!("info"), &json!(admin.id)));
}

#[tokio::test]
async fn a_wrong_item_is_answered_in_its_place_and_the_others_are_sent() {
    let stand = Stand::shared().await;
    let [attendee, mvp, dealer] = stand.users([Role::Attendee, Role::MvpDealer, Role::Dealer]).await;
    let key = "k".repeat(256);
    let items = [
        to(&mvp, "1"),
        to(&dealer, "An attendee to a dealer"),
        to(&mvp, ""),
        json!(7),
        Value::Null,
        json!([to(&mvp, "An array in an array")]),
        json!({"recipient_id": mvp.id}),
        with(to(&mvp, "x"), "unknown", 1),
        with(to(&mvp, "x"), "idempotency_key", key),
        with(to(&mvp, "x"), "idempotency_key", 5),
        with(to(&mvp, "x"), "message_id", "no uuid"),
        with(to(&mvp, "x"), "message_id", Uuid::nil().to_string()),
        with(to(&mvp, "x"), "message_id", Uuid::max().to_string()),
        to(&User::stranger(), "To nobody"),
        with(with(to(&mvp, "2"), "message_id", Value::Null), "idempotency_key", Value::Null),
    ];
    let answer = send(&stand, &attendee, &items).expect(200).await;

    let mut expected = vec!["400 validation_error"; 15];
    for (place, verdict) in [(0, "201 ok"), (1, "403 permission_denied"), (13, "404 not_found"), (14, "201 ok")] {
        expected[place] = verdict;
    }
    assert_eq!(verdicts(&answer), expected);
    assert_eq!(contents(&stand, &attendee).await, ["1", "2"]);
    let result = |place: usize| &answer.items("results")[place];
    // As a single request is refused, with the fields as they are called there.
    let alone = stand.send_dm(&attendee, &dealer, "An attendee to a dealer").expect(403).await;
    for member in ["type", "title", "status", "detail", "code", "reasons", "error"] {
        assert_eq!(result(1)[member], alone[member], "{member}");
    }
    for (place, field, code) in [
        (2, "content", "empty"),
        (6, "content", "required"),
        (7, "unknown", "unknown_field"),
        (8, "idempotency_key", "malformed_key"),
        (9, "idempotency_key", "wrong_type"),
        (10, "message_id", "malformed_uuid"),
        (11, "message_id", "reserved_uuid"),
        (12, "message_id", "reserved_uuid"),
    ] {
        let reason = &result(place)["reasons"][0];
        assert_eq!((&reason["field"], &reason["code"]), (&json!(field), &json!(code)), "{place}");
    }
    // What the database refuses is on record, and the line tells the first refusal.
    let audit = stand.audit(answer.request_id()).await;
    let codes: Vec<_> = audit.iter().filter_map(|(code, _, _)| code.as_deref()).collect();
    assert_eq!(codes, ["permission_denied", "not_found"]);
    let line = stand.runner().request_line(answer.request_id());
    assert_eq!((&line["level"], &line["code"]), (&json!("warn"), &json!("permission_denied")));
}

#[tokio::test]
async fn an_item_that_no_single_body_may_be_harms_no_other() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let body = format!(
        r#"[{{"recipient_id": "{0}", "content": "a", "content": "b"}}, {{"\u0000": 1}}, {{"content": {1}{2}}},
            {{"content": "\ud800"}}, {{"recipient_id": "{0}", "content": "c"}}]"#,
        attendee.id,
        "[".repeat(9_000),
        "]".repeat(9_000),
    );
    let call = stand.call(http::Method::POST, "send-dm").by(&admin).bytes(body);
    let answer = call.header("content-type", "application/json").expect(200).await;
    let mut expected = vec!["400 validation_error"; 4];
    expected.push("201 ok");
    assert_eq!(verdicts(&answer), expected);
    let reasons = |place: usize| answer.items("results")[place]["reasons"][0].clone();
    assert_eq!((&reasons(0)["code"], &reasons(0)["field"]), (&json!("duplicate"), &json!("content")));
    assert!((1..4).all(|place| reasons(place)["code"] == "malformed_json"));
}

#[tokio::test]
async fn an_array_has_one_to_a_hundred_items_and_no_key_of_its_own() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let rule = |answer: Answer| answer["reasons"][0]["code"].as_str().unwrap().to_owned();
    let refused = async |call: Call| rule(call.expect(400).await.refused(Code::ValidationError));

    assert_eq!(refused(send(&stand, &admin, &[])).await, "empty");
    let items: Vec<Value> = (0..=MAX_DIRECT_MESSAGES).map(|number| to(&attendee, &number.to_string())).collect();
    assert_eq!(refused(send(&stand, &admin, &items)).await, "too_many");
    assert_eq!(refused(send(&stand, &admin, &items[..1]).key("k")).await, "key_of_an_array");
    let torn = |body: &str| {
        let call = stand.call(http::Method::POST, "send-dm").by(&admin).bytes(body.to_owned());
        call.header("content-type", "application/json")
    };
    assert_eq!(refused(torn("[{}")).await, "malformed_json");
    assert_eq!(refused(torn("[{},]")).await, "malformed_json");
    let large = to(&attendee, &"x".repeat(MAX_BODY_BYTES));
    send(&stand, &admin, &[large]).expect(413).await.refused(Code::PayloadTooLarge);
    stand.post("send-dm", &json!([items[0]])).token("nonsense").expect(401).await.refused(Code::Unauthenticated);
    assert_eq!(stand.traces(&admin).await, 0);

    let answer = send(&stand, &admin, &items[..MAX_DIRECT_MESSAGES]).expect(200).await;
    // As many as the limit has tokens for, the first ones.
    let sent = verdicts(&answer).iter().filter(|verdict| *verdict == "201 ok").count();
    assert_eq!(contents(&stand, &admin).await, (0..sent).map(|number| number.to_string()).collect::<Vec<_>>());
    // Of a function that takes no array it is no body.
    let refusal = stand.post("send-broadcast", &json!([{}])).by(&admin).expect(400).await;
    assert_eq!(rule(refusal.refused(Code::ValidationError)), "malformed_json");
}

#[tokio::test]
async fn each_item_takes_a_token_and_those_without_one_are_told_when() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    stand.limit(Role::Admin, "send_dm", 3, 3600).await;
    let items = [to(&one, "1"), to(&one, ""), to(&two, "2"), to(&admin, "To myself"), to(&one, "3"), to(&two, "4")];
    let answer = send(&stand, &admin, &items).expect(200).await;
    // An item that is not valid has cost nothing; one that the database refuses has.
    let expected =
        ["201 ok", "400 validation_error", "201 ok", "403 permission_denied", "429 rate_limited", "429 rate_limited"];
    assert_eq!(verdicts(&answer), expected);
    assert!(answer.header("ratelimit").starts_with("\"send_dm\";r=0;"), "{}", answer.header("ratelimit"));
    assert!(answer.items("results")[5]["retry_after_seconds"].as_i64().unwrap() > 1000);
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&admin.id]).await, 2);
}

#[tokio::test]
async fn an_item_in_the_name_of_somebody_else_is_refused_and_on_record() {
    let stand = Stand::shared().await;
    let [mallory, victim, other] = stand.users([Role::Admin, Role::Admin, Role::Attendee]).await;
    let items = [
        to(&other, "1"),
        with(to(&other, "x"), "sender_id", victim.id.to_string()),
        with(to(&other, "2"), "sender_id", mallory.id.to_string()),
    ];
    let answer = send(&stand, &mallory, &items).expect(200).await;
    assert_eq!(verdicts(&answer), ["201 ok", "403 permission_denied", "201 ok"]);
    assert_eq!(answer.items("results")[1]["reasons"][0]["code"], "impersonation");
    let expected = (Some("permission_denied".to_owned()), "impersonation_attempt".to_owned(), Some(mallory.id));
    assert_eq!(stand.audit(answer.request_id()).await, [expected]);
    assert_eq!(stand.traces(&victim).await, 0);
}

#[tokio::test]
async fn items_are_repeated_by_their_keys_in_either_form() {
    let stand = Stand::shared().await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let items = [
        with(to(&one, "1"), "idempotency_key", "a"),
        with(to(&two, "2"), "idempotency_key", "b"),
        with(to(&one, "1"), "idempotency_key", "a"),
        with(to(&one, "Another body"), "idempotency_key", "a"),
        with(to(&one, "3"), "idempotency_key", "\"c\""),
    ];
    let first = send(&stand, &admin, &items).expect(200).await;
    assert_eq!(verdicts(&first), ["201 ok", "201 ok", "201 again", "422 idempotency_conflict", "201 ok"]);
    assert_eq!(first.items("results")[0]["message_id"], first.items("results")[2]["message_id"]);
    let second = send(&stand, &admin, &items).expect(200).await;
    assert_eq!(verdicts(&second), ["201 again", "201 again", "201 again", "422 idempotency_conflict", "201 again"]);
    for (one, other) in first.items("results").iter().zip(second.items("results")) {
        assert_eq!((&one["message_id"], &one["seq"]), (&other["message_id"], &other["seq"]));
    }
    for (call, id) in [(stand.send_dm(&admin, &one, "1").key("a"), 0), (stand.send_dm(&admin, &one, "3").key("c"), 4)] {
        let alone = call.expect(201).await;
        assert_eq!(alone.header("idempotency-replayed"), "true");
        assert_eq!(alone["message_id"], first.items("results")[id]["message_id"]);
    }
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&admin.id]).await, 3);
}

#[tokio::test]
async fn after_a_refused_item_later_ones_of_the_conversation_are_sent() {
    let stand = Stand::shared().await;
    let [admin, one] = stand.users([Role::Admin, Role::Attendee]).await;
    let items = [to(&one, "1"), to(&one, " "), to(&one, "2")];
    let answer = send(&stand, &admin, &items).expect(200).await;
    assert_eq!(verdicts(&answer), ["201 ok", "400 validation_error", "201 ok"]);
    assert_eq!(contents(&stand, &admin).await, ["1", "2"]);
}

#[tokio::test]
async fn a_function_that_is_switched_off_refuses_the_array_or_its_items() {
    let stand = Stand::own(Setup::new()).await;
    let sql = "update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm'";
    stand.db.run(sql, &[]).await;
    let [admin, one] = stand.users([Role::Admin, Role::Attendee]).await;
    let answer = send(&stand, &admin, &[to(&one, "1"), to(&one, "2")]).expect(200).await;
    assert_eq!(verdicts(&answer), ["404 feature_disabled"; 2]);
    let stand = Stand::own(Setup::new().variable("rollouts", "send-dm=disabled")).await;
    let [admin, one] = stand.users([Role::Admin, Role::Attendee]).await;
    send(&stand, &admin, &[to(&one, "1")]).expect(404).await.refused(Code::FeatureDisabled);
}

/// What one item waits for holds up no other: the array is taken apart, and that item alone has no answer.
#[tokio::test]
async fn an_item_whose_conversation_is_held_is_not_sent_and_the_others_are() {
    let stand = Stand::own(Setup::new().without_rate_limits()).await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    stand.send_dm(&admin, &one, "0").expect(201).await;
    let holder = stand.connect().await;
    let hold = "begin; select from rolecall.conversations where";
    holder.script(&format!("{hold} '{}' in (participant_low, participant_high) for update", one.id)).await;
    let id = Uuid::new_v4().to_string();
    let items = [to(&two, "1"), with(to(&one, "held"), "message_id", id), to(&two, "2"), to(&two, "3")];
    let answer = send(&stand, &admin, &items).expect(200).await;
    assert_eq!(verdicts(&answer), ["201 ok", "504 timeout", "201 ok", "201 ok"]);
    let line = stand.runner().request_line(answer.request_id());
    assert_eq!((&line["level"], &line["code"]), (&json!("error"), &json!("timeout")));
    holder.script("rollback").await;

    // The client sends again what has no answer.
    let again = send(&stand, &admin, &items[1..2]).expect(200).await;
    assert_eq!(verdicts(&again), ["201 ok"]);
    assert_eq!(stand.db.count("rolecall.messages where sender_id = $1", &[&admin.id]).await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_each_item_says_so_and_a_repetition_doubles_nothing() {
    let stand = Stand::own(Setup::new().own_cluster().without_rate_limits()).await;
    let [admin, one, two] = stand.users([Role::Admin, Role::Attendee, Role::Attendee]).await;
    let items: Vec<Value> = (0..20)
        .map(|number| {
            let item = to(if number % 2 == 0 { &one } else { &two }, &number.to_string());
            with(item, "message_id", Uuid::new_v4().to_string())
        })
        .collect();
    let half = send(&stand, &admin, &items[..10]).expect(200).await;
    assert_eq!(verdicts(&half), ["201 ok"; 10]);
    let cluster = stand.cluster.clone().unwrap();
    let mut cluster = cluster.lock().await;
    tokio::task::block_in_place(|| cluster.stop(Mode::Immediate)).unwrap();
    let mut wrong = items.clone();
    wrong.push(to(&one, ""));
    let away = send(&stand, &admin, &wrong).expect(200).await;
    let mut expected = vec!["503 database_unavailable"; 20];
    expected.push("400 validation_error");
    assert_eq!(verdicts(&away), expected);
    tokio::task::block_in_place(|| cluster.start_again()).unwrap();
    let back = rolecall_e2e::until("the database is back", async || {
        let answer = send(&stand, &admin, &items).expect(200).await;
        (!verdicts(&answer).contains(&"503 database_unavailable".to_owned())).then_some(answer)
    })
    .await;
    let expected: Vec<_> = (0..20).map(|number| if number < 10 { "201 again" } else { "201 ok" }).collect();
    assert_eq!(verdicts(&back), expected);
    let db = stand.connect().await;
    let counted = "(select content from rolecall.messages group by content) as content";
    assert_eq!((db.count("rolecall.messages", &[]).await, db.count(counted, &[]).await), (20, 20));
    // Each failed item counts, once.
    rolecall_e2e::until("the failures are counted", async || {
        let sql = "select coalesce(sum(requests), 0)::bigint from rolecall.request_metrics
            where function = 'send-dm' and code = 'database_unavailable'";
        let counted: i64 = db.one(sql, &[]).await;
        (counted >= 20 && counted % 20 == 0).then_some(())
    })
    .await;
}
