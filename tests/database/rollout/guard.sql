-- rolecall_edge.guard_rollouts: what rolls a rollout back, what does not, and what goes on by itself.
begin;
\ir ../support/calls.psql
\ir ../support/rollout.psql
select no_plan();

-- What the guard does about requests of a stage that began ten minutes ago: the new rollout, and its reason.
create function pg_temp.guarded(p_counts text, p_rollout text default 'percentage:50')
returns text
language plpgsql
as $$
declare
  v_answer jsonb;
begin
  delete from rolecall.request_metrics;
  perform pg_temp.begin_stage(p_rollout, '10 minutes');
  execute 'select ' || p_counts;
  v_answer := pg_temp.operate('guard_rollouts', '{}');
  return coalesce(
    concat_ws(': ', v_answer #>> '{data,decisions,0,to_rollout}', v_answer #>> '{data,decisions,0,reason}'),
    v_answer ->> 'code',
    ''
  );
end
$$;

select is(
  pg_temp.verdict(pg_temp.operate('guard_rollouts', '{}', p_role => 'authenticated')),
  'permission_denied/operator_only',
  'a user is refused'
);
select is(pg_temp.verdict(rolecall_edge.guard_rollouts('{}')), 'unauthenticated', 'nobody is refused');

-- Success
select is(pg_temp.guarded('null'), '', 'without a request nothing happens');
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 16), pg_temp.counted('internal', 4) $$),
  '',
  '80 % of 20 attempts are enough'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 15), pg_temp.counted('internal', 5) $$),
  'disabled: 75.0 % of 20 attempts succeeded in this minute.',
  '75 % are not'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 0), pg_temp.counted('internal', 19) $$),
  '',
  'of 19 attempts all may fail'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('internal', 20) $$),
  'disabled: 0.0 % of 20 attempts succeeded in this minute.',
  'of 20 they may not'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('internal', 20, 1), pg_temp.counted('ok', 200) $$),
  'disabled: 0.0 % of 20 attempts succeeded in the last minute.',
  'the minute before counts by itself, whatever this one is like'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('internal', 6, 5), pg_temp.counted('internal', 7, 4), pg_temp.counted('ok', 10, 3) $$),
  'disabled: 43.5 % of 23 attempts succeeded in the last five minutes.',
  'attempts of five minutes are added up'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('internal', 50, 6) $$),
  '',
  'what was before them is over'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('internal', 10), pg_temp.counted('internal', 10, 0, 'create_conversation_atomic') $$),
  'disabled: 0.0 % of 20 attempts succeeded in this minute.',
  'the RPC is the same act'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('internal', 500, 0, 'send-dm'), pg_temp.counted('timeout', 5, 0, 'send_message_v2') $$),
  '',
  'other functions have nothing to do with it'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('conversation_exists', 900), pg_temp.counted('rate_limited', 50), pg_temp.counted('ok', 50) $$),
  '',
  'refusals are no failures: double clicks roll nothing back'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('conversation_exists', 900), pg_temp.counted('internal', 5), pg_temp.counted('ok', 15) $$),
  'disabled: 75.0 % of 20 attempts succeeded in this minute.',
  'nor do they hide any'
);

-- Statements that took too long, and lost connections.
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 1000), pg_temp.counted('timeout', 1) $$),
  'disabled: A statement of the last five minutes took too long.',
  'one statement that takes too long is enough'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('timeout', 2, 5) $$),
  'disabled: 2 statements of the last five minutes took too long.',
  'five minutes long'
);
select is(pg_temp.guarded($$ pg_temp.counted('timeout', 2, 6) $$), '', 'and no longer');
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 1000), pg_temp.counted('database_unavailable', 10) $$),
  '',
  'ten connection errors a minute are borne'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 1000), pg_temp.counted('database_unavailable', 11) $$),
  'disabled: 11 requests of one minute found no database.',
  'eleven are not'
);
select is(
  pg_temp.guarded($$ pg_temp.counted('ok', 1000), pg_temp.counted('database_unavailable', 9), pg_temp.counted('database_unavailable', 9, 1) $$),
  '',
  'in two minutes there may be more'
);

-- What is watched
select is(pg_temp.guarded($$ pg_temp.counted('internal', 50) $$, 'internal'), 'disabled: 0.0 % of 50 attempts succeeded in this minute.', 'the first stage');
select is(pg_temp.guarded($$ pg_temp.counted('internal', 50) $$, 'enabled'), 'disabled: 0.0 % of 50 attempts succeeded in this minute.', 'the last one');
select is(pg_temp.guarded($$ pg_temp.counted('internal', 50) $$, 'percentage:7'), 'disabled: 0.0 % of 50 attempts succeeded in this minute.', 'a rollout between two');
select is(pg_temp.guarded($$ pg_temp.counted('internal', 50) $$, 'disabled'), '', 'what is disabled stays as it is');
update rolecall.rollout_stages set flag = 'blocks';
select is(pg_temp.guarded($$ pg_temp.counted('internal', 50) $$), '', 'a flag without stages is not watched');
update rolecall.rollout_stages set flag = 'start-conversation';

