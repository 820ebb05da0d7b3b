-- Ends a help conversation of p_user as p_status says: completed or cancelled. Either of the two may; ending it again in the
-- same way changes nothing.
create or replace function rolecall_internal.end_help_conversation(
  p_user uuid,
  p_conversation uuid,
  p_status text,
  p_rollouts jsonb
)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'help-conversations', p_rollouts);
  v_conversation public.conversations_v2;
  v_refusal jsonb;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  -- Held until the commit: who writes into it is before, or is refused.
  select *
  into v_conversation
  from public.conversations_v2
  where id = p_conversation
    and p_user in (requester_id, helper_id)
  for no key update;
  if not found then
    return rolecall_internal.refuse_unknown_help(p_user, p_conversation);
  end if;
  if v_conversation.status <> p_status then
    v_refusal := rolecall_internal.refuse_help_status(p_user, v_conversation, p_status, p_rollouts);
    if v_refusal is not null then
      return v_refusal;
    end if;
    update public.conversations_v2
    set status = p_status
    where id = p_conversation;
  end if;
  return rolecall_internal.success(jsonb_build_object('conversation_id', p_conversation, 'status', p_status));
end
$$;

-- The tokens are those of messages: through the table (limit change_help) they are taken with the conversation held.
create or replace function rolecall_edge.complete_help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.complete',
    p_request,
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.end_help_conversation(
      v_call.caller, rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'), 'completed', v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;

create or replace function rolecall_edge.cancel_help_conversation(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'help-conversations.cancel',
    p_request,
    p_rate => 'send_help_message'
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.end_help_conversation(
      v_call.caller, rolecall_internal.uuid_or_null(v_call.input ->> 'conversation_id'), 'cancelled', v_call.rollouts
    );
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
