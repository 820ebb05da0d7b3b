-- Gives a webhook a new secret: {webhook_id} -> {webhook, secret}. The one before signs as well for a day, in which the
-- receiver changes over; one from before that ends now.
create or replace function rolecall_internal.rotate_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks;
begin
  update rolecall.webhooks
  set
    former_secret = secret,
    former_secret_until = now() + interval '24 hours',
    secret = rolecall_internal.new_webhook_secret(),
    changed_at = now()
  where id = rolecall_internal.uuid_or_null(p_call.input ->> 'webhook_id')
  returning *
  into v_webhook;
  if not found then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  perform rolecall_internal.log_webhook(p_call, 'webhook_rotated', v_webhook.id);
  return rolecall_internal.success(
    jsonb_build_object('webhook', rolecall_internal.webhook_json(v_webhook), 'secret', v_webhook.secret)
  );
end
$$;

create or replace function rolecall_edge.rotate_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.rotate', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.rotate_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
