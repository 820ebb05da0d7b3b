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
