-- How many tokens are in a bucket at p_at that had p_tokens at p_refilled_at. A clock that was set back takes none.
-- Parsed here and now, and written into the statements that call it, as rolecall_internal.iso is.
create or replace function rolecall_internal.refilled(
  p_tokens double precision,
  p_refilled_at timestamptz,
  p_at timestamptz,
  p_capacity int,
  p_window_seconds int
)
returns double precision
language sql
immutable
return least(
  p_capacity,
  p_tokens + greatest(0, date_part('epoch', p_at - p_refilled_at)) * p_capacity / p_window_seconds
);

-- One entry of an answer's limits, from which the RateLimit header fields are written. Its member "taken" says whether
-- there was a token; without one, "retry_after_seconds" says how long until there is.
create or replace function rolecall_internal.rate_limit_entry(
  p_action text,
  p_capacity int,
  p_window_seconds int,
  p_tokens double precision,
  p_taken boolean
)
returns jsonb
language sql
stable
return jsonb_build_object(
  'policy', p_action,
  'quota', p_capacity,
  'remaining', floor(p_tokens),
  'window_seconds', p_window_seconds,
  -- Until the bucket is full; one of no capacity never is.
  'reset_seconds', case
    when p_capacity = 0 then p_window_seconds
    else ceil((p_capacity - p_tokens) * p_window_seconds / p_capacity)
  end,
  'taken', p_taken
) || case
  when p_taken then '{}'
  else jsonb_build_object(
    'retry_after_seconds',
    case
      when p_capacity = 0 then p_window_seconds
      else greatest(1, ceil((1 - p_tokens) * p_window_seconds / p_capacity))
    end
  )
end;

