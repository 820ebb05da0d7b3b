-- Bookings as the application plans them. Putting one moves its window, and the number of its client's thread, with it.
-- Locks: the sitter's profile, the client, the booking, the thread, the number.

-- A booking as answers show it, with its client's thread and its window: absolute times, and the same by the clocks of the
-- organisation. It names nothing that somebody wrote, since the answer is kept under its key.
create or replace function rolecall_internal.booking_json(
  p_booking rolecall.bookings,
  p_thread rolecall.message_threads,
  p_window rolecall.assignment_windows
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_zone text;
begin
  select time_zone
  into v_zone
  from rolecall.organizations
  where id = p_booking.organization_id;
  return jsonb_build_object(
    'booking_id', p_booking.id,
    'client_id', p_booking.client_id,
    'sitter_id', p_booking.sitter_id,
    'status', p_booking.status,
    'recurring', p_booking.recurring,
    'starts_at', rolecall_internal.iso(p_booking.starts_at),
    'ends_at', rolecall_internal.iso(p_booking.ends_at),
    'time_zone', v_zone,
    'starts_at_local', rolecall_internal.local_iso(p_booking.starts_at, v_zone),
    'ends_at_local', rolecall_internal.local_iso(p_booking.ends_at, v_zone),
    'thread_id', p_thread.id,
    'number_class', p_thread.number_class,
    'window', case
      when p_window.id is not null and p_window.closed_at is null then
        jsonb_build_object('window_id', p_window.id)
        || rolecall_internal.window_times(p_window.starts_at, p_window.ends_at, v_zone)
    end
  );
end
$$;

-- The client of a booking, whose row is locked: the one with this id, or the one with this phone number, who is made if
-- there is none, and takes the name that is given, in which a phone number does not stand. Null for none that has the id and was not erased.
create or replace function rolecall_internal.client_of_booking(p_org uuid, p_client jsonb)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_client uuid;
begin
  if p_client ? 'id' then
    select id
    into v_client
    from rolecall.clients
    where organization_id = p_org
      and id = (p_client ->> 'id')::uuid
      and erased_at is null
    for no key update;
  else
    insert into rolecall.clients (organization_id, display_name, phone)
    values (p_org, left(rolecall_internal.redact(p_client ->> 'display_name'), 200), p_client ->> 'phone')
    on conflict (organization_id, phone) do update
    set display_name = excluded.display_name
    returning id
    into v_client;
  end if;
  return v_client;
end
$$;

-- Puts a booking of an organisation: {booking_id, client, service, starts_at, ends_at, recurring, sitter_id, status}. With
-- p_proactive a recurring booking with a sitter has its thread, number and window from now on; any other has them with the
-- first message, or now if its client has a thread.
create or replace function rolecall_internal.assign_booking(p_org uuid, p_input jsonb, p_proactive boolean)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_sitter uuid := (p_input ->> 'sitter_id')::uuid;
  v_client uuid;
  v_booking rolecall.bookings;
  v_is_new boolean;
  v_thread rolecall.message_threads;
  v_window rolecall.assignment_windows;
begin
  if (p_input ->> 'starts_at')::timestamptz >= (p_input ->> 'ends_at')::timestamptz then
    return rolecall_internal.refuse_field('ends_at', 'end_before_start', 'A booking ends after its start.');
  end if;
  if v_sitter is not null then
    -- The lock keeps them a sitter of the organisation until this has committed.
    perform
    from rolecall.profiles
    where id = v_sitter
      and organization_id = p_org
      and organization_role = 'sitter'
    for share;
    if not found then
      return rolecall_internal.refusal('not_found', 'Your organisation has no sitter with this id.');
    end if;
  end if;
  if rolecall_internal.is_name(p_input #>> '{client,display_name}') is false then
    return rolecall_internal.refuse_field(
      'client.display_name', 'not_a_name', 'A name shows what it is made of: no line breaks and no hidden characters.'
    );
  end if;
  if exists (
    select
    from rolecall.message_numbers
    where organization_id = p_org
      and e164 = p_input #>> '{client,phone}'
      and status <> 'released'
  ) then
    return rolecall_internal.refuse_field(
      'client.phone', 'own_number', 'This is a number of the organisation itself, not a client''s.'
    );
  end if;

  begin
    v_client := rolecall_internal.client_of_booking(p_org, p_input -> 'client');
    if v_client is null then
      return rolecall_internal.refusal('not_found', 'Your organisation has no client with this id.');
    end if;

    insert into rolecall.bookings as booking (
      organization_id, id, client_id, service, starts_at, ends_at, recurring, sitter_id, status
    )
    values (
      p_org,
      (p_input ->> 'booking_id')::uuid,
      v_client,
      left(rolecall_internal.redact(p_input ->> 'service'), 100),
      (p_input ->> 'starts_at')::timestamptz,
      (p_input ->> 'ends_at')::timestamptz,
      coalesce((p_input ->> 'recurring')::boolean, false),
      v_sitter,
      coalesce(p_input ->> 'status', 'confirmed')
    )
    on conflict (organization_id, id) do update
    set
      client_id = excluded.client_id,
      service = excluded.service,
      starts_at = excluded.starts_at,
      ends_at = excluded.ends_at,
      recurring = excluded.recurring,
      sitter_id = excluded.sitter_id,
      status = excluded.status,
      updated_at = now()
    returning *
    into v_booking;

    select *
    into v_thread
    from rolecall.message_threads
    where organization_id = p_org
      and client_id = v_client
      and status = 'open';
    if not found and p_proactive and v_booking.recurring and v_sitter is not null and v_booking.status = 'confirmed' then
      v_thread := rolecall_internal.ensure_thread(p_org, v_client);
      if v_thread.id is null then
        raise exception using
          errcode = 'RC003',
          message = 'there is no number for the thread of a booking';
      end if;
    elsif v_thread.id is not null and v_booking.status = 'confirmed' then
      v_thread := rolecall_internal.settle_number(v_thread);
    end if;
    v_window := rolecall_internal.keep_window(v_booking, v_thread.id);
  exception
    when sqlstate 'RC003' then
      -- The client and the booking are taken back with it.
      return rolecall_internal.refuse_without_number();
  end;
  return rolecall_internal.success(rolecall_internal.booking_json(v_booking, v_thread, v_window));
end
$$;

create or replace function rolecall_internal.refuse_without_number()
returns jsonb
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
begin
  return rolecall_internal.refusal(
    'no_number_available',
    'The organisation has no phone number for this client''s thread, not even one of the front desk.',
    'no_number_available',
    'The operator adds a number for the front desk.'
  );
end
$$;

create or replace function rolecall_edge.assign_booking(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'assign-booking',
    p_request,
    p_who => 'staff',
    p_rate => 'assign_booking'
  );
  v_staff record;
  v_decision rolecall.decision;
begin
  if v_call.answer is null then
    select *
    into v_staff
    from rolecall_internal.staff(v_call, 'messaging_v1');
    v_call.answer := v_staff.refusal;
    if v_call.answer is null and not v_staff.is_operator then
      v_decision := rolecall_internal.decide_organization(
        'assign_booking',
        v_staff.organization_role,
        array['feature_enabled', 'own_organization', v_staff.suspended]
      );
      if v_decision.allowed is distinct from true then
        v_call.answer := rolecall_internal.refusal_of(v_decision);
      end if;
    end if;
    if v_call.answer is null then
      v_call.answer := rolecall_internal.assign_booking(
        v_staff.organization_id,
        v_call.input,
        rolecall_internal.organization_has_flag(
          v_staff.organization_id, 'proactive_thread_creation', v_call.rollouts
        )
      );
    end if;
    if v_staff.organization_id is not null then
      v_call.answer := v_call.answer || jsonb_build_object('org_id', v_staff.organization_id);
    end if;
    if v_call.answer ->> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'booking_assigned',
        jsonb_build_object(
          'booking_id', v_call.answer #> '{data,booking_id}',
          'sitter_id', v_call.answer #> '{data,sitter_id}',
          'status', v_call.answer #> '{data,status}'
        )
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
