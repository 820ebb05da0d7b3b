-- What a delivery says: made anew each time that it is taken, by the functions that make it for sockets, so that nobody is
-- named or quoted to whom it may not be told any more.

-- Deliveries as rows of the outbox with one event each, under their own ids.
create or replace function rolecall_internal.as_outbox(p_delivery rolecall.webhook_deliveries)
returns rolecall.outbox
language sql
immutable
return row(
  p_delivery.id,
  p_delivery.made_at,
  p_delivery.type,
  p_delivery.domain,
  case when p_delivery.conversation_id is not null then array[p_delivery.conversation_id] end,
  case when p_delivery.seq is not null then array[p_delivery.seq] end,
  case when p_delivery.user_id is not null then array[p_delivery.user_id] end,
  case when p_delivery.message_id is not null then array[p_delivery.message_id] end,
  p_delivery.became,
  p_delivery.is_wide,
  p_delivery.reached,
  null::uuid,
  true
)::rolecall.outbox;

-- The event's id for clients, the same over a socket and a webhook.
create or replace function rolecall_internal.event_id(p_delivery rolecall.webhook_deliveries)
returns text
language sql
immutable
return coalesce(p_delivery.outbox_id || '.' || p_delivery.place, 'test.' || p_delivery.id);

-- The id by which a receiver knows an attempt from a new message: it is of the event, and for a broadcast of the page. The
-- delivery's own would be another one after a crash that took back how the outbox forked.
create or replace function rolecall_internal.webhook_message_id(p_delivery rolecall.webhook_deliveries)
returns text
language sql
immutable
return 'msg_' || left(
  encode(
    sha256(convert_to(concat_ws('.', p_delivery.webhook_id, rolecall_internal.event_id(p_delivery), p_delivery.reached), 'utf8')),
    'hex'
  ),
  32
);

-- The audience of a broadcast, online or not, a page at a time: the events, and up to whom the page goes, null at the end.
create or replace function rolecall_internal.audience_events(
  p_outbox rolecall.outbox,
  p_rollouts jsonb,
  out taken_to uuid,
  out events jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_page constant int := 1000;
  v_reached uuid := coalesce(p_outbox.reached, '00000000-0000-0000-0000-000000000000');
  v_show uuid := (
    select show_id
    from rolecall.conversations
    where id = p_outbox.conversations[1]
      and kind = 'show'
  );
  v_people uuid[] := array(
    (
      select user_id
      from rolecall.show_participants
      where show_id = v_show
        and user_id > v_reached
      order by user_id
      limit v_page
    )
    union
    (
      select distinct user_id
      from rolecall.past_participations
      where show_id = v_show
        and user_id > v_reached
      order by user_id
      limit v_page
    )
    order by user_id
    limit v_page
  );
begin
  if cardinality(v_people) = v_page then
    taken_to := v_people[v_page];
  end if;
  events := rolecall_internal.broadcast_events(p_outbox, v_people, p_rollouts);
end
$$;

-- The events of deliveries that are no broadcasts: [{to, event}] of each of which anybody is to hear.
create or replace function rolecall_internal.delivery_events(
  p_deliveries rolecall.webhook_deliveries[],
  p_rollouts jsonb
)
returns table (delivery_id bigint, events jsonb)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows rolecall.outbox[];
  v_types text[];
  v_domains text[];
  -- Whom the flag webhooks leaves out is named to none.
  v_is_open boolean := p_rollouts = '{}' and (select is_open from rolecall.feature_flags where name = 'webhooks');
begin
  select
    array_agg(rolecall_internal.as_outbox(delivery) order by delivery.id),
    array_agg(distinct delivery.type),
    array_agg(distinct delivery.domain)
  into v_rows, v_types, v_domains
  from unnest(p_deliveries) as delivery
  where not delivery.is_wide
    and delivery.type <> 'webhook.test'
    -- What is late is not true any more.
    and (delivery.type <> 'presence' or delivery.made_at > now() - interval '1 minute');
  return query
  select
    made.row_id,
    jsonb_agg(jsonb_build_object('to', told.who, 'event', made.event))
  from (
    select *
    from rolecall_internal.direct_message_events(v_rows, p_rollouts)
    where v_types && '{message.created,message.changed}'
      and 'conversations' = any (v_domains)
    union all
    select *
    from rolecall_internal.conversation_events(v_rows, p_rollouts)
    where v_types && '{read,typing,conversation.changed}'
      and 'conversations' = any (v_domains)
    union all
    select *
    from rolecall_internal.help_events(v_rows, p_rollouts)
    where 'help' = any (v_domains)
    union all
    select *
    from rolecall_internal.thread_events(v_rows, p_rollouts)
    where 'threads' = any (v_domains)
    union all
    select *
    from rolecall_internal.presence_events(v_rows, p_rollouts)
    where v_types && '{presence}'
  ) as made
  cross join lateral (
    select case when v_is_open then made.who else rolecall_internal.told(made.who, 'webhooks', p_rollouts) end as who
    offset 0
  ) as told
  where told.who <> '{}'
  group by made.row_id;
end
$$;

-- The same of one broadcast.
create or replace function rolecall_internal.wide_delivery_events(
  p_delivery rolecall.webhook_deliveries,
  p_rollouts jsonb,
  out taken_to uuid,
  out events jsonb
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_is_open boolean := p_rollouts = '{}' and (select is_open from rolecall.feature_flags where name = 'webhooks');
begin
  select page.taken_to, page.events
  into taken_to, events
  from rolecall_internal.audience_events(rolecall_internal.as_outbox(p_delivery), p_rollouts) as page;
  if v_is_open is not true then
    events := (
      select coalesce(jsonb_agg(jsonb_set(event, '{to}', to_jsonb(told.who))), '[]')
      from jsonb_array_elements(events) as event
      cross join lateral (
        select rolecall_internal.told(rolecall_internal.uuids_of(event -> 'to'), 'webhooks', p_rollouts) as who
        offset 0
      ) as told
      where told.who <> '{}'
    );
  end if;
end
$$;

-- The whole body that is posted.
create or replace function rolecall_internal.webhook_payload(p_delivery rolecall.webhook_deliveries, p_events jsonb)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object(
    'type', p_delivery.type,
    'timestamp', rolecall_internal.iso(p_delivery.made_at),
    'data', jsonb_build_object(
      'events',
      (
        select coalesce(
          jsonb_agg(
            jsonb_set(event, '{event,id}', to_jsonb(rolecall_internal.event_id(p_delivery)))
            order by number
          ),
          '[]'
        )
        from jsonb_array_elements(p_events) with ordinality as made (event, number)
      )
    )
  )
$$;
