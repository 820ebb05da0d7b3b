-- How the outbox forks: each row becomes a delivery for each event and each webhook that wants it, once. Whoever deletes the
-- row does it (settle), or marks it (fork), as long as it is not marked: the row's lock decides between the two. The
-- sender's statement knows nothing of it.

-- Keeps the events of these rows for the webhooks that want them. Each webhook has room for a number of deliveries; of what
-- finds none the number is kept.
create or replace function rolecall_internal.keep_for_webhooks(p_rows rolecall.outbox[])
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_webhook record;
  v_wanted bigint;
  v_kept bigint;
  v_all bigint := 0;
begin
  for v_webhook in
    select id, types, enabled_at
    from rolecall.webhooks
    where is_enabled
    order by id
  loop
    select coalesce(sum(rolecall_internal.events_in(outbox)), 0)
    into v_wanted
    from unnest(p_rows) as outbox
    where rolecall_internal.is_wanted_type(v_webhook.types, outbox.type)
      and outbox.made_at >= v_webhook.enabled_at;
    continue when v_wanted = 0;
    v_kept := rolecall_internal.take_room(v_webhook.id, v_wanted);
    v_all := v_all + v_kept;

    insert into rolecall.webhook_deliveries (
      webhook_id, outbox_id, place, made_at, type, domain, conversation_id, seq, user_id, message_id, became, is_wide, due_at
    )
    select
      v_webhook.id,
      outbox.id,
      named.place,
      outbox.made_at,
      outbox.type,
      outbox.domain,
      named.conversation_id,
      named.seq,
      named.user_id,
      named.message_id,
      outbox.state,
      outbox.is_wide,
      clock_timestamp()
    from unnest(p_rows) as outbox
    cross join lateral unnest(outbox.conversations, outbox.seqs, outbox.users, outbox.messages)
      with ordinality as named (conversation_id, seq, user_id, message_id, place)
    where rolecall_internal.is_wanted_type(v_webhook.types, outbox.type)
      and outbox.made_at >= v_webhook.enabled_at
    order by outbox.id, named.place
    limit v_kept;
  end loop;
  return v_all;
end
$$;

create or replace function rolecall_internal.events_in(p_outbox rolecall.outbox)
returns bigint
language sql
immutable
return coalesce(
  greatest(
    cardinality(p_outbox.conversations),
    cardinality(p_outbox.seqs),
    cardinality(p_outbox.users),
    cardinality(p_outbox.messages)
  ),
  0
);

-- Takes room for deliveries of a webhook, as far as there is any: how many are kept. While there is room nothing is counted;
-- a webhook that is full is counted once a second, by one at a time.
create or replace function rolecall_internal.take_room(p_webhook uuid, p_wanted bigint)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_queue rolecall.webhook_queues;
  v_kept bigint;
begin
  update rolecall.webhook_queues
  set room = room - p_wanted
  where webhook_id = p_webhook
    and room >= p_wanted;
  if found then
    return p_wanted;
  end if;

  select *
  into v_queue
  from rolecall.webhook_queues
  where webhook_id = p_webhook
  for update;
  if not found then
    -- It was removed meanwhile.
    return 0;
  end if;
  if v_queue.counted_at < clock_timestamp() - interval '1 second' then
    v_queue.counted_at := clock_timestamp();
    v_queue.room := rolecall_internal.limit_webhook_pending() - (
      select count(*)
      from (
        select
        from rolecall.webhook_deliveries
        where webhook_id = p_webhook
          and state = 'pending'
        limit rolecall_internal.limit_webhook_pending()
      ) as delivery
    );
  end if;
  v_kept := least(greatest(v_queue.room, 0), p_wanted);
  update rolecall.webhook_queues
  set
    room = v_queue.room - v_kept,
    counted_at = v_queue.counted_at,
    dropped = dropped + p_wanted - v_kept
  where webhook_id = p_webhook;
  return v_kept;
end
$$;

-- Moves the id at which forking begins, as move_floor does for takes: past rows that are forked and still wait for the
-- broker, past rows from before p_since, of which no webhook is to hear, and past rows that are gone and not vacuumed yet.
create or replace function rolecall_internal.move_fork_floor(p_next bigint, p_next_xid xid8, p_since timestamptz)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.outbox_fork as own
  set
    floor = least(
      own.next_floor,
      (
        select min(id)
        from rolecall.outbox
        where id >= own.floor
          and not is_forked
          and made_at >= p_since
      )
    ),
    next_floor_xid = null
  where own.next_floor_xid < pg_snapshot_xmin(pg_current_snapshot());
  update rolecall.outbox_fork
  set
    next_floor = p_next,
    next_floor_xid = p_next_xid
  where next_floor < p_next
    -- A database that was restored may name a transaction that is yet to come.
    and (next_floor_xid is null or next_floor_xid > p_next_xid);
end
$$;

-- Forks rows of the outbox that still wait: {limit, settle} -> {forked, settled, deliveries, more}. What is about to be
-- published is left to settle: a row is forked here when it has waited for a second, as when the broker is away. With
-- settle, by a relay that publishes nothing, rows are forked at once and deleted; but not as long as a relay that publishes
-- was there within the hour, for which they wait.
create or replace function rolecall_relay.fork(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_limit int := least(greatest(coalesce(rolecall_internal.whole_number(p_request -> 'limit'), 500), 1), 1000);
  v_is_pushed boolean := (select is_pushed from rolecall.relay);
  v_settles boolean := p_request -> 'settle' is not distinct from 'true' and v_is_pushed is not true;
  -- Webhooks that are enabled later hear of nothing before, either.
  v_since timestamptz := (select min(enabled_at) from rolecall.webhooks where is_enabled);
  v_own rolecall.outbox_fork;
  v_newest bigint := coalesce(pg_sequence_last_value('rolecall.outbox_id_seq'), 0);
  v_rows rolecall.outbox[];
  v_seen bigint := 0;
  v_deliveries bigint := 0;
begin
  select *
  into v_own
  from rolecall.outbox_fork;
  if v_settles then
    with gone as (
      delete from rolecall.outbox
      where id in (
        select id
        from rolecall.outbox
        where id >= v_own.floor
        order by id
        limit v_limit
        for update skip locked
      )
      returning outbox
    )
    select count(*), array_agg(gone.outbox) filter (where not (gone.outbox).is_forked)
    into v_seen, v_rows
    from gone;
  elsif v_since is not null then
    with marked as (
      update rolecall.outbox
      set is_forked = true
      where id in (
        select id
        from rolecall.outbox
        where id >= v_own.floor
          and not is_forked
          and made_at >= v_since
          and made_at < clock_timestamp() - interval '1 second'
        order by id
        limit v_limit
        for update skip locked
      )
      returning outbox
    )
    select count(*), array_agg(marked.outbox)
    into v_seen, v_rows
    from marked;
  end if;
  if v_rows is not null and v_since is not null then
    v_deliveries := rolecall_internal.keep_for_webhooks(v_rows);
  end if;
  if v_seen > 0 or v_newest > v_own.next_floor + 1000 then
    -- As in lead: whoever has an id up to the newest has its transaction's, too, which is older than this one.
    perform rolecall_internal.move_fork_floor(v_newest + 1, pg_current_xact_id(), coalesce(v_since, '-infinity'));
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'forked', coalesce(cardinality(v_rows), 0),
      'settled', case when v_settles then v_seen else 0 end,
      'deliveries', v_deliveries,
      'more', v_seen = v_limit
    )
  );
end
$$;
