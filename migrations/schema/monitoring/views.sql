-- Requests are counted by the minute for two hours, and by the quarter of an hour before: a span begins with the minute or
-- the quarter that it begins in. Whoever reads a view needs the right to every function in it, so they call few.

create or replace view rolecall_monitoring.error_rate as
select
  counted.code,
  counted.requests as count,
  round(100 * counted.requests / counted.total, 3) as percentage,
  rolecall_internal.is_failure(counted.code) as is_failure
from (
  select
    code,
    sum(requests)::bigint as requests,
    sum(sum(requests)) over () as total
  from rolecall.request_metrics
  where slot > now() - interval '1 hour 1 minute'
    and minutes = 1
  group by code
) as counted
where counted.code <> 'ok';

comment on view rolecall_monitoring.error_rate is
  'What was not answered with success in the last hour, by code; the percentage is of all requests. Failures count against the success rate, refusals do not.';

create or replace view rolecall_monitoring.latency as
with by_bucket as (
  select
    function,
    bucket,
    sum(requests) as requests,
    sum(sum(requests)) over (partition by function order by bucket) as up_to,
    sum(sum(requests)) over (partition by function) as total,
    case when bucket > 0 then 0.1 * power(2.0::double precision, (bucket - 1) / 2.0::double precision) else 0 end as begins,
    0.1 * power(2.0::double precision, bucket / 2.0::double precision) as ends
  from rolecall.request_metrics
  where slot > now() - interval '1 hour 1 minute'
    and minutes = 1
  group by function, bucket
)
select
  by_bucket.function,
  max(by_bucket.total)::bigint as requests,
  -- Requests are taken to be spread evenly in the bucket where the percentile falls.
  max(percentile.ms) filter (where percentile.share = 0.50) as p50_ms,
  max(percentile.ms) filter (where percentile.share = 0.95) as p95_ms,
  max(percentile.ms) filter (where percentile.share = 0.99) as p99_ms
from by_bucket
cross join lateral (
  select
    share,
    round(
      (begins + ((share * total - (up_to - requests)) / requests)::double precision * (ends - begins))::numeric,
      3
    ) as ms
  from unnest(array[0.50, 0.95, 0.99]) as share
  where up_to - requests < share * total
    and up_to >= share * total
) as percentile
group by by_bucket.function;

comment on view rolecall_monitoring.latency is
  'How long requests of the last hour took, by operation; of those that no statement answered, until they were given up.';

create or replace view rolecall_monitoring.conversation_creation as
with recent as (
  select slot, code, requests
  from rolecall.request_metrics
  where slot > now() - interval '24 hours 15 minutes'
    and function in ('start-conversation', 'create_conversation_atomic')
),
counted as (
  select
    span.name,
    span.number,
    coalesce(sum(recent.requests), 0)::bigint as attempts,
    coalesce(sum(recent.requests) filter (where recent.code = 'ok'), 0)::bigint as succeeded,
    coalesce(sum(recent.requests) filter (where rolecall_internal.is_failure(recent.code)), 0)::bigint as failed,
    coalesce(sum(recent.requests) filter (where recent.code = 'conversation_exists'), 0)::bigint as duplicates
  from (
    values
      (1, '5 minutes', now() - interval '6 minutes'),
      (2, '1 hour', now() - interval '1 hour 1 minute'),
      (3, '24 hours', now() - interval '24 hours 15 minutes')
  ) as span (number, name, since)
  left join recent
    on recent.slot > span.since
  group by span.name, span.number
)
select
  name as span,
  attempts,
  succeeded,
  failed,
  attempts - succeeded - failed as refused,
  duplicates,
  round(succeeded::numeric / nullif(succeeded + failed, 0), 4) as success_rate,
  round(duplicates::numeric / nullif(attempts, 0), 4) as duplicate_share
from counted
order by number;

comment on view rolecall_monitoring.conversation_creation is
  'Attempts to start a help conversation. The success rate is succeeded / (succeeded + failed); refusals, such as of a duplicate, are neither.';

create or replace view rolecall_monitoring.v2_adoption as
select
  span.name as span,
  span.v1,
  span.v2,
  round(100.0 * span.v2 / nullif(span.v1 + span.v2, 0), 2) as v2_percentage
from (
  select
    coalesce(sum(conversations) filter (where hour > now() - interval '25 hours'), 0)::bigint as day,
    coalesce(sum(conversations) filter (where hour > now() - interval '7 days 1 hour'), 0)::bigint as week,
    coalesce(sum(conversations), 0)::bigint as ever
  from rolecall.help_conversation_counts
) as v2
cross join rolecall_internal.v1_conversation_counts() as v1
cross join lateral (
  values
    (1, '24 hours', v1.day, v2.day),
    (2, '7 days', v1.week, v2.week),
    (3, 'ever', v1.ever, v2.ever)
) as span (number, name, v1, v2)
order by span.number;

