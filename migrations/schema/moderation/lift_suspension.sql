-- Lifts a suspension: {target_id, note?}.
create or replace function rolecall_internal.lift_suspension(p_user uuid, p_input jsonb, p_rollouts jsonb)
returns jsonb
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_target uuid := rolecall_internal.uuid_or_null(p_input ->> 'target_id');
  v_judgement rolecall.judgement := rolecall_internal.judge_suspension(p_user, v_target, p_rollouts);
begin
  if v_judgement.allowed is distinct from true then
    return v_judgement.refusal;
  end if;
  if rolecall_internal.refuse_note(p_input) is not null then
    return rolecall_internal.refuse_note(p_input);
  end if;

  perform rolecall_internal.apply_suspension(p_user, v_target, null, null, null, p_input ->> 'note');
  return rolecall_internal.success(jsonb_build_object('target_id', v_target, 'suspended_until', null));
end
$$;

create or replace function rolecall_edge.lift_suspension(p_request jsonb)
returns jsonb
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  v_call rolecall.call := rolecall_internal.begin_call('moderation.lift-suspension', p_request, p_rate => 'moderate');
begin
  if v_call.answer is null then
    v_call.answer := rolecall_internal.lift_suspension(v_call.caller, v_call.input, v_call.rollouts);
  end if;
  return rolecall_internal.end_call(v_call);
end
$$;
