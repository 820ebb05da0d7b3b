//! The permission matrix in Rust and in SQL: equal for every case there is, and no fact counts that an action does not name.

use rolecall_e2e::{Stand, User, fixtures::Starts, report};
use rolecall_shared::{
    each_domain,
    rules::{
        matrix::{Action, Case, Decision, Domain, Fact, Facts, Role, decide, every_case, row_for},
        vocabulary::Name,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A decision in the words of Rust as the database writes one.
fn shown<D: Domain>(case: &Case<D>) -> String {
    match case.decision() {
        Decision::Allowed { rule } => {
            let row = row_for::<D>(case.action, case.actor.unwrap(), case.target).unwrap();
            format!("t|-|{rule}|{}|{}", row.message, row.allowed_if)
        }
        Decision::Refused { code, rule, message, allowed_if } => {
            format!("f|{}|{rule}|{message}|{allowed_if}", code.as_str())
        }
    }
}

/// Compares every case of a domain, and gives how many there are.
async fn compare<D: Domain>(stand: &Stand) -> usize {
    let sql = "select array_agg(
          concat_ws('|', d.allowed, coalesce(d.code, '-'), d.rule, d.message, d.allowed_if) order by mask
        )
        from generate_series(0, (1 << cardinality($4::text[])) - 1) as mask
        cross join lateral rolecall_internal.decide_action(
          $1, $2, $3,
          array(select fact from unnest($4::text[]) with ordinality as f (fact, place)
                where mask & (1 << (place::int - 1)) <> 0)
        ) as d";
    let mut compared = 0;
    let mut cases = every_case::<D>().peekable();
    while let Some(&Case { action, actor, target, .. }) = cases.peek() {
        let named: Vec<&str> = D::looks_at(action).iter().map(|fact| fact.name()).collect();
        let values = (action.name(), actor.map(Name::name), target.name());
        let in_sql: Vec<String> = stand.db.one(sql, &[&values.0, &values.1, &values.2, &named]).await;
        assert_eq!(in_sql.len(), 1 << named.len());
        for in_sql in in_sql {
            let case = cases.next().unwrap();
            assert_eq!(in_sql, shown(&case), "{case:?}");
            compared += 1;
        }
    }
    let of_an_action = |&action: &D::Action| 1_usize << D::looks_at(action).len();
    let sets: usize = D::Action::EVERY.iter().map(of_an_action).sum();
    assert_eq!(compared, sets * (D::Actor::EVERY.len() + 1) * D::Target::EVERY.len());
    compared
}

#[tokio::test]
async fn rust_and_sql_decide_every_case_alike() {
    let stand = Stand::shared().await;
    for (name, compared) in each_domain!(D => (D::NAME, compare::<D>(&stand).await)) {
        report(&format!("{compared} decisions of Rust and SQL compared ({name})"));
    }
}

/// What the database says of the actions of a domain.
async fn compare_actions<D: Domain>(stand: &Stand) -> usize {
    let sql = "select array_agg(concat_ws('|', action, facts::text, rule) order by action)
        from rolecall.matrix_actions where domain = $1";
    let in_sql: Vec<String> = stand.db.one(sql, &[&D::NAME]).await;
    let shown = |&action: &D::Action| {
        let facts: Vec<_> = D::looks_at(action).iter().map(|fact| fact.name()).collect();
        format!("{}|{{{}}}|{}", action.name(), facts.join(","), D::UNCOVERED.rule())
    };
    let in_rust: BTreeSet<String> = D::Action::EVERY.iter().map(shown).collect();
    assert_eq!(in_sql, in_rust.into_iter().collect::<Vec<_>>());
    in_sql.len()
}

#[tokio::test]
async fn a_fact_that_an_action_does_not_name_changes_nothing_in_sql() {
    let stand = Stand::shared().await;
    let actions: usize = each_domain!(D => compare_actions::<D>(&stand).await).into_iter().sum();
    let in_sql: i64 = stand.db.one("select count(*) from rolecall.matrix_actions", &[]).await;
    assert_eq!(in_sql, i64::try_from(actions).unwrap());

    // Each unnamed fact by itself, those of other domains too, and all of them at once.
    let sql = "with fact as (
          select array_agg(distinct name) as every from rolecall.matrix_actions cross join unnest(facts) as name
        ),
        decided as (
          select
            rule.action, rule.actor, rule.target, held.facts, unnamed.facts as more,
            rolecall_internal.decide_action(rule.action, rule.actor, rule.target, held.facts) as plain,
            rolecall_internal.decide_action(rule.action, rule.actor, rule.target, held.facts || unnamed.facts) as with_more
          from rolecall.matrix_rows as rule
          join rolecall.matrix_actions as named using (action)
          cross join fact
          cross join lateral (
            select array(select f from unnest(named.facts) with ordinality as n (f, place)
                         where mask & (1 << (place::int - 1)) <> 0) as facts
            from generate_series(0, (1 << cardinality(named.facts)) - 1) as mask
          ) as held
          cross join lateral (
            select array[f] as facts from unnest(fact.every) as f where f <> all (named.facts)
            union all
            select array(select f from unnest(fact.every) as f where f <> all (named.facts))
          ) as unnamed
        )
        select jsonb_build_array(
          count(*),
          coalesce(jsonb_agg(to_jsonb(decided)) filter (where plain is distinct from with_more), '[]')
        )
        from decided";
    let answer: Value = stand.db.one(sql, &[]).await;
    assert_eq!(answer[1], json!([]), "decided otherwise because of a fact that is not named");
    assert!(answer[0].as_i64().unwrap() > 50_000, "{}", answer[0]);
    report(&format!("{} decisions compared with one under a further fact", answer[0]));
}

#[tokio::test]
async fn the_functions_of_a_domain_decide_as_the_matrix_does() {
    let stand = Stand::shared().await;
    let sets = "cross join lateral (
          select array(select f from unnest(named.facts) with ordinality as n (f, place)
                       where mask & (1 << (place::int - 1)) <> 0) as facts
          from generate_series(0, (1 << cardinality(named.facts)) - 1) as mask
        ) as held";
    let roles = "unnest(enum_range(null::rolecall.app_role) || null::rolecall.app_role)";
    for (domain, sql) in [
        (
            "marketplace",
            format!(
                "select jsonb_build_array(count(*), count(*) filter (
                   where rolecall_internal.decide(action, actor, target, held.facts)
                     is distinct from rolecall_internal.decide_action(action, actor::text, target::text, held.facts)))
                 from rolecall.matrix_actions as named cross join {roles} as actor cross join {roles} as target {sets}"
            ),
        ),
        (
            "organization",
            format!(
                "select jsonb_build_array(count(*), count(*) filter (
                   where rolecall_internal.decide_organization(action, actor, held.facts)
                     is distinct from rolecall_internal.decide_action(action, actor, '', held.facts)))
                 from rolecall.matrix_actions as named
                 cross join unnest(array['owner', 'admin', 'sitter', 'client', 'moderator', null]) as actor {sets}"
            ),
        ),
    ] {
        let answer: Value = stand.db.one(&sql, &[]).await;
        assert_eq!(answer[1], 0, "{domain}");
        assert!(answer[0].as_i64().unwrap() > 1_000, "{domain}: {}", answer[0]);
    }
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
