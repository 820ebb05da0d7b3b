-- rolecall_edge.reset_broadcast_quotas: the nightly run, once for each quota day, in short steps, by the operator alone.
begin;
\ir ../support/calls.psql
select no_plan();

-- A show that is over.
insert into rolecall.shows (id, organizer_id, title, starts_at, ends_at)
values (pg_temp.demo(19), pg_temp.demo(5), 'Over', now() - interval '3 days', now() - interval '2 days');
insert into rolecall.broadcast_quotas (sender_id, show_id, period, pre_show_remaining, post_show_remaining)
values
  (pg_temp.demo(4), pg_temp.demo(11), rolecall_internal.quota_day(now()) - 1, 0, 0),
  (pg_temp.demo(5), pg_temp.demo(11), rolecall_internal.quota_day(now()), 1, 0),
  (pg_temp.demo(5), pg_temp.demo(19), rolecall_internal.quota_day(now()), 1, 0),
  (pg_temp.demo(4), pg_temp.demo(19), rolecall_internal.quota_day(now()) - 1, 0, 0),
  (pg_temp.demo(1), pg_temp.demo(19), rolecall_internal.quota_day(now()) - 9, 1, 1);

-- Rows of so many days ago, in the slots of their days.
create function pg_temp.at(p_days int)
returns timestamptz
language sql
return now() - p_days * interval '1 day';
insert into rolecall.idempotency_records (day_slot, user_id, key, fingerprint, created_at)
select rolecall_internal.day_slot(pg_temp.at(days), 4), pg_temp.demo(1), days || ' days', '', pg_temp.at(days)
from unnest(array[0, 1, 2]) as days;
insert into rolecall.application_logs (day_slot, level, service, event, "timestamp")
select rolecall_internal.day_slot(pg_temp.at(days), 40), 'warn', 'database', days || ' days', pg_temp.at(days)
from unnest(array[0, 30, 31, 32]) as days;
insert into rolecall.request_metrics (day_slot, slot, function, code, org_id, bucket, stripe, requests)
select rolecall_internal.day_slot(pg_temp.at(days), 12), pg_temp.at(days), days || ' days', 'ok', pg_temp.demo(31), 1, 1, 1
from unnest(array[0, 7, 8]) as days;
insert into rolecall.refusal_counts (day_slot, user_id, minute, event, stripe, refusals, logged)
select rolecall_internal.day_slot(pg_temp.at(days), 12), pg_temp.demo(1), pg_temp.at(days), days || ' days', 0, 1, 1
from unnest(array[0, 7, 8]) as days;
-- The second has done nothing for a day, but the bucket of an hour's window fills within a week here.
update rolecall.rate_limits set window_seconds = 7 * 86400 where action = 'export_own_data';
insert into rolecall.rate_buckets (user_id, action, tokens, refilled_at, capacity, window_seconds)
values
  (pg_temp.demo(1), 'send_dm', 0, now() - interval '25 hours', 60, 60),
  (pg_temp.demo(1), 'export_own_data', 0, now() - interval '25 hours', 10, 7 * 86400),
  -- Of an action that has no limit any more.
  (pg_temp.demo(1), 'gone', 0, now() - interval '25 hours', 10, 60),
  (pg_temp.demo(2), 'send_dm', 0, now() - interval '23 hours', 60, 60);

select is(
  pg_temp.verdict(pg_temp.ask('reset_broadcast_quotas', pg_temp.demo(8), '{}')),
  'permission_denied/operator_only',
  'a user is refused, an admin too'
);
select is(pg_temp.verdict(rolecall_edge.reset_broadcast_quotas('{}')), 'unauthenticated', 'nobody is refused');
select is((select count(*) from rolecall.quota_runs), 0::bigint, 'and nothing is done');
update rolecall.feature_flags set rollout = 'disabled' where name = 'reset-broadcast-quotas';
select is(
  pg_temp.verdict(pg_temp.ask_as_operator('reset_broadcast_quotas')),
  'feature_disabled/feature_disabled',
  'the flag can turn it off'
);
update rolecall.feature_flags set rollout = 'percentage:0' where name = 'reset-broadcast-quotas';
select is(
  pg_temp.verdict(pg_temp.ask_as_operator('reset_broadcast_quotas', '{"reset-broadcast-quotas": "disabled"}')),
  'feature_disabled/feature_disabled',
  'so can the operator''s variable'
);

