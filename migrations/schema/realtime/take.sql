-- The oldest rows of the outbox with their events: {limit, after, rollouts?} -> {leads, rows: [{id, events: [{to, event}]}],
-- lag_ms}. A row of whose events nobody is to hear has none, and is settled like the others. Those who are told the same
-- share an event. Only the leading relay's session gets rows.
--
-- Of the rows with an id above `after` it gives as many as have about 1,000 events, 500 at most. Of wide ones it gives only
-- the oldest, a page of it: what a large audience is told holds nobody else up. A wide row that is settled and has more
-- comes again, whatever `after` says; those behind it come after its last page.
create or replace function rolecall_internal.take(p_limit int, p_after bigint, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relay uuid := rolecall_internal.leading_relay();
  v_after bigint;
  v_rows rolecall.outbox[];
  v_types text[];
  v_domains text[];
  v_wide rolecall.outbox;
  v_taken_to uuid;
  v_events jsonb;
  v_shown jsonb;
begin
  if v_relay is null then
    return rolecall_internal.success('{"leads": false, "rows": [], "lag_ms": 0}');
  end if;
  v_after := least(
    greatest(
      p_after,
      (
        select floor - 1
        from rolecall.relays
        where relay = v_relay
      )
    ),
    (
      select min(id) - 1
      from rolecall.outbox
      where reached is not null
        or taken_to is not null
    )
  );

  select array_agg(taken.outbox order by taken.id), array_agg(distinct taken.type), array_agg(distinct taken.domain)
  into v_rows, v_types, v_domains
  from (
    select
      outbox,
      outbox.id,
      outbox.type,
      outbox.domain,
      outbox.is_wide,
      row_number() over oldest_first as number,
      sum(
        greatest(cardinality(outbox.conversations), cardinality(outbox.users), 1)
        -- A contact costs as much as a message, and of a thread each reader is asked.
        * case when outbox.type = 'presence' then 20 when outbox.domain = 'threads' then 10 else 1 end
      ) over oldest_first as events,
      count(*) filter (where outbox.is_wide) over oldest_first - outbox.is_wide::int as wide_before
    from (
      select *
      from rolecall.outbox
      where outbox.id > v_after
      order by outbox.id
      limit least(greatest(p_limit, 1), 500)
    ) as outbox
    window oldest_first as (order by outbox.id)
  ) as taken
  where (taken.events <= 1000 or taken.number = 1)
    and (not taken.is_wide or taken.wide_before = 0);
  if v_rows is null then
    return rolecall_internal.success('{"leads": true, "rows": [], "lag_ms": 0}');
  end if;

  select *
  into v_wide
  from unnest(v_rows)
  where is_wide;
  if found then
    select taken_to, events
    into v_taken_to, v_events
    from rolecall_internal.wide_events(v_wide, p_rollouts);
    if v_taken_to is distinct from v_wide.taken_to then
      update rolecall.outbox
      set taken_to = v_taken_to
      where id = v_wide.id;
    end if;
  end if;

  select jsonb_agg(
    jsonb_build_object(
      'id', outbox.id::text,
      'events', case
        when outbox.is_wide then v_events
        else coalesce(happened.events, '[]')
      end
    )
    order by outbox.id
  )
  into v_shown
  from unnest(v_rows) as outbox
  left join (
    select
      made.row_id,
      jsonb_agg(jsonb_build_object('to', made.who, 'event', made.event) order by made.place) as events
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
      where v_types && '{presence,resync}'
    ) as made
    group by made.row_id
  ) as happened
    on happened.row_id = outbox.id;
  return rolecall_internal.success(
    jsonb_build_object(
      'leads', true,
      'rows', v_shown,
      'lag_ms', greatest(0, floor(extract(epoch from clock_timestamp() - v_rows[1].made_at) * 1000))
    )
  );
end
$$;

create or replace function rolecall_relay.take(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.take(
    coalesce(rolecall_internal.whole_number(p_request -> 'limit'), 500)::int,
    case when p_request ->> 'after' ~ '^[0-9]{1,18}$' then (p_request ->> 'after')::bigint else 0 end,
    case when jsonb_typeof(p_request -> 'rollouts') = 'object' then p_request -> 'rollouts' else '{}' end
  );
end
$$;
