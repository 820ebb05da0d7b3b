//! The permission matrix in Rust and in SQL: equal for every input there is.

use rolecall_e2e::{Stand, User, fixtures::Starts, report};
use rolecall_shared::rules::matrix::{
    Action, Decision, Fact, Facts, Role, decide,
    organization::{self, OrganizationAction, OrganizationFact, OrganizationFacts, OrganizationRole},
};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn rust_and_sql_decide_every_combination_alike() {
    let stand = Stand::shared().await;
    let facts = Fact::ALL.iter().map(|fact| fact.as_str()).collect::<Vec<_>>();
    let sql = "select array_agg(row(d.allowed, d.code, d.rule, d.message, d.allowed_if)::text order by mask)
        from generate_series(0, (1 << cardinality($4::text[])) - 1) as mask
        cross join lateral rolecall_internal.decide(
          $1, $2::text::rolecall.app_role, $3::text::rolecall.app_role,
          array(select fact from unnest($4::text[]) with ordinality as f (fact, place)
                where mask & (1 << (place::int - 1)) <> 0)
        ) as d";
    // The composite's text form is compared with one that PostgreSQL makes of Rust's answer.
    let as_rows = "select array_agg(row(a, case when a then null else c end, r, m, i)::text order by n)
        from unnest($1::bool[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality as t (a, c, r, m, i, n)";
    let mut compared = 0;
    for &action in Action::ALL {
        for &actor in Role::ALL {
            for &target in Role::ALL {
                let in_sql: Vec<String> =
                    stand.db.one(sql, &[&action.as_str(), &actor.as_str(), &target.as_str(), &facts]).await;
                let (mut allowed, mut codes, mut rules) = (Vec::new(), Vec::new(), Vec::new());
                let (mut messages, mut conditions) = (Vec::new(), Vec::new());
                for facts in Facts::every_combination() {
                    let decision = decide(actor, action, target, facts);
                    let (code, message, allowed_if) = match decision {
                        Decision::Allowed { .. } => {
                            let row = rolecall_shared::rules::matrix::row_for(action, actor, target).unwrap();
                            ("", row.message, row.allowed_if)
                        }
                        Decision::Refused { code, message, allowed_if, .. } => (code.as_str(), message, allowed_if),
                    };
                    allowed.push(decision.allowed());
                    codes.push(code);
                    rules.push(decision.rule());
                    messages.push(message);
                    conditions.push(allowed_if);
                }
                let in_rust: Vec<String> =
                    stand.db.one(as_rows, &[&allowed, &codes, &rules, &messages, &conditions]).await;
                assert_eq!(in_sql.len(), 1 << Fact::ALL.len());
                for (mask, (sql, rust)) in in_sql.iter().zip(&in_rust).enumerate() {
                    assert_eq!(sql, rust, "{action:?} {actor:?} {target:?} facts {mask:#012b}");
                }
                compared += in_sql.len();
            }
        }
    }
    assert_eq!(compared, (Action::ALL.len() * Role::ALL.len() * Role::ALL.len()) << Fact::ALL.len());
    report(&format!("{compared} decisions of Rust and SQL compared"));
}

#[tokio::test]
async fn rust_and_sql_decide_every_combination_in_an_organisation_alike() {
    let stand = Stand::shared().await;
    let facts = OrganizationFact::ALL.iter().map(|fact| fact.as_str()).collect::<Vec<_>>();
    let sql = "select array_agg(
          concat_ws('|', d.allowed, coalesce(d.code, '-'), d.rule, d.message, d.allowed_if) order by mask
        )
        from generate_series(0, (1 << cardinality($3::text[])) - 1) as mask
        cross join lateral rolecall_internal.decide_organization(
          $1, $2,
          array(select fact from unnest($3::text[]) with ordinality as f (fact, place)
                where mask & (1 << (place::int - 1)) <> 0)
        ) as d";
    let mut compared = 0;
    for &action in OrganizationAction::ALL {
        for actor in std::iter::once(None).chain(OrganizationRole::ALL.iter().copied().map(Some)) {
            let name = actor.map(OrganizationRole::as_str);
            let in_sql: Vec<String> = stand.db.one(sql, &[&action.as_str(), &name, &facts]).await;
            assert_eq!(in_sql.len(), 1 << OrganizationFact::ALL.len());
            for (facts, in_sql) in OrganizationFacts::every_combination().zip(in_sql) {
                let in_rust = match organization::decide(actor, action, facts) {
                    Decision::Allowed { rule } => {
                        let row = organization::row_for(action, actor.unwrap()).unwrap();
                        format!("t|-|{rule}|{}|{}", row.message, row.allowed_if)
                    }
                    Decision::Refused { code, rule, message, allowed_if } => {
                        format!("f|{}|{rule}|{message}|{allowed_if}", code.as_str())
                    }
                };
                assert_eq!(in_sql, in_rust, "{action:?} {actor:?} {facts:?}");
                compared += 1;
            }
        }
    }
    assert_eq!(
        compared,
        (OrganizationAction::ALL.len() * (OrganizationRole::ALL.len() + 1)) << OrganizationFact::ALL.len()
    );
    report(&format!("{compared} decisions of Rust and SQL in an organisation compared"));
}

#[tokio::test]
async fn sql_denies_what_it_does_not_know() {
    let stand = Stand::shared().await;
    let allowed =
        "select (rolecall_internal.decide($1, $2::text::rolecall.app_role, $3::text::rolecall.app_role, $4)).allowed";
    let all: Vec<&str> = vec!["feature_enabled", "participant", "shares_show", "takes_part", "own_show"];
    for (action, actor, target, facts) in [
        (Some("no_such_action"), Some("admin"), Some("attendee"), Some(all.clone())),
        (None, Some("admin"), Some("attendee"), Some(all.clone())),
        (Some("start_dm"), None, Some("attendee"), Some(all.clone())),
        (Some("start_dm"), Some("admin"), None, Some(all.clone())),
        (Some("start_dm"), Some("admin"), Some("attendee"), None),
    ] {
        let allowed: bool = stand.db.one(allowed, &[&action, &actor, &target, &facts]).await;
        assert!(!allowed, "{action:?} {actor:?} {target:?}");
    }
    let allowed = "select (rolecall_internal.decide_organization($1, $2, $3)).allowed";
    let all: Vec<&str> = vec!["feature_enabled", "own_organization", "assigned", "inside_window", "own_thread"];
    for (action, role, facts) in [
        (Some("no_such_action"), Some("owner"), Some(all.clone())),
        (None, Some("owner"), Some(all.clone())),
        (Some("read_thread"), Some("moderator"), Some(all.clone())),
        (Some("read_thread"), None, Some(all.clone())),
        (Some("read_thread"), Some("owner"), None),
        (Some("read_thread"), Some("owner"), Some(vec![])),
    ] {
        let allowed: bool = stand.db.one(allowed, &[&action, &role, &facts]).await;
        assert!(!allowed, "{action:?} {role:?}");
    }
}

/// What holds between the two of a pair.
#[derive(Clone, Copy, Debug)]
struct Relation {
    shares_show: bool,
    blocked: bool,
    suspended: bool,
    same: bool,
}

#[tokio::test]
async fn can_user_send_dm_decides_from_real_rows_as_rust_does() {
    let stand = Stand::shared().await;
    let organizer = stand.user(Role::ShowOrganizer).await;
    let show = stand.show(&organizer, Starts::InAWeek).await;
    let mut pairs: Vec<(User, User, Option<Uuid>, bool, String)> = Vec::new();
    for &actor in Role::ALL {
        for &target in Role::ALL {
            for bits in 0..16 {
                let relation = Relation {
                    shares_show: bits & 1 != 0,
                    blocked: bits & 2 != 0,
                    suspended: bits & 4 != 0,
                    same: bits & 8 != 0,
                };
                if relation.same && (actor != target || relation.blocked) {
                    continue;
                }
                let [sender, other] = stand.users([actor, target]).await;
                let recipient = if relation.same { sender.clone() } else { other };
                if relation.shares_show {
                    stand.join(show, &[&sender]).await;
                    if !relation.same {
                        stand.join(show, &[&recipient]).await;
                    }
                }
                if relation.blocked {
                    // Whoever has blocked whom.
                    let (one, two) = if bits & 1 != 0 { (&sender, &recipient) } else { (&recipient, &sender) };
                    stand.block(one, two).await;
                }
                if relation.suspended {
                    stand.suspend(&sender, 1).await;
                }
                let facts = [
                    (true, Fact::FeatureEnabled),
                    (relation.shares_show, Fact::SharesShow),
                    (relation.blocked, Fact::Blocked),
                    (relation.suspended, Fact::Suspended),
                    (relation.same, Fact::SameUser),
                ];
                let facts: Facts = facts.into_iter().filter(|(holds, _)| *holds).map(|(_, fact)| fact).collect();
                let expected = decide(actor, Action::StartDm, target, facts).allowed();
                let shown = format!("{actor:?} to {target:?}, {relation:?}");
                pairs.push((sender.clone(), recipient.clone(), None, expected, shown.clone()));
                let about = if relation.shares_show { facts } else { facts.with(Fact::ForeignShow) };
                let expected = decide(actor, Action::StartDm, target, about).allowed();
                pairs.push((sender, recipient, Some(show), expected, shown));
            }
        }
    }
    let db = stand.connect().await;
    db.script("begin; set local role authenticated").await;
    let sql = "select public.can_user_send_dm(($2::jsonb ->> 'sub')::uuid, $1, $3)
        from (select set_config('request.jwt.claims', $2::jsonb::text, true)) as claims";
    for (sender, recipient, show, expected, shown) in &pairs {
        let claims: Value = json!({"role": "authenticated", "sub": sender.id});
        let allowed: bool = db.one(sql, &[&recipient.id, &claims, show]).await;
        assert_eq!(allowed, *expected, "{shown}");
    }
    db.script("rollback").await;
    report(&format!("{} answers of can_user_send_dm compared with Rust", pairs.len()));
    assert!(pairs.len() > 500);
}

#[tokio::test]
async fn can_user_reply_decides_from_real_rows_as_rust_does() {
    let stand = Stand::shared().await;
    let mut cases: Vec<(Uuid, Uuid, bool, String)> = Vec::new();
    for &actor in Role::ALL {
        for &target in Role::ALL {
            for bits in 0..16 {
                let [participant, blocked, suspended, read_only] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
                let [sender, other] = stand.users([actor, target]).await;
                let third = if participant { sender.clone() } else { stand.user(actor).await };
                let sql = "with conversation as (
                      insert into rolecall.conversations
                        (kind, participant_low, participant_high, created_by, read_only, last_seq)
                      values ('direct', least($1::uuid, $2), greatest($1, $2), $2, $3, 0) returning id
                    ), people as (
                      insert into rolecall.conversation_participants (conversation_id, user_id)
                      select id, person from conversation, unnest(array[$1, $2]) as person
                    )
                    select id from conversation";
                let conversation: Uuid = stand.db.one(sql, &[&third.id, &other.id, &read_only]).await;
                if blocked {
                    stand.block(&other, &sender).await;
                }
                if suspended {
                    stand.suspend(&sender, 1).await;
                }
                let facts = [
                    (true, Fact::FeatureEnabled),
                    (participant, Fact::Participant),
                    (blocked, Fact::Blocked),
                    (suspended, Fact::Suspended),
                    (read_only, Fact::ReadOnly),
                ];
                let facts: Facts = facts.into_iter().filter(|(holds, _)| *holds).map(|(_, fact)| fact).collect();
                let expected = decide(actor, Action::Reply, target, facts).allowed();
                cases.push((sender.id, conversation, expected, format!("{actor:?} to {target:?}, {facts:?}")));
            }
        }
    }
    let db = stand.connect().await;
    db.script("begin; set local role authenticated").await;
    let sql = "select public.can_user_reply(($2::jsonb ->> 'sub')::uuid, $1)
        from (select set_config('request.jwt.claims', $2::jsonb::text, true)) as claims";
    for (sender, conversation, expected, shown) in &cases {
        let claims = json!({"role": "authenticated", "sub": sender});
        let allowed: bool = db.one(sql, &[conversation, &claims]).await;
        assert_eq!(allowed, *expected, "{shown}");
    }
    db.script("rollback").await;
    report(&format!("{} answers of can_user_reply compared with Rust", cases.len()));
}
