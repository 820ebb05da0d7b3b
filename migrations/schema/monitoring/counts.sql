-- How many help conversations there are, counted by the statement that changes their number or status. A counter is spread
-- over stripes, so that two conversations rarely wait for each other; only the sum over the stripes means anything.

-- The hour that a conversation of p_created_at is counted in: conversations of long ago share one.
create or replace function rolecall_internal.counted_hour(p_created_at timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_created_at > now() - interval '10 days' then
    return date_bin('1 hour', p_created_at, '2000-01-01 00:00:00+00');
  end if;
  return '2000-01-01 00:00:00+00';
end
$$;

create or replace function rolecall_internal.count_help_conversations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select rolecall_internal.counted_hour(created_at), status, pg_backend_pid() % 16, count(*)
  from added
  group by 1, 2
  order by 1, 2
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
  return null;
end
$$;

create or replace function rolecall_internal.discount_help_conversations()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select rolecall_internal.counted_hour(created_at), status, pg_backend_pid() % 16, -count(*)
  from gone
  group by 1, 2
  order by 1, 2
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
  return null;
end
$$;

-- For each row whose status, or time of creation, has changed.
create or replace function rolecall_internal.recount_help_conversation()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select hour, status, pg_backend_pid() % 16, sum(difference)
  from (
    values
      (rolecall_internal.counted_hour(old.created_at), old.status, -1),
      (rolecall_internal.counted_hour(new.created_at), new.status, 1)
  ) as changed (hour, status, difference)
  group by hour, status
  order by hour, status
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
  return null;
end
$$;

-- Adds the hours of long ago up to one row for each status.
create or replace function rolecall_internal.fold_help_conversation_counts()
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  with old as (
    select hour, status, stripe
    from rolecall.help_conversation_counts
    where hour > '2000-01-01 00:00:00+00'
      and hour <= now() - interval '10 days'
    order by hour, status, stripe
    limit 1000
    for update skip locked
  ),
  gone as (
    delete from rolecall.help_conversation_counts as counted
    using old
    where counted.hour = old.hour
      and counted.status = old.status
      and counted.stripe = old.stripe
    returning counted.status, counted.conversations
  )
  insert into rolecall.help_conversation_counts as counted (hour, status, stripe, conversations)
  select '2000-01-01 00:00:00+00', status, 0, sum(conversations)
  from gone
  group by status
  order by status
  on conflict (hour, status, stripe) do update
  set conversations = counted.conversations + excluded.conversations;
end
$$;
