-- Sends a direct message: {recipient_id, content, show_id?, message_id?} starts or continues the direct conversation of the
-- two, {conversation_id, content, message_id?} replies. Whether the message_id is taken was looked at (message_ids.sql). send_independent_dms in send_dm_many.sql is its twin for an array: what one does,
-- the other does, and a differential test compares them.
create or replace function rolecall_internal.send_dm(p_sender uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_content text := p_input ->> 'content';
  v_recipient uuid;
  v_conversation uuid;
  v_show uuid;
  v_judgement rolecall.judgement;
  v_seq bigint;
  v_message uuid := rolecall_internal.uuid_v7();
  v_created_at timestamptz;
begin
  if p_input ->> 'message_id' is not null then
    v_message := rolecall_internal.message_id(p_input ->> 'message_id');
    if v_message is null then
      return rolecall_internal.refuse_message_id();
    end if;
  end if;
  -- The function has looked for control characters; a look at each character here would cost every message.
  if coalesce(char_length(v_content) not between 1 and rolecall_internal.limit_direct_message_chars(), true)
    or not rolecall_internal.has_visible(v_content)
  then
    return rolecall_internal.refuse_text('content', v_content, 1, rolecall_internal.limit_direct_message_chars());
  end if;

  if p_input ->> 'conversation_id' is null then
    v_recipient := rolecall_internal.uuid_or_null(p_input ->> 'recipient_id');
    if p_input ->> 'show_id' is not null then
      v_show := rolecall_internal.uuid_or_null(p_input ->> 'show_id');
      if v_show is null then
        return rolecall_internal.refusal('invalid_input', 'The show_id is not a uuid.');
      end if;
    end if;
    v_judgement := rolecall_internal.judge_dm(p_sender, v_recipient, v_show, p_rollouts);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    -- One statement settles who makes the conversation and who continues it, and numbers the message.
    with numbered as (
      insert into rolecall.conversations as conversation (
        kind, participant_low, participant_high, created_by, organization_id, last_seq, last_message_at
      )
      values (
        'direct',
        least(p_sender, v_recipient),
        greatest(p_sender, v_recipient),
        p_sender,
        v_judgement.org_id,
        1,
        now()
      )
      on conflict (participant_low, participant_high) where kind = 'direct' and version = 'v2' do update
      set
        last_seq = conversation.last_seq + 1,
        -- This transaction may have begun before the one that sent the message before, and the clock may have been set back.
        last_message_at = greatest(conversation.last_message_at, excluded.last_message_at),
        changed_xid = excluded.changed_xid
      where not conversation.read_only
      returning id, last_seq, last_message_at
    )
    insert into rolecall.messages (id, conversation_id, seq, sender_id, content, show_id, created_at)
    select v_message, id, last_seq, p_sender, v_content, v_show, last_message_at
    from numbered
    returning conversation_id, seq, created_at
    into v_conversation, v_seq, v_created_at;
    if not found then
      -- The conversation exists and the operator has closed it.
      select id
      into v_conversation
      from rolecall.conversations
      where kind = 'direct'
        and version = 'v2'
        and participant_low = least(p_sender, v_recipient)
        and participant_high = greatest(p_sender, v_recipient);
      return (rolecall_internal.judge_reply(p_sender, v_conversation, p_rollouts)).refusal;
    end if;
  else
    v_conversation := rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
    v_judgement := rolecall_internal.judge_reply(p_sender, v_conversation, p_rollouts);
    if v_judgement.allowed is distinct from true then
      return v_judgement.refusal;
    end if;

    with numbered as (
      update rolecall.conversations
      set
        last_seq = last_seq + 1,
        last_message_at = greatest(last_message_at, now()),
        changed_xid = pg_current_xact_id()
      where id = v_conversation
        and not read_only
      returning id, last_seq, last_message_at
    )
    insert into rolecall.messages (id, conversation_id, seq, sender_id, content, created_at)
    select v_message, id, last_seq, p_sender, v_content, last_message_at
    from numbered
    returning seq, created_at
    into v_seq, v_created_at;
    if not found then
      -- Closed or deleted since it was judged.
      return rolecall_internal.refusal('not_found', 'There is no conversation with this conversation_id.');
    end if;
  end if;

  -- Not part of the statement above, which would not see what was committed while it waited for the conversation.
  if v_seq = 1 then
    insert into rolecall.conversation_participants (conversation_id, user_id, last_read_seq)
    values
      (v_conversation, p_sender, 1),
      (v_conversation, v_recipient, 0);
  else
    -- Who had read everything has read this too; otherwise it lies among what is unread, and is not new to its sender.
    update rolecall.conversation_participants
    set
      last_read_seq = case when last_read_seq = v_seq - 1 then v_seq else last_read_seq end,
      skipped = case when last_read_seq = v_seq - 1 then skipped else skipped + 1 end
    where conversation_id = v_conversation
      and user_id = p_sender;
  end if;

  -- Its own statement, once nothing is left to wait for: what has come to stand in the way meanwhile is seen. The function
  -- sends the request once more, and it is judged as if it had only just come.
  if rolecall_internal.is_stopped(p_sender, v_conversation, 'send-dm', p_rollouts) then
    raise exception 'The sender was stopped while the message waited.'
      using errcode = 'serialization_failure';
  end if;

  return jsonb_build_object(
    'ok', true,
    'data', jsonb_build_object(
      'message_id', v_message,
      'conversation_id', v_conversation,
      'seq', v_seq,
      'created_at', rolecall_internal.iso(v_created_at)
    ),
    'org_id', v_judgement.org_id
  );
end
$$;

-- One request, or an array of them, which send_dm_many answers.
create or replace function rolecall_edge.send_dm(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_known jsonb;
  v_call rolecall.call;
begin
  if jsonb_typeof(p_request) = 'array' then
    return rolecall_internal.send_dm_many(p_request);
  end if;
  if p_request #>> '{input,message_id}' is not null then
    v_known := rolecall_internal.known_dm(p_request);
  end if;
  -- A message that was sent before takes no token again.
  v_call := rolecall_internal.begin_call(
    'send-dm', p_request, p_rate => case when v_known -> 'ok' = 'true' then null else 'send_dm' end
  );
  if v_call.answer is null then
    v_call.answer := coalesce(v_known, rolecall_internal.send_dm(v_call.caller, v_call.input, v_call.rollouts));
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
