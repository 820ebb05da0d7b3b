-- The entry points of help-conversations: the list, one with its messages, answering, marking as read, ending; and the
-- app's own conversations beside them.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.started(p_helper int, p_request int)
returns uuid
language sql
return (
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(p_helper),
    jsonb_build_object('help_request_id', pg_temp.demo(p_request), 'initial_message', 'I can help with that.')
  ) #>> '{data,conversation_id}'
)::uuid;
-- 4 helps 1 with 21 and 2 with 22; 2 helps 1 with 21.
create temporary table talk as
select pg_temp.started(4, 21) as one, pg_temp.started(4, 22) as two, pg_temp.started(2, 21) as three;
create function pg_temp.one() returns uuid language sql return (select one from talk);

create function pg_temp.list(p_user int, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask('help_conversations', pg_temp.demo(p_user), '{"limit": 50}'::jsonb || p_more) -> 'data';
create function pg_temp.card(p_user int)
returns jsonb
language sql
return (
  select card
  from jsonb_array_elements(pg_temp.list(p_user) -> 'conversations') as card
  where card ->> 'id' = pg_temp.one()::text
);
create function pg_temp.read(p_user int, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask(
  'help_conversation',
  pg_temp.demo(p_user),
  jsonb_build_object('conversation_id', pg_temp.one(), 'limit', 50) || p_more
);
create function pg_temp.act(p_function text, p_user int, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask(p_function, pg_temp.demo(p_user), jsonb_build_object('conversation_id', pg_temp.one()) || p_more);
create function pg_temp.say(p_user int, p_content text, p_more jsonb default '{}')
returns text
language sql
return pg_temp.verdict(pg_temp.act('send_help_message', p_user, jsonb_build_object('content', p_content) || p_more));

-- A card
select is(
  (select array_agg(key order by key) from jsonb_object_keys(pg_temp.card(1)) as key),
  array[
    'badge', 'can_write', 'created_at', 'help_request', 'helper_id', 'id', 'last_message', 'requester_id', 'status',
    'unread_count', 'updated_at', 'version'
  ],
  'a card has these members and no other'
);
select is(
  pg_temp.card(1) - array['created_at', 'updated_at', 'last_message', 'id'],
  jsonb_build_object(
    'version', 'v2',
    'badge', null,
    'help_request', jsonb_build_object(
      'id', pg_temp.demo(21),
      'title', (select title from rolecall.help_requests where id = pg_temp.demo(21)),
      'status', 'in_progress'
    ),
    'requester_id', pg_temp.demo(1),
    'helper_id', pg_temp.demo(4),
    'status', 'active',
    'unread_count', 1,
    'can_write', true
  ),
  'the requester sees it so'
);
select is(pg_temp.card(1) #>> '{last_message,content}', 'I can help with that.', 'with its newest message');
select is(pg_temp.card(4) -> 'unread_count', '0'::jsonb, 'one''s own message is not new');
select is(pg_temp.card(2), null, 'nobody else sees it');
select is(pg_temp.list(99), null, 'nobody is nobody');

-- Messages
select is(pg_temp.say(1, 'Thank you'), 'ok', 'the requester answers');
select is(pg_temp.say(4, 'See you', jsonb_build_object('recipient_id', pg_temp.demo(1), 'message_type', 'text')), 'ok', 'the helper names the requester');
select is(pg_temp.say(4, 'See you', jsonb_build_object('recipient_id', pg_temp.demo(2))), 'invalid_input/another_recipient', 'or nobody');
select is(pg_temp.say(2, 'Me too'), 'not_found', 'nobody else is heard');
select is(pg_temp.say(1, ''), 'invalid_input', 'an empty message is refused');
select is(pg_temp.say(1, repeat('x', 1001)), 'invalid_input', '1001 characters are too many');
select is(pg_temp.say(1, repeat('x', 1000)), 'ok', '1000 are not');
select is(
  pg_temp.verdict(
    pg_temp.ask('send_help_message', pg_temp.demo(1), '{"conversation_id": "x", "content": "Hi"}')
  ),
  'not_found',
  'an id that is no uuid is no exception'
);
select is((select count(*) from public.messages_v2 where conversation_id = pg_temp.one()), 4::bigint, 'refusals leave no message');

-- What is new
create function pg_temp.unread(p_user int) returns text language sql return pg_temp.card(p_user) ->> 'unread_count';
-- The messages of others behind the mark, as the table of messages has them.
create function pg_temp.counted(p_user int)
returns text
language sql
return (
  select count(*)::text
  from public.messages_v2 as message
  join rolecall.help_threads as thread using (conversation_id)
  where message.conversation_id = pg_temp.one()
    and message.sender_id <> pg_temp.demo(p_user)
    and message.content <> '[deleted by its author]'
    and message.created_at > case pg_temp.demo(p_user) when thread.requester_id then thread.requester_read_at else thread.helper_read_at end
);
select is(pg_temp.unread(1), '2', 'two are new to the requester');
select is(pg_temp.unread(4), '2', 'and two to the helper');
select is(pg_temp.unread(number), pg_temp.counted(number), number || ' counts what there is') from unnest(array[1, 4]) as number;
select is(
  pg_temp.act('read_help_conversation', 1) -> 'data',
  jsonb_build_object('conversation_id', pg_temp.one(), 'unread_count', 0),
  'the requester reads'
);
select is(pg_temp.unread(1), '0', 'and nothing is new');
select is(pg_temp.unread(4), '2', 'to the requester alone');
select is(pg_temp.verdict(pg_temp.act('read_help_conversation', 1)), 'ok', 'again is the same');
select is(pg_temp.verdict(pg_temp.act('read_help_conversation', 2)), 'not_found', 'nobody else reads it');
select is(pg_temp.say(4, 'Are you there?'), 'ok', 'another message');
select is(pg_temp.unread(1), '1', 'is new');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), $$ delete from public.messages_v2 where content = 'Are you there?' $$),
  '1',
  'which its author takes back'
);
select is(pg_temp.unread(1), '0', 'so it is not');
select is(pg_temp.run_as('authenticated', pg_temp.demo(1), $$ delete from public.messages_v2 where content = 'Thank you' $$), '1', 'an unread one is taken back');
select is(pg_temp.unread(4), '1', 'and counts no more');
select is(pg_temp.run_as('authenticated', pg_temp.demo(4), $$ delete from public.messages_v2 where content = 'See you' $$), '1', 'a read one is taken back');
select is(pg_temp.unread(1), '0', 'which changes no count');
select is(
  pg_temp.run_as('service_role', null, format($$ delete from public.messages_v2 where content = %L $$, repeat('x', 1000))),
  '1',
  'the operator deletes one'
);
select is(pg_temp.unread(4), '0', 'which counts no more either');
select is(pg_temp.say(1, 'Still here'), 'ok', 'the requester writes');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), $$ update public.messages_v2 set content = 'Here' where content = 'Still here' $$),
  '1',
  'and corrects it'
);
select is(pg_temp.unread(4), '1', 'a correction is new once');
select is(
  (pg_temp.ask('delete_own_data', pg_temp.demo(1), '{}')) #>> '{data,status}',
  'complete',
  'the requester has everything erased'
);
select is(pg_temp.unread(4), '0', 'what is erased is not new');
select is(pg_temp.unread(number), pg_temp.counted(number), number || ' counts what there is') from unnest(array[1, 4]) as number;

