-- Marks a conversation as read by p_user: {conversation_id, up_to_seq}. What was read stays read, and nobody has read
-- messages that do not exist yet.
create or replace function rolecall_internal.mark_read(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'conversations', p_rollouts);
  v_up_to bigint := rolecall_internal.whole_number(p_input -> 'up_to_seq');
  v_conversation rolecall.conversations;
  v_reader text;
  v_mark record;
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

  -- A moderator does not read it as theirs.
  if v_reader is null or v_reader not in ('people', 'audience') then
    return rolecall_internal.refuse_unknown_conversation(p_user, v_conversation.id);
  end if;
  v_mark := rolecall_internal.move_mark(
    p_user,
    v_conversation.id,
    case when v_reader = 'audience' then v_conversation.show_id end,
    v_up_to,
    false
  );
  return rolecall_internal.mark_answer(p_user, v_conversation.id, v_mark.last_read_seq, v_mark.unread);
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
  v_call := rolecall_internal.begin_call('conversations.mark-read', p_request, p_rate => 'mark_read');
  if v_call.answer is null then
    v_call.answer := rolecall_internal.mark_read(v_call.caller, v_call.input, v_call.rollouts);
    if v_call.answer -> 'ok' = 'true' then
      -- As emit_read does, at a third of its cost. The token that was taken has given this transaction its id.
      insert into rolecall.outbox (type, domain, conversations, seqs, users)
      select
        'read',
        'conversations',
        array[(v_call.answer #>> '{data,conversation_id}')::uuid],
        array[(v_call.answer #>> '{data,last_read_seq}')::bigint],
        array[v_call.caller]
      from rolecall.relay
      where is_wanted;
    end if;
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
