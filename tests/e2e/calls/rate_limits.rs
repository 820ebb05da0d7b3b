//! How often somebody may do something: a bucket of tokens for each user and action, on a stand with the limits as they
//! are delivered.

use futures::future::join_all;
use rolecall_e2e::{Answer, Code, Role, Setup, Stand, User, fixtures::Starts};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The parts of the `RateLimit` field for a policy: remaining and seconds until it is full.
fn remaining(answer: &Answer, policy: &str) -> (i64, i64) {
    let field = answer.header("ratelimit");
    let start = format!("\"{policy}\";r=");
    let item = field.split(", ").find_map(|item| item.strip_prefix(start.as_str()));
    let item = item.unwrap_or_else(|| panic!("{policy} in {field:?}"));
    let (r, t) = item.split_once(";t=").unwrap();
    (r.parse().unwrap(), t.parse().unwrap())
}

/// Takes all but so many tokens out of somebody's bucket.
async fn leave_tokens(stand: &Stand, user: &User, action: &str, tokens: f64) {
    let sql = "insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
        select $1, action, $3, clock_timestamp(), capacity, window_seconds
        from rolecall.rate_limits
        where action = $2 and role = (select role from rolecall.profiles where id = $1)
        on conflict (user_id, action) do update
        set tokens = excluded.tokens, refilled_at = excluded.refilled_at";
    assert_eq!(stand.db.run(sql, &[&user.id, &action, &tokens]).await, 1);
}

/// Lets somebody's bucket be so many seconds older.
async fn age(stand: &Stand, user: &User, seconds: f64) {
    let sql =
        "update rolecall.rate_buckets set refilled_at = refilled_at - make_interval(secs => $2) where user_id = $1";
    assert!(stand.db.run(sql, &[&user.id, &seconds]).await > 0);
}

#[tokio::test]
async fn sixty_direct_messages_a_minute_and_the_next_is_told_when() {
    let stand = Stand::own(Setup::new()).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    // A bucket that refills in an hour stands still while the test runs.
    stand.limit(Role::ShowOrganizer, "send_dm", 60, 3600).await;
    let first = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    assert_eq!(first.header("ratelimit-policy"), "\"send_dm\";q=60;w=3600");
    assert_eq!(remaining(&first, "send_dm").0, 59);
    for left in (0..59).rev() {
        let sent = stand.send_dm(&organizer, &attendee, "And so on").expect(201).await;
        assert_eq!(remaining(&sent, "send_dm").0, left);
    }
    let refused = stand.send_dm(&organizer, &attendee, "One too many").expect(429).await;
    let refused = refused.refused_by(Code::RateLimited, "rate_limit");
    assert_eq!(remaining(&refused, "send_dm").0, 0);
    let seconds = refused["retry_after_seconds"].as_i64().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(refused.header("retry-after"), seconds.to_string());
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 60);
    assert_eq!(stand.audit(refused.request_id()).await.len(), 1);
}

#[tokio::test]
async fn the_delivered_limits() {
    let stand = Stand::own(Setup::new()).await;
    for &role in Role::ALL {
        let limits: Value = stand
            .db
            .one(
                "select jsonb_object_agg(action, array[capacity, window_seconds]) from rolecall.rate_limits
                 where role = $1::text::rolecall.app_role",
                &[&role.as_str()],
            )
            .await;
        let expected = json!({
            "send_dm": [60, 60], "send_broadcast": [10, 60], "start_conversation": [20, 60],
            "report_message": [10, 60], "block_user": [60, 60], "export_own_data": [10, 3600],
            "send_help_message": [60, 60], "read_help_conversation": [120, 60], "ask_for_help": [20, 3600],
            "change_help": [60, 60], "update_profile": [20, 3600],
            "unblock_user": [60, 60], "export_page": [6000, 60], "delete_own_data": [60, 60], "moderate": [300, 60],
            "diagnostics": [60, 60], "check_permission": [600, 60], "mark_read": [600, 60], "read": [600, 60],
            "send_thread_message": [60, 60], "force_send": [60, 60],
            "assign_booking": [300, 60], "typing": [60, 60], "realtime_token": [60, 60],
            "sync": [120, 60], "edit_message": [30, 60], "react": [120, 60], "conversation_settings": [120, 60],
        });
        assert_eq!(limits, expected, "{role:?}");
    }
}

