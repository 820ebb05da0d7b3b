-- Decides whether somebody with p_role in an organisation (profiles.organization_role) may do p_action, given the facts that
-- hold. Everything unknown refuses: a role that is null, a fact that is null or missing, an action without rules.
create or replace function rolecall_internal.decide_organization(p_action text, p_role text, p_facts text[])
returns rolecall.decision
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_decision rolecall.decision;
begin
  -- One statement, since every request comes through here.
  select
    guard.rule is null and rule.allowed,
    coalesce(guard.code, case when not rule.allowed then 'permission_denied' end),
    coalesce(guard.rule, rule.rule),
    case when guard.rule is null then rule.message else guard.message end,
    case when guard.rule is null then rule.allowed_if else guard.allowed_if end
  into v_decision
  from rolecall.organization_permission_rules as rule
  left join lateral (
    select code, guarding.rule, message, allowed_if
    from rolecall.organization_permission_guards as guarding
    where guarding.action = rule.action
      and guarding.role = rule.role
      and coalesce(guarding.fact = any (p_facts), false) = guarding.denies_when
    order by guarding.position
    limit 1
  ) as guard
    on true
  where rule.action = p_action
    and rule.role = p_role;
  if not found then
    v_decision := row(
      false,
      'permission_denied'::text,
      'no_organization_role'::text,
      'You have no role in an organisation, so none allows this.'::text,
      'Your organisation gives you a role.'::text
    );
  end if;
  return v_decision;
end
$$;
