-- Whether the caller may have a token with which they hear of what is new. The function signs it: the database holds no key.
-- What a token lets somebody hear is decided for each event, when it is published; so a token need not be taken back.
create or replace function rolecall_internal.admit_to_realtime(p_user uuid, p_rollouts jsonb)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_actor rolecall.actor := rolecall_internal.actor(p_user, 'realtime', p_rollouts);
begin
  if v_actor.refusal is not null then
    return v_actor.refusal;
  end if;
  if v_actor.suspended is not null then
    return rolecall_internal.refusal(
      'permission_denied',
      'Your account is suspended and hears of nothing at once; reading goes on.',
      'suspended',
      'The suspension has ended.'
    );
  end if;
  return rolecall_internal.success('{}');
end
$$;

-- It leaves nothing behind, so that a key counts for nothing: a token is never kept.
create or replace function rolecall_edge.realtime_token(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call(
    'realtime.token', p_request, p_rate => 'realtime_token', p_keyed => false
  );
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.admit_to_realtime(v_call.caller, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
