-- Monitoring: what an operator's dashboard and alarms ask, as views in a schema of their own, and the reports of an
-- organisation among its diagnostics.
--
-- The views read with the rights of their owner, since service_role has no access to the schema rolecall; they hold
-- counts and times, and nothing of anybody.

create schema if not exists monitoring;
comment on schema monitoring is 'Rolecall: figures for the operator''s monitoring, for service_role alone.';

-- The oldest is what an alarm is about.
create or replace view monitoring.pending_reports as
select
  count(*) as count,
  min(created_at) as oldest_at,
  extract(epoch from now() - min(created_at))::bigint as oldest_age_seconds
from public.reported_messages
where status = 'pending';
comment on view monitoring.pending_reports is 'How many reports wait for a moderator, and since when the oldest does.';

create or replace view monitoring.reports_by_status as
select
  known.status,
  coalesce(sum(counted.reports), 0)::bigint as reports
from unnest(array['pending', 'dismissed', 'actioned']) as known (status)
left join rolecall.report_counts as counted
  on counted.status = known.status
group by known.status;
comment on view monitoring.reports_by_status is 'All reports by status; one row for each status.';

-- Requests are counted in quarters of an hour: the hour begins with the quarter that it begins in.
create or replace view monitoring.requests_last_hour as
select
  function,
  code,
  sum(requests)::bigint as requests
from rolecall.request_metrics
where slot > now() - interval '1 hour 15 minutes'
group by function, code;
comment on view monitoring.requests_last_hour is 'Requests by function and answer: ok, or the code of the refusal.';

create or replace view monitoring.rate_limited_last_hour as
select
  function,
  sum(requests)::bigint as requests
from rolecall.request_metrics
where slot > now() - interval '1 hour 15 minutes'
  and code in ('rate_limited', 'quota_exceeded')
group by function;
comment on view monitoring.rate_limited_last_hour is 'Requests that a rate limit or a quota refused, by function.';

create or replace view monitoring.quota_reset as
select
  max(period) as last_period,
  max(run_at) as run_at,
  extract(epoch from now() - max(run_at))::bigint as age_seconds,
  -- The quota day begins at 02:00 UTC; whoever reads a view needs the right to every function in it.
  max(period) is distinct from (now() at time zone 'utc' - interval '2 hours')::date as due
from public.quota_runs;
comment on view monitoring.quota_reset is 'The newest nightly reset, and whether that of today is still to come.';

create or replace view monitoring.suspensions as
select
  count(*) as count,
  count(*) filter (where suspended_until = 'infinity') as for_good
from public.profiles
where suspended_until > now();
comment on view monitoring.suspensions is 'How many users are suspended now.';

create or replace view monitoring.unfinished_deletions as
select
  count(*) as count,
  min(requested_at) as oldest_at,
  extract(epoch from now() - min(requested_at))::bigint as oldest_age_seconds
from public.data_deletions
where completed_at is null;
comment on view monitoring.unfinished_deletions is
  'Requests to delete one''s own data that need another call, and since when the oldest does.';

create or replace view monitoring.migration as
select version, name, applied_at
from rolecall.schema_migrations
order by version desc
limit 1;
comment on view monitoring.migration is 'The newest migration of this database.';

-- The pending reports of the conversations of an organisation, for its diagnostics.
create or replace function rolecall.further_figures(p_organization uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_reports jsonb;
begin
  select jsonb_build_object(
    'pending', count(*),
    'oldest_age_seconds', extract(epoch from now() - min(report.created_at))::bigint
  )
  into v_reports
  from public.reported_messages as report
  join public.conversations as conversation
    on conversation.id = report.conversation_id
  where report.status = 'pending'
    and conversation.organization_id = p_organization;
  return jsonb_build_object('reports', v_reports);
end
$$;

revoke all on schema monitoring from public, anon, authenticated, service_role;
grant usage on schema monitoring to service_role;
revoke all on all tables in schema monitoring from public, anon, authenticated, service_role;
grant select on
  monitoring.pending_reports,
  monitoring.reports_by_status,
  monitoring.requests_last_hour,
  monitoring.rate_limited_last_hour,
  monitoring.quota_reset,
  monitoring.suspensions,
  monitoring.unfinished_deletions,
  monitoring.migration
  to service_role;
revoke execute on function rolecall.further_figures(uuid)
  from public, anon, authenticated, service_role;

insert into rolecall.schema_migrations (version, name)
values (16, 'monitoring')
on conflict (version) do nothing;
