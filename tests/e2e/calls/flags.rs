//! Each function's flag: a row in `feature_flags`, and the operator's variable beside it.

use rolecall_e2e::{
    Answer, Code, Role, Setup, Stand, User,
    endpoints::{endpoints, endpoints_of_users, flags},
    fixtures::Starts,
};
use rolecall_shared::rules::{id::UserId, rollout::bucket};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

async fn set(stand: &Stand, flag: &str, rollout: &str) {
    let changed =
        stand.db.run("update rolecall.feature_flags set rollout = $2 where name = $1", &[&flag, &rollout]).await;
    assert_eq!(changed, 1, "{flag}");
}

async fn internal(stand: &Stand, user: &User) {
    stand.db.run("update rolecall.profiles set is_internal = true where id = $1", &[&user.id]).await;
}

/// What each function needs, and a call of it that works when it is on.
struct World {
    organizer: User,
    other: User,
    show: Uuid,
    message: Uuid,
}

impl World {
    async fn new(stand: &Stand) -> World {
        let [organizer, other] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
        let show = stand.show(&organizer, Starts::InAWeek).await;
        let organization = stand.organization().await;
        stand.belongs(&organizer, organization, Some("owner")).await;
        // Organisations switch texting on for themselves.
        set(stand, "messaging_v1", "enabled").await;
        let conversation = stand.history(&other, &organizer, 1).await;
        let message = stand.message(conversation, 1).await;
        World { organizer, other, show, message }
    }

    async fn ask(&self, stand: &Stand, flag: &str) -> Answer {
        match flag {
            "send-dm" => stand.send_dm(&self.organizer, &self.other, "Hello").send().await,
            "send-broadcast" => stand.broadcast(&self.organizer, self.show, "Hello").send().await,
            "start-conversation" => {
                let request = stand.help_request(&self.other).await;
                stand.offer(&self.organizer, request, "I can drive you.").send().await
            }
            "diagnostics" => stand.diagnostics(&self.organizer).send().await,
            "reset-broadcast-quotas" => stand.reset().send().await,
            "check-permission" => {
                let check = json!({"action": "start_dm", "actor_role": "admin", "target_role": "attendee"});
                stand.check(&self.organizer, &check).send().await
            }
            "conversations" => stand.inbox(&self.organizer, "").send().await,
            "help-conversations" => stand.get("help-conversations").by(&self.organizer).send().await,
            "moderation" => stand.queue(&self.organizer, "").send().await,
            "blocks" => stand.blocks(&self.organizer, "").send().await,
            "own-data" => stand.export(&self.organizer).send().await,
            "messages" => stand.versions(&self.organizer, self.message).send().await,
            "reactions" => stand.react(&self.organizer, self.message, "👍").send().await,
            "sync" => stand.sync(&self.organizer, &json!({})).send().await,
            "realtime" => {
                let path = format!("realtime/presence?user_ids={}", self.other.id);
                stand.get(&path).by(&self.organizer).send().await
            }
            "messaging_v1" => stand.get("threads").by(&self.organizer).send().await,
            _ => panic!("{flag}"),
        }
    }
}

/// The flags of functions for users, who are in or out of a rollout one by one.
fn flags_of_users() -> BTreeSet<String> {
    endpoints_of_users(Uuid::nil()).into_iter().filter_map(|endpoint| endpoint.flag).collect()
}

#[tokio::test]
async fn a_flag_that_is_flipped_holds_from_the_next_request_on() {
    let stand = Stand::own(Setup::new().realtime().without_rate_limits()).await;
    let world = World::new(&stand).await;
    for flag in &flags() {
        assert!(world.ask(&stand, flag).await.status < 300, "{flag}");
        set(&stand, flag, "disabled").await;
        let messages = stand.db.count("rolecall.messages", &[]).await;
        let refusal = world.ask(&stand, flag).await.refused_by(Code::FeatureDisabled, "feature_disabled");
        assert_eq!(refusal.status, 404, "{flag}");
        assert_eq!(stand.db.count("rolecall.messages", &[]).await, messages, "{flag}");
        for other in flags().iter().filter(|other| *other != flag && *other != "send-broadcast") {
            let sql = "select coalesce(requires = $2, false) from rolecall.feature_flags where name = $1";
            let answer = world.ask(&stand, other).await;
            if stand.db.one::<bool>(sql, &[other, flag]).await {
                answer.refused(Code::FeatureDisabled);
            } else {
                assert!(answer.status < 300, "{other} while {flag} is off");
            }
        }
        set(&stand, flag, "enabled").await;
        assert_ne!(world.ask(&stand, flag).await.code(), "feature_disabled", "{flag}");
    }
}

