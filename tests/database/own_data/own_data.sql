-- One's own data: the export in pages, and the deletion that leaves threads readable.
begin;
\ir ../support/calls.psql
select no_plan();

-- 1 and 4 write to each other, 5 writes to both and broadcasts, 4 helps 1, 2 and 3 have nothing to do with it.
insert into rolecall.profiles (id, role, display_name) values (pg_temp.demo(50), 'attendee', 'Nina of nothing');
create function pg_temp.sent(p_from int, p_input jsonb)
returns uuid
language sql
return (pg_temp.ask('send_dm', pg_temp.demo(p_from), p_input) #>> '{data,message_id}')::uuid;
create temporary table message as
select
  pg_temp.sent(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'First of Ada')) as first,
  pg_temp.sent(4, jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Answer of Mia')) as answer,
  pg_temp.sent(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Second of Ada')) as second,
  pg_temp.sent(5, jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'From Olga')) as from_olga;
select pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_build_object('show_id', pg_temp.demo(11), 'recipient_roles', format('["%s"]', role)::jsonb, 'message', 'To ' || role)
)
from unnest(array['attendee', 'dealer']) as role;
select pg_temp.ask(
  'start_conversation',
  pg_temp.demo(4),
  jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.'),
  'help'
);
select pg_temp.run_as(
  'authenticated',
  pg_temp.demo(1),
  format('select public.send_message_v2(%L, %L, %L)', id, pg_temp.demo(1), 'Thank you')
)
from public.conversations_v2;
select pg_temp.ask('block_user', pg_temp.demo(1), jsonb_build_object('blocked_id', pg_temp.demo(2)));
select pg_temp.ask('report_message', pg_temp.demo(1), jsonb_build_object('message_id', from_olga, 'reason', 'Not nice'))
from message;
select pg_temp.ask('report_message', pg_temp.demo(4), jsonb_build_object('message_id', second, 'reason', 'Rude'))
from message;

-- Export

create function pg_temp.exported(p_user int)
returns setof jsonb
language plpgsql
as $$
declare
  v_page jsonb;
  v_cursor text;
begin
  loop
    v_page := pg_temp.ask(
      'export_own_data',
      pg_temp.demo(p_user),
      jsonb_strip_nulls(jsonb_build_object('cursor', v_cursor))
    ) -> 'data';
    return query
    select value
    from jsonb_array_elements(v_page -> 'lines');
    v_cursor := v_page ->> 'next_cursor';
    exit when v_cursor is null;
  end loop;
end
$$;
create function pg_temp.exported_kinds(p_user int)
returns text
language sql
return (
  select string_agg(kind || ' ' || lines, ', ' order by kind)
  from (
    select line ->> 'type' as kind, count(*) as lines
    from pg_temp.exported(p_user) as line
    group by line ->> 'type'
  ) as counted
);

