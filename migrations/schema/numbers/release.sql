-- Takes a number from its organisation: {organization_id, number_id}. A sitter's number rests, and is of the pool then; any
-- other is released for good. A number that rests or is released stays as it is.

-- Moves the open threads of a number that is no longer active: those of clients as a new thread would be, the owner inbox to
-- the front desk, else to another active number. How many there were; null if one of them had to stay, so that the caller
-- takes everything back.
create or replace function rolecall_internal.move_threads_of(p_number rolecall.message_numbers)
returns bigint
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_threads bigint;
begin
  select count(*)
  into v_threads
  from rolecall.message_threads
  where organization_id = p_number.organization_id
    and number_id = p_number.id
    and status = 'open';
  perform rolecall_internal.leave_number(p_number.organization_id, p_number.id);

  update rolecall.message_threads as inbox
  set
    number_id = other.id,
    number_class = other.class,
    updated_at = now()
  from (
    select id, class
    from rolecall.message_numbers
    where organization_id = p_number.organization_id
      and status = 'active'
    order by class = 'front_desk' desc, created_at, id
    limit 1
    for share
  ) as other
  where inbox.organization_id = p_number.organization_id
    and inbox.scope = 'owner_inbox'
    and inbox.number_id = p_number.id;

  if exists (
    select
    from rolecall.message_threads
    where organization_id = p_number.organization_id
      and number_id = p_number.id
      and status = 'open'
  ) then
    return null;
  end if;
  return v_threads;
end
$$;

create or replace function rolecall_internal.release_number(p_input jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_org uuid;
  v_number rolecall.message_numbers;
  v_moved bigint := 0;
begin
  -- One release of an organisation at a time: each moves threads to the numbers that others may be releasing, and would wait
  -- for them as they wait for it.
  select id
  into v_org
  from rolecall.organizations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'organization_id')
  for no key update;
  if v_org is null then
    return rolecall_internal.refuse_unknown_organization();
  end if;

  -- Threads before their number, as everywhere. A thread that is given the number meanwhile commits before the update below,
  -- which waits for its lock on the number.
  perform
  from rolecall.message_threads
  where organization_id = v_org
    and number_id = rolecall_internal.uuid_or_null(p_input ->> 'number_id')
    and status = 'open'
  order by scope = 'owner_inbox', id
  for no key update;

  begin
    update rolecall.message_numbers
    set
      status = case when class = 'sitter' then 'resting' else 'released' end,
      rests_until = case when class = 'sitter' then now() + rolecall_internal.number_rest() end,
      sitter_id = null,
      released_at = now()
    where organization_id = v_org
      and id = rolecall_internal.uuid_or_null(p_input ->> 'number_id')
      and status = 'active'
    returning *
    into v_number;
    if found then
      v_moved := rolecall_internal.move_threads_of(v_number);
      if v_moved is null then
        raise exception using
          errcode = 'RC409',
          message = 'a thread has no other number';
      end if;
    end if;
  exception
    -- Everything since the inner BEGIN is undone.
    when sqlstate 'RC409' then
      return rolecall_internal.refusal(
        'no_number_available',
        'An open thread of the number would be left without one; nothing was changed.',
        'no_other_number',
        'The organisation has another number for it, such as a front desk.'
      );
  end;

  if v_number.id is null then
    select *
    into v_number
    from rolecall.message_numbers
    where organization_id = v_org
      and id = rolecall_internal.uuid_or_null(p_input ->> 'number_id');
    if not found then
      return rolecall_internal.refusal('not_found', 'The organisation has no number with this number_id.');
    end if;
  end if;
  return rolecall_internal.success(
    rolecall_internal.number_json(v_number) || jsonb_build_object('moved_threads', v_moved)
  );
end
$$;

create or replace function rolecall_edge.release_number(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('numbers.release', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.release_number(v_call.input);
    if v_call.answer -> 'ok' = 'true' then
      perform rolecall_internal.log_event(
        v_call,
        'number_released',
        v_call.answer -> 'data' || jsonb_build_object('organization_id', v_call.input -> 'organization_id')
      );
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
