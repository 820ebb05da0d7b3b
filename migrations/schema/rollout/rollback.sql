-- The way back: off for everybody, without a question.
create or replace function rolecall_edge.rollback_rollout(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('rollout.rollback', p_request, p_who => 'operator');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.set_rollout(v_call, 'rollback', 'disabled');
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
