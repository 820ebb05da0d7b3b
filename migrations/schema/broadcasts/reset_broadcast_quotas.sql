-- The nightly run: quotas need nothing, since a quota row fills itself up when its sender next needs it; what is over is
-- dropped or deleted. One call does one step, which is short and is kept whatever becomes of the next; "more" says that the
-- run of this quota day has more to do. Many callers at once take turns.

-- What the run goes through, a table each.
create or replace function rolecall_internal.nightly_tables()
returns text[]
language sql
immutable
return array[
  'application_logs', 'refusal_counts', 'request_metrics', 'idempotency_records', 'rate_buckets', 'broadcast_quotas', 'sms_outbox',
  'routing_decisions', 'anti_poaching_attempts', 'messages'
];

-- One step of the run p_run: of one table, which is any that is not done, so that one where something is broken does not
-- hold up the others for ever.
create or replace function rolecall_internal.take_nightly_step(p_run rolecall.quota_runs)
returns rolecall.quota_runs
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_table text;
  v_slots record;
  v_swept record;
  v_erased record;
begin
  select name
  into v_table
  from unnest(rolecall_internal.nightly_tables()) as name
  where name <> all (p_run.done)
  order by random()
  limit 1;

  if v_table in ('rate_buckets', 'broadcast_quotas', 'sms_outbox', 'routing_decisions', 'anti_poaching_attempts') then
    select *
    into v_swept
    from rolecall_internal.sweep(
      format('rolecall.%I', v_table)::regclass,
      case v_table
        -- A bucket is full when nothing was taken from it for its window, which may be longer than a day.
        when 'rate_buckets' then
          $condition$ swept.refilled_at <= now() - interval '1 day'
            and swept.refilled_at <= now() - swept.window_seconds * interval '1 second'
            and swept.refilled_at <= now() - coalesce(
              (
                select max(rate.window_seconds) * interval '1 second'
                from rolecall.rate_limits as rate
                where rate.action = swept.action
              ),
              interval '0'
            ) $condition$
        -- The message keeps how it ended. An uncertain text that no owner has settled in this time stays uncertain.
        when 'sms_outbox' then
          $condition$ swept.status not in ('queued', 'leased') and swept.updated_at < now() - interval '30 days' $condition$
        when 'routing_decisions' then
          $condition$ swept.at < now() - interval '90 days' $condition$
        when 'anti_poaching_attempts' then
          $condition$ swept.at < now() - interval '90 days' $condition$
        -- A row of an earlier day counts as full, and so does none.
        when 'broadcast_quotas' then
          $condition$ swept.period < rolecall_internal.quota_day(now())
            and (select show.ends_at from rolecall.shows as show where show.id = swept.show_id) < now() $condition$
      end,
      coalesce((p_run.positions ->> v_table)::bigint, 0)
    );
    p_run.deleted := p_run.deleted
      || jsonb_build_object(v_table, coalesce((p_run.deleted ->> v_table)::bigint, 0) + v_swept.deleted);
    if v_swept.next_page is null then
      p_run.done := p_run.done || v_table;
    end if;
    p_run.positions := p_run.positions || jsonb_build_object(v_table, v_swept.next_page);
  elsif v_table = 'messages' then
    select *
    into v_erased
    from rolecall_internal.erase_old_messages((p_run.positions ->> v_table)::uuid);
    p_run.deleted := p_run.deleted
      || jsonb_build_object(v_table, coalesce((p_run.deleted ->> v_table)::bigint, 0) + v_erased.erased);
    if v_erased.next_after is null then
      p_run.done := p_run.done || v_table;
    end if;
    p_run.positions := p_run.positions || jsonb_build_object(v_table, v_erased.next_after);
  elsif v_table = 'request_metrics' and rolecall_internal.merge_metrics() then
    -- What is truncated before it is part of the totals would be missing in the counters; the next step goes on.
    return p_run;
  else
    select *
    into v_slots
    from rolecall_internal.empty_day_slots(
      v_table,
      case v_table when 'application_logs' then 40 when 'idempotency_records' then 4 else 12 end,
      case v_table when 'application_logs' then 30 when 'idempotency_records' then 1 else 7 end
    );
    p_run.dropped := p_run.dropped
      || jsonb_build_object(v_table, coalesce((p_run.dropped ->> v_table)::int, 0) + v_slots.dropped);
    p_run.left_over := p_run.left_over || jsonb_build_object(v_table, v_slots.left_over);
    p_run.positions := p_run.positions
      || jsonb_build_object(v_table, coalesce((p_run.positions ->> v_table)::int, 0) + 1);
    -- Autovacuum leaves a slot after a second of our trying; a backup that reads it keeps it for another day.
    if v_slots.left_over = 0 or (p_run.positions ->> v_table)::int >= 20 then
      p_run.done := p_run.done || v_table;
    end if;
  end if;
  return p_run;
end
$$;

create or replace function rolecall_internal.reset_broadcast_quotas(p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
-- A step is over sooner, but not those of everybody who may be waiting.
set lock_timeout = '2s'
as $$
declare
  v_period date := rolecall_internal.quota_day(now());
  v_run rolecall.quota_runs;
  v_already_done boolean := false;
begin
  -- An operator is no user in or out of a percentage: only a flag that is off excludes them.
  if not (
    rolecall_internal.flag_decision(
      'reset-broadcast-quotas', p_rollouts, '00000000-0000-0000-0000-000000000000', null, true
    )
  ).enabled
  then
    return rolecall_internal.refuse_disabled();
  end if;

  begin
    insert into rolecall.quota_runs (period)
    values (v_period)
    on conflict (period) do nothing;
    select *
    into v_run
    from rolecall.quota_runs
    where period = v_period
    for no key update;
    v_already_done := v_run.finished_at is not null;
    if not v_already_done then
      if not v_run.done @> rolecall_internal.nightly_tables() then
        v_run := rolecall_internal.take_nightly_step(v_run);
      end if;
      -- And then the deletions of accounts, with which their users have not gone on.
      if v_run.done @> rolecall_internal.nightly_tables() and not rolecall_internal.continue_account_deletion() then
        v_run.finished_at := clock_timestamp();
      end if;
      update rolecall.quota_runs
      set
        finished_at = v_run.finished_at,
        done = v_run.done,
        dropped = v_run.dropped,
        deleted = v_run.deleted,
        left_over = v_run.left_over,
        positions = v_run.positions
      where period = v_period;
    end if;
  exception
    -- Others are at it.
    when lock_not_available then
      select *
      into v_run
      from rolecall.quota_runs
      where period = v_period;
  end;

  return rolecall_internal.success(
    jsonb_build_object(
      'period', v_period,
      'dropped', coalesce(v_run.dropped, '{}'),
      'deleted', coalesce(v_run.deleted, '{}'),
      'left', coalesce(v_run.left_over, '{}'),
      'more', v_run.finished_at is null,
      'already_done', v_already_done
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
    v_call.answer := rolecall_internal.reset_broadcast_quotas(v_call.rollouts);
    -- Null where it was refused.
    if (v_call.answer #> '{data,more}')::boolean then
      -- The next step has the same key.
      perform rolecall_internal.free_key(v_call.key_owner, v_call.key);
      v_call.key := null;
    elsif not (v_call.answer #> '{data,already_done}')::boolean then
      perform rolecall_internal.log_event(v_call, 'quota_reset', v_call.answer -> 'data');
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
