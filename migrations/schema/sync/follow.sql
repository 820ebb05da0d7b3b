-- What keeps changed_xid true, whoever writes.

-- Behind an update of a conversation that does not say which transaction made it: the operator's, who closes it, or an
-- app's. Statements that write a message say it themselves, so that they do not get here.
create or replace function rolecall_internal.follow_conversation_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.conversations
  set changed_xid = pg_current_xact_id()
  where id = new.id
    -- The second update of a transaction has the first one's.
    and changed_xid <> pg_current_xact_id();
  return null;
end
$$;

-- The same of a thread.
create or replace function rolecall_internal.follow_thread_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.message_threads
  set changed_xid = pg_current_xact_id()
  where id = new.id
    and changed_xid <> pg_current_xact_id();
  return null;
end
$$;

create or replace function rolecall_internal.follow_help_request_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end
$$;

-- Behind a statement that sets or lifts blocks. Between people who go themselves nothing is kept.
create or replace function rolecall_internal.follow_block_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In one order, so that no two statements wait for each other.
  insert into rolecall.block_changes (user_id, other_id)
  select pair.user_id, pair.other_id
  from (
    select blocker_id, blocked_id
    from changed
    union
    select blocked_id, blocker_id
    from changed
  ) as pair (user_id, other_id)
  join rolecall.profiles as own
    on own.id = pair.user_id
  join rolecall.profiles as other
    on other.id = pair.other_id
  order by pair.user_id, pair.other_id
  on conflict (user_id, other_id) do update
  set changed_xid = excluded.changed_xid;
  return null;
end
$$;
