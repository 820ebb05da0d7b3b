-- rolecall_internal.partition_messages: everything is as it was, and in partitions. The suite runs with partitions as a
-- whole where ROLECALL_MESSAGE_PARTITIONS says so; then there is nothing left to make here.
begin;
\ir ../support/calls.psql
select no_plan();

select pg_temp.ask('send_dm', pg_temp.demo(person), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi ' || person))
from unnest(array[4, 8]) as person;
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', '["attendee"]'::jsonb, 'message', 'News')
);
select pg_temp.ask('report_message', pg_temp.demo(1), jsonb_build_object('message_id', id, 'reason', 'Rude'))
from rolecall.messages
where content in ('Hi 4', 'News');

-- Everything of the table and of the functions that are declared by its type, without what partitions must have anew.
create function pg_temp.state()
returns setof text
language sql
as $$
  select format('column %s %s %s %s', attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid))
    || coalesce(col_description(attrelid, attnum), '')
  from pg_attribute
  left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where attrelid = 'rolecall.messages'::regclass and attnum > 0
  union all
  select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
  from pg_constraint
  where conparentid = 0
    and 'rolecall.messages'::regclass in (conrelid, confrelid)
  union all
  select replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') from pg_index where indrelid = 'rolecall.messages'::regclass
  union all
  select replace(format('policy %s %s %s %s %s', policyname, roles, cmd, qual, with_check), ' AS int8', '') from pg_policies where tablename = 'messages'
  union all
  select pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'rolecall.messages'::regclass and not tgisinternal
  union all
  select format('table %s %s %s %s', relowner::regrole, relrowsecurity, obj_description(oid, 'pg_class'), (
    select string_agg(each::text, ' ' order by each::text) from unnest(relacl) as each
  ))
  from pg_class
  where oid = 'rolecall.messages'::regclass
  union all
  select concat_ws(' ', 'function', pg_get_functiondef(oid), proowner::regrole, obj_description(oid, 'pg_proc'), (
    select string_agg(each::text, ' ' order by each::text) from unnest(proacl) as each
  ))
  from pg_proc
  where pronamespace = 'rolecall_internal'::regnamespace
  union all
  select t::text from rolecall.messages as t
$$;
create temporary table before as select * from pg_temp.state() as line;
create temporary table made as
select
  relkind = 'p' as already,
  -- Foreign keys are checked at once, so that none waits for the end of this transaction.
  case when relkind = 'r' then rolecall_internal.partition_messages(16) end as moved
from pg_class
where oid = 'rolecall.messages'::regclass;

select ok(already or moved = 3, 'every message is moved') from made;
select is(
  (select count(*) from pg_partition_tree('rolecall.messages') where isleaf),
  16::bigint,
  'into 16 partitions'
);
select results_eq(
  'select line from pg_temp.state() as line order by line',
  'select line from before order by line',
  'and everything is as it was'
);
select is(
  (
    select count(*)
    from pg_inherits
    join pg_class on pg_class.oid = inhrelid
    where inhparent = 'rolecall.messages'::regclass
      and relrowsecurity
      and obj_description(inhrelid, 'pg_class') ~ '^Rolecall'
      and not exists (
        select
        from unnest(array['anon', 'authenticated', 'service_role', 'rolecall_edge']) as role
        where has_table_privilege(role, inhrelid, 'select, insert, update, delete')
      )
  ),
  16::bigint,
  'nobody reaches a partition but through the table'
);

-- It goes on.
select is(
  pg_temp.verdict(pg_temp.ask('send_dm', pg_temp.demo(4), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Again'))),
  'ok',
  'messages are sent'
);
select is(
  (
    select array_agg(card #>> '{last_message,content}' order by card #>> '{last_message,content}')
    from jsonb_array_elements(pg_temp.ask('inbox', pg_temp.demo(1), '{}') #> '{data,conversations}') as card
  ),
  '{Again,Hi 8,News}',
  'and read'
);
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'select count(*) from rolecall.messages'),
  '4',
  'through the API, too'
);
select is(
  pg_temp.verdict(pg_temp.ask('delete_message', pg_temp.demo(4), jsonb_build_object('message_id', id))),
  'ok',
  'and deleted'
)
from rolecall.messages
where content = 'Hi 4';
delete from rolecall.conversations where kind = 'direct';
select is((select count(*) from rolecall.messages), 1::bigint, 'a conversation takes its messages along');
select is((select count(*) from rolecall.reported_messages), 1::bigint, 'and what refers to them');
select throws_ok('select rolecall_internal.partition_messages(16)', '55000', null, 'once is enough');
select throws_ok('select rolecall_internal.partition_messages(1)', '22023', null, 'one partition is none');

select * from finish();
rollback;
