-- Every public table, read and written through the API by everybody there is: what each sees, and what each can change.
-- A table that is not among the expectations fails, and so does a right that is not.
begin;
\ir ../support/calls.psql
select no_plan();

-- The people: 1 and 2 attendees, 3 a dealer, 4 an MVP dealer, 5 the organizer of the shows, 6 a moderator, 8 an admin,
-- 50 an attendee of no show and no organisation, 0 a token without claims.
insert into rolecall.profiles (id) values (pg_temp.demo(50));

-- What they did: a direct conversation of 1 and 4; broadcasts of 5 to attendees and to dealers, the first one read by 1;
-- help of 4 for 1; 2 blocks 3; 4 reports 1, 2 reports 5, and a moderator deletes that; an imported conversation of 2
-- with somebody unknown; 50 asked for deletion.
create temporary table sent as
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'))
  #>> '{data,message_id}' as direct;
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', format('["%s"]', role)::jsonb, 'message', role)
)
from unnest(array['attendee', 'dealer']) as role;
select pg_temp.ask('mark_read', pg_temp.demo(1), jsonb_build_object('conversation_id', id, 'up_to_seq', 1))
from rolecall.conversations
where kind = 'show';
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(4),
  jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
);
update rolecall.help_requests set status = 'matched' where id = pg_temp.demo(21);
select pg_temp.ask('block_user', pg_temp.demo(2), jsonb_build_object('blocked_id', pg_temp.demo(3)));
select pg_temp.ask('react', pg_temp.demo(1), jsonb_build_object('message_id', direct, 'emoji', '👍')) from sent;
select pg_temp.ask('report_message', pg_temp.demo(4), jsonb_build_object('message_id', direct, 'reason', 'Rude'))
from sent;
select pg_temp.ask('report_message', pg_temp.demo(2), jsonb_build_object('message_id', message_id, 'reason', 'Rude'))
from rolecall.broadcasts
where recipient_roles = '{attendee}';
select pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', message_id))
from rolecall.broadcasts
where recipient_roles = '{attendee}';
insert into rolecall.conversations (id, kind, version, participant_low, read_only, last_seq, created_by)
values (pg_temp.demo(60), 'direct', 'v1', pg_temp.demo(2), true, 1, null);
insert into rolecall.conversation_participants (conversation_id, user_id) values (pg_temp.demo(60), pg_temp.demo(2));
insert into rolecall.messages (conversation_id, seq, sender_id, content, created_at, legacy)
values (pg_temp.demo(60), 1, null, 'Old', null, true);
select pg_temp.ask('delete_own_data', pg_temp.demo(50), '{"confirm": true}');
select pg_temp.ask_for_the_night();

-- Runs a statement for somebody and takes it back: what it returned, how many rows it changed, or its SQLSTATE.
create function pg_temp.tried(p_role text, p_user int, p_statement text)
returns text
language plpgsql
as $$
declare
  v_result text;
begin
  begin
    v_result := pg_temp.run_as(p_role, case when p_user > 0 then pg_temp.demo(p_user) end, p_statement);
    raise exception using errcode = 'RC001';
  exception
    when sqlstate 'RC001' then
      perform set_config('role', 'none', true);
    when not_null_violation or feature_not_supported then
      v_result := sqlstate;
  end;
  return v_result;
end
$$;

