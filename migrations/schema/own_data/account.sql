-- Deletes the account of p_user, or goes on with it, and returns the deletion as it is then. Safe to call again, and for
-- somebody whose profile the app has deleted already.
--
-- The first call takes away the profile, so that nobody acts as this user any more, and with it the name, role,
-- participations, blocks, quotas, receipts and how far they had read. It unassigns a sitter, and erases a client. Whoever
-- names them in a row at this moment holds the profile, and is waited for; whoever comes later is refused. What others read
-- stays in its place, by an id that leads to nobody. What the law lets stay is said in docs/privacy.md.
create or replace function rolecall_internal.delete_account(p_user uuid)
returns rolecall.data_deletions
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_most constant int := 4000;
  v_deletion rolecall.data_deletions;
  v_rows bigint;
  v_closed boolean;
begin
  insert into rolecall.data_deletions as unfinished (user_id, account)
  values (p_user, true)
  on conflict (user_id) where account do update
  set user_id = unfinished.user_id
  returning *
  into v_deletion;
  if v_deletion.completed_at is not null
    -- Somebody may have been making one while the account was deleted.
    and not exists (
      select
      from rolecall.profiles
      where id = p_user
    )
  then
    return v_deletion;
  end if;

  -- Before the help conversations that are closed below.
  perform rolecall_internal.take_help_turn(p_user);
  -- Conversations before their participants, who go with the profile: whoever sends takes them in this order, too.
  perform
  from rolecall.conversations
  where id in (
    select id
    from rolecall.conversations
    where participant_low = p_user
    union all
    select id
    from rolecall.conversations
    where participant_high = p_user
    union all
    select id
    from rolecall.conversations
    where created_by = p_user
      and kind = 'show'
    union all
    -- Their reactions go with the profile, too.
    select conversation_id
    from rolecall.message_reactions
    where user_id = p_user
  )
    and exists (
      select
      from rolecall.profiles
      where profiles.id = p_user
    )
  order by id
  for no key update;
  -- A client is erased like any other: number, name and what was written to and by them.
  perform
  from rolecall.profiles
  where id = p_user
  for update;
  perform rolecall_internal.erase_client(
    jsonb_build_object('organization_id', client.organization_id, 'client_id', client.id)
  )
  from rolecall.profiles as profile
  join rolecall.clients as client
    on client.organization_id = profile.organization_id
    and client.user_id = profile.id
  where profile.id = p_user;
  delete from rolecall.profiles
  where id = p_user;
  delete from rolecall.data_deletions
  where user_id = p_user
    and not account;
  -- That of this call has no answer yet.
  delete from rolecall.idempotency_records
  where user_id = p_user
    and answer is not null;
  delete from rolecall.rate_buckets
  where user_id = p_user;
  delete from rolecall.presence
  where user_id = p_user;
  delete from rolecall.typing
  where user_id = p_user;
  -- Nobody begins to help any more, and nobody goes on to write to them.
  update rolecall.help_requests
  set status = 'cancelled'
  where requester_id = p_user
    and status in ('open', 'in_progress');
  update public.conversations_v2
  set status = 'closed'
  where id in (
    select id
    from public.conversations_v2
    where requester_id = p_user
      and status = 'active'
    union all
    select id
    from public.conversations_v2
    where helper_id = p_user
      and status = 'active'
    limit v_most
  );
  get diagnostics v_rows = row_count;
  v_closed := v_rows < v_most;
  -- How far they had read.
  update rolecall.help_threads
  set
    requester_read_at = case requester_id when p_user then 'infinity' else requester_read_at end,
    requester_unread = case requester_id when p_user then 0 else requester_unread end,
    helper_read_at = case helper_id when p_user then 'infinity' else helper_read_at end,
    helper_unread = case helper_id when p_user then 0 else helper_unread end
  where conversation_id in (
    select conversation_id
    from rolecall.help_threads
    where requester_id = p_user
      and (requester_read_at < 'infinity' or requester_unread <> 0)
    union all
    select conversation_id
    from rolecall.help_threads
    where helper_id = p_user
      and (helper_read_at < 'infinity' or helper_unread <> 0)
    limit v_most
  );
  get diagnostics v_rows = row_count;
  v_closed := v_closed and v_rows < v_most;

  v_deletion := rolecall_internal.continue_deletion(v_deletion);
  if not v_closed then
    update rolecall.data_deletions
    set completed_at = null
    where id = v_deletion.id
    returning *
    into v_deletion;
  end if;
  return v_deletion;
end
$$;

-- The same for the caller. Their token is still valid when the profile is gone: with it they may go on, unless the flag is
-- off for them.
create or replace function rolecall_internal.delete_own_account(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'own-data', p_rollouts);
begin
  if v_actor.refusal is not null
    and (
      v_actor.refusal #>> '{reasons,0,code}' is distinct from 'account_deleted'
      or not (rolecall_internal.flag_decision('own-data', p_rollouts, p_user, null, null)).enabled
    )
  then
    return v_actor.refusal;
  end if;
  return rolecall_internal.success(rolecall_internal.deletion_json(rolecall_internal.delete_account(p_user)));
end
$$;

-- The same for the operator and the app's own backend, such as a trigger on its users: {deletion_id, account, status,
-- messages_deleted, requested_at}. Call it again while the status is in_progress, or leave that to the night.
create or replace function rolecall.delete_account(p_user uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_user is null then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'delete_account takes the id of a user';
  end if;
  return rolecall_internal.deletion_json(rolecall_internal.delete_account(p_user));
end
$$;

-- Goes on with the oldest unfinished deletion of an account; returns whether there was one.
-- A deletion that is locked is at work.
create or replace function rolecall_internal.continue_account_deletion()
returns boolean
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_user uuid;
begin
  select user_id
  into v_user
  from rolecall.data_deletions
  where completed_at is null
    and account
  order by requested_at
  limit 1
  for update skip locked;
  if not found then
    return false;
  end if;
  perform rolecall_internal.delete_account(v_user);
  return true;
end
$$;

-- No profile is made again for somebody whose account was deleted, as an app's trigger on its users would that follows a
-- changed name. To take them in again, delete the row of data_deletions first.
create or replace function rolecall_internal.keep_account_deleted()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
    select
    from rolecall.data_deletions
    where user_id = new.id
      and account
  ) then
    return null;
  end if;
  return new;
end
$$;
