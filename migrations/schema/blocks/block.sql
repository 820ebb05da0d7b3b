-- Blocks a user: {blocked_id}. A block that stands already keeps its time.
create or replace function rolecall_internal.block_user(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'blocks', p_rollouts);
  v_blocked uuid := rolecall_internal.uuid_or_null(p_input ->> 'blocked_id');
  v_since timestamptz;
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_blocked = p_user then
    return rolecall_internal.refusal(
      'invalid_input',
      'You cannot block yourself.',
      'self_block',
      'The blocked user is somebody else.'
    );
  end if;

  -- An update that changes nothing, so that the row of an earlier block is returned, too, even when another request
  -- makes it at this moment.
  insert into rolecall.user_blocks as block (blocker_id, blocked_id)
  select p_user, id
  from rolecall.profiles
  where id = v_blocked
  on conflict (blocker_id, blocked_id) do update
  set created_at = block.created_at
  returning created_at
  into v_since;
  if not found then
    return rolecall_internal.refusal('not_found', 'There is no user with this blocked_id.');
  end if;
  return rolecall_internal.success(jsonb_build_object('blocked_id', v_blocked, 'created_at', rolecall_internal.iso(v_since)));
end
$$;

create or replace function rolecall_edge.block_user(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('blocks.block', p_request, p_rate => 'block_user');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.block_user(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