#[tokio::test]
async fn of_a_hundred_at_once_exactly_the_capacity_succeed() {
    let stand = Stand::own(Setup::new()).await;
    let others = stand.users([Role::Attendee; 10]).await;
    for capacity in [1, 60] {
        let organizer = stand.user(Role::ShowOrganizer).await;
        stand.limit(Role::ShowOrganizer, "send_dm", capacity, 36_000).await;
        let calls = (0..100).map(|n| stand.send_dm(&organizer, &others[n % 10], "Hello").send());
        let answers = join_all(calls).await;
        let sent = answers.iter().filter(|answer| answer.status == 201).count();
        let refused = answers.iter().filter(|answer| answer.code() == "rate_limited").count();
        assert_eq!((sent, refused), (capacity as usize, 100 - capacity as usize));
        let stored = stand.db.count("rolecall.messages where sender_id = $1", &[&organizer.id]).await;
        assert_eq!(stored, i64::from(capacity));
        let mut left: Vec<i64> =
            answers.iter().filter(|answer| answer.status == 201).map(|answer| remaining(answer, "send_dm").0).collect();
        left.sort_unstable();
        assert_eq!(left, (0..i64::from(capacity)).collect::<Vec<_>>(), "each took another token");
    }
}

#[tokio::test]
async fn tokens_come_back_one_by_one_and_never_more_than_fit() {
    let stand = Stand::own(Setup::new()).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    stand.limit(Role::ShowOrganizer, "send_dm", 4, 40_000).await;
    for _ in 0..4 {
        stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    }
    let refused = stand.send_dm(&organizer, &attendee, "Hello").expect(429).await;
    let wait = refused["retry_after_seconds"].as_i64().unwrap();
    assert!((9_900..=10_000).contains(&wait), "a quarter of the window brings one token: {wait}");
    age(&stand, &organizer, 9_000.0).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(429).await;
    age(&stand, &organizer, 1_001.0).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(429).await;
    age(&stand, &organizer, 1_000_000.0).await;
    for _ in 0..4 {
        stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    }
    stand.send_dm(&organizer, &attendee, "Hello").expect(429).await;
    // A clock that was set back gives nothing and takes nothing.
    age(&stand, &organizer, -1_000_000.0).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(429).await;
}

