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

-- Over midnight: a key is kept by the day of its claim, and for 24 hours all the same. At a clock of their own.
create function pg_temp.claim(p_key text, p_at text, p_many boolean default false)
returns text
language sql
return (
  select coalesce(case when answer -> 'replayed' = 'true' then 'replayed' else answer ->> 'code' end, 'runs')
  from (
    select case
      when p_many then (
        rolecall_internal.claim_keys(
          'f', array[pg_temp.demo(1), pg_temp.demo(2)], array[p_key, null], array['{}', '{}']::jsonb[], p_at::timestamptz
        )
      )[1]
      else rolecall_internal.claim_key('f', pg_temp.demo(1), p_key, '{}', p_at::timestamptz)
    end as answer
  ) as claimed
);
create function pg_temp.settle(p_key text, p_at text, p_many boolean, p_ok boolean default true)
returns void
language plpgsql
as $$
begin
  if p_many then
    perform rolecall_internal.settle_keys(
      array[pg_temp.demo(1)], array[p_key], array[jsonb_build_object('ok', p_ok)], p_at::timestamptz
    );
  else
    perform rolecall_internal.settle_key(pg_temp.demo(1), p_key, jsonb_build_object('ok', p_ok), p_at::timestamptz);
  end if;
end
$$;
create temporary table moment as
select
  number,
  at,
  -- In whole days; the first moment is of day 0.
  (at::timestamptz - '2026-11-20 00:00:00+00')::interval as since
from unnest(
  array['2026-11-20 00:00:00+00', '2026-11-20 00:00:30+00', '2026-11-20 00:01:00+00', '2026-11-20 12:00:00+00',
    '2026-11-20 23:58:59+00', '2026-11-20 23:59:00+00', '2026-11-20 23:59:59.999+00', '2026-11-21 00:00:00+00']
) with ordinality as given (at, number);
create temporary table later (name text, span interval, verdict text);
insert into later
values
  ('at once', '0', 'replayed'),
  ('30 seconds later', '30 seconds', 'replayed'),
  ('two minutes later', '2 minutes', 'replayed'),
  ('12 hours later', '12 hours', 'replayed'),
  ('just before 24 hours', '23 hours 59 minutes 59 seconds', 'replayed'),
  ('after 24 hours', '24 hours', 'runs'),
  ('after four days, in the same slot', '96 hours', 'runs');
create temporary table over_midnight (name text, claimed text, asked text, verdict text);
do $$
declare
  v_case record;
  v_claimed text;
begin
  for v_case in
    select
      format('%s, claimed %s, %s, asked %s', at, first_many, later.name, then_many) as name,
      format('%s %s %s %s', number, first_many, later.name, then_many) as key,
      at,
      (at::timestamptz + span)::text as later,
      first_many,
      then_many,
      verdict
    from moment
    cross join later
    cross join unnest(array[false, true]) as first_many
    cross join unnest(array[false, true]) as then_many
  loop
    v_claimed := pg_temp.claim(v_case.key, v_case.at, v_case.first_many);
    perform pg_temp.settle(v_case.key, v_case.at, v_case.first_many);
    insert into over_midnight
    values (v_case.name, v_claimed, pg_temp.claim(v_case.key, v_case.later, v_case.then_many), v_case.verdict);
  end loop;
end
$$;
select is(claimed || ', ' || asked, 'runs, ' || verdict, name) from over_midnight;
select is(
  array_agg(cardinality(slots) order by number),
  array[2, 2, 1, 1, 1, 2, 2, 2],
  'around midnight a key is claimed in both days'
)
from (
  select
    number,
    (
      select array_agg(day_slot)
      from rolecall.idempotency_records
      where key = number || ' f at once f'
    ) as slots
  from moment
) as claimed;
select pg_temp.claim('freed', '2026-11-20 23:59:59+00');
select pg_temp.settle('freed', '2026-11-20 23:59:59+00', false, false);
select is(pg_temp.claim('freed', '2026-11-21 00:00:01+00', true), 'runs', 'a refusal frees both days');
select pg_temp.settle('freed', '2026-11-21 00:00:01+00', true, false);
select is(pg_temp.claim('freed', '2026-11-20 23:59:59+00'), 'runs', 'in an array, too');
-- A request that is older than the minute before midnight has claimed its day alone.
insert into rolecall.idempotency_records (day_slot, user_id, key, fingerprint, answer, created_at)
values (
  rolecall_internal.day_slot('2026-11-20 23:58:00+00', 4), pg_temp.demo(1), 'late', '', '{"ok": true}',
  '2026-11-20 23:58:00+00'
);
select is(pg_temp.claim('late', '2026-11-20 23:59:30+00'), 'idempotency_conflict', 'a key of before that minute is found in it');
select is(
  (select count(*) from rolecall.idempotency_records where key = 'late'),
  1::bigint,
  'and nothing of the claim is left'
);
select throws_ok(
  format('select rolecall_internal.claim_key(%L, %L, %L, %L)', 'f', pg_temp.demo(1), repeat('k', 256), '{}'),
  '23514',
  null,
  'a key has a length'
);

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