select is(
  pg_temp.exported_kinds(1),
  'block 1, broadcast 1, conversation 2, help_conversation 1, help_message 2, help_request 1, message 4, participation 2, profile 1, report 1',
  'an attendee gets everything they wrote or were written'
);
select is(pg_temp.exported_kinds(50), 'profile 1', 'who has written nothing gets their profile');
select is(pg_temp.exported_kinds(3), 'broadcast 1, participation 2, profile 1', 'a dealer gets the broadcast to dealers');
select is(
  pg_temp.exported_kinds(5),
  'conversation 2, message 3, profile 1, sent_broadcast 2, show 2',
  'an organizer gets what they broadcast, and their shows'
);
select is(
  array(select line ->> 'content' from pg_temp.exported(1) as line where line ->> 'type' = 'broadcast'),
  array['To attendee'],
  'of a show''s broadcasts those that were for their role'
);
select is(
  array(
    select line ->> 'content'
    from pg_temp.exported(1) as line, message
    where line ->> 'type' = 'message'
      and line ->> 'conversation_id' = (select conversation_id::text from rolecall.messages where id = message.first)
    order by (line ->> 'seq')::int
  ),
  array['First of Ada', 'Answer of Mia', 'Second of Ada'],
  'of a conversation both sides'
);
select is(
  (
    select line - 'created_at' - 'updated_at'
    from pg_temp.exported(1) as line
    where line ->> 'type' = 'profile'
  ),
  jsonb_build_object(
    'type', 'profile',
    'id', pg_temp.demo(1),
    'display_name', 'Ada',
    'role', 'attendee',
    'organization_id', pg_temp.demo(31),
    'organization_role', null,
    'suspended_until', null
  ),
  'the profile as it is kept'
);
select is(
  array(select line #>> '{with,display_name}' from pg_temp.exported(1) as line where line ->> 'type' = 'conversation' order by 1),
  array['Mia', 'Olga'],
  'a conversation names with whom it is'
);
select pg_temp.ask('delete_message', pg_temp.demo(6), jsonb_build_object('message_id', first)) from message;
select is(
  array(
    select concat_ws(' ', coalesce(line ->> 'content', 'nothing'), line #>> '{deleted,by}')
    from pg_temp.exported(1) as line, message
    where line ->> 'id' = message.first::text
  ),
  array['nothing moderator'],
  'deleted messages come as placeholders'
);
select is(
  (select count(*) from rolecall.application_logs where event = 'own_data_exported' and user_id = pg_temp.demo(1)),
  6::bigint,
  'every export leaves an audit row'
);

-- Page by page through many lines of every kind: each once.
insert into rolecall.user_blocks (blocker_id, blocked_id)
select pg_temp.demo(1), id from rolecall.profiles where id not in (pg_temp.demo(1), pg_temp.demo(2));
insert into rolecall.profiles (id, role)
select md5('person ' || number)::uuid, 'mvp_dealer' from generate_series(1, 30) as number;
insert into rolecall.conversations (id, kind, participant_low, participant_high, created_by, last_seq)
select
  md5('conversation ' || number)::uuid,
  'direct',
  least(pg_temp.demo(1), md5('person ' || number)::uuid),
  greatest(pg_temp.demo(1), md5('person ' || number)::uuid),
  pg_temp.demo(1),
  -- One of them is longer than two pages.
  case number when 17 then 1203 else number end
from generate_series(1, 30) as number;
insert into rolecall.conversation_participants (conversation_id, user_id)
select md5('conversation ' || number)::uuid, pg_temp.demo(1) from generate_series(1, 30) as number;
insert into rolecall.messages (conversation_id, seq, sender_id, content)
select id, seq, pg_temp.demo(1), format('%s of %s', seq, id)
from rolecall.conversations
cross join generate_series(1, last_seq) as seq
where id in (select md5('conversation ' || number)::uuid from generate_series(1, 30) as number);
-- Of one moment, so that the id decides.
insert into public.messages_v2 (conversation_id, sender_id, content, created_at)
select id, pg_temp.demo(1), 'help ' || number, now() + (number / 300) * interval '1 microsecond'
from public.conversations_v2
cross join generate_series(1, 1100) as number;
create temporary table line as
select value, row_number() over () as position
from pg_temp.exported(1) as value;
select is(
  (select count(*) || ' ' || count(distinct value ->> 'id') from line where value ->> 'type' = 'message'),
  (
    select count(*) || ' ' || count(*)
    from rolecall.messages
    where conversation_id in (
      select conversation_id from rolecall.conversation_participants where user_id = pg_temp.demo(1)
    )
  ),
  'every message comes once'
);
select is(
  (select count(*) || ' ' || count(distinct value ->> 'id') from line where value ->> 'type' = 'help_message'),
  '1102 1102',
  'every help message comes once'
);
select is(
  (select count(*) from line where value ->> 'type' = 'block'),
  (select count(*) from rolecall.user_blocks where blocker_id = pg_temp.demo(1)),
  'every block comes once'
);
select ok(
  (
    select bool_and(value ->> 'conversation_id' is distinct from before ->> 'conversation_id'
      or (value ->> 'seq')::int = (before ->> 'seq')::int + 1)
    from (
      select value, lag(value) over (order by position) as before
      from line
      where value ->> 'type' = 'message'
    ) as followed
  ),
  'messages of a conversation come together and in order'
);
select ok(
  (
    select max(lines) = 500
    from (
      select jsonb_array_length(
        pg_temp.ask('export_own_data', pg_temp.demo(1), '{}') #> '{data,lines}'
      ) as lines
    ) as page
  ),
  'a page has at most 500 lines'
);
select is(
  pg_temp.verdict(pg_temp.ask('export_own_data', pg_temp.demo(1), jsonb_build_object('cursor', cursor))),
  'invalid_input',
  format('%L is no cursor', cursor)
)
from unnest(
  array['', 'x', 'message/x/1/y', format('secret/%s/0/%s', pg_temp.demo(0), pg_temp.demo(0)),
    format('message/%s/99999999999999999999/%s', pg_temp.demo(0), pg_temp.demo(0))]
) as cursor;
-- A cursor that somebody makes up leads to nothing of others.
select is(
  (
    select count(*)
    from message,
      lateral jsonb_array_elements(
        pg_temp.ask(
          'export_own_data',
          pg_temp.demo(50),
          jsonb_build_object(
            'cursor',
            format(
              '%s/%s/0/00000000-0000-0000-0000-000000000000',
              section,
              case section
                when 'message' then (select conversation_id from rolecall.messages where id = message.answer)
                else (select id from public.conversations_v2 limit 1)
              end
            )
          )
        ) #> '{data,lines}'
      )
  ),
  0::bigint,
  format('a made-up cursor of %s shows nothing of others', section)
)
from unnest(array['message', 'help_message', 'conversation', 'broadcast', 'report']) as section;
select is(pg_temp.verdict(pg_temp.ask('export_own_data', pg_temp.demo(99), '{}')), 'permission_denied/no_profile', 'a profile is needed');
delete from rolecall.rate_buckets;
update rolecall.rate_limits set capacity = 2 where action = 'export_own_data';
select is(
  array(select pg_temp.verdict(pg_temp.ask('export_own_data', pg_temp.demo(4), '{}')) from generate_series(1, 3)),
  array['ok', 'ok', 'rate_limited/rate_limit'],
  'exports are limited'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'export_own_data',
      pg_temp.demo(4),
      jsonb_build_object('cursor', format('report/%1$s/0/%1$s', pg_temp.demo(0)))
    )
  ),
  'ok',
  'the pages after the first belong to it'
);