#[tokio::test]
async fn users_and_actions_have_buckets_of_their_own() {
    let stand = Stand::own(Setup::new()).await;
    let [one, two, attendee] = stand.users([Role::ShowOrganizer, Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&one, Starts::InAWeek).await;
    stand.limit(Role::ShowOrganizer, "send_dm", 1, 3600).await;
    stand.send_dm(&one, &attendee, "Hello").expect(201).await;
    stand.send_dm(&one, &attendee, "Hello").expect(429).await;
    stand.send_dm(&two, &attendee, "Hello").expect(201).await;
    let sent = stand.broadcast(&one, show, "Hello").expect(201).await;
    assert_eq!(remaining(&sent, "send_broadcast").0, 9);
    assert_eq!(remaining(&sent, "pre_show").0, 1, "both limits stand in one field: {}", sent.header("ratelimit"));
    let policies = sent.header("ratelimit-policy");
    assert!(policies.contains("\"pre_show\";q=2;w=86400") && policies.contains("\"send_broadcast\";q=10;w=60"));
}

#[tokio::test]
async fn every_limited_action_is_refused_when_its_tokens_are_spent() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let [user, other] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&user, Starts::InAWeek).await;
    let request = stand.help_request(&other).await;
    let admin = stand.user(Role::Admin).await;
    let message = stand.send_dm(&admin, &user, "Hello").expect(201).await;
    let (conversation, message) = (message.id("conversation_id"), message.id("message_id"));
    let help = stand.helped(&other, &user).await;
    let dry_run = json!({"show_id": show, "recipient_roles": ["attendee"], "message": "Hello", "dry_run": true});
    let until = stand.hours_from_now(1).await;
    let booking = json!({
        "booking_id": request, "client": {"id": request}, "service": "walk", "recurring": false, "sitter_id": null,
        "starts_at": "2099-01-01T09:00:00Z", "ends_at": "2099-01-01T10:00:00Z", "status": "confirmed",
    });
    // Each call, the action whose tokens it takes, and those it does not take being there.
    let calls = || {
        [
            ("send_dm", stand.send_dm(&user, &other, "Hello")),
            ("send_broadcast", stand.broadcast(&user, show, "Hello")),
            ("start_conversation", stand.offer(&user, request, "I can drive you.")),
            ("report_message", stand.report(&user, message, "Rude")),
            ("block_user", stand.block_user(&user, other.id)),
            ("export_own_data", stand.export(&user)),
            // A dry run, reads and erasure, too.
            ("read", stand.post("send-broadcast", &dry_run).by(&user)),
            ("read", stand.inbox(&user, "")),
            ("read", stand.get("conversations/unread").by(&user)),
            ("read", stand.get(&format!("conversations/{conversation}/messages")).by(&user)),
            ("read", stand.get(&format!("conversations/{conversation}/changes?since_revision=0")).by(&user)),
            ("sync", stand.sync(&user, &json!({}))),
            ("edit_message", stand.edit(&user, message, "Hello")),
            ("read", stand.versions(&user, message)),
            ("read", stand.get("blocks").by(&user)),
            ("read", stand.get("moderation/queue").by(&user)),
            ("read", stand.get("moderation/audit").by(&user)),
            ("read", stand.help_conversations(&user, "")),
            ("read_help_conversation", stand.help_conversation(&user, help, "")),
            ("send_help_message", stand.say(&user, help, "Hello")),
            ("send_help_message", stand.act(&user, help, "complete")),
            ("send_help_message", stand.act(&user, help, "cancel")),
            ("mark_read", stand.act(&user, help, "read")),
            ("delete_own_data", stand.delete_own_data(&user)),
            ("unblock_user", stand.unblock_user(&user, other.id)),
            (
                "mark_read",
                stand.post(&format!("conversations/{conversation}/read"), &json!({"up_to_seq": 1})).by(&user),
            ),
            ("conversation_settings", stand.set_conversation(&user, conversation, json!({"pinned": true}))),
            ("react", stand.react(&user, message, "👍")),
            ("react", stand.unreact(&user, message, "👍")),
            ("read", stand.reactions(&user, message, "")),
            ("moderate", stand.post("moderation/delete", &json!({"message_id": message})).by(&user)),
            ("moderate", stand.post("moderation/restore", &json!({"message_id": message})).by(&user)),
            (
                "moderate",
                stand.post("moderation/review", &json!({"report_id": message, "decision": "dismiss"})).by(&user),
            ),
            ("moderate", stand.post("moderation/suspend", &json!({"target_id": other.id, "until": until})).by(&user)),
            ("moderate", stand.post("moderation/lift-suspension", &json!({"target_id": other.id})).by(&user)),
            ("diagnostics", stand.diagnostics(&user)),
            ("check_permission", stand.check(&user, &json!({"action": "broadcast", "show_id": show}))),
            ("read", stand.get("threads").by(&user)),
            ("read", stand.get(&format!("threads/{conversation}/messages")).by(&user)),
            ("mark_read", stand.post(&format!("threads/{conversation}/read"), &json!({})).by(&user)),
            (
                "send_thread_message",
                stand.post("send-thread-message", &json!({"thread_id": conversation, "content": "Hello"})).by(&user),
            ),
            ("force_send", stand.post("force-send", &json!({"message_id": message, "reason": "The vet"})).by(&user)),
            (
                "force_send",
                stand.post("deliver-sms/settle", &json!({"message_id": message, "outcome": "sent"})).by(&user),
            ),
            ("assign_booking", stand.post("assign-booking", &booking).by(&user)),
            ("typing", stand.post("realtime/typing", &json!({"conversation_id": conversation})).by(&user)),
            ("read", stand.get(&format!("realtime/presence?user_ids={}", other.id)).by(&user)),
            ("realtime_token", stand.post("realtime/token", &json!({})).by(&user)),
        ]
    };
    let limited: BTreeSet<&str> = calls().iter().map(|&(action, _)| action).collect();
    for &action in &limited {
        stand.limit(Role::ShowOrganizer, action, 1, 3600).await;
        leave_tokens(&stand, &user, action, 0.0).await;
    }
    let before = stand.traces(&user).await;
    for (action, call) in calls() {
        let refused = call.expect(429).await.refused_by(Code::RateLimited, "rate_limit");
        assert_eq!(remaining(&refused, action).0, 0);
        assert!(!refused.header("retry-after").is_empty(), "{action}");
    }
    assert_eq!(stand.traces(&user).await, before);
    assert_eq!(stand.db.count("rolecall.user_blocks", &[]).await, 0);
    // With a token each of them is decided, and says what is left.
    for (action, call) in calls() {
        leave_tokens(&stand, &user, action, 1.0).await;
        let answer = call.send().await;
        assert_ne!(answer.status, 429, "{action}");
        assert_eq!(remaining(&answer, action).0, 0, "{action}: {}", answer.status);
    }
    // Every action that is limited is among them, but for the later pages of an export and what is done past the functions.
    let all: Vec<String> = stand
        .db
        .one(
            "select array_agg(distinct action) from rolecall.rate_limits where action not in (
               'export_page', 'ask_for_help', 'change_help', 'update_profile'
             )",
            &[],
        )
        .await;
    assert_eq!(limited, all.iter().map(String::as_str).collect());
    // Health takes none.
    for path in ["/api/health", "send-dm"] {
        let health = stand.get(path).expect(200).await;
        assert_eq!(health.header("ratelimit"), "");
    }
}

