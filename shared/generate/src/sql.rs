//! The matrix as the rows that the database decides by, and the limits as functions.

use rolecall_shared::rules::{
    code::Code,
    limits,
    matrix::{
        Action, Grant, Role, guards_of,
        organization::{self, OrganizationAction, OrganizationRole},
        row_for,
    },
};

/// The file of the schema tree that holds the matrix. Each table is brought up to date by one statement, so that nobody ever sees
/// half a matrix.
pub fn permission_rules() -> String {
    format!(
        "\
-- The permission matrix. Generated from shared/src/rules/matrix.rs by `make generate`; do not edit.

with source (action, position, fact, denies_when, code, rule, message, allowed_if) as (
  values
{guards}
), gone as (
  delete from rolecall.permission_guards as guard
  where not exists (
    select
    from source
    where source.action = guard.action
      and source.position = guard.position
  )
)
insert into rolecall.permission_guards (action, position, fact, denies_when, code, rule, message, allowed_if)
select action, position, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, position) do update
set
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, actor_role, target_role, allowed, requires, unless, rule, message, allowed_if) as (
  values
{rules}
), gone as (
  delete from rolecall.permission_rules as rule
  where not exists (
    select
    from source
    where source.action = rule.action
      and source.actor_role = rule.actor_role
      and source.target_role = rule.target_role
  )
)
insert into rolecall.permission_rules (action, actor_role, target_role, allowed, requires, unless, rule, message, allowed_if)
select action, actor_role, target_role, allowed, requires, unless, rule, message, allowed_if
from source
on conflict (action, actor_role, target_role) do update
set
  allowed = excluded.allowed,
  requires = excluded.requires,
  unless = excluded.unless,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, role, position, fact, denies_when, code, rule, message, allowed_if) as (
  values
{organization_guards}
), gone as (
  delete from rolecall.organization_permission_guards as guard
  where not exists (
    select
    from source
    where source.action = guard.action
      and source.role = guard.role
      and source.position = guard.position
  )
)
insert into rolecall.organization_permission_guards (
  action, role, position, fact, denies_when, code, rule, message, allowed_if
)
select action, role, position, fact, denies_when, code, rule, message, allowed_if
from source
on conflict (action, role, position) do update
set
  fact = excluded.fact,
  denies_when = excluded.denies_when,
  code = excluded.code,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;

with source (action, role, allowed, rule, message, allowed_if) as (
  values
{organization_rules}
), gone as (
  delete from rolecall.organization_permission_rules as rule
  where not exists (
    select
    from source
    where source.action = rule.action
      and source.role = rule.role
  )
)
insert into rolecall.organization_permission_rules (action, role, allowed, rule, message, allowed_if)
select action, role, allowed, rule, message, allowed_if
from source
on conflict (action, role) do update
set
  allowed = excluded.allowed,
  rule = excluded.rule,
  message = excluded.message,
  allowed_if = excluded.allowed_if;
",
        guards = guard_rows().join(",\n"),
        rules = rule_rows().join(",\n"),
        organization_guards = organization_guard_rows().join(",\n"),
        organization_rules = organization_rule_rows().join(",\n"),
    )
}

/// The limits that the database checks too: the name of each in SQL, and what it says.
const LIMITS: &[(&str, i64)] = &[
    ("direct_message_chars", limits::DIRECT_MESSAGE_CHARS as i64),
    ("broadcast_chars", limits::BROADCAST_CHARS as i64),
    ("help_message_min_chars", limits::HELP_MESSAGE_MIN_CHARS as i64),
    ("help_message_max_chars", limits::HELP_MESSAGE_MAX_CHARS as i64),
    ("thread_message_chars", limits::THREAD_MESSAGE_CHARS as i64),
    ("media_urls", limits::MAX_MEDIA_URLS as i64),
    ("presence", limits::MAX_PRESENCE as i64),
    ("media_url_chars", limits::MEDIA_URL_CHARS as i64),
    ("force_reason_chars", limits::FORCE_REASON_CHARS as i64),
    ("report_reason_chars", limits::REPORT_REASON_CHARS as i64),
    ("note_chars", limits::NOTE_CHARS as i64),
    ("simulated_users", limits::MAX_SIMULATED_USERS as i64),
    ("idempotency_key_chars", limits::MAX_IDEMPOTENCY_KEY_CHARS as i64),
    ("default_page", limits::DEFAULT_PAGE),
    ("page", limits::MAX_PAGE),
    ("messages_page", limits::MAX_MESSAGES_PAGE),
    ("sync_page", limits::MAX_SYNC_PAGE),
    ("known_conversations", limits::MAX_KNOWN_CONVERSATIONS as i64),
    ("caught_up_messages", limits::MAX_CAUGHT_UP_MESSAGES as i64),
    ("checks", limits::MAX_CHECKS as i64),
    ("logged_refusals", limits::LOGGED_REFUSALS as i64),
];

