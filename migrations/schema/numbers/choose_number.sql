-- Which masked number a client's thread gets.

-- How long a sitter's number rests after its release before it belongs to the pool.
create or replace function rolecall_internal.number_rest()
returns interval
language sql
immutable
return interval '90 days';

-- Takes the number of the pool that was taken longest ago, of those that no client has who has a booking before them; null
-- when there is none. A sitter's number that has rested belongs to the pool from then on. Of many at once each takes
-- another: who finds that a number was taken in between looks again, and then sees by whom.
create or replace function rolecall_internal.take_pool_number(p_org uuid)
returns uuid
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number uuid;
  v_seen timestamptz;
begin
  loop
    select number.id, number.last_assigned_at
    into v_number, v_seen
    from rolecall.message_numbers as number
    where number.organization_id = p_org
      and (
        (number.class = 'pool' and number.status = 'active')
        or (number.class = 'sitter' and number.status = 'resting' and number.rests_until <= now())
      )
      and not exists (
        select
        from rolecall.message_threads as thread
        join rolecall.bookings as booking
          on booking.organization_id = thread.organization_id
          and booking.client_id = thread.client_id
        where thread.number_id = number.id
          and thread.status = 'open'
          and booking.ends_at > now() - interval '8 days'
          and rolecall_internal.is_live(booking)
      )
    order by number.last_assigned_at, number.id
    limit 1;
    if not found then
      return null;
    end if;
    update rolecall.message_numbers
    set
      class = 'pool',
      status = 'active',
      rests_until = null,
      last_assigned_at = greatest(clock_timestamp(), last_assigned_at + interval '1 microsecond')
    where id = v_number
      and last_assigned_at = v_seen
      and status <> 'released';
    if found then
      return v_number;
    end if;
  end loop;
end
$$;

-- The number for the thread of a client: a client who books once, and never with recurrence, gets one of the pool; any
-- other the number of the sitter who is with them or comes next; else, and when the pool is exhausted, the number of the
-- front desk. p_held is the number that the thread has: it stays while nothing says another. sitter_id is the sitter whose
-- number it is. All null when there is no number.
create or replace function rolecall_internal.choose_number(
  p_org uuid,
  p_client uuid,
  p_held uuid default null,
  out number_id uuid,
  out number_class text,
  out sitter_id uuid
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_books_once boolean;
  v_sitter uuid;
begin
  select count(*) > 0 and not coalesce(bool_or(booking.recurring), false)
  into v_books_once
  from rolecall.bookings as booking
  where booking.organization_id = p_org
    and booking.client_id = p_client
    and booking.status <> 'cancelled';

  if v_books_once then
    -- The client goes on under the number that they know.
    select number.id, number.class
    into number_id, number_class
    from rolecall.message_numbers as number
    where number.organization_id = p_org
      and number.id = p_held
      and number.class = 'pool'
      and number.status = 'active'
    for share;
    if found then
      return;
    end if;
    number_id := rolecall_internal.take_pool_number(p_org);
    if number_id is not null then
      number_class := 'pool';
      return;
    end if;
    delete from rolecall.pool_exhaustions
    where organization_id = p_org
      and hour < now() - interval '8 days';
    insert into rolecall.pool_exhaustions as counted (organization_id, hour, times)
    values (p_org, date_trunc('hour', now(), 'UTC'), 1)
    on conflict (organization_id, hour) do update
    set times = counted.times + 1;
  else
    select booking.sitter_id
    into v_sitter
    from rolecall.bookings as booking
    where booking.organization_id = p_org
      and booking.client_id = p_client
      and booking.sitter_id is not null
      and booking.ends_at > now() - interval '8 days'
      and rolecall_internal.is_live(booking)
    order by booking.starts_at, booking.id
    limit 1;
    if found then
      select number.id, number.class, number.sitter_id
      into number_id, number_class, sitter_id
      from rolecall.message_numbers as number
      where number.organization_id = p_org
        and number.sitter_id = v_sitter
        and number.class = 'sitter'
        and number.status = 'active'
      for share;
    else
      select number.id, number.class, number.sitter_id
      into number_id, number_class, sitter_id
      from rolecall.message_numbers as number
      where number.organization_id = p_org
        and number.id = p_held
        and number.status = 'active'
      for share;
    end if;
    if found then
      return;
    end if;
  end if;

  -- A lock, so that a number that is released meanwhile is not chosen, and one that is chosen is released with its threads
  -- before it.
  select number.id, number.class
  into number_id, number_class
  from rolecall.message_numbers as number
  where number.organization_id = p_org
    and number.class = 'front_desk'
    and number.status = 'active'
  for share;
end
$$;
