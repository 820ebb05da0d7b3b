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

-- Texts that are settled, and what was decided about some.
\ir ../support/outbox.psql
create temporary table kept as
select *
from (
  values
    (pg_temp.text_to(1, 'sent, old'), 'sent', interval '30 days 1 second'),
    (pg_temp.text_to(1, 'uncertain, old'), 'uncertain', interval '31 days'),
    (pg_temp.text_to(1, 'delivered, young'), 'delivered', interval '29 days 23 hours'),
    (pg_temp.text_to(1, 'queued, old'), 'queued', interval '31 days'),
    (pg_temp.text_to(1, 'leased, old'), 'leased', interval '31 days')
) as text (id, status, age);
update rolecall.sms_outbox as outbox
set
  status = kept.status,
  leased_until = case when kept.status = 'leased' then now() end,
  lease = gen_random_uuid(),
  updated_at = now() - kept.age
from kept
where outbox.id = kept.id;
insert into rolecall.anti_poaching_attempts (organization_id, at, thread_id, message_id, direction, violations)
select
  organization_id,
  now() - case when content = 'sent, old' then interval '90 days 1 second' else interval '89 days' end,
  thread_id,
  id,
  'outbound',
  '{phone}'
from rolecall.thread_messages
where content ~ '^(sent|delivered)';
insert into rolecall.routing_decisions (
  organization_id, at, thread_id, seq, target, reason, number_class, sender, recipient
)
select
  organization_id,
  now() - case when content = 'sent, old' then interval '90 days 1 second' else interval '89 days' end,
  thread_id,
  seq,
  'owner_inbox',
  'no_window',
  'front_desk',
  '[phone …0111]',
  '[phone …0100]'
from rolecall.thread_messages
where content ~ '^(sent|delivered)';

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
from generate_series(1, 11) as number;
select is(
  array_agg((data -> 'more')::boolean order by number),
  array[true, true, true, true, true, true, true, true, true, false, false],
  'a call is one step, and "more" says that there are others'
)
from step;
select is(
  array_agg((data -> 'already_done')::boolean order by number),
  array[false, false, false, false, false, false, false, false, false, false, true],
  'after the last one there is nothing to do'
)
from step;
select is(
  data,
  jsonb_build_object(
    'period', rolecall_internal.quota_day(now()),
    'dropped',
      '{"idempotency_records": 1, "application_logs": 2, "refusal_counts": 1, "request_metrics": 1}'::jsonb,
    'deleted',
      '{"rate_buckets": 2, "broadcast_quotas": 2, "sms_outbox": 2, "routing_decisions": 1, "anti_poaching_attempts": 1, "messages": 0}'::jsonb,
    'left', '{"idempotency_records": 0, "application_logs": 0, "refusal_counts": 0, "request_metrics": 0}'::jsonb,
    'more', false,
    'already_done', number = 11
  ),
  'which says what the run did, table by table'
)
from step
where number >= 10
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
select set_eq(
  $$ select content
     from rolecall.sms_outbox as outbox
     join rolecall.thread_messages as message
       on message.organization_id = outbox.organization_id
       and message.thread_id = outbox.thread_id
       and message.seq = outbox.seq
     where outbox.organization_id = pg_temp.organization()
     union all select 'attempt ' || at::date - now()::date from rolecall.anti_poaching_attempts where organization_id = pg_temp.organization()
     union all select 'decision ' || at::date - now()::date from rolecall.routing_decisions where organization_id = pg_temp.organization() $$,
  $$ values ('delivered, young'), ('queued, old'), ('leased, old'), ('attempt -89'), ('decision -89') $$,
  'texts on their way stay, and what was decided in the last 90 days'
);
select is(
  (select count(*) from rolecall.thread_messages where organization_id = pg_temp.organization()),
  5::bigint,
  'and every message'
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
