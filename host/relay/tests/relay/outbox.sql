-- What the relay needs of a database, until the outbox itself is in main.
create schema rolecall;
create schema rolecall_relay;

create table rolecall.outbox (
  id bigint generated always as identity primary key,
  made_at timestamptz not null default clock_timestamp(),
  events jsonb not null
);
create table rolecall.conversations (id uuid primary key, one uuid not null, other uuid not null, seq bigint not null default 0);
create unlogged table rolecall.presence (user_id uuid primary key);

create function rolecall_relay.lead(p_request jsonb) returns jsonb
language sql
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('ok', true, 'data', jsonb_build_object('leads', pg_try_advisory_lock(4711)));
$$;

create function rolecall_relay.take(p_request jsonb) returns jsonb
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('ok', true, 'data', jsonb_build_object('leads', true, 'lag_ms', 0, 'rows', coalesce(jsonb_agg(taken.part order by taken.id), '[]')))
    from (
      select o.id,
             jsonb_build_object('id', o.id::text, 'events', (
               select jsonb_agg(jsonb_build_object('to', jsonb_build_array(c.one, c.other), 'event',
                        e.event || jsonb_build_object('v', 1, 'id', o.id || '.' || e.place, 'at', o.made_at)) order by e.place)
                 from jsonb_array_elements(o.events) with ordinality as e (event, place)
                 join rolecall.conversations c on c.id = (e.event->>'conversation_id')::uuid)) as part
        from rolecall.outbox o
       order by o.id
       limit (p_request->>'limit')::int) taken;
$$;

create function rolecall_relay.settle(p_request jsonb) returns jsonb
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  with settled as (
    delete from rolecall.outbox
     where id in (select value::bigint from jsonb_array_elements_text(p_request->'ids'))
    returning id)
  select jsonb_build_object('ok', true, 'data', jsonb_build_object('settled', count(*))) from settled;
$$;

create function rolecall_relay.presence(p_request jsonb) returns jsonb
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from rolecall.presence
     where ((p_request->>'whole')::boolean and not p_request->'online' ? user_id::text) or p_request->'offline' ? user_id::text
  ), come as (
    insert into rolecall.presence
    select value::uuid from jsonb_array_elements_text(p_request->'online')
    on conflict do nothing
  )
  select jsonb_build_object('ok', true, 'data', '{}'::jsonb);
$$;

do $$
begin
  if not exists (select from pg_roles where rolname = 'rolecall_relay') then
    create role rolecall_relay login password 'secret';
  end if;
end;
$$;
grant usage on schema rolecall_relay to rolecall_relay;
