-- Sends a webhook an event that says nothing: {webhook_id} -> {delivery_id}. It takes the way of all events, before what
-- waits, and at once even while the webhook fails.
create or replace function rolecall_internal.test_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
  v_delivery bigint;
begin
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  if not v_webhook.is_enabled then
    return rolecall_internal.refusal(
      'invalid_input',
      'The webhook is disabled, so that nothing is sent to it.',
      'webhook_disabled',
      'The webhook is enabled.'
    );
  end if;
  update rolecall.webhooks
  set paused_until = null
  where id = v_webhook.id
    and paused_until is not null;
  insert into rolecall.webhook_deliveries (webhook_id, made_at, type, due_at)
  values (v_webhook.id, clock_timestamp(), 'webhook.test', now() - interval '6 days')
  returning id
  into v_delivery;
  perform rolecall_internal.log_webhook(p_call, 'webhook_tested', v_webhook.id);
  return rolecall_internal.success(jsonb_build_object('delivery_id', v_delivery::text));
end
$$;

create or replace function rolecall_edge.test_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.test', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.test_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
