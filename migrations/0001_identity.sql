-- Who is who: the schemas, the roles, the caller of a request, organisations and profiles.
--
-- On Supabase the roles anon, authenticated and service_role and the functions auth.uid(), auth.role() and auth.jwt()
-- exist and stay as they are. Elsewhere they are made here, and marked with a comment so that a rollback removes
-- only what is ours.

create schema if not exists rolecall;
comment on schema rolecall is 'Rolecall: internal tables and functions; nobody but the entry points uses it.';

create table if not exists rolecall.schema_migrations (
  version int primary key,
  name text not null,
  applied_at timestamptz not null default now()
);
comment on table rolecall.schema_migrations is 'Which migrations this database has.';

-- Roles belong to the whole server: another database may have made them, or be making them at this moment.
do $$
begin
  if to_regrole('anon') is null then
    create role anon nologin;
    comment on role anon is 'made by Rolecall';
  end if;
  if to_regrole('authenticated') is null then
    create role authenticated nologin;
    comment on role authenticated is 'made by Rolecall';
  end if;
  if to_regrole('service_role') is null then
    -- Only who may pass row-level security by can let another do so; without it service_role reads by its grants
    -- and the policies that name it.
    if (select rolsuper or (rolbypassrls and current_setting('server_version_num')::int >= 160000)
        from pg_catalog.pg_roles
        where rolname = current_user) then
      create role service_role nologin bypassrls;
    else
      create role service_role nologin;
    end if;
    comment on role service_role is 'made by Rolecall';
  end if;
  if to_regrole('rolecall_edge') is null then
    -- Without a password nobody can log in with it; whoever deploys sets one.
    create role rolecall_edge login;
    comment on role rolecall_edge is 'made by Rolecall';
  end if;
end
$$;

-- A request is one short statement, so whatever lasts is a fault. Only differences are written: a second run changes
-- nothing, and two databases of one server do not get into each other's way.
do $$
declare
  v_setting text;
begin
  foreach v_setting in array array[
    'statement_timeout=5s',
    'lock_timeout=4s',
    'idle_in_transaction_session_timeout=10s'
  ] loop
    if not exists (
      select
      from pg_catalog.pg_roles
      where rolname = 'rolecall_edge'
        and v_setting = any (rolconfig)
    ) then
      execute format(
        'alter role rolecall_edge set %I = %L',
        split_part(v_setting, '=', 1),
        split_part(v_setting, '=', 2)
      );
    end if;
  end loop;
end
$$;

-- The caller, as PostgREST and Supabase tell it: the verified claims stand in request.jwt.claims. Unlike Supabase's,
-- these read a sub that is no uuid as nobody.
do $$
begin
  if to_regnamespace('auth') is null then
    create schema auth;
    comment on schema auth is 'made by Rolecall';
    grant usage on schema auth to anon, authenticated, service_role;
  end if;
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt()
    returns jsonb
    language sql
    stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    comment on function auth.jwt() is 'made by Rolecall';
    revoke execute on function auth.jwt() from public;
    grant execute on function auth.jwt() to anon, authenticated, service_role;
  end if;
  if to_regprocedure('auth.role()') is null then
    create function auth.role()
    returns text
    language sql
    stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role';
    comment on function auth.role() is 'made by Rolecall';
    revoke execute on function auth.role() from public;
    grant execute on function auth.role() to anon, authenticated, service_role;
  end if;
  if to_regprocedure('auth.uid()') is null then
    create function auth.uid()
    returns uuid
    language sql
    stable
    return case
      when nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
        ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
    end;
    comment on function auth.uid() is 'made by Rolecall';
    revoke execute on function auth.uid() from public;
    grant execute on function auth.uid() to anon, authenticated, service_role;
  end if;
end
$$;

do $$
begin
  if to_regtype('public.app_role') is null then
    create type public.app_role as enum (
      'attendee',
      'dealer',
      'mvp_dealer',
      'show_organizer',
      'moderator',
      'admin'
    );
  end if;
end
$$;
comment on type public.app_role is 'The application role of a profile; the permission matrix speaks of it.';

create table if not exists public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  constraint organizations_name_length check (char_length(name) between 1 and 200)
);
comment on table public.organizations is 'Organisations whose people use Rolecall; a profile belongs to at most one.';

create table if not exists public.profiles (
  id uuid primary key,
  display_name text not null default '',
  role public.app_role not null default 'attendee',
  organization_id uuid references public.organizations (id),
  organization_role text,
  is_internal boolean not null default false,
  suspended_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profiles_display_name_length check (char_length(display_name) <= 200),
  constraint profiles_organization_role_known
    check (organization_role in ('owner', 'admin', 'sitter', 'client')),
  constraint profiles_organization_role_has_organization
    check (organization_role is null or organization_id is not null)
);
comment on table public.profiles is 'The users. Role, organisation and suspension are for the backend to set.';
comment on column public.profiles.is_internal is 'Gets features that are rolled out to internal users.';
comment on column public.profiles.suspended_until is 'Cannot write before this moment; infinity for good.';

create index if not exists profiles_organization_id_idx
  on public.profiles (organization_id);

-- The next two are parsed here and now, as their bodies are standard SQL: no search path is consulted when they run, so
-- none is pinned, and without a SET clause the planner writes them into the statements that call them.

-- A timestamp as every answer shows it: ISO 8601 in UTC with microseconds.
create or replace function rolecall.iso(p_at timestamptz)
returns text
language sql
stable
return to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

-- Text of a request as a uuid; what is none is null, not an error. It has hexadecimal digits but for the four hyphens
-- in their places; a regular expression would cost ten times as much.
create or replace function rolecall.uuid_or_null(p_text text)
returns uuid
language sql
immutable
return case
  when p_text like '________-____-____-____-____________'
    and translate(p_text, '0123456789abcdefABCDEF', '') = '----'
  then p_text::uuid
