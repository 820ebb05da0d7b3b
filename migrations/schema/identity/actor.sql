-- Who acts. Whether a function is on for a user, whether they have a profile and whether they are suspended is decided
-- here alone.

-- The fact that a suspension amounts to while it lasts. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.suspended_fact(p_suspended_until timestamptz)
returns text
language sql
stable
return case when p_suspended_until > now() then 'suspended' end;

-- The refusal of a user who may not use the function of a flag at all: it is not rolled out to them, or they have no
-- profile. Null when they may. p_flag is null where no flag is asked; p_is_open is its is_open. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.refuse_actor(
  p_user uuid,
  p_role rolecall.app_role,
  p_org_id uuid,
  p_is_internal boolean,
  p_flag text,
  p_is_open boolean,
  p_rollouts jsonb
)
returns jsonb
language sql
stable
return case
  when p_flag is not null
    and not rolecall_internal.flag_includes(p_is_open, p_rollouts, p_flag, p_user, p_org_id, p_is_internal)
  then rolecall_internal.refuse_disabled()
  when p_role is null then rolecall_internal.refuse_without_profile(p_user)
end;

-- The user of a request of the function that p_flag switches, with the refusal if they may not use it. A suspension
-- refuses nothing here: what a suspended user may not do, the operation and the matrix say.
create or replace function rolecall_internal.actor(p_user uuid, p_flag text, p_rollouts jsonb)
returns rolecall.actor
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_profile rolecall.profiles;
  v_is_open boolean;
begin
  -- Two look-ups by key cost less than their join.
  select *
  into v_profile
  from rolecall.profiles
  where id = p_user;
  if p_flag is not null then
    select is_open
    into v_is_open
    from rolecall.feature_flags
    where name = p_flag;
  end if;
  return row(
    v_profile.role,
    v_profile.organization_id,
    v_profile.organization_role,
    rolecall_internal.suspended_fact(v_profile.suspended_until),
    rolecall_internal.refuse_actor(
      p_user,
      v_profile.role,
      v_profile.organization_id,
      v_profile.is_internal,
      p_flag,
      v_is_open,
      p_rollouts
    )
  )::rolecall.actor;
end
$$;
