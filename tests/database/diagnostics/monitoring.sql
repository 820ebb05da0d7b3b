-- The views of schema rolecall_monitoring: their figures, and that they are for the operator alone.
begin;
\ir ../support/calls.psql
select no_plan();

create function pg_temp.figures(p_view text)
returns jsonb
language plpgsql
as $$
declare
  v_rows jsonb;
begin
  perform set_config('role', 'service_role', true);
  execute format('select coalesce(jsonb_agg(to_jsonb(figure) order by figure), $j$[]$j$) from rolecall_monitoring.%I as figure', p_view)
  into v_rows;
  perform set_config('role', 'none', true);
  return v_rows;
end
$$;
create function pg_temp.reports(p_user int)
returns jsonb
language sql
return pg_temp.ask('diagnostics', pg_temp.demo(p_user), '{}') #> '{data,reports}';

select is(
  pg_temp.figures('pending_reports'),
  '[{"count": 0, "oldest_at": null, "oldest_age_seconds": null}]',
  'without reports none is pending'
);
select is(pg_temp.reports(7), '{"pending": 0, "oldest_age_seconds": null}', 'and the diagnostics say so');
select is(
  pg_temp.figures('reports_by_status'),
  '[{"status": "actioned", "reports": 0}, {"status": "dismissed", "reports": 0}, {"status": "pending", "reports": 0}]',
  'every status is named'
);

-- Three messages, reported five minutes, an hour and a day ago; the newest is dismissed.
create temporary table message as
select
  number,
  (
    pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'))
      #>> '{data,message_id}'
  )::uuid as id
from generate_series(1, 3) as number;
select pg_temp.ask('report_message', pg_temp.demo(4), jsonb_build_object('message_id', id, 'reason', 'Rude'))
from message;
update rolecall.reported_messages as report
set created_at = now() - (array['5 minutes', '1 hour', '1 day'])[message.number]::interval
from message
where message.id = report.message_id;
select pg_temp.ask(
  'review_report',
  pg_temp.demo(6),
  jsonb_build_object('report_id', report.id, 'decision', 'dismiss')
)
from rolecall.reported_messages as report
join message
  on message.id = report.message_id
where message.number = 1;
select is(
  pg_temp.figures('pending_reports'),
  jsonb_build_array(
    jsonb_build_object('count', 2, 'oldest_at', now() - interval '1 day', 'oldest_age_seconds', 86400)
  ),
  'pending reports are counted, and the oldest one is named'
);
select is(
  pg_temp.figures('reports_by_status'),
  '[{"status": "actioned", "reports": 0}, {"status": "dismissed", "reports": 1}, {"status": "pending", "reports": 2}]',
  'reports are counted by status'
);
select is(pg_temp.reports(7), '{"pending": 2, "oldest_age_seconds": 86400}', 'the diagnostics tell of the organisation');
insert into rolecall.organizations (id, name) values (pg_temp.demo(32), 'Others');
update rolecall.profiles set organization_id = pg_temp.demo(32), organization_role = 'owner' where id = pg_temp.demo(2);
select is(pg_temp.reports(2), '{"pending": 0, "oldest_age_seconds": null}', 'and not of another''s reports');

delete from rolecall.request_metrics;
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(4), 'content', 'Hi'))
from generate_series(1, 3);
select pg_temp.ask('send_dm', pg_temp.demo(1), jsonb_build_object('recipient_id', pg_temp.demo(3), 'content', 'Hi'));
insert into rolecall.request_metrics (slot, function, code, org_id, bucket, stripe, requests)
values
  (date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'), 'send-dm', 'rate_limited', pg_temp.demo(31), 0, 1, 4),
  (date_bin('15 minutes', now(), '2000-01-01 00:00:00+00'), 'send-dm', 'rate_limited', pg_temp.demo(32), 0, 1, 3),
  (now() - interval '2 hours', 'send-dm', 'ok', pg_temp.demo(31), 0, 1, 100);
select is(
  pg_temp.figures('requests_last_hour'),
  '[
    {"function": "send-dm", "code": "ok", "requests": 3},
    {"function": "send-dm", "code": "permission_denied", "requests": 1},
    {"function": "send-dm", "code": "rate_limited", "requests": 7}
  ]',
  'requests of the last hour by function and answer'
);
select is(
  pg_temp.figures('rate_limited_last_hour'),
  '[{"function": "send-dm", "requests": 7}]',
  'and those that a limit refused'
);

select is(
  pg_temp.figures('quota_reset'),
  '[{"last_period": null, "run_at": null, "age_seconds": null, "due": true}]',
  'before the first reset one is due'
);
select pg_temp.ask_as_operator('reset_broadcast_quotas');
select is(pg_temp.figures('quota_reset') #> '{0,due}', 'true', 'as long as the run is not at its end');
select pg_temp.ask_for_the_night();
select is(
  pg_temp.figures('quota_reset'),
  jsonb_build_array(
    jsonb_build_object('last_period', rolecall_internal.quota_day(now()), 'run_at', now(), 'age_seconds', 0, 'due', false)
  ),
  'after it none is'
);
update rolecall.quota_runs set period = period - 1, run_at = run_at - interval '1 day';
select is(pg_temp.figures('quota_reset') #> '{0,due}', 'true', 'on the next day one is, again');

update rolecall.profiles set suspended_until = 'infinity' where id = pg_temp.demo(1);
update rolecall.profiles set suspended_until = now() + interval '1 hour' where id = pg_temp.demo(2);
update rolecall.profiles set suspended_until = now() where id = pg_temp.demo(3);
select is(pg_temp.figures('suspensions'), '[{"count": 2, "for_good": 1}]', 'who is suspended now');

select is(
  pg_temp.figures('unfinished_deletions'),
  '[{"count": 0, "oldest_at": null, "oldest_age_seconds": null}]',
  'no deletion waits'
);
insert into rolecall.data_deletions (user_id, requested_at, completed_at)
values (pg_temp.demo(1), now() - interval '1 hour', null), (pg_temp.demo(2), now() - interval '1 day', now());
select is(
  pg_temp.figures('unfinished_deletions') #> '{0,oldest_age_seconds}',
  '3600',
  'one that is not complete does'
);
select is(
  pg_temp.figures('migration') #> '{0,version}',
  (select to_jsonb(max(version)) from rolecall.schema_migrations),
  'the newest migration'
);

-- Nobody else reads them.
select is(
  pg_temp.run_as(role, pg_temp.demo(8), format('select count(*) from %s', oid::regclass)),
  '42501',
  format('%s cannot read %s', role, oid::regclass)
)
from pg_class
cross join unnest(array['anon', 'authenticated', 'rolecall_edge']) as role
where relnamespace = 'rolecall_monitoring'::regnamespace;
select is(
  pg_temp.run_as('service_role', null, format('select count(*) >= 0 from %s', oid::regclass)),
  'true',
  format('the operator reads %s', oid::regclass)
)
from pg_class
where relnamespace = 'rolecall_monitoring'::regnamespace;

select * from finish();
rollback;
