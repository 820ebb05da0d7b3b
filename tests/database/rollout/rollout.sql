-- How a rollout is read, advanced, set, taken back and simulated by the operator.
begin;
\ir ../support/calls.psql
\ir ../support/rollout.psql
select no_plan();

-- For whom
create temporary table operation (name text, input jsonb);
insert into operation
values
  ('rollout_status', '{}'),
  ('advance_rollout', '{"reason": "x"}'),
  ('set_rollout', '{"rollout": "internal", "reason": "x"}'),
  ('rollback_rollout', '{"reason": "x"}'),
  ('simulate_rollout', '{"rollout": "internal", "sample": 1}');
select is(
  pg_temp.verdict(pg_temp.operate(name, input, p_role => 'authenticated')),
  'permission_denied/operator_only',
  format('a user is refused %s', name)
)
from operation;
select is(
  pg_temp.verdict(pg_temp.operate(name, input || '{"flag": "no-such-flag"}')),
  'not_found',
  format('%s knows no flag of another name', name)
)
from operation;
select is(
  pg_temp.verdict(pg_temp.operate(name, input || jsonb_build_object('reason', reason))),
  'invalid_input',
  format('%s wants a reason, not %L', name, reason)
)
from operation
cross join unnest(array['', ' ', repeat('x', 1001), null]) as reason
where input ? 'reason';
select is(
  pg_temp.verdict(pg_temp.operate(name, input || jsonb_build_object('rollout', rollout))),
  'invalid_input',
  format('%s wants a rollout, not %L', name, rollout)
)
from operation
cross join unnest(array['', 'on', 'percentage:101', 'percentage:-1', 'percentage:007', 'Enabled', null]) as rollout
where input ? 'rollout';
select is((select count(*) from rolecall.rollout_decisions), 0::bigint, 'no refusal decides anything');
select is(pg_temp.rollout_of(), 'enabled', 'or changes a flag');

