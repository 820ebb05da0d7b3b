-- rolecall_edge.send_dm with an array: an answer for each request in its place, as if each had come alone, and which requests
-- are left for the next statement. That the answers and rows are those of single requests, whatever the mix, is proven
-- by migrations/tests/database/group_commit.rs.
begin;
\ir ../support/calls.psql
select no_plan();

-- One request of a signed-in user.
create function pg_temp.envelope(p_user int, p_input jsonb, p_key text default null)
returns jsonb
language sql
return jsonb_strip_nulls(
  jsonb_build_object(
    'claims', jsonb_build_object('sub', pg_temp.demo(p_user), 'role', 'authenticated'),
    'request_id', 'pgtap-' || p_user,
    'idempotency_key', p_key,
    'rollouts', '{}'::jsonb,
    'input', p_input
  )
);

create function pg_temp.dm(p_from int, p_to int, p_content text, p_key text default null)
returns jsonb
language sql
return pg_temp.envelope(p_from, jsonb_build_object('recipient_id', pg_temp.demo(p_to), 'content', p_content), p_key);

create function pg_temp.send(variadic p_requests jsonb[])
returns jsonb
language plpgsql
as $$
declare
  v_answers jsonb;
begin
  perform set_config('role', 'rolecall_edge', true);
  v_answers := rolecall_edge.send_dm(to_jsonb(p_requests));
  perform set_config('role', 'none', true);
  return v_answers;
end
$$;