comment on view rolecall_monitoring.v2_adoption is
  'How many help conversations were started in V1, the app''s own that was adopted, and in V2. V2 is counted by the hour.';

create or replace view rolecall_monitoring.active_conversations as
select
  version.name as version,
  version.active,
  version.new_this_week
from (
  select
    coalesce(sum(conversations) filter (where status = 'active'), 0)::bigint as active,
    coalesce(sum(conversations) filter (where hour > now() - interval '7 days 1 hour'), 0)::bigint as new_this_week
  from rolecall.help_conversation_counts
) as v2
cross join rolecall_internal.v1_conversation_counts() as v1
cross join lateral (
  values
    ('v1', v1.active, v1.week),
    ('v2', v2.active, v2.new_this_week)
) as version (name, active, new_this_week)
order by version.name;

comment on view rolecall_monitoring.active_conversations is
  'How many help conversations of each version are active, and how many were started in the last seven days.';

-- Texts on their way to the carrier, of all organisations. Nothing here names a client or shows a number.
create or replace view rolecall_monitoring.sms_outbox as
select
  waiting.texts as backlog,
  waiting.oldest_age_seconds,
  trouble.dead,
  trouble.dead_last_hour,
  trouble.uncertain
from (
  select
    count(*) as texts,
    extract(epoch from now() - min(created_at))::bigint as oldest_age_seconds
  from rolecall.sms_outbox
  where status in ('queued', 'leased')
) as waiting
cross join (
  select
    count(*) filter (where status = 'dead') as dead,
    -- Without those of clients who have opted out or are erased.
    count(*) filter (
      where status = 'dead'
        and attempts > 0
        and error_code is distinct from 21610
        and updated_at > now() - interval '1 hour'
    ) as dead_last_hour,
    count(*) filter (where status = 'uncertain') as uncertain
  from rolecall.sms_outbox
  where status in ('dead', 'uncertain')
) as trouble;

comment on view rolecall_monitoring.sms_outbox is
  'Texts that wait for the carrier, those that are given up, and those of which nobody knows whether the carrier has them; settled ones are kept for 30 days.';

create or replace view rolecall_monitoring.sms_errors as
select
  error_code,
  count(*) filter (where updated_at > now() - interval '24 hours') as last_24_hours,
  count(*) as last_7_days,
  count(*) filter (where status = 'dead') as dead
from rolecall.sms_outbox
where error_code is not null
  and updated_at > now() - interval '7 days'
group by error_code
order by count(*) desc, error_code;

comment on view rolecall_monitoring.sms_errors is
  'What the carrier said last of texts, by its code; three digits are the HTTP status of an answer without a code.';

create or replace view rolecall_monitoring.texting as
select
  organization.id as organization_id,
  rolecall_internal.texting_of(organization.id) as figures
from rolecall.organizations as organization
where exists (
  select
  from rolecall.message_numbers as number
  where number.organization_id = organization.id
);

comment on view rolecall_monitoring.texting is
  'How each organisation that has numbers texts, as its owner sees it under texting in the diagnostics.';

