-- What became of deliveries that were taken: {results: [{id, attempt, outcome, status, error, retry_after_s}]} -> {settled}.
-- An answer for another attempt than the current one changes nothing.

-- After how many seconds a delivery is tried again: after its first failure, its second and so on; then it is dead.
create or replace function rolecall_internal.webhook_schedule()
returns int[]
language sql
immutable
return array[5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400];

-- How long a webhook waits for its next probe, by how many have failed.
create or replace function rolecall_internal.probe_pause(p_failures int)
returns interval
language sql
immutable
return least(power(2, least(p_failures, 20) - 1), 300) * interval '1 second';

-- How long a receiver may ask to be left alone.
create or replace function rolecall_internal.asked_pause(p_seconds bigint)
returns interval
language sql
immutable
return least(coalesce(p_seconds, 0), 3600) * interval '1 second';

-- The answers of a request that are for a current attempt, each delivery once; their webhooks are held in order.
create or replace function rolecall_internal.current_answers(p_results jsonb)
returns table (id bigint, webhook_id uuid, outcome text, status smallint, error text, retry_after bigint)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform
  from rolecall.webhooks as webhook
  where webhook.id in (
    select delivery.webhook_id
    from jsonb_array_elements(p_results) as result
    join rolecall.webhook_deliveries as delivery
      on delivery.id = case when result ->> 'id' ~ '^[0-9]{1,18}$' then (result ->> 'id')::bigint end
  )
  order by webhook.id
  for no key update;

  return query
  with result as (
    select distinct on (1)
      case when given ->> 'id' ~ '^[0-9]{1,18}$' then (given ->> 'id')::bigint end as id,
      rolecall_internal.whole_number(given -> 'attempt') as attempt,
      given ->> 'outcome' as outcome,
      case
        when rolecall_internal.whole_number(given -> 'status') between 100 and 999 then (given ->> 'status')::numeric::smallint
      end as status,
      left(given ->> 'error', 200) as error,
      rolecall_internal.whole_number(given -> 'retry_after_s') as retry_after
    from jsonb_array_elements(p_results) as given
    where given ->> 'outcome' in ('delivered', 'failed', 'gone')
    order by 1
  )
  select delivery.id, delivery.webhook_id, result.outcome, result.status, result.error, result.retry_after
  from result
  join rolecall.webhook_deliveries as delivery
    on delivery.id = result.id
    and delivery.attempts = result.attempt
  where delivery.is_taken
    and delivery.state = 'pending'
  order by delivery.id
  for update of delivery;
end
$$;

-- What the answers say of the webhooks: one that delivers is well; one that only fails is tried by one probe at a time, less
-- and less often, and disabled after five days; one that says that it is gone is disabled at once.
create or replace function rolecall_internal.note_health(
  p_webhook uuid,
  p_delivered boolean,
  p_gone boolean,
  p_retry_after bigint
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  if p_delivered then
    update rolecall.webhooks
    set
      last_delivered_at = v_now,
      failing_since = null,
      failures = 0,
      paused_until = null
    where id = p_webhook
      and (failing_since is not null or last_delivered_at > v_now - interval '1 second' is not true);
  else
    update rolecall.webhooks
    set
      failing_since = coalesce(failing_since, v_now),
      -- What was in flight when the first one failed says nothing new.
      failures = failures + (paused_until <= v_now is not false)::int,
      paused_until = greatest(
        paused_until,
        case
          when paused_until <= v_now is not false then v_now + rolecall_internal.probe_pause(failures + 1)
        end,
        v_now + rolecall_internal.asked_pause(p_retry_after)
      )
    where id = p_webhook;
  end if;
  update rolecall.webhooks
  set
    is_enabled = false,
    changed_at = v_now,
    disabled_reason = case
      when p_gone then 'The receiver answered 410: it is gone.'
      else 'Everything failed for five days.'
    end
  where id = p_webhook
    and is_enabled
    and (p_gone or failing_since < v_now - interval '5 days');
end
$$;

create or replace function rolecall_internal.settle_deliveries(p_results jsonb)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_ids bigint[];
  v_webhooks uuid[];
  v_outcomes text[];
  v_statuses smallint[];
  v_errors text[];
  v_retries bigint[];
begin
  select
    array_agg(id), array_agg(webhook_id), array_agg(outcome), array_agg(status), array_agg(error), array_agg(retry_after)
  into v_ids, v_webhooks, v_outcomes, v_statuses, v_errors, v_retries
  from rolecall_internal.current_answers(p_results);
  if v_ids is null then
    return 0;
  end if;

  delete from rolecall.webhook_deliveries as delivery
  using unnest(v_ids, v_outcomes) as answer (id, outcome)
  where delivery.id = answer.id
    and case answer.outcome
      when 'delivered' then delivery.taken_to is null
      -- Worth nothing later.
      else delivery.type in ('typing', 'presence')
    end;
  update rolecall.webhook_deliveries as delivery
  set
    reached = delivery.taken_to,
    taken_to = null,
    is_taken = false,
    attempts_before = delivery.attempts,
    due_at = v_now,
    last_status = null,
    last_error = null
  from unnest(v_ids, v_outcomes) as answer (id, outcome)
  where delivery.id = answer.id
    and answer.outcome = 'delivered';
  update rolecall.webhook_deliveries as delivery
  set
    state = case when next.seconds is null then 'dead' else 'pending' end,
    is_taken = false,
    taken_to = null,
    due_at = case
      when next.seconds is null then v_now
      else v_now + greatest(
        next.seconds * (1 + random() * 0.1) * interval '1 second',
        rolecall_internal.asked_pause(answer.retry_after)
      )
    end,
    last_status = answer.status,
    last_error = answer.error
  from unnest(v_ids, v_outcomes, v_statuses, v_errors, v_retries) as answer (id, outcome, status, error, retry_after)
  join rolecall.webhook_deliveries as own
    on own.id = answer.id
  cross join lateral (
    select case
      when answer.outcome = 'failed' then (rolecall_internal.webhook_schedule())[own.attempts - own.attempts_before]
    end as seconds
  ) as next
  where delivery.id = own.id
    and answer.outcome <> 'delivered';

  perform rolecall_internal.note_health(
    heard.webhook_id,
    heard.delivered,
    heard.gone,
    heard.retry_after
  )
  from (
    select
      answer.webhook_id,
      bool_or(answer.outcome = 'delivered') as delivered,
      bool_or(answer.outcome = 'gone') as gone,
      max(answer.retry_after) as retry_after
    from unnest(v_webhooks, v_outcomes, v_retries) as answer (webhook_id, outcome, retry_after)
    group by answer.webhook_id
  ) as heard;
  return cardinality(v_ids);
end
$$;

create or replace function rolecall_relay.webhooks_settle(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if jsonb_typeof(p_request -> 'results') is distinct from 'array' then
    return rolecall_internal.refusal('invalid_input', 'The results must be a list of what became of deliveries.');
  end if;
  return rolecall_internal.success(
    jsonb_build_object('settled', rolecall_internal.settle_deliveries(p_request -> 'results'))
  );
end
$$;
