-- Makes messages of a conversation new to p_user again: {conversation_id, from_seq?}, from that one on, or the newest one
-- that somebody else wrote. What is unread stays unread.
create or replace function rolecall_internal.mark_unread(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_from bigint := rolecall_internal.whole_number(p_input -> 'from_seq');
  v_conversation rolecall.conversations;
  v_reader text;
  v_audience_of uuid;
  v_mark record;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if coalesce(p_input -> 'from_seq', 'null') <> 'null' and coalesce(v_from, 0) < 1 then
    return rolecall_internal.refusal('invalid_input', 'The from_seq must be a whole number from 1.');
  end if;
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);
  -- A moderator does not read it as theirs.
  if v_reader is null or v_reader not in ('people', 'audience') then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;
  v_audience_of := case when v_reader = 'audience' then v_conversation.show_id end;

  if v_from is null then
    v_from := rolecall_internal.newest_from_others(p_user, v_conversation.id, v_audience_of);
  end if;
  v_mark := rolecall_internal.move_mark(
    p_user,
    v_conversation.id,
    v_audience_of,
    -- Without a message of somebody else there is nothing to make new.
    coalesce(v_from - 1, v_conversation.last_seq),
    true
  );
  return rolecall_internal.mark_answer(p_user, v_conversation.id, v_mark.last_read_seq, v_mark.unread);
end
$$;

-- The newest message of somebody else that p_user could read, as one of the people or as the audience of p_audience_of, a
-- show. Null when there is none.
create or replace function rolecall_internal.newest_from_others(p_user uuid, p_conversation uuid, p_audience_of uuid)
returns bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_audience_of is null then
    return (
      select seq
      from rolecall.messages
      where conversation_id = p_conversation
        and deleted_at is null
        and sender_id is distinct from p_user
      order by seq desc
      limit 1
    );
  end if;
  return (
    select broadcast.seq
    from rolecall_internal.visible_broadcasts(p_user, p_conversation, p_audience_of) as broadcast
    where not broadcast.deleted
      and broadcast.sender_id <> p_user
    order by broadcast.seq desc
    limit 1
  );
end
$$;

create or replace function rolecall_edge.mark_unread(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('conversations.mark-unread', p_request);
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_unread(v_call.caller, v_call.input, v_call.rollouts);
    perform rolecall_internal.emit_read(v_call.caller, v_call.answer);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
