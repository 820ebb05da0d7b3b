-- rolecall_edge.send_dm: what it answers, what it refuses, and what it leaves in the tables.
begin;
\ir ../support/calls.psql
select no_plan();

create temporary table answer as
select pg_temp.ask(
  'send_dm',
  pg_temp.demo(1),
  jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Is the card still there?', 'show_id', pg_temp.demo(11))
) as first;

select is(first -> 'ok', 'true'::jsonb, 'a first message is sent') from answer;
select is(
  (select array_agg(key order by key) from jsonb_object_keys(first -> 'data') as key),
  array['conversation_id', 'created_at', 'message_id', 'seq'],
  'the answer has these members and no other'
)
from answer;
select matches(
  first #>> '{data,created_at}',
  '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$',
  'created_at is ISO 8601 in UTC with microseconds'
)
from answer;
select is(first ->> 'org_id', pg_temp.demo(31)::text, 'the answer names the caller''s organisation') from answer;
select results_eq(
  $$ select kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at = now()
     from rolecall.conversations $$,
  $$ values ('direct', pg_temp.demo(1), pg_temp.demo(4), pg_temp.demo(1), pg_temp.demo(31), 1::bigint, true) $$,
  'the conversation is that of the two'
);
select results_eq(
  $$ select seq, sender_id, content, show_id from rolecall.messages $$,
  $$ values (1::bigint, pg_temp.demo(1), 'Is the card still there?', pg_temp.demo(11)) $$,
  'the message is kept'
);
select results_eq(
  $$ select user_id, last_read_seq from rolecall.conversation_participants order by user_id $$,
  $$ values (pg_temp.demo(1), 1::bigint), (pg_temp.demo(4), 0::bigint) $$,
  'the sender has read their own message'
);

select is(
  pg_temp.ask('send_dm', pg_temp.demo(4), jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Yes'))
    #>> '{data,seq}',
  '2',
  'the other one continues the same conversation'
);
select is(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(4),
    jsonb_build_object('conversation_id', first #>> '{data,conversation_id}', 'content', 'Come by')
  ) #>> '{data,seq}',
  '3',
  'and replies in it'
)
from answer;
select results_eq(
  $$ select user_id, last_read_seq, skipped from rolecall.conversation_participants order by user_id $$,
  $$ values (pg_temp.demo(1), 1::bigint, 0::bigint), (pg_temp.demo(4), 0::bigint, 2::bigint) $$,
  'writing reads one''s own message alone'
);

-- Refusals
create function pg_temp.send(p_user int, p_input jsonb)
returns text
language sql
return pg_temp.verdict(pg_temp.ask('send_dm', pg_temp.demo(p_user), p_input));

select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(3), 'content', 'Hi')),
  'permission_denied/attendee_writes_to_mvp_dealers_only',
  'an attendee cannot write to a dealer'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(1), 'content', 'Hi')),
  'permission_denied/self_message',
  'nobody can write to themselves'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(99), 'content', 'Hi')),
  'not_found',
  'an unknown recipient is not found'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'show_id', pg_temp.demo(99), 'content', 'Hi')),
  'not_found',
  'an unknown show is not found'
);
select is(
  pg_temp.send(99, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi')),
  'permission_denied/no_profile',
  'who has no profile cannot write'
);
select is(pg_temp.send(1, '{"content": "Hi"}'), 'not_found', 'without a recipient there is none');
select is(
  pg_temp.send(1, '{"content": "Hi", "recipient_id": "4"}'),
  'not_found',
  'a recipient that is no uuid is no exception'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi', 'show_id', 'x')),
  'invalid_input',
  'a show that is no uuid is no exception'
);
select is(
  pg_temp.send(1, '{"content": "Hi", "conversation_id": "x"}'),
  'not_found/not_a_participant',
  'a conversation that is no uuid is no exception'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', '')),
  'invalid_input',
  'an empty message is refused'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(4))),
  'invalid_input',
  'no message is refused'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', repeat('é', 2001))),
  'invalid_input',
  '2001 characters are too many'
);
select is(
  pg_temp.send(1, jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', repeat('é', 2000))),
  'ok',
  '2000 characters are not, however many bytes'
);
select is(
  pg_temp.verdict(
    rolecall_edge.send_dm('{"claims": {"role": "authenticated"}, "rollouts": {}, "input": {"content": "Hi"}}')
  ),
  'unauthenticated',
  'claims without a user are nobody''s'
);
select is(pg_temp.verdict(rolecall_edge.send_dm('{}')), 'unauthenticated', 'no claims are nobody''s');
select is(pg_temp.verdict(rolecall_edge.send_dm(null)), 'unauthenticated', 'no request is nobody''s');
select is(
  pg_temp.verdict(rolecall_edge.send_dm('{"claims": {"role": "service_role"}, "input": {}}')),
  'permission_denied/users_only',
  'the operator is no user'
);
select is(
  pg_temp.verdict(
    rolecall_edge.send_dm(
      jsonb_build_object('claims', jsonb_build_object('sub', pg_temp.demo(1), 'role', 'anon'), 'input', '{}'::jsonb)
    )
  ),
  'permission_denied/users_only',
  'anon is no user, whoever the token names'
);
select is(
  pg_temp.verdict(
    rolecall_edge.send_dm(
      '{"claims": {"sub": "1 or 1=1", "role": "authenticated"}, "rollouts": {}, "input": {"content": "Hi"}}'
    )
  ),
  'unauthenticated',
  'a sub that is no uuid is nobody'
);

-- The audit
select is(
  (select count(*) from rolecall.application_logs where event = 'refused' and level = 'warn' and service = 'database'),
  16::bigint,
  'the first ten refusals of each user are in the audit log'
);
select results_eq(
  $$ select event, refusals from rolecall.refusal_counts where user_id = pg_temp.demo(1) $$,
  $$ values ('refused', 12::bigint) $$,
  'the rest is counted'
);
select is(
  (
    select format('%s %s %s %s %s', method, request_id, user_id = pg_temp.demo(1), org_id = pg_temp.demo(31), code)
    from rolecall.application_logs
    order by id
    limit 1
  ),
  'send-dm pgtap t t permission_denied',
  'with who, where and why'
);
select ok(
  not exists (select from rolecall.application_logs as log where log::text ~ 'Is the card|Come by|éé'),
  'and no message content'
);
select is(
  (select sum(requests) from rolecall.request_metrics where code = 'ok'),
  4::numeric,
  'successes are counted'
);
select is(
  (select sum(requests) from rolecall.request_metrics where code <> 'ok'),
  18::numeric,
  'refusals are counted'
);

select * from finish();
rollback;
