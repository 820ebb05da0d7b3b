-- create_conversation_atomic, send_message_v2 and get_conversation_v2, called as PostgREST calls them.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.start(p_caller int, p_request int, p_helper int, p_message text default 'I can help with that.')
returns jsonb
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(p_caller),
  format(
    'select public.create_conversation_atomic(%L, %L, %L)',
    pg_temp.demo(p_request),
    pg_temp.demo(p_helper),
    p_message
  )
)::jsonb;

create temporary table started as select pg_temp.start(4, 21, 4) as answer;
select is(answer -> 'success', 'true'::jsonb, 'a helper starts a conversation') from started;
select is(
  answer - 'conversation_id',
  '{"success": true, "message": "Conversation started."}'::jsonb,
  'the answer is flat: these members and the conversation''s id'
)
from started;
select results_eq(
  $$ select help_request_id, requester_id, helper_id, initial_message, status from public.conversations_v2 $$,
  $$ values (pg_temp.demo(21), pg_temp.demo(1), pg_temp.demo(4), 'I can help with that.', 'active') $$,
  'it is kept'
);
select results_eq(
  $$ select sender_id, content from public.messages_v2 $$,
  $$ values (pg_temp.demo(4), 'I can help with that.') $$,
  'with its first message'
);

select is(pg_temp.verdict(pg_temp.start(4, 21, 4)), 'conversation_exists/one_conversation_per_helper', 'again there is one');
select is(
  pg_temp.start(4, 21, 4),
  jsonb_build_object(
    'success', false,
    'error', 'conversation_exists',
    'message', 'You already have a conversation about this help request.',
    'conversation_id', answer -> 'conversation_id'
  ),
  'and its id is told'
)
from started;
select is((select status from rolecall.help_requests where id = pg_temp.demo(21)), 'in_progress', 'the first offer says that help is under way');
select is(pg_temp.verdict(pg_temp.start(2, 21, 2)), 'ok', 'another helper has a conversation of their own');
select is((select status from rolecall.help_requests where id = pg_temp.demo(21)), 'in_progress', 'and changes nothing about that');
select is(pg_temp.verdict(pg_temp.start(1, 21, 1)), 'invalid_input/own_help_request', 'one''s own request is refused');
select is(
  pg_temp.start(1, 21, 1),
  '{"success": false, "error": "invalid_input", "message": "You cannot offer help on your own request."}'::jsonb,
  'with the reason'
);
select is(pg_temp.verdict(pg_temp.start(4, 99, 4)), 'help_request_not_found', 'there must be a request');
select is(pg_temp.verdict(pg_temp.start(4, 22, 2)), 'permission_denied/impersonation', 'nobody acts for somebody else');
select is(pg_temp.verdict(pg_temp.start(99, 22, 99)), 'permission_denied/no_profile', 'a helper needs a profile');
select is(pg_temp.verdict(pg_temp.start(4, 22, 4, repeat('x', 9))), 'invalid_input', 'nine characters are too few');
select is(pg_temp.verdict(pg_temp.start(4, 22, 4, repeat('x', 1001))), 'invalid_input', '1001 characters are too many');
select is(pg_temp.verdict(pg_temp.start(4, 22, 4, null)), 'invalid_input', 'no message is refused');
select is((select status from rolecall.help_requests where id = pg_temp.demo(22)), 'open', 'a refusal begins nothing');
create function pg_temp.start_while(p_status text)
returns text
language plpgsql
as $$
begin
  update rolecall.help_requests set status = p_status where id = pg_temp.demo(22);
  return pg_temp.verdict(pg_temp.start(4, 22, 4));
end
$$;
select is(
  pg_temp.start_while(status),
  'help_request_unavailable/help_request_not_open',
  'an offer on a request that is ' || status || ' is refused'
)
from unnest(array['matched', 'completed', 'cancelled', 'closed']) as status;
update rolecall.help_requests set status = 'open';
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(2), pg_temp.demo(4));
select is(pg_temp.verdict(pg_temp.start(4, 22, 4)), 'permission_denied/blocked', 'a block stops help, too');
delete from rolecall.user_blocks;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(pg_temp.verdict(pg_temp.start(4, 22, 4)), 'permission_denied/suspended', 'a suspended user cannot write');
update rolecall.profiles set suspended_until = null;
update rolecall.feature_flags set rollout = 'disabled' where name = 'start-conversation';
select is(pg_temp.verdict(pg_temp.start(4, 22, 4)), 'feature_disabled/feature_disabled', 'the flag turns it off');
update rolecall.feature_flags set rollout = 'enabled' where name <> 'maintenance';

select is(
  pg_temp.verdict(
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(3),
      jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
    )
  ),
  'ok',
  'the entry point does the same'
);
select is(
  pg_temp.verdict(pg_temp.ask('start_conversation', pg_temp.demo(3), '{"help_request_id": "x", "initial_message": "I can help with that."}')),
  'help_request_not_found',
  'an id that is no uuid is no exception'
);
select is(pg_temp.verdict(rolecall_edge.start_conversation('{}')), 'unauthenticated', 'no claims are nobody''s');

