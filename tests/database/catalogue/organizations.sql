-- No table lets anybody of one organisation see or change a row of another, whatever their role: every table with an
-- organisation is found in the catalogue and tried, so that a new one is tried, too.
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
  'conversations',
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
select is(pg_temp.theirs(path), rows, format('%s is as it was', name)) from before;

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
