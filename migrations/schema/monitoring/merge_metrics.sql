-- Merges the stripes of minutes that are over, and the minutes of request_metrics that are older than two hours into quarters of an hour, minute by minute for about
-- a tenth of a second, and says whether there is more to merge. The statement that takes a minute's rows away adds them to
-- request_totals: so the totals and the minutes that are left are at any moment all that was ever counted. Called each
-- minute by the alerts, and by the nightly run before it truncates a day. Callers do not wait for each other.
create or replace function rolecall_internal.merge_metrics()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_begun timestamptz := clock_timestamp();
  v_before timestamptz := date_bin('15 minutes', now() - interval '2 hours', '2000-01-01 00:00:00+00');
  v_slot timestamptz;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('rolecall.merge_metrics', 0)) then
    return true;
  end if;
  -- What is some minutes old is written to no more, so that its stripes can become one row: there is less to read.
  with gone as (
    delete from rolecall.request_metrics
    where minutes = 1
      and stripe > 0
      and slot > now() - interval '15 minutes'
      and slot < now() - interval '3 minutes'
    returning day_slot, slot, function, code, org_id, bucket, requests
  )
  insert into rolecall.request_metrics as metric
    (day_slot, slot, function, code, org_id, bucket, stripe, requests, minutes)
  select day_slot, slot, function, code, org_id, bucket, 0, sum(requests), 1
  from gone
  group by day_slot, slot, function, code, org_id, bucket
  order by org_id, slot, function, code, bucket
  on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
  set requests = metric.requests + excluded.requests;

  loop
    select slot
    into v_slot
    from rolecall.request_metrics
    where minutes = 1
      and slot < v_before
    order by slot
    limit 1;
    if v_slot is null then
      return false;
    end if;
    if clock_timestamp() > v_begun + interval '100 milliseconds' then
      return true;
    end if;
    with gone as (
      delete from rolecall.request_metrics
      where minutes = 1
        and slot = v_slot
      returning day_slot, slot, function, code, org_id, bucket, requests
    ),
    totalled as (
      insert into rolecall.request_totals as total (function, code, bucket, requests)
      select function, code, bucket, sum(requests)
      from gone
      group by function, code, bucket
      order by function, code, bucket
      on conflict (function, code, bucket) do update
      set requests = total.requests + excluded.requests
    )
    insert into rolecall.request_metrics as metric
      (day_slot, slot, function, code, org_id, bucket, stripe, requests, minutes)
    select
      day_slot,
      date_bin('15 minutes', slot, '2000-01-01 00:00:00+00'),
      function,
      code,
      org_id,
      bucket,
      0,
      sum(requests),
      15
    from gone
    group by day_slot, slot, function, code, org_id, bucket
    order by org_id, function, code, bucket
    on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
    set requests = metric.requests + excluded.requests;
  end loop;
end
$$;

-- All requests of each operation, code and bucket that were ever counted.
create or replace function rolecall_internal.request_counters()
returns table (function text, code text, bucket smallint, requests bigint)
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select counted.function, counted.code, counted.bucket, sum(counted.requests)::bigint
  from (
    select total.function, total.code, total.bucket, total.requests
    from rolecall.request_totals as total
    union all
    select metric.function, metric.code, metric.bucket, metric.requests
    from rolecall.request_metrics as metric
    where metric.minutes = 1
  ) as counted
  group by counted.function, counted.code, counted.bucket
$$;
