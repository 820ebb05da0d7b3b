-- The webhooks with their figures, the oldest first: {} -> {webhooks}. There are few enough for one answer.
create or replace function rolecall_internal.list_webhooks(p_call rolecall.call)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.success(
    jsonb_build_object(
      'webhooks', (
        select coalesce(jsonb_agg(rolecall_internal.webhook_json(webhook) order by webhook.created_at, webhook.id), '[]')
        from rolecall.webhooks as webhook
      )
    )
  );
end
$$;

create or replace function rolecall_edge.list_webhooks(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.list', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_webhooks(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
