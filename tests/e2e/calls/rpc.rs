//! Straight into SQL: the RPCs that PostgREST exposes, and the entry points of the functions, with nobody as the caller
//! and with somebody who is not who they say they are.

use rolecall_e2e::{Db, Role, Setup, Stand};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A connection that acts as PostgREST does: this database role, these claims.
async fn acting(stand: &Stand, role: &str, claims: &Value) -> Db {
    let db = stand.connect().await;
    db.script(&format!("set role {role}")).await;
    let text = if claims.is_null() { String::new() } else { claims.to_string() };
    let _: String = db.one("select set_config('request.jwt.claims', $1, false)", &[&text]).await;
    db
}

/// The code of a refusal, as an entry point answers it or, flat, as an adopter's RPC does.
fn code(answer: &Value) -> &str {
    if answer["success"] == false {
        assert!(answer["message"].is_string(), "{answer}");
        return answer["error"].as_str().unwrap();
    }
    assert_eq!(answer["ok"], false, "{answer}");
    answer["code"].as_str().unwrap()
}

/// Every entry point, which the login of the functions may execute.
async fn entry_points(stand: &Stand) -> Vec<String> {
    let sql = "select array_agg(p.proname::text order by p.proname)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'rolecall_edge'";
    stand.db.one(sql, &[]).await
}

/// Claims without a caller, as an attacker or a broken gateway might pass them.
fn nobodies() -> Vec<Value> {
    vec![
        Value::Null,
        json!({}),
        json!({"role": "authenticated"}),
        json!({"role": "authenticated", "sub": null}),
        json!({"role": "authenticated", "sub": ""}),
        json!({"role": "authenticated", "sub": "not a uuid"}),
        json!({"role": "authenticated", "sub": 7}),
    ]
}

#[tokio::test]
async fn a_null_caller_is_refused_by_every_rpc_and_never_an_exception() {
    let stand = Stand::shared().await;
    let [requester, helper, admin] = stand.users([Role::Attendee, Role::Attendee, Role::Admin]).await;
    let request = stand.help_request(&requester).await;
    let conversation = stand.send_dm(&admin, &helper, "Hello").expect(201).await.id("conversation_id");
    let help = stand.offer(&admin, request, "I can drive you.").expect(201).await.id("conversation_id");
    for claims in nobodies() {
        let db = acting(&stand, "authenticated", &claims).await;
        for user in [Some(helper.id), None] {
            for other in [Some(admin.id), None] {
                let sql = "select public.can_user_send_dm($1, $2, null)";
                assert!(!db.one::<bool>(sql, &[&user, &other]).await, "{claims}");
            }
            let sql = "select public.can_user_reply($1, $2)";
            assert!(!db.one::<bool>(sql, &[&user, &conversation]).await, "{claims}");
            let sql = "select public.create_conversation_atomic($1, $2, 'I can drive you.')";
            assert_eq!(code(&db.one(sql, &[&request, &user]).await), "unauthenticated", "{claims}");
            let sql = "select public.send_message_v2($1, $2, 'Hello')";
            assert_eq!(code(&db.one(sql, &[&help, &user]).await), "unauthenticated", "{claims}");
            let sql = "select public.get_conversation_v2($1, $2)";
            assert_eq!(code(&db.one(sql, &[&help, &user]).await), "unauthenticated", "{claims}");
        }
    }
    assert_eq!(stand.db.count("public.messages_v2 where conversation_id = $1", &[&help]).await, 1);
    assert_eq!(stand.db.count("public.conversations_v2 where help_request_id = $1", &[&request]).await, 1);
}