-- Reading: how many rows each sees; 'no' is no right to read at all.
create temporary table visible (name text primary key, "1" text, "2" text, "3" text, "4" text, "5" text, "6" text, "8" text, "50" text, "0" text);
insert into visible
values
  --                             attendees   dealer  MVP    organizer moderator admin nobody's nobody
  ('application_logs',          'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('block_changes',             'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('broadcast_limits',          '6',  '6',   '6',   '6',    '6',      '6',     '6',  '6',     '0'),
  ('broadcast_quotas',          '0',  '0',   '0',   '0',    '1',      '0',     '0',  '0',     '0'),
  ('broadcast_receipts',        '1',  '0',   '0',   '0',    '1',      '0',     '0',  '0',     '0'),
  ('broadcasts',                '1',  '1',   '1',   '0',    '2',      '0',     '0',  '0',     '0'),
  ('conversation_participants', '2',  '1',   '0',   '2',    '1',      '0',     '0',  '0',     '0'),
  ('conversations',             '2',  '2',   '1',   '1',    '1',      '0',     '0',  '0',     '0'),
  ('conversations_v2',          '1',  '0',   '0',   '1',    '0',      '0',     '0',  '0',     '0'),
  ('data_deletions',            '0',  '0',   '0',   '0',    '0',      '0',     '0',  '1',     '0'),
  ('conversation_settings',     '0',  '0',   '0',   '0',    '0',      '0',     '0',  '0',     '0'),
  ('edit_windows',              '7',  '7',   '7',   '7',    '7',      '7',     '7',  '7',     '0'),
  ('feature_flag_changes',      'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('feature_flag_overrides',    'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('feature_flags',             '21', '21',  '21',  '21',   '21',     '21',    '21', '21',    '0'),
  -- One of the two is matched: its requester and its helper go on seeing it.
  ('help_requests',             '2',  '1',   '1',   '2',    '1',      '1',     '1',  '1',     '0'),
  ('key_sets',                  'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('message_reactions',         '1',  '0',   '0',   '0',    '0',      '0',     '0',  '0',     '0'),
  ('messages',                  '2',  '2',   '1',   '1',    '2',      '0',     '0',  '0',     '0'),
  ('messages_v2',               '1',  '0',   '0',   '1',    '0',      '0',     '0',  '0',     '0'),
  ('moderation_audit',          'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('organizations',             '1',  '1',   '1',   '1',    '1',      '1',     '1',  '0',     '0'),
  ('profiles',                  '8',  '8',   '8',   '8',    '8',      '8',     '8',  '1',     '0'),
  ('quota_runs',                'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('rate_limits',               '196', '196',  '196',  '196',   '196',     '196',    '196', '196',    '0'),
  ('reported_messages',         '0',  '1',   '0',   '1',    '0',      '0',     '0',  '0',     '0'),
  ('retention',                 '2',  '2',   '2',   '2',    '2',      '2',     '2',  '2',     '0'),
  ('retention_marks',           'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('rollout_decisions',         'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('message_numbers',          'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('bookings',                 'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('pool_exhaustions',         'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('service_buffers',          'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('assignment_windows',       'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('clients',                  'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('message_threads',          '0',  '0',   '0',   '0',   '0',      '0',     '0',  '0',     '0'),
  ('thread_messages',          '0',  '0',   '0',   '0',   '0',      '0',     '0',  '0',     '0'),
  ('thread_reads',             'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('routing_decisions',        'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('anti_poaching_attempts',   'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('opt_outs',                 'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('automatic_replies',        'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('word_texts',               'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('outbox',                    'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('outbox_fork',               'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('presence',                  'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('relay',                     'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('relays',                    'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('thread_losses',             'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('typing',                    'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('webhooks',                  'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('webhook_queues',            'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('webhook_deliveries',        'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('sms_outbox',               'no', 'no',  'no',  'no',  'no',     'no',    'no', 'no',    'no'),
  ('alert_rules',               'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('rollout_stages',            'no', 'no',  'no',  'no',   'no',     'no',    'no', 'no',    'no'),
  ('show_participants',         '2',  '2',   '2',   '2',    '8',      '0',     '0',  '0',     '0'),
  ('shows',                     '2',  '2',   '2',   '2',    '2',      '2',     '2',  '2',     '0'),
  ('user_blocks',               '0',  '1',   '0',   '0',    '0',      '0',     '0',  '0',     '0');

-- Of who may not look into the schema a name without it would say that there is no such table.
create function pg_temp.qualified(p_name text)
returns text
language sql
return (
  select format('%s.%I', relnamespace::regnamespace, relname)
  from pg_class
  where relname = p_name
    and relnamespace in ('public'::regnamespace, 'rolecall'::regnamespace)
    and relkind in ('r', 'p')
);

select set_eq(
  $$ select relname::text from pg_class where relnamespace in ('public'::regnamespace, 'rolecall'::regnamespace) and relkind in ('r', 'p') and not relispartition and relrowsecurity $$,
  'select name from visible',
  'it is said of every table who sees what of it'
);
select is(
  pg_temp.tried('authenticated', reader.key::int, format('select count(*) from %I', name)),
  case reader.value when 'no' then '42501' else reader.value end,
  format('%s sees of %s: %s', reader.key, name, reader.value)
)
from visible
cross join lateral jsonb_each_text(to_jsonb(visible) - 'name') as reader;
select is(
  pg_temp.tried('anon', number, format('select count(*) from %s', pg_temp.qualified(name))),
  '42501',
  format('anon cannot read %s', name)
)
from visible
cross join unnest(array[0, 1]) as number;
select is(
  pg_temp.tried('service_role', 0, format('select count(*) from %I', name)),
  (xpath('/row/rows/text()', query_to_xml(format('select count(*) as rows from %I', name), false, true, '')))[1]::text,
  format('the operator reads all of %s', name)
)
from visible;

-- What is deleted shows nothing to anybody.
select is(
  pg_temp.tried(
    'authenticated',
    number,
    $$ select string_agg(coalesce(content, 'nothing'), ' ' order by content) from rolecall.messages where deleted_as = 'moderator' $$
  ),
  'nothing',
  format('%s does not see what a deleted message said', number)
)
from unnest(array[1, 2, 5]) as number;
select is(
  pg_temp.tried('authenticated', 4, format('select %s::text from rolecall.reported_messages', column_name)),
  '42501',
  format('a reporter does not see %s', column_name)
)
from unnest(array['note', 'reviewed_by', 'reviewed_at', 'decision', 'reported_user_id']) as column_name;

-- Writing: what users may change at all, and how many rows each does. Everything else is refused to everybody.
create temporary table writable (name text, command text, statement text, "1" text, "2" text, "3" text, "4" text, "5" text, "6" text, "8" text, "50" text, "0" text);
insert into writable
values
  ('conversations_v2', 'update', $$ update public.conversations_v2 set status = 'closed' $$,
    '1', '0', '0', '1', '0', '0', '0', '0', '0'),
  ('help_requests', 'insert',
    $$ insert into rolecall.help_requests (requester_id, title) values (auth.uid(), 'Help') $$,
    '1', '1', '1', '1', '1', '1', '1', '1', '42501'),
  ('help_requests', 'update', $$ update rolecall.help_requests set status = 'closed' $$,
    '1', '1', '0', '0', '0', '0', '0', '0', '0'),
  ('messages_v2', 'update', $$ update public.messages_v2 set content = 'I can help you.' $$,
    '0', '0', '0', '1', '0', '0', '0', '0', '0'),
  ('messages_v2', 'delete', $$ delete from public.messages_v2 $$,
    '0', '0', '0', '1', '0', '0', '0', '0', '0'),
  ('profiles', 'update', $$ update rolecall.profiles set display_name = 'x' $$,
    '1', '1', '1', '1', '1', '1', '1', '1', '0'),
  ('user_blocks', 'insert',
    $$ insert into rolecall.user_blocks (blocker_id, blocked_id) values (auth.uid(), '00000000-0000-4000-8000-000000000007') $$,
    '1', '1', '1', '1', '1', '1', '1', '1', '42501'),
  ('user_blocks', 'delete', $$ delete from rolecall.user_blocks $$,
    '0', '1', '0', '0', '0', '0', '0', '0', '0');
select is(
  pg_temp.tried('authenticated', writer.key::int, statement),
  writer.value,
  format('%s can %s of %s: %s', writer.key, command, name, writer.value)
)
from writable
cross join lateral jsonb_each_text(to_jsonb(writable) - 'name' - 'command' - 'statement') as writer;

create temporary table write as
select
  relname::text as name,
  command,
  case command
    when 'insert' then format('insert into %s.%I default values', relnamespace::regnamespace, relname)
    when 'update' then format('update %1$s.%2$I set %3$I = %3$I', relnamespace::regnamespace, relname, attname)
    when 'delete' then format('delete from %s.%I', relnamespace::regnamespace, relname)
    when 'truncate' then format('truncate %s.%I cascade', relnamespace::regnamespace, relname)
  end as statement
from pg_class
join pg_attribute
  on attrelid = pg_class.oid
  -- Not the first, which of the log is generated always.
  and attnum = 2
cross join unnest(array['insert', 'update', 'delete', 'truncate']) as command
where relnamespace in ('public'::regnamespace, 'rolecall'::regnamespace)
  and relkind in ('r', 'p')
  and relrowsecurity;
select is(
  pg_temp.tried('authenticated', number, statement),
  '42501',
  format('%s cannot %s %s', number, command, name)
)
from write
cross join unnest(array[1, 3, 4, 5, 6, 8, 50, 0]) as number
where not exists (
  select
  from writable
  where writable.name = write.name
    and writable.command = write.command
);
-- Of what users may change, nothing but what is meant: not whose it is, nor what they are.
select is(
  pg_temp.tried('authenticated', 4, format('update %I set %I = %I', table_name, column_name, column_name)),
  '42501',
  format('nobody changes %s of %s', column_name, table_name)
)
from information_schema.columns
where table_schema in ('public', 'rolecall')
  and table_name in (select name from writable where command = 'update')
  and (table_name, column_name) not in (
    ('conversations_v2', 'status'),
    ('help_requests', 'title'), ('help_requests', 'description'), ('help_requests', 'status'),
    ('messages_v2', 'content'),
    ('profiles', 'display_name')
  );
select is(
  pg_temp.tried('anon', number, statement),
  '42501',
  format('anon cannot %s %s', command, name)
)
from write
cross join unnest(array[0, 1]) as number;
-- The operator changes what is the application's, and neither the log nor what moderators and users decided.
select is(
  pg_temp.tried('service_role', 0, statement),
  '42501',
  format('the operator cannot %s %s', command, name)
)
from write
where name in (
    'application_logs', 'data_deletions', 'moderation_audit', 'quota_runs', 'reported_messages', 'rollout_decisions'
  )
  or command = 'truncate';

-- A suspended user writes nothing past the functions either, but goes on reading and taking back.
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(
  pg_temp.tried('authenticated', 4, $$ insert into rolecall.help_requests (requester_id, title) values (auth.uid(), 'Help') $$),
  '42501',
  'a suspended user asks for no help'
);
select is(
  pg_temp.tried('authenticated', 4, $$ update public.messages_v2 set content = 'x' $$),
  '0',
  'and corrects no message'
);
select is(pg_temp.tried('authenticated', 4, 'delete from public.messages_v2'), '1', 'but takes it back');
select is(pg_temp.tried('authenticated', 4, 'select count(*) from rolecall.messages'), '1', 'and reads');

select * from finish();
rollback;
