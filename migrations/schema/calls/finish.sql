-- The upper end of a bucket, in milliseconds.
create or replace function rolecall_internal.bucket_end_ms(p_bucket int)
returns double precision
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return 0.1 * power(2.0::double precision, p_bucket / 2.0);
end
$$;

-- Counts refusals of a user and returns how many there have been in this minute. Only the user's own refusals wait for
-- each other's commit; those of nobody are spread over the connections.
create or replace function rolecall_internal.count_refusal(p_user uuid, p_event text)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusals bigint;
begin
  insert into rolecall.refusal_counts as counted (user_id, minute, event, stripe, refusals, logged)
  values (
    coalesce(p_user, '00000000-0000-0000-0000-000000000000'),
    date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
    p_event,
    case when p_user is null then pg_backend_pid() % 8 else 0 end,
    1,
    1
  )
  on conflict (user_id, minute, event, stripe, day_slot) do update
  set
    refusals = counted.refusals + 1,
    logged = least(counted.refusals + 1, rolecall_internal.limit_logged_refusals())
  returning refusals
  into v_refusals;
  return v_refusals;
end
$$;

-- Ends a request: writes the audit row of a refusal, unless the user had many in this minute, counts the request, and adds
-- the caller's organisation to the answer, for the function's log line. finish_many is its twin for an array.
create or replace function rolecall_internal.finish(
  p_operation text,
  p_request jsonb,
  p_user uuid,
  p_answer jsonb,
  p_service text default 'database',
  p_event text default 'refused'
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  -- From the statement's arrival on, so that waiting for a lock counts; the commit comes after it.
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_code text := coalesce(p_answer ->> 'code', 'ok');
  v_org_id uuid := p_answer ->> 'org_id';
begin
  if not p_answer ? 'org_id' then
    select organization_id
    into v_org_id
    from rolecall.profiles
    where id = p_user;
    if v_org_id is not null then
      p_answer := p_answer || jsonb_build_object('org_id', v_org_id);
    end if;
  end if;

  if v_code <> 'ok' and rolecall_internal.count_refusal(p_user, p_event) <= rolecall_internal.limit_logged_refusals() then
    insert into rolecall.application_logs (
      level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
    )
    values (
      'warn',
      p_service,
      p_operation,
      p_event,
      p_request ->> 'request_id',
      p_user,
      rolecall_internal.uuid_or_null(p_answer #>> '{data,conversation_id}'),
      v_org_id,
      round(v_ms::numeric, 3),
      v_code,
      jsonb_strip_nulls(
        jsonb_build_object(
          'detail', p_answer -> 'detail',
          'reasons', p_answer -> 'reasons',
          'field', p_answer -> 'field'
        )
      )
    );
  end if;

  insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
  values (
    date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
    p_operation,
    v_code,
    coalesce(v_org_id, '00000000-0000-0000-0000-000000000000'),
    -- Two buckets for each doubling above 0.1 ms; the last one ends at 105 s.
    least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
    pg_backend_pid() % 32,
    1
  )
  on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
  set requests = metric.requests + 1;
  return p_answer;
end
$$;

-- Counts the refusals of an array, and logs them as finish does: of each user as many as the minute has room for.
create or replace function rolecall_internal.log_refusals(
  p_operation text,
  p_requests jsonb,
  p_users uuid[],
  p_answers jsonb[],
  p_ms double precision
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with refused as (
    select
      request.number,
      request.user_id,
      request.answer,
      coalesce(request.user_id, '00000000-0000-0000-0000-000000000000') as counted_as,
      row_number() over (partition by request.user_id order by request.number) as place,
      count(*) over (partition by request.user_id) as refusals
    from unnest(p_users, p_answers) with ordinality as request (user_id, answer, number)
    where request.answer ? 'code'
  ),
  counted as (
    insert into rolecall.refusal_counts as counted (user_id, minute, event, stripe, refusals, logged)
    select
      counted_as,
      date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
      'refused',
      case when user_id is null then pg_backend_pid() % 8 else 0 end,
      refusals,
      least(refusals, rolecall_internal.limit_logged_refusals())
    from refused
    where place = 1
    order by counted_as
    on conflict (user_id, minute, event, stripe, day_slot) do update
    set
      refusals = counted.refusals + excluded.refusals,
      logged = least(counted.refusals + excluded.refusals, rolecall_internal.limit_logged_refusals())
    returning user_id, refusals
  )
  insert into rolecall.application_logs (
    level, service, method, event, request_id, user_id, conversation_id, org_id, duration_ms, code, details
  )
  select
    'warn',
    'database',
    p_operation,
    'refused',
    p_requests -> (refused.number::int - 1) ->> 'request_id',
    refused.user_id,
    rolecall_internal.uuid_or_null(refused.answer #>> '{data,conversation_id}'),
    case
      when refused.answer ? 'org_id' then (refused.answer ->> 'org_id')::uuid
      else profile.organization_id
    end,
    round(p_ms::numeric, 3),
    refused.answer ->> 'code',
    jsonb_strip_nulls(
      jsonb_build_object(
        'detail', refused.answer -> 'detail',
        'reasons', refused.answer -> 'reasons',
        'field', refused.answer -> 'field'
      )
    )
  from refused
  join counted
    on counted.user_id = refused.counted_as
  left join rolecall.profiles as profile
    on profile.id = refused.user_id
    and not refused.answer ? 'org_id'
  where counted.refusals - refused.refusals + refused.place <= rolecall_internal.limit_logged_refusals()
  order by refused.number;
end
$$;

-- rolecall_internal.finish for an array; a request whose answer is null is deferred and neither logged nor counted.
create or replace function rolecall_internal.finish_many(
  p_operation text,
  p_requests jsonb,
  p_users uuid[],
  p_answers jsonb[]
)
returns jsonb[]
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_ms double precision := 1000 * extract(epoch from clock_timestamp() - statement_timestamp());
  v_answers jsonb[];
begin
  if exists (select from unnest(p_answers) as answer where answer ? 'code') then
    perform rolecall_internal.log_refusals(p_operation, p_requests, p_users, p_answers, v_ms);
  end if;

  with finished as (
    select
      request.number,
      request.user_id,
      coalesce(request.answer ->> 'code', 'ok') as code,
      case
        when request.answer ? 'org_id' then (request.answer ->> 'org_id')::uuid
        else profile.organization_id
      end as org_id,
      case
        when not request.answer ? 'org_id' and profile.organization_id is not null then
          request.answer || jsonb_build_object('org_id', profile.organization_id)
        else request.answer
      end as answer
    from unnest(p_users, p_answers) with ordinality as request (user_id, answer, number)
    left join rolecall.profiles as profile
      on profile.id = request.user_id
      and not request.answer ? 'org_id'
  ),
  counted as (
    insert into rolecall.request_metrics as metric (slot, function, code, org_id, bucket, stripe, requests)
    select
      date_bin('1 minute', now(), '2000-01-01 00:00:00+00'),
      p_operation,
      code,
      coalesce(org_id, '00000000-0000-0000-0000-000000000000'),
      least(ceil(2 * ln(greatest(v_ms * 10, 1)) / ln(2.0::double precision)), 40),
      pg_backend_pid() % 32,
      count(*)
    from finished
    where answer is not null
    group by code, coalesce(org_id, '00000000-0000-0000-0000-000000000000')
    order by 4, 3
    on conflict (org_id, slot, function, code, bucket, stripe, minutes, day_slot) do update
    set requests = metric.requests + excluded.requests
  )
  select array_agg(answer order by number)
  into v_answers
  from finished;
  return v_answers;
end
$$;
