-- The oldest is what an alarm is about.
create or replace view rolecall_monitoring.pending_reports as
select
  count(*) as count,
  min(created_at) as oldest_at,
  extract(epoch from now() - min(created_at))::bigint as oldest_age_seconds
from rolecall.reported_messages
where status = 'pending';

comment on view rolecall_monitoring.pending_reports is 'How many reports are waiting for a moderator, and since when the oldest is.';

create or replace view rolecall_monitoring.reports_by_status as
select
  known.status,
  coalesce(sum(counted.reports), 0)::bigint as reports
from unnest(array['pending', 'dismissed', 'actioned']) as known (status)
left join rolecall.report_counts as counted
  on counted.queue = 'moderators'
  and counted.status = known.status
group by known.status;

comment on view rolecall_monitoring.reports_by_status is 'All reports by status; one row for each status.';

-- Requests are counted by the minute: the hour begins with the minute that it begins in.
create or replace view rolecall_monitoring.requests_last_hour as
select
  function,
  code,
  sum(requests)::bigint as requests
from rolecall.request_metrics
where slot > now() - interval '1 hour 1 minute'
  and minutes = 1
group by function, code;

comment on view rolecall_monitoring.requests_last_hour is 'Requests by function and answer: ok, or the code of the refusal.';

create or replace view rolecall_monitoring.rate_limited_last_hour as
select
  function,
  sum(requests)::bigint as requests
from rolecall.request_metrics
where slot > now() - interval '1 hour 1 minute'
  and minutes = 1
  and code in ('rate_limited', 'quota_exceeded')
group by function;

comment on view rolecall_monitoring.rate_limited_last_hour is 'Requests that a rate limit or a quota refused, by function.';

create or replace view rolecall_monitoring.quota_reset as
select
  max(period) filter (where finished_at is not null) as last_period,
  max(run_at) filter (where finished_at is not null) as run_at,
  extract(epoch from now() - max(run_at) filter (where finished_at is not null))::bigint as age_seconds,
  -- The quota day begins at 02:00 UTC; whoever reads a view needs the right to every function in it.
  max(period) filter (where finished_at is not null)
    is distinct from (now() at time zone 'utc' - interval '2 hours')::date as due
from rolecall.quota_runs;

comment on view rolecall_monitoring.quota_reset is
  'The last finished nightly run, and whether today''s is still due.';

create or replace view rolecall_monitoring.refusals_last_hour as
select
  nullif(user_id, '00000000-0000-0000-0000-000000000000') as user_id,
  event,
  sum(refusals)::bigint as refusals,
  sum(refusals - logged)::bigint as not_logged
from rolecall.refusal_counts
where minute > now() - interval '1 hour'
group by user_id, event;

comment on view rolecall_monitoring.refusals_last_hour is
  'How often each user was refused, and how many of these refusals were counted instead of logged.';

create or replace view rolecall_monitoring.suspensions as
select
  count(*) as count,
  count(*) filter (where suspended_until = 'infinity') as for_good
from rolecall.profiles
where suspended_until > now();

comment on view rolecall_monitoring.suspensions is 'How many users are suspended now.';

create or replace view rolecall_monitoring.unfinished_deletions as
select
  count(*) as count,
  min(requested_at) as oldest_at,
  extract(epoch from now() - min(requested_at))::bigint as oldest_age_seconds
from rolecall.data_deletions
where completed_at is null;

comment on view rolecall_monitoring.unfinished_deletions is
  'Requests to delete one''s own data that need another call, and since when the oldest has been waiting.';

create or replace view rolecall_monitoring.migration as
select version, name, applied_at
from rolecall.schema_migrations
order by version desc
limit 1;

comment on view rolecall_monitoring.migration is 'The newest migration of this database.';