#[tokio::test]
async fn a_refused_request_costs_a_token_and_a_replay_does_not() {
    let stand = Stand::own(Setup::new()).await;
    let [attendee, dealer, mvp] = stand.users([Role::Attendee, Role::Dealer, Role::MvpDealer]).await;
    stand.limit(Role::Attendee, "send_dm", 3, 3600).await;
    let sent = stand.send_dm(&attendee, &mvp, "Hello").key("k").expect(201).await;
    assert_eq!(remaining(&sent, "send_dm").0, 2);
    for _ in 0..5 {
        let again = stand.send_dm(&attendee, &mvp, "Hello").key("k").expect(201).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    stand.send_dm(&attendee, &dealer, "Hello").expect(403).await;
    stand.send_dm(&attendee, &dealer, "Hello").expect(403).await;
    stand.send_dm(&attendee, &mvp, "Hello").expect(429).await.refused(Code::RateLimited);
    // What the token was refused for is not kept under the key either.
    let refused = stand.send_dm(&attendee, &mvp, "Later").key("l").expect(429).await;
    assert_eq!(refused.header("idempotency-replayed"), "");
    leave_tokens(&stand, &attendee, "send_dm", 1.0).await;
    stand.send_dm(&attendee, &mvp, "Later").key("l").expect(201).await;
}

#[tokio::test]
async fn a_dry_run_and_a_question_cost_no_token_of_what_they_ask_for() {
    let stand = Stand::own(Setup::new()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.limit(Role::ShowOrganizer, "send_broadcast", 1, 3600).await;
    let body = json!({"show_id": show, "recipient_roles": ["attendee"], "message": "Hello", "dry_run": true});
    for _ in 0..3 {
        stand.post("send-broadcast", &body).by(&organizer).expect(200).await;
        stand.check(&organizer, &json!({"action": "broadcast", "show_id": show})).expect(200).await;
    }
    stand.broadcast(&organizer, show, "Hello").expect(201).await;
    stand.broadcast(&organizer, show, "Hello").expect(429).await.refused(Code::RateLimited);
}

#[tokio::test]
async fn a_limit_is_a_row_for_each_role_and_holds_from_the_next_request_on() {
    let stand = Stand::own(Setup::new()).await;
    let [organizer, moderator, attendee] = stand.users([Role::ShowOrganizer, Role::Moderator, Role::Attendee]).await;
    stand.limit(Role::ShowOrganizer, "send_dm", 1, 3600).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(429).await;
    stand.send_dm(&moderator, &attendee, "Hello").expect(201).await;
    stand.send_dm(&moderator, &attendee, "Hello").expect(201).await;
    // Another role, another limit.
    stand.becomes(&organizer, Role::Admin).await;
    age(&stand, &organizer, 60.0).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    stand.becomes(&organizer, Role::ShowOrganizer).await;
    // No limit at all, said in either way: nothing is taken and no field is sent.
    for sql in [
        "update rolecall.rate_limits set capacity = null where role = 'show_organizer' and action = 'send_dm'",
        "delete from rolecall.rate_limits where role = 'show_organizer' and action = 'send_dm'",
    ] {
        stand.db.run(sql, &[]).await;
        for _ in 0..3 {
            let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
            assert_eq!((sent.header("ratelimit"), sent.header("ratelimit-policy")), ("", ""));
        }
    }
}

#[tokio::test]
async fn a_limit_of_nothing_allows_nothing() {
    let stand = Stand::own(Setup::new()).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    stand.limit(Role::ShowOrganizer, "send_dm", 0, 60).await;
    let fresh = stand.user(Role::ShowOrganizer).await;
    for user in [&organizer, &fresh] {
        let refused = stand.send_dm(user, &attendee, "Hello").expect(429).await;
        refused.refused_by(Code::RateLimited, "rate_limit");
    }
}

#[tokio::test]
async fn who_has_no_profile_is_refused_for_that_and_fills_no_bucket() {
    let stand = Stand::own(Setup::new()).await;
    let attendee = stand.user(Role::Attendee).await;
    let stranger = User::stranger();
    for _ in 0..3 {
        stand.send_dm(&stranger, &attendee, "Hello").expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
        stand.block_user(&stranger, attendee.id).expect(403).await.refused_by(Code::PermissionDenied, "no_profile");
    }
    assert_eq!(stand.db.count("rolecall.rate_buckets where user_id = $1", &[&stranger.id]).await, 0);
}

#[tokio::test]
async fn other_people_s_unknown_ids_cost_the_asker_a_token_too() {
    let stand = Stand::own(Setup::new()).await;
    let user = stand.user(Role::Attendee).await;
    stand.limit(Role::Attendee, "report_message", 2, 3600).await;
    for _ in 0..2 {
        stand.report(&user, Uuid::new_v4(), "I guess").expect(404).await.refused(Code::NotFound);
    }
    stand.report(&user, Uuid::new_v4(), "I guess").expect(429).await.refused(Code::RateLimited);
}
