-- Help messages and their conversations through the tables, as PostgREST writes them: the facts that decide for the
-- function and the RPCs decide here, and what is changed or removed is kept.
begin;
\ir ../support/calls.psql
select no_plan();

-- 4 helps 1. The first message of 4, an answer of 1, another of 4.
create temporary table started as
select (
  pg_temp.ask(
    'start_conversation',
    pg_temp.demo(4),
    jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
  ) #>> '{data,conversation_id}'
)::uuid as conversation;
create function pg_temp.conversation() returns uuid language sql return (select conversation from started);

create function pg_temp.say(p_user int, p_content text)
returns text
language sql
return pg_temp.verdict(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(p_user),
    format('select public.send_message_v2(%L, %L, %L)', pg_temp.conversation(), pg_temp.demo(p_user), p_content)
  )::jsonb
);
select is(pg_temp.say(1, 'Thank you'), 'ok', '1 answers');
select is(pg_temp.say(4, 'See you'), 'ok', '4 goes on');

create function pg_temp.edit(p_user int, p_old text, p_new text)
returns text
language sql
return pg_temp.run_as(
  'authenticated',
  pg_temp.demo(p_user),
  format('update public.messages_v2 set content = %L where content = %L', p_new, p_old)
);
create function pg_temp.move(p_user int, p_status text, p_role text default 'authenticated')
returns text
language sql
return pg_temp.run_as(
  p_role,
  case when p_user > 0 then pg_temp.demo(p_user) end,
  format('update public.conversations_v2 set status = %L', p_status)
);

-- Edits keep their history.
select is(pg_temp.edit(4, 'See you', 'See you at nine'), '1', 'an author corrects a message');
select is(pg_temp.edit(4, 'See you at nine', '  See you at ten '), '1', 'and again');
select results_eq(
  $$ select content, sender_id from rolecall.help_message_edits order by id $$,
  $$ values ('See you', pg_temp.demo(4)), ('See you at nine', pg_temp.demo(4)) $$,
  'what it said before is kept, in order'
);
select is(
  (select count(*) from public.messages_v2 where content = 'See you at ten'),
  1::bigint,
  'a correction is trimmed as a message is'
);
select is(pg_temp.edit(4, 'See you at ten', 'See you at ten'), '1', 'a correction that changes nothing');
select is((select count(*) from rolecall.help_message_edits), 2::bigint, 'leaves no history');
select is(pg_temp.edit(1, 'See you at ten', 'I never come'), '0', 'nobody corrects another''s message');
select is(pg_temp.edit(4, 'See you at ten', E'\u200b'), 'PT400', 'a correction of nothing visible is refused');
select is(pg_temp.edit(4, 'See you at ten', E'a\u0007'), 'PT400', 'and so is one with a control character');
select is(pg_temp.edit(4, 'See you at ten', ''), 'PT400', 'and an empty one');
select is(pg_temp.edit(4, 'See you at ten', repeat('x', 1001)), 'PT400', 'and a long one');
select is(pg_temp.edit(4, 'See you at ten', repeat('x', 1000)), '1', 'but not the longest');
select is(pg_temp.edit(4, repeat('x', 1000), 'See you at ten'), '1', 'and back');
select is(
  pg_temp.run_as('service_role', null, $$ update public.messages_v2 set content = 'Thanks' where content = 'Thank you' $$),
  '1',
  'the operator changes a message'
);
select is(
  (select content from rolecall.help_message_edits order by id desc limit 1),
  'Thank you',
  'which keeps what it said, too'
);
update public.messages_v2 set content = 'Thank you' where content = 'Thanks';
select is((select count(*) from rolecall.help_message_edits), 6::bigint, 'and so does the owner');

-- The history is changed by nobody.
select is(
  pg_temp.run_as(role, pg_temp.demo(4), statement),
  '42501',
  format('%s cannot %s', role, statement)
)
from unnest(array['authenticated', 'service_role', 'rolecall_edge', 'anon']) as role
cross join unnest(
  array[
    'select count(*) from rolecall.help_message_edits',
    'select count(*) from rolecall.removed_help_messages',
    'select count(*) from rolecall.help_closings',
    'update rolecall.help_message_edits set content = null',
    'delete from rolecall.help_message_edits',
    'delete from rolecall.removed_help_messages'
  ]
) as statement;
select throws_ok(statement, '42501', null, 'not even the owner can ' || statement)
from unnest(
  array[
    $$ update rolecall.help_message_edits set content = 'I was never rude' $$,
    'update rolecall.help_message_edits set sender_id = gen_random_uuid()',
    'delete from rolecall.help_message_edits',
    'truncate rolecall.help_message_edits'
  ]
) as statement;

-- The first message and the copy of it in the conversation
select is(pg_temp.edit(4, 'I can help with that.', 'I cannot help with that.'), '1', 'the first message is corrected');
select is(
  (select initial_message from public.conversations_v2),
  'I cannot help with that.',
  'and the conversation shows the correction'
);
select is(pg_temp.edit(4, 'I cannot help with that.', 'x'), '23514', 'as long as it is a first message');

-- After a block
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(1), pg_temp.demo(4));
select is(pg_temp.edit(4, 'See you at ten', 'You will be sorry'), '0', 'who is blocked corrects nothing');
select is(pg_temp.edit(1, 'Thank you', 'No thanks'), '0', 'nor does who blocks');
select is(pg_temp.say(4, 'You will be sorry'), 'permission_denied/blocked', 'the RPC refuses as well');
delete from rolecall.user_blocks;

