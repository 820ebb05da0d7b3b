//! The permission matrix as the rows that the database decides by.

use crate::sql::literal;
use rolecall_shared::{
    each_domain,
    rules::{
        matrix::{Decision, Domain, Grant, Row, guards_of, row_for},
        vocabulary::Name,
    },
};

/// The file of the schema tree that holds the matrix. Each table is brought up to date by one statement, so that nobody ever sees
/// half a matrix.
pub fn rows() -> String {
    format!(
        "\
-- The permission matrix. Generated from shared/src/rules/matrix by `make generate`; do not edit.

with source (action, domain, facts, rule, message, allowed_if) as (
  values
{actions}
), gone as (
  delete from rolecall.matrix_actions as old
  where not exists (
    select
    from source
    where source.action = old.action
  )
)
insert into rolecall.matrix_actions (action, domain, facts, rule, message, allowed_if)
select action, domain, facts, rule, message, allowed_if
from source
on conflict (action) do update
set
  domain = excluded.domain,
  facts = excluded.facts,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, position, actors, fact, denies_when, code, rule, message, allowed_if) as (
  values
{guards}
), gone as (
  delete from rolecall.matrix_guards as old
  where not exists (
    select
    from source
    where source.action = old.action
      and source.position = old.position
  )
)
insert into rolecall.matrix_guards (action, position, actors, fact, denies_when, code, rule, message, allowed_if)
select action, position, actors, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, position) do update
set
  actors = excluded.actors,
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, actor, target, allowed, needs, bars, rule, message, allowed_if) as (
  values
{rules}
), gone as (
  delete from rolecall.matrix_rows as old
  where not exists (
    select
    from source
    where source.action = old.action
      and source.actor = old.actor
      and source.target = old.target
  )
)
insert into rolecall.matrix_rows (action, actor, target, allowed, needs, bars, rule, message, allowed_if)
select action, actor, target, allowed, needs, bars, rule, message, allowed_if
from source
on conflict (action, actor, target) do update
set
  allowed = excluded.allowed,
  needs = excluded.needs,
  bars = excluded.bars,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;
",
        actions = each_domain!(D => action_rows::<D>()).concat().join(",\n"),
        guards = each_domain!(D => guard_rows::<D>()).concat().join(",\n"),
        rules = each_domain!(D => rule_rows::<D>()).concat().join(",\n"),
    )
}

fn action_rows<D: Domain>() -> Vec<String> {
    let Decision::Refused { rule, message, allowed_if, .. } = D::UNCOVERED else { return Vec::new() };
    let row = |&action: &D::Action| {
        format!(
            "    ({}, {}, {}, {}, {}, {})",
            literal(action.name()),
            literal(D::NAME),
            array(D::looks_at(action)),
            literal(rule),
            literal(message),
            literal(allowed_if),
        )
    };
    D::Action::EVERY.iter().map(row).collect()
}

fn guard_rows<D: Domain>() -> Vec<String> {
    let mut rows = Vec::new();
    for &action in D::Action::EVERY {
        for (position, guard) in D::GUARDS.iter().filter(|guard| guard.action == action).enumerate() {
            rows.push(format!(
                "    ({}, {}::smallint, {}, {}, {}, {}, {}, {}, {})",
                literal(action.name()),
                position + 1,
                guard.actors.map_or_else(|| "null::text[]".to_owned(), array),
                literal(guard.fact.name()),
                guard.denies_when,
                literal(guard.code.as_str()),
                literal(guard.rule),
                literal(guard.message),
                literal(guard.allowed_if),
            ));
        }
    }
    rows
}

fn rule_rows<D: Domain>() -> Vec<String> {
    let mut rows = Vec::new();
    for &action in D::Action::EVERY {
        for &actor in D::Actor::EVERY {
            for &target in D::Target::EVERY {
                let Some(row) = row_for::<D>(action, actor, target) else { continue };
                let (needs, bars) = conditions(row, actor);
                rows.push(format!(
                    "    ({}, {}, {}, {}, {}, {}, {}, {}, {})",
                    literal(action.name()),
                    literal(actor.name()),
                    literal(target.name()),
                    row.grant != Grant::Never,
                    array(&needs),
                    array(&bars),
                    literal(row.rule),
                    literal(row.message),
                    literal(row.allowed_if),
                ));
            }
        }
    }
    rows
}

/// The facts that have to hold for `actor` where the row allows, and those that must not: what its guards say and the row.
fn conditions<D: Domain>(row: &Row<D>, actor: D::Actor) -> (Vec<D::Fact>, Vec<D::Fact>) {
    let (mut needs, mut bars) = match row.grant {
        Grant::Never => return (Vec::new(), Vec::new()),
        Grant::Always => (Vec::new(), Vec::new()),
        Grant::If(fact) => (vec![fact], Vec::new()),
        Grant::Unless(fact) => (Vec::new(), vec![fact]),
    };
    for guard in guards_of::<D>(row.action, Some(actor)) {
        if guard.denies_when { &mut bars } else { &mut needs }.push(guard.fact);
    }
    (needs, bars)
}

fn array(names: &[impl Name]) -> String {
    let names: Vec<_> = names.iter().map(|name| name.name()).collect();
    format!("'{{{}}}'::text[]", names.join(","))
}
