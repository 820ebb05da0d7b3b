//! GET flags: what is switched on for the caller, and by what.

use rolecall_e2e::{Code, Role, Setup, Stand, User, endpoints::endpoints_of_users, token};
use serde_json::{Value, json};
use uuid::Uuid;

async fn flags_of(stand: &Stand, user: &User) -> Value {
    stand.get("flags").by(user).expect(200).await["flags"].clone()
}

fn said(flags: &Value, flag: &str) -> (bool, String) {
    let flag = &flags[flag];
    (flag["enabled"].as_bool().unwrap_or(false), flag["reason"].as_str().unwrap_or_default().to_owned())
}

async fn set(stand: &Stand, flag: &str, rollout: &str) {
    let sql = "update rolecall.feature_flags set rollout = $2 where name = $1";
    assert_eq!(stand.db.run(sql, &[&flag, &rollout]).await, 1, "{flag}");
}

async fn override_for(stand: &Stand, flag: &str, user: &User, rollout: &str) {
    let sql =
        "insert into rolecall.feature_flag_overrides (name, user_id, rollout, reason) values ($1, $2, $3, 'A test')";
    assert_eq!(stand.db.run(sql, &[&flag, &user.id, &rollout]).await, 1, "{flag}");
}

/// Compares what the flags say with what every function of users answers: 404 `feature_disabled` or anything else.
async fn assert_agreement(stand: &Stand, user: &User, what: &str) {
    let flags = flags_of(stand, user).await;
    for endpoint in endpoints_of_users(Uuid::new_v4()) {
        let Some(flag) = &endpoint.flag else { continue };
        let answer = endpoint.call_by(stand, user).send().await;
        let (enabled, reason) = said(&flags, flag);
        // Who may not write does not type either.
        let enabled = enabled && (!endpoint.path.ends_with("realtime/typing") || said(&flags, "send-dm").0);
        // A check of a permission succeeds, and names the code of what it was asked about.
        let refused = (answer.status, answer.code()) == (404, "feature_disabled");
        assert_eq!(enabled, !refused, "{what}: {flag} by {reason}, {}", answer.body);
    }
}

#[tokio::test]
async fn the_flags_say_what_every_function_does() {
    let rollouts = "send-broadcast=internal,conversations=percentage:50";
    let stand = Stand::own(Setup::new().realtime().without_rate_limits().variable("rollouts", rollouts)).await;
    let users = stand.users([Role::Admin, Role::Moderator, Role::Attendee]).await;
    stand.db.run("update rolecall.profiles set is_internal = true where id = $1", &[&users[1].id]).await;
    let organization = stand.organization().await;
    stand.belongs(&users[0], organization, Some("owner")).await;
    let stranger = User::stranger();
    for step in ["as they are", "one off", "an override", "an organisation's", "a requirement", "the prerequisite off"]
    {
        match step {
            "one off" => {
                set(&stand, "blocks", "disabled").await;
                set(&stand, "moderation", "internal").await;
                set(&stand, "own-data", "percentage:50").await;
            }
            "an override" => {
                override_for(&stand, "blocks", &users[2], "enabled").await;
                override_for(&stand, "send-dm", &users[2], "disabled").await;
            }
            "an organisation's" => {
                let sql = "insert into rolecall.feature_flag_overrides (name, organization_id, rollout)
                    values ('diagnostics', $1, 'disabled'), ('blocks', $1, 'enabled')";
                stand.db.run(sql, &[&organization]).await;
            }
            "a requirement" => {
                stand
                    .db
                    .run("update rolecall.feature_flags set requires = 'blocks' where name = 'start-conversation'", &[])
                    .await;
            }
            "the prerequisite off" => set(&stand, "messaging_v2_enabled", "internal").await,
            _ => {}
        }
        for user in users.iter().chain([&stranger]) {
            assert_agreement(&stand, user, step).await;
        }
    }
    let of = |user| flags_of(&stand, user);
    assert_eq!(said(&of(&users[1]).await, "send-dm"), (true, "everybody".into()));
    assert_eq!(said(&of(&users[1]).await, "moderation"), (true, "internal".into()));
    assert_eq!(said(&of(&users[0]).await, "send-broadcast"), (false, "variable".into()));
    assert_eq!(said(&of(&users[0]).await, "send-dm"), (false, "prerequisite".into()));
    assert_eq!(said(&of(&users[0]).await, "messaging_v2_enabled"), (false, "internal".into()));
    set(&stand, "messaging_v2_enabled", "enabled").await;
    assert_eq!(said(&of(&users[2]).await, "send-dm"), (false, "user".into()));
    assert_eq!(said(&of(&users[0]).await, "diagnostics"), (false, "organization".into()));
    assert_eq!(said(&of(&stranger).await, "blocks"), (false, "off".into()));
    assert_eq!(said(&of(&stranger).await, "start-conversation"), (false, "prerequisite".into()));
}