-- The decision
delete from rolecall.rollout_decisions;
select pg_temp.guarded($$ pg_temp.counted('internal', 50) $$);
select results_eq(
  $$ select flag, actor, action, from_rollout, to_rollout, reason, figures from rolecall.rollout_decisions $$,
  $$
  values (
    'start-conversation', 'guard', 'rollback', 'percentage:50', 'disabled',
    '0.0 % of 50 attempts succeeded in this minute.',
    '{
      "this_minute": {"attempts": 50, "success": 0.0000}, "last_minute": {"attempts": 0, "success": null},
      "five_minutes": {"attempts": 50, "success": 0.0000}, "timeouts": 0, "connection_errors": 0
    }'::jsonb
  )
  $$,
  'a decision has its figures'
);
select is(pg_temp.rollout_of(), 'disabled', 'the flag is off');
select is(pg_temp.operate('guard_rollouts', '{}') -> 'data', '{"decisions": []}', 'and stays off: the guard decides once');
select is((select count(*) from rolecall.rollout_decisions), 1::bigint, 'there is one decision');
select is(
  (select count(*) from rolecall.application_logs where event = 'rollout_guarded' and method = 'rollout.guard'),
  (select count(*) from rolecall.application_logs where event = 'rollout_guarded'),
  'it is in the audit log'
);

-- What was counted before the change never counts, what comes after it counts at once.
delete from rolecall.request_metrics;
select pg_temp.begin_stage('internal', '10 minutes');
select pg_temp.counted('internal', 100), pg_temp.counted('timeout', 3), pg_temp.counted('database_unavailable', 30, 1);
update rolecall.feature_flags set rollout = 'percentage:10' where name = 'start-conversation';
select is(pg_temp.operate('guard_rollouts', '{}') -> 'data', '{"decisions": []}', 'old faults do not roll a new stage back');
select pg_temp.counted('ok', 5), pg_temp.counted('internal', 14);
select is(pg_temp.operate('guard_rollouts', '{}') -> 'data', '{"decisions": []}', '19 attempts since the change');
select pg_temp.counted('internal', 1);
select is(
  pg_temp.operate('guard_rollouts', '{}') #>> '{data,decisions,0,reason}',
  '25.0 % of 20 attempts succeeded in this minute.',
  'a fault right after the change is seen at once'
);
select pg_temp.begin_stage('percentage:10');
select pg_temp.counted('timeout', 1);
select is(
  pg_temp.operate('guard_rollouts', '{}') #>> '{data,decisions,0,reason}',
  'A statement of the last five minutes took too long.',
  'also a statement'
);

-- Going on by itself
create function pg_temp.advanced(p_rollout text, p_age interval, p_counts text)
returns text
language plpgsql
as $$
begin
  delete from rolecall.request_metrics;
  perform pg_temp.begin_stage(p_rollout, p_age);
  execute 'select ' || p_counts;
  perform pg_temp.operate('guard_rollouts', '{}');
  return pg_temp.rollout_of();
end
$$;
select is(pg_temp.advanced('internal', '3 days', $$ pg_temp.counted('ok', 50) $$), 'internal', 'no stage begins by itself');
update rolecall.rollout_stages set auto_advance = true;
select is(pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 50) $$), 'percentage:10', 'unless that is wanted');
select is(
  (select concat_ws(' ', actor, action, from_rollout, to_rollout, reason) from rolecall.rollout_decisions order by id desc limit 1),
  'guard advance internal percentage:10 The stage internal has shown what it has to.',
  'and that is a decision'
);
select is(pg_temp.advanced('internal', '1 day 23:59:59', $$ pg_temp.counted('ok', 50) $$), 'internal', 'not before its time');
select is(pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 19) $$), 'internal', 'not with too few attempts');
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 94), pg_temp.counted('database_unavailable', 6, 30) $$),
  'internal',
  'not with too few successes'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 95), pg_temp.counted('database_unavailable', 5, 30) $$),
  'percentage:10',
  'with enough'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 99), pg_temp.counted('internal', 1, 30) $$),
  'internal',
  'not with 1 % of errors'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 101), pg_temp.counted('internal', 1, 30) $$),
  'percentage:10',
  'with less'
);
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 93), pg_temp.counted('ok', 7, p_bucket => 26) $$),
  'internal',
  'not where the slowest twentieth takes half a second'
);
select is(pg_temp.advanced('percentage:10', '4 days', $$ pg_temp.counted('ok', 100) $$), 'percentage:50', '10 % become 50');
select is(pg_temp.advanced('percentage:50', '7 days', $$ pg_temp.counted('ok', 500) $$), 'enabled', '50 % become everybody');
select is(pg_temp.advanced('enabled', '70 days', $$ pg_temp.counted('ok', 500) $$), 'enabled', 'everybody stays');
select is(
  pg_temp.advanced('internal', '2 days', $$ pg_temp.counted('ok', 5000), pg_temp.counted('internal', 20) , pg_temp.counted('timeout', 1) $$),
  'disabled',
  'a fault comes first'
);
select pg_temp.operate('guard_rollouts', '{}');
select is(pg_temp.rollout_of(), 'disabled', 'after its rollback the guard does not go on');

select * from finish();
rollback;
