-- Brings back what was given up: {webhook_id, since?} -> {redelivered, more}. since bounds it by when it happened. Each is
-- tried at once and has all of its attempts again, under the same message id. As many as one statement does in a second or
-- two; what is left (more) is brought back by the next call. Of what happens meanwhile less finds room.
create or replace function rolecall_internal.redeliver_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_step constant int := 10000;
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
  v_since timestamptz := rolecall_internal.moment_or_null(p_call.input ->> 'since');
  v_brought bigint;
  v_more boolean;
begin
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  if v_since is null and p_call.input ->> 'since' is not null then
    return rolecall_internal.refuse_field('since', 'malformed_timestamp', 'Expected a moment as RFC 3339 writes it.');
  end if;
  with dead as (
    select id
    from rolecall.webhook_deliveries
    where webhook_id = v_webhook.id
      and state = 'dead'
      and (v_since is null or made_at >= v_since)
    order by due_at, id
    limit v_step
  )
  update rolecall.webhook_deliveries as delivery
  set
    state = 'pending',
    attempts_before = delivery.attempts,
    due_at = clock_timestamp()
  from dead
  where delivery.id = dead.id;
  get diagnostics v_brought = row_count;
  v_more := exists (
    select
    from rolecall.webhook_deliveries
    where webhook_id = v_webhook.id
      and state = 'dead'
      and (v_since is null or made_at >= v_since)
  );
  update rolecall.webhook_queues
  set room = room - v_brought
  where webhook_id = v_webhook.id
    and v_brought > 0;
  perform rolecall_internal.log_webhook(
    p_call, 'webhook_redelivered', v_webhook.id, jsonb_build_object('redelivered', v_brought)
  );
  return rolecall_internal.success(jsonb_build_object('redelivered', v_brought, 'more', v_more));
end
$$;

create or replace function rolecall_edge.redeliver_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.redeliver', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.redeliver_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
