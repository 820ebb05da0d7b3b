-- How far somebody has read: last_read_seq, and of the messages after it how many are not new to them (skipped): their own
-- and deleted ones.

-- How many of the messages after p_after and up to p_to are new to p_user.
create or replace function rolecall_internal.new_messages(p_user uuid, p_conversation uuid, p_after bigint, p_to bigint)
returns bigint
language sql
stable
begin atomic
  select count(*)
  from rolecall.messages
  where conversation_id = p_conversation
    and seq > p_after
    and seq <= p_to
    and deleted_at is null
    and sender_id is distinct from p_user;
end;

-- Moves the mark of p_user, who is one of the conversation's people or of the audience of p_show's broadcasts: on to p_to,
-- or back to it with p_back. Never beyond what there is to read, and never in the other direction.
create or replace function rolecall_internal.move_mark(
  p_user uuid,
  p_conversation uuid,
  p_audience_of uuid,
  p_to bigint,
  p_back boolean,
  out last_read_seq bigint,
  out unread bigint
)
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if p_audience_of is null then
    -- Held from here on: the next statement sees every message that the counter knows of, and no other.
    perform
    from rolecall.conversation_participants
    where conversation_id = p_conversation
      and user_id = p_user
    for no key update;
    if not found then
      -- A user who got their profile after the import; nothing is new to them.
      insert into rolecall.conversation_participants as own (conversation_id, user_id, last_read_seq)
      select id, p_user, last_seq
      from rolecall.conversations
      where id = p_conversation
      on conflict (conversation_id, user_id) do update
      set last_read_seq = own.last_read_seq;
    end if;
    update rolecall.conversation_participants as own
    set
      last_read_seq = moved.to_seq,
      changed_xid = pg_current_xact_id(),
      skipped = case
        -- Nothing comes after the end.
        when moved.to_seq = moved.last_seq then 0
        -- More or less by those of the messages in between that are not new.
        when p_back then
          own.skipped + own.last_read_seq - moved.to_seq
            - rolecall_internal.new_messages(p_user, p_conversation, moved.to_seq, own.last_read_seq)
        else
          own.skipped + own.last_read_seq - moved.to_seq
            + rolecall_internal.new_messages(p_user, p_conversation, own.last_read_seq, moved.to_seq)
      end
    from (
      select last_seq, least(p_to, last_seq) as to_seq
      from rolecall.conversations
      where id = p_conversation
    ) as moved
    where own.conversation_id = p_conversation
      and own.user_id = p_user
      and case when p_back then own.last_read_seq > moved.to_seq else own.last_read_seq < moved.to_seq end;
    select own.last_read_seq, conversation.last_seq - own.last_read_seq - own.skipped
    into last_read_seq, unread
    from rolecall.conversation_participants as own
    join rolecall.conversations as conversation
      on conversation.id = own.conversation_id
    where own.conversation_id = p_conversation
      and own.user_id = p_user;
    return;
  end if;

  if p_back then
    update rolecall.broadcast_receipts as receipt
    set
      last_read_seq = p_to,
      changed_xid = pg_current_xact_id()
    where receipt.conversation_id = p_conversation
      and receipt.user_id = p_user
      and receipt.last_read_seq > p_to;
  else
    insert into rolecall.broadcast_receipts as receipt (conversation_id, user_id, last_read_seq)
    select p_conversation, p_user, newest.seq
    from (
      -- Up to the last that is for them.
      select max(broadcast.seq) as seq
      from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
      where broadcast.seq <= p_to
    ) as newest
    where newest.seq is not null
    on conflict (conversation_id, user_id) do update
    set
      last_read_seq = excluded.last_read_seq,
      read_at = excluded.read_at,
      changed_xid = excluded.changed_xid
    where receipt.last_read_seq < excluded.last_read_seq;
  end if;
  last_read_seq := coalesce(
    (
      select receipt.last_read_seq
      from rolecall.broadcast_receipts as receipt
      where receipt.conversation_id = p_conversation
        and receipt.user_id = p_user
    ),
    0
  );
  unread := rolecall_internal.new_broadcasts(p_user, p_conversation, p_audience_of, last_read_seq);
end
$$;

-- How many broadcasts of a conversation for p_show after p_after are new to p_user.
create or replace function rolecall_internal.new_broadcasts(p_user uuid, p_conversation uuid, p_show uuid, p_after bigint)
returns bigint
language sql
stable
begin atomic
  select count(*)
  from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_show) as broadcast
  where broadcast.seq > p_after
    and not broadcast.deleted
    and broadcast.sender_id <> p_user;
end;

-- The answer to a request that moves a mark.
create or replace function rolecall_internal.mark_answer(
  p_user uuid,
  p_conversation uuid,
  p_last_read_seq bigint,
  p_unread bigint
)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_last_read_seq is null then
    -- Deleted since it was looked up.
    return rolecall_internal.refuse_unknown_conversation(p_user, p_conversation);
  end if;
  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', p_conversation,
      'last_read_seq', p_last_read_seq,
      'unread_count', p_unread
    )
  );
end
$$;