-- Pages of messages
select count(pg_temp.say(1, 'Message ' || number)) from generate_series(1, 9) as number;
create function pg_temp.contents(p_more jsonb)
returns text
language sql
return (
  select string_agg(message ->> 'content', ',' order by number) || case when answer #> '{data,has_more}' = 'true' then ' ...' else '' end
  from pg_temp.read(4, p_more) as answer
  cross join jsonb_array_elements(answer #> '{data,messages}') with ordinality as listed (message, number)
  group by answer
);
create function pg_temp.message(p_content text)
returns jsonb
language sql
return (
  select jsonb_build_object('id', id, 'at', rolecall_internal.iso(created_at))
  from public.messages_v2
  where content = p_content
);
select is(pg_temp.contents('{"limit": 3}'), 'Message 7,Message 8,Message 9 ...', 'the newest, oldest first');
select is(
  pg_temp.contents(jsonb_build_object('limit', 3, 'before', pg_temp.message('Message 7') -> key)),
  'Message 4,Message 5,Message 6 ...',
  'those before one, by its ' || key
)
from unnest(array['id', 'at']) as key;
select is(
  pg_temp.contents(jsonb_build_object('limit', 3, 'since', pg_temp.message('Message 4') -> key)),
  'Message 5,Message 6,Message 7 ...',
  'those since one, by its ' || key
)
from unnest(array['id', 'at']) as key;
select is(
  pg_temp.contents(jsonb_build_object('limit', 3, 'since', pg_temp.message('Message 6') -> 'id')),
  'Message 7,Message 8,Message 9',
  'to the end'
);
select is(
  pg_temp.contents(jsonb_build_object('since', pg_temp.message('Message 9') -> 'id')),
  null,
  'behind which there is nothing'
);
create temporary table seven as select pg_temp.message('Message 7') as message;
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), $$ delete from public.messages_v2 where content = 'Message 7' $$),
  '1',
  'a message is deleted'
);
select is(
  pg_temp.contents(jsonb_build_object('limit', 2, 'before', message -> 'id')),
  'Message 5,Message 6 ...',
  'and is a place all the same'
)
from seven;
select is(pg_temp.verdict(pg_temp.read(4, jsonb_build_object('before', gen_random_uuid()))), 'invalid_input', 'another''s is none');
select is(pg_temp.verdict(pg_temp.read(4, '{"since": "soon"}')), 'invalid_input', 'nor is a word');
select is(pg_temp.verdict(pg_temp.read(2)), 'not_found', 'nobody else reads');
select is(
  pg_temp.read(4) #> '{data,conversation}',
  pg_temp.card(4),
  'the conversation is as in the list'
);