create temporary table step as
select number, pg_temp.ask_as_operator('reset_broadcast_quotas', '{"reset-broadcast-quotas": "internal"}') -> 'data' as data
from generate_series(1, 7) as number;
select is(
  array_agg((data -> 'more')::boolean order by number),
  array[true, true, true, true, true, false, false],
  'a call is one step, and "more" says that there are others'
)
from step;
select is(
  array_agg((data -> 'already_done')::boolean order by number),
  array[false, false, false, false, false, false, true],
  'after the last one there is nothing to do'
)
from step;
select is(
  data,
  jsonb_build_object(
    'period', rolecall_internal.quota_day(now()),
    'dropped',
      '{"idempotency_records": 1, "application_logs": 2, "refusal_counts": 1, "request_metrics": 1}'::jsonb,
    'deleted', '{"rate_buckets": 2, "broadcast_quotas": 2}'::jsonb,
    'left', '{"idempotency_records": 0, "application_logs": 0, "refusal_counts": 0, "request_metrics": 0}'::jsonb,
    'more', false,
    'already_done', number = 7
  ),
  'which says what the run did, table by table'
)
from step
where number >= 6
order by number;
select results_eq(
  $$ select sender_id, show_id, pre_show_remaining, post_show_remaining,
            rolecall_internal.quota_day(now()) - period
     from rolecall.broadcast_quotas order by sender_id, show_id $$,
  $$ values
       (pg_temp.demo(4), pg_temp.demo(11), 0, 0, 1),
       (pg_temp.demo(5), pg_temp.demo(11), 1, 0, 0),
       (pg_temp.demo(5), pg_temp.demo(19), 1, 0, 0) $$,
  'quotas are not touched: a row resets itself; those of shows that are over are gone, but for today''s'
);
select set_eq(
  $$ select key from rolecall.idempotency_records
     union all select 'log ' || event from rolecall.application_logs where event ~ 'days$'
     union all select 'count ' || event from rolecall.refusal_counts where event ~ 'days$'
     union all select 'metric ' || function from rolecall.request_metrics where function ~ 'days$' $$,
  $$ values
       ('0 days'), ('1 days'), ('log 0 days'), ('log 30 days'), ('count 0 days'), ('count 7 days'),
       ('metric 0 days'), ('metric 7 days') $$,
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

-- A job that has not run for weeks: the ring has gone round, and rows of many days share their slots.
update rolecall.quota_runs set period = period - 1;
insert into rolecall.application_logs (day_slot, level, service, event, "timestamp")
select rolecall_internal.day_slot(pg_temp.at(days), 40), 'warn', 'database', 'weeks', pg_temp.at(days)
from generate_series(0, 100) as days;
insert into rolecall.idempotency_records (day_slot, user_id, key, fingerprint, created_at)
select rolecall_internal.day_slot(pg_temp.at(days), 4), pg_temp.demo(1), days || ' weeks', '', pg_temp.at(days)
from generate_series(0, 100) as days;
select is(
  pg_temp.ask_for_the_night() #> '{data,already_done}',
  'false',
  'the next quota day has its own run'
);
select is(
  (
    select count(*)
    from rolecall.application_logs
    where event = 'weeks'
      and day_slot <> all (
        select rolecall_internal.day_slot(pg_temp.at(days), 40) from generate_series(-1, 30) as days
      )
  ),
  0::bigint,
  'what shares no slot with the days that are kept is gone'
);
select is(
  (select count(*) from rolecall.application_logs where event = 'weeks' and "timestamp" > pg_temp.at(31)),
  31::bigint,
  'and of those days nothing'
);
select is(
  pg_temp.ask(
    'send_dm',
    pg_temp.demo(1),
    jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'),
    key
  ) ->> 'replayed',
  null,
  format('a key of %s counts no longer, whether or not its row is there', key)
)
from unnest(array['2 weeks', '3 weeks', '4 weeks', '5 weeks', '6 weeks']) as key;

select * from finish();
rollback;
