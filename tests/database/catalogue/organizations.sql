-- No table lets anybody of one organisation see or change a row of another, and no RPC tells or does anything by its id,
-- whatever their role: every table with an organisation and every function that clients may call is found in the catalogue
-- and tried, so that a new one is tried, too.
begin;
\ir ../support/calls.psql
\ir ../support/paws.psql
select no_plan();

-- Claws has a row in each of them.
insert into rolecall.bookings (organization_id, id, client_id, service, starts_at, ends_at, status)
values (pg_temp.demo(91), pg_temp.demo(51), pg_temp.demo(83), 'walk', now(), now() + interval '1 hour', 'confirmed');
insert into rolecall.profiles (id, organization_id, organization_role)
values (pg_temp.demo(78), pg_temp.demo(91), 'sitter');
insert into rolecall.assignment_windows (organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at)
values (pg_temp.demo(91), pg_temp.demo(63), pg_temp.demo(51), pg_temp.demo(78), now(), now() + interval '1 hour');
insert into rolecall.service_buffers (organization_id, service, minutes) values (pg_temp.demo(91), 'walk', 5);
insert into rolecall.pool_exhaustions (organization_id, hour, times) values (pg_temp.demo(91), now(), 1);
insert into rolecall.opt_outs (organization_id, client_id, source) values (pg_temp.demo(91), pg_temp.demo(83), 'keyword');
insert into rolecall.automatic_replies (organization_id, client_id, kind, last_at)
values (pg_temp.demo(91), pg_temp.demo(83), 'help', now());
insert into rolecall.word_texts (organization_id, carrier_sid, client_id)
values (pg_temp.demo(91), 'SM1', pg_temp.demo(83));
insert into rolecall.thread_reads (organization_id, thread_id, user_id, last_read_seq)
values (pg_temp.demo(91), pg_temp.demo(63), pg_temp.demo(77), 1);
delete from rolecall.opt_outs where client_id = pg_temp.demo(83);
select rolecall_internal.route_text(
  client, pg_temp.demo(98), 'Call me', '{}',
  '{"violations": [{"kind": "phone", "value": "2025550143"}], "redacted": "[phone]"}', 'SM2'
)
from rolecall.clients as client
where client.id = pg_temp.demo(83);
select pg_temp.send(77, 63);
insert into rolecall.opt_outs (organization_id, client_id, source) values (pg_temp.demo(91), pg_temp.demo(83), 'keyword');
-- Its people write to each other, and help each other.
update rolecall.profiles set role = 'show_organizer' where id = pg_temp.demo(77);
select pg_temp.ask(
  'send_dm', pg_temp.demo(77), jsonb_build_object('recipient_id', pg_temp.demo(78), 'content', 'Hello')
);
insert into rolecall.help_requests (id, requester_id, title) values (pg_temp.demo(57), pg_temp.demo(78), 'A dog to walk');
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(77),
  jsonb_build_object('help_request_id', pg_temp.demo(57), 'initial_message', 'I can walk the dog.')
);

create temporary table tables as
select relname as name, format('%I.%I', nspname, relname) as path
from pg_class
join pg_namespace on pg_namespace.oid = relnamespace
join pg_attribute on attrelid = pg_class.oid and attname = 'organization_id' and not attisdropped
where nspname = 'rolecall'
  and relkind in ('r', 'p')
  and not relispartition;
select cmp_ok((select count(*) from tables), '>=', 17::bigint, 'the tables of organisations');

-- What of another organisation a table has.
create function pg_temp.theirs(p_path text)
returns text
language plpgsql
as $$
declare
  v_rows text;
begin
  execute format(
    'select concat_ws($s$ $s$, count(*), md5(string_agg(kept::text, $s$|$s$ order by kept::text)))
    from %s as kept where organization_id = %L',
    p_path,
    pg_temp.demo(91)
  )
  into v_rows;
  return v_rows;
end
$$;
create temporary table before as select name, path, pg_temp.theirs(path) as rows from tables;
select is(
  (select string_agg(name, ' ' order by name) from before where rows = '0'),
  null,
  'each of them that texting writes has a row of the other organisation'
);