-- can_write says what the next message meets.
create function pg_temp.agrees(p_why text)
returns setof text
language sql
as $$
  select is(
    pg_temp.card(number) -> 'can_write',
    to_jsonb(pg_temp.say(number, 'Hello') = 'ok'),
    format('can_write of %s is true of the next message: %s', number, p_why)
  )
  from unnest(array[1, 4]) as number
$$;
select pg_temp.agrees('as it is');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(4));
select pg_temp.agrees('blocked');
select is(pg_temp.say(4, 'Hello?'), 'permission_denied/blocked', 'a block stops it');
delete from rolecall.user_blocks;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select pg_temp.agrees('suspended');
select is(pg_temp.say(4, 'Hello?'), 'permission_denied/suspended', 'a suspension stops it');
update rolecall.profiles set suspended_until = null;
update rolecall.feature_flags set rollout = 'disabled' where name = 'start-conversation';
select pg_temp.agrees('no new ones are started');

-- Ending
select is(
  pg_temp.act('complete_help_conversation', 1) -> 'data',
  jsonb_build_object('conversation_id', pg_temp.one(), 'status', 'completed'),
  'the requester completes it'
);
select is(pg_temp.verdict(pg_temp.act('complete_help_conversation', number)), 'ok', 'the same again is the same, of ' || number)
from unnest(array[1, 4]) as number;
select is((select closed_by from rolecall.help_closings), pg_temp.demo(1), 'it was the requester');
select pg_temp.agrees('completed');
select is(pg_temp.say(4, 'Bye'), 'conversation_read_only/conversation_read_only', 'what is completed takes nothing');
select is(
  pg_temp.verdict(pg_temp.act('cancel_help_conversation', 1)),
  'conversation_read_only/conversation_read_only',
  'and is not cancelled'
);
select is(pg_temp.verdict(pg_temp.act(function, 2)), 'not_found', 'nor ended by somebody else: ' || function)
from unnest(array['complete_help_conversation', 'cancel_help_conversation']) as function;
select is(pg_temp.verdict(pg_temp.act('read_help_conversation', 4)), 'ok', 'it is read to its end');
select is(
  (
    select string_agg(card ->> 'id', ',')
    from jsonb_array_elements(pg_temp.list(4, jsonb_build_object('status', status)) -> 'conversations') as card
  ),
  case status when 'completed' then one::text when 'active' then two::text end,
  'those that are ' || status
)
from talk
cross join unnest(array['active', 'completed', 'cancelled', 'closed']) as status;
select is(
  pg_temp.verdict(pg_temp.ask('help_conversations', pg_temp.demo(4), '{"status": "over"}')),
  'invalid_input',
  'there is no other status'
);

