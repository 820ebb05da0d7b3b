-- Who acts. Whether a function is on for a user, whether they have a profile and whether they are suspended is decided
-- here alone.

-- The fact that a suspension amounts to while it lasts. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.suspended_fact(p_suspended_until timestamptz)
returns text
language sql
stable
return case when p_suspended_until > now() then 'suspended' end;

-- The refusal of a user whom a flag does not include.
create or replace function rolecall_internal.refuse_excluded(p_user uuid, p_role rolecall.app_role)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_role is null and rolecall_internal.is_account_deleted(p_user) then
    return rolecall_internal.refuse_without_profile(p_user);
  end if;
  return rolecall_internal.refuse_disabled();
end
$$;

-- The refusal of a user who may not use the function of a flag at all: it is not rolled out to them, or they have no
-- profile. Whose account was deleted hears that in any case: a flag may have been their organisation's, which they have no
-- longer. Null when they may. p_flag is null where no flag is asked; p_is_open is its is_open. PostgreSQL writes it into the statements that ask.
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
  then rolecall_internal.refuse_excluded(p_user, p_role)
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

-- Whether the function of a flag is on for an organisation as such: for what the operator or a carrier does for it. A
-- percentage counts the organisation's id as it counts a user's.
create or replace function rolecall_internal.organization_has_flag(p_org uuid, p_flag text, p_rollouts jsonb)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (p_rollouts = '{}' and (select is_on from rolecall_internal.plainly_on(p_flag, p_org, p_org)))
    is true
    or (rolecall_internal.flag_decision(p_flag, p_rollouts, p_org, p_org, false)).enabled;
end
$$;

-- For whom a call of 'staff' acts. The operator names the organisation in the member organization_id of the input; a user
-- acts for their own, and may name that alone. p_flag is null where no flag is asked. is_operator is never null;
-- organization_id is null for a user who is in none; suspended is the fact, and the refusal null if they may go on.
create or replace function rolecall_internal.staff(
  p_call rolecall.call,
  p_flag text,
  out is_operator boolean,
  out organization_id uuid,
  out organization_role text,
  out suspended text,
  out refusal jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_named uuid := rolecall_internal.uuid_or_null(p_call.input ->> 'organization_id');
  v_actor rolecall.actor;
begin
  is_operator := p_call.request #>> '{claims,role}' is not distinct from 'service_role';
  if not is_operator then
    v_actor := rolecall_internal.actor(p_call.caller, p_flag, p_call.rollouts);
    organization_id := v_actor.organization_id;
    organization_role := v_actor.organization_role;
    suspended := v_actor.suspended;
    refusal := v_actor.refusal;
    if refusal is null and p_call.input ->> 'organization_id' is not null and v_named is distinct from organization_id then
      refusal := rolecall_internal.refuse_unknown_organization();
    end if;
    return;
  end if;

  if v_named is null then
    refusal := rolecall_internal.refuse_field(
      'organization_id', 'required', 'The operator names the organisation in organization_id.'
    );
    return;
  end if;
  select organization.id
  into organization_id
  from rolecall.organizations as organization
  where organization.id = v_named;
  if organization_id is null then
    refusal := rolecall_internal.refuse_unknown_organization();
  elsif p_flag is not null
    and not rolecall_internal.organization_has_flag(organization_id, p_flag, p_call.rollouts)
  then
    refusal := rolecall_internal.refuse_disabled();
  end if;
end
$$;

create or replace function rolecall_internal.refuse_unknown_organization()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('not_found', 'You see no such organisation.');
end
$$;
