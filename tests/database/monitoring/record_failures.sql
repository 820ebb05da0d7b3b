-- Failures that left nothing in the database are counted when a function hands them in.
begin;
\ir ../support/calls.psql
select no_plan();

delete from rolecall.request_metrics;
create function pg_temp.hand_in(p_batch text, p_failures jsonb)
returns text
language sql
return pg_temp.verdict(
  pg_temp.ask('record_failures', null, jsonb_build_object('batch', p_batch, 'failures', p_failures))
);
create function pg_temp.failure(p_code text, p_age bigint, p_requests bigint, p_bucket int default 32)
returns jsonb
language sql
return jsonb_build_array(
  jsonb_build_object(
    'operation', 'send-dm', 'code', p_code, 'age_seconds', p_age, 'bucket', p_bucket, 'requests', p_requests
  )
);
create function pg_temp.counted()
returns jsonb
language sql
return (
  select coalesce(jsonb_agg(jsonb_build_array(code, bucket, floor(extract(epoch from now() - slot) / 60), requests) order by code, slot), '[]')
  from rolecall.request_metrics
  where function = 'send-dm'
);

select is(pg_temp.hand_in('00000000-0000-4000-8000-00000000aa01', pg_temp.failure('timeout', 0, 2)), 'ok', 'a batch is taken');
select is(pg_temp.counted(), '[["timeout", 32, 0, 2]]', 'and counted');
select is(pg_temp.hand_in('00000000-0000-4000-8000-00000000aa01', pg_temp.failure('timeout', 7, 2)), 'ok', 'taken again');
select is(pg_temp.counted(), '[["timeout", 32, 0, 2]]', 'but not counted again');
delete from rolecall.request_metrics;
select pg_temp.hand_in('00000000-0000-4000-8000-00000000aa02', pg_temp.failure('internal', 600, 3)) = 'ok';
select is(pg_temp.counted(), '[["internal", 32, 10, 3]]', 'each is dated at its own minute');
select is(
  (select day_slot from rolecall.request_metrics where function = 'send-dm'),
  rolecall_internal.day_slot(date_bin('1 minute', now() - interval '10 minutes', '2000-01-01 00:00:00+00'), 12)::smallint,
  'and lies in the slot of its day'
);
select is(
  (select org_id from rolecall.request_metrics where function = 'send-dm'),
  '00000000-0000-0000-0000-000000000000'::uuid,
  'of no organisation'
);

-- Whatever stands in it, nothing is counted that is no failure, and nothing outside the days that are kept.
delete from rolecall.request_metrics;
select pg_temp.hand_in('00000000-0000-4000-8000-00000000aa03', pg_temp.failure(code, 0, requests)) = 'ok'
from (values ('ok', 1), ('rate_limited', 1), ('maintenance', 1), ('overloaded', 1), ('nonsense', 1)) as no_failure (code, requests);
select pg_temp.hand_in('00000000-0000-4000-8000-00000000aa04', pg_temp.failure('timeout', 0, requests)) = 'ok'
from unnest(array[0, -5]) as requests;
select is(pg_temp.counted(), '[]', 'refusals, successes and numbers that are none are left out');
select pg_temp.hand_in(batch, pg_temp.failure('timeout', age, 1, bucket)) = 'ok'
from (
  values
    ('00000000-0000-4000-8000-00000000aa05', 86400 * 365, 99),
    ('00000000-0000-4000-8000-00000000aa06', -3600, -1)
) as odd (batch, age, bucket);
select is(
  pg_temp.counted(),
  jsonb_build_array(jsonb_build_array('timeout', 40, 6 * 1440, 1), jsonb_build_array('timeout', 0, 0, 1)),
  'a moment of long ago or of the future is moved into the days that are kept'
);
select is(pg_temp.hand_in(null, '[]'), 'invalid_input', 'a batch has a number');
select is(pg_temp.hand_in('7', '[]'), 'invalid_input', 'which is a uuid');
select is(pg_temp.hand_in('00000000-0000-4000-8000-00000000aa07', '{}'), 'invalid_input', 'and a list');

-- The audit log has them as errors, one row for those of a minute that are alike.
delete from rolecall.application_logs where level = 'error';
select pg_temp.hand_in('00000000-0000-4000-8000-00000000aa09', pg_temp.failure('timeout', 600, 3)) = 'ok';
select pg_temp.hand_in('00000000-0000-4000-8000-00000000aa09', pg_temp.failure('timeout', 600, 3)) = 'ok';
select is(
  (
    select jsonb_agg(jsonb_build_array(log_level, error_code, event, details, "timestamp" < now() - interval '9 minutes'))
    from public.application_logs
    where log_level = 'error'
  ),
  '[["error", "timeout", "failed", {"requests": 3}, true]]'::jsonb,
  'what failed is an error of its own minute in the log, once'
);

-- A batch is remembered for a day.
update rolecall.failure_batches set at = now() - interval '25 hours';
select pg_temp.hand_in('00000000-0000-4000-8000-00000000aa08', '[]') = 'ok';
select is((select count(*) from rolecall.failure_batches), 1::bigint, 'numbers of yesterday are forgotten');

select * from finish();
rollback;