-- Takes a token for p_action from the bucket of p_user, and returns the limit as rate_limit_entry has it; null when
-- nothing limits the user. One statement makes the bucket, refills it for the time that has passed and takes from it, so
-- that of many at once exactly as many succeed as there are tokens. take_tokens is its twin for an array.
create or replace function rolecall_internal.take_token(p_user uuid, p_action text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_capacity int;
  v_window_seconds int;
  v_tokens double precision;
begin
  insert into rolecall.rate_buckets as bucket (user_id, action, tokens, refilled_at, capacity, window_seconds)
  select p_user, p_action, rate.capacity - 1, clock_timestamp(), rate.capacity, rate.window_seconds
  from rolecall.profiles as profile
  join rolecall.rate_limits as rate
    on rate.role = profile.role
    and rate.action = p_action
    and rate.capacity > 0
  where profile.id = p_user
  on conflict (user_id, action) do update
  set
    tokens = rolecall_internal.refilled(
      bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
    ) - 1,
    refilled_at = greatest(bucket.refilled_at, excluded.refilled_at),
    capacity = excluded.capacity,
    window_seconds = excluded.window_seconds
  where rolecall_internal.refilled(
    bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
  ) >= 1
  returning tokens, capacity, window_seconds
  into v_tokens, v_capacity, v_window_seconds;
  if found then
    return rolecall_internal.rate_limit_entry(p_action, v_capacity, v_window_seconds, v_tokens, true);
  end if;
  -- Nothing limits the user, or nothing was left when the statement looked, whatever has come since.
  return rolecall_internal.peek_token(p_user, p_action, 0.999);
end
$$;

-- Looks at the bucket without taking: "taken" says whether there is a token to take. p_ceiling bounds the tokens for a
-- caller that has just found none, since the clock goes on.
create or replace function rolecall_internal.peek_token(
  p_user uuid,
  p_action text,
  p_ceiling double precision default null
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_capacity int;
  v_window_seconds int;
  v_tokens double precision;
begin
  select
    rate.capacity,
    rate.window_seconds,
    least(
      coalesce(
        rolecall_internal.refilled(
          bucket.tokens, bucket.refilled_at, clock_timestamp(), rate.capacity, rate.window_seconds
        ),
        rate.capacity
      ),
      p_ceiling
    )
  into v_capacity, v_window_seconds, v_tokens
  from rolecall.profiles as profile
  join rolecall.rate_limits as rate
    on rate.role = profile.role
    and rate.action = p_action
  left join rolecall.rate_buckets as bucket
    on bucket.user_id = profile.id
    and bucket.action = p_action
  where profile.id = p_user;
  if v_capacity is null then
    return null;
  end if;
  return rolecall_internal.rate_limit_entry(p_action, v_capacity, v_window_seconds, v_tokens, v_tokens >= 1);
end
$$;

-- The refusal when a rate limit has no token left.
create or replace function rolecall_internal.refuse_rate(p_limit jsonb)
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'rate_limited',
    format(
      'You have done this too often; the limit is %s per %s seconds.',
      p_limit ->> 'quota',
      p_limit ->> 'window_seconds'
    ),
    'rate_limit',
    'Some time has passed.',
    jsonb_build_object('retry_after_seconds', p_limit -> 'retry_after_seconds')
  ) || jsonb_build_object('limits', jsonb_build_array(p_limit - array['taken', 'retry_after_seconds']));
end
$$;

-- Adds an entry to the limits of an answer; no limit adds nothing.
create or replace function rolecall_internal.with_limit(p_answer jsonb, p_limit jsonb)
returns jsonb
language sql
stable
return case
  when p_limit is null then p_answer
  else p_answer || jsonb_build_object(
    'limits',
    coalesce(p_answer -> 'limits', '[]') || jsonb_build_array(p_limit - array['taken', 'retry_after_seconds'])
  )
end;

-- rolecall_internal.take_token for an array: one token for each element of p_users that is not null. When a user's
-- tokens do not suffice for all of theirs, the first ones get them. Limits in the order of p_users.
create or replace function rolecall_internal.take_tokens(p_users uuid[], p_action text)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limits jsonb[];
begin
  with asked as (
    select
      request.number,
      request.user_id,
      row_number() over (partition by request.user_id order by request.number) as place
    from unnest(p_users) with ordinality as request (user_id, number)
  ),
  taken as (
    insert into rolecall.rate_buckets as bucket (
      user_id, action, tokens, refilled_at, capacity, window_seconds, taken
    )
    select
      wanted.user_id,
      p_action,
      rate.capacity - least(wanted.tokens, rate.capacity),
      clock_timestamp(),
      rate.capacity,
      rate.window_seconds,
      least(wanted.tokens, rate.capacity)
    from (
      select user_id, max(place) as tokens
      from asked
      where user_id is not null
      group by user_id
    ) as wanted
    join rolecall.profiles as profile
      on profile.id = wanted.user_id
    join rolecall.rate_limits as rate
      on rate.role = profile.role
      and rate.action = p_action
      and rate.capacity > 0
    order by wanted.user_id
    on conflict (user_id, action) do update
    set
      tokens = rolecall_internal.refilled(
        bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
      ) - least(
        excluded.taken,
        floor(
          rolecall_internal.refilled(
            bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
          )
        )
      ),
      refilled_at = greatest(bucket.refilled_at, excluded.refilled_at),
      capacity = excluded.capacity,
      window_seconds = excluded.window_seconds,
      taken = least(
        excluded.taken,
        floor(
          rolecall_internal.refilled(
            bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
          )
        )
      )
    where rolecall_internal.refilled(
      bucket.tokens, bucket.refilled_at, excluded.refilled_at, excluded.capacity, excluded.window_seconds
    ) >= 1
    returning user_id, tokens, capacity, window_seconds, taken
  )
  select array_agg(
    case
      when asked.user_id is null then null
      when taken.user_id is null then rolecall_internal.peek_token(asked.user_id, p_action, 0.999)
      when asked.place <= taken.taken then
        rolecall_internal.rate_limit_entry(
          p_action, taken.capacity, taken.window_seconds, taken.tokens + (taken.taken - asked.place), true
        )
      else
        -- The clock has gone on, but to whoever was too late there was no token.
        rolecall_internal.rate_limit_entry(
          p_action, taken.capacity, taken.window_seconds, least(taken.tokens, 0.999), false
        )
    end
    order by asked.number
  )
  into v_limits
  from asked
  left join taken
    on taken.user_id = asked.user_id;
  return v_limits;
end
$$;
