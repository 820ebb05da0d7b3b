-- Decides whether somebody with p_actor may do p_action to p_target, given the facts that hold, in whatever domain of the
-- matrix the action is. Everything unknown refuses: a role that is null, a fact that is null or missing, an action without
-- rows. The functions that follow are it for the roles of a domain.
create or replace function rolecall_internal.decide_action(
  p_action text,
  p_actor text,
  p_target text,
  p_facts text[]
)
returns rolecall.decision
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_guard text;
  v_row text;
  v_decision rolecall.decision;
begin
  -- One statement, since every request comes through here.
  select
    guard.rule,
    covering.rule,
    guard.rule is null
      and covering.allowed
      and (covering.requires is null or covering.requires = any (p_facts))
      and (covering.unless is null or not coalesce(covering.unless = any (p_facts), false)),
    guard.code,
    coalesce(guard.rule, covering.rule),
    case when guard.rule is null then covering.message else guard.message end,
    case when guard.rule is null then covering.allowed_if else guard.allowed_if end
  into
    v_guard,
    v_row,
    v_decision.allowed,
    v_decision.code,
    v_decision.rule,
    v_decision.message,
    v_decision.allowed_if
  from (values (p_action)) as asked (action)
  left join lateral (
    select code, guarding.rule, message, allowed_if
    from rolecall.matrix_guards as guarding
    where guarding.action = asked.action
      and (guarding.actors is null or p_actor = any (guarding.actors))
      and coalesce(guarding.fact = any (p_facts), false) = guarding.denies_when
    order by guarding.position
    limit 1
  ) as guard
    on true
  left join rolecall.matrix_rows as covering
    on covering.action = asked.action
    and covering.actor = p_actor
    and covering.target = p_target;

  if v_guard is null and v_row is null then
    select false, 'permission_denied', rule, message, allowed_if
    into v_decision
    from rolecall.matrix_actions
    where action = p_action;
    if not found then
      v_decision := row(
        false,
        'permission_denied'::text,
        'no_rule'::text,
        'No rule allows this.'::text,
        'A rule is added for these roles.'::text
      );
    end if;
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

-- Decides by the roles of the application. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.decide(
  p_action text,
  p_actor rolecall.app_role,
  p_target rolecall.app_role,
  p_facts text[]
)
returns rolecall.decision
language sql
stable
return rolecall_internal.decide_action(p_action, p_actor::text, p_target::text, p_facts);

-- Decides by a role in an organisation (profiles.organization_role); what is done there has no target. PostgreSQL writes it
-- into the statements that ask.
create or replace function rolecall_internal.decide_organization(p_action text, p_role text, p_facts text[])
returns rolecall.decision
language sql
stable
return rolecall_internal.decide_action(p_action, p_role, '', p_facts);

-- The refusal of a decision that does not allow.
create or replace function rolecall_internal.refusal_of(p_decision rolecall.decision)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(p_decision.code, p_decision.message, p_decision.rule, p_decision.allowed_if);
end
$$;

-- The judgement of a decision, for an actor of this organisation.
create or replace function rolecall_internal.judgement_of(p_decision rolecall.decision, p_org_id uuid)
returns rolecall.judgement
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_decision.allowed then
    return row(true, null::jsonb, p_org_id, p_decision.rule);
  end if;
  return row(false, rolecall_internal.refusal_of(p_decision), p_org_id, p_decision.rule);
end
$$;

-- The judgement of a refusal, which names the rule that refused as its one reason or names none.
create or replace function rolecall_internal.judgement_of_refusal(p_refusal jsonb, p_org_id uuid)
returns rolecall.judgement
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return row(false, p_refusal, p_org_id, p_refusal #>> '{reasons,0,code}');
end
$$;
