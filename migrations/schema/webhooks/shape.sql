-- What the operator is shown and told.

-- A new secret as Standard Webhooks writes it: 32 random bytes.
create or replace function rolecall_internal.new_webhook_secret()
returns text
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select 'whsec_' || encode(
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
    'base64'
  )
$$;

-- A webhook with its figures. Its secrets are shown by nothing but the answers that make them.
create or replace function rolecall_internal.webhook_json(p_webhook rolecall.webhooks)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_webhook.id,
      'url', p_webhook.url,
      'types', p_webhook.types,
      'description', p_webhook.description,
      'is_enabled', p_webhook.is_enabled,
      'disabled_reason', p_webhook.disabled_reason,
      'created_at', rolecall_internal.iso(p_webhook.created_at),
      'changed_at', rolecall_internal.iso(p_webhook.changed_at),
      'former_secret_until', case
        when p_webhook.former_secret_until > now() then rolecall_internal.iso(p_webhook.former_secret_until)
      end,
      'last_delivered_at', rolecall_internal.iso(p_webhook.last_delivered_at),
      'failing_since', rolecall_internal.iso(p_webhook.failing_since),
      'next_probe_at', case
        when p_webhook.paused_until > now() then rolecall_internal.iso(p_webhook.paused_until)
      end,
      'pending', figures.pending,
      'oldest_pending_seconds', floor(figures.oldest_pending_seconds),
      'dead', figures.dead,
      'dropped', figures.dropped
    )
    from rolecall_monitoring.webhooks as figures
    where figures.webhook_id = p_webhook.id
  );
end
$$;

create or replace function rolecall_internal.refuse_unknown_webhook()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal('not_found', 'There is no webhook with this id.');
end
$$;

-- The refusal of members that a webhook cannot have; null where there is none. The functions refuse these themselves;
-- whoever calls the entry points with SQL is told here.
create or replace function rolecall_internal.refuse_webhook(p_input jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_input ->> 'url' is not null and rolecall_internal.is_webhook_url(p_input ->> 'url') is not true then
    return rolecall_internal.refuse_field(
      'url',
      'malformed_url',
      format(
        'Expected an https address of at most %s characters, without a user, a password or a fragment.',
        rolecall_internal.limit_webhook_url_chars()
      )
    );
  end if;
  if coalesce(p_input -> 'types', 'null') <> 'null'
    and (
      jsonb_typeof(p_input -> 'types') <> 'array'
      or not p_input -> 'types' <@ to_jsonb(rolecall_internal.webhook_types())
    )
  then
    return rolecall_internal.refuse_field(
      'types',
      'unknown_value',
      format('Expected a list of %s.', array_to_string(rolecall_internal.webhook_types(), ', '))
    );
  end if;
  if char_length(p_input ->> 'description') > rolecall_internal.limit_webhook_description_chars() then
    return rolecall_internal.refuse_field('description', 'too_long', format('Expected at most %s characters.', rolecall_internal.limit_webhook_description_chars()));
  end if;
  return null;
end
$$;

-- The types of a request, in their order and each once; null for none, which is all but typing and presence.
create or replace function rolecall_internal.types_of(p_types jsonb)
returns text[]
language sql
immutable
return (
  select array_agg(type order by number)
  from unnest(rolecall_internal.webhook_types()) with ordinality as known (type, number)
  where p_types ? type
);

-- The webhook of a request, held until the commit; all null where there is none.
create or replace function rolecall_internal.hold_webhook(p_input jsonb)
returns rolecall.webhooks
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook rolecall.webhooks;
begin
  select *
  into v_webhook
  from rolecall.webhooks
  where id = rolecall_internal.uuid_or_null(p_input ->> 'webhook_id')
  for no key update;
  return v_webhook;
end
$$;

-- The audit row of what the operator did. An address may be confidential, so it says the host alone.
create or replace function rolecall_internal.log_webhook(p_call rolecall.call, p_event text, p_webhook uuid, p_details jsonb default '{}')
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.log_event(
    p_call,
    p_event,
    jsonb_strip_nulls(
      jsonb_build_object(
        'webhook_id', p_webhook,
        'host', (
          select host
          from rolecall_monitoring.webhooks
          where webhook_id = p_webhook
        )
      )
    ) || p_details
  );
end
$$;
