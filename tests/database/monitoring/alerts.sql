-- Each alert fires just beyond its threshold and not at it.
begin;
\ir ../support/calls.psql
select no_plan();

delete from rolecall.request_metrics;
create function pg_temp.firing()
returns text
language plpgsql
as $$
declare
  v_firing text;
begin
  perform set_config('role', 'service_role', true);
  select coalesce(string_agg(format('%s %s %s', severity, name, trim_scale(value)), ', ' order by name), 'none')
  into v_firing
  from rolecall_monitoring.alerts
  where name <> 'quota_reset_due';
  perform set_config('role', 'none', true);
  return v_firing;
end
$$;
-- Requests of so many minutes ago: "ok 95, internal 5".
create function pg_temp.requests(p_function text, p_counts text, p_minutes int default 0, p_bucket int default 6)
returns void
language sql
as $$
  insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
  select
    date_bin('1 minute', now(), '2000-01-01 00:00:00+00') - p_minutes * interval '1 minute',
    p_function,
    split_part(counted, ' ', 1),
    '00000000-0000-0000-0000-000000000000',
    p_bucket,
    0,
    split_part(counted, ' ', 2)::bigint
  from unnest(string_to_array(p_counts, ', ')) as counted
$$;
create function pg_temp.only(p_function text, p_counts text, p_minutes int default 0, p_bucket int default 6)
returns text
language plpgsql
as $$
begin
  delete from rolecall.request_metrics;
  perform pg_temp.requests(p_function, p_counts, p_minutes, p_bucket);
  return pg_temp.firing();
end
$$;

select is(pg_temp.firing(), 'none', 'nothing fires where nothing happens');

-- Creation
select is(
  pg_temp.only('start-conversation', 'ok 80, internal 20'),
  'warning error_rate_high 0.2, warning error_rate_raised 0.2',
  'of 100 attempts to start a conversation 80 may succeed'
);
select is(
  pg_temp.only('create_conversation_atomic', 'ok 79, internal 21'),
  'critical conversation_creation_failing 0.79, warning error_rate_high 0.21, warning error_rate_raised 0.21',
  'but not 79, past the function neither'
);
select is(
  pg_temp.only('start-conversation', 'ok 79, internal 21', 5),
  'critical conversation_creation_failing 0.79, warning error_rate_high 0.21, warning error_rate_raised 0.21',
  'for five minutes'
);
select is(pg_temp.only('start-conversation', 'ok 79, internal 21', 6), 'warning error_rate_raised 0.21', 'and no longer');
select is(pg_temp.only('start-conversation', 'internal 4'), 'none', 'four attempts are too few');
select is(pg_temp.only('start-conversation', 'internal 5'), 'critical conversation_creation_failing 0', 'five are enough');
select is(
  pg_temp.only('send-dm', 'ok 79, internal 21'),
  'warning error_rate_high 0.21, warning error_rate_raised 0.21',
  'another operation starts no conversation'
);

-- Duplicates are refusals: ninety of a hundred warn, and nothing else.
select is(
  pg_temp.only('start-conversation', 'ok 10, conversation_exists 90'),
  'warning duplicate_conversations 0.9',
  'double clicks warn and are no failures'
);
select is(pg_temp.only('start-conversation', 'ok 90, conversation_exists 10'), 'none', 'a tenth may be duplicates');
select is(
  pg_temp.only('start-conversation', 'ok 89, conversation_exists 11', 15),
  'warning duplicate_conversations 0.11',
  'but not more, for a quarter of an hour'
);
select is(pg_temp.only('start-conversation', 'ok 89, conversation_exists 11', 16), 'none', 'and no longer');

-- Errors
select is(
  pg_temp.only('send-dm', 'ok 95, timeout 5'),
  'warning error_rate_raised 0.05',
  'a twentieth of failures is no alert of five minutes'
);
select is(
  pg_temp.only('send-dm', 'ok 94, timeout 6'),
  'warning error_rate_high 0.06, warning error_rate_raised 0.06',
  'more is one'
);
select is(pg_temp.only('send-dm', 'ok 999, internal 1', 59), 'none', 'one of 1,000 in an hour is promised');
select is(pg_temp.only('send-dm', 'ok 998, internal 2', 59), 'warning error_rate_raised 0.002', 'two are not');
select is(pg_temp.only('send-dm', 'ok 998, internal 2', 61), 'none', 'an hour ago they were');
select is(
  pg_temp.only('send-dm', 'ok 1, rate_limited 500, permission_denied 500, maintenance 500, overloaded 500'),
  'none',
  'refusals are no errors'
);

