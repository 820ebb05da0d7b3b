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

-- Behind a statement that changes windows: the threads show them, and whose they were may have lost the thread.
create or replace function rolecall_internal.follow_window_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op <> 'INSERT' then
    perform rolecall_internal.note_thread_losses(array_agg(changed.sitter_id), array_agg(changed.thread_id))
    from changed
    where changed.closed_at is null;
  end if;
  perform rolecall_internal.touch_threads(array_agg(changed.thread_id))
  from changed;
  return null;
end
$$;

-- Behind an update of them, which has both: what was and what is.
create or replace function rolecall_internal.follow_window_update()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
    rolecall_internal.note_thread_losses(
      array_agg(before.sitter_id) filter (where before.closed_at is null),
      array_agg(before.thread_id) filter (where before.closed_at is null)
    ),
    rolecall_internal.touch_threads(array_agg(before.thread_id) || array_agg(now.thread_id))
  from changed as before
  join added as now
    on now.id = before.id
  where (before.thread_id, before.sitter_id, before.starts_at, before.ends_at, before.closed_at)
    is distinct from (now.thread_id, now.sitter_id, now.starts_at, now.ends_at, now.closed_at);
  return null;
end
$$;

-- Behind a client's account that is another, or a thread that sitters and clients no longer read.
create or replace function rolecall_internal.follow_client_account()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
    rolecall_internal.note_thread_losses(array_agg(old.user_id), array_agg(thread.id)),
    rolecall_internal.touch_threads(array_agg(thread.id))
  from rolecall.message_threads as thread
  where thread.organization_id = old.organization_id
    and thread.client_id = old.id
    and thread.scope = 'client';
  return null;
end
$$;

create or replace function rolecall_internal.follow_thread_scope()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.note_thread_losses(array_agg(reader.id), array_agg(old.id), p_scope => null)
  from (
    select sitter_id
    from rolecall.assignment_windows
    where organization_id = old.organization_id
      and thread_id = old.id
      and closed_at is null
      and ends_at > now()
    union
    select user_id
    from rolecall.clients
    where organization_id = old.organization_id
      and id = old.client_id
  ) as reader (id);
  return null;
end
$$;

-- Notes who may have lost which thread. Of one of another scope they knew nothing.
create or replace function rolecall_internal.note_thread_losses(
  p_users uuid[],
  p_threads uuid[],
  p_scope text default 'client'
)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  -- In one order, so that no two statements wait for each other.
  insert into rolecall.thread_losses (user_id, thread_id)
  select distinct profile.id, thread.id
  from unnest(p_users, p_threads) as lost (user_id, thread_id)
  join rolecall.profiles as profile
    on profile.id = lost.user_id
  join rolecall.message_threads as thread
    on thread.id = lost.thread_id
    and (p_scope is null or thread.scope = p_scope)
  order by profile.id, thread.id
  on conflict (user_id, thread_id) do update
  set changed_xid = excluded.changed_xid;
end
$$;

-- Notes that what threads show has changed.
create or replace function rolecall_internal.touch_threads(p_threads uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update rolecall.message_threads
  set changed_xid = pg_current_xact_id()
  where id in (
    select id
    from rolecall.message_threads
    where id = any (p_threads)
      and changed_xid <> pg_current_xact_id()
    order by id
    for no key update
  );
end
$$;

-- Behind another role of somebody: what is broadcast across a block hangs on the roles of the two.
create or replace function rolecall_internal.follow_role_change()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Two who block each other are one pair, and no two statements wait for each other.
  insert into rolecall.block_changes (user_id, other_id)
  select distinct pair.user_id, pair.other_id
  from rolecall.user_blocks as block
  cross join lateral (
    values
      (block.blocker_id, block.blocked_id),
      (block.blocked_id, block.blocker_id)
  ) as pair (user_id, other_id)
  where new.id in (block.blocker_id, block.blocked_id)
  order by pair.user_id, pair.other_id
  on conflict (user_id, other_id) do update
  set changed_xid = excluded.changed_xid;
  return null;
end
$$;
