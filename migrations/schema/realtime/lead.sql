-- One relay leads: the session that holds the lock. It publishes; the others wait and ask again. A session that ends, or
-- whose connection breaks, gives the lock back.

-- The relay that leads through this session; null when another one does.
create or replace function rolecall_internal.leading_relay()
returns uuid
language sql
stable
return nullif(current_setting('rolecall.leading_relay', true), '')::uuid;

-- Asks to lead, and says that a relay is wanted and alive: {relay, version} -> {leads}. Called every few seconds.
create or replace function rolecall_relay.lead(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_relay uuid := rolecall_internal.uuid_or_null(p_request ->> 'relay');
  v_newest bigint := coalesce(pg_sequence_last_value('rolecall.outbox_id_seq'), 0);
  v_next_xid xid8;
  v_leads boolean;
begin
  if v_relay is null then
    return rolecall_internal.refusal('invalid_input', 'The relay must be a uuid.');
  end if;
  -- Whoever has an id up to the newest has its transaction's, too, which is older than this one: as that is asked for last.
  v_next_xid := pg_current_xact_id();
  v_leads := rolecall_internal.leading_relay() is not null
    or pg_try_advisory_lock(hashtextextended('rolecall.relay', 0));
  if v_leads then
    perform set_config('rolecall.leading_relay', v_relay::text, false);
    update rolecall.relays
    set leads = false
    where relay <> v_relay
      and leads;
  end if;
  insert into rolecall.relays as known (relay, version, leads)
  values (v_relay, left(coalesce(p_request ->> 'version', ''), 100), v_leads)
  on conflict (relay) do update
  set
    version = excluded.version,
    leads = excluded.leads,
    seen_at = excluded.seen_at;
  delete from rolecall.relays
  where seen_at < now() - interval '1 day';

  update rolecall.relay
  set
    is_wanted = true,
    wanted_since = now(),
    resync_due = true
  where not is_wanted;
  if v_leads then
    perform rolecall_internal.move_floor(v_relay, v_newest + 1, v_next_xid);
    perform rolecall_internal.resync_all();
  end if;
  return rolecall_internal.success(jsonb_build_object('leads', v_leads));
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
-- goes. What a relay has not published for an hour, because the broker is away, goes as well; then everybody syncs.
create or replace function rolecall_internal.tidy_outbox(p_most int default 20000)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_gone bigint;
begin
  update rolecall.relay
  set is_wanted = false
  where is_wanted
    and not exists (
      select
      from rolecall.relays
      where seen_at > now() - interval '1 hour'
    );
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
  );
  get diagnostics v_gone = row_count;
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