-- Time. Bucket 26 ends at 0.82 s, 27 at 1.16 s; 32 ends at 6.55 s.
select is(pg_temp.only('send-dm', 'ok 100', 0, 26), 'none', 'a p95 below a second');
select is(pg_temp.only('send-dm', 'ok 100', 0, 27), 'warning latency_high 1.1416', 'and one above it');
select is(pg_temp.only('send-dm', 'ok 19', 0, 27), 'none', 'of enough requests');
select is(pg_temp.only('send-dm', 'ok 1', 0, 32), 'none', 'a statement of 4.6 seconds');
select is(pg_temp.only('send-dm', 'timeout 1', 0, 31), 'none', 'one that has waited four seconds for a lock');
select is(pg_temp.only('send-dm', 'timeout 1', 0, 32), 'critical statement_too_slow 5', 'one that was cancelled after five');
select is(pg_temp.only('send_message_v2', 'ok 1', 5, 33), 'critical statement_too_slow 6.5536', 'one that took longer');
select is(pg_temp.only('send_message_v2', 'ok 1', 6, 33), 'none', 'six minutes ago');

-- Connections
select is(
  pg_temp.only('send-dm', 'database_unavailable 10, ok 1000'),
  'warning error_rate_raised 0.0099',
  'ten connection errors in a minute'
);
select pg_temp.requests('blocks.list', 'database_unavailable 10', 1) is null;
select is(pg_temp.firing(), 'warning error_rate_raised 0.0196', 'and ten in the one before');
select pg_temp.requests('blocks.list', 'database_unavailable 1') is null;
select is(
  pg_temp.firing(),
  'critical connection_errors 11, warning error_rate_raised 0.0206',
  'eleven in a minute, of whichever operation'
);

-- The guard
delete from rolecall.request_metrics;
update rolecall.feature_flags set rollout = 'disabled' where name = 'start-conversation';
insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason)
values ('start-conversation', 'operator', 'rollback', 'enabled', 'disabled', 'By hand');
select is(pg_temp.firing(), 'none', 'a rollback of the operator''s is no alert');
insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason)
values ('start-conversation', 'guard', 'rollback', 'enabled', 'disabled', 'Too many failures');
select is(pg_temp.firing(), 'critical rollout_rolled_back 1', 'one of the guard''s is');
insert into rolecall.rollout_decisions (flag, actor, action, from_rollout, to_rollout, reason)
values ('start-conversation', 'operator', 'set', 'disabled', 'internal', 'Mended');
update rolecall.feature_flags set rollout = 'internal' where name = 'start-conversation';
select is(pg_temp.firing(), 'none', 'until the operator goes on');

-- Reports
create temporary table message as
select (
  pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'))
    #>> '{data,message_id}'
)::uuid as id;
select pg_temp.ask('report_message', pg_temp.demo(4), jsonb_build_object('message_id', id, 'reason', 'Rude')) ->> 'code'
from message;
update rolecall.reported_messages set created_at = now() - interval '24 hours';
select is(pg_temp.firing(), 'none', 'a report of 24 hours ago');
update rolecall.reported_messages set created_at = now() - interval '24 hours 1 second';
select is(pg_temp.firing(), 'warning reports_waiting 86401', 'an older one');
select pg_temp.ask('review_report', pg_temp.demo(6), jsonb_build_object('report_id', id, 'decision', 'dismiss')) ->> 'code'
from rolecall.reported_messages;
select is(pg_temp.firing(), 'none', 'one that was reviewed');

-- Texts, without those of the demo data.
delete from rolecall.sms_outbox;
\ir ../support/outbox.psql
create temporary table hello as
select pg_temp.text_to(number, 'Hello') as id
from generate_series(1, 3) as number;
create function pg_temp.texts_are(p_status text, p_age interval, p_attempts int, p_error int default null)
returns text
language plpgsql
as $$
begin
  update rolecall.sms_outbox
  set
    status = p_status,
    lease = gen_random_uuid(),
    leased_until = case when p_status = 'leased' then now() end,
    attempts = p_attempts,
    error_code = p_error,
    created_at = now() - p_age,
    updated_at = now() - p_age;
  return pg_temp.firing();
