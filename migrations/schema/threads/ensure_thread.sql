-- The open thread of a client. Bookings of a client and their thread are written under the lock of the client's row, so
-- that a thread that is made finds the bookings, and a booking the thread.

-- The client's one open thread; it is made if there is none, with its number and the windows of the client's bookings that
-- are under way or to come. All null when the organisation has no such client or no number for them
-- (no_number_available): nothing is written then but that the pool was exhausted, which the caller takes back.
create or replace function rolecall_internal.ensure_thread(p_org uuid, p_client uuid)
returns rolecall.message_threads
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_thread rolecall.message_threads;
  v_chosen record;
begin
  -- Nearly always there is one.
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = p_org
    and client_id = p_client
    and status = 'open';
  if found then
    return v_thread;
  end if;

  perform
  from rolecall.clients
  where organization_id = p_org
    and id = p_client
  for no key update;
  if not found then
    return null;
  end if;
  -- A statement of its own, which sees what was committed while that one waited.
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = p_org
    and client_id = p_client
    and status = 'open';
  if found then
    return v_thread;
  end if;
  select *
  into v_chosen
  from rolecall_internal.choose_number(p_org, p_client);
  if v_chosen.number_id is null then
    return null;
  end if;
  insert into rolecall.message_threads (organization_id, client_id, number_id, number_class, sitter_id)
  values (p_org, p_client, v_chosen.number_id, v_chosen.number_class, v_chosen.sitter_id)
  returning *
  into v_thread;

  perform rolecall_internal.keep_window(booking, v_thread.id)
  from rolecall.bookings as booking
  where booking.organization_id = p_org
    and booking.client_id = p_client
    and booking.sitter_id is not null
    and booking.ends_at > now() - interval '8 days'
    and rolecall_internal.is_live(booking)
  order by booking.id;
  return v_thread;
end
$$;

-- Decides anew which number an open thread has, and gives the thread as it is then: a booking was assigned, or its number
-- is to go. It keeps its number where there is no other.
create or replace function rolecall_internal.settle_number(p_thread rolecall.message_threads)
returns rolecall.message_threads
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_chosen record;
  v_thread rolecall.message_threads;
begin
  -- The thread before the number, as everywhere.
  select *
  into v_thread
  from rolecall.message_threads
  where organization_id = p_thread.organization_id
    and id = p_thread.id
  for no key update;
  select *
  into v_chosen
  from rolecall_internal.choose_number(v_thread.organization_id, v_thread.client_id, v_thread.number_id);
  if v_chosen.number_id is not null
    and (v_chosen.number_id, v_chosen.sitter_id) is distinct from (v_thread.number_id, v_thread.sitter_id)
  then
    update rolecall.message_threads
    set
      number_id = v_chosen.number_id,
      number_class = v_chosen.number_class,
      sitter_id = v_chosen.sitter_id,
      updated_at = now()
    where id = v_thread.id
    returning *
    into v_thread;
  end if;
  return v_thread;
end
$$;

-- Moves the open threads of clients off a number that no longer is active.
create or replace function rolecall_internal.leave_number(p_org uuid, p_number uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.settle_number(thread)
  from (
    select *
    from rolecall.message_threads
    where organization_id = p_org
      and number_id = p_number
      and status = 'open'
      and client_id is not null
    order by id
  ) as thread;
end
$$;