select is(
  pg_temp.run_as(
    role,
    who,
    format('select count(*) from %s where organization_id = %L', path, pg_temp.demo(91))
  ) in ('0', '42501'),
  true,
  format('%s sees nothing of another organisation in %s', coalesce(who::text, role), name)
)
from tables
cross join (
  select 'authenticated' as role, pg_temp.demo(number) as who from generate_series(71, 76) as number
  union all
  select 'anon', null
) as person;
select is(
  pg_temp.run_as(role, who, format(statement, path, pg_temp.demo(91), pg_temp.demo(90))) in ('0', '42501'),
  true,
  format('%s changes nothing of another organisation in %s', coalesce(who::text, role), name)
)
from tables
cross join (
  select 'authenticated' as role, pg_temp.demo(number) as who from generate_series(71, 75) as number
  union all
  select 'anon', null
) as person
cross join unnest(
  array[
    'update %1$s set organization_id = %3$L where organization_id = %2$L',
    'update %1$s set organization_id = %2$L where organization_id = %2$L',
    'delete from %1$s where organization_id = %2$L',
    'insert into %1$s (organization_id) values (%2$L)'
  ]
) as statement;

-- The RPCs, as PostgREST calls them. Whom a role writes to and whose open request for help somebody answers is not the
-- organisation's: the people have roles here that write to nobody else, and no request is among the ids.
create temporary table rpcs as
select
  pg_proc.oid,
  format('%I.%I', nspname, proname) as name,
  nspname as schema,
  array(select format_type(type, null) from unnest(proargtypes::oid[]) with ordinality as each (type, place) order by place) as types
from pg_proc
join pg_namespace on pg_namespace.oid = pronamespace
where nspname in ('public', 'rolecall', 'rolecall_internal', 'rolecall_edge', 'rolecall_monitoring')
  and has_function_privilege('authenticated', pg_proc.oid, 'execute');
select is(
  (
    select string_agg(distinct format('%s(%s)', name, type), ' ')
    from rpcs
    cross join unnest(types) as type
    where type not in ('uuid', 'text', 'bigint', 'integer', 'boolean', 'timestamp with time zone')
  ),
  null,
  'an id has a type of its own: where one would be in a document, this test does not know'
);
delete from rpcs where 'uuid' <> all (types);

