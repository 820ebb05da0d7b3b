-- The windows of bookings: each lets its sitter write in the client's thread from some time before the booking until some
-- time after it. A window lasts from starts_at on and before ends_at.

-- How long before its start and after its end a booking of p_service opens its window, by the table service_buffers. A row
-- of the organisation itself comes before one for all; a row for the service before one for services without a row. How a
-- service is spelled makes no difference, as long as its letters and digits are the same.
create or replace function rolecall_internal.service_buffer(p_org uuid, p_service text)
returns interval
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select make_interval(mins => buffer.minutes)
    from rolecall.service_buffers as buffer
    where (buffer.organization_id = p_org or buffer.organization_id is null)
      and (
        buffer.service is null
        or rolecall_internal.service_key(buffer.service) = rolecall_internal.service_key(p_service)
      )
    order by buffer.service is null, buffer.organization_id is null
    limit 1
  );
end
$$;

create or replace function rolecall_internal.service_key(p_service text)
returns text
language sql
immutable
return regexp_replace(lower(p_service), '[^[:alnum:]]+', '', 'g');

-- Whether the window of a booking is open or to come, if it has one.
create or replace function rolecall_internal.is_live(p_booking rolecall.bookings)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return p_booking.status = 'confirmed'
    and p_booking.ends_at
      + coalesce(rolecall_internal.service_buffer(p_booking.organization_id, p_booking.service), interval '0') > now();
end
$$;

-- Makes the window of a booking what the booking says, in the client's thread p_thread: one for each booking, changed in
-- place; closed when the booking is not confirmed, has no sitter or its client has no thread; open again when it has.
-- Whoever calls has locked the client. Returns the window, all null when there never was one.
create or replace function rolecall_internal.keep_window(p_booking rolecall.bookings, p_thread uuid)
returns rolecall.assignment_windows
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_buffer interval := coalesce(
    rolecall_internal.service_buffer(p_booking.organization_id, p_booking.service),
    interval '0'
  );
  v_window rolecall.assignment_windows;
begin
  if p_booking.status = 'confirmed' and p_booking.sitter_id is not null and p_thread is not null then
    insert into rolecall.assignment_windows as kept (
      organization_id, thread_id, booking_id, sitter_id, starts_at, ends_at
    )
    values (
      p_booking.organization_id,
      p_thread,
      p_booking.id,
      p_booking.sitter_id,
      p_booking.starts_at - v_buffer,
      p_booking.ends_at + v_buffer
    )
    on conflict (organization_id, booking_id) do update
    set
      thread_id = excluded.thread_id,
      sitter_id = excluded.sitter_id,
      starts_at = excluded.starts_at,
      ends_at = excluded.ends_at,
      closed_at = null,
      updated_at = now()
    where (kept.thread_id, kept.sitter_id, kept.starts_at, kept.ends_at, kept.closed_at)
      is distinct from (excluded.thread_id, excluded.sitter_id, excluded.starts_at, excluded.ends_at, null);
  else
    update rolecall.assignment_windows
    set
      closed_at = now(),
      updated_at = now()
    where organization_id = p_booking.organization_id
      and booking_id = p_booking.id
      and closed_at is null;
  end if;
  select *
  into v_window
  from rolecall.assignment_windows
  where organization_id = p_booking.organization_id
    and booking_id = p_booking.id;
  return v_window;
end
$$;

-- A window as every answer shows it: absolute times, and the same by the clocks of the organisation, for people.
create or replace function rolecall_internal.window_times(p_starts_at timestamptz, p_ends_at timestamptz, p_zone text)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return jsonb_build_object(
    'starts_at', rolecall_internal.iso(p_starts_at),
    'ends_at', rolecall_internal.iso(p_ends_at),
    'starts_at_local', rolecall_internal.local_iso(p_starts_at, p_zone),
    'ends_at_local', rolecall_internal.local_iso(p_ends_at, p_zone)
  );
end
$$;