-- After the closing
select is(pg_temp.move(2, 'closed'), '0', 'who takes no part closes nothing');
select is(pg_temp.move(1, 'closed'), '1', '1 closes the conversation');
select is((select closed_by from rolecall.help_closings), pg_temp.demo(1), 'which is kept');
select is(pg_temp.edit(4, 'See you at ten', 'You will be sorry'), '0', 'in a closed conversation nothing is corrected');
select is(pg_temp.say(4, 'You will be sorry'), 'conversation_read_only/conversation_read_only', 'or said');
select is(pg_temp.move(4, 'active'), '0', 'the other side does not open it');
select is(pg_temp.move(4, 'closed'), '0', 'or close it in its own name');
select is((select closed_by from rolecall.help_closings), pg_temp.demo(1), 'so it stays closed by 1');
insert into rolecall.user_blocks (blocker_id, blocked_id) values (pg_temp.demo(4), pg_temp.demo(1));
select is(pg_temp.move(1, 'active'), '0', 'who is blocked opens nothing');
delete from rolecall.user_blocks;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
select is(pg_temp.move(1, 'active'), '0', 'nor does who is suspended');
update rolecall.profiles set suspended_until = null;
select is(pg_temp.move(1, 'active'), '1', 'who closed it opens it');
select is((select count(*) from rolecall.help_closings), 0::bigint, 'and nothing is closed');
select is(pg_temp.edit(4, 'See you at ten', 'See you at eleven'), '1', 'then corrections go on');
select is(pg_temp.move(0, 'closed', 'service_role'), '1', 'the operator closes it');
select is((select closed_by from rolecall.help_closings), null, 'as nobody of the two');
select is(pg_temp.move(number, 'active'), '0', number || ' does not open what the operator closed')
from unnest(array[1, 4]) as number;
select is(pg_temp.move(0, 'active', 'service_role'), '1', 'the operator opens it');
select is(pg_temp.move(1, 'closed'), '1', '1 closes it again');
select is(pg_temp.move(0, 'active', 'service_role'), '1', 'and the operator opens that, too');

-- Other ends
select is(pg_temp.move(1, 'finished'), '23514', 'there are four statuses');
select is(pg_temp.move(1, 'completed'), '1', '1 completes the conversation');
select is((select status from rolecall.help_threads), 'completed', 'and its thread follows');
select is(pg_temp.move(1, 'cancelled'), 'PT409', 'what is completed is not cancelled');
select is(pg_temp.move(1, 'closed'), 'PT409', 'or closed');
select is(pg_temp.move(4, 'cancelled'), '0', 'by the other side even less');
select is(pg_temp.say(4, 'One more thing'), 'conversation_read_only/conversation_read_only', 'nothing is said in it');
select is(pg_temp.edit(4, 'See you at eleven', 'Never mind'), '0', 'or corrected');
select is(pg_temp.move(4, 'active'), '0', 'the other side does not open it');
select is(pg_temp.move(1, 'active'), '1', 'who completed it opens it');
select is(pg_temp.move(4, 'cancelled'), '1', '4 cancels it');
select is(pg_temp.move(1, 'active'), '0', 'which 1 does not take back');
select is(pg_temp.move(4, 'active'), '1', 'and 4 does');

-- While suspended
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(4);
select is(pg_temp.edit(4, 'See you at eleven', 'I said nothing'), '0', 'who is suspended corrects nothing');
select is(pg_temp.say(4, 'I said nothing'), 'permission_denied/suspended', 'and says nothing');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'delete from public.messages_v2'),
  '2',
  'but takes back what they said'
);
select results_eq(
  $$ select content, deleted_as from rolecall.removed_help_messages order by created_at $$,
  $$ values ('I cannot help with that.', 'author'), ('See you at eleven', 'author') $$,
  'which the moderation keeps'
);
select is((select initial_message from public.conversations_v2), '[deleted by its author]', 'and the other side no longer reads');
select is(
  (select count(*) from rolecall.help_message_edits where sender_id = pg_temp.demo(4)),
  6::bigint,
  'nor is the history gone'
);
select is((select messages from rolecall.help_message_counts), 1::bigint, 'one message is left');
select is(pg_temp.move(4, 'closed'), '1', 'who is suspended can close a conversation');
select is(pg_temp.move(4, 'active'), '0', 'and not open it');
update rolecall.profiles set suspended_until = null;
select is(pg_temp.move(4, 'active'), '1', 'before the suspension has ended');
select is(
  pg_temp.run_as('service_role', null, 'delete from public.messages_v2'),
  '1',
  'the operator deletes a message'
);
select is(
  (select deleted_as from rolecall.removed_help_messages where content = 'Thank you'),
  'moderator',
  'which is kept as well, as a moderator''s deletion'
);

-- The flag
update rolecall.feature_flags set rollout = 'disabled' where name = 'help-conversations';
select is(pg_temp.say(1, 'Hello?'), 'feature_disabled/feature_disabled', 'the flag turns messages off');
select is(pg_temp.move(1, 'closed'), '0', 'and closing');
select is(
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(1),
    'insert into rolecall.help_requests (requester_id, title) values (auth.uid(), $$Help$$)'
  ),
  '42501',
  'and help requests'
);
update rolecall.feature_flags set rollout = 'enabled' where name <> 'maintenance';

-- What belongs to a conversation goes with it, and nothing is left of it.
select is(pg_temp.run_as('service_role', null, 'delete from public.conversations_v2'), '1', 'the operator deletes a conversation');
select is(
  (
    select count(*)
    from (
      select from rolecall.help_message_edits
      union all select from rolecall.removed_help_messages
      union all select from rolecall.help_closings
      union all select from public.messages_v2
    ) as rest
  ),
  0::bigint,
  'with all that was said in it'
);

select * from finish();
rollback;
