-- Counts failures that left nothing in the database, as the functions hand them in: {batch, failures: [{operation, code,
-- age_seconds, bucket, requests}]}. Takes no claims, as they are of many callers, and whoever has the login of the
-- functions acts for anybody already. A batch that was counted is not counted again. The audit log has them as errors.
create or replace function rolecall_edge.record_failures(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_batch uuid := rolecall_internal.uuid_or_null(p_request #>> '{input,batch}');
  v_failures jsonb := p_request #> '{input,failures}';
begin
  perform rolecall_internal.refuse_long_statements();
  if v_batch is null or jsonb_typeof(v_failures) is distinct from 'array' or jsonb_array_length(v_failures) > 10000 then
    return rolecall_internal.refusal('invalid_input', 'Failures have a batch, and are a list of up to 10,000.');
  end if;

  -- Nobody sends a batch again after a day.
  delete from rolecall.failure_batches
  where at < now() - interval '1 day';

  with batch as (
    insert into rolecall.failure_batches (id)
    values (v_batch)
    on conflict (id) do nothing
    returning id
  ),
  failed as (
    select
      -- Dated at its own minute, and within the days that are kept.
      date_bin(
        '1 minute',
        now() - least(greatest(failure.age_seconds, 0), 6 * 86400) * interval '1 second',
        '2000-01-01 00:00:00+00'
      ) as slot,
      failure.operation,
      failure.code,
      least(greatest(failure.bucket, 0), 40) as bucket,
      failure.requests
    from batch
    cross join jsonb_to_recordset(v_failures)
      as failure (operation text, code text, age_seconds bigint, bucket int, requests bigint)
    where failure.operation ~ '^[a-z][a-z0-9_.-]{0,62}$'
      and rolecall_internal.is_failure(failure.code)
      and failure.requests > 0
  ),
  counted as (
    insert into rolecall.request_metrics as metric (day_slot, slot, function, code, org_id, bucket, stripe, requests)
    select
      rolecall_internal.day_slot(slot, 12),
      slot,
      operation,
      code,
      '00000000-0000-0000-0000-000000000000',
      bucket,
      pg_backend_pid() % 32,
      sum(requests)
    from failed
    group by slot, operation, code, bucket
    order by slot, operation, code, bucket
    on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
    set requests = metric.requests + excluded.requests
  )
  -- One row for many: how often it was, its details say.
  insert into rolecall.application_logs ("timestamp", level, service, method, event, code, details)
  select slot, 'error', 'database', operation, 'failed', code, jsonb_build_object('requests', sum(requests))
  from failed
  group by slot, operation, code
  order by slot, operation, code;
  return rolecall_internal.success('{}');
end
$$;