-- send_message_v2
create function pg_temp.say(p_caller int, p_sender int, p_content text)
returns text
language sql
return pg_temp.verdict(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(p_caller),
    format(
      'select public.send_message_v2(%L, %L, %L)',
      (select answer ->> 'conversation_id' from started),
      pg_temp.demo(p_sender),
      p_content
    )
  )::jsonb
);
select is(pg_temp.say(1, 1, 'Thank you'), 'ok', 'the requester answers');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(1),
    format(
      'select public.send_message_v2(%L, %L, %L)',
      (select answer ->> 'conversation_id' from started), pg_temp.demo(2), 'Hi'
    )
  )::jsonb,
  '{"success": false, "error": "permission_denied", "message": "You cannot act for somebody else."}'::jsonb,
  'a refusal is flat, too'
);
select is(pg_temp.say(4, 4, 'See you'), 'ok', 'the helper goes on');
select is(pg_temp.say(2, 2, 'Me too'), 'not_found', 'nobody else is heard');
select is(pg_temp.say(2, 1, 'Me too'), 'permission_denied/impersonation', 'nor in somebody else''s name');
select is(pg_temp.say(1, 1, ''), 'invalid_input', 'an empty message is refused');
select is(pg_temp.say(1, 1, repeat('x', 1001)), 'invalid_input', '1001 characters are too many');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(4));
select is(pg_temp.say(4, 4, 'Hello?'), 'permission_denied/blocked', 'a block stops it');
delete from rolecall.user_blocks;
update rolecall.feature_flags set rollout = 'disabled' where name = 'start-conversation';
select is(pg_temp.say(1, 1, 'Still there?'), 'ok', 'what has begun goes on when no new one may begin');
update public.conversations_v2 set status = 'closed';
select is(pg_temp.say(1, 1, 'Bye'), 'conversation_read_only/conversation_read_only', 'a closed conversation takes nothing');
select is(
  (select count(*) from public.messages_v2 where conversation_id = (select (answer ->> 'conversation_id')::uuid from started)),
  4::bigint,
  'refusals leave no message'
);

-- get_conversation_v2
create function pg_temp.read(p_caller int, p_user int)
returns jsonb
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(p_caller),
  format(
    'select public.get_conversation_v2(%L, %L)',
    (select answer ->> 'conversation_id' from started),
    pg_temp.demo(p_user)
  )
)::jsonb;
select is(
  (select array_agg(message ->> 'content') from jsonb_array_elements(pg_temp.read(1, 1) -> 'messages') as message),
  array['I can help with that.', 'Thank you', 'See you', 'Still there?'],
  'the conversation reads in order'
);
select is(jsonb_array_length(pg_temp.read(4, 4) -> 'messages'), 4, 'for both');
select is(
  (select array_agg(key order by key) from jsonb_object_keys(pg_temp.read(4, 4)) as key),
  array['conversation', 'messages', 'success'],
  'the answer has these members and no other'
);
select is(
  (select array_agg(key order by key) from jsonb_object_keys(pg_temp.read(4, 4) -> 'conversation') as key),
  array['created_at', 'help_request_id', 'helper_id', 'id', 'initial_message', 'requester_id', 'status', 'updated_at'],
  'the conversation these'
);
select is(
  (select array_agg(key order by key) from jsonb_object_keys(pg_temp.read(4, 4) #> '{messages,0}') as key),
  array['content', 'created_at', 'id', 'sender_id'],
  'and a message these'
);
select is(pg_temp.verdict(pg_temp.read(2, 2)), 'not_found', 'and for nobody else');
select is(pg_temp.verdict(pg_temp.read(2, 1)), 'permission_denied/impersonation', 'nor in somebody else''s name');

-- The null caller, straight into each
select is(
  pg_temp.verdict(pg_temp.run_as('authenticated', null, statement)::jsonb),
  'unauthenticated',
  'a null caller is refused by ' || statement
)
from unnest(
  array[
    format('select public.create_conversation_atomic(%L, %L, %L)', pg_temp.demo(22), pg_temp.demo(4), 'I can help with that.'),
    'select public.create_conversation_atomic(null, null, null)',
    format('select public.send_message_v2(%L, %L, %L)', pg_temp.demo(22), pg_temp.demo(4), 'Hi'),
    'select public.send_message_v2(null, null, null)',
    format('select public.get_conversation_v2(%L, %L)', pg_temp.demo(22), pg_temp.demo(4)),
    'select public.get_conversation_v2(null, null)'
  ]
) as statement;
select is(
  pg_temp.run_as('anon', null, statement),
  '42501',
  'anon may not call ' || statement
)
from unnest(
  array[
    'select public.create_conversation_atomic(null, null, null)',
    'select public.send_message_v2(null, null, null)',
    'select public.get_conversation_v2(null, null)',
    'select public.can_user_reply(null, null)'
  ]
) as statement;

select * from finish();
rollback;