/// One function for each limit. It is parsed when it is made, looks nothing up when it runs, and has no SET clause, so
/// that a plan has its number in it.
pub fn limits() -> String {
    let functions = LIMITS.iter().map(|(name, limit)| {
        format!(
            "
create or replace function rolecall_internal.limit_{name}()
returns int
language sql
immutable
parallel safe
return {limit};
"
        )
    });
    format!(
        "-- The limits of the wire. Generated from shared/src/rules/limits.rs by `make generate`; do not edit.\n{}",
        functions.collect::<String>()
    )
}

/// Which codes of `request_metrics` are failures. Like the limits it has no SET clause, so that a plan has the codes in it.
pub fn failures() -> String {
    let codes: Vec<_> = Code::ALL.iter().filter(|code| code.is_failure()).map(|code| literal(code.as_str())).collect();
    format!(
        "\
-- Which codes are failures. Generated from shared/src/rules/code.rs by `make generate`; do not edit.

-- Whether a request with this code failed: its answer was 500 or more, or its statement never answered. Refusals are
-- neither failures nor successes; success is ok / (ok + failures).
create or replace function rolecall_internal.is_failure(p_code text)
returns boolean
language sql
immutable
parallel safe
return p_code in ({});
",
        codes.join(", ")
    )
}

fn guard_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for &action in Action::ALL {
        for (position, guard) in guards_of(action).enumerate() {
            rows.push(format!(
                "    ({}, {}::smallint, {}, {}, {}, {}, {}, {})",
                literal(action.as_str()),
                position + 1,
                literal(guard.fact.as_str()),
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

fn rule_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for &action in Action::ALL {
        for &actor in Role::ALL {
            for &target in Role::ALL {
                let Some(row) = row_for(action, actor, target) else { continue };
                let null = || "null::text".to_owned();
                let (requires, unless) = match row.grant {
                    Grant::If(fact) => (literal(fact.as_str()), null()),
                    Grant::Unless(fact) => (null(), literal(fact.as_str())),
                    Grant::Always | Grant::Never => (null(), null()),
                };
                rows.push(format!(
                    "    ({}, {}::rolecall.app_role, {}::rolecall.app_role, {}, {requires}, {unless}, {}, {}, {})",
                    literal(action.as_str()),
                    literal(actor.as_str()),
                    literal(target.as_str()),
                    row.grant != Grant::Never,
                    literal(row.rule),
                    literal(row.message),
                    literal(row.allowed_if),
                ));
            }
        }
    }
    rows
}

fn organization_guard_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for &action in OrganizationAction::ALL {
        for &role in OrganizationRole::ALL {
            for (position, guard) in organization::guards_of(action, role).enumerate() {
                rows.push(format!(
                    "    ({}, {}, {}::smallint, {}, {}, {}, {}, {}, {})",
                    literal(action.as_str()),
                    literal(role.as_str()),
                    position + 1,
                    literal(guard.fact.as_str()),
                    guard.denies_when,
                    literal(guard.code.as_str()),
                    literal(guard.rule),
                    literal(guard.message),
                    literal(guard.allowed_if),
                ));
            }
        }
    }
    rows
}

fn organization_rule_rows() -> Vec<String> {
    let mut rows = Vec::new();
    for &action in OrganizationAction::ALL {
        for &role in OrganizationRole::ALL {
            let Some(row) = organization::row_for(action, role) else { continue };
            rows.push(format!(
                "    ({}, {}, {}, {}, {}, {})",
                literal(action.as_str()),
                literal(role.as_str()),
                row.allows,
                literal(row.rule),
                literal(row.message),
                literal(row.allowed_if),
            ));
        }
    }
    rows
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::{LIMITS, limits, literal};

    #[test]
    fn every_limit_is_a_function() {
        let text = limits();
        assert_eq!(text.matches("create or replace function ").count(), LIMITS.len());
        assert!(
            text.contains("function rolecall_internal.limit_direct_message_chars()") && text.contains("return 2000;")
        );
    }

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal("one's"), "'one''s'");
    }
}
