-- A page of what waits for a webhook, or was given up: {webhook_id, state?, limit, cursor?} -> {deliveries, next_cursor}. What
-- is due first comes first, of the dead the last one. Nothing says what a message says; who may read it is told so by GET.

create or replace function rolecall_internal.delivery_json(p_delivery rolecall.webhook_deliveries)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'id', p_delivery.id::text,
    'message_id', rolecall_internal.webhook_message_id(p_delivery),
    'event_id', rolecall_internal.event_id(p_delivery),
    'type', p_delivery.type,
    'domain', p_delivery.domain,
    'conversation_id', p_delivery.conversation_id,
    'happened_at', rolecall_internal.iso(p_delivery.made_at),
    'state', p_delivery.state,
    'attempts', p_delivery.attempts,
    'in_flight', p_delivery.is_taken and p_delivery.due_at > now(),
    'due_at', case when p_delivery.state = 'pending' then rolecall_internal.iso(p_delivery.due_at) end,
    'died_at', case when p_delivery.state = 'dead' then rolecall_internal.iso(p_delivery.due_at) end,
    'last_status', p_delivery.last_status,
    'last_error', p_delivery.last_error
  )
$$;

-- The id of a delivery in a cursor, which holds a uuid.
create or replace function rolecall_internal.delivery_cursor(p_delivery rolecall.webhook_deliveries)
returns text
language sql
immutable
return rolecall_internal.cursor_of(
  p_delivery.due_at,
  ('00000000-0000-0000-' || regexp_replace(lpad(to_hex(p_delivery.id), 16, '0'), '^(....)', '\1-'))::uuid
);

create or replace function rolecall_internal.delivery_in_cursor(p_id uuid)
returns bigint
language sql
immutable
return ('x' || right(replace(p_id::text, '-', ''), 16))::bit(64)::bigint;

create or replace function rolecall_internal.list_webhook_deliveries(p_call rolecall.call)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook uuid := rolecall_internal.uuid_or_null(p_call.input ->> 'webhook_id');
  v_limit int := rolecall_internal.page_size(p_call.input, rolecall_internal.limit_page());
  v_is_dead boolean := p_call.input ->> 'state' is not distinct from 'dead';
  v_due_at timestamptz := case when v_is_dead then 'infinity' else '-infinity' end;
  v_id bigint := 0;
  v_page rolecall.webhook_deliveries[];
begin
  if not exists (select from rolecall.webhooks where id = v_webhook) then
    return rolecall_internal.refuse_unknown_webhook();
  end if;
  if p_call.input ->> 'cursor' is not null then
    select parts.at, rolecall_internal.delivery_in_cursor(parts.id)
    into v_due_at, v_id
    from rolecall_internal.cursor_parts(p_call.input ->> 'cursor') as parts;
    if v_due_at is null then
      return rolecall_internal.refuse_cursor();
    end if;
  end if;
  if v_is_dead then
    select array_agg(delivery order by due_at desc, id desc)
    into v_page
    from (
      select *
      from rolecall.webhook_deliveries
      where webhook_id = v_webhook
        and state = 'dead'
        and (due_at, id) < (v_due_at, v_id)
      order by due_at desc, id desc
      limit v_limit + 1
    ) as delivery;
  else
    select array_agg(delivery order by due_at, id)
    into v_page
    from (
      select *
      from rolecall.webhook_deliveries
      where webhook_id = v_webhook
        and state = 'pending'
        and (due_at, id) > (v_due_at, v_id)
      order by due_at, id
      limit v_limit + 1
    ) as delivery;
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'deliveries', (
        select coalesce(jsonb_agg(rolecall_internal.delivery_json(v_page[number]) order by number), '[]')
        from generate_series(1, least(v_limit, coalesce(cardinality(v_page), 0))) as number
      ),
      'next_cursor', case
        when cardinality(v_page) > v_limit
          then rolecall_internal.delivery_cursor(v_page[v_limit])
      end
    )
  );
end
$$;

create or replace function rolecall_edge.list_webhook_deliveries(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('webhooks.deliveries', p_request, p_who => 'operator', p_keyed => false);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.list_webhook_deliveries(v_call);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
