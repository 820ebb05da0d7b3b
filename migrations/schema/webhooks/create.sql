-- Makes a webhook: {url, types?, description?} -> {webhook, secret}. Creations take turns, so that there are never more than
-- the limit. It hears of what happens from now on.
create or replace function rolecall_internal.create_webhook(p_call rolecall.call)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_refusal jsonb := rolecall_internal.refuse_webhook(p_call.input);
  v_webhook rolecall.webhooks;
begin
  if v_refusal is not null then
    return v_refusal;
  end if;
  if p_call.input ->> 'url' is null then
    return rolecall_internal.refuse_field('url', 'required', 'This field is required.');
  end if;
  perform
  from rolecall.outbox_fork
  for update;
  insert into rolecall.webhooks (url, types, description, enabled_at, secret)
  select
    p_call.input ->> 'url',
    rolecall_internal.types_of(p_call.input -> 'types'),
    coalesce(p_call.input ->> 'description', ''),
    clock_timestamp(),
    rolecall_internal.new_webhook_secret()
  where (select count(*) from rolecall.webhooks) < rolecall_internal.limit_webhooks()
  returning *
  into v_webhook;
  if not found then
    return rolecall_internal.refusal(
      'invalid_input',
      format('There are %s webhooks, which is as many as there may be.', rolecall_internal.limit_webhooks()),
      'too_many_webhooks',
      'A webhook is removed.'
    );
  end if;
  insert into rolecall.webhook_queues (webhook_id)
  values (v_webhook.id);
  perform rolecall_internal.want_events();
  perform rolecall_internal.log_webhook(p_call, 'webhook_created', v_webhook.id);
  return rolecall_internal.success(
    jsonb_build_object('webhook', rolecall_internal.webhook_json(v_webhook), 'secret', v_webhook.secret)
  );
end
$$;

create or replace function rolecall_edge.create_webhook(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.create', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.create_webhook(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
