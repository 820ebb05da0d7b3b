-- Maintenance: users read on and write nothing. The flag decides for whom, so that an override lets a tester write, or
-- holds up one organisation alone.

-- Whether the flag may include anybody; nearly always it does not, and this is all.
create or replace function rolecall_internal.maintenance_is_on()
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return exists (
    select
    from rolecall.feature_flags as flag
    where flag.name = 'maintenance'
      and (
        flag.rollout <> 'disabled'
        or exists (select from rolecall.feature_flag_overrides where name = 'maintenance')
      )
  );
end
$$;

-- The refusal of a write of p_user; null when they may write.
create or replace function rolecall_internal.refuse_in_maintenance(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org_id uuid;
  v_internal boolean;
begin
  if not rolecall_internal.maintenance_is_on() then
    return null;
  end if;
  select organization_id, is_internal
  into v_org_id, v_internal
  from rolecall.profiles
  where id = p_user;
  if not (rolecall_internal.flag_decision('maintenance', p_rollouts, p_user, v_org_id, v_internal)).enabled then
    return null;
  end if;
  return rolecall_internal.refusal(
    'maintenance',
    'Nothing can be written during maintenance. Reading goes on; nothing was done.',
    'maintenance',
    'The maintenance is over.'
  );
end
$$;

-- Refuses a statement that switches maintenance on beside other flags: who switches everything on does not mean that
-- nobody may write.
create or replace function rolecall_internal.refuse_maintenance_among_others()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if (select count(*) from changed) > 1
    and exists (
      select
      from changed
      join previous
        on previous.name = changed.name
      where changed.name = 'maintenance'
        and changed.rollout <> 'disabled'
        and previous.rollout = 'disabled'
    )
  then
    raise exception using
      errcode = 'check_violation',
      schema = 'rolecall',
      table = 'feature_flags',
      constraint = 'feature_flags_maintenance_alone',
      message = 'maintenance is switched on by itself, not beside other flags',
      hint = 'Leave it out with "where name <> ''maintenance''", or switch it on with "where name = ''maintenance''".';
  end if;
  return null;
end
$$;