-- Pages of the list
select is(
  (
    select array_agg(card ->> 'id')
    from jsonb_array_elements(pg_temp.list(4) -> 'conversations') as card
  ),
  array[one::text, two::text],
  'the newest first'
)
from talk;
create temporary table page as select pg_temp.list(1, '{"limit": 1}') as first;
select is(
  pg_temp.list(1, jsonb_build_object('limit', 1, 'cursor', first -> 'next_cursor')) #>> '{conversations,0,id}',
  three::text,
  'the page after the first'
)
from page
cross join talk;
select is(pg_temp.list(1) -> 'next_cursor', 'null'::jsonb, 'and no page after the last');
select is(
  pg_temp.verdict(pg_temp.ask('help_conversations', pg_temp.demo(1), '{"cursor": "x"}')),
  'invalid_input',
  'what is no cursor is refused'
);

-- The flag
update rolecall.feature_flags set rollout = 'disabled' where name = 'help-conversations';
select is(
  pg_temp.verdict(pg_temp.act(function, 4, '{"content": "Hi"}')),
  'feature_disabled/feature_disabled',
  'the flag turns off ' || function
)
from unnest(
  array[
    'help_conversations', 'help_conversation', 'send_help_message', 'read_help_conversation',
    'complete_help_conversation', 'cancel_help_conversation'
  ]
) as function;
update rolecall.feature_flags set rollout = 'enabled' where name = 'help-conversations';
select is(pg_temp.verdict(rolecall_edge.help_conversations('{}')), 'unauthenticated', 'no claims are nobody''s');

-- The app's own conversations (V1), as `rolecall-migrate adopt` shows them
create schema rolecall_adopted;
create table rolecall_adopted.conversations (
  id uuid, help_request_id uuid, requester_id uuid, helper_id uuid, status text, created_at timestamptz, updated_at timestamptz
);
create table rolecall_adopted.conversation_participants (conversation_id uuid, user_id uuid);
create table rolecall_adopted.messages (id uuid, conversation_id uuid, sender_id uuid, content text, created_at timestamptz);
insert into rolecall_adopted.conversations
values
  (pg_temp.demo(91), pg_temp.demo(21), pg_temp.demo(1), pg_temp.demo(4), 'active', now() - interval '9 days', now() - interval '8 days'),
  (pg_temp.demo(92), null, pg_temp.demo(1), pg_temp.demo(4), 'archived', now() - interval '7 days', null),
  (pg_temp.demo(93), pg_temp.demo(29), pg_temp.demo(2), pg_temp.demo(3), 'active', now(), now() + interval '1 day');
insert into rolecall_adopted.conversation_participants
values
  (pg_temp.demo(91), pg_temp.demo(1)), (pg_temp.demo(91), pg_temp.demo(4)),
  (pg_temp.demo(92), pg_temp.demo(1)), (pg_temp.demo(92), pg_temp.demo(4)),
  (pg_temp.demo(93), pg_temp.demo(2)), (pg_temp.demo(93), pg_temp.demo(3));
insert into rolecall_adopted.messages
select
  ('00000000-0000-4000-9000-' || lpad(number::text, 12, '0'))::uuid,
  pg_temp.demo(91),
  pg_temp.demo(case when number % 2 = 0 then 1 else 4 end),
  'Old ' || number,
  now() - interval '9 days' + number * interval '1 hour'
from generate_series(1, 5) as number;
create temporary table before as
select (select count(*) from rolecall_adopted.messages) as messages, (select json_agg(c) from rolecall_adopted.conversations as c)::text as conversations;