-- Setting, and the way back
create function pg_temp.change(p_function text, p_input jsonb)
returns text
language sql
as $$
  select coalesce(
    answer ->> 'code',
    concat_ws(' ', answer #>> '{data,action}', answer #>> '{data,from_rollout}', answer #>> '{data,rollout}', answer #>> '{data,changed}')
  )
  from pg_temp.operate(p_function, '{"reason": "A test."}' || p_input) as answer
$$;
select is(pg_temp.change('set_rollout', '{"rollout": "percentage:7"}'), 'set enabled percentage:7 true', 'a rollout is set');
select is(pg_temp.rollout_of(), 'percentage:7', 'indeed');
select is(pg_temp.change('set_rollout', '{"rollout": "percentage:7"}'), 'set percentage:7 percentage:7 false', 'once');
select is(pg_temp.change('set_rollout', '{"flag": "send-dm", "rollout": "internal"}'), 'set enabled internal true', 'that of any flag');
select is(pg_temp.change('rollback_rollout', '{"flag": "send-dm"}'), 'rollback internal disabled true', 'and taken back');
select is(pg_temp.change('rollback_rollout', '{}'), 'rollback percentage:7 disabled true', 'to nobody');
select is(pg_temp.change('rollback_rollout', '{}'), 'rollback disabled disabled false', 'once');
select results_eq(
  $$ select flag, actor, action, from_rollout, to_rollout, reason from rolecall.rollout_decisions order by id $$,
  $$
  values
    ('start-conversation', 'operator', 'set', 'enabled', 'percentage:7', 'A test.'),
    ('send-dm', 'operator', 'set', 'enabled', 'internal', 'A test.'),
    ('send-dm', 'operator', 'rollback', 'internal', 'disabled', 'A test.'),
    ('start-conversation', 'operator', 'rollback', 'percentage:7', 'disabled', 'A test.')
  $$,
  'each change is one decision'
);
select is(
  (select count(*) from rolecall.application_logs where event = 'rollout_changed'),
  4::bigint,
  'and one row of the audit log'
);
select is(
  (select string_agg(by || ': ' || reason, ', ') from rolecall.feature_flag_changes where name = 'send-dm' and by like 'operator%'),
  'operator: A test., operator: A test.',
  'the changes of the flag say who and why'
);

-- Who: the user of the token, or the name that SQL gives.
select pg_temp.change('set_rollout', '{"rollout": "internal"}');
select rolecall_edge.set_rollout(
  jsonb_build_object(
    'claims', jsonb_build_object('role', 'service_role', 'sub', pg_temp.demo(8)),
    'input', '{"rollout": "percentage:1", "reason": "A test."}'::jsonb
  )
);
select rolecall_edge.set_rollout(
  '{"claims": {"role": "service_role"}, "actor": "ada@night", "input": {"rollout": "percentage:2", "reason": "A test."}}'
);
select rolecall_edge.set_rollout(
  '{"claims": {"role": "service_role"}, "actor": "ada\u0007", "input": {"rollout": "percentage:3", "reason": "A test."}}'
);
select results_eq(
  $$ select actor from rolecall.rollout_decisions order by id desc limit 4 $$,
  $$ values ('operator'), ('operator ada@night'), ('operator 00000000-0000-4000-8000-000000000008'), ('operator') $$,
  'the actor is the operator, and who that is'
);

-- A key
select pg_temp.begin_stage('internal');
select is(
  pg_temp.operate('set_rollout', '{"rollout": "percentage:30", "reason": "A test."}', 'a key') #> '{data,changed}',
  'true',
  'a request with a key'
);
select pg_temp.begin_stage('internal');
select is(
  pg_temp.operate('set_rollout', '{"rollout": "percentage:30", "reason": "A test."}', 'a key') -> 'replayed',
  'true',
  'is answered when it comes again'
);
select is(pg_temp.rollout_of(), 'internal', 'and not repeated');
select is(
  pg_temp.verdict(pg_temp.operate('set_rollout', '{"rollout": "percentage:40", "reason": "A test."}', 'a key')),
  'idempotency_conflict/idempotency_key_reused',
  'another one is refused'
);
select is(
  (select count(*) from rolecall.idempotency_records where answer::text like '%A test%'),
  0::bigint,
  'the reason is not kept with the key'
);

-- Advancing: criteria at their bounds.
create function pg_temp.advanced(p_rollout text, p_age interval, p_counts text, p_force boolean default false)
returns text
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  delete from rolecall.request_metrics;
  perform pg_temp.begin_stage(p_rollout, p_age);
  execute 'select ' || p_counts;
  v_answer := pg_temp.operate('advance_rollout', jsonb_build_object('reason', 'A test.', 'force', p_force));
  if v_answer -> 'ok' = 'true' then
    return concat_ws(' ', v_answer #>> '{data,action}', pg_temp.rollout_of());
  end if;
  return (
    select string_agg(concat_ws(' ', reason ->> 'code', reason ->> 'figure', reason ->> 'bound'), ', ')
    from jsonb_array_elements(v_answer -> 'reasons') as reason
  ) || case when pg_temp.rollout_of() = p_rollout then '' else ' changed' end;
end
$$;
select is(
  pg_temp.advanced('disabled', '0', 'null'),
  'advance internal',
  'what is off has nothing to show'
);
select is(
  pg_temp.advanced('internal', '0', 'null'),
  'age_seconds 0 172800, attempts 0 20, success 0.95, p95_ms 500, errors 0.01',
  'a new stage has shown nothing'
);
select is(pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 20) $$), 'advance percentage:10', 'the first bounds');
select is(pg_temp.advanced('internal', '1 day 23:59:58', $$ pg_temp.counted('ok', 20) $$), 'age_seconds 172798 172800', 'the age');
select is(pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 19) $$), 'attempts 19 20', 'the attempts');
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 19), pg_temp.counted('conversation_exists', 90) $$),
  'attempts 19 20',
  'refusals are no attempts'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 949), pg_temp.counted('timeout', 51) $$),
  'success 0.9490 0.95',
  'the success'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 950), pg_temp.counted('timeout', 50) $$),
  'advance percentage:10',
  'the success at its bound'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 990), pg_temp.counted('internal', 10) $$),
  'errors 0.0100 0.01',
  'the errors stay below their bound'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 990), pg_temp.counted('internal', 9) $$),
  'advance percentage:10',
  'as these do'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 94, p_bucket => 5), pg_temp.counted('ok', 6, p_bucket => 26) $$),
  'p95_ms 619.252 500',
  'the slowest twentieth'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 100, p_bucket => 24) $$),
  'advance percentage:10',
  'a fast one'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 20, p_operation => 'create_conversation_atomic') $$),
  'advance percentage:10',
  'the RPC counts'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 20, p_operation => 'send-dm') $$),
  'attempts 0 20, success 0.95, p95_ms 500, errors 0.01',
  'other functions do not'
);
select is(pg_temp.advanced('percentage:10', '4 days', $$ pg_temp.counted('ok', 100) $$), 'advance percentage:50', '10 %');
select is(
  pg_temp.advanced('percentage:10', '3 days', $$ pg_temp.counted('ok', 99) $$),
  'age_seconds 259200 345600, attempts 99 100',
  'each criterion is a reason'
);
select is(pg_temp.advanced('percentage:50', '7 days', $$ pg_temp.counted('ok', 500) $$), 'advance enabled', '50 %');
select is(
  pg_temp.advanced('percentage:50', '7 days', $$ pg_temp.counted('ok', 969), pg_temp.counted('timeout', 31) $$),
  'success 0.9690 0.97',
  '50 % ask for more'
);
select is(pg_temp.advanced('percentage:25', '4 days', $$ pg_temp.counted('ok', 100) $$), 'advance percentage:50', 'between two stages the first one is left');
select is(pg_temp.advanced('enabled', '70 days', $$ pg_temp.counted('ok', 5000) $$), 'no_further_stage', 'the last stage');
select is(pg_temp.advanced('enabled', '70 days', $$ pg_temp.counted('ok', 5000) $$, true), 'no_further_stage', 'by force neither');
select is(pg_temp.advanced('internal', '0', 'null', true), 'force percentage:10', 'force goes on');
select is(
  (select concat_ws(' ', action, figures -> 'criteria' -> 1 -> 'met') from rolecall.rollout_decisions order by id desc limit 1),
  'force false',
  'and that is recorded, with what was not met'
);
select is(pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 20) $$, true), 'advance percentage:10', 'where it is needed');
update rolecall.rollout_stages set min_attempts = 5, min_age = '1 hour' where rollout = 'internal';
select is(pg_temp.advanced('internal', '1 hour', $$ pg_temp.counted('ok', 5) $$), 'advance percentage:10', 'criteria can be edited');
select is(
  pg_temp.verdict(pg_temp.operate('advance_rollout', '{"flag": "blocks", "reason": "A test."}')),
  'rollout_criteria_unmet/no_further_stage',
  'a flag without stages has no next one'
);

