-- Whether p_user is or was in the audience of what was sent to these roles of a show at a moment: who joins later does
-- not see it, and who leaves later still does. It reads who took part as its owner.
create or replace function rolecall_internal.in_audience(
  p_user uuid,
  p_show uuid,
  p_roles rolecall.app_role[],
  p_sent_at timestamptz
)
returns boolean
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select
    from rolecall.participations
    where user_id = p_user
      and show_id = p_show
      and role = any (p_roles)
      and p_sent_at >= joined_at
      and p_sent_at < left_at
  )
$$;

-- Those with whom p_user has a block, in either direction: of all others nobody need ask whether they read what these
-- broadcast.
create or replace function rolecall_internal.blocks_of(p_user uuid)
returns uuid[]
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  return array(
    select blocked_id
    from rolecall.user_blocks
    where blocker_id = p_user
    union
    select blocker_id
    from rolecall.user_blocks
    where blocked_id = p_user
  );
end
$$;

-- Whether p_user reads what p_sender broadcasts to them. The matrix decides about two people between whom there is a block;
-- between all others it lets everybody read, which its tests hold it to. Policies call it; it reads the blocks of both as
-- its owner.
create or replace function rolecall_internal.reads_broadcasts_of(p_user uuid, p_sender uuid)
returns boolean
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    -- In either direction; nobody blocks themselves, so each of the two is one of the pair.
    select
    from rolecall.user_blocks
    where blocker_id in (p_user, p_sender)
      and blocked_id in (p_user, p_sender)
  ) then
    return true;
  end if;
  return coalesce(
    (
      rolecall_internal.decide(
        'read_broadcast',
        (select role from rolecall.profiles where id = p_user),
        (select role from rolecall.profiles where id = p_sender),
        '{feature_enabled,participant,blocked}'
      )
    ).allowed,
    false
  );
end
$$;

-- The broadcasts that the caller sees, as their sender or as their audience, for policies: these find rows by index when
-- they compare with an array that is made once for the statement. It reads as its owner, and tells callers nothing but
-- their own; a caller who is nobody sees none.
create or replace function rolecall_internal.caller_broadcasts()
returns setof rolecall.broadcasts
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_caller uuid := rolecall_internal.caller_with_profile();
  -- Those who broadcast where the caller takes or took part, across a block: looked for once for each of them.
  v_hidden uuid[] := array(
    select sender.id
    from (
      select distinct conversation.created_by as id
      from rolecall.participations as own
      join rolecall.show_threads as thread
        on thread.show_id = own.show_id
        and thread.role = own.role
      join rolecall.conversations as conversation
        on conversation.id = thread.conversation_id
      where own.user_id = v_caller
    ) as sender
    where not rolecall_internal.reads_broadcasts_of(v_caller, sender.id)
  );
begin
  return query
  select broadcast.*
  from rolecall.broadcasts as broadcast
  where broadcast.sender_id = v_caller
  union all
  select broadcast.*
  from rolecall.participations as own
  join rolecall.broadcasts as broadcast
    on broadcast.show_id = own.show_id
  where own.user_id = v_caller
    and broadcast.sender_id <> all (v_hidden)
    and own.role = any (broadcast.recipient_roles)
    and broadcast.created_at >= own.joined_at
    and broadcast.created_at < own.left_at;
end
$$;

-- Whether p_user may read the broadcasts of p_conversation as their audience.
create or replace function rolecall_internal.judge_broadcast_reader(p_user uuid, p_conversation uuid, p_rollouts jsonb)
returns rolecall.judgement
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_sender_role rolecall.app_role;
  v_facts text[];
begin
  if v_actor.refusal is not null then
    return rolecall_internal.judgement_of_refusal(v_actor.refusal, v_actor.organization_id);
  end if;
  select
    sender.role,
    array[
      case
        when conversation.created_by = p_user
          or exists (
            select
            from rolecall.broadcasts as broadcast
            where broadcast.conversation_id = conversation.id
              and rolecall_internal.in_audience(
                p_user, broadcast.show_id, broadcast.recipient_roles, broadcast.created_at
              )
          )
        then 'participant'
      end,
      case
        when exists (
          select
          from rolecall.user_blocks
          where blocker_id in (p_user, conversation.created_by)
            and blocked_id in (p_user, conversation.created_by)
        )
        then 'blocked'
      end
    ]
  into v_sender_role, v_facts
  from rolecall.conversations as conversation
  left join rolecall.profiles as sender
    on sender.id = conversation.created_by
  where conversation.id = p_conversation
    and conversation.kind = 'show';
  -- A conversation that does not exist has no audience, and is refused in the same words.
  return rolecall_internal.judgement_of(
    rolecall_internal.decide(
      'read_broadcast',
      v_actor.role,
      coalesce(v_sender_role, rolecall_internal.role_of_strangers()),
      array['feature_enabled'] || v_facts
    ),
    v_actor.organization_id
  );
end
$$;

-- The broadcasts of a conversation for p_show that p_user sees as their audience. PostgreSQL writes it into the statements
-- that ask, with their bounds and their order. All of them have one sender, so a block is looked for once.
create or replace function rolecall_internal.visible_broadcasts(p_user uuid, p_conversation uuid, p_show uuid)
returns setof rolecall.broadcasts
language sql
stable
begin atomic
  select broadcast.*
  from rolecall.broadcasts as broadcast
  where broadcast.conversation_id = p_conversation
    and exists (
      select
      from rolecall.participations as own
      where own.user_id = p_user
        and own.show_id = p_show
        and own.role = any (broadcast.recipient_roles)
        and broadcast.created_at >= own.joined_at
        and broadcast.created_at < own.left_at
    )
    and (
      select rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
      from rolecall.conversations as conversation
      where conversation.id = p_conversation
    );
end;

-- The same for many at once and one broadcast: those of p_people who see it as its audience.
create or replace function rolecall_internal.readers_of_broadcast(p_people uuid[], p_conversation uuid, p_seq bigint)
returns uuid[]
language sql
stable
begin atomic
  with sent as materialized (
    select
      conversation.show_id,
      conversation.created_by,
      broadcast.recipient_roles,
      broadcast.created_at,
      rolecall_internal.blocks_of(conversation.created_by) as blocks
    from rolecall.conversations as conversation
    join rolecall.broadcasts as broadcast
      on broadcast.conversation_id = conversation.id
    where conversation.id = p_conversation
      and broadcast.seq = p_seq
  )
  select array(
    select distinct own.user_id
    from sent
    cross join unnest(p_people) as named (id)
    join rolecall.participations as own
      on own.show_id = sent.show_id
      and own.user_id = named.id
    where own.role = any (sent.recipient_roles)
      and sent.created_at >= own.joined_at
      and sent.created_at < own.left_at
      and (
        own.user_id <> all (sent.blocks)
        or rolecall_internal.reads_broadcasts_of(own.user_id, sent.created_by)
      )
  );
end;
