-- Tells the others of a conversation that p_user is typing: {conversation_id}, a direct conversation or one about help. Who
-- may not write there is refused as a message would be. Once in three seconds; what comes sooner is answered alike and
-- told to nobody.
create or replace function rolecall_internal.announce_typing(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'realtime', p_rollouts);
  v_conversation uuid := rolecall_internal.uuid_or_null(p_input ->> 'conversation_id');
  v_help public.conversations_v2;
  v_judgement rolecall.judgement;
  v_refusal jsonb;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  select *
  into v_help
  from public.conversations_v2
  where id = v_conversation
    and p_user in (requester_id, helper_id);
  if found then
    v_refusal := rolecall_internal.refuse_help_message(p_user, v_help, p_rollouts);
  else
    v_judgement := rolecall_internal.judge_reply(p_user, v_conversation, p_rollouts);
    v_refusal := v_judgement.refusal;
  end if;
  if v_refusal is not null then
    return v_refusal;
  end if;

  insert into rolecall.typing as told (conversation_id, user_id, at)
  values (v_conversation, p_user, clock_timestamp())
  on conflict (conversation_id, user_id) do update
  set at = excluded.at
  where told.at <= excluded.at - interval '3 seconds';
  if found then
    perform rolecall_internal.emit(
      'typing',
      case when v_help.id is null then 'conversations' else 'help' end,
      array[v_conversation],
      p_users => array[p_user]
    );
  end if;
  return rolecall_internal.success(jsonb_build_object('conversation_id', v_conversation));
end
$$;

create or replace function rolecall_edge.typing(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('realtime.typing', p_request, p_rate => 'typing', p_keyed => false);
begin
  -- Nobody minds if a crash forgets it.
  perform set_config('synchronous_commit', 'off', true);
  if v_call.answer is null then
    v_call.answer := rolecall_internal.announce_typing(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