-- Figures begin with the change, whatever was merged since.
delete from rolecall.request_metrics;
select pg_temp.begin_stage('internal', '2 days');
select pg_temp.counted('internal', 70, 130), pg_temp.counted('ok', 30);
insert into rolecall.request_totals values ('start-conversation', 'ok', 10, 1000), ('start-conversation', 'timeout', 30, 8);
update rolecall.feature_flags set rollout = 'percentage:10' where name = 'start-conversation';
select pg_temp.counted('ok', 4), pg_temp.counted('rate_limited', 2);
create function pg_temp.figures()
returns jsonb
language sql
as $$
  select pg_temp.operate('rollout_status', '{}') #> '{data,figures}'
$$;
select is(
  pg_temp.figures() - 'p95_ms',
  '{"age_seconds": 0, "attempts": 4, "ok": 4, "failures": 0, "refusals": 2, "success": 1.0000, "errors": 0.0000}',
  'what was before is not counted'
);
update rolecall.request_metrics set minutes = 15;
insert into rolecall.request_totals as total
select function, code, bucket, sum(requests) from rolecall.request_metrics group by function, code, bucket
on conflict (function, code, bucket) do update set requests = total.requests + excluded.requests;
select is(pg_temp.figures() ->> 'attempts', '4', 'merging changes nothing');
truncate rolecall.request_metrics;
select is(pg_temp.figures() ->> 'attempts', '4', 'nor does dropping what is merged');