-- The verdict on each request, "ok 3" with the number of the message.
create function pg_temp.verdicts(p_answers jsonb)
returns text
language sql
return (
  select string_agg(
    case
      when answer = '{"deferred": true}' then 'deferred'
      else concat_ws(' ', pg_temp.verdict(answer), answer #>> '{data,seq}')
    end,
    ', '
    order by number
  )
  from jsonb_array_elements(p_answers) with ordinality as answered (answer, number)
);

-- The form
select is(rolecall_edge.send_dm('[]'), '[]'::jsonb, 'no requests have no answers');
select is(
  pg_temp.verdicts(pg_temp.send(pg_temp.dm(5, 1, 'One'))),
  'ok 1',
  'one request in an array is answered in an array'
);
select is(
  pg_temp.verdicts(pg_temp.send('null', '{}', '7', pg_temp.dm(5, 1, 'Two'))),
  'unauthenticated, unauthenticated, unauthenticated, ok 2',
  'what is no request is nobody''s, and harms no other'
);

-- Each by itself
select is(
  pg_temp.verdicts(
    pg_temp.send(
      pg_temp.dm(5, 1, 'Three'),
      pg_temp.dm(1, 2, 'An attendee to another'),
      pg_temp.dm(3, 1, 'A dealer reads only'),
      pg_temp.dm(5, 1, ''),
      pg_temp.dm(5, 1, 'Four'),
      pg_temp.dm(5, 5, 'Self'),
      pg_temp.dm(6, 1, 'First of the moderator'),
      pg_temp.dm(5, 99, 'There is no such user'),
      pg_temp.dm(5, 1, 'Five')
    )
  ),
  'ok 3, permission_denied/attendee_writes_to_mvp_dealers_only, permission_denied/dealer_reads_only, invalid_input, '
    || 'ok 4, permission_denied/self_message, ok 1, not_found, ok 5',
  'a refusal touches no other, and each sender''s messages stay in their order'
);
select results_eq(
  $$ select message.seq, message.content
     from rolecall.messages as message
     join rolecall.conversations as conversation on conversation.id = message.conversation_id
     where conversation.created_by = pg_temp.demo(5)
     order by message.seq $$,
  $$ values (1::bigint, 'One'), (2, 'Two'), (3, 'Three'), (4, 'Four'), (5, 'Five') $$,
  'the messages are kept in the order of the array'
);
select results_eq(
  $$ select participant.user_id, participant.last_read_seq
     from rolecall.conversation_participants as participant
     join rolecall.conversations as conversation on conversation.id = participant.conversation_id
     where conversation.created_by = pg_temp.demo(5)
     order by 1 $$,
  $$ values (pg_temp.demo(1), 0::bigint), (pg_temp.demo(5), 5) $$,
  'the sender has read as far as their own last message'
);
select results_eq(
  $$ select user_id, code from rolecall.application_logs where event = 'refused' and user_id is not null order by id $$,
  $$ values
       (pg_temp.demo(1), 'permission_denied'),
       (pg_temp.demo(3), 'permission_denied'),
       (pg_temp.demo(5), 'invalid_input'),
       (pg_temp.demo(5), 'permission_denied'),
       (pg_temp.demo(5), 'not_found') $$,
  'every refusal is on record, under its own user'
);
select results_eq(
  $$ select code, sum(requests) from rolecall.request_metrics where function = 'send-dm' group by 1 order by 1 $$,
  $$ values
       ('invalid_input', 1::numeric), ('not_found', 1), ('ok', 6), ('permission_denied', 3), ('unauthenticated', 3) $$,
  'every request is counted'
);
select is(current_setting('request.jwt.claims', true), '{}', 'while the statement ran, the caller was nobody');

-- Rate limits
update rolecall.rate_limits set capacity = 3, window_seconds = 3600 where action = 'send_dm';
delete from rolecall.rate_buckets;
select is(
  (
    select string_agg(
      concat_ws(' ', pg_temp.verdict(answer), answer #>> '{data,seq}', answer #>> '{limits,0,remaining}'),
      ', '
      order by number
    )
    from jsonb_array_elements(
      pg_temp.send(
        pg_temp.dm(5, 1, '6'), pg_temp.dm(6, 1, '2'), pg_temp.dm(5, 5, 'Self'), pg_temp.dm(5, 1, '7'),
        pg_temp.dm(5, 1, 'One too many'), pg_temp.dm(6, 1, '3'), pg_temp.dm(5, 1, 'Two too many')
      )
    ) with ordinality as answered (answer, number)
  ),
  'ok 6 2, ok 2 2, permission_denied/self_message 1, ok 7 0, rate_limited/rate_limit 0, ok 3 1, '
    || 'rate_limited/rate_limit 0',
  'the first requests of a user take the tokens that there are, and each is told what is left'
);
select is(
  (select floor(tokens)::int from rolecall.rate_buckets where user_id = pg_temp.demo(6)),
  1,
  'a bucket has what was not taken'
);
update rolecall.rate_limits set capacity = null where action = 'send_dm';
select is(
  pg_temp.send(pg_temp.dm(5, 1, '8'), pg_temp.dm(5, 1, '9')) #> '{1,limits}',
  null,
  'without a limit there is nothing to tell'
);
update rolecall.rate_limits set capacity = 0 where action = 'send_dm';
select is(
  pg_temp.verdicts(pg_temp.send(pg_temp.dm(5, 1, 'No'), pg_temp.dm(6, 1, 'No'))),
  'rate_limited/rate_limit, rate_limited/rate_limit',
  'a limit of nothing lets nobody through'
);
update rolecall.rate_limits set capacity = 60 where action = 'send_dm';
delete from rolecall.rate_buckets;

-- Keys
select is(
  pg_temp.verdicts(
    pg_temp.send(pg_temp.dm(5, 1, '10', 'k1'), pg_temp.dm(6, 1, '4', 'k1'), pg_temp.dm(1, 2, 'x', 'k1'))
  ),
  'ok 10, ok 4, permission_denied/attendee_writes_to_mvp_dealers_only',
  'the same key of different users is not the same'
);
select is(
  pg_temp.verdicts(pg_temp.send(pg_temp.dm(5, 1, '10', 'k1'), pg_temp.dm(6, 1, 'else', 'k1'), pg_temp.dm(5, 1, '11'))),
  'ok 10, idempotency_conflict/idempotency_key_reused, ok 11',
  'a repetition is answered, another request with the key is refused'
);
select is(
  (select count(*)::int from rolecall.idempotency_records where answer is not null),
  2,
  'the key of a refused request is free again'
);

-- What is left for the next statement
select is(
  pg_temp.verdicts(
    pg_temp.send(
      pg_temp.dm(5, 1, '12', 'k2'), pg_temp.dm(5, 1, '12', 'k2'), pg_temp.dm(5, 2, 'In its turn'), pg_temp.dm(6, 1, '5')
    )
  ),
  'ok 12, deferred, deferred, ok 5',
  'a second request with a key waits for the first, and its sender''s others wait with it'
);
select is(
  pg_temp.verdicts(pg_temp.send(pg_temp.dm(5, 1, '12', 'k2'), pg_temp.dm(5, 2, 'In its turn'))),
  'ok 12, ok 1',
  'and is a repetition then'
);
select is(
  pg_temp.verdicts(pg_temp.send(pg_temp.dm(1, 4, 'First'), pg_temp.dm(4, 1, 'Answer'), pg_temp.dm(1, 4, 'Second'))),
  'ok 1, deferred, deferred',
  'an answer to the first contact waits until there is one, and so do later messages of the two'
);
select is(
  pg_temp.verdicts(pg_temp.send(pg_temp.dm(4, 1, 'Answer'), pg_temp.dm(1, 4, 'Second'))),
  'ok 2, ok 3',
  'acquainted, the two write at once'
);
select is(
  (select count(*)::int from rolecall.rate_buckets where user_id = pg_temp.demo(4) and tokens < 59),
  0,
  'what is deferred takes no token'
);

-- mark-read
create function pg_temp.read_up_to(p_user int, p_conversation text, p_seq int, p_key text default null)
returns jsonb
language sql
return pg_temp.envelope(p_user, jsonb_build_object('conversation_id', p_conversation, 'up_to_seq', p_seq), p_key);

create function pg_temp.read(variadic p_requests jsonb[])
returns text
language plpgsql
as $$
declare
  v_answers jsonb;
begin
  perform set_config('role', 'rolecall_edge', true);
  v_answers := rolecall_edge.mark_read(to_jsonb(p_requests));
  perform set_config('role', 'none', true);
  return (
    select string_agg(
      case
        when answer = '{"deferred": true}' then 'deferred'
        else concat_ws(
          ' ',
          pg_temp.verdict(answer),
          answer #>> '{data,last_read_seq}',
          answer #>> '{data,unread_count}'
        )
      end,
      ', '
      order by number
    )
    from jsonb_array_elements(v_answers) with ordinality as answered (answer, number)
  );
end
$$;

create temporary table thread as
select id::text, last_seq
from rolecall.conversations
where created_by = pg_temp.demo(5)
  and participant_low = pg_temp.demo(1);

select is(rolecall_edge.mark_read('[]'), '[]'::jsonb, 'no requests have no answers');
select is(
  (select pg_temp.read(
     pg_temp.read_up_to(1, id, 2), '{}', pg_temp.read_up_to(2, id, 2), pg_temp.read_up_to(1, id, 4)
   ) from thread),
  'ok 2 10, unauthenticated, not_found/not_a_participant, ok 4 8',
  'each has read for themselves, in the order of the array'
);
select is(
  (select pg_temp.read(pg_temp.read_up_to(1, id, 5, 'r1'), pg_temp.read_up_to(1, id, 5, 'r1')) from thread),
  'ok 5 7, deferred',
  'a second request with a key waits for the first'
);
select is(
  (select pg_temp.read(pg_temp.read_up_to(1, id, 5, 'r1'), pg_temp.read_up_to(1, id, 3)) from thread),
  'ok 5 7, ok 5 7',
  'and is a repetition then; nothing is read backwards'
);

select finish();
rollback;
