-- Resets the quotas once for each quota day: the first call does it, the others wait and report the same. A quota row
-- fills itself up when its sender next needs it, so this only brings the figures up to date, and prunes old rows.
create or replace function rolecall_internal.reset_broadcast_quotas(p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_period date := rolecall_internal.quota_day(now());
  v_first boolean;
  v_pre_show bigint;
  v_post_show bigint;
  -- A statement of the functions may take five seconds; what is left over goes the next night.
  v_most int := 100000;
  v_idempotency_records bigint;
  v_application_logs bigint;
  v_rate_buckets bigint;
  v_request_metrics bigint;
  v_run rolecall.quota_runs;
begin
  -- An operator is no user in or out of a percentage: only a flag that is off excludes them.
  if not rolecall_internal.feature_enabled(
    'reset-broadcast-quotas', p_rollout, '00000000-0000-0000-0000-000000000000', true
  ) then
    return rolecall_internal.refuse_disabled();
  end if;
  insert into rolecall.quota_runs (period)
  values (v_period)
  on conflict (period) do nothing;
  v_first := found;

  if v_first then
    with reset as (
      update rolecall.broadcast_quotas as quota
      set
        period = v_period,
        pre_show_remaining = case when pre_limit.role is null then 0 else pre_limit.per_quota_day end,
        post_show_remaining = case when post_limit.role is null then 0 else post_limit.per_quota_day end,
        updated_at = now()
      from rolecall.profiles as sender
      left join rolecall.broadcast_limits as pre_limit
        on pre_limit.role = sender.role
        and pre_limit.phase = 'pre_show'
      left join rolecall.broadcast_limits as post_limit
        on post_limit.role = sender.role
        and post_limit.phase = 'post_show'
      where quota.period < v_period
        and sender.id = quota.sender_id
      returning quota.show_id
    )
    select
      count(*) filter (where now() < show.starts_at),
      count(*) filter (where now() >= show.starts_at)
    into v_pre_show, v_post_show
    from reset
    join rolecall.shows as show
      on show.id = reset.show_id;

    delete from rolecall.idempotency_records
    where (user_id, key) in (
      select user_id, key
      from rolecall.idempotency_records
      where created_at <= now() - interval '24 hours'
      limit v_most
    );
    get diagnostics v_idempotency_records = row_count;

    delete from rolecall.application_logs
    where id in (
      select id
      from rolecall.application_logs
      where "timestamp" <= now() - interval '30 days'
      limit v_most
    );
    get diagnostics v_application_logs = row_count;

    -- A bucket is full when nothing was taken from it for its window, which may be longer than a day.
    delete from rolecall.rate_buckets
    where (user_id, action) in (
      select bucket.user_id, bucket.action
      from rolecall.rate_buckets as bucket
      where bucket.refilled_at <= now() - interval '1 day'
        and bucket.refilled_at <= now() - (
          select coalesce(max(rate.window_seconds), 0) * interval '1 second'
          from rolecall.rate_limits as rate
          where rate.action = bucket.action
        )
      limit v_most
    );
    get diagnostics v_rate_buckets = row_count;

    delete from rolecall.request_metrics
    where ctid in (
      select ctid
      from rolecall.request_metrics
      where slot <= now() - interval '7 days'
      limit v_most
    );
    get diagnostics v_request_metrics = row_count;

    update rolecall.quota_runs
    set
      reset_pre_show = v_pre_show,
      reset_post_show = v_post_show,
      pruned = jsonb_build_object(
        'idempotency_records', v_idempotency_records,
        'application_logs', v_application_logs,
        'rate_buckets', v_rate_buckets,
        'request_metrics', v_request_metrics
      )
    where period = v_period;
  end if;

  select *
  into v_run
  from rolecall.quota_runs
  where period = v_period;
  return rolecall_internal.success(
    jsonb_build_object(
      'period', v_run.period,
      'reset', jsonb_build_object('pre_show', v_run.reset_pre_show, 'post_show', v_run.reset_post_show),
      'pruned', v_run.pruned,
      'already_done', not v_first
    )
  );
end
$$;

create or replace function rolecall_edge.reset_broadcast_quotas(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('reset-broadcast-quotas', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.reset_broadcast_quotas(v_call.rollout);
    -- Null where it was refused.
    if not (v_call.answer #> '{data,already_done}')::boolean then
      perform rolecall_internal.log_event(v_call, 'quota_reset', v_call.answer -> 'data');
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