#[tokio::test]
async fn nobody_acts_or_asks_for_somebody_else() {
    let stand = Stand::shared().await;
    let [requester, victim, mallory] = stand.users([Role::Attendee, Role::Admin, Role::Attendee]).await;
    let request = stand.help_request(&requester).await;
    let help = stand.offer(&victim, request, "I can drive you.").expect(201).await.id("conversation_id");
    let direct = stand.send_dm(&victim, &requester, "Hello").expect(201).await.id("conversation_id");
    let db = acting(&stand, "authenticated", &json!({"role": "authenticated", "sub": mallory.id})).await;
    assert!(!db.one::<bool>("select public.can_user_send_dm($1, $2)", &[&victim.id, &requester.id]).await);
    assert!(!db.one::<bool>("select public.can_user_reply($1, $2)", &[&victim.id, &direct]).await);
    let open = stand.help_request(&requester).await;
    let sql = "select public.create_conversation_atomic($1, $2, 'I can drive you.')";
    assert_eq!(code(&db.one(sql, &[&open, &victim.id]).await), "permission_denied");
    let sql = "select public.send_message_v2($1, $2, 'Hello')";
    assert_eq!(code(&db.one(sql, &[&help, &victim.id]).await), "permission_denied");
    assert_eq!(code(&db.one(sql, &[&help, &mallory.id]).await), "not_found");
    let sql = "select public.get_conversation_v2($1, $2)";
    assert_eq!(code(&db.one(sql, &[&help, &victim.id]).await), "permission_denied");
    assert_eq!(code(&db.one(sql, &[&help, &mallory.id]).await), "not_found");
    assert_eq!(stand.traces(&mallory).await, 0);

    // Each refusal is one row of the audit.
    let spy = stand.user(Role::Attendee).await;
    let db = acting(&stand, "authenticated", &json!({"role": "authenticated", "sub": spy.id})).await;
    for (number, (sql, id)) in [
        ("select public.create_conversation_atomic($1, $2, 'I can drive you.')", open),
        ("select public.send_message_v2($1, $2, 'Hello')", help),
        ("select public.get_conversation_v2($1, $2)", help),
    ]
    .into_iter()
    .enumerate()
    {
        let answer: Value = db.one(sql, &[&id, &victim.id]).await;
        let expected = json!({
            "success": false, "error": "permission_denied", "message": "You cannot act for somebody else."
        });
        assert_eq!(answer, expected);
        let rows = "rolecall.application_logs where user_id = $1 and code = 'permission_denied'";
        assert_eq!(stand.db.count(rows, &[&spy.id]).await, number as i64 + 1);
    }
}