end;

-- Where a page of a list ended that is sorted by time and id: <microseconds since 1970>.<id>, opaque to clients. What
-- has no time is sorted as -infinity, which is written as a number that no time has.
create or replace function rolecall.cursor_of(p_at timestamptz, p_id uuid)
returns text
language sql
immutable
return case
  when p_at = '-infinity' then -999999999999999999
  else (extract(epoch from p_at) * 1000000)::bigint
end || '.' || p_id;

-- The two parts of a cursor; both are null of what is none.
create or replace function rolecall.cursor_parts(p_cursor text, out at timestamptz, out id uuid)
language plpgsql
stable
set search_path = ''
as $$
declare
  v_microseconds bigint;
begin
  if p_cursor ~ '^-?[0-9]{1,18}\.[^.]*$' then
    id := rolecall.uuid_or_null(split_part(p_cursor, '.', 2));
    v_microseconds := split_part(p_cursor, '.', 1)::bigint;
    if id is not null then
      -- From 4000 BC on it is a time; PostgreSQL knows none before 4714 BC.
      at := case
        when v_microseconds < -188000000000000000 then '-infinity'
        else 'epoch'::timestamptz + v_microseconds * interval '1 microsecond'
      end;
    end if;
  end if;
end
$$;

-- Lets the rest of the transaction run for the caller of these verified claims, so that auth.uid() names them to
-- policies and triggers, and returns the caller: null for nobody. Supabase's own auth.uid() raises on a sub that is no
-- uuid, so such a one is left out before it looks.
create or replace function rolecall.assume_claims(p_claims jsonb)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  v_caller uuid := rolecall.uuid_or_null(p_claims ->> 'sub');
  -- An assignment, not a PERFORM, which would be a statement of its own.
  v_set text := set_config(
    'request.jwt.claims',
    case
      when v_caller is not null then p_claims::text
      when jsonb_typeof(p_claims) = 'object' then (p_claims - 'sub')::text
      else '{}'
    end,
    true
  );
begin
  return v_caller;
end
$$;

-- What an entry point answers when it did what was asked.
create or replace function rolecall.success(p_data jsonb, p_limits jsonb default null)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  if p_limits is null then
    return jsonb_build_object('ok', true, 'data', p_data);
  end if;
  return jsonb_build_object('ok', true, 'data', p_data, 'limits', p_limits);
end
$$;

-- What an entry point answers when it refuses. The detail is a sentence for people; a rule, where one refused, is
-- given as the one reason.
create or replace function rolecall.refusal(
  p_code text,
  p_detail text,
  p_rule text default null,
  p_allowed_if text default null,
  p_data jsonb default null
)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_reasons jsonb;
begin
  if p_rule is not null then
    v_reasons := jsonb_build_array(
      jsonb_build_object('code', p_rule, 'message', p_detail)
      || case
        when p_allowed_if <> '' then jsonb_build_object('allowed_if', p_allowed_if)
        else '{}'
      end
    );
  end if;
  return jsonb_strip_nulls(jsonb_build_object('ok', false, 'code', p_code, 'detail', p_detail, 'reasons', v_reasons))
    || case when p_data is null then '{}' else jsonb_build_object('data', p_data) end;
end
$$;

create or replace function rolecall.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create or replace trigger profiles_touch_updated_at
before update on public.profiles
for each row
execute function rolecall.touch_updated_at();

-- The caller's organisation, for policies. A policy on profiles that read profiles would call itself for ever; this
-- reads as its owner, and tells callers nothing but their own.
create or replace function rolecall.caller_organization()
returns uuid
language sql
stable
security definer
set search_path = ''
as $$
  select organization_id
  from public.profiles
  where id = auth.uid()
$$;

-- Whether the caller is a user who may write at all, for policies: has a profile and is not suspended.
create or replace function rolecall.caller_may_write()
returns boolean
language sql
stable
security definer
set search_path = ''
as $$
  select exists (
    select
    from public.profiles
    where id = auth.uid()
      and (suspended_until is null or suspended_until <= now())
  )
$$;

-- Policies run these two with the rights of whoever queries. The schema itself stays closed, so that nobody can call
-- them by name.
revoke execute on all functions in schema rolecall from public, anon, authenticated, service_role;
grant execute on function rolecall.caller_organization() to authenticated;
grant execute on function rolecall.caller_may_write() to authenticated;

-- Supabase grants everything on a new table of public to its roles; each is given here what it needs and no more.
alter table public.organizations enable row level security;
revoke all on public.organizations from public, anon, authenticated, service_role;
grant select on public.organizations to authenticated;
grant select, insert, update, delete on public.organizations to service_role;

drop policy if exists "people see their own organisation" on public.organizations;
create policy "people see their own organisation"
on public.organizations
for select
to authenticated
using (id = (select rolecall.caller_organization()));

-- Who may see which profile is said in 0008_help, when everything exists that makes two people acquainted.
alter table public.profiles enable row level security;
revoke all on public.profiles from public, anon, authenticated, service_role;
revoke all (id, display_name, role, organization_id, organization_role, is_internal, suspended_until, created_at, updated_at)
  on public.profiles from public, anon, authenticated, service_role;
grant select (id, display_name, role, created_at, updated_at) on public.profiles to authenticated;
grant update (display_name) on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

drop policy if exists "people change their own profile" on public.profiles;
create policy "people change their own profile"
on public.profiles
for update
to authenticated
using (id = (select auth.uid()))
with check (id = (select auth.uid()));

insert into rolecall.schema_migrations (version, name)
values (1, 'identity')
on conflict (version) do nothing;
