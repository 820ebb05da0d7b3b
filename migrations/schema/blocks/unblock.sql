-- Lifts a block of the caller's: {blocked_id}.
create or replace function rolecall_internal.unblock_user(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'blocks', p_rollouts);
  v_blocked uuid := rolecall_internal.uuid_or_null(p_input ->> 'blocked_id');
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  delete from rolecall.user_blocks
  where blocker_id = p_user
    and blocked_id = v_blocked;
  return rolecall_internal.success(jsonb_build_object('blocked_id', v_blocked, 'was_blocked', found));
end
$$;

create or replace function rolecall_edge.unblock_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('blocks.unblock', p_request, p_rate => 'unblock_user');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.unblock_user(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
