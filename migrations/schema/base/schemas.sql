-- The schemas, the roles of the server, and the caller of a request.
--
-- Everything of Rolecall carries a mark: a comment that is "Rolecall" or begins with "Rolecall:". What has none is somebody else's and is
-- never changed. `rolecall` holds tables, types and the RPCs of clients; `rolecall_internal` what those need and nobody
-- else calls; `rolecall_edge` the entry points of the functions; `rolecall_monitoring` the operator's figures.

-- The head of the migration has made this one.
comment on schema rolecall is 'Rolecall: tables, types and the RPCs of clients.';

create schema rolecall_internal;
comment on schema rolecall_internal is 'Rolecall: internal helpers; not to be called directly.';

-- One function for each edge function, called as `select rolecall_edge.send_dm($1)` with everything about the request in
-- one jsonb, and answering one jsonb. They are all that rolecall_edge, the login of the functions, may call; they take
-- the caller from the verified claims of the request and nothing from the session.
--
-- Request: {"claims": {"sub", "role"}, "request_id", "idempotency_key"?, "rollouts", "reads"?, "input"}
-- Answer:  {"ok": true, "data", "limits"?, "replayed"?, "org_id"?}
--       or {"ok": false, "code", "detail", "reasons"?, "data"?, "limits"?, "org_id"?}
create schema rolecall_edge;
comment on schema rolecall_edge is 'Rolecall: the entry points of the functions, only for rolecall_edge.';

-- The views read with the rights of their owner; they hold counts and times, and nothing of anybody.
create schema rolecall_monitoring;
comment on schema rolecall_monitoring is 'Rolecall: figures for the operator''s dashboards and alerts, only for service_role.';

-- Roles belong to the whole server: another database may have made them, or be making them at this moment. On Supabase
-- the first three exist and stay as they are.
do $$
begin
  if to_regrole('anon') is null then
    create role anon nologin;
    comment on role anon is 'Rolecall: requests without a token.';
  end if;
  if to_regrole('authenticated') is null then
    create role authenticated nologin;
    comment on role authenticated is 'Rolecall: requests of signed-in users.';
  end if;
  if to_regrole('service_role') is null then
    -- Only who may pass row-level security by can let another do so; base/operator.sql has policies for the rest.
    if (select rolsuper or (rolbypassrls and current_setting('server_version_num')::int >= 160000)
        from pg_catalog.pg_roles
        where rolname = current_user) then
      create role service_role nologin bypassrls;
    else
      create role service_role nologin;
    end if;
    comment on role service_role is 'Rolecall: the operator.';
  end if;
  if to_regrole('rolecall_edge') is null then
    -- Without a password nobody can log in with it; whoever deploys sets one.
    create role rolecall_edge login;
    comment on role rolecall_edge is 'Rolecall: the login of the functions.';
  elsif (shobj_description(to_regrole('rolecall_edge'), 'pg_authid') ~ '^Rolecall(:|$)') is not true then
    raise exception 'The role rolecall_edge exists and is not Rolecall''s; nothing was changed.'
      using
        errcode = 'object_not_in_prerequisite_state',
        hint = 'If it is meant for Rolecall: comment on role rolecall_edge is ''Rolecall: the login of the functions.''';
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

-- Where the right to make temporary objects was granted to the login itself, it goes. What everybody may do is the
-- database's owner's to say, and every function looks into pg_temp last.
do $$
begin
  if (select pg_has_role(datdba, 'usage') from pg_catalog.pg_database where datname = current_database()) then
    execute format('revoke temporary on database %I from rolecall_edge', current_database());
  end if;
end
$$;

-- The caller, as PostgREST and Supabase tell it: the verified claims stand in request.jwt.claims. On Supabase these
-- exist and stay as they are. Unlike Supabase's, these read a sub that is no uuid as nobody.
do $$
begin
  if to_regnamespace('auth') is null then
    create schema auth;
    comment on schema auth is 'Rolecall: the caller of a request.';
    grant usage on schema auth to anon, authenticated, service_role;
  end if;
  if to_regprocedure('auth.jwt()') is null then
    create function auth.jwt()
    returns jsonb
    language sql
    stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    comment on function auth.jwt() is 'Rolecall: the verified claims.';
    revoke execute on function auth.jwt() from public;
    grant execute on function auth.jwt() to anon, authenticated, service_role;
  end if;
  if to_regprocedure('auth.role()') is null then
    create function auth.role()
    returns text
    language sql
    stable
    return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role';
    comment on function auth.role() is 'Rolecall: the database role of the verified claims.';
    revoke execute on function auth.role() from public;
    grant execute on function auth.role() to anon, authenticated, service_role;
  end if;
  if (select prorettype <> 'uuid'::regtype from pg_catalog.pg_proc where oid = to_regprocedure('auth.uid()')) then
    raise exception 'The function auth.uid() of this database is not Rolecall''s and returns no uuid; nothing was changed.'
      using errcode = 'object_not_in_prerequisite_state';
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
    comment on function auth.uid() is 'Rolecall: the caller.';
    revoke execute on function auth.uid() from public;
    grant execute on function auth.uid() to anon, authenticated, service_role;
  end if;
end
$$;
