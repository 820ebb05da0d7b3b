-- A help conversation of one's own with its newest 200 messages, oldest first. Blocks and suspensions stop no reading.
create or replace function public.get_conversation_v2(p_conversation_id uuid, p_user_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_rpc(
    'get_conversation_v2',
    p_user_id,
    jsonb_build_object('conversation_id', p_conversation_id),
    p_rate => 'read_help_conversation',
    p_keyed => false,
    p_reads => true
  );
  v_conversation public.conversations_v2;
  v_messages jsonb;
begin
  if v_call.answer is null then
    v_call.answer := (rolecall_internal.actor(v_call.caller, 'help-conversations', v_call.rollouts)).refusal;
  end if;
  if v_call.answer is null then
    select *
    into v_conversation
    from public.conversations_v2
    where id = p_conversation_id
      and v_call.caller in (requester_id, helper_id);
    if not found then
      v_call.answer := rolecall_internal.refusal('not_found', 'You have no conversation with this id.');
    else
      select coalesce(jsonb_agg(rolecall_internal.help_message(newest) order by newest.created_at, newest.id), '[]')
      into v_messages
      from (
        select *
        from public.messages_v2
        where conversation_id = p_conversation_id
        order by created_at desc, id desc
        limit 200
      ) as newest;
      v_call.answer := rolecall_internal.success(
        jsonb_build_object(
          'conversation', jsonb_build_object(
            'id', v_conversation.id,
            'help_request_id', v_conversation.help_request_id,
            'requester_id', v_conversation.requester_id,
            'helper_id', v_conversation.helper_id,
            'initial_message', v_conversation.initial_message,
            'status', v_conversation.status,
            'created_at', rolecall_internal.iso(v_conversation.created_at),
            'updated_at', rolecall_internal.iso(v_conversation.updated_at)
          ),
          'messages', v_messages
        )
      );
    end if;
  end if;
  v_call.answer := rolecall_internal.end_call(v_call);
  return rolecall_internal.flat_answer(v_call.answer, null, v_call.answer -> 'data');
end
$$;