select is(
  (
    select array_agg(card ->> 'id' order by number)
    from jsonb_array_elements(pg_temp.list(4) -> 'conversations') with ordinality as listed (card, number)
  ),
  array[one::text, two::text, pg_temp.demo(92)::text, pg_temp.demo(91)::text],
  'V1 stands among V2, newest first'
)
from talk;
select is(
  (
    select card - array['created_at', 'updated_at']
    from jsonb_array_elements(pg_temp.list(4) -> 'conversations') as card
    where card ->> 'id' = pg_temp.demo(91)::text
  ),
  jsonb_build_object(
    'id', pg_temp.demo(91),
    'version', 'v1',
    'badge', 'Legacy Conversation',
    'help_request', pg_temp.card(4) -> 'help_request',
    'requester_id', pg_temp.demo(1),
    'helper_id', pg_temp.demo(4),
    'status', 'active',
    'last_message', jsonb_build_object(
      'id', '00000000-0000-4000-9000-000000000005',
      'content', 'Old 5',
      'sender_id', pg_temp.demo(4),
      'created_at', rolecall_internal.iso(now() - interval '9 days' + interval '5 hours')
    ),
    'unread_count', 0,
    'can_write', false
  ),
  'with its badge'
);
select is(
  (select array_agg(card ->> 'id') from jsonb_array_elements(pg_temp.list(3) -> 'conversations') as card),
  array[pg_temp.demo(93)::text],
  'to its own people alone'
);
select is(
  pg_temp.list(3) #> '{conversations,0,help_request}',
  jsonb_build_object('id', pg_temp.demo(29), 'title', null, 'status', null),
  'a request that is not known here has its id'
);
select is(
  (
    with recursive page as (
      select pg_temp.list(4, '{"limit": 1}') as answer
      union all
      select pg_temp.list(4, jsonb_build_object('limit', 1, 'cursor', answer -> 'next_cursor'))
      from page
      where answer -> 'next_cursor' <> 'null'
    )
    select array_agg(answer #>> '{conversations,0,id}') from page
  ),
  array[one::text, two::text, pg_temp.demo(92)::text, pg_temp.demo(91)::text],
  'one cursor goes through both'
)
from talk;
select is(
  (
    select count(*)
    from jsonb_array_elements(pg_temp.list(4, '{"status": "active"}') -> 'conversations') as card
  ),
  2::bigint,
  'the status sorts out V1, too'
);

create function pg_temp.old(p_function text, p_user int, p_more jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask(p_function, pg_temp.demo(p_user), jsonb_build_object('conversation_id', pg_temp.demo(91)) || p_more);
create function pg_temp.old_contents(p_more jsonb)
returns text
language sql
return (
  select string_agg(message ->> 'content', ',' order by number) || case when answer #> '{data,has_more}' = 'true' then ' ...' else '' end
  from pg_temp.old('help_conversation', 1, p_more) as answer
  cross join jsonb_array_elements(answer #> '{data,messages}') with ordinality as listed (message, number)
  group by answer
);
select is(pg_temp.old_contents('{"limit": 50}'), 'Old 1,Old 2,Old 3,Old 4,Old 5', 'it reads, oldest first');
select is(pg_temp.old_contents('{"limit": 2}'), 'Old 4,Old 5 ...', 'page by page');
select is(
  pg_temp.old_contents('{"limit": 2, "before": "00000000-0000-4000-9000-000000000004"}'), 'Old 2,Old 3 ...', 'backwards'
);
select is(
  pg_temp.old_contents('{"limit": 2, "since": "00000000-0000-4000-9000-000000000002"}'), 'Old 3,Old 4 ...', 'and forwards'
);
select is(pg_temp.verdict(pg_temp.old('help_conversation', 2)), 'not_found', 'nobody else reads it');
select is(
  pg_temp.verdict(pg_temp.old(function, caller, '{"content": "Hi"}')),
  verdict,
  format('%s writes nothing there: %s', caller, function)
)
from unnest(
  array['send_help_message', 'read_help_conversation', 'complete_help_conversation', 'cancel_help_conversation']
) as function
cross join (
  values (1, 'conversation_read_only/legacy_conversation'), (4, 'conversation_read_only/legacy_conversation'), (2, 'not_found')
) as asked (caller, verdict);
select results_eq(
  'select (select count(*) from rolecall_adopted.messages), (select json_agg(c) from rolecall_adopted.conversations as c)::text',
  'select messages, conversations from before',
  'V1 is as it was'
);

select * from finish();
rollback;
