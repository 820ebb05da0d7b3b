-- What changes in messages that exist: deleted, restored, erased, or written over by the operator. Whoever changes them,
-- triggers tell everything that follows from a message: the revision by which clients learn of the change, what is unread,
-- and the broadcast.

-- Holds conversations until the commit. Whoever changes a message holds its conversation first.
create or replace function rolecall_internal.hold_conversations(p_conversations uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
  from rolecall.conversations
  where id = any (p_conversations)
  order by id
  for no key update;
end
$$;

-- Gives each of these messages the next revision of its conversation, which is held from here on: revisions become
-- visible in their order, so that who has seen one has missed none below it.
create or replace function rolecall_internal.revise(p_conversations uuid[], p_seqs bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform rolecall_internal.hold_conversations(p_conversations);

  with changed as materialized (
    select
      conversation_id,
      seq,
      row_number() over (partition by conversation_id order by seq) as place,
      count(*) over (partition by conversation_id) as changes
    from (
      select distinct conversation_id, seq
      from unnest(p_conversations, p_seqs) as changed (conversation_id, seq)
    ) as changed
  ),
  revised as (
    update rolecall.conversations as conversation
    set
      revision = conversation.revision + changed.changes,
      changed_xid = pg_current_xact_id()
    from changed
    where changed.place = 1
      and conversation.id = changed.conversation_id
    returning conversation.id, conversation.revision - changed.changes as revision
  )
  update rolecall.messages as message
  set revision = revised.revision + changed.place
  from changed
  join revised
    on revised.id = changed.conversation_id
  where message.conversation_id = changed.conversation_id
    and message.seq = changed.seq;
  perform rolecall_internal.emit_messages('message.changed', p_conversations, p_seqs);
end
$$;

-- Erases what those of these messages said before whose content is gone for good: what nobody reads of a message, nobody
-- reads of its versions.
create or replace function rolecall_internal.erase_edits(p_conversations uuid[], p_seqs bigint[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from rolecall.message_edits as edit
  using unnest(p_conversations, p_seqs) as changed (conversation_id, seq)
  where edit.conversation_id = changed.conversation_id
    and edit.seq = changed.seq
    and exists (
      select
      from rolecall.messages as message
      where message.conversation_id = changed.conversation_id
        and message.seq = changed.seq
        and message.content is null
    )
    and not exists (
      select
      from rolecall.removed_contents as removed
      where removed.conversation_id = changed.conversation_id
        and removed.seq = changed.seq
    );
end
$$;

-- Follows every statement that updates messages.
create or replace function rolecall_internal.follow_changed_messages()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
  v_senders uuid[];
  -- 1 of a message that is deleted now, -1 of one that is restored.
  v_hidden int[];
begin
  -- Sorted rather than joined: a plan for one message must do for thousands.
  select
    array_agg(conversation_id),
    array_agg(seq),
    array_agg(sender_id),
    array_agg(hidden)
  into v_conversations, v_seqs, v_senders, v_hidden
  from (
    select
      conversation_id,
      seq,
      max(sender_id::text)::uuid as sender_id,
      sum(case when deleted_at is not null then side else 0 end) as hidden
    from (
      select conversation_id, seq, sender_id, content, deleted_at, deleted_as, -1 as side
      from gone
      union all
      select conversation_id, seq, sender_id, content, deleted_at, deleted_as, 1
      from added
    ) as version
    group by conversation_id, seq
    having count(distinct (content, deleted_at, deleted_as)) > 1
  ) as changed;
  if v_conversations is null then
    return null;
  end if;
  perform rolecall_internal.revise(v_conversations, v_seqs);
  perform rolecall_internal.erase_edits(v_conversations, v_seqs);

  -- Its own statement, which sees how far everybody has read once nobody can move it.
  perform
  from rolecall.conversation_participants
  where conversation_id = any (v_conversations)
  order by conversation_id, user_id
  for no key update;
  update rolecall.conversation_participants as participant
  set skipped = participant.skipped + changed.hidden
  from (
    select own.conversation_id, own.user_id, sum(changed.hidden) as hidden
    from unnest(v_conversations, v_seqs, v_senders, v_hidden) as changed (conversation_id, seq, sender_id, hidden)
    join rolecall.conversation_participants as own
      on own.conversation_id = changed.conversation_id
      and own.last_read_seq < changed.seq
      and own.user_id is distinct from changed.sender_id
    group by own.conversation_id, own.user_id
    having sum(changed.hidden) <> 0
  ) as changed
  where participant.conversation_id = changed.conversation_id
    and participant.user_id = changed.user_id;

  update rolecall.broadcasts as broadcast
  set deleted = changed.hidden > 0
  from unnest(v_conversations, v_seqs, v_hidden) as changed (conversation_id, seq, hidden)
  where broadcast.conversation_id = changed.conversation_id
    and broadcast.seq = changed.seq
    and changed.hidden <> 0;
  return null;
end
$$;

-- Follows every statement that deletes contents of deleted messages for good: moderators had seen them.
create or replace function rolecall_internal.follow_erased_contents()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversations uuid[];
  v_seqs bigint[];
begin
  select array_agg(conversation_id), array_agg(seq)
  into v_conversations, v_seqs
  from gone;
  if v_conversations is not null then
    perform rolecall_internal.revise(v_conversations, v_seqs);
    perform rolecall_internal.erase_edits(v_conversations, v_seqs);
  end if;
  return null;
end
$$;
