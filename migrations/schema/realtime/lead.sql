-- One relay leads: the session that holds the lock. It publishes; the others wait and ask again. A session that ends, or
-- whose connection breaks, gives the lock back.

-- The relay that leads through this session; null when another one does.
create or replace function rolecall_internal.leading_relay()
returns uuid
language sql
stable
return nullif(current_setting('rolecall.leading_relay', true), '')::uuid;

-- Asks to lead, and says that a relay is alive: {relay, version, pushes?, resync?} -> {leads}. Called every few seconds. With
-- resync, everybody who is online is told to sync: what was published may not have arrived. A relay that
-- does not push publishes to no broker and carries webhooks alone: of these one leads as well, beside the one that publishes.
create or replace function rolecall_relay.lead(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relay uuid := rolecall_internal.uuid_or_null(p_request ->> 'relay');
  v_pushes boolean := p_request -> 'pushes' is distinct from 'false';
  v_newest bigint := coalesce(pg_sequence_last_value('rolecall.outbox_id_seq'), 0);
  v_next_xid xid8;
  v_leads boolean;
begin
  if v_relay is null then
    return rolecall_internal.refusal('invalid_input', 'The relay must be a uuid.');
  end if;
  -- Whoever has an id up to the newest has its transaction's, too, which is older than this one: as that is asked for last.
  v_next_xid := pg_current_xact_id();
  if v_pushes then
    v_leads := rolecall_internal.leading_relay() is not null
      or pg_try_advisory_lock(hashtextextended('rolecall.relay', 0));
  else
    v_leads := nullif(current_setting('rolecall.forking_relay', true), '') is not null
      or pg_try_advisory_lock(hashtextextended('rolecall.relay.webhooks', 0));
    if v_leads then
      perform set_config('rolecall.forking_relay', v_relay::text, false);
    end if;
  end if;
  if v_leads and v_pushes then
    perform set_config('rolecall.leading_relay', v_relay::text, false);
    update rolecall.relays
    set leads = false
    where relay <> v_relay
      and leads;
  end if;
  insert into rolecall.relays as known (relay, version, leads, pushes)
  values (v_relay, left(coalesce(p_request ->> 'version', ''), 100), v_leads and v_pushes, v_pushes)
  on conflict (relay) do update
  set
    version = excluded.version,
    leads = excluded.leads,
    pushes = excluded.pushes,
    seen_at = excluded.seen_at;
  delete from rolecall.relays
  where seen_at < now() - interval '1 day';

  -- Until now nobody published what was written, if anything was; or what was published may not have arrived.
  update rolecall.relay
  set
    is_wanted = true,
    is_pushed = true,
    wanted_since = now(),
    resync_due = true
  where v_pushes
    and (not is_pushed or v_leads and p_request -> 'resync' is not distinct from 'true');
  perform rolecall_internal.want_events();
  if v_leads and v_pushes then
    perform rolecall_internal.move_floor(v_relay, v_newest + 1, v_next_xid);
    perform rolecall_internal.resync_all();
  end if;
  return rolecall_internal.success(jsonb_build_object('leads', v_leads));
end
$$;

-- Begins or ceases to write the outbox: for a relay that publishes, or for a relay and a webhook.
create or replace function rolecall_internal.want_events()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Of a relay and a webhook that come at the same moment, the second sees the first.
  perform
  from rolecall.relay
  for update;
  update rolecall.relay as own
  set
    is_pushed = needed.is_pushed,
    is_wanted = needed.is_pushed or needed.has_relay and needed.has_webhook
  from (
    select
      count(*) filter (where pushes) > 0 as is_pushed,
      count(*) > 0 as has_relay,
      exists (select from rolecall.webhooks where is_enabled) as has_webhook
    from rolecall.relays
    where seen_at > now() - interval '1 hour'
  ) as needed
  where (own.is_pushed, own.is_wanted)
    is distinct from (needed.is_pushed, needed.is_pushed or needed.has_relay and needed.has_webhook);
end
$$;

-- Whether what happens is published: a relay has led within a quarter of a minute, and the oldest row has not waited longer,
-- as while the relay cannot reach the broker. A few rows at most are read, so that health may ask.
create or replace function rolecall_internal.is_relayed()
returns boolean
language sql
stable
return exists (
  select
  from rolecall.relays as leader
  where leader.leads
    and leader.seen_at > now() - interval '15 seconds'
    and coalesce(
      (
        select oldest.made_at
        from rolecall.outbox as oldest
        where oldest.id >= leader.floor
        order by oldest.id
        limit 1
      ) > now() - interval '15 seconds',
      true
    )
);

-- Moves the id at which takes begin, so that they need not walk over rows that are gone and not vacuumed yet, as while a
-- backup is made. Every row with a smaller id than p_next belongs to a transaction older than p_next_xid.
create or replace function rolecall_internal.move_floor(p_relay uuid, p_next bigint, p_next_xid xid8)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.relays as own
  set
    floor = least(
      own.next_floor,
      (
        select min(id)
        from rolecall.outbox
        where id >= own.floor
      )
    ),
    next_floor_xid = null
  where own.relay = p_relay
    and own.next_floor_xid < pg_snapshot_xmin(pg_current_snapshot());
  update rolecall.relays
  set
    next_floor = p_next,
    next_floor_xid = p_next_xid
  where relay = p_relay
    and next_floor_xid is null;
end
$$;

-- Tells everybody who is online to sync, once, after events were not written or given up. By then whoever began to write
-- before is done, since no statement of a function lasts longer than five seconds, and the relay knows who is online.
create or replace function rolecall_internal.resync_all()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.relay
  set resync_due = false
  where resync_due
    and wanted_since < now() - interval '10 seconds';
  if found then
    insert into rolecall.outbox (type, is_wide)
    values ('resync', true);
  end if;
end
$$;

-- Bounds what is kept, in steps, every minute. Without a relay for an hour nothing is written any more, and what there is
-- goes. What a relay has not published for an hour, because the broker is away, goes as well; then everybody syncs. The
-- webhooks have theirs by then, or never will.
create or replace function rolecall_internal.tidy_outbox(p_most int default 20000)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint;
  v_unforked bigint;
  v_webhook uuid;
begin
  perform rolecall_internal.want_events();
  with gone as (
    delete from rolecall.outbox
    where id in (
      select oldest.id
      from (
        select id, made_at
        from rolecall.outbox
        order by id
        limit p_most
      ) as oldest
      where not (select is_wanted from rolecall.relay)
        or oldest.made_at < now() - interval '1 hour'
    )
    returning outbox
  )
  select
    count(*),
    sum(rolecall_internal.events_in(gone.outbox)) filter (where not (gone.outbox).is_forked and (gone.outbox).type <> 'resync')
  into v_gone, v_unforked
  from gone;
  if v_unforked > 0 then
    for v_webhook in
      select id
      from rolecall.webhooks
      where is_enabled
      -- As whoever forks does.
      order by id
    loop
      update rolecall.webhook_queues
      set dropped = dropped + v_unforked
      where webhook_id = v_webhook;
    end loop;
  end if;
  if v_gone > 0 then
    update rolecall.relay
    set
      resync_due = true,
      wanted_since = now()
    where is_wanted;
  end if;
  if not (select is_wanted from rolecall.relay) then
    delete from rolecall.presence
    where user_id in (
      select user_id
      from rolecall.presence
      limit p_most
    );
  end if;
  delete from rolecall.typing
  where (conversation_id, user_id) in (
    select conversation_id, user_id
    from rolecall.typing
    where at < now() - interval '1 minute'
    order by at
    limit p_most
  );
  return v_gone;
end
$$;
