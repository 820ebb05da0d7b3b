-- A sitter who leaves their organisation, is no longer a sitter of it or is deleted is unassigned: their windows close,
-- their bookings are nobody's, their number rests, and the threads that had it get another.
create or replace function rolecall_internal.unassign_sitter()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number uuid;
begin
  update rolecall.bookings
  set
    sitter_id = null,
    updated_at = now()
  where organization_id = old.organization_id
    and sitter_id = old.id;

  update rolecall.assignment_windows
  set
    sitter_id = null,
    closed_at = coalesce(closed_at, now()),
    updated_at = now()
  where organization_id = old.organization_id
    and sitter_id = old.id;

  update rolecall.message_numbers
  set
    status = 'resting',
    rests_until = now() + rolecall_internal.number_rest(),
    sitter_id = null
  where organization_id = old.organization_id
    and sitter_id = old.id
  returning id
  into v_number;
  perform rolecall_internal.leave_number(old.organization_id, v_number);

  update rolecall.message_threads
  set sitter_id = null
  where organization_id = old.organization_id
    and sitter_id = old.id;

  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end
$$;

-- A client who leaves the organisation has no account in it. Their row stays.
create or replace function rolecall_internal.unlink_client()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.clients
  set user_id = null
  where organization_id = old.organization_id
    and user_id = old.id;
  return new;
end
$$;
