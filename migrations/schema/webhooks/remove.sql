-- Removes a webhook: {webhook_id} -> {webhook_id}. It gets nothing more but what is in flight; what waits for it goes in
-- steps (tidy_webhooks).
create or replace function rolecall_internal.remove_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
begin
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  perform rolecall_internal.log_webhook(p_call, 'webhook_removed', v_webhook.id);
  delete from rolecall.webhooks
  where id = v_webhook.id;
  perform rolecall_internal.want_events();
  return rolecall_internal.success(jsonb_build_object('webhook_id', v_webhook.id));
end
$$;

create or replace function rolecall_edge.remove_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.remove', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.remove_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