create or replace view rolecall_monitoring.alerts as
with recent as materialized (
  select slot, function, code, bucket, sum(requests) as requests
  from rolecall.request_metrics
  where minutes = 1
    and slot > now() - interval '16 minutes'
  group by slot, function, code, bucket
),
hour as (
  select
    coalesce(sum(requests) filter (where code = 'ok'), 0) as ok,
    coalesce(sum(requests) filter (where rolecall_internal.is_failure(code)), 0) as failed
  from rolecall.request_metrics
  where minutes = 1
    and slot > now() - interval '1 hour 1 minute'
),
attempted as (
  select
    coalesce(sum(requests) filter (where code = 'ok' and is_newest), 0) as newest_ok,
    coalesce(sum(requests) filter (where is_failure and is_newest), 0) as newest_failed,
    coalesce(sum(requests) filter (where code = 'ok' and is_newest and creates), 0) as newest_created,
    coalesce(sum(requests) filter (where is_failure and is_newest and creates), 0) as newest_not_created,
    coalesce(sum(requests) filter (where creates), 0) as creations,
    coalesce(sum(requests) filter (where creates and code = 'conversation_exists'), 0) as duplicates
  from (
    select
      code,
      requests,
      rolecall_internal.is_failure(code) as is_failure,
      slot > now() - interval '6 minutes' as is_newest,
      function in ('start-conversation', 'create_conversation_atomic') as creates
    from recent
  ) as marked
),
by_bucket as (
  select
    function,
    bucket,
    sum(requests) as requests,
    sum(sum(requests)) over (partition by function order by bucket) as up_to,
    sum(sum(requests)) over (partition by function) as total,
    case when bucket > 0 then 0.0001 * power(2.0::double precision, (bucket - 1) / 2.0::double precision) else 0 end
      as begins,
    0.0001 * power(2.0::double precision, bucket / 2.0::double precision) as ends
  from recent
  where slot > now() - interval '6 minutes'
  group by function, bucket
),
figure (name, value, attempts) as (
  select 'conversation_creation_failing' as name, newest_created / nullif(newest_created + newest_not_created, 0),
    newest_created + newest_not_created
  from attempted
  union all
  -- At least how long the slowest took, in seconds. What was cancelled for its time had five of them; waiting for a lock
  -- ends before that.
  select
    'statement_too_slow' as name,
    max(
      case
        when bucket = 32 and code = 'timeout' then 5
        when bucket > 0 then 0.0001 * power(2.0::double precision, (bucket - 1) / 2.0::double precision)
      end
    )::numeric,
    0
  from recent
  where slot > now() - interval '6 minutes'
  union all
  select 'connection_errors' as name, max(errors.requests), 0
  from (
    select sum(requests) as requests
    from recent
    where slot > now() - interval '6 minutes'
      and code = 'database_unavailable'
    group by slot
  ) as errors
  union all
  select 'rollout_rolled_back' as name, count(*), 0
  from rolecall.feature_flags as flag
  cross join lateral (
    select decision.actor, decision.action
    from rolecall.rollout_decisions as decision
    where decision.flag = flag.name
    order by decision.id desc
    limit 1
  ) as newest
  where flag.rollout = 'disabled'
    and newest.actor = 'guard'
    and newest.action = 'rollback'
  union all
  select 'error_rate_high' as name, newest_failed / nullif(newest_ok + newest_failed, 0), newest_ok + newest_failed
  from attempted
  union all
  -- Of the slowest operation that had enough requests to have a percentile.
  select
    'latency_high' as name,
    max(begins + ((0.95 * total - (up_to - requests)) / requests)::double precision * (ends - begins))::numeric,
    max(total)
  from by_bucket
  where up_to - requests < 0.95 * total
    and up_to >= 0.95 * total
    and total >= (select rule.attempts from rolecall.alert_rules as rule where rule.name = 'latency_high')
  union all
  select 'duplicate_conversations' as name, duplicates / nullif(creations, 0), creations
  from attempted
  union all
  select 'error_rate_raised' as name, failed / nullif(ok + failed, 0), ok + failed
  from hour
  union all
  select 'reports_waiting' as name, extract(epoch from now() - min(created_at)), 0
  from rolecall.reported_messages
  where status = 'pending'
  union all
  select
    trouble.name,
    case trouble.name
      when 'sms_dead' then outbox.dead_last_hour
      when 'sms_uncertain' then outbox.uncertain
      else outbox.oldest_age_seconds
    end,
    0
  from rolecall_monitoring.sms_outbox as outbox
  cross join unnest(array['sms_dead', 'sms_uncertain', 'sms_backlog']) as trouble (name)
  union all
  -- Counted by the hour.
  select 'number_pool_exhausted' as name, coalesce(sum(times), 0), 0
  from rolecall.pool_exhaustions
  where hour > now() - interval '2 hours'
  union all
  select 'realtime_lag' as name, case when outbox.is_wanted then outbox.oldest_age_seconds else 0 end, 0
  from rolecall_monitoring.outbox as outbox
  union all
  -- One that was disabled by itself goes on failing until the operator enables or removes it.
  select 'webhook_failing' as name, coalesce(max(extract(epoch from now() - webhook.failing_since)), 0), 0
  from rolecall.webhooks as webhook
  where webhook.is_enabled
    or webhook.disabled_reason is not null
  union all
  select 'webhook_dead' as name, count(*), 0
  from rolecall.webhooks as webhook
  join rolecall.webhook_deliveries as delivery
    on delivery.webhook_id = webhook.id
    and delivery.state = 'dead'
  union all
  -- Since the quota day began, at 02:00 UTC, or since there is a database that could have had a run.
  select
    'quota_reset_due' as name,
    extract(
      epoch from now() - greatest(
        date_trunc('day', now() at time zone 'utc' - interval '2 hours') at time zone 'utc' + interval '2 hours',
        (select min(migration.applied_at) from rolecall.schema_migrations as migration)
      )
    ),
    0
  where not exists (
    select
    from rolecall.quota_runs as run
    where run.period = (now() at time zone 'utc' - interval '2 hours')::date
      and run.finished_at is not null
  )
)
select
  rule.name,
  rule.severity,
  round(figure.value, 4) as value,
  rule.threshold,
  coalesce(state.since, now()) as since,
  rule.summary
from rolecall.alert_rules as rule
join figure
  on figure.name = rule.name
left join rolecall.alert_states as state
  on state.name = rule.name
where figure.attempts >= rule.attempts
  and case rule.name
    when 'conversation_creation_failing' then figure.value < rule.threshold
    when 'statement_too_slow' then figure.value >= rule.threshold
    else figure.value > rule.threshold
  end
order by rule.severity, rule.name;

comment on view rolecall_monitoring.alerts is
  'The alerts that fire now. A share is between 0 and 1, a time in seconds; since is when the endpoint alerts first saw it.';
