-- Whether a flag includes a user, and by what. Each rule is asked here alone: every request, the flags that users read and
-- the simulation of a rollout hear the same.

-- Whether the operator's variable lets a flag include a user. A flag that it does not name is enabled; without the
-- variable, which every request carries, nothing is.
create or replace function rolecall_internal.variable_includes(
  p_rollouts jsonb,
  p_flag text,
  p_user uuid,
  p_internal boolean
)
returns boolean
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_rollouts) is distinct from 'object' then
    return false;
  end if;
  return not p_rollouts ? p_flag
    or rolecall_internal.rollout_includes(p_rollouts ->> p_flag, p_flag, p_user, p_internal);
end
$$;

-- The first of these decides, and is the reason: the operator's variable (variable), which only ever takes users out, the
-- flag that this one requires (prerequisite), the override of the user (user) or of their organisation (organization), the
-- flag's own rollout (everybody, off, internal, percentage). A flag without a row is off.
create or replace function rolecall_internal.flag_decision(
  p_flag text,
  p_rollouts jsonb,
  p_user uuid,
  p_org uuid,
  p_internal boolean,
  out enabled boolean,
  out reason text
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_requires text;
  v_rollout text;
  v_override text;
  v_target text;
begin
  enabled := false;
  if rolecall_internal.variable_includes(p_rollouts, p_flag, p_user, p_internal) is not true then
    reason := 'variable';
    return;
  end if;
  select flag.requires, flag.rollout
  into v_requires, v_rollout
  from rolecall.feature_flags as flag
  where flag.name = p_flag;
  if not found then
    reason := 'off';
    return;
  end if;
  if v_requires is not null
    and not (rolecall_internal.flag_decision(v_requires, p_rollouts, p_user, p_org, p_internal)).enabled
  then
    reason := 'prerequisite';
    return;
  end if;
  select override.rollout, case when override.user_id is null then 'organization' else 'user' end
  into v_override, v_target
  from rolecall.feature_flag_overrides as override
  where override.name = p_flag
    and (override.user_id = p_user or override.organization_id = p_org)
    and (override.until is null or override.until > now())
  order by override.user_id is null
  limit 1;
  if found then
    enabled := rolecall_internal.rollout_includes(v_override, p_flag, p_user, p_internal);
    reason := v_target;
    return;
  end if;
  enabled := rolecall_internal.rollout_includes(v_rollout, p_flag, p_user, p_internal);
  reason := case
    when v_rollout = 'enabled' then 'everybody'
    when v_rollout = 'disabled' then 'off'
    when v_rollout = 'internal' or (enabled and p_internal) then 'internal'
    else 'percentage'
  end;
end
$$;

-- Whether a flag includes a user, by its column is_open where that is enough. PostgreSQL writes it into the statements
-- that ask.
create or replace function rolecall_internal.flag_includes(
  p_is_open boolean,
  p_rollouts jsonb,
  p_flag text,
  p_user uuid,
  p_org_id uuid,
  p_is_internal boolean
)
returns boolean
language sql
stable
return case
  -- Nearly always.
  when p_is_open and p_rollouts = '{}' then true
  else (rolecall_internal.flag_decision(p_flag, p_rollouts, p_user, p_org_id, p_is_internal)).enabled
end;
