-- How many messages p_user has not read in direct conversations, and in how many of these. Their conversations come by the
-- two indexes of the inbox, so that it costs the same however many others there are. PostgreSQL takes it that nobody has more
-- than a few, and without the setting would compare each of 10,000 conversations with each of 10,000 participations.
create or replace function rolecall_internal.unread_direct(p_user uuid, out unread bigint, out conversations bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_nestloop = off
as $$
begin
  select coalesce(sum(conversation.last_seq - own.last_read_seq - own.skipped), 0), count(*)
  into unread, conversations
  from rolecall.conversation_participants as own
  join rolecall.conversations as conversation
    on conversation.id = own.conversation_id
    and conversation.last_seq > own.last_read_seq + own.skipped
  where own.user_id = p_user
    and (
      conversation.participant_low = p_user
      or conversation.participant_high = p_user
    );
end
$$;

-- How much p_user has not read.
create or replace function rolecall_internal.unread(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_direct bigint;
  v_direct_conversations bigint;
  v_show bigint;
  v_show_conversations bigint;
  v_blocks uuid[] := rolecall_internal.blocks_of(p_user);
  -- What is muted or archived does not count.
  v_quiet uuid[] := array(
    select id
    from rolecall_internal.set_conversations(p_user)
    where is_muted
      or is_archived
  );
  v_quiet_direct record;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select unread, conversations
  into v_direct, v_direct_conversations
  from rolecall_internal.unread_direct(p_user);
  if v_quiet <> '{}' then
    select coalesce(sum(conversation.last_seq - own.last_read_seq - own.skipped), 0) as unread, count(*) as conversations
    into v_quiet_direct
    from unnest(v_quiet) as quiet (id)
    cross join lateral (
      select *
      from rolecall.conversation_participants
      where conversation_id = quiet.id
        and user_id = p_user
      offset 0
    ) as own
    cross join lateral (
      select *
      from rolecall.conversations
      where id = quiet.id
      offset 0
    ) as conversation
    where conversation.last_seq > own.last_read_seq + own.skipped
      and p_user in (conversation.participant_low, conversation.participant_high);
    v_direct := v_direct - v_quiet_direct.unread;
    v_direct_conversations := v_direct_conversations - v_quiet_direct.conversations;
  end if;

  select coalesce(sum(unread), 0), count(*)
  into v_show, v_show_conversations
  from (
    -- What is newer than what they have read, where they take part and where they took part. "offset 0": by thread, not
    -- by going through everything that was ever broadcast; and whose they are matters for what is unread alone.
    select newer.conversation_id, count(distinct unread.seq) as unread
    from (
      select
        newest.conversation_id,
        coalesce(receipt.last_read_seq, 0) as last_read_seq,
        own.role,
        own.joined_at,
        own.left_at
      from rolecall.participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
        and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
        and newest.last_message_at >= own.joined_at
      left join rolecall.broadcast_receipts as receipt
        on receipt.conversation_id = newest.conversation_id
        and receipt.user_id = p_user
      where own.user_id = p_user
        and newest.last_seq > coalesce(receipt.last_read_seq, 0)
        and newest.conversation_id <> all (v_quiet)
      offset 0
    ) as newer
    cross join lateral (
      select broadcast.seq
      from rolecall.broadcasts as broadcast
      where broadcast.conversation_id = newer.conversation_id
        and broadcast.seq > newer.last_read_seq
        and not broadcast.deleted
        and broadcast.sender_id <> p_user
        and broadcast.created_at >= newer.joined_at
        and broadcast.created_at < newer.left_at
        and newer.role = any (broadcast.recipient_roles)
      offset 0
    ) as unread
    where cardinality(v_blocks) = 0
      or (
        select conversation.created_by <> all (v_blocks)
          or rolecall_internal.reads_broadcasts_of(p_user, conversation.created_by)
        from rolecall.conversations as conversation
        where conversation.id = newer.conversation_id
      )
    group by newer.conversation_id
  ) as counted;

  return rolecall_internal.success(
    jsonb_build_object(
      'unread', v_direct + v_show,
      'conversations', v_direct_conversations + v_show_conversations,
      'by_kind', jsonb_build_object('direct', v_direct, 'show', v_show)
    )
  );
end
$$;

create or replace function rolecall_edge.unread(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'conversations.unread',
    p_request,
    p_rate => 'read',
    p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.unread(v_call.caller, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