-- Deletion

create function pg_temp.deleted(p_user int, p_key text default null)
returns jsonb
language sql
return pg_temp.ask('delete_own_data', pg_temp.demo(p_user), '{"confirm": true}', p_key);

select is(
  (pg_temp.deleted(50) -> 'data') - 'deletion_id',
  jsonb_build_object('account', false, 'status', 'complete', 'messages_deleted', 0, 'requested_at', rolecall_internal.iso(now())),
  'who has written nothing is done at once'
);
select is(pg_temp.verdict(pg_temp.deleted(99)), 'permission_denied/no_profile', 'a profile is needed');

update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
create temporary table answer as select pg_temp.deleted(1, 'key') -> 'data' as data;
select is(
  data - 'deletion_id',
  jsonb_build_object(
    'account', false,
    'status', 'complete',
    -- The second of two, one was deleted before; those of the conversations; the help messages with the thanks.
    'messages_deleted', 1 + (select sum(last_seq) from rolecall.conversations where id in (
      select md5('conversation ' || number)::uuid from generate_series(1, 30) as number)) + 1101,
    'requested_at', rolecall_internal.iso(now())
  ),
  'a suspended user has everything deleted in one call'
)
from answer;
select is(pg_temp.deleted(1, 'key') -> 'replayed', 'true', 'a key is honoured');
select is(
  (select count(*) || ' ' || count(distinct deleted_as) || ' ' || count(content)
    from rolecall.messages where sender_id = pg_temp.demo(1)),
  (select count(*) || ' 1 0' from rolecall.messages where sender_id = pg_temp.demo(1)),
  'every message of theirs is a placeholder'
);
select is(
  (select array_agg(distinct deleted_as) from rolecall.messages where sender_id = pg_temp.demo(1)),
  array['author'],
  'of its author, whoever had deleted it before'
);
select is(
  (select array_agg(content order by seq) from rolecall.messages, message where conversation_id = (
    select conversation_id from rolecall.messages where id = message.first)),
  array[null, 'Answer of Mia', null],
  'the thread stays readable'
);
select is(
  array(select distinct content from public.messages_v2 where sender_id = pg_temp.demo(1)),
  array['[deleted by its author]'],
  'help messages say so'
);
select is(
  array(select content from public.messages_v2 where sender_id = pg_temp.demo(4)),
  array['I can help with that.'],
  'and those of others are left'
);
select is(
  array(
    select removed.content
    from rolecall.removed_contents as removed
    join rolecall.messages as own using (conversation_id, seq)
    join message
      on own.id in (message.first, message.second)
  ),
  array['Second of Ada'],
  'only what a pending report is about is kept'
);
select is((select count(*) from rolecall.removed_contents), 1::bigint, 'and nothing else');
select is(
  pg_temp.verdict(pg_temp.ask('restore_message', pg_temp.demo(8), jsonb_build_object('message_id', id))),
  'permission_denied/deleted_by_author',
  'and nobody brings any of it back'
)
from message
cross join unnest(array[first, second]) as id;
select is(
  pg_temp.ask(
    'review_report',
    pg_temp.demo(8),
    jsonb_build_object('report_id', (select id from rolecall.reported_messages where message_id = second), 'decision', 'dismiss')
  ) #>> '{data,report,message,content}',
  null,
  'its review erases it'
)
from message;
select is((select count(*) from rolecall.removed_contents), 0::bigint, 'for good');
select is((select count(*) from rolecall.erasures_due), 0::bigint, 'and is done with it');
select is(
  (
    select array_agg(format('%s %s', details ->> 'status', details ->> 'deletion_id' is not null))
    from rolecall.application_logs
    where event = 'own_data_deleted'
      and user_id = pg_temp.demo(1)
  ),
  array['complete t'],
  'a deletion leaves an audit row'
);