end
$$;
select is(pg_temp.texts_are('queued', '60 seconds', 0), 'none', 'texts that have waited for a minute');
select is(pg_temp.texts_are('queued', '61 seconds', 0), 'critical sms_backlog 61', 'longer');
select is(pg_temp.texts_are('leased', '61 seconds', 1), 'critical sms_backlog 61', 'or are on their way');
select is(pg_temp.texts_are('sent', '61 seconds', 1), 'none', 'what was sent does not wait');
select is(pg_temp.texts_are('dead', '59 minutes', 8, 500), 'critical sms_dead 3', 'texts that were given up');
select is(pg_temp.texts_are('dead', '59 minutes', 1), 'critical sms_dead 3', 'without a code, too');
select is(pg_temp.texts_are('dead', '61 minutes', 8, 500), 'none', 'more than an hour ago');
select is(pg_temp.texts_are('dead', '1 minute', 1, 21610), 'none', 'clients who have opted out are no fault');
select is(pg_temp.texts_are('dead', '1 minute', 0), 'none', 'nor are those who were erased');
select is(pg_temp.texts_are('uncertain', '20 days', 1), 'warning sms_uncertain 3', 'nobody knows of these, however old');
select is(
  pg_temp.run_as('service_role', null, 'select uncertain || $$ $$ || backlog || $$ $$ || dead from rolecall_monitoring.sms_outbox'),
  '3 0 0', 'the view says how many there are'
);
select is(pg_temp.texts_are('dead', '25 hours', 1, 30007), 'none');
select is(
  pg_temp.run_as(
    'service_role', null,
    'select concat_ws($$ $$, error_code, last_24_hours, last_7_days, dead) from rolecall_monitoring.sms_errors'
  ),
  '30007 0 3 3', 'and what the carrier said'
);
select is(pg_temp.texts_are('sent', '1 minute', 1), 'none', 'and then all is well');
insert into rolecall.pool_exhaustions (organization_id, hour, times)
values
  (pg_temp.organization(), date_trunc('hour', now(), 'UTC') - interval '2 hours', 1),
  (pg_temp.organization(), date_trunc('hour', now(), 'UTC'), 2);
select is(pg_temp.firing(), 'warning number_pool_exhausted 2', 'a pool that is exhausted, counted by the hour');
delete from rolecall.pool_exhaustions;

-- The nightly run
select is_empty(
  $$ select from rolecall_monitoring.alerts where name = 'quota_reset_due' $$,
  'a database that was installed a moment ago is not late'
);
update rolecall.schema_migrations set applied_at = now() - interval '2 days';
select is(
  (select count(*) from rolecall_monitoring.alerts where name = 'quota_reset_due')::int,
  case when (now() at time zone 'utc')::time between '02:00' and '03:00' then 0 else 1 end,
  'an hour after the quota day began its run is due'
);
select pg_temp.ask_for_the_night() ->> 'code';
select is_empty($$ select from rolecall_monitoring.alerts where name = 'quota_reset_due' $$, 'until it has run');

-- Thresholds are the operator's.
select is(
  pg_temp.run_as('service_role', null, 'update rolecall.alert_rules set threshold = 0.5 where name = $$error_rate_high$$'),
  '1',
  'the operator changes one'
);
select is(pg_temp.only('blocks.list', 'ok 50, internal 50'), 'warning error_rate_raised 0.5', 'and it counts from then on');
select is(
  pg_temp.run_as('authenticated', pg_temp.demo(1), 'update rolecall.alert_rules set threshold = 0.5'),
  '42501',
  'nobody else does'
);

-- Since when
select is((select since from rolecall_monitoring.alerts limit 1), now(), 'what was not seen before fires since now');
insert into rolecall.alert_states (name, since) values ('error_rate_raised', now() - interval '7 minutes');
select is((select since from rolecall_monitoring.alerts limit 1), now() - interval '7 minutes', 'and else since it was seen');

select * from finish();
rollback;
