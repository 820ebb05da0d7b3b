//! What is allowed, known before it is asked for: the same answer as the real call's, and nothing changed by asking.

use rolecall_e2e::{Answer, Code, Role, Setup, Stand, User, fixtures::Starts};
use rolecall_shared::rules::matrix::{Action, Decision, Fact, Facts, decide};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

fn members(value: &Value) -> Vec<&str> {
    let names = value.as_object().unwrap().keys().map(String::as_str);
    let mut names: Vec<&str> = names.filter(|name| !matches!(*name, "success" | "request_id")).collect();
    names.sort_unstable();
    names
}

/// The question itself: what of it is answered as the real call would be.
fn agree(shown: &str, check: &Value, real: &Answer) {
    let allowed = real.status < 300;
    assert_eq!(check["allowed"], allowed, "{shown}: {check} but {}", real.body);
    if allowed {
        assert!(check.get("code").is_none_or(Value::is_null), "{shown}: {check}");
        assert!(check["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "{shown}: {check}");
        assert_eq!((&check["reasons"], &check["would_be_allowed_if"]), (&json!([]), &json!([])), "{shown}: {check}");
        return;
    }
    assert_eq!(check["code"], real.code(), "{shown}: {check} but {}", real.body);
    let reasons = real["reasons"].as_array().cloned().unwrap_or_default();
    if reasons.is_empty() {
        return;
    }
    assert_eq!(check["reasons"], json!(reasons), "{shown}");
    assert_eq!(check["rule"], reasons[0]["code"], "{shown}: {check}");
    let conditions: Vec<&Value> = reasons.iter().map(|reason| &reason["allowed_if"]).collect();
    assert_eq!(check["would_be_allowed_if"], json!(conditions), "{shown}: {check}");
}

#[tokio::test]
async fn each_action_is_answered_with_the_rule_that_decides() {
    let stand = Stand::shared().await;
    let [organizer, attendee, dealer, moderator] =
        stand.users([Role::ShowOrganizer, Role::Attendee, Role::Dealer, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee, &dealer]).await;
    let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    let (conversation, message) = (sent.id("conversation_id"), sent.id("message_id"));
    let broadcast = stand.broadcast(&organizer, show, "Doors open").expect(201).await.id("conversation_id");
    let start = |user: &User| json!({"action": "start_dm", "recipient_id": user.id});
    for (user, check, rule) in [
        (&organizer, start(&attendee), "show_organizer_writes_to_everyone"),
        (&attendee, json!({"action": "reply", "conversation_id": conversation}), "attendee_replies_to_staff"),
        (
            &attendee,
            json!({"action": "read_broadcast", "conversation_id": broadcast}),
            "broadcasts_do_not_cross_a_block",
        ),
        (&organizer, json!({"action": "broadcast", "show_id": show}), "show_organizer_broadcasts_in_own_show"),
        (&moderator, json!({"action": "moderate", "message_id": message}), "moderator_moderates"),
        (&attendee, json!({"action": "report", "message_id": message}), "anyone_reports_what_they_can_read"),
        (&moderator, json!({"action": "suspend", "target_id": dealer.id}), "moderator_suspends_users"),
    ] {
        let answer = stand.check(user, &check).expect(200).await;
        let mut expected = vec!["action", "allowed", "quota", "reasons", "rule", "would_be_allowed_if"];
        if check["action"] == "broadcast" {
            expected.insert(3, "recipient_roles");
        }
        expected.sort_unstable();
        assert_eq!(members(&answer.body), expected);
        assert_eq!((&answer["allowed"], &answer["rule"]), (&json!(true), &json!(rule)), "{}", answer.body);
        assert_eq!(answer["action"], check["action"]);
        assert_eq!((&answer["reasons"], &answer["would_be_allowed_if"]), (&json!([]), &json!([])));
    }
    for (user, check, code, rule) in [
        (&attendee, start(&dealer), "permission_denied", "attendee_writes_to_mvp_dealers_only"),
        (&attendee, start(&attendee), "permission_denied", "self_message"),
        (&dealer, json!({"action": "reply", "conversation_id": conversation}), "not_found", "not_a_participant"),
        (&dealer, json!({"action": "broadcast", "show_id": show}), "permission_denied", "dealer_reads_only"),
        (&dealer, json!({"action": "read_broadcast", "conversation_id": broadcast}), "not_found", "not_a_participant"),
        (
            &dealer,
            json!({"action": "moderate", "message_id": message}),
            "permission_denied",
            "dealer_does_not_moderate",
        ),
        (&organizer, json!({"action": "report", "message_id": message}), "permission_denied", "self_report"),
        (&dealer, json!({"action": "report", "message_id": message}), "not_found", "not_a_participant"),
        (&moderator, json!({"action": "suspend", "target_id": moderator.id}), "permission_denied", "self_suspension"),
    ] {
        let answer = stand.check(user, &check).expect(200).await;
        assert_eq!((&answer["allowed"], &answer["rule"]), (&json!(false), &json!(rule)), "{}", answer.body);
        assert_eq!(answer["code"], code);
        assert_eq!(answer["reasons"][0]["code"], rule);
        assert_eq!(answer["would_be_allowed_if"][0], answer["reasons"][0]["allowed_if"]);
    }
}

#[tokio::test]
async fn a_question_about_roles_is_answered_as_the_matrix_says() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Attendee).await;
    let usual = Facts::NONE.with(Fact::FeatureEnabled).with(Fact::Participant);
    let mut asked = vec![(None, usual)];
    for mask in [0_usize, 1, 17, 0b11_1001_0001, 0b10_0011_0001, 0b01_0101_0001, 0b11_1111_1111, 0b00_1001_1001] {
        let facts: Facts =
            Fact::ALL.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1).map(|(_, &fact)| fact).collect();
        asked.push((Some(facts.iter().map(Fact::as_str).collect::<Vec<_>>()), facts));
    }
    let mut compared = 0;
    for (named, facts) in asked {
        let mut checks = Vec::new();
        for &action in Action::ALL {
            for &actor in Role::ALL {
                for &target in Role::ALL {
                    let mut check = json!({"action": action, "actor_role": actor, "target_role": target});
                    if let Some(named) = &named {
                        check["facts"] = json!(named);
                    }
                    checks.push((check, decide(actor, action, target, facts)));
                }
            }
        }
        for part in checks.chunks(150) {
            let questions: Vec<&Value> = part.iter().map(|(check, _)| check).collect();
            let answer = stand.check(&user, &json!({"checks": questions})).expect(200).await;
            answer.has_members(&["results"]);
            assert_eq!(answer.items("results").len(), part.len());
            for (result, (check, decision)) in answer.items("results").iter().zip(part) {
                assert_eq!(
                    (&result["action"], &result["allowed"]),
                    (&check["action"], &json!(decision.allowed())),
                    "{check}"
                );
                assert_eq!(result["rule"], decision.rule(), "{check}");
                assert_eq!(result["quota"], Value::Null, "{check}");
                if let Decision::Refused { code, message, allowed_if, .. } = decision {
                    assert_eq!(result["code"], code.as_str(), "{check}");
                    let reason = json!({"code": decision.rule(), "message": message, "allowed_if": allowed_if});
                    assert_eq!(result["reasons"], json!([reason]), "{check}");
                }
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 9 * Action::ALL.len() * Role::ALL.len() * Role::ALL.len());
    println!("{compared} answers of check-permission compared with Rust");
}

#[tokio::test]
async fn two_hundred_questions_are_one_statement_and_answered_in_their_order() {
    let stand = Stand::own(Setup::new()).await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let (mut checks, mut allowed) = (Vec::new(), Vec::new());
    for number in 0..200 {
        let id = match number % 4 {
            0 => organizer.id,
            1 => Uuid::new_v4(),
            _ => stand.user(Role::ALL[number % Role::ALL.len()]).await.id,
        };
        checks.push(json!({"action": "start_dm", "recipient_id": id}));
        allowed.push(number % 4 > 1);
    }
    let answer = stand.check(&organizer, &json!({"checks": checks})).expect(200).await;
    let results: Vec<bool> =
        answer.items("results").iter().map(|result| result["allowed"].as_bool().unwrap()).collect();
    assert_eq!(results, allowed);
    // One by one they are the same.
    for (check, result) in checks.iter().zip(answer.items("results")).step_by(13) {
        let single = stand.check(&organizer, check).expect(200).await;
        for (member, value) in result.as_object().unwrap() {
            assert_eq!(&single[member.as_str()], value, "{check}");
        }
    }
    for (checks, code) in [(vec![checks[0].clone(); 201], "too_many"), (vec![], "empty")] {
        let refusal = stand.check(&organizer, &json!({"checks": checks})).expect(400).await;
        assert_eq!(refusal.refused(Code::ValidationError).faults(), [("checks", code)]);
    }
}

#[tokio::test]
async fn asking_changes_nothing_at_all() {
    let stand = Stand::own(Setup::new()).await;
    // A question takes a token of its own, which rate_limits.rs is about; of those it asks about it takes none.
    stand.db.run("update rolecall.rate_limits set capacity = null where action = 'check_permission'", &[]).await;
    let [organizer, attendee, moderator] = stand.users([Role::ShowOrganizer, Role::Attendee, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&attendee]).await;
    let sent = stand.send_dm(&organizer, &attendee, "Hello").expect(201).await;
    let (conversation, message) = (sent.id("conversation_id"), sent.id("message_id"));
    let before = stand.fingerprint().await;
    for user in [&organizer, &attendee, &moderator, &User::stranger()] {
        let checks = json!([
            {"action": "start_dm", "recipient_id": attendee.id},
            {"action": "start_dm", "recipient_id": Uuid::new_v4()},
            {"action": "reply", "conversation_id": conversation},
            {"action": "broadcast", "show_id": show, "recipient_roles": ["attendee"]},
            {"action": "moderate", "message_id": message},
            {"action": "report", "message_id": message},
            {"action": "suspend", "target_id": attendee.id},
            {"action": "reply", "actor_role": "dealer", "target_role": "admin"},
        ]);
        for check in checks.as_array().unwrap() {
            stand.check(user, check).key("k").expect(200).await;
        }
        stand.check(user, &json!({"checks": checks})).expect(200).await;
    }
    assert_eq!(stand.fingerprint().await, before);
}

#[tokio::test]
async fn rates_and_quotas_are_looked_at_and_not_taken() {
    let stand = Stand::own(Setup::new()).await;
    let [organizer, attendee] = stand.users([Role::ShowOrganizer, Role::Attendee]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.limit(Role::ShowOrganizer, "send_dm", 2, 36_000).await;
    let dm = json!({"action": "start_dm", "recipient_id": attendee.id});
    for left in [2, 1, 0] {
        for _ in 0..2 {
            let answer = stand.check(&organizer, &dm).expect(200).await;
            let quota = &answer["quota"];
            assert_eq!((&quota["policy"], &quota["limit"]), (&json!("send_dm"), &json!(2)), "{quota}");
            assert_eq!((&quota["remaining"], &quota["window_seconds"]), (&json!(left), &json!(36_000)), "{quota}");
            assert!(quota["reset_seconds"].as_i64().is_some_and(|seconds| (0..=36_000).contains(&seconds)), "{quota}");
            let (allowed, code, rule) = if left > 0 {
                (true, Value::Null, "show_organizer_writes_to_everyone")
            } else {
                (false, json!("rate_limited"), "rate_limit")
            };
            assert_eq!((&answer["allowed"], &answer["code"], &answer["rule"]), (&json!(allowed), &code, &json!(rule)));
        }
        stand.send_dm(&organizer, &attendee, "Hello").expect(if left > 0 { 201 } else { 429 }).await;
    }
    let broadcast = json!({"action": "broadcast", "show_id": show, "recipient_roles": ["attendee"]});
    for left in [2, 1, 0] {
        let answer = stand.check(&organizer, &broadcast).expect(200).await;
        let quota = &answer["quota"];
        assert_eq!((&quota["phase"], &quota["limit"]), (&json!("pre_show"), &json!(2)), "{quota}");
        assert_eq!(quota["remaining"], json!({"pre_show": left, "post_show": 1}));
        assert!(quota["reset_at"].as_str().is_some_and(|at| at.ends_with("T02:00:00.000000Z")), "{quota}");
        assert_eq!((&answer["allowed"], &answer["rule"] == "broadcast_quota_spent"), (&json!(left > 0), left == 0));
        assert_eq!(&answer["code"] == "quota_exceeded", left == 0);
        stand.broadcast(&organizer, show, "Hello").expect(if left > 0 { 201 } else { 429 }).await;
    }
    stand.db.run("update rolecall.rate_limits set capacity = null", &[]).await;
    assert_eq!(stand.check(&organizer, &dm).expect(200).await["quota"], Value::Null);
}

#[tokio::test]
async fn a_broadcast_without_roles_is_asked_for_each_of_them() {
    let stand = Stand::shared().await;
    let [organizer, mvp, moderator] = stand.users([Role::ShowOrganizer, Role::MvpDealer, Role::Moderator]).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    stand.join(show, &[&mvp]).await;
    let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    for (user, roles) in [(&organizer, all.as_slice()), (&mvp, &["attendee"]), (&moderator, &[])] {
        let answer = stand.check(user, &json!({"action": "broadcast", "show_id": show})).expect(200).await;
        assert_eq!(answer["allowed"], !roles.is_empty(), "{}", answer.body);
        assert_eq!(answer["recipient_roles"], json!(roles));
    }
    let check = json!({"action": "broadcast", "show_id": show, "recipient_roles": ["attendee", "dealer"]});
    let answer = stand.check(&mvp, &check).expect(200).await;
    assert_eq!(
        (&answer["allowed"], &answer["rule"]),
        (&json!(false), &json!("mvp_dealer_broadcasts_to_attendees_only"))
    );
    assert_eq!(answer["recipient_roles"], json!(["attendee"]));
}

#[tokio::test]
async fn what_is_asked_about_must_fit_the_action() {
    let stand = Stand::shared().await;
    let user = stand.user(Role::Admin).await;
    let id = Uuid::new_v4();
    for (check, faults) in [
        (json!({}), vec![("action", "required")]),
        (json!({"action": "dance", "recipient_id": id}), vec![("action", "unknown_value")]),
        (json!({"action": 7}), vec![("action", "wrong_type")]),
        (json!({"action": "start_dm"}), vec![("recipient_id", "required")]),
        (json!({"action": "start_dm", "recipient_id": "x"}), vec![("recipient_id", "malformed_uuid")]),
        (
            json!({"action": "reply", "recipient_id": id}),
            vec![("conversation_id", "required"), ("recipient_id", "unknown_field")],
        ),
        (json!({"action": "broadcast"}), vec![("show_id", "required")]),
        (
            json!({"action": "broadcast", "show_id": id, "recipient_roles": ["king"]}),
            vec![("recipient_roles[0]", "unknown_value")],
        ),
        (json!({"action": "moderate"}), vec![("message_id", "required")]),
        (json!({"action": "report", "message_id": null}), vec![("message_id", "required")]),
        (json!({"action": "suspend", "target_id": []}), vec![("target_id", "wrong_type")]),
        (json!({"action": "reply", "actor_role": "dealer"}), vec![("target_role", "required")]),
        (
            json!({"action": "reply", "actor_role": "king", "target_role": "dealer"}),
            vec![("actor_role", "unknown_value")],
        ),
        (
            json!({"action": "reply", "actor_role": "admin", "target_role": "admin", "facts": ["lucky"]}),
            vec![("facts[0]", "unknown_value")],
        ),
        (
            json!({"action": "start_dm", "actor_role": "admin", "target_role": "admin", "recipient_id": id}),
            vec![("recipient_id", "unknown_field")],
        ),
        (
            json!({"checks": [{"action": "start_dm", "recipient_id": id}, {"action": "reply"}]}),
            vec![("checks[1].conversation_id", "required")],
        ),
        (json!({"checks": {}}), vec![("checks", "wrong_type")]),
        (json!({"checks": [[]]}), vec![("checks[0]", "wrong_type")]),
        (
            json!({"checks": [{"checks": []}]}),
            vec![("checks[0].action", "required"), ("checks[0].checks", "unknown_field")],
        ),
    ] {
        let refusal = stand.check(&user, &check).expect(400).await.refused(Code::ValidationError);
        let mut found = refusal.faults();
        found.sort_unstable();
        assert_eq!(found, faults, "{check}: {}", refusal.body);
    }
}

#[tokio::test]
async fn a_rollout_that_takes_a_function_away_takes_its_permission_away() {
    let setup = Setup::new().variable("rollouts", "send-dm=disabled,send-broadcast=internal,moderation=disabled");
    let stand = Stand::own(setup).await;
    let [admin, attendee] = stand.users([Role::Admin, Role::Attendee]).await;
    let show = stand.show(&admin, Starts::InAWeek).await;
    let conversation = stand.history(&admin, &attendee, 1).await;
    let message = stand.message(conversation, 1).await;
    for (check, real) in [
        (json!({"action": "start_dm", "recipient_id": attendee.id}), stand.send_dm(&admin, &attendee, "Hello")),
        (json!({"action": "reply", "conversation_id": conversation}), stand.reply(&admin, conversation, "Hello")),
        (json!({"action": "broadcast", "show_id": show}), stand.broadcast(&admin, show, "Hello")),
        (json!({"action": "report", "message_id": message}), stand.report(&admin, message, "Rude")),
        (json!({"action": "moderate", "message_id": message}), stand.delete_message(&admin, message)),
        (
            json!({"action": "suspend", "target_id": attendee.id}),
            stand.suspend_user(&admin, attendee.id, "2999-01-01T00:00:00Z"),
        ),
    ] {
        let answer = stand.check(&admin, &check).expect(200).await;
        let real = real.expect(404).await.refused(Code::FeatureDisabled);
        agree(&check.to_string(), &answer.body, &real);
        assert_eq!((&answer["code"], &answer["rule"]), (&json!("feature_disabled"), &json!("feature_disabled")));
    }
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn role(&mut self) -> Role {
        Role::ALL[self.below(Role::ALL.len())]
    }
}

/// A state of the world, a question and the call that it is about.
struct Case {
    actor: User,
    check: Value,
    shown: String,
    flag: &'static str,
    limit: Option<&'static str>,
}

/// Three people in a state that the random numbers say, and a question about it.
async fn case(stand: &Stand, random: &mut Random, number: usize) -> Case {
    let roles = [random.role(), random.role(), random.role()];
    let [actor, other, third] = stand.users(roles).await;
    let actor = if random.once_in(40) { User::stranger() } else { actor };
    let has_profile = stand.db.count("rolecall.profiles where id = $1", &[&actor.id]).await == 1;
    let mut told = vec![format!("case {number}: {roles:?}, profile {has_profile}")];
    let mut say = |text: &str| told.push(text.to_owned());
    let organizer = if has_profile && random.once_in(2) { &actor } else { &third };
    let starts = if random.once_in(2) { Starts::InAWeek } else { Starts::ADayAgo };
    let show = stand.show(organizer, starts).await;
    if organizer.id == actor.id {
        say("own show");
    }
    if has_profile && random.once_in(2) {
        say("takes part");
        stand.join(show, &[&actor]).await;
    }
    if random.once_in(2) {
        say("the other takes part");
        stand.join(show, &[&other]).await;
    }
    // A message of the other to the actor, of the third to the other, or of the third to the show.
    let unknown = Uuid::new_v4();
    let place = if has_profile { random.below(4) } else { 1 };
    say(["in a direct conversation", "in one of others", "in a broadcast", "in the own broadcast"][place]);
    let conversation = match place {
        0 => stand.history(&actor, &other, 2).await,
        1 => stand.history(&other, &third, 2).await,
        _ => {
            let sender = if place == 2 { &third } else { &actor };
            stand.becomes(sender, Role::Admin).await;
            let sent = stand.broadcast_to(sender, show, &["attendee", "dealer", "admin"], "Hello").expect(201).await;
            stand.db.run("delete from rolecall.rate_buckets where user_id = $1", &[&sender.id]).await;
            stand.becomes(sender, if place == 2 { roles[2] } else { roles[0] }).await;
            sent.id("conversation_id")
        }
    };
    let mut message = stand.message(conversation, 1).await;
    if has_profile && random.once_in(9) {
        say("suspended");
        stand.suspend(&actor, 1).await;
    }
    if has_profile && random.once_in(6) {
        say("blocked");
        let (one, two) = if random.once_in(2) { (&actor, &other) } else { (&other, &actor) };
        stand.block(one, two).await;
    }
    if random.once_in(5) {
        say("closed");
        stand.db.run("update rolecall.conversations set read_only = true where id = $1", &[&conversation]).await;
    }
    let nowhere = random.once_in(10);
    if nowhere {
        say("unknown");
        message = unknown;
    }
    let action = Action::ALL[random.below(Action::ALL.len())];
    let (check, flag, limit) = match action {
        Action::StartDm => {
            let recipient = match random.below(8) {
                0 => actor.id,
                _ if nowhere => unknown,
                _ => other.id,
            };
            if has_profile && random.once_in(3) {
                say("an MVP dealer");
                stand.becomes(&actor, Role::MvpDealer).await;
            }
            let mut check = json!({"action": action, "recipient_id": recipient});
            if random.once_in(3) {
                check["show_id"] = json!(if random.once_in(4) { unknown } else { show });
            }
            (check, "send-dm", Some("send_dm"))
        }
        Action::Reply => {
            let conversation = if nowhere { unknown } else { conversation };
            (json!({"action": action, "conversation_id": conversation}), "send-dm", Some("send_dm"))
        }
        Action::Broadcast => {
            let first = random.below(6);
            let roles: Vec<Role> =
                (0..=random.below(3)).map(|place| Role::ALL[(first + place) % Role::ALL.len()]).collect();
            if has_profile && random.once_in(3) {
                say("an organizer of it");
                stand.becomes(&actor, Role::ShowOrganizer).await;
                stand.db.run("update rolecall.shows set organizer_id = $2 where id = $1", &[&show, &actor.id]).await;
            }
            if has_profile && random.once_in(2) {
                say("quota spent");
                let sql = "insert into rolecall.broadcast_quotas
                      (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
                    values ($1, $2, rolecall_internal.quota_day(now()), 0, 0)
                    on conflict (sender_id, show_id) do update set pre_show_remaining = 0, post_show_remaining = 0";
                stand.db.run(sql, &[&actor.id, &show]).await;
            }
            let show = if nowhere { unknown } else { show };
            let check = json!({"action": action, "show_id": show, "recipient_roles": roles});
            (check, "send-broadcast", Some("send_broadcast"))
        }
        Action::Moderate => (json!({"action": action, "message_id": message}), "moderation", None),
        Action::Report => {
            if has_profile && !nowhere && random.once_in(3) {
                say("reported before");
                let sql = "insert into rolecall.reported_messages
                      (message_id, conversation_id, seq, reporter_id, reported_user_id, reason)
                    select id, conversation_id, seq, $2, sender_id, 'Before' from rolecall.messages where id = $1";
                stand.db.run(sql, &[&message, &actor.id]).await;
            }
            (json!({"action": action, "message_id": message}), "moderation", Some("report_message"))
        }
        Action::React => {
            if !nowhere && has_profile && random.once_in(3) {
                say("somebody is blocked");
                stand.block(&actor, &third).await;
            }
            if !nowhere && random.once_in(6) {
                say("the message was deleted");
                let sql = "update rolecall.messages set content = null, deleted_at = now(), deleted_as = 'author'
                    where id = $1";
                stand.db.run(sql, &[&message]).await;
            }
            (json!({"action": action, "message_id": message}), "reactions", Some("react"))
        }
        Action::Suspend => {
            let target = match random.below(6) {
                0 => actor.id,
                _ if nowhere => unknown,
                _ => other.id,
            };
            (json!({"action": action, "target_id": target}), "moderation", None)
        }
        Action::EditMessage => {
            if place == 0 && has_profile && random.once_in(2) {
                say("the own message");
                let sql = "update rolecall.messages set sender_id = $2 where id = $1";
                stand.db.run(sql, &[&message, &actor.id]).await;
            }
            if !nowhere && random.once_in(4) {
                say("of long ago");
                stand.age_message(message, 24 * 60 * 60).await;
            }
            (json!({"action": action, "message_id": message}), "messages", Some("edit_message"))
        }
        Action::ReadBroadcast => {
            if has_profile && random.once_in(2) {
                say("the sender is blocked");
                stand.block(&actor, &third).await;
            }
            let conversation = if nowhere || place < 2 { unknown } else { conversation };
            (json!({"action": action, "conversation_id": conversation}), "conversations", None)
        }
    };
    if let Some(limit) = limit
        && has_profile
        && random.once_in(12)
    {
        say("tokens spent");
        let sql = "insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
            values ($1, $2, 0, clock_timestamp(), 10, 360000)";
        stand.db.run(sql, &[&actor.id, &limit]).await;
    }
    let shown = format!("{}; {check}", told.join(", "));
    Case { actor, check, shown, flag, limit }
}

/// Does what the question was about.
async fn really(stand: &Stand, case: &Case) -> Answer {
    let check = &case.check;
    let id = |member: &str| check[member].as_str().unwrap().parse::<Uuid>().unwrap();
    match check["action"].as_str().unwrap() {
        "start_dm" => {
            let mut body = check.clone();
            body.as_object_mut().unwrap().remove("action");
            body["content"] = json!("Hello");
            stand.post("send-dm", &body).by(&case.actor).send().await
        }
        "reply" => stand.reply(&case.actor, id("conversation_id"), "Hello").send().await,
        "broadcast" => {
            let body =
                json!({"show_id": check["show_id"], "recipient_roles": check["recipient_roles"], "message": "Hello"});
            stand.post("send-broadcast", &body).by(&case.actor).send().await
        }
        // One's own words are taken back by another rule than moderating; bringing back is moderating.
        "moderate" => stand.restore_message(&case.actor, id("message_id")).send().await,
        "report" => stand.report(&case.actor, id("message_id"), "Rude").send().await,
        "edit_message" => stand.edit(&case.actor, id("message_id"), "Other words").send().await,
        "react" => stand.react(&case.actor, id("message_id"), "👍").send().await,
        "suspend" => stand.suspend_user(&case.actor, id("target_id"), "2999-01-01T00:00:00Z").send().await,
        // Whoever moderates looks into every conversation, but has read those alone that are for them.
        "read_broadcast" => stand.mark_read(&case.actor, id("conversation_id"), 1).send().await,
        action => panic!("{action}"),
    }
}

#[tokio::test]
async fn the_answer_and_the_real_calls_answer_agree_in_hundreds_of_random_states() {
    const CASES: usize = 400;
    let stand = Stand::own(Setup::new()).await;
    // Buckets that stand still while the test runs.
    stand.db.run("update rolecall.rate_limits set window_seconds = 360000", &[]).await;
    let mut random = Random(20_261_120);
    let mut rules: HashMap<String, usize> = HashMap::new();
    for number in 0..CASES {
        let case = case(&stand, &mut random, number).await;
        let off = random.once_in(30);
        let rollout = "update rolecall.feature_flags set rollout = $2 where name = $1";
        if off {
            stand.db.run(rollout, &[&case.flag, &"disabled"]).await;
        }
        let check = stand.check(&case.actor, &case.check).expect(200).await;
        let batch = stand.check(&case.actor, &json!({"checks": [case.check]})).expect(200).await;
        let real = really(&stand, &case).await;
        agree(&case.shown, &check.body, &real);
        agree(&case.shown, &batch["results"][0], &real);
        if off {
            stand.db.run(rollout, &[&case.flag, &"enabled"]).await;
        }
        if let Some(limit) = case.limit {
            // What it says is left is what the call found.
            let policy = if limit == "send_broadcast" { "" } else { limit };
            if check["quota"]["policy"] == policy {
                let left = (check["quota"]["remaining"].as_i64().unwrap() - 1).max(0);
                let field = format!("\"{policy}\";r={left};");
                assert!(real.header("ratelimit").contains(&field), "{}: {}", case.shown, real.header("ratelimit"));
            } else if check["allowed"] == true && !check["quota"].is_null() {
                let phase = check["quota"]["phase"].as_str().unwrap();
                let left = check["quota"]["remaining"][phase].as_i64().map(|left| left - 1);
                assert_eq!(real["quota_remaining"][phase].as_i64(), left, "{}", case.shown);
            }
        }
        *rules.entry(check["rule"].as_str().unwrap_or("none").to_owned()).or_default() += 1;
    }
    println!("{CASES} answers of check-permission and the real calls agree, by {} rules: {rules:?}", rules.len());
    for rule in [
        "rate_limit",
        "broadcast_quota_spent",
        "feature_disabled",
        "no_profile",
        "suspended",
        "blocked",
        "conversation_read_only",
        "one_report_per_message",
        "mvp_dealer_writes_within_a_shared_show",
        "broadcasts_do_not_cross_a_block",
    ] {
        assert!(rules.contains_key(rule), "{rule} was never met");
    }
    assert!(rules.len() > 30, "{}", rules.len());
}