#[tokio::test]
async fn the_rpcs_serve_their_own_caller() {
    let stand = Stand::shared().await;
    let [requester, helper, dealer] = stand.users([Role::Attendee, Role::Attendee, Role::MvpDealer]).await;
    let request = stand.help_request(&requester).await;
    let as_helper = acting(&stand, "authenticated", &json!({"role": "authenticated", "sub": helper.id})).await;
    let as_requester = acting(&stand, "authenticated", &json!({"role": "authenticated", "sub": requester.id})).await;

    let sql = "select public.create_conversation_atomic($1, $2, 'I can drive you.')";
    let started: Value = as_helper.one(sql, &[&request, &helper.id]).await;
    let help: Uuid = started["conversation_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(started, json!({"success": true, "message": "Conversation started.", "conversation_id": help}));
    let again: Value = as_helper.one(sql, &[&request, &helper.id]).await;
    assert_eq!(
        again,
        json!({
            "success": false, "error": "conversation_exists", "conversation_id": help,
            "message": "You already have a conversation about this help request."
        })
    );
    assert_eq!(code(&as_requester.one(sql, &[&request, &requester.id]).await), "invalid_input");

    let sql = "select public.send_message_v2($1, $2, 'Thank you!')";
    let sent: Value = as_requester.one(sql, &[&help, &requester.id]).await;
    assert_eq!(sent, json!({"success": true, "message": "Message sent.", "message_id": sent["message_id"]}));
    assert_eq!(stand.db.count("public.messages_v2 where id::text = $1", &[&sent["message_id"].as_str()]).await, 1);
    let sql = "select public.get_conversation_v2($1, $2)";
    let read: Value = as_helper.one(sql, &[&help, &helper.id]).await;
    assert_eq!((&read["success"], &read["conversation"]["id"]), (&json!(true), &json!(help)));
    let contents: Vec<_> = read["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
    assert_eq!(contents, ["I can drive you.", "Thank you!"]);

    assert!(as_helper.one::<bool>("select public.can_user_send_dm($1, $2)", &[&helper.id, &dealer.id]).await);
    assert!(!as_helper.one::<bool>("select public.can_user_send_dm($1, $2)", &[&helper.id, &requester.id]).await);
}

#[tokio::test]
async fn anonymous_callers_reach_no_rpc_and_no_table() {
    let stand = Stand::shared().await;
    let db = acting(&stand, "anon", &json!({"role": "anon"})).await;
    for sql in [
        "select public.can_user_send_dm(null, null, null)",
        "select public.can_user_reply(null, null)",
        "select public.create_conversation_atomic(null, null, null)",
        "select public.send_message_v2(null, null, null)",
        "select public.get_conversation_v2(null, null)",
        "select rolecall_edge.health('{}')",
        "select rolecall_edge.key_set('{}')",
        "select rolecall_edge.record_failures('{}')",
        "select count(*) from rolecall.profiles",
        "select count(*) from rolecall.messages",
        "select count(*) from public.messages_v2",
        "select count(*) from rolecall.application_logs",
        "select count(*) from rolecall.idempotency_records",
    ] {
        let error = db.query(sql, &[]).await.expect_err(sql);
        let code = error.code().map(|code| code.code());
        assert!(matches!(code, Some("42501")), "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn users_do_not_reach_the_entry_points() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Admin).await;
    let db = acting(&stand, "authenticated", &json!({"role": "authenticated", "sub": user.id})).await;
    for function in entry_points(&stand).await {
        let sql = format!("select rolecall_edge.{function}('{{}}'::jsonb)");
        let error = db.query(&sql, &[]).await.expect_err(&sql);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{sql}");
    }
}

#[tokio::test]
async fn every_entry_point_refuses_a_null_caller() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let request = stand.help_request(&attendee).await;
    let db = Db::connect(stand.edge_url()).await;
    let inputs = [
        ("send_dm", json!({"recipient_id": attendee.id, "content": "Hello"})),
        ("send_broadcast", json!({"show_id": request, "recipient_roles": ["attendee"], "message": "Hello"})),
        (
            "send_broadcast",
            json!({"show_id": request, "recipient_roles": ["attendee"], "message": "H", "dry_run": true}),
        ),
        ("start_conversation", json!({"help_request_id": request, "initial_message": "I can drive you."})),
        ("help_conversations", json!({"limit": 50})),
        ("help_conversation", json!({"conversation_id": request, "limit": 50})),
        ("send_help_message", json!({"conversation_id": request, "content": "Hello"})),
        ("read_help_conversation", json!({"conversation_id": request})),
        ("complete_help_conversation", json!({"conversation_id": request})),
        ("cancel_help_conversation", json!({"conversation_id": request})),
        ("diagnostics", json!({})),
        ("flags", json!({})),
        ("check_permission", json!({"action": "start_dm", "recipient_id": attendee.id})),
        ("inbox", json!({"limit": 50})),
        ("unread", json!({})),
        ("messages", json!({"conversation_id": request, "limit": 50})),
        ("conversation_changes", json!({"conversation_id": request, "since_revision": 0, "limit": 50})),
        ("conversation_settings", json!({"conversation_id": request, "pinned": true})),
        ("edit_message", json!({"message_id": request, "content": "Hello"})),
        ("message_history", json!({"message_id": request})),
        ("sync", json!({"limit": 50})),
        ("mark_read", json!({"conversation_id": request, "up_to_seq": 1})),
        ("mark_unread", json!({"conversation_id": request, "from_seq": 1})),
        ("react", json!({"message_id": request, "emoji": "👍"})),
        ("unreact", json!({"message_id": request, "emoji": "👍"})),
        ("message_reactions", json!({"message_id": request, "limit": 50})),
        ("report_message", json!({"message_id": request, "reason": "Rude"})),
        ("moderation_queue", json!({"limit": 50})),
        ("review_report", json!({"report_id": request, "decision": "dismiss"})),
        ("delete_message", json!({"message_id": request})),
        ("restore_message", json!({"message_id": request})),
        ("suspend_user", json!({"target_id": attendee.id, "until": "2999-01-01T00:00:00Z"})),
        ("lift_suspension", json!({"target_id": attendee.id})),
        ("moderation_audit", json!({"limit": 50})),
        ("blocks", json!({"limit": 50})),
        ("block_user", json!({"blocked_id": attendee.id})),
        ("unblock_user", json!({"blocked_id": attendee.id})),
        ("typing", json!({"conversation_id": request})),
        ("presence", json!({"user_ids": [attendee.id]})),
        ("export_own_data", json!({})),
        ("delete_own_data", json!({})),
        ("settle_text", json!({"message_id": request, "outcome": "sent"})),
        ("assign_booking", json!({"booking_id": request, "client": {"id": request}, "service": "walk"})),
        ("list_threads", json!({"limit": 50})),
        ("thread_messages", json!({"thread_id": request, "limit": 50})),
        ("mark_thread_read", json!({"thread_id": request})),
        ("send_thread_message", json!({"thread_id": request, "content": "Hello", "filter": {"violations": []}})),
        ("force_send", json!({"message_id": request, "reason": "The vet"})),
        ("realtime_token", json!({})),
    ];
    // The operator's entry point is called below; these three have no caller.
    let elsewhere = [
        "reset_broadcast_quotas",
        "alerts",
        "alerts_sent",
        "claim_sms",
        "receive_sms",
        "receive_sms_status",
        "settle_sms",
        "metrics",
        "advance_rollout",
        "guard_rollouts",
        "rollback_rollout",
        "rollout_status",
        "set_rollout",
        "simulate_rollout",
        "add_number",
        "erase_client",
        "list_numbers",
        "release_number",
        "create_webhook",
        "list_webhooks",
        "update_webhook",
        "rotate_webhook",
        "remove_webhook",
        "test_webhook",
        "list_webhook_deliveries",
        "redeliver_webhook",
        "health",
        "key_set",
        "record_failures",
        "record_refusal",
    ];
    let called: BTreeSet<&str> = inputs.iter().map(|&(function, _)| function).chain(elsewhere).collect();
    assert_eq!(called, entry_points(&stand).await.iter().map(String::as_str).collect());
    for (function, input) in &inputs {
        let sql = format!("select rolecall_edge.{function}($1)");
        for claims in nobodies() {
            let call = json!({"claims": claims, "request_id": "r", "rollouts": {}, "input": input});
            let answer: Value = db.one(&sql, &[&call]).await;
            assert_eq!(code(&answer), "unauthenticated", "{function} {claims}");
        }
        for claims in [json!("x"), json!([]), json!({"role": "service_role"}), json!({"role": "anon", "sub": admin.id})]
        {
            // The operator assigns bookings, too.
            if *function == "assign_booking" && claims["role"] == "service_role" {
                continue;
            }
            let call = json!({"claims": claims, "request_id": "r", "rollouts": {}, "input": input});
            let answer: Value = db.one(&sql, &[&call]).await;
            assert!(matches!(code(&answer), "unauthenticated" | "permission_denied"), "{function} {claims}: {answer}");
        }
        let answer: Value = db.one(&sql, &[&json!({})]).await;
        assert_eq!(code(&answer), "unauthenticated", "{function}");
    }
    for claims in nobodies().into_iter().chain([json!({"role": "authenticated", "sub": admin.id})]) {
        let call = json!({"claims": claims, "request_id": "r", "rollouts": {}, "input": {}});
        for function in [
            "reset_broadcast_quotas",
            "alerts",
            "alerts_sent",
            "claim_sms",
            "receive_sms",
            "receive_sms_status",
            "settle_sms",
            "metrics",
            "advance_rollout",
            "guard_rollouts",
            "rollback_rollout",
            "rollout_status",
            "set_rollout",
            "simulate_rollout",
            "add_number",
            "erase_client",
            "list_numbers",
            "release_number",
            "create_webhook",
            "list_webhooks",
            "update_webhook",
            "rotate_webhook",
            "remove_webhook",
            "test_webhook",
            "list_webhook_deliveries",
            "redeliver_webhook",
        ] {
            let answer: Value = db.one(&format!("select rolecall_edge.{function}($1)"), &[&call]).await;
            assert!(matches!(code(&answer), "unauthenticated" | "permission_denied"), "{function} {claims}: {answer}");
        }
    }
    assert_eq!(stand.traces(&admin).await + stand.traces(&attendee).await, 0);
}

/// The functions check every field before they ask the database, which does not rely on it.
#[tokio::test]
async fn no_entry_point_breaks_on_an_input_that_makes_no_sense() {
    // The operator's calls change what everybody has: flags, for example.
    let stand = Stand::own(Setup::new()).await;
    let admin = stand.user(Role::Admin).await;
    let db = Db::connect(stand.edge_url()).await;
    let fields = [
        "recipient_id",
        "conversation_id",
        "content",
        "show_id",
        "recipient_roles",
        "message",
        "help_request_id",
        "initial_message",
        "action",
        "checks",
        "actor_role",
        "target_role",
        "facts",
        "message_id",
        "target_id",
        "limit",
        "kind",
        "cursor",
        "before_seq",
        "since_seq",
        "up_to_seq",
        "reason",
        "report_id",
        "decision",
        "note",
        "suspended_until",
        "until",
        "status",
        "blocked_id",
        "before",
        "since",
        "message_type",
        "flag",
        "rollout",
        "user_ids",
        "sample",
        "force",
        "lease",
        "outcomes",
        "outcome",
        "thread_id",
        "filter",
        "media_urls",
        "segments",
        "encoding",
        "organization_role",
        "scope",
        "sitter_id",
        "client_id",
        "unread",
    ];
    let everything = |value: &Value| Value::Object(fields.iter().map(|&field| (field.into(), value.clone())).collect());
    let id = Uuid::new_v4();
    // Each with the one entry point that it is for; none for all of them.
    let mut inputs = [Value::Null, json!([]), json!("x"), json!(7), json!({})].map(|input| (None, input)).to_vec();
    for value in [
        json!(null),
        json!("x"),
        json!(""),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e300),
        json!(true),
        json!([]),
        json!({}),
        json!([null]),
        json!(["attendee", 7]),
        json!(id),
        json!("infinity"),
        json!("2026-02-30T00:00:00Z"),
        json!(format!("999999999999999999.{id}")),
        json!(format!("1.{id}")),
        json!("profile/x"),
        json!([{"action": 7}]),
        json!([{"id": 7, "outcome": {}, "error_code": "x", "retry_after_seconds": -1}]),
        json!("9".repeat(400)),
        json!("\u{1}"),
    ] {
        inputs.push((None, everything(&value)));
        for action in [
            "start_dm",
            "reply",
            "broadcast",
            "moderate",
            "report",
            "suspend",
            "read_broadcast",
            "react",
            "read_thread",
            "send_to_thread",
            "assign_booking",
            "force_send",
        ] {
            let mut input = everything(&value);
            input["action"] = json!(action);
            input["checks"] = Value::Null;
            inputs.push((Some("check_permission"), input));
        }
    }
    let mut called = 0;
    let entry_points = entry_points(&stand).await;
    for function in entry_points
        .iter()
        .filter(|name| !matches!(name.as_str(), "health" | "key_set" | "record_failures" | "record_refusal"))
    {
        let sql = format!("select rolecall_edge.{function}($1)");
        for (_, input) in inputs.iter().filter(|(only, _)| only.is_none_or(|only| only == function)) {
            for role in ["authenticated", "service_role"] {
                // The operator's one entry point has a test of its own, and shall not reset others' quotas here.
                if role == "service_role" && function == "reset_broadcast_quotas" {
                    continue;
                }
                let claims = json!({"sub": admin.id, "role": role});
                let call = json!({"claims": claims, "request_id": "r", "rollouts": {}, "input": input});
                let row = db.query_one(&sql, &[&call]).await;
                let row = row.unwrap_or_else(|error| panic!("{function} {input}: {error:?}"));
                let answer: Value = row.get(0);
                assert!(answer["ok"].is_boolean(), "{function} {input}: {answer}");
                assert!(answer["ok"] == true || answer["code"].is_string(), "{function} {input}: {answer}");
                called += 1;
            }
        }
    }
    println!("{called} calls that make no sense were answered");
}

#[tokio::test]
async fn the_claims_of_one_request_are_gone_in_the_next() {
    let stand = Stand::shared().await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let db = Db::connect(stand.edge_url()).await;
    let call = json!({
        "claims": {"sub": admin.id, "role": "authenticated"}, "request_id": "r", "rollouts": {},
        "input": {"recipient_id": attendee.id, "content": "Hello"},
    });
    let answer: Value = db.one("select rolecall_edge.send_dm($1)", &[&call]).await;
    assert_eq!(answer["ok"], true, "{answer}");
    let left: Option<String> = db.one("select nullif(current_setting('request.jwt.claims', true), '')", &[]).await;
    assert_eq!(left, None);
    let mut nobody = call.clone();
    nobody.as_object_mut().unwrap().remove("claims");
    let answer: Value = db.one("select rolecall_edge.send_dm($1)", &[&nobody]).await;
    assert_eq!(code(&answer), "unauthenticated");
}

#[tokio::test]
async fn the_login_of_the_functions_may_execute_the_entry_points_and_nothing_else() {
    let stand = Stand::shared().await;
    let db = Db::connect(stand.edge_url()).await;
    for sql in [
        "select count(*) from rolecall.profiles",
        "select count(*) from rolecall.messages",
        "delete from rolecall.application_logs",
        "select count(*) from rolecall.idempotency_records",
        "select public.can_user_send_dm(null, null, null)",
        "select public.create_conversation_atomic(null, null, null)",
        "set role authenticated",
        "set role service_role",
        "create table public.mine (x int)",
        "create schema mine",
        "select rolecall_internal.begin_call('send-dm', '{}')",
    ] {
        let error = db.query(sql, &[]).await.expect_err(sql);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{sql}");
    }
    let sql = "select array_agg(n.nspname || '.' || p.proname)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'auth')
          and has_schema_privilege('rolecall_edge', n.oid, 'usage')
          and has_function_privilege('rolecall_edge', p.oid, 'execute')";
    let mut reachable: Vec<String> = stand.db.one(sql, &[]).await;
    reachable.sort_unstable();
    let mut expected: Vec<String> =
        entry_points(&stand).await.iter().map(|name| format!("rolecall_edge.{name}")).collect();
    expected.sort_unstable();
    assert_eq!(reachable, expected);
    let timeout: String = db.one("select current_setting('statement_timeout')", &[]).await;
    assert_eq!(timeout, "5s");
    let idle: String = db.one("select current_setting('idle_in_transaction_session_timeout')", &[]).await;
    assert_ne!(idle, "0");
}
