-- Help messages are reported, reviewed, deleted, restored and audited as the others are.
begin;
\ir ../support/calls.psql
select no_plan();

-- 4 helps 1 and edits what was said first; 6 moderates; 2, an organizer (5) and a stranger have nothing to do with it.
create temporary table talk as
select (answer #>> '{data,conversation_id}')::uuid as conversation, (answer #>> '{data,message,id}')::uuid as first
from pg_temp.ask(
  'start_conversation',
  pg_temp.demo(4),
  jsonb_build_object('help_request_id', pg_temp.demo(21), 'initial_message', 'I can help with that.')
) as answer;
create temporary table said as
select (
  pg_temp.run_as(
    'authenticated',
    pg_temp.demo(4),
    format('select public.send_message_v2(%L, %L, %L)', conversation, pg_temp.demo(4), 'Give me money')
  )::jsonb ->> 'message_id'
)::uuid as id
from talk;
select pg_temp.run_as(
  'authenticated', pg_temp.demo(4), format('update public.messages_v2 set content = %L where id = %L', 'Have a nice day', id)
)
from said;

create function pg_temp.moderate(p_function text, p_user int, p_rest jsonb default '{}')
returns jsonb
language sql
return pg_temp.ask(p_function, pg_temp.demo(p_user), (select jsonb_build_object('message_id', id) from said) || p_rest);

-- Reports
select is(
  pg_temp.verdict(pg_temp.moderate('report_message', number, '{"reason": "Threat"}')),
  expected,
  format('%s reports: %s', number, expected)
)
from (
  values
    (1, 'ok'),
    (1, 'already_reported/one_report_per_message'),
    (4, 'permission_denied/self_report'),
    (2, 'not_found/not_a_participant')
) as each (number, expected);
select is(
  pg_temp.verdict(pg_temp.ask('report_message', pg_temp.demo(2), jsonb_build_object('message_id', gen_random_uuid(), 'reason', 'x'))),
  pg_temp.verdict(pg_temp.moderate('report_message', 2, '{"reason": "x"}')),
  'a stranger hears the same of a message that does not exist'
);
select results_eq(
  'select message_id, conversation_id, seq, reporter_id, reported_user_id, status from rolecall.reported_messages',
  $$ select id, conversation, null::bigint, pg_temp.demo(1), pg_temp.demo(4), 'pending' from said, talk $$,
  'the report names the message and its conversation'
);

-- The queue
create function pg_temp.shown(p_user int)
returns jsonb
language sql
return pg_temp.ask('moderation_queue', pg_temp.demo(p_user), '{"limit": 50}') #> '{data,reports,0,message}';
select is(pg_temp.shown(6) ->> 'content', 'Have a nice day', 'a moderator reads the message');
select is(
  pg_temp.shown(6) #> '{edits,0,content}',
  '"Give me money"',
  'and what it said before'
);
select is(pg_temp.shown(6) -> 'seq', 'null', 'which has no number');
select is(pg_temp.shown(5), null, 'an organizer does not');

-- Deleting
select is(pg_temp.verdict(pg_temp.moderate('delete_message', 1)), pg_temp.verdict(pg_temp.moderate('delete_message', 2)), 'the other side does not delete it');
select isnt(pg_temp.verdict(pg_temp.moderate('delete_message', 2)), 'ok', 'nor does anybody else');
select is(
  pg_temp.moderate('delete_message', 6, '{"note": "Off"}') #>> '{data,message,deleted,by}',
  'moderator',
  'a moderator deletes it'
);
select is((select count(*) from public.messages_v2, said where messages_v2.id = said.id), 0::bigint, 'it is gone from the conversation');
select is(pg_temp.shown(6) ->> 'content', 'Have a nice day', 'and the moderator reads it all the same');
select is(pg_temp.shown(6) #>> '{deleted,by}', 'moderator', 'with who deleted it');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), format('delete from public.messages_v2 where id = %L', id)),
  '0',
  'its author no longer finds it'
)
from said;
update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(6);
select is(pg_temp.verdict(pg_temp.moderate('restore_message', 6)), 'permission_denied/suspended', 'a suspended moderator restores nothing');
update rolecall.profiles set suspended_until = null;

-- Restoring
select is(pg_temp.moderate('restore_message', 6) #> '{data,message,deleted}', 'null', 'a moderator restores it');
select results_eq(
  'select sender_id, content, conversation_id from public.messages_v2 join said using (id)',
  $$ select pg_temp.demo(4), 'Have a nice day', conversation from talk $$,
  'as it was'
);
select is(
  (select messages from rolecall.help_message_counts),
  2::bigint,
  'and it counts again'
);

-- Review
create function pg_temp.review(p_decision text)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask(
    'review_report',
    pg_temp.demo(6),
    (select jsonb_build_object('report_id', id, 'decision', p_decision) from rolecall.reported_messages order by id limit 1)
  )
);
select is(pg_temp.review('delete'), 'ok', 'a review deletes it');
select is((select count(*) from public.messages_v2), 1::bigint, 'it is gone');
select is(pg_temp.review('dismiss'), 'already_reviewed/one_decision_per_report', 'once');
select is(pg_temp.review('restore'), 'ok', 'a review restores what a review deleted');
select is((select count(*) from public.messages_v2), 2::bigint, 'it is back');

-- Whoever deletes it first, the author's wish stands.
select is(pg_temp.moderate('delete_message', 6) #>> '{data,message,deleted,by}', 'moderator', 'a moderator deletes it');
select is(pg_temp.moderate('delete_message', 4) #>> '{data,message,deleted,by}', 'author', 'and its author wants it, too');
select is(pg_temp.verdict(pg_temp.moderate('restore_message', 6)), 'permission_denied/deleted_by_author', 'so nobody brings it back');

-- The first message and its copy
update said set id = talk.first from talk;
select is(pg_temp.moderate('delete_message', 6) #>> '{data,message,deleted,by}', 'moderator', 'the first message is deleted');
select is((select initial_message from public.conversations_v2), '[removed by the moderation]', 'and the conversation does not show it');
select is(pg_temp.verdict(pg_temp.moderate('restore_message', 6)), 'ok', 'it is restored');
select is((select initial_message from public.conversations_v2), 'I can help with that.', 'and shown again');

-- After its author has taken it back the other side reports it still.
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(4), 'delete from public.messages_v2'),
  '1',
  'the author takes back the first message'
);
select is(pg_temp.verdict(pg_temp.moderate('report_message', 1, '{"reason": "It was a threat"}')), 'ok', 'the other side reports it');
select is(pg_temp.shown(6) ->> 'content', 'I can help with that.', 'and a moderator reads it');

-- Erasure keeps what a pending report needs, until the review.
select pg_temp.ask('delete_own_data', pg_temp.demo(4), '{"confirm": true}');
select is(pg_temp.shown(6) ->> 'content', 'I can help with that.', 'an erasure waits for the pending report');
select is(
  (select count(*) from rolecall.help_message_edits where content is not null)
    + (select count(*) from rolecall.removed_help_messages where content is not null),
  1::bigint,
  'and keeps nothing else'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'review_report',
      pg_temp.demo(6),
      (select jsonb_build_object('report_id', id, 'decision', 'dismiss') from rolecall.reported_messages where status = 'pending')
    )
  ),
  'ok',
  'the review'
);
select is(pg_temp.shown(6) -> 'content', 'null', 'is the end of it');

-- The audit names each act with the message.
select results_eq(
  'select action, target_id, count(*) from rolecall.moderation_audit join (select id from said union select message_id from rolecall.reported_messages) as message on message.id = message_id group by 1, 2 order by 1',
  $$ values
       ('message_deleted', pg_temp.demo(4), 5::bigint),
       ('message_restored', pg_temp.demo(4), 3),
       ('report_reviewed', pg_temp.demo(4), 3) $$,
  'all of it is in the audit'
);

-- A conversation that the operator deletes takes its reports along.
delete from public.conversations_v2;
select is((select count(*) from rolecall.reported_messages), 0::bigint, 'reports go with the conversation');

select * from finish();
rollback;
