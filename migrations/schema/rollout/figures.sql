-- What a rollout is judged by: the requests of a flag's operations since its rollout changed last.
--
-- Counts are differences. What was counted until the change is its baseline (begin_rollout_stage), so that a fault right
-- after the change is seen at once and a fault before it is never seen. A request that began before the change and ended
-- after it counts for the new rollout.

-- The flag by which an operation is judged: its component's. The RPCs of help conversations are the same acts as the
-- operations of their components. PostgreSQL writes it into the statements that ask.
create or replace function rolecall_internal.flag_of_operation(p_operation text)
returns text
language sql
immutable
return case p_operation
  when 'create_conversation_atomic' then 'start-conversation'
  when 'send_message_v2' then 'help-conversations'
  when 'get_conversation_v2' then 'help-conversations'
  else split_part(p_operation, '.', 1)
end;

-- The operations of a flag that were called in minutes which are not merged yet: found by skipping from one operation to the
-- next in request_metrics_function_minutes_idx, so that it costs a look for each operation and nothing for each request.
create or replace function rolecall_internal.operations_of_flag(p_flag text)
returns text[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    with recursive operation (name) as (
      (
        select metric.function
        from rolecall.request_metrics as metric
        where metric.minutes = 1
        order by metric.function
        limit 1
      )
      union all
      select (
        select metric.function
        from rolecall.request_metrics as metric
        where metric.minutes = 1
          and metric.function > operation.name
        order by metric.function
        limit 1
      )
      from operation
      where operation.name is not null
    )
    select coalesce(array_agg(operation.name), '{}')
    from operation
    where rolecall_internal.flag_of_operation(operation.name) = p_flag
  );
end
$$;

-- All requests of a flag's operations that were ever counted: those that were merged, and those of single minutes, of which
-- only the flag's own are read.
create or replace function rolecall_internal.flag_totals(p_flag text)
returns table (code text, bucket smallint, requests numeric)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_operations text[] := rolecall_internal.operations_of_flag(p_flag);
begin
  return query
  select counted.code, counted.bucket, sum(counted.requests)
  from (
    select total.code, total.bucket, total.requests
    from rolecall.request_totals as total
    where rolecall_internal.flag_of_operation(total.function) = p_flag
    union all
    select metric.code, metric.bucket, metric.requests
    from rolecall.request_metrics as metric
    where metric.minutes = 1
      and metric.function = any (v_operations)
  ) as counted
  group by counted.code, counted.bucket;
end
$$;

-- The minute of a moment, as request_metrics has it.
create or replace function rolecall_internal.minute_of(p_at timestamptz)
returns timestamptz
language sql
immutable
return date_bin('1 minute', p_at, '2000-01-01 00:00:00+00');

-- Begins the stage of a rollout that has changed: from here on its figures count. Both baselines are of one moment.
create or replace function rolecall_internal.begin_rollout_stage()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.rollout_states (flag, since)
  values (new.name, now())
  on conflict (flag) do update
  set since = excluded.since;

  delete from rolecall.rollout_baselines
  where flag = new.name;

  insert into rolecall.rollout_baselines (flag, minute, code, bucket, requests)
  select new.name, '-infinity', total.code, total.bucket, total.requests
  from rolecall_internal.flag_totals(new.name) as total
  union all
  select new.name, metric.slot, metric.code, metric.bucket, sum(metric.requests)
  from rolecall.request_metrics as metric
  where metric.minutes = 1
    and metric.slot >= rolecall_internal.minute_of(now())
    and rolecall_internal.flag_of_operation(metric.function) = new.name
  group by metric.slot, metric.code, metric.bucket;
  return null;
end
$$;

-- When the rollout of a flag changed last.
create or replace function rolecall_internal.rollout_since(p_flag rolecall.feature_flags)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return coalesce(
    (
      select since
      from rolecall.rollout_states
      where flag = p_flag.name
    ),
    p_flag.updated_at
  );
end
$$;

