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
  v_decision rolecall.decision;
begin
  -- Nearly always: one look-up by key, since every request comes through here.
  select true, null, rule, message, allowed_if
  into v_decision
  from rolecall.matrix_rows
  where action = p_action
    and actor = p_actor
    and target = p_target
    and allowed
    and needs <@ p_facts
    and not bars && p_facts;
  if found then
    return v_decision;
  end if;

  -- The words of the refusal: of the first guard that refuses, or else of the row, or of what no row covers.
  select false, code, rule, message, allowed_if
  into v_decision
  from rolecall.matrix_guards
  where action = p_action
    and (actors is null or p_actor = any (actors))
    -- A fact that is null is one that is not known to hold.
    and coalesce(fact = any (p_facts), false) = denies_when
  order by position
  limit 1;
  if found then
    return v_decision;
  end if;
  select false, 'permission_denied', rule, message, allowed_if
  into v_decision
  from rolecall.matrix_rows
  where action = p_action
    and actor = p_actor
    and target = p_target;
  if found then
    return v_decision;
  end if;
  select false, 'permission_denied', rule, message, allowed_if
  into v_decision
  from rolecall.matrix_actions
  where action = p_action;
  if found then
    return v_decision;
  end if;
  return row(
    false,
    'permission_denied'::text,
    'no_rule'::text,
    'No rule allows this.'::text,
    'A rule is added for these roles.'::text
  );
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