#[tokio::test]
async fn a_new_database_serves_nobody_until_it_is_switched_on() {
    let stand = Stand::own(Setup::new()).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    set(&stand, "messaging_v2_enabled", "disabled").await;
    for endpoint in endpoints_of_users(Uuid::new_v4()) {
        let answer = endpoint.call_by(&stand, &admin).send().await;
        match endpoint.flag {
            Some(flag) => assert_eq!((answer.status, answer.code()), (404, "feature_disabled"), "{flag}"),
            None => assert_eq!(answer.status, 200, "{}", endpoint.path),
        }
    }
    for table in ["messages", "idempotency_records", "data_deletions", "user_blocks", "reported_messages", "broadcasts"]
    {
        assert_eq!(stand.db.count(&format!("rolecall.{table}"), &[]).await, 0, "{table}");
    }
    stand.reset().expect(200).await;
    stand.get("/api/health").expect(200).await;
    // Past the functions, too.
    let db = stand.postgrest(admin.id).await;
    let sent: Value = db
        .one("select public.create_conversation_atomic($1, $2, 'I can help with that.')", &[&Uuid::new_v4(), &admin.id])
        .await;
    assert!(sent.to_string().contains("feature_disabled"), "{sent}");
    let insert = "insert into rolecall.user_blocks (blocker_id, blocked_id) values ($1, $2)";
    let refused = db.execute(insert, &[&admin.id, &attendee.id]).await;
    assert_eq!(refused.expect_err("it is off").code().map(|code| code.code()), Some("42501"));
    // For one of them, by one row.
    override_for(&stand, "messaging_v2_enabled", &admin, "enabled").await;
    stand.send_dm(&admin, &attendee, "Hello").expect(201).await;
    stand.reply(&attendee, Uuid::new_v4(), "Hello").expect(404).await.refused(Code::FeatureDisabled);
}

#[tokio::test]
async fn flags_are_for_users_and_name_nobody_else() {
    let stand = Stand::own(Setup::new()).await;
    let [user, other] = stand.users([Role::Attendee, Role::Attendee]).await;
    override_for(&stand, "send-dm", &other, "disabled").await;
    stand.get("flags").expect(401).await.refused(Code::Unauthenticated);
    stand.get("flags").token(&token::operator()).expect(403).await.refused(Code::PermissionDenied);
    let flags = stand.get("flags").by(&user).expect(200).await;
    flags.has_members(&["flags", "organization_role"]);
    assert_eq!(flags["flags"]["send-dm"], json!({"enabled": true, "reason": "everybody"}));
    assert_eq!(flags["flags"]["maintenance"], json!({"enabled": false, "reason": "off"}));
    assert!(!flags.body.to_string().contains(&other.id.to_string()), "{}", flags.body);
    // Who is suspended reads them, too.
    stand.suspend(&user, 1).await;
    stand.get("flags").by(&user).expect(200).await;
    stand.limit(Role::Attendee, "read", 1, 3600).await;
    stand.get("flags").by(&other).expect(200).await;
    stand.get("flags").by(&other).expect(429).await.refused(Code::RateLimited);
}

#[tokio::test]
async fn an_override_is_for_whom_it_names_and_until_it_ends() {
    let stand = Stand::own(Setup::new()).await;
    let [in_it, beside, to] = stand.users([Role::Admin, Role::Admin, Role::Attendee]).await;
    set(&stand, "send-dm", "disabled").await;
    override_for(&stand, "send-dm", &in_it, "enabled").await;
    stand.send_dm(&in_it, &to, "Hello").expect(201).await;
    stand.send_dm(&beside, &to, "Hello").expect(404).await.refused_by(Code::FeatureDisabled, "feature_disabled");
    let shift = "update rolecall.feature_flag_overrides set until = now() + make_interval(secs => $1)";
    stand.db.run(shift, &[&3600.0_f64]).await;
    stand.send_dm(&in_it, &to, "Hello").expect(201).await;
    stand.db.run(shift, &[&-1.0_f64]).await;
    stand.send_dm(&in_it, &to, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    // Their organisation's counts where they have none of their own that lasts.
    let organization = stand.organization().await;
    stand.belongs(&in_it, organization, None).await;
    let sql = "insert into rolecall.feature_flag_overrides (name, organization_id, rollout) values ('send-dm', $1, 'enabled')";
    stand.db.run(sql, &[&organization]).await;
    stand.send_dm(&in_it, &to, "Hello").expect(201).await;
    stand.send_dm(&beside, &to, "Hello").expect(404).await.refused(Code::FeatureDisabled);
}

#[tokio::test]
async fn the_variable_bounds_what_is_required_too() {
    let stand = Stand::own(Setup::new().variable("rollouts", "messaging_v2_enabled=internal")).await;
    let [user, internal, to] = stand.users([Role::Admin, Role::Admin, Role::Attendee]).await;
    stand.db.run("update rolecall.profiles set is_internal = true where id = $1", &[&internal.id]).await;
    for user in [&user, &internal] {
        override_for(&stand, "messaging_v2_enabled", user, "enabled").await;
    }
    stand.send_dm(&user, &to, "Hello").expect(404).await.refused(Code::FeatureDisabled);
    stand.send_dm(&internal, &to, "Hello").expect(201).await;
    let flags = flags_of(&stand, &user).await;
    assert_eq!(said(&flags, "messaging_v2_enabled"), (false, "variable".into()));
    assert_eq!(said(&flags, "send-dm"), (false, "prerequisite".into()));
}

#[tokio::test]
async fn the_answer_says_what_the_caller_is_in_their_organisation() {
    let stand = Stand::shared().await;
    let agency = stand.agency().await;
    let attendee = stand.user(Role::Attendee).await;
    for (user, role) in [
        (&agency.owner, json!("owner")),
        (&agency.admin, json!("admin")),
        (&agency.sitter, json!("sitter")),
        (&agency.client_user, json!("client")),
        (&attendee, Value::Null),
        (&User::stranger(), Value::Null),
    ] {
        for path in ["flags", "/api/messages/me"] {
            assert_eq!(stand.get(path).by(user).expect(200).await["organization_role"], role, "{path}");
        }
    }
}