-- Every id of the other organisation: of its rows, of its people, and of what these wrote.
create function pg_temp.ids_in(p_path text)
returns setof uuid
language plpgsql
as $$
begin
  return query execute format(
    'select distinct found[1]::uuid
    from %s as kept
    cross join regexp_matches(kept::text, $p$[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$p$, $f$g$f$) as found
    where organization_id = %L',
    p_path,
    pg_temp.demo(91)
  );
end
$$;
create temporary table foreign_ids as
select id from tables cross join pg_temp.ids_in(path) as id
union
select message.id
from rolecall.messages as message
where message.sender_id in (pg_temp.demo(77), pg_temp.demo(78))
union
select conversation.id
from public.conversations_v2 as conversation
where conversation.helper_id = pg_temp.demo(77)
union
select message.id
from public.messages_v2 as message
where message.sender_id = pg_temp.demo(77);

-- The calls of a function with an id, for which ID stands, at one of its places, and ids that the caller knows at the others.
create function pg_temp.calls_of(p_rpc rpcs, p_user uuid)
returns setof text
language sql
begin atomic
  select distinct format(
    'select coalesce(jsonb_agg(to_jsonb(answer)), $j$[]$j$) from %s(%s) as answer',
    p_rpc.name,
    (
      select string_agg(
        case
          when other.place = crossed.place then $a$'ID'::uuid$a$
          when type = 'uuid' then format('%L::uuid', case other.place when cardinality(p_rpc.types) then last else own end)
          when type = 'text' then $a$'I can walk the dog.'::text$a$
          else format('null::%s', type)
        end,
        ', '
        order by other.place
      )
      from unnest(p_rpc.types) with ordinality as other (type, place)
    )
  )
  from unnest(p_rpc.types) with ordinality as crossed (crossed_type, place)
  cross join unnest(array[p_user, pg_temp.demo(74)]) as own
  cross join unnest(array[p_user, pg_temp.demo(74), null]) as last
  where crossed_type = 'uuid';
end;
create function pg_temp.rpc_answer(p_user uuid, p_call text, p_id uuid)
returns text
language plpgsql
as $$
begin
  delete from rolecall.rate_buckets where user_id = p_user;
  return replace(
    pg_temp.run_as('authenticated', p_user, replace(p_call, $a$'ID'$a$, quote_literal(p_id))), p_id::text, 'ID'
  );
end
$$;
-- The calls that answer one of the ids otherwise than an id which nothing has.
create function pg_temp.told(p_rpc rpcs, p_user uuid, p_ids uuid[])
returns text
language plpgsql
as $$
declare
  v_call text;
  v_unknown text;
  v_told text;
begin
  for v_call in select pg_temp.calls_of(p_rpc, p_user) loop
    v_unknown := pg_temp.rpc_answer(p_user, v_call, gen_random_uuid());
    select concat_ws('; ', v_told, string_agg(format('%s with %s: %s', v_call, id, answer), '; '))
    into v_told
    from unnest(p_ids) as id
    cross join lateral (select pg_temp.rpc_answer(p_user, v_call, id) as answer offset 0) as answered
    where answer is distinct from v_unknown;
  end loop;
  return nullif(v_told, '');
end
$$;
create function pg_temp.written()
returns text
language plpgsql
as $$
declare
  v_table text;
  v_digest text;
  v_digests text := '';
begin
  -- Not what a refusal leaves: its row in the log, its metric, its token.
  for v_table in
    select pg_class.oid::regclass::text
    from pg_class
    where relnamespace::regnamespace::text in ('public', 'rolecall')
      and relkind in ('r', 'p')
      and not relispartition
      and relname not in ('application_logs', 'refusal_counts', 'request_metrics', 'rate_buckets')
    order by 1
  loop
    execute format('select md5(string_agg(kept::text, $s$|$s$ order by kept::text)) from %s as kept', v_table)
    into v_digest;
    v_digests := concat_ws(' ', v_digests, v_table, v_digest);
  end loop;
  return v_digests;
end
$$;
create temporary table written_before as select pg_temp.written() as rows;
select is(
  pg_temp.told(rpcs, pg_temp.demo(who), array(select id from foreign_ids)),
  null,
  format('%s tells %s nothing of another organisation''s ids', rpcs.oid::regprocedure, who)
)
from rpcs
cross join unnest(array[71, 73, 75]) as who;
select is(pg_temp.written(), rows, 'and writes nothing') from written_before;
select cmp_ok((select count(*) from foreign_ids), '>=', 20::bigint, 'ids of every kind');
select is(pg_temp.theirs(path), rows, format('%s is as it was', name)) from before;

-- With ids of their own organisation each of them has something to say, so that the silence above is about the others.
update rolecall.profiles set role = 'mvp_dealer' where id = pg_temp.demo(74);
insert into rolecall.help_requests (id, requester_id, title) values (pg_temp.demo(58), pg_temp.demo(74), 'A cat to feed');
insert into rolecall.help_requests (id, requester_id, title) values (pg_temp.demo(59), pg_temp.demo(71), 'A dog to walk');
select pg_temp.ask(
  'send_dm', pg_temp.demo(71), jsonb_build_object('recipient_id', pg_temp.demo(74), 'content', 'Hello')
);
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(74),
  jsonb_build_object('help_request_id', pg_temp.demo(59), 'initial_message', 'I can walk the dog.')
);
select isnt(
  pg_temp.told(
    rpcs,
    pg_temp.demo(71),
    array[pg_temp.demo(58), pg_temp.demo(74)]
    || array(select id from rolecall.conversations where organization_id = pg_temp.demo(90))
    || array(select id from public.conversations_v2 where requester_id = pg_temp.demo(71))
  ),
  null,
  format('%s serves its own caller', rpcs.oid::regprocedure)
)
from rpcs
where has_schema_privilege('authenticated', schema, 'usage');

-- A row cannot point into another organisation: whatever refers to an organisation's row refers to the organisation, too.
select is(
  (
    select string_agg(format('%s.%s', conrelid::regclass, conname), ' ' order by conrelid::regclass::text, conname)
    from pg_constraint
    join tables as source on source.path::regclass = conrelid
    join tables as target on target.path::regclass = confrelid
    where contype = 'f'
      -- An exception to a flag is of an organisation or of a user.
      and source.name <> 'feature_flag_overrides'
      and not exists (
        select
        from unnest(conkey, confkey) as column_pair (ours, theirs)
        join pg_attribute as own on own.attrelid = conrelid and own.attnum = ours and own.attname = 'organization_id'
        join pg_attribute as other on other.attrelid = confrelid and other.attnum = theirs and other.attname = 'organization_id'
      )
  ),
  null,
  'every foreign key between them has the organisation in it'
);

select * from finish();
rollback;
