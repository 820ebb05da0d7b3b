-- The quota day of a moment: it begins at 02:00 UTC.
create or replace function rolecall_internal.quota_day(p_at timestamptz)
returns date
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return ((p_at at time zone 'utc') - interval '2 hours')::date;
end
$$;

-- When a quota day ends.
create or replace function rolecall_internal.quota_day_end(p_day date)
returns timestamptz
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (p_day + 1 + time '02:00') at time zone 'utc';
end
$$;

-- Takes one broadcast of p_phase from the quota of a sender for a show, and returns what is left of both phases; no
-- row when nothing was left. One statement does all of it: it makes the row, fills it up when it is of an earlier
-- day, and takes from it, so that of many at once exactly as many succeed as there are left.
create or replace function rolecall_internal.take_quota(
  p_sender uuid,
  p_show uuid,
  p_phase text,
  p_pre_show_limit int,
  p_post_show_limit int
)
returns setof rolecall.broadcast_quotas
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_pre_show_cost int := (p_phase = 'pre_show')::int;
  v_post_show_cost int := (p_phase = 'post_show')::int;
begin
  return query
  insert into rolecall.broadcast_quotas as quota (
    sender_id, show_id, period, pre_show_remaining, post_show_remaining
  )
  select
    p_sender,
    p_show,
    rolecall_internal.quota_day(now()),
    p_pre_show_limit - v_pre_show_cost,
    p_post_show_limit - v_post_show_cost
  -- A limit of nothing has nothing to take from, not even on a new day.
  where case p_phase when 'pre_show' then p_pre_show_limit else p_post_show_limit end is distinct from 0
  on conflict (sender_id, show_id) do update
  set
    period = greatest(quota.period, excluded.period),
    -- The limit may have been none when the row was written, or be none now.
    pre_show_remaining = case
      when quota.period < excluded.period or quota.pre_show_remaining is null or p_pre_show_limit is null
        then excluded.pre_show_remaining
      else quota.pre_show_remaining - v_pre_show_cost
    end,
    post_show_remaining = case
      when quota.period < excluded.period or quota.post_show_remaining is null or p_post_show_limit is null
        then excluded.post_show_remaining
      else quota.post_show_remaining - v_post_show_cost
    end,
    updated_at = now()
  where quota.period < excluded.period
    or case p_phase
      when 'pre_show' then p_pre_show_limit is null or quota.pre_show_remaining is distinct from 0
      else p_post_show_limit is null or quota.post_show_remaining is distinct from 0
    end
  returning quota.*;
end
$$;

-- What take_quota would take from: how many broadcasts of each phase a sender has left for a show. Null is no limit.
create or replace function rolecall_internal.peek_quota(
  p_sender uuid,
  p_show uuid,
  p_pre_show_limit int,
  p_post_show_limit int
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_quota rolecall.broadcast_quotas;
begin
  select *
  into v_quota
  from rolecall.broadcast_quotas
  where sender_id = p_sender
    and show_id = p_show
    and period >= rolecall_internal.quota_day(now());
  return jsonb_build_object(
    'pre_show', case
      when p_pre_show_limit > 0 then coalesce(v_quota.pre_show_remaining, p_pre_show_limit)
      else p_pre_show_limit
    end,
    'post_show', case
      when p_post_show_limit > 0 then coalesce(v_quota.post_show_remaining, p_post_show_limit)
      else p_post_show_limit
    end
  );
end
$$;

-- The refusal of a broadcast for which no quota is left.
create or replace function rolecall_internal.refuse_quota(
  p_phase text,
  p_limit int,
  p_remaining jsonb
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_reset_at timestamptz := rolecall_internal.quota_day_end(rolecall_internal.quota_day(now()));
  v_reset_seconds bigint := greatest(1, ceil(extract(epoch from v_reset_at - now())));
begin
  return rolecall_internal.refusal(
    'quota_exceeded',
    format(
      'You have no broadcasts left %s this show until %s; the limit is %s per quota day.',
      case p_phase when 'pre_show' then 'before the start of' else 'after the start of' end,
      rolecall_internal.iso(v_reset_at),
      p_limit
    ),
    'broadcast_quota_spent',
    'The quota day has ended.',
    jsonb_build_object(
      'phase', p_phase,
      'reset_at', rolecall_internal.iso(v_reset_at),
      'retry_after_seconds', v_reset_seconds,
      'quota_remaining', p_remaining
    )
  ) || jsonb_build_object(
    'limits', jsonb_build_array(rolecall_internal.broadcast_limit(p_phase, p_limit, 0, v_reset_seconds))
  );
end
$$;

-- One entry of an answer's limits, from which the RateLimit header fields are written.
create or replace function rolecall_internal.broadcast_limit(
  p_phase text,
  p_quota int,
  p_remaining int,
  p_reset_seconds bigint
)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'policy', p_phase,
    'quota', p_quota,
    'remaining', p_remaining,
    'window_seconds', 86400,
    'reset_seconds', p_reset_seconds
  );
end
$$;
