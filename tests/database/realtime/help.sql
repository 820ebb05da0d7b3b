-- Who hears of what happens in help conversations, and what.
begin;
\ir ../support/calls.psql
\ir ../support/relay.psql
select no_plan();
update rolecall.rate_limits set capacity = 100000;
select pg_temp.lead();
-- 22 is a help request of the demo data.
create temporary table help as
select requester_id as requester, pg_temp.demo(5) as helper
from rolecall.help_requests
where id = pg_temp.demo(22);
grant select on help to rolecall_edge;

-- Started
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(5),
      jsonb_build_object('help_request_id', pg_temp.demo(22), 'initial_message', 'I can drive you there on Monday.')
    )
  ),
  'ok',
  'somebody offers help'
);
create temporary table conversation as
select id
from public.conversations_v2;
create function pg_temp.page(p_user uuid)
returns jsonb
language sql
return pg_temp.ask('help_conversation', p_user, jsonb_build_object('conversation_id', (select id from conversation))) -> 'data';
create function pg_temp.write(p_user uuid, p_content text)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask('send_help_message', p_user, jsonb_build_object('conversation_id', (select id from conversation), 'content', p_content))
);
create function pg_temp.both()
returns text
language sql
return (select string_agg(pg_temp.short(id), ' ' order by id) from (select requester from help union all select helper from help) as person (id));

select pg_temp.publish();
select is(
  pg_temp.event_to((select requester from help), 'message.created') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'message.created', 'domain', 'help', 'conversation_id', (select id from conversation), 'seq', null,
    'revision', null,
    'message_id', pg_temp.page((select requester from help)) #> '{messages,0,id}',
    'message', pg_temp.page((select requester from help)) #> '{messages,0}'
  ),
  'the first message is told as GET shows it'
);
select is(pg_temp.heard(), 'message.created: ' || pg_temp.both(), 'to both people');

-- Messages
select is(pg_temp.write((select requester from help), 'Thank you!'), 'ok', 'an answer');
select is(pg_temp.heard(), 'message.created: ' || pg_temp.both(), 'is told to both');
insert into public.messages_v2 (conversation_id, sender_id, content)
select conversation.id, help.helper, format('Line %s', number)
from conversation
cross join help
cross join generate_series(1, 2) as number;
select is(
  pg_temp.heard(),
  format('message.created: %s, message.created: %1$s', pg_temp.both()),
  'and so is what the operator writes into the table, several at once'
);
select is(
  pg_temp.run_as(
    'authenticated', (select helper from help),
    'update public.messages_v2 set content = ''Line one'' where content = ''Line 1'''
  ),
  '1',
  'somebody corrects a message through the table'
);
select pg_temp.publish();
select is(
  pg_temp.event_to((select requester from help), 'message.changed') #>> '{message,content}',
  'Line one',
  'it is told as it is then'
);
select is(pg_temp.heard(), 'message.changed: ' || pg_temp.both(), 'to both');
create temporary table gone as
select id from public.messages_v2 where content = 'Line one';
select is(
  pg_temp.run_as('authenticated', (select helper from help), 'delete from public.messages_v2 where content = ''Line one'''),
  '1',
  'and takes it back'
);
select pg_temp.publish();
select is(
  pg_temp.event_to((select requester from help), 'message.changed') - array['id', 'at'],
  jsonb_build_object(
    'v', 1, 'type', 'message.changed', 'domain', 'help', 'conversation_id', (select id from conversation), 'seq', null,
    'revision', null, 'message_id', (select id from gone), 'message', null
  ),
  'which is told by its id alone'
);
select is(pg_temp.heard(), 'message.changed: ' || pg_temp.both(), 'to both');
select is(pg_temp.write((select requester from help), 'Never mind'), 'ok', 'a message');
delete from public.messages_v2 where content = 'Never mind';
select is(
  pg_temp.heard(),
  'message.changed: ' || pg_temp.both(),
  'of one that is gone by the time of taking only that is told'
);

-- Read
select pg_temp.ask('read_help_conversation', (select requester from help), jsonb_build_object('conversation_id', (select id from conversation)));
select is(
  pg_temp.heard(),
  'read: ' || pg_temp.short((select requester from help)),
  'who reads is told on their own devices alone: nobody else is shown how far they have read'
);

-- Blocked
select is(pg_temp.write((select helper from help), 'Before the block'), 'ok', 'a message');
insert into rolecall.user_blocks (blocker_id, blocked_id)
select requester, helper from help;
select is(
  pg_temp.heard(),
  'message.created: ' || pg_temp.short((select helper from help)),
  'across a block its author hears of it alone'
);
select pg_temp.run_as('authenticated', (select helper from help), 'delete from public.messages_v2 where content = ''Before the block''');
select is(pg_temp.heard(), 'message.changed: ' || pg_temp.short((select helper from help)), 'and of its end');
delete from rolecall.user_blocks;

-- Suspended, switched off
select is(pg_temp.write((select helper from help), 'Before the suspension'), 'ok', 'a message');
update rolecall.profiles set suspended_until = 'infinity' where id = (select requester from help);
select is(pg_temp.heard(), 'message.created: ' || pg_temp.short((select helper from help)), 'who is suspended hears nothing');
update rolecall.profiles set suspended_until = null where id = (select requester from help);
select pg_temp.forget();
insert into rolecall.feature_flag_overrides (name, user_id, rollout)
select 'help-conversations', requester, 'disabled'
from help;
select is(pg_temp.write((select helper from help), 'Is this on?'), 'ok', 'a message');
select is(pg_temp.heard(), 'message.created: ' || pg_temp.short((select helper from help)), 'nor who could not read it');
delete from rolecall.feature_flag_overrides;

-- Ended
select pg_temp.ask('complete_help_conversation', (select helper from help), jsonb_build_object('conversation_id', (select id from conversation)));
select pg_temp.publish();
select is(
  pg_temp.event_to(who, 'conversation.changed') -> 'conversation',
  pg_temp.page(who) -> 'conversation',
  format('that it has ended is told by the card of %s', pg_temp.short(who))
)
from (select requester from help union all select helper from help) as person (who);

-- A conversation that is deleted
select pg_temp.forget();
delete from public.conversations_v2;
select is(pg_temp.heard(), 'nothing', 'of a conversation that is gone nobody hears');
select * from finish();
rollback;
