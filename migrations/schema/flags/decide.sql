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
  -- Nearly always the variable takes nobody out.
  v_is_plain boolean := p_rollouts is not distinct from '{}';
  v_requires text;
  v_is_met boolean;
  v_rollout text;
  v_of_user text;
  v_of_organization text;
begin
  enabled := false;
  if not v_is_plain and rolecall_internal.variable_includes(p_rollouts, p_flag, p_user, p_internal) is not true then
    reason := 'variable';
    return;
  end if;
  -- One statement, since requests come through here; each override by its own key, however many there are of the flag.
  select flag.requires, required.is_open, flag.rollout, own.rollout, theirs.rollout
  into v_requires, v_is_met, v_rollout, v_of_user, v_of_organization
  from rolecall.feature_flags as flag
  left join rolecall.feature_flags as required
    on required.name = flag.requires
  left join rolecall.feature_flag_overrides as own
    on own.name = flag.name
    and own.user_id = p_user
    and (own.until is null or own.until > now())
  left join rolecall.feature_flag_overrides as theirs
    on theirs.name = flag.name
    and theirs.organization_id = p_org
    and (theirs.until is null or theirs.until > now())
  where flag.name = p_flag;
  if not found then
    reason := 'off';
    return;
  end if;
  if v_requires is not null
    and not (v_is_plain and coalesce(v_is_met, false))
    and not (rolecall_internal.flag_decision(v_requires, p_rollouts, p_user, p_org, p_internal)).enabled
  then
    reason := 'prerequisite';
    return;
  end if;
  if coalesce(v_of_user, v_of_organization) is not null then
    enabled := rolecall_internal.rollout_includes(
      coalesce(v_of_user, v_of_organization), p_flag, p_user, p_internal
    );
    reason := case when v_of_user is not null then 'user' else 'organization' end;
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

-- Whether flag_decision would plainly include a user of an organisation: the flag, the one that it requires and the one
-- that this requires are on for everybody or for this organisation, and no flag is overridden for the user. False says nothing:
-- flag_decision has to be asked. PostgreSQL writes it into the statements that ask, where flag_decision would cost ten
-- times as much; a test compares the two.
create or replace function rolecall_internal.plainly_on(p_flag text, p_user uuid, p_org uuid)
returns table (is_on boolean)
language sql
stable
begin atomic
  select flag.is_open or coalesce(
    (
      select flag.name = any (given.flags)
        and not given.to_user
        and (
          flag.requires is null
          or exists (
            select
            from rolecall.feature_flags as required
            where required.name = flag.requires
              and (
                required.is_open
                or required.name = any (given.flags)
                and (
                  required.requires is null
                  or exists (
                    select
                    from rolecall.feature_flags as basic
                    where basic.name = required.requires
                      and basic.is_open
                  )
                )
              )
          )
        )
      from (
        select
          bool_or(override.user_id is not null) as to_user,
          array_agg(override.name) filter (where override.rollout = 'enabled' and override.until is null) as flags
        from (
          select override.user_id, override.name, override.rollout, override.until
          from rolecall.feature_flag_overrides as override
          where override.organization_id = p_org
          union all
          select override.user_id, override.name, override.rollout, override.until
          from rolecall.feature_flag_overrides as override
          where override.user_id = p_user
        ) as override
      ) as given
    ),
    false
  )
  from rolecall.feature_flags as flag
  where flag.name = p_flag;
end;

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
