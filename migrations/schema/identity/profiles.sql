create or replace function rolecall_internal.touch_updated_at()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- The caller's organisation, for policies. A policy on profiles that read profiles would call itself for ever; this
-- reads as its owner, and tells callers nothing but their own.
create or replace function rolecall_internal.caller_organization()
returns uuid
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select organization_id
  from rolecall.profiles
  where id = auth.uid()
$$;

-- The caller, if they have a profile, for policies: with a token that outlives the account nobody reads on.
create or replace function rolecall_internal.caller_with_profile()
returns uuid
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select id
  from rolecall.profiles
  where id = auth.uid()
$$;

-- Whether the caller is a user who may write at all, for policies: has a profile and is not suspended.
create or replace function rolecall_internal.caller_may_write()
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rolecall.profiles
    where id = auth.uid()
      and (suspended_until is null or suspended_until <= now())
  )
$$;

-- What stands where a foreign key would go with the profile: a row that names somebody is written while they have a
-- profile, which the lock keeps until the commit, and stays when the profile is deleted. The trigger's arguments are the
-- columns. Whoever waited for a deletion fails as a foreign key would; the functions ask once more then, and are told why.
create or replace function rolecall_internal.hold_profiles()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_row constant jsonb := to_jsonb(new);
  v_column text;
begin
  foreach v_column in array tg_argv loop
    perform
    from rolecall.profiles
    where id = (v_row ->> v_column)::uuid
    for key share;
    if not found then
      raise exception using
        errcode = 'foreign_key_violation',
        message = format('%s.%s names nobody who has a profile', tg_table_name, v_column),
        schema = tg_table_schema,
        table = tg_table_name,
        column = v_column;
    end if;
  end loop;
  return null;
end
$$;