-- The figures of the stage that began at p_since. Attempts are successes and failures; refusals are neither, but are told.
-- success is ok / attempts; errors is the share of attempts that broke (internal), beside those that found no database or
-- took too long. Shares are null without an attempt.
create or replace function rolecall_internal.rollout_figures(p_flag text, p_since timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ok numeric;
  v_failures numeric;
  v_internal numeric;
  v_refusals numeric;
  v_p95 numeric;
begin
  with counted as (
    select
      total.code,
      total.bucket,
      total.requests - coalesce(baseline.requests, 0) as requests,
      total.code = 'ok' or rolecall_internal.is_failure(total.code) as is_attempt
    from rolecall_internal.flag_totals(p_flag) as total
    left join rolecall.rollout_baselines as baseline
      on baseline.flag = p_flag
      and baseline.minute = '-infinity'
      and baseline.code = total.code
      and baseline.bucket = total.bucket
  ),
  by_bucket as (
    select
      bucket,
      sum(requests) as requests,
      sum(sum(requests)) over (order by bucket) as up_to,
      sum(sum(requests)) over () as total
    from counted
    where is_attempt
      and requests > 0
    group by bucket
  )
  select
    coalesce(sum(requests) filter (where code = 'ok'), 0),
    coalesce(sum(requests) filter (where code <> 'ok' and is_attempt), 0),
    coalesce(sum(requests) filter (where code = 'internal'), 0),
    coalesce(sum(requests) filter (where not is_attempt), 0),
    (
      -- Requests are taken to be spread evenly in the bucket where the percentile falls.
      select max(rolecall_internal.within_bucket(bucket, (0.95 * total - (up_to - requests)) / requests))
      from by_bucket
      where up_to - requests < 0.95 * total
    )
  into v_ok, v_failures, v_internal, v_refusals, v_p95
  from counted;
  return jsonb_build_object(
    'age_seconds', greatest(floor(extract(epoch from now() - p_since)), 0)::bigint,
    'attempts', v_ok + v_failures,
    'ok', v_ok,
    'failures', v_failures,
    'refusals', v_refusals,
    'success', round(v_ok / nullif(v_ok + v_failures, 0), 4),
    'errors', round(v_internal / nullif(v_ok + v_failures, 0), 4),
    'p95_ms', v_p95
  );
end
$$;

-- The figures by which the guard judges, of the minutes that lie in the stage: attempts and success of the current minute,
-- of the one before, and of the last five; in these five also the statements that took too long, and the connection errors
-- of the worst minute.
create or replace function rolecall_internal.guard_figures(p_flag text, p_since timestamptz)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := rolecall_internal.minute_of(now());
  v_operations text[] := rolecall_internal.operations_of_flag(p_flag);
  v_windows jsonb;
  v_timeouts numeric;
  v_connection_errors numeric;
begin
  with counted as (
    select metric.slot, metric.code, metric.requests
    from rolecall.request_metrics as metric
    where metric.minutes = 1
      and metric.slot >= greatest(v_now - interval '5 minutes', rolecall_internal.minute_of(p_since))
      and metric.function = any (v_operations)
    union all
    select baseline.minute, baseline.code, -baseline.requests
    from rolecall.rollout_baselines as baseline
    where baseline.flag = p_flag
      and baseline.minute >= v_now - interval '5 minutes'
  ),
  by_minute as (
    select
      slot,
      sum(requests) filter (where code = 'ok') as ok,
      sum(requests) filter (where code = 'ok' or rolecall_internal.is_failure(code)) as attempts,
      sum(requests) filter (where code = 'timeout') as timeouts,
      sum(requests) filter (where code = 'database_unavailable') as connection_errors
    from counted
    group by slot
  )
  select
    (
      select jsonb_object_agg(
        span.name,
        (
          select jsonb_build_object(
            'attempts', coalesce(sum(attempts), 0),
            'success', round(coalesce(sum(ok), 0) / nullif(sum(attempts), 0), 4)
          )
          from by_minute
          where slot between span.first and span.last
        )
      )
      from (
        values
          ('this_minute', v_now, v_now),
          ('last_minute', v_now - interval '1 minute', v_now - interval '1 minute'),
          ('five_minutes', v_now - interval '5 minutes', v_now)
      ) as span (name, first, last)
    ),
    coalesce(sum(timeouts), 0),
    coalesce(max(connection_errors), 0)
  into v_windows, v_timeouts, v_connection_errors
  from by_minute;
  return v_windows || jsonb_build_object('timeouts', v_timeouts, 'connection_errors', v_connection_errors);
end
$$;
