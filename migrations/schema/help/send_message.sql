-- Writes a message of p_sender into a help conversation of theirs. p_recipient is null where the request names nobody.
create or replace function rolecall_internal.send_help_message(
  p_sender uuid,
  p_conversation uuid,
  p_content text,
  p_recipient uuid,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_conversation public.conversations_v2;
  v_refusal jsonb;
  v_message public.messages_v2;
begin
  -- Held until the commit, so that it is neither closed nor its other side blocks the sender meanwhile.
  select *
  into v_conversation
  from public.conversations_v2
  where id = p_conversation
    and p_sender in (requester_id, helper_id)
  for no key update;
  if v_conversation.id is null then
    return coalesce(
      rolecall_internal.refuse_help_author(p_sender, 'help-conversations', p_rollouts),
      rolecall_internal.refuse_unknown_help(p_sender, p_conversation)
    );
  end if;
  v_refusal := coalesce(
    rolecall_internal.refuse_help_message(p_sender, v_conversation, p_rollouts),
    rolecall_internal.refuse_text('content', p_content, 1, rolecall_internal.limit_help_message_max_chars()),
    rolecall_internal.refuse_other_recipient(
      p_recipient,
      case p_sender when v_conversation.helper_id then v_conversation.requester_id else v_conversation.helper_id end
    )
  );
  if v_refusal is not null then
    return v_refusal;
  end if;

  update public.conversations_v2
  set updated_at = now()
  where id = p_conversation;
  insert into public.messages_v2 (conversation_id, sender_id, content)
  values (p_conversation, p_sender, p_content)
  returning *
  into v_message;
  return rolecall_internal.success(
    jsonb_build_object(
      'message_id', v_message.id,
      'conversation_id', p_conversation,
      'version', 'v2',
      'message', rolecall_internal.help_message(v_message)
    )
  );
end
$$;

create or replace function public.send_message_v2(
  p_conversation_id uuid,
  p_sender_id uuid,
  p_content text
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_rpc(
    'send_message_v2',
    p_sender_id,
    jsonb_build_object('conversation_id', p_conversation_id, 'content', p_content),
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_help_message(
      v_call.caller, p_conversation_id, rolecall_internal.trimmed(p_content), null, v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  v_call.answer := rolecall_internal.end_call(v_call);
  return rolecall_internal.flat_answer(
    v_call.answer,
    'Message sent.',
    jsonb_build_object('message_id', v_call.answer #> '{data,message_id}')
  );
end
$$;

create or replace function rolecall_edge.send_help_message(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.send',
    p_request,
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.send_help_message(
      v_call.caller,
      rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'),
      v_call.input ->> 'content',
      rolecall_internal.uuid_or_null(v_call.input ->> 'recipient_id'),
      v_call.rollouts
    );
    v_call.kept := rolecall_internal.kept_help_message(v_call.answer -> 'data');
  elsif v_call.answer -> 'replayed' = 'true' then
    v_call.answer := rolecall_internal.replayed_help_message(v_call.answer);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
