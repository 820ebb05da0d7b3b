-- The conversations that transactions from p_since on changed for p_user, the newest p_limit changes that come before
-- (p_at, p_id), and as what the user reads each: 'people' or 'audience', or 'gone' when they no longer do. With p_since 0
-- all conversations of the user.
--
-- A conversation is in one place of this list: that of its own change if there is one, else that of the user's mark, of
-- their participation, of their settings, or of a block. The indexes have the changes by many transactions at a time, so each part looks first among which its
-- page ends at the latest, and then sorts what is not older: see rolecall_internal.inbox_page.
create or replace function rolecall_internal.changed_conversations(
  p_user uuid,
  p_since xid8,
  p_at xid8,
  p_id uuid,
  p_limit int
)
returns table (id uuid, changed_xid xid8, reader text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_least bigint := p_since::text::bigint >> 16;
  v_most bigint := p_at::text::bigint >> 16;
  v_some boolean := p_since > '0';
  -- The matrix is asked about the broadcasts of these alone.
  v_blocks uuid[] := rolecall_internal.blocks_of(p_user);
begin
  return query
  select listed.id, max(listed.changed_xid), min(listed.reader)
  from (
    (
      select conversation.id, conversation.changed_xid, 'people' as reader
      from rolecall.conversations as conversation
      where conversation.participant_low = p_user
        and conversation.changed_in <= v_most
        and conversation.changed_in >= coalesce(
          (
            select newer.changed_in
            from rolecall.conversations as newer
            where newer.participant_low = p_user
              and newer.changed_in < v_most
              and newer.changed_in >= v_least
            order by newer.changed_in desc
            offset p_limit - 1
            limit 1
          ),
          v_least
        )
        and conversation.changed_xid >= p_since
        and (conversation.changed_xid, conversation.id) < (p_at, p_id)
      order by conversation.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.changed_xid, 'people'
      from rolecall.conversations as conversation
      where conversation.participant_high = p_user
        and conversation.changed_in <= v_most
        and conversation.changed_in >= coalesce(
          (
            select newer.changed_in
            from rolecall.conversations as newer
            where newer.participant_high = p_user
              and newer.changed_in < v_most
              and newer.changed_in >= v_least
            order by newer.changed_in desc
            offset p_limit - 1
            limit 1
          ),
          v_least
        )
        and conversation.changed_xid >= p_since
        and (conversation.changed_xid, conversation.id) < (p_at, p_id)
      order by conversation.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      select conversation.id, conversation.changed_xid, 'people'
      from rolecall.conversations as conversation
      where conversation.created_by = p_user
        and conversation.kind = 'show'
        and conversation.changed_xid >= p_since
        and (conversation.changed_xid, conversation.id) < (p_at, p_id)
      order by conversation.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- What is broadcast where they take part. Who joins sees what was sent since joined_at, which may be earlier.
      select thread.conversation_id, moved.changed_xid, 'audience'
      from rolecall.show_participants as own
      cross join lateral (
        select newest.conversation_id
        from rolecall.show_threads as newest
        where newest.show_id = own.show_id
          and newest.role = own.role
          and newest.active_in >= rolecall_internal.hour_of(own.joined_at)
          and newest.last_message_at >= own.joined_at
        offset 0
      ) as thread
      cross join lateral (
        select conversation.created_by, greatest(conversation.changed_xid, own.changed_xid) as changed_xid
        from rolecall.conversations as conversation
        where conversation.id = thread.conversation_id
        -- Each by its key, however many PostgreSQL expects.
        offset 0
      ) as moved
      where own.user_id = p_user
        and moved.created_by <> p_user
        and moved.changed_xid >= p_since
        and (moved.changed_xid, thread.conversation_id) < (p_at, p_id)
        and (moved.created_by <> all (v_blocks) or rolecall_internal.reads_broadcasts_of(p_user, moved.created_by))
      order by moved.changed_xid desc, thread.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What was broadcast where they took part.
      select newest.conversation_id, moved.changed_xid, 'audience'
      from rolecall.past_participations as own
      join rolecall.show_threads as newest
        on newest.show_id = own.show_id
        and newest.role = own.role
      cross join lateral (
        select conversation.created_by, conversation.changed_xid
        from rolecall.conversations as conversation
        where conversation.id = newest.conversation_id
        offset 0
      ) as moved
      where own.user_id = p_user
        and moved.created_by <> p_user
        and moved.changed_xid >= p_since
        and (moved.changed_xid, newest.conversation_id) < (p_at, p_id)
        and (moved.created_by <> all (v_blocks) or rolecall_internal.reads_broadcasts_of(p_user, moved.created_by))
        and exists (
          select
          from rolecall.broadcasts as broadcast
          where broadcast.conversation_id = newest.conversation_id
            and broadcast.created_at >= own.joined_at
            and broadcast.created_at < own.left_at
            and own.role = any (broadcast.recipient_roles)
        )
      order by moved.changed_xid desc, newest.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What they have read on another device.
      select own.conversation_id, own.changed_xid, 'people'
      from rolecall.conversation_participants as own
      cross join lateral (
        select participant_low, participant_high, created_by
        from rolecall.conversations as conversation
        where conversation.id = own.conversation_id
          and conversation.changed_xid < p_since
        offset 0
      ) as conversation
      where v_some
        and own.user_id = p_user
        and own.changed_in between v_least and v_most
        and own.changed_xid >= p_since
        and (own.changed_xid, own.conversation_id) < (p_at, p_id)
        and p_user in (conversation.participant_low, conversation.participant_high, conversation.created_by)
      order by own.changed_xid desc, own.conversation_id desc
      limit p_limit
    )
    union all
    (
      select receipt.conversation_id, receipt.changed_xid, 'audience'
      from rolecall.broadcast_receipts as receipt
      cross join lateral (
        select conversation.show_id
        from rolecall.conversations as conversation
        where conversation.id = receipt.conversation_id
          and conversation.changed_xid < p_since
        offset 0
      ) as conversation
      where v_some
        and receipt.user_id = p_user
        and receipt.changed_in between v_least and v_most
        and receipt.changed_xid >= p_since
        and (receipt.changed_xid, receipt.conversation_id) < (p_at, p_id)
        and exists (
          select
          from rolecall_internal.visible_broadcasts(p_user, receipt.conversation_id, conversation.show_id)
        )
      order by receipt.changed_xid desc, receipt.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- What they have muted, archived or pinned on another device.
      select
        setting.conversation_id,
        setting.changed_xid,
        case
          when p_user in (conversation.participant_low, conversation.participant_high, conversation.created_by) then 'people'
          else 'audience'
        end
      from rolecall.conversation_settings as setting
      cross join lateral (
        select participant_low, participant_high, case when kind = 'show' then created_by end as created_by, show_id
        from rolecall.conversations as conversation
        where conversation.id = setting.conversation_id
          and conversation.changed_xid < p_since
        offset 0
      ) as conversation
      where v_some
        and setting.user_id = p_user
        and setting.changed_xid >= p_since
        and (setting.changed_xid, setting.conversation_id) < (p_at, p_id)
        and (
          p_user in (conversation.participant_low, conversation.participant_high, conversation.created_by)
          or exists (
            select
            from rolecall_internal.visible_broadcasts(p_user, setting.conversation_id, conversation.show_id)
          )
        )
      order by setting.changed_xid desc, setting.conversation_id desc
      limit p_limit
    )
    union all
    (
      -- A block between the two stops what they write to each other.
      select conversation.id, block.changed_xid, 'people'
      from rolecall.block_changes as block
      join rolecall.conversations as conversation
        on conversation.kind = 'direct'
        and conversation.version = 'v2'
        and conversation.participant_low = least(p_user, block.other_id)
        and conversation.participant_high = greatest(p_user, block.other_id)
        and conversation.changed_xid < p_since
      where v_some
        and block.user_id = p_user
        and block.changed_xid >= p_since
        and (block.changed_xid, conversation.id) < (p_at, p_id)
      order by block.changed_xid desc, conversation.id desc
      limit p_limit
    )
    union all
    (
      -- And hides what the other broadcasts.
      select
        conversation.id,
        block.changed_xid,
        case when rolecall_internal.reads_broadcasts_of(p_user, block.other_id) then 'audience' else 'gone' end
      from rolecall.block_changes as block
      join rolecall.conversations as conversation
        on conversation.kind = 'show'
        and conversation.created_by = block.other_id
      where v_some
        and block.user_id = p_user
        and block.changed_xid >= p_since
        and (block.changed_xid, conversation.id) < (p_at, p_id)
        and exists (
          select
          from rolecall.broadcasts as broadcast
          where broadcast.conversation_id = conversation.id
            and rolecall_internal.in_audience(
              p_user, broadcast.show_id, broadcast.recipient_roles, broadcast.created_at
            )
        )
      order by block.changed_xid desc, conversation.id desc
      limit p_limit
    )
  ) as listed
  group by listed.id
  order by 2 desc, 1 desc
  limit p_limit;
end
$$;

-- The same for help conversations. A user has few of these, so that all of theirs are looked at. Those that lie in an app's own
-- tables take no writes and are not among them.
create or replace function rolecall_internal.changed_help_conversations(
  p_user uuid,
  p_since xid8,
  p_at xid8,
  p_id uuid,
  p_limit int
)
returns table (id uuid, changed_xid xid8)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
  select own.conversation_id, moved.changed_xid
  from (
    select conversation_id, helper_id as other_id, changed_xid
    from rolecall.help_threads
    where requester_id = p_user
    union all
    select conversation_id, requester_id, changed_xid
    from rolecall.help_threads
    where helper_id = p_user
  ) as own
  left join rolecall.block_changes as block
    on block.user_id = p_user
    and block.other_id = own.other_id
  cross join lateral (
    select greatest(own.changed_xid, request.changed_xid, block.changed_xid) as changed_xid
    from public.conversations_v2 as conversation
    join rolecall.help_requests as request
      on request.id = conversation.help_request_id
    where conversation.id = own.conversation_id
    -- Each by its key, however many PostgreSQL expects.
    offset 0
  ) as moved
  where moved.changed_xid >= p_since
    and (moved.changed_xid, own.conversation_id) < (p_at, p_id)
  order by moved.changed_xid desc, own.conversation_id desc
  limit p_limit;
end
$$;

-- The same for the threads that a member of an organisation reads: 'reads', or 'gone' when they no longer do. Owner and admin
-- read every one, by the index; a sitter and a client have few. Of a sitter's windows those that began or ended by themselves
-- from p_from to p_until count as changes, which stand at p_since; what they show to owner and admin comes with the next change.
create or replace function rolecall_internal.changed_threads(
  p_reader rolecall.actor,
  p_user uuid,
  p_since xid8,
  p_at xid8,
  p_id uuid,
  p_limit int,
  p_from timestamptz,
  p_until timestamptz
)
returns table (id uuid, changed_xid xid8, reader text)
language plpgsql
stable
rows 50
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_org uuid := p_reader.organization_id;
  v_least bigint := p_since::text::bigint >> 16;
  v_most bigint := p_at::text::bigint >> 16;
  v_some boolean := p_since > '0';
  v_own uuid[];
  -- Where a window of theirs began or ended.
  v_timed uuid[] := '{}';
begin
  if not rolecall_internal.reads_every_thread(p_reader.organization_role) then
    v_own := rolecall_internal.own_threads(p_reader, p_user);
    if v_some and rolecall_internal.reads_assigned_threads(p_reader.organization_role) then
      v_timed := array(
        select distinct assigned.thread_id
        from rolecall.assignment_windows as assigned
        join rolecall.message_threads as thread
          on thread.organization_id = v_org
          and thread.id = assigned.thread_id
          and thread.scope = 'client'
        where assigned.organization_id = v_org
          and assigned.sitter_id = p_user
          and assigned.ends_at > p_from
          and assigned.closed_at is null
          and (
            assigned.ends_at <= p_until
            or (assigned.starts_at > p_from and assigned.starts_at <= p_until)
          )
      );
    end if;
    return query
    select
      thread.id,
      moved.changed_xid,
      case when thread.id = any (v_own) then 'reads' else 'gone' end
    from (
      select unnest(v_own)
      union
      select unnest(v_timed)
      union
      select loss.thread_id
      from rolecall.thread_losses as loss
      where v_some
        and loss.user_id = p_user
        and loss.changed_xid >= p_since
    ) as candidate (id)
    join rolecall.message_threads as thread
      on thread.id = candidate.id
      and thread.organization_id = v_org
    left join rolecall.thread_losses as loss
      on loss.user_id = p_user
      and loss.thread_id = thread.id
    left join rolecall.thread_reads as mark
      on mark.organization_id = v_org
      and mark.thread_id = thread.id
      and mark.user_id = p_user
    cross join lateral (
      select greatest(
        loss.changed_xid,
        case when thread.id = any (v_timed) then p_since end,
        -- What happens in a thread that they do not read is nothing to them.
        case when thread.id = any (v_own) then greatest(thread.changed_xid, mark.changed_xid) end
      ) as changed_xid
    ) as moved
    where moved.changed_xid >= p_since
      and (moved.changed_xid, thread.id) < (p_at, p_id)
    order by moved.changed_xid desc, thread.id desc
    limit p_limit;
    return;
  end if;
  return query
  select listed.id, max(listed.changed_xid), 'reads'
  from (
    (
      select thread.id, thread.changed_xid
      from rolecall.message_threads as thread
      where thread.organization_id = v_org
        and thread.changed_in <= v_most
        and thread.changed_in >= coalesce(
          (
            select newer.changed_in
            from rolecall.message_threads as newer
            where newer.organization_id = v_org
              and newer.changed_in < v_most
              and newer.changed_in >= v_least
            order by newer.changed_in desc
            offset p_limit - 1
            limit 1
          ),
          v_least
        )
        and thread.changed_xid >= p_since
        and (thread.changed_xid, thread.id) < (p_at, p_id)
      order by thread.changed_xid desc, thread.id desc
      limit p_limit
    )
    union all
    (
      -- What they have read on another device.
      select mark.thread_id, mark.changed_xid
      from rolecall.thread_reads as mark
      where v_some
        and mark.organization_id = v_org
        and mark.user_id = p_user
        and mark.changed_xid >= p_since
        and (mark.changed_xid, mark.thread_id) < (p_at, p_id)
      order by mark.changed_xid desc, mark.thread_id desc
      limit p_limit
    )
  ) as listed
  group by listed.id
  order by 2 desc, 1 desc
  limit p_limit;
end
$$;
