-- Idempotency keys: the first answer again, for 24 hours, for the same user, function and body.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.send(p_user int, p_key text, p_content text default 'Hi', p_recipient int default 4)
returns jsonb
language sql
return pg_temp.ask(
  'send_dm',
  pg_temp.demo(p_user),
  jsonb_build_object('recipient_id', pg_temp.demo(p_recipient), 'content', p_content),
  p_key
);

create temporary table first as select pg_temp.send(1, 'k') as answer;
select is(pg_temp.send(1, 'k'), answer || '{"replayed": true}', 'the same request gets the first answer again') from first;
select is((select count(*) from rolecall.messages), 1::bigint, 'and is not repeated');
select is(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(1),
    format('{"content":"Hi",   "recipient_id" : "%s"}', pg_temp.demo(4))::jsonb,
    'k'
  ),
  answer || '{"replayed": true}',
  'however its body is written'
)
from first;
select is(
  pg_temp.verdict(pg_temp.send(1, 'k', 'Ho')),
  'idempotency_conflict/idempotency_key_reused',
  'another body is a conflict'
);
select is(
  pg_temp.verdict(
    pg_temp.ask(
      'start_conversation',
      pg_temp.demo(1),
      jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'),
      'k'
    )
  ),
  'idempotency_conflict/idempotency_key_reused',
  'so is another function'
);
select is(pg_temp.send(2, 'k') #>> '{replayed}', null, 'another user''s key is another key');
select is(pg_temp.send(1, 'k2') #>> '{data,seq}', '2', 'another key is another request');
select is(pg_temp.send(1, null) #>> '{data,seq}', '3', 'no key is another request');

select is(pg_temp.send(1, 'r', 'Hi', 3) ->> 'code', 'permission_denied', 'a refusal');
select is(pg_temp.send(1, 'r', 'Hi', 4) ->> 'ok', 'true', 'keeps no key');

update rolecall.feature_flags set rollout = 'disabled' where name = 'send-dm';
select is(pg_temp.send(1, 'k'), answer || '{"replayed": true}', 'what was done is answered even when the function is off') from first;
update rolecall.feature_flags set rollout = 'enabled' where name = 'send-dm';

update rolecall.idempotency_records set created_at = now() - interval '24 hours' + interval '1 second';
select is(pg_temp.send(1, 'k') ->> 'replayed', 'true', 'just before 24 hours it is answered');
update rolecall.idempotency_records set created_at = now() - interval '24 hours';
select is(pg_temp.send(1, 'k', 'Ho') #>> '{data,seq}', '5', 'after 24 hours the key is free');
select is(pg_temp.send(1, 'k', 'Ho') ->> 'replayed', 'true', 'and keeps the new answer');

-- Broadcasts
create function pg_temp.broadcast(p_key text, p_dry_run boolean default null)
returns jsonb
language sql
return pg_temp.ask(
  'send_broadcast',
  pg_temp.demo(5),
  jsonb_strip_nulls(
    jsonb_build_object(
      'show_id', pg_temp.demo(11),
      'recipient_roles', '["attendee"]'::jsonb,
      'message', 'News',
      'dry_run', p_dry_run
    )
  ),
  p_key
);
select is(pg_temp.broadcast('b', true) ->> 'ok', 'true', 'a rehearsal');
select is(pg_temp.broadcast('b') ->> 'replayed', null, 'keeps no key');
select is(pg_temp.broadcast('b') ->> 'replayed', 'true', 'a broadcast does');
select is(pg_temp.broadcast('b2') #>> '{data,quota_remaining,pre_show}', '0', 'a repetition costs no quota');
select is(pg_temp.broadcast('b3') ->> 'code', 'quota_exceeded', 'a new one does');
select is(pg_temp.broadcast('b2') ->> 'replayed', 'true', 'and an old one is answered all the same');

select * from finish();
rollback;