-- The helper's first message stands in the conversation, too; and the moderation keeps what was edited and taken back.
delete from rolecall.user_blocks where blocked_id = pg_temp.demo(4);
select pg_temp.run_as('authenticated', pg_temp.demo(4), format('select public.send_message_v2(%L, %L, %L)', id, pg_temp.demo(4), 'Taken back'))
from public.conversations_v2;
select pg_temp.run_as('authenticated', pg_temp.demo(4), 'update public.messages_v2 set content = content || $$!$$');
select pg_temp.run_as('authenticated', pg_temp.demo(4), 'delete from public.messages_v2 where content = $$Taken back!$$');
select is(
  (select count(*) from rolecall.help_message_edits where sender_id = pg_temp.demo(4) and content is not null)
    + (select count(*) from rolecall.removed_help_messages where sender_id = pg_temp.demo(4) and content is not null),
  3::bigint,
  'two edits and one that was taken back are kept'
);
select pg_temp.deleted(4);
select is(
  (select count(*) from rolecall.help_message_edits where content is not null)
    + (select count(*) from rolecall.removed_help_messages where content is not null),
  0::bigint,
  'until everything is erased'
);
select is((select initial_message from public.conversations_v2), '[deleted by its author]', 'a first help message goes in both places');
select is((select status from public.conversations_v2), 'active', 'and the conversation stays as it was');
select is(
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(4),
    jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.'),
    'help'
  ) #> '{data,message,content}',
  '"[deleted by its author]"',
  'nor does the answer to a repeated request quote it'
);

-- More than one call takes: each goes on where the last one ended.
insert into rolecall.messages (conversation_id, seq, sender_id, content)
select conversation_id, 3 + number, case when number % 10 = 0 then pg_temp.demo(4) else pg_temp.demo(1) end, 'x'
from message
join rolecall.messages
  on messages.id = message.first
cross join generate_series(1, 26000) as number;
update rolecall.conversations
set last_seq = 26003
where id in (select conversation_id from rolecall.messages where seq = 26003);
create temporary table call as
select number, pg_temp.deleted(1) -> 'data' as data
from generate_series(1, 2) as number
order by number;
select is(
  (select array_agg(data ->> 'status' order by number) from call),
  array['in_progress', 'complete'],
  'a call deletes up to 20,000 messages, the next one the rest'
);
select is(
  (select count(distinct data ->> 'deletion_id') || ' ' || max((data ->> 'messages_deleted')::int) from call),
  '1 23400',
  'both belong to one deletion'
);
select is(
  (select count(*) from rolecall.messages where sender_id = pg_temp.demo(1) and content is not null),
  0::bigint,
  'and nothing is left'
);
select is(
  (select count(*) from rolecall.data_deletions where user_id = pg_temp.demo(1) and completed_at is not null),
  2::bigint,
  'two deletions are complete'
);

-- The flag and the operator's word
select is(
  pg_temp.verdict(pg_temp.ask(function, pg_temp.demo(8), '{}', null, '{"own-data": "disabled"}')),
  'feature_disabled/feature_disabled',
  format('%s can be switched off', function)
)
from unnest(array['export_own_data', 'delete_own_data']) as function;
select is(rolecall_edge.export_own_data('{"claims": {}, "input": {}}') ->> 'code', 'unauthenticated', 'nobody is nobody');
select is(rolecall_edge.delete_own_data('{"claims": {}, "input": {}}') ->> 'code', 'unauthenticated', 'nor has anything');

select * from finish();
rollback;
