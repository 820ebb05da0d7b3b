-- rolecall_edge.reset_broadcast_quotas: once for each quota day, by the operator alone.
begin;
\ir ../support/calls.psql
select no_plan();

insert into rolecall.broadcast_quotas (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
values
  (pg_temp.demo(4), pg_temp.demo(11), rolecall_internal.quota_day(now()) - 1, 0, 0),
  (pg_temp.demo(5), pg_temp.demo(12), rolecall_internal.quota_day(now()) - 9, 0, 0),
  (pg_temp.demo(5), pg_temp.demo(11), rolecall_internal.quota_day(now()), 1, 0),
  -- No longer anybody who may broadcast.
  (pg_temp.demo(1), pg_temp.demo(12), rolecall_internal.quota_day(now()) - 1, 1, 1);
insert into rolecall.idempotency_records (user_id, key, fingerprint, created_at)
values
  (pg_temp.demo(1), 'old', '', now() - interval '24 hours'),
  (pg_temp.demo(1), 'young', '', now() - interval '23 hours 59 minutes');
insert into rolecall.application_logs (level, service, event, "timestamp")
values
  ('warn', 'database', 'old', now() - interval '31 days'),
  ('warn', 'database', 'young', now() - interval '29 days');
-- The second has done nothing for a day, but the bucket of an hour's window fills within a week here.
update rolecall.rate_limits set window_seconds = 7 * 86400 where action = 'export_own_data';
insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
values
  (pg_temp.demo(1), 'send_dm', 0, now() - interval '25 hours', 60, 60),
  (pg_temp.demo(1), 'export_own_data', 0, now() - interval '25 hours', 10, 7 * 86400),
  (pg_temp.demo(2), 'send_dm', 0, now() - interval '23 hours', 60, 60);
insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
values
  (now() - interval '8 days', 'old', 'ok', pg_temp.demo(31), 1, 1, 1),
  (now() - interval '6 days', 'young', 'ok', pg_temp.demo(31), 1, 1, 1);

select is(
  pg_temp.verdict(pg_temp.ask('reset_broadcast_quotas', pg_temp.demo(8), '{}')),
  'permission_denied/operator_only',
  'a user is refused, an admin too'
);
select is(pg_temp.verdict(rolecall_edge.reset_broadcast_quotas('{}')), 'unauthenticated', 'nobody is refused');
select is((select count(*) from rolecall.quota_runs), 0::bigint, 'and nothing is reset');
update rolecall.feature_flags set rollout = 'disabled' where name = 'reset-broadcast-quotas';
select is(
  pg_temp.verdict(pg_temp.ask_as_operator('reset_broadcast_quotas')),
  'feature_disabled/feature_disabled',
  'the flag can turn it off'
);
update rolecall.feature_flags set rollout = 'percentage:0' where name = 'reset-broadcast-quotas';
select is(
  pg_temp.verdict(pg_temp.ask_as_operator('reset_broadcast_quotas', 'disabled')),
  'feature_disabled/feature_disabled',
  'so can the operator''s variable'
);

select is(
  pg_temp.ask_as_operator('reset_broadcast_quotas', 'internal') -> 'data',
  jsonb_build_object(
    'period', rolecall_internal.quota_day(now()),
    'reset', '{"pre_show": 1, "post_show": 2}'::jsonb,
    'pruned', '{"idempotency_records": 1, "application_logs": 1, "rate_buckets": 1, "request_metrics": 1}'::jsonb,
    'already_done', false
  ),
  'the first run resets and prunes, whatever share of users the flag includes'
);
select is(
  pg_temp.ask_as_operator('reset_broadcast_quotas') -> 'data',
  jsonb_build_object(
    'period', rolecall_internal.quota_day(now()),
    'reset', '{"pre_show": 1, "post_show": 2}'::jsonb,
    'pruned', '{"idempotency_records": 1, "application_logs": 1, "rate_buckets": 1, "request_metrics": 1}'::jsonb,
    'already_done', true
  ),
  'the second reports the first'
);
select results_eq(
  $$ select sender_id, show_id, pre_show_remaining, post_show_remaining, period = rolecall_internal.quota_day(now())
     from rolecall.broadcast_quotas order by sender_id, show_id $$,
  $$ values
       (pg_temp.demo(1), pg_temp.demo(12), 0, 0, true),
       (pg_temp.demo(4), pg_temp.demo(11), 2, 1, true),
       (pg_temp.demo(5), pg_temp.demo(11), 1, 0, true),
       (pg_temp.demo(5), pg_temp.demo(12), 2, 1, true) $$,
  'rows of earlier days are full, today''s is as it was'
);
select results_eq(
  $$ select key from rolecall.idempotency_records
     union all select event from rolecall.application_logs where event in ('old', 'young')
     union all select function from rolecall.request_metrics where function in ('old', 'young') $$,
  array['young', 'young', 'young'],
  'what is old is gone'
);
select results_eq(
  $$ select user_id, action from rolecall.rate_buckets order by user_id $$,
  $$ values (pg_temp.demo(1), 'export_own_data'), (pg_temp.demo(2), 'send_dm') $$,
  'and so are the buckets that are full again'
);
select is(
  (select count(*) from rolecall.application_logs where event = 'quota_reset' and level = 'info' and code = 'ok'),
  1::bigint,
  'the run is in the audit log once'
);

update rolecall.quota_runs set period = period - 1;
select is(
  pg_temp.ask_as_operator('reset_broadcast_quotas') #> '{data,already_done}',
  'false',
  'the next quota day has its own run'
);

select * from finish();
rollback;