-- Status
select is(
  (pg_temp.operate('rollout_status', '{}') -> 'data') - array['figures', 'since', 'decisions', 'criteria', 'users', 'requires', 'guard_seen_at'],
  '{
    "flag": "start-conversation", "rollout": "percentage:10", "next_rollout": "percentage:50", "watched": true, "met": false,
    "stage": {
      "rollout": "percentage:10", "min_age_seconds": 345600, "min_attempts": 100, "min_success": 0.95, "max_p95_ms": 500,
      "max_errors": 0.01, "auto_advance": false
    }
  }',
  'the status of a stage'
);
select is(
  (pg_temp.operate('rollout_status', '{"flag": "blocks"}') -> 'data') - array['figures', 'since', 'requires', 'users', 'guard_seen_at'],
  '{
    "flag": "blocks", "rollout": "enabled", "next_rollout": null, "watched": false, "met": true, "stage": null, "criteria": [],
    "decisions": []
  }',
  'the status of a flag without stages'
);
select pg_temp.change('set_rollout', jsonb_build_object('rollout', 'percentage:' || percent))
from generate_series(60, 80) as percent;
select is(jsonb_array_length(pg_temp.operate('rollout_status', '{}') #> '{data,decisions}'), 20, 'the last 20 decisions');
select is(
  (pg_temp.operate('rollout_status', '{}') #>> '{data,decisions,0,id}')::bigint,
  (select max(id) from rolecall.rollout_decisions where flag = 'start-conversation'),
  'the newest first'
);

truncate rolecall.request_metrics;
select is(pg_temp.operate('rollout_status', '{}') #>> '{data,guard_seen_at}', null, 'nobody calls the guard');
select pg_temp.operate('guard_rollouts', '{}');
select is(
  (pg_temp.operate('rollout_status', '{}') #>> '{data,guard_seen_at}')::timestamptz,
  date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
  'now somebody has'
);

-- Simulating
update rolecall.feature_flags set rollout = 'enabled' where name = 'messaging_v2_enabled';
create function pg_temp.simulated(p_input jsonb)
returns jsonb
language sql
as $$
  select (pg_temp.operate('simulate_rollout', p_input) -> 'data') - array['flag', 'rollout']
$$;
select pg_temp.begin_stage('disabled');
create temporary table before as select (select count(*) from rolecall.rollout_decisions) as decisions, (select count(*) from rolecall.feature_flag_changes) as changes;
select is(
  pg_temp.simulated('{"rollout": "enabled", "sample": 10000}'),
  jsonb_build_object(
    'users', count(*), 'without_profile', 0, 'in', count(*), 'out', 0, 'would_change', count(*), 'would_enter', count(*),
    'would_leave', 0
  ),
  'everybody'
)
from rolecall.profiles;
select is((pg_temp.simulated('{"rollout": "enabled", "sample": 3}') ->> 'users')::int, 3, 'a sample has so many users');
select is(
  pg_temp.simulated('{"rollout": "internal", "sample": 10000}') -> 'in',
  to_jsonb(count(*) filter (where is_internal)),
  'internal users'
)
from rolecall.profiles;
create temporary table somebody as select gen_random_uuid() as id from generate_series(1, 10000);
create temporary table simulation as
select pg_temp.simulated(jsonb_build_object('rollout', 'percentage:10', 'user_ids', jsonb_agg(id))) as answer
from somebody;
select is((select (answer ->> 'users')::int from simulation), 10000, '10,000 users');
select is((select (answer ->> 'without_profile')::int from simulation), 10000, 'none of whom is known');
select is(
  (select (answer ->> 'in')::int from simulation),
  (select count(*)::int from somebody where rolecall_internal.rollout_includes('percentage:10', 'start-conversation', id, false)),
  'a share of them is in'
);
select is((select (answer ->> 'in')::int + (answer ->> 'out')::int from simulation), 10000, 'and the rest out');
select is(
  pg_temp.simulated(jsonb_build_object('rollout', 'enabled', 'user_ids', jsonb_build_array(pg_temp.demo(1), pg_temp.demo(1)))) -> 'users',
  '1',
  'who stands twice counts once'
);
select pg_temp.begin_stage('enabled');
select is(
  pg_temp.simulated(jsonb_build_object('rollout', 'disabled', 'user_ids', jsonb_build_array(pg_temp.demo(1)))),
  '{"users": 1, "without_profile": 0, "in": 0, "out": 1, "would_change": 1, "would_enter": 0, "would_leave": 1}',
  'who is in now would leave'
);
update rolecall.feature_flags set rollout = 'disabled' where name = 'messaging_v2_enabled';
select is(
  pg_temp.simulated(jsonb_build_object('rollout', 'enabled', 'user_ids', jsonb_build_array(pg_temp.demo(1)))),
  '{"users": 1, "without_profile": 0, "in": 0, "out": 1, "would_change": 0, "would_enter": 0, "would_leave": 0}',
  'a required flag decides before the rollout does'
);
select is(
  pg_temp.operate('rollout_status', '{}') #> '{data,users,in}',
  '0',
  'and in the status, too'
);

select * from finish();
rollback;
