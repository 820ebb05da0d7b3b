-- Marks a conversation as read by p_user: {conversation_id, up_to_seq}. What was read stays read, and nobody has read
-- messages that do not exist yet.
create or replace function rolecall_internal.mark_read(p_user uuid, p_input jsonb, p_rollout text)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollout);
  v_up_to bigint := rolecall_internal.whole_number(p_input -> 'up_to_seq');
  v_conversation rolecall.conversations;
  v_reader text;
  v_last_read_seq bigint;
  v_unread bigint;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_up_to is null then
    return rolecall_internal.refusal('invalid_input', 'The up_to_seq must be a whole number.');
  end if;
  select *
  into v_conversation
  from rolecall.conversations
  where id = rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_reader := rolecall_internal.reader_of(p_user, v_conversation);

  if v_reader = 'people' then
    -- A user who got their profile after the import has no row yet.
    insert into rolecall.conversation_participants as own (conversation_id, user_id, last_read_seq)
    values (v_conversation.id, p_user, least(v_up_to, v_conversation.last_seq))
    on conflict (conversation_id, user_id) do update
    set last_read_seq = excluded.last_read_seq
    where own.last_read_seq < excluded.last_read_seq
    returning own.last_read_seq
    into v_last_read_seq;
    if not found then
      select own.last_read_seq
      into v_last_read_seq
      from rolecall.conversation_participants as own
      where own.conversation_id = v_conversation.id
        and own.user_id = p_user;
    end if;
    -- Somebody may have written meanwhile.
    v_unread := greatest(0, v_conversation.last_seq - v_last_read_seq);
  elsif v_reader = 'audience' then
    -- Up to the last that is for them.
    v_up_to := (
      select max(broadcast.seq)
      from rolecall_internal.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq <= v_up_to
    );
    insert into rolecall.broadcast_receipts as receipt (conversation_id, user_id, last_read_seq)
    select v_conversation.id, p_user, v_up_to
    where v_up_to is not null
    on conflict (conversation_id, user_id) do update
    set
      last_read_seq = excluded.last_read_seq,
      read_at = excluded.read_at
    where receipt.last_read_seq < excluded.last_read_seq
    returning receipt.last_read_seq
    into v_last_read_seq;
    if not found then
      select receipt.last_read_seq
      into v_last_read_seq
      from rolecall.broadcast_receipts as receipt
      where receipt.conversation_id = v_conversation.id
        and receipt.user_id = p_user;
    end if;
    v_last_read_seq := coalesce(v_last_read_seq, 0);
    v_unread := (
      select count(*)
      from rolecall_internal.visible_broadcasts(p_user, v_conversation.id, v_conversation.show_id) as broadcast
      where broadcast.seq > v_last_read_seq
    );
  else
    -- A moderator does not read it as theirs.
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;

  return rolecall_internal.success(
    jsonb_build_object(
      'conversation_id', v_conversation.id,
      'last_read_seq', v_last_read_seq,
      'unread_count', v_unread
    )
  );
end
$$;

-- One request, or an array of them, which mark_read_many answers.
create or replace function rolecall_edge.mark_read(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.mark_read_many(p_request);
  end if;
  v_call := rolecall_internal.begin_call('conversations.mark-read', p_request);
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_read(v_call.caller, v_call.input, v_call.rollout);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
