-- The relay publishes what the outbox holds. Its login may call the functions of rolecall_relay and nothing else; each
-- takes one jsonb and answers one, as the entry points of the functions do.
create schema rolecall_relay;
comment on schema rolecall_relay is 'Rolecall: the entry points of the relay, only for rolecall_relay.';

-- A role of the whole server, as rolecall_edge is: see base/schemas.sql.
do $$
begin
  if to_regrole('rolecall_relay') is null then
    -- Without a password nobody can log in with it; whoever deploys a relay sets one.
    create role rolecall_relay login;
    comment on role rolecall_relay is 'Rolecall: the login of the relay.';
  elsif (shobj_description(to_regrole('rolecall_relay'), 'pg_authid') ~ '^Rolecall(:|$)') is not true then
    raise exception 'The role rolecall_relay exists and is not Rolecall''s; nothing was changed.'
      using
        errcode = 'object_not_in_prerequisite_state',
        hint = 'If it is meant for Rolecall: comment on role rolecall_relay is ''Rolecall: the login of the relay.''';
  end if;
end
$$;

-- A settlement that a crash takes back is published again, and clients drop what they have: nothing waits for the disk.
-- Only differences are written, as for rolecall_edge.
do $$
declare
  v_setting text;
begin
  foreach v_setting in array array[
    'statement_timeout=5s',
    'lock_timeout=4s',
    'idle_in_transaction_session_timeout=10s',
    'synchronous_commit=off'
  ] loop
    if not exists (
      select
      from pg_catalog.pg_roles
      where rolname = 'rolecall_relay'
        and v_setting = any (rolconfig)
    ) then
      execute format(
        'alter role rolecall_relay set %I = %L',
        split_part(v_setting, '=', 1),
        split_part(v_setting, '=', 2)
      );
    end if;
  end loop;
end
$$;

do $$
begin
  if (select pg_has_role(datdba, 'usage') from pg_catalog.pg_database where datname = current_database()) then
    execute format('revoke temporary on database %I from rolecall_relay', current_database());
  end if;
end
$$;