#[tokio::test]
async fn a_flag_switches_every_operation_of_its_function_and_nothing_else() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let admin = stand.user(Role::Admin).await;
    for endpoint in endpoints(Uuid::new_v4()) {
        let Some(flag) = &endpoint.flag else { continue };
        set(&stand, flag, "disabled").await;
        let refusal = endpoint.call_by(&stand, &admin).expect(404).await;
        refusal.refused_by(Code::FeatureDisabled, "feature_disabled");
        set(&stand, flag, "enabled").await;
        let answer = endpoint.call_by(&stand, &admin).send().await;
        assert_ne!(answer.code(), "feature_disabled", "{endpoint:?}");
    }
}

#[tokio::test]
async fn a_flag_without_a_row_is_off() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let world = World::new(&stand).await;
    stand.db.run("delete from rolecall.feature_flags", &[]).await;
    for flag in &flags() {
        world.ask(&stand, flag).await.refused(Code::FeatureDisabled);
    }
}

#[tokio::test]
async fn an_internal_feature_is_for_internal_users() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let world = World::new(&stand).await;
    for flag in &flags_of_users() {
        set(&stand, flag, "internal").await;
        world.ask(&stand, flag).await.refused(Code::FeatureDisabled);
    }
    internal(&stand, &world.organizer).await;
    for flag in &flags_of_users() {
        assert!(world.ask(&stand, flag).await.status < 300, "{flag}");
    }
    set(&stand, "reset-broadcast-quotas", "internal").await;
    stand.reset().expect(200).await;
}

#[tokio::test]
async fn a_percentage_admits_whose_bucket_is_below_it_and_internal_users() {
    let stand = Stand::own(Setup::new().realtime()).await;
    let other = stand.user(Role::Attendee).await;
    let mut users = Vec::new();
    for _ in 0..20 {
        users.push(stand.user(Role::Admin).await);
    }
    for percent in [0, 1, 35, 70, 100] {
        set(&stand, "send-dm", &format!("percentage:{percent}")).await;
        for user in &users {
            let included = bucket("send-dm", UserId::from(user.id)) < percent * 100;
            let answer = stand.send_dm(user, &other, "Hello").send().await;
            let expected = if included { 201 } else { 404 };
            assert_eq!(answer.status, expected, "{percent} % {}", answer.body);
        }
    }
    set(&stand, "send-dm", "percentage:0").await;
    internal(&stand, &users[0]).await;
    stand.send_dm(&users[0], &other, "Hello").expect(201).await;
}

#[tokio::test]
async fn a_variable_forces_a_function_off_whatever_the_table_says() {
    let rollouts: Vec<String> = flags().iter().map(|flag| format!("{flag}=disabled")).collect();
    let stand = Stand::own(Setup::new().realtime().variable("rollouts", &rollouts.join(","))).await;
    let world = World::new(&stand).await;
    internal(&stand, &world.organizer).await;
    for flag in &flags() {
        assert_eq!(world.ask(&stand, flag).await.refused(Code::FeatureDisabled).status, 404, "{flag}");
    }
    assert_eq!(stand.db.count("rolecall.messages", &[]).await, 1, "the one that was there");
    assert_eq!(stand.db.count("rolecall.quota_runs", &[]).await, 0);
    stand.get("send-dm").expect(200).await;
}

#[tokio::test]
async fn a_variable_restricts_and_the_table_restricts_further() {
    let setup = Setup::new().realtime().variable("rollouts", "send-dm=internal,start-conversation=percentage:50");
    let stand = Stand::own(setup).await;
    let world = World::new(&stand).await;
    world.ask(&stand, "send-dm").await.refused(Code::FeatureDisabled);
    internal(&stand, &world.organizer).await;
    assert_eq!(world.ask(&stand, "send-dm").await.status, 201);
    set(&stand, "send-dm", "disabled").await;
    world.ask(&stand, "send-dm").await.refused(Code::FeatureDisabled);

    let requester = stand.user(Role::Attendee).await;
    let request = stand.help_request(&requester).await;
    for _ in 0..12 {
        let helper = stand.user(Role::Attendee).await;
        let included = bucket("start-conversation", UserId::from(helper.id)) < 5_000;
        let answer = stand.offer(&helper, request, "I can drive you.").send().await;
        assert_eq!(answer.status, if included { 201 } else { 404 }, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_rollout_that_makes_no_sense_cannot_be_written() {
    let stand = Stand::own(Setup::new().realtime()).await;
    for rollout in
        ["", "on", "Enabled", "percentage", "percentage:101", "percentage:-1", "percentage:1.5", "percentage:007"]
    {
        let sql = "update rolecall.feature_flags set rollout = $1 where name = 'send-dm'";
        let error = stand.db.execute(sql, &[&rollout]).await.expect_err(rollout);
        assert_eq!(error.code().map(|code| code.code()), Some("23514"), "{rollout}");
    }
}
