-- The permission matrix as tables, and the one function that decides by it.
--
-- The rows are generated from the matrix in shared/src/matrix.rs (0003_permission_rules); a test compares what this
-- decides with what Rust decides, for every combination.

create table if not exists rolecall.permission_guards (
  action text not null,
  position smallint not null,
  fact text not null,
  denies_when boolean not null,
  code text not null,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, position)
);
comment on table rolecall.permission_guards is
  'What refuses an action for everybody, whatever the roles; checked before the rules, in order of position.';
comment on column rolecall.permission_guards.denies_when is
  'The guard refuses when the fact holds (true) or when it does not (false).';

create table if not exists rolecall.permission_rules (
  action text not null,
  actor_role public.app_role not null,
  target_role public.app_role not null,
  allowed boolean not null,
  requires text,
  rule text not null,
  message text not null,
  allowed_if text not null,
  primary key (action, actor_role, target_role)
);
comment on table rolecall.permission_rules is
  'Whether an actor of one role may do something to a target of another; one row for each combination.';
comment on column rolecall.permission_rules.requires is
  'A fact without which an allowing rule refuses; null when it needs none.';

do $$
begin
  if to_regtype('rolecall.decision') is null then
    create type rolecall.decision as (
      allowed boolean,
      code text,
      rule text,
      message text,
      allowed_if text
    );
  end if;
end
$$;

-- Decides whether p_actor may do p_action to p_target, given the facts that hold. Whatever is unknown is refused: a
-- role that is null, a fact that is null or not given, an action without rules.
create or replace function rolecall.decide(
  p_action text,
  p_actor public.app_role,
  p_target public.app_role,
  p_facts text[]
)
returns rolecall.decision
language plpgsql
stable
set search_path = ''
as $$
declare
  v_guard text;
  v_rule text;
  v_decision rolecall.decision;
begin
  -- One statement, since every request comes through here.
  select
    guard.rule,
    rule.rule,
    guard.rule is null and rule.allowed and (rule.requires is null or rule.requires = any (p_facts)),
    guard.code,
    coalesce(guard.rule, rule.rule),
    case when guard.rule is null then rule.message else guard.message end,
    case when guard.rule is null then rule.allowed_if else guard.allowed_if end
  into
    v_guard,
    v_rule,
    v_decision.allowed,
    v_decision.code,
    v_decision.rule,
    v_decision.message,
    v_decision.allowed_if
  from (values (p_action)) as asked (action)
  left join lateral (
    select code, guarding.rule, message, allowed_if
    from rolecall.permission_guards as guarding
    where guarding.action = asked.action
      and coalesce(guarding.fact = any (p_facts), false) = guarding.denies_when
    order by guarding.position
    limit 1
  ) as guard
    on true
  left join rolecall.permission_rules as rule
    on rule.action = asked.action
    and rule.actor_role = p_actor
    and rule.target_role = p_target;

  if v_guard is null and v_rule is null then
    v_decision := row(
      false,
      'permission_denied'::text,
      'no_rule'::text,
      'No rule allows this.'::text,
      'A rule is added for these roles.'::text
    );
    return v_decision;
  end if;
  -- A fact that is null is one that is not known to hold.
  v_decision.allowed := coalesce(v_decision.allowed, false);
  if not v_decision.allowed and v_guard is null then
    v_decision.code := 'permission_denied';
  end if;
  return v_decision;
end
$$;

-- The refusal that a decision amounts to.
create or replace function rolecall.refusal_of(p_decision rolecall.decision)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return rolecall.refusal(p_decision.code, p_decision.message, p_decision.rule, p_decision.allowed_if);
end
$$;

revoke all on rolecall.permission_guards, rolecall.permission_rules
  from public, anon, authenticated, service_role;
revoke execute on function rolecall.decide(text, public.app_role, public.app_role, text[])
  from public, anon, authenticated, service_role;
revoke execute on function rolecall.refusal_of(rolecall.decision)
  from public, anon, authenticated, service_role;

insert into rolecall.schema_migrations (version, name)
values (2, 'permission_tables')
on conflict (version) do nothing;
