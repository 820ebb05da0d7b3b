-- Changes a webhook: {webhook_id, url?, types?, is_enabled?, description?} -> {webhook}. What is not given stays; no types are
-- all but typing and presence. One that is enabled, or gets another address, is tried at once, as one that never failed; what
-- waited for it while it was disabled is delivered, and of what happened then it hears nothing.
create or replace function rolecall_internal.update_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_webhook(p_call.input);
  v_webhook rolecall.webhooks := rolecall_internal.hold_webhook(p_call.input);
  v_url text := coalesce(p_call.input ->> 'url', v_webhook.url);
  v_is_enabled boolean := coalesce(p_call.input ->> 'is_enabled' = 'true', v_webhook.is_enabled);
  v_is_fresh boolean;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if v_webhook.id is null then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  v_is_fresh := v_is_enabled and (not v_webhook.is_enabled or v_url <> v_webhook.url);
  update rolecall.webhooks
  set
    url = v_url,
    types = case
      when coalesce(p_call.input -> 'types', 'null') = 'null' then types
      else rolecall_internal.types_of(p_call.input -> 'types')
    end,
    description = coalesce(p_call.input ->> 'description', description),
    is_enabled = v_is_enabled,
    enabled_at = case when v_is_enabled and not is_enabled then clock_timestamp() else enabled_at end,
    disabled_reason = case when not v_is_enabled then disabled_reason end,
    failing_since = case when not v_is_fresh then failing_since end,
    failures = case when v_is_fresh then 0 else failures end,
    paused_until = case when not v_is_fresh then paused_until end,
    changed_at = now()
  where id = v_webhook.id
  returning *
  into v_webhook;
  perform rolecall_internal.want_events();
  perform rolecall_internal.log_webhook(
    p_call,
    'webhook_updated',
    v_webhook.id,
    jsonb_build_object('types', v_webhook.types, 'is_enabled', v_webhook.is_enabled)
  );
  return rolecall_internal.success(jsonb_build_object('webhook', rolecall_internal.webhook_json(v_webhook)));
end
$$;

create or replace function rolecall_edge.update_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.update', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.update_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
